"""Preservation copies in the life of a document: made behind the reading, once, and gone with it."""

import io
from datetime import UTC, date, datetime, timedelta

import pikepdf
import pypdfium2
import pytest
from sqlalchemy import select

from service.errors import NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing
from service.flow.archive.checks import doctor
from service.flow.intake import render
from service.flow.intake.copies import given_up, preserve_again, trouble_of
from service.flow.intake.preserve import MAX_ATTEMPTS, preserve, waiting
from service.flow.intake.process import process
from service.flow.intake.receive import receive
from service.records.tables import AuditEntry, CopyTrouble, Document, Rendition
from tests.intake.test_preservation import judged
from tests.service.conftest import OWNER, SCANS
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
        patch.setattr("service.flow.intake.preserve.record_sealed", killed)
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
    from service.flow.archive import destroy, ledger, reviews

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


def test_the_copy_that_the_archive_hands_out_is_PDF_A_2b_with_the_words_of_its_page(embedded, verapdf, tmp_path):
    document_id = embedded.take_in(SCANS / "contract-construction.tif")
    assert preserve(embedded.house, document_id)
    with render.open_rendition(embedded.house, embedded["handler"], document_id, "preservation") as opened:
        assert opened.filename == "contract-construction.pdf"
        data = opened.stream.read()
    path = tmp_path / "copy.pdf"
    path.write_bytes(data)
    assert judged(verapdf, path).startswith("PASS")
    pages = render.page_text(embedded.house, embedded["handler"], document_id, 1)
    with pypdfium2.PdfDocument(path) as pdf:
        text = pdf[0].get_textpage().get_text_range()
        assert len(pdf) == 3
    for line in pages.lines[:5]:
        assert "".join(line.text.split()) in "".join(text.split())
    with pikepdf.open(io.BytesIO(data)) as pdf:  # the pictures people check are the pictures that are preserved
        (kept,) = pdf.pages[0].get_images().values()
        stream, _ = render.read_rendition(embedded.house, embedded["handler"], document_id, "page-image", 1)
        assert kept.read_raw_bytes() == stream.read()


class Later:
    """Moves the clock of a house on."""

    def __init__(self, house, monkeypatch):
        self.by = timedelta()
        monkeypatch.setattr(house.clock, "now", lambda: datetime.now(UTC) + self.by)

    def __call__(self, time: timedelta) -> None:
        self.by += time


def broken(patch, what: Exception | None = None):
    def fail(*_):
        raise what or ValueError("no such glyph")

    patch.setattr("service.flow.intake.preserve.write", fail)


def test_a_copy_that_cannot_be_made_is_tried_ever_later_and_given_up(embedded, monkeypatch):
    house, document_id = embedded.house, embedded.take_in(SCAN)
    pauses, later = [], Later(house, monkeypatch)
    with monkeypatch.context() as patch:
        broken(patch)
        for attempt in range(MAX_ATTEMPTS):
            assert waiting(house) == [document_id]
            assert not preserve(house, document_id)
            assert trouble_of(house, document_id) == "ValueError: no such glyph"
            if attempt < MAX_ATTEMPTS - 1:
                assert state(house, document_id) == "waiting"
                assert waiting(house) == []
                assert not preserve(house, document_id)  # not before its time, whoever asks
                with house.database.read() as session:
                    pauses.append(session.get_one(CopyTrouble, document_id).again_at - house.clock.now())
                later(pauses[-1] + timedelta(seconds=1))
        assert pauses == sorted(pauses)
        assert pauses[-1] > 10 * pauses[0]
        assert (state(house, document_id), waiting(house), given_up(house)) == ("failed", [], [document_id])
        assert (doctor(house, OWNER).unpreserved, doctor(house, OWNER).ok) == ([document_id], False)
        assert copies(house, document_id) == [] or copies(house, document_id)[0][1] == "pending"
        with house.database.read() as session:
            failed = list(session.scalars(select(AuditEntry).where(AuditEntry.action == "document.preserve_failed")))
            assert len(failed) == 1
            assert session.get_one(Document, document_id).status == "stored"  # found and read as before
        doctor(house, OWNER, repair=True)
        assert state(house, document_id) == "waiting"
    with pytest.raises(RuleRefused, match="given up"):
        preserve_again(house, embedded["handler"], document_id)
    later(timedelta(hours=1))
    assert preserve(house, document_id)
    assert (state(house, document_id), trouble_of(house, document_id)) == ("kept", "")
    assert [kept for _, kept in copies(house, document_id)] == ["kept"]
    assert doctor(house, OWNER).unpreserved == []


def test_a_copy_that_kills_its_worker_every_time_is_given_up(embedded, monkeypatch):
    house, document_id = embedded.house, embedded.take_in(SCAN)
    with monkeypatch.context() as patch:
        broken(patch, KeyboardInterrupt())
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(KeyboardInterrupt):
                preserve(house, document_id)
        assert not preserve(house, document_id)
    assert state(house, document_id) == "failed"
    assert "stopped 6 times" in trouble_of(house, document_id)
    with pytest.raises((NotAllowed, NotFound)):
        preserve_again(house, embedded["auditor"], document_id)
    preserve_again(house, embedded["handler"], document_id)
    assert preserve(house, document_id)


def test_a_store_that_is_down_costs_no_attempt(embedded, monkeypatch):
    house, document_id = embedded.house, embedded.take_in(SCAN)
    with monkeypatch.context() as patch:
        broken(patch, StoreUnavailable("down"))
        for _ in range(MAX_ATTEMPTS + 1):
            with pytest.raises(StoreUnavailable):
                preserve(house, document_id)
    assert preserve(house, document_id)


def test_a_page_read_anew_gets_its_copy_anew(embedded, monkeypatch):
    house, document_id = embedded.house, embedded.take_in(SCAN)
    with monkeypatch.context() as patch:
        broken(patch)
        preserve(house, document_id)
    with house.database.write() as session:
        session.get_one(Document, document_id).status = "received"
    process(house, document_id)
    assert waiting(house) == [document_id]
    assert preserve(house, document_id)
