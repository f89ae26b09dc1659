"""Who is at work on a document: what is said of one on another machine, whose life nobody here can see."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from service.flow.common import claims
from service.flow.credit import report_runs, report_schedules, warnings
from service.flow.intake.process import process_waiting
from service.flow.intake.receive import receive
from service.records.tables import Document, LongRun, WarningRun
from service.reports.drawing import drawn
from tests.service.conftest import DIGITAL
from tests.service.test_scorecards import enough

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


AHEAD = timedelta(days=400)


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_a_run_that_a_machine_with_a_wrong_clock_had_is_taken_up(embedded, state):
    house = embedded.house
    enough(embedded, 1)
    report_runs.order_report(house, embedded["administrator"])
    with house.database.write() as session:
        run = session.scalars(select(LongRun)).one()
        run.state, run.held_by, run.next_at = state, "elsewhere:1:1:1", house.clock.now() + claims.SPAN
    assert report_runs.make_ordered(house, drawn) == 0
    with house.database.write() as session:
        session.scalars(select(LongRun)).one().next_at = house.clock.now() + AHEAD
    assert report_runs.make_ordered(house, drawn) == 1


def test_A5_1_a_scheduled_report_that_a_machine_with_a_wrong_clock_had_is_made(embedded, monkeypatch):
    house = embedded.house
    report_schedules.add_schedule(house, embedded["administrator"], "portfolio", "month", "head")
    house.clock.move_to(date(2026, 12, 1))
    with monkeypatch.context() as patch:
        patch.setattr(report_schedules, "carry", lambda *_given: False)
        assert report_schedules.make_due(house, drawn) == 0
    with house.database.write() as session:
        run = session.scalars(select(LongRun)).one()
        run.state, run.held_by, run.next_at = "running", "elsewhere:1:1:1", house.clock.now() + AHEAD
    assert report_schedules.make_due(house, drawn) == 1


def test_A4_1_a_daily_look_that_a_machine_with_a_wrong_clock_had_is_gone_on_with(embedded):
    house = embedded.house
    enough(embedded, 3)
    with house.database.write() as session:
        day, now = house.clock.today(), house.clock.now()
        run = WarningRun(day=day, begun_at=now, claimed_until=now + AHEAD, at_customer="", looked=0, opened=0)
        run.failures = run.total = 0
        session.add(run)
    assert warnings.run_daily(house).customers == 3
