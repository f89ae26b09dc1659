"""A store so slow that a claim runs out while a file is sealed: the sweep takes it from nobody whose bytes still flow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from intake.errors import Rejected
from service.flow.intake import finish_uploads, flowing, stacks, uploads
from service.flow.intake.process import sweep
from service.flow.intake.receive import receive
from service.records.tables import Document, Stack, Upload
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


@pytest.mark.parametrize("come_in", [as_a_file, as_a_stack, as_an_upload])
def test_a_file_comes_in_however_slow_the_store_is(slow, tmp_path, come_in):
    name = come_in(slow, tmp_path)
    assert slow.seen
    assert name in {str(found) for found in slow.house.vault.store.names()}


def test_who_lost_it_all_the_same_leaves_nothing_half_there(embedded, tmp_path, monkeypatch):
    """Its process stood still: the sweep had begun to remove it when the last byte was written."""
    house, put = embedded.house, embedded.house.vault.put

    def stood_still(*given):
        sealed = put(*given)
        with house.database.write() as session:
            for table in TABLES:
                session.execute(update(table).where(table.claimed_by != "").values(claimed_by="elsewhere:1:1:1"))
        return sealed

    monkeypatch.setattr(house.vault, "put", stood_still)
    for come_in in (as_a_file, as_a_stack):
        with pytest.raises(Rejected) as refused:
            come_in(embedded, tmp_path)
        assert refused.value.code == "busy"
    assert list(house.vault.store.names()) == []
