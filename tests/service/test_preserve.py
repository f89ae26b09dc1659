"""Preservation copies in the life of a document: made behind the reading, once, and gone with it."""

from datetime import date

import pytest
from sqlalchemy import select

from service.errors import NotFound
from service.flow import filing, render
from service.flow.preserve import preserve, waiting
from service.flow.process import process
from service.flow.receive import receive
from service.records.tables import Document, Rendition
from tests.service.conftest import SCANS
from tests.service.test_flow import archive, decide_all, fill, new_contract, propose
from vault.errors import StoreUnavailable

SCAN = SCANS / "authorization.jpg"


def state(house, document_id: str) -> str:
    with house.database.read() as session:
        return session.get_one(Document, document_id).preservation


def copies(house, document_id: str) -> list[tuple[str, str]]:
    with house.database.read() as session:
        query = select(Rendition).where(Rendition.document_id == document_id, Rendition.kind == "preservation")
        return [(row.id, row.state) for row in session.scalars(query)]


@pytest.fixture
def scanned(office) -> str:
    return office.take_in(SCAN)


def test_a_scan_gets_its_copy_once_and_a_digital_original_needs_none(office, scanned):
    house, handler = office.house, office["handler"]
    digital = office.take_in()
    assert waiting(house) == [scanned, digital]
    with pytest.raises(NotFound, match="yet"):
        render.read_rendition(house, handler, scanned, "preservation")
    assert preserve(house, scanned)
    assert not preserve(house, digital)
    assert not preserve(house, scanned)
    assert (state(house, scanned), state(house, digital), waiting(house)) == ("kept", "not_needed", [])
    stream, media_type = render.read_rendition(house, handler, scanned, "preservation")
    assert (stream.read(5), media_type) == (b"%PDF-", "application/pdf")
    assert [kept for _, kept in copies(house, scanned)] == ["kept"]
    assert copies(house, digital) == []


def test_a_killed_making_leaves_one_whole_copy_after_all(embedded, monkeypatch):
    house, document_id = embedded.house, embedded.take_in(SCAN)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("service.flow.preserve.record_sealed", killed)
        with pytest.raises(KeyboardInterrupt):
            preserve(house, document_id)
    ((begun, _),) = copies(house, document_id)
    assert preserve(house, document_id)
    ((kept, kept_state),) = copies(house, document_id)
    assert (kept != begun, kept_state) == (True, "kept")
    assert begun not in {str(name) for name in house.vault.store.names()}


def test_a_store_that_is_down_is_waited_for(embedded, monkeypatch):
    house, document_id = embedded.house, embedded.take_in(SCAN)

    def down(*_):
        raise StoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(house.vault, "put", down)
        with pytest.raises(StoreUnavailable):
            preserve(house, document_id)
    assert waiting(house) == [document_id]
    assert preserve(house, document_id)


def test_a_document_destroyed_meanwhile_keeps_no_copy(embedded, monkeypatch):
    house, document_id = embedded.house, embedded.take_in(SCAN)
    put = house.vault.put

    def destroyed(*more):
        sealed = put(*more)
        with house.database.write() as session:
            session.get_one(Document, document_id).status = "destroyed"
        return sealed

    before = set(house.vault.store.names())
    monkeypatch.setattr(house.vault, "put", destroyed)
    assert not preserve(house, document_id)
    assert set(house.vault.store.names()) == before


def test_the_copy_is_destroyed_with_its_document(office, scanned):
    from service.flow import destroy, ledger, reviews

    house = office.house
    contract_id, file_id = new_contract(office)
    filing.file_document(house, office["handler"], scanned, file_id)
    assert preserve(house, scanned)
    ((copy, _),) = copies(house, scanned)
    fill(office, file_id)
    archive(office, file_id)
    ledger.finish_event(house, office["handler"], contract_id, "performed", "2026-11-20")
    archive(office, file_id)
    house.clock.move_to(date(2037, 1, 4))
    review_id = propose(office, file_id)
    decide_all(office, review_id, file_id)
    house.clock.move_to(date(2037, 1, 12))
    for name in ("fourth", "fifth"):
        reviews.supervise(house, office[name], review_id)
    assert [o.outcome for o in destroy.execute(house, office["archivist"], review_id)] == ["destroyed"]
    assert copy not in {str(name) for name in house.vault.store.names()}
    assert destroy.prove(house, office["auditor"], file_id).ok
    assert waiting(house) == []


def test_nothing_is_made_of_what_is_not_read_yet(embedded):
    house = embedded.house
    document_id = receive(house, embedded["handler"], SCAN, "a.jpg").document_id
    assert waiting(house) == []
    assert not preserve(house, document_id)
    process(house, document_id)
    assert waiting(house) == [document_id]
