"""An object store with troubles: a clear error, nothing lost, and the work goes on when they are over."""

import pytest
from sqlalchemy import select

from service.errors import KNOWN_ERRORS, NoSpace, outcome
from service.flow.archive.checks import doctor
from service.flow.common.room import room
from service.flow.intake.process import process, process_waiting, read_again
from service.flow.intake.receive import receive
from service.flow.intake.render import open_rendition
from service.flow.search.find import find
from service.flow.trust.fixity import fixity
from service.records.tables import Document
from tests.contract.toxic import Toxic
from tests.service.conftest import DIGITAL, OWNER, Office
from vault.errors import ObjectDamaged, StoreUnavailable
from vault.vault import Vault

WORD = "技术服务"


@pytest.fixture
def toxic(embedded) -> Toxic:
    """The store of the office, with its troubles."""
    store = Toxic(embedded.house.vault.store)
    embedded.house.vault = Vault(store)
    return store


def take(office: Office) -> str:
    return receive(office.house, office["handler"], DIGITAL, DIGITAL.name).document_id


def status(office: Office, document_id: str) -> str:
    with office.house.database.read() as session:
        return session.get_one(Document, document_id).status


def everything_is_well(office: Office, copies: int = 1) -> None:
    house = office.house
    assert find(house, OWNER, WORD).total == copies
    *_, report = fixity(house, OWNER)
    assert report.ok
    assert doctor(house, OWNER).ok


@pytest.mark.parametrize("trouble", ["down", "full"])
def test_whenever_it_begins_the_work_is_done_when_it_is_over(embedded, toxic, trouble):
    house, calls = embedded.house, 0
    while True:  # the first call fails, then the second, … until none does
        toxic.trouble, toxic.calls_left = trouble, calls
        failure = None
        try:
            with room():
                document_id = take(embedded)
                process(house, document_id)
        except KNOWN_ERRORS as error:
            failure = error
        toxic.trouble = ""
        if failure is None:
            break
        assert isinstance(failure, NoSpace if trouble == "full" else StoreUnavailable)
        assert outcome(failure).exit_code == 5
        assert "\n" not in str(failure)
        calls += 1
        assert calls < 100
    assert calls >= 2
    document_id = take(embedded)  # a duplicate of what was begun, or the thing itself
    process_waiting(house)
    assert status(embedded, document_id) == "stored"
    everything_is_well(embedded)


def test_a_slow_store_delivers_all_the_same(embedded, toxic):
    toxic.trouble = "slow"
    process(embedded.house, take(embedded))
    everything_is_well(embedded)
    assert toxic.calls


def test_wrong_bytes_are_never_taken_for_the_document(embedded, toxic):
    house = embedded.house
    document_id = take(embedded)
    toxic.trouble = "wrong"
    process(house, document_id)
    assert status(embedded, document_id) == "failed"
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        assert (document.error_code, "damaged" in document.error) == ("lost", True)
    with pytest.raises(ObjectDamaged), open_rendition(house, embedded["handler"], document_id, "original") as opened:
        opened.stream.read()
    *_, report = fixity(house, OWNER)
    assert report.damaged == [document_id]
    toxic.trouble = ""
    read_again(house, embedded["handler"], document_id)
    process(house, document_id)
    everything_is_well(embedded)


def test_a_check_of_a_store_that_goes_down_goes_on_when_it_is_back(embedded, toxic):
    house = embedded.house
    process(house, take(embedded))
    toxic.trouble, toxic.calls_left = "down", 2
    with pytest.raises(StoreUnavailable):
        list(fixity(house, OWNER))
    toxic.trouble = ""
    *_, report = fixity(house, OWNER)
    assert report.ok
    assert report.resumed == 2
    assert report.checked == report.total
    with house.database.read() as session:
        assert session.scalar(select(Document.status)) == "stored"
