"""The queue carries hints only: when it is down, nobody who sends a document is told, and nothing is lost."""

import sqlite3

import psycopg
import pytest
from sqlalchemy import make_url

from service.flow.intake.process import sweep
from service.flow.intake.receive import receive
from service.jobs.queue import attach, open_queue
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
