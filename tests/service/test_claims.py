"""Who is at work on a document: what is said of one on another machine, whose life nobody here can see."""

from datetime import UTC, datetime, timedelta

import pytest

from service.flow.common import claims
from service.flow.intake.process import process_waiting
from service.flow.intake.receive import receive
from service.records.tables import Document
from tests.service.conftest import DIGITAL

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "held"),
    [
        (-timedelta(seconds=1), False),
        (timedelta(0), True),
        (claims.SPAN, True),
        (claims.SPAN + timedelta(seconds=59), True),  # its clock is a little ahead
        (claims.SPAN + timedelta(seconds=61), False),
        (timedelta(hours=8), False),  # it took local time for UTC
    ],
)
def test_a_claim_elsewhere_holds_until_it_runs_out_and_none_reaches_further_than_claims_do(until, held):
    document = Document(id="a", claimed_by="elsewhere:1:1:1", claimed_until=NOW + until)
    assert claims.is_held(document, NOW) is held


def test_what_a_machine_with_a_wrong_clock_left_claimed_is_read(embedded):
    house = embedded.house
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.claimed_by = "reading", "gone:1:1:1"
        document.claimed_until = house.clock.now() + timedelta(days=400)
    assert process_waiting(house) == [document_id]
