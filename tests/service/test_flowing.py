"""A store so slow that a claim runs out while a file is sealed: the sweep takes it from nobody whose bytes still flow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from intake.errors import Rejected
from service.errors import UploadBusy
from service.flow.intake import arrange, finish_uploads, flowing, stacks, uploads
from service.flow.intake.made import Made, keep_made
from service.flow.intake.process import sweep
from service.flow.intake.receive import discard, receive
from service.flow.intake.rescan import rescan
from service.records.tables import Batch, Document, Stack, Upload, WrappedKey
from tests.service.conftest import DIGITAL
from tests.service.test_batches import SHEET, stack

TABLES = (Document, Stack, Upload)


def as_a_file(office, _folder) -> str:
    return receive(office.house, office["handler"], DIGITAL, "a.pdf").document_id


def as_a_stack(office, folder) -> str:
    path = stack(folder, 1, SHEET, 2)
    return stacks.receive_stack(office.house, office["handler"], path, "a.pdf", batch="B-1").stack_id


def as_an_upload(office, _folder) -> str:
    data = DIGITAL.read_bytes()
    announced = uploads.Announced(len(data), "a.pdf")
    upload = uploads.begin(office.house, office["handler"], announced, channel="api")
    uploads.append(office.house, office["handler"], upload.id, 0, [data])
    finish_uploads.finish(office.house, office["handler"], upload.id)
    with office.house.database.read() as session:
        return session.get_one(Upload, upload.id).document_id


def as_made(office, _folder) -> str:
    made = Made(DIGITAL.read_bytes(), b"sheet", "report", "Report", "person:handler", "internal")
    return keep_made(office.house, made, lambda _session, _document: None)


def held_until(house, when) -> None:
    with house.database.write() as session:
        for table in TABLES:
            session.execute(update(table).where(table.claimed_by != "").values(claimed_until=when))


@pytest.fixture
def slow(embedded, monkeypatch):
    """An archive whose store takes longer for a file than a claim lasts; meanwhile, in another thread, the sweep looks."""
    house, put = embedded.house, embedded.house.vault.put
    seen = []

    def slowly(name, key, plain, **more):
        class Reads:
            def readinto(self, view):
                if not seen:
                    seen.append(True)
                    held_until(house, house.clock.now() - timedelta(seconds=1))  # as if ten minutes had gone
                    plain.readinto(bytearray())  # a byte more, or none: they flow
                    with ThreadPoolExecutor(1) as another:
                        another.submit(lambda: (sweep(house), stacks.resume(house), uploads_tidied(house))).result()
                return plain.readinto(view)

        return put(name, key, Reads(), **more)

    monkeypatch.setattr(flowing, "_EVERY", 0.0)
    monkeypatch.setattr(house.vault, "put", slowly)
    embedded.seen = seen
    return embedded


def uploads_tidied(house) -> None:
    finish_uploads.tidy(house)
    with house.database.write() as session:
        for upload in session.query(Upload):
            assert finish_uploads.claims.is_held(upload, house.clock.now())


@pytest.mark.parametrize("come_in", [as_a_file, as_a_stack, as_an_upload, as_made])
def test_a_file_comes_in_however_slow_the_store_is(slow, tmp_path, come_in):
    name = come_in(slow, tmp_path)
    assert slow.seen
    assert name in {str(found) for found in slow.house.vault.store.names()}


def taken_over(house) -> None:
    """Somebody else has it now, for this process stood still for longer than its claim."""
    with house.database.write() as session:
        for table in TABLES:
            session.execute(update(table).where(table.claimed_by != "").values(claimed_by="elsewhere:1:1:1"))


@pytest.fixture
def stood_still(embedded, monkeypatch):
    """An archive whose process stands still whenever the last byte of a file is written."""
    put = embedded.house.vault.put

    def last(*given):
        sealed = put(*given)
        taken_over(embedded.house)
        return sealed

    monkeypatch.setattr(embedded.house.vault, "put", last)
    return embedded


@pytest.mark.parametrize("come_in", [as_a_file, as_a_stack, as_made])
def test_who_lost_it_all_the_same_leaves_nothing_half_there(stood_still, tmp_path, come_in):
    """The sweep had begun to remove it."""
    with pytest.raises(Rejected) as refused:
        come_in(stood_still, tmp_path)
    assert refused.value.code == "busy"
    assert list(stood_still.house.vault.store.names()) == []


def as_an_arrangement(office, folder) -> None:
    receive(office.house, office["handler"], stack(folder, 1, 2), "a.pdf", batch="B-1")
    office.stands_still()
    arrange.arrange(office.house, office["handler"], "B-1")


def as_a_new_scan(office, folder) -> None:
    as_a_stack(office, folder)
    with office.house.database.read() as session:
        version = session.get_one(Batch, "B-1").version
    office.stands_still()
    new = stack(folder, 3, name="new.pdf")
    rescan(office.house, office["handler"], "B-1", version, "1.1", new, "new.pdf")


@pytest.mark.parametrize("come_in", [as_an_arrangement, as_a_new_scan])
def test_who_lost_a_stack_for_pages_puts_none_in_their_place(embedded, tmp_path, monkeypatch, come_in):
    house, put = embedded.house, embedded.house.vault.put

    def last(name, *given):
        sealed = put(name, *given)
        with house.database.read() as session:
            if session.get(Stack, str(name)) is not None:
                lost.append(str(name))
        if lost:
            taken_over(house)
        return sealed

    lost = []
    embedded.stands_still = lambda: monkeypatch.setattr(house.vault, "put", last)
    with pytest.raises(Rejected) as refused:
        come_in(embedded, tmp_path)
    assert refused.value.code == "busy"
    with house.database.read() as session:
        (left,) = [session.get_one(Stack, name) for name in lost]
        assert (left.state, left.claimed_by) == ("receiving", "elsewhere:1:1:1")
    assert not set(lost) & {str(found) for found in house.vault.store.names()}


def test_an_upload_that_another_took_up_is_ended_by_that_one(embedded, tmp_path, monkeypatch):
    house, real = embedded.house, finish_uploads.receive

    def last(*given, **more):
        real(*given, **more)
        taken_over(house)
        raise Rejected("truncated", "it was read when the pieces were being removed")

    monkeypatch.setattr(finish_uploads, "receive", last)
    with pytest.raises(UploadBusy):
        as_an_upload(embedded, tmp_path)
    with house.database.read() as session:
        (upload,) = session.query(Upload)
        assert (upload.state, upload.claimed_by) == ("open", "elsewhere:1:1:1")
    assert list(house.parts.store.names())


def test_what_is_removed_by_another_is_left_to_that_one(embedded, monkeypatch):
    """It may be there again under the same id: an upload gives its document its own."""
    house, delete = embedded.house, embedded.house.vault.delete
    document_id = as_a_file(embedded, None)
    with house.database.write() as session:
        session.get_one(Document, document_id).status = "receiving"

    def last(name):
        delete(name)
        with house.database.write() as session:
            session.get_one(Document, document_id).claimed_by = "elsewhere:1:1:1"

    monkeypatch.setattr(house.vault, "delete", last)
    discard(house, document_id)
    with house.database.read() as session:
        assert session.get(WrappedKey, document_id) is not None
