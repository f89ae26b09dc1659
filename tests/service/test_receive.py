"""Receiving: what a dead process began, and never acknowledged, is taken away and nothing waits for it."""

import contextlib
import threading

import pytest
from sqlalchemy import func, select, update

from service.errors import DatabaseUnavailable
from service.flow.intake.process import sweep
from service.flow.intake.receive import receive
from service.records.tables import Document, Rendition, WrappedKey
from tests.service.conftest import DIGITAL
from vault.errors import StoreUnavailable


@pytest.fixture
def begun(embedded, monkeypatch) -> str:
    """A document whose receiver was killed after the object was written and before it was acknowledged."""
    with monkeypatch.context() as patch:
        patch.setattr("service.flow.intake.receive.record_sealed", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            receive(embedded.house, embedded["handler"], DIGITAL, "a.pdf")
    with embedded.house.database.write() as session:
        session.execute(update(Document).values(claimed_by="elsewhere:1:1:1", claimed_until=embedded.house.clock.now()))
        return session.scalars(select(Document.id)).one()


def rows(house) -> list[int]:
    with house.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in (Document, Rendition, WrappedKey)]


def test_the_same_file_again_takes_its_place(embedded, begun):
    received = receive(embedded.house, embedded["handler"], DIGITAL, "a.pdf")
    assert (received.duplicate, received.document_id != begun) == (False, True)
    assert rows(embedded.house) == [1, 1, 1]
    assert [str(name) for name in embedded.house.vault.store.names()] == [received.document_id]


def test_others_can_write_while_its_objects_are_removed(embedded, begun, monkeypatch):
    house, delete = embedded.house, embedded.house.vault.delete

    def slow(name):
        with house.database.write() as session:  # waits for ever when the removal holds the database
            session.execute(update(Document).values(title="written meanwhile"))
        delete(name)

    monkeypatch.setattr(house.vault, "delete", slow)
    assert sweep(house) == []
    assert rows(house) == [0, 0, 0]
    assert list(house.vault.store.names()) == []


def test_a_store_that_is_down_leaves_the_rest_for_the_next_sweep(embedded, begun, monkeypatch):
    def down(_name):
        raise StoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(embedded.house.vault, "delete", down)
        with pytest.raises(StoreUnavailable):
            sweep(embedded.house)
    assert rows(embedded.house) == [1, 1, 1]
    sweep(embedded.house)
    assert rows(embedded.house) == [0, 0, 0]


@pytest.mark.parametrize("whole", [False, True])
def test_what_could_not_be_kept_can_be_sent_again_at_once(embedded, monkeypatch, whole):
    """Whatever thread of the server takes it. whole: the database is down, too, so that nothing of it can be noted."""
    house = embedded.house

    def down(*_args):
        raise StoreUnavailable("down")

    @contextlib.contextmanager
    def silent():
        raise DatabaseUnavailable("down")
        yield

    def full(*_args):
        if whole:
            patch.setattr(house.database, "write", silent)
        down()

    with monkeypatch.context() as patch:
        patch.setattr(house.vault, "put", full)
        with pytest.raises(StoreUnavailable):
            receive(house, embedded["handler"], DIGITAL, "a.pdf")
    assert rows(house) == ([1, 1, 1] if whole else [0, 0, 0])
    got = []
    thread = threading.Thread(target=lambda: got.append(receive(house, embedded["handler"], DIGITAL, "a.pdf")))
    thread.start()
    thread.join()
    assert [received.duplicate for received in got] == [False]
    assert rows(house) == [1, 1, 1]
