"""The queue carries hints only: when it is down, nobody who sends a document is told, and nothing is lost."""

import sqlite3
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import make_url

from service.errors import NoSpace
from service.flow.intake.process import sweep
from service.flow.intake.receive import receive
from service.jobs import queue as queue_module
from service.jobs.queue import attach, hint_waiting, open_queue
from service.records.tables import Document
from tests.service.conftest import DIGITAL, SCANS


def end_all_connections(url: str) -> None:
    """As a restart of the database server does."""
    address = make_url(url)
    with psycopg.connect(
        host=address.host, port=address.port, user=address.username, password=address.password, dbname="postgres",
        autocommit=True,
    ) as connection:  # fmt: skip
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        connection.execute(query, [address.database])


@pytest.mark.parametrize("office", ["servers"], indirect=True)
def test_documents_are_received_over_a_restart_of_the_database(office):
    house = office.house
    queue = open_queue(house.settings)
    house.hint = attach(queue, lambda: house)
    first = receive(house, office["handler"], DIGITAL, "a.pdf").document_id
    end_all_connections(house.settings.database_url)
    second = receive(house, office["handler"], SCANS / "payment.jpg", "b.jpg").document_id
    assert sweep(house) == [first, second]
    assert queue.pending_count() == 1
    house.hint(second)
    assert queue.pending_count() == 2
    queue.storage.close()


def test_a_queue_without_room_does_not_fail_who_sends(embedded, monkeypatch):
    house = embedded.house
    queue = open_queue(house.settings)
    house.hint = attach(queue, lambda: house)

    def full(*_args, **_named):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(queue.storage, "enqueue", full)
        got = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id
    assert queue.pending_count() == 0
    assert sweep(house) == [got]
    queue.storage.close()


def test_what_a_killed_worker_had_in_hand_is_queued_though_others_wait(office):
    house = office.house
    queue = open_queue(house.settings)
    house.hint = hint = attach(queue, lambda: house)
    first = receive(house, office["handler"], DIGITAL, "a.pdf").document_id
    second = receive(house, office["handler"], SCANS / "payment.jpg", "b.jpg").document_id
    queue.dequeue()  # whoever took it was killed
    assert hint_waiting(queue, house, hint) == 1
    assert [task.args[0] for task in queue.pending()] == [second, first]
    assert hint_waiting(queue, house, hint) == 0
    queue.storage.close()


def test_what_waits_for_a_moment_is_looked_for_soon_and_once(embedded, monkeypatch):
    house = embedded.house
    queue = open_queue(house.settings)
    house.hint = attach(queue, lambda: house)
    waiting = [
        receive(house, embedded["handler"], path, path.name).document_id for path in (DIGITAL, SCANS / "payment.jpg")
    ]

    def full(*_args):
        raise NoSpace("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(queue_module, "process", full)
        queue.execute(queue.dequeue())
        queue.execute(queue.dequeue())
    later = [task for task in queue.pending() if task.name == "look"]
    assert [task.eta > datetime.now() for task in later] == [True]  # noqa: DTZ005 - the queue's own clock
    queue.flush()
    later[0].execute()
    assert [task.args[0] for task in queue.pending()] == waiting
    queue.storage.close()


def test_the_preservation_copy_is_made_behind_everything_that_is_not_searchable_yet(embedded):
    house = embedded.house
    queue = open_queue(house.settings)
    house.hint = attach(queue, lambda: house)
    scan, digital = SCANS / "payment.jpg", DIGITAL
    ids = [receive(house, embedded["handler"], path, path.name).document_id for path in (scan, digital)]
    done = []
    while queue.pending_count():
        task = queue.dequeue()
        queue.execute(task)
        with house.database.read() as session:
            document = session.get_one(Document, task.args[0])
            done.append((task.name, ids.index(document.id), document.indexed, document.preservation))
    assert done == [
        ("process", 0, True, "waiting"),
        ("process", 1, True, "waiting"),
        ("preserve", 0, True, "kept"),
        ("preserve", 1, True, "not_needed"),
    ]
    queue.storage.close()
