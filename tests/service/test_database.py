"""Database: sessions that go wrong leave nothing behind that stops the next."""

from contextlib import ExitStack

import pytest
from sqlalchemy import select, text

from service.errors import DatabaseUnavailable, NoSpace
from service.flow.common.room import room
from service.records.database import Database
from service.records.migrate import upgrade
from service.records.tables import Department


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    upgrade(database)
    yield database
    database.dispose()


def _add(database, number):
    with database.write() as session:
        session.add(Department(code=f"D{number}", name="部", fonds="J001"))


@pytest.mark.parametrize("kind", ["read", "write"])
def test_an_error_that_leaves_rows_unread_keeps_nobody_from_writing(database, kind):
    """The page that explains a refusal writes an entry, while the refusal still knows where it was raised."""
    for number in range(3):
        _add(database, number)
    kept = []

    def refused():
        with getattr(database, kind)() as session:
            rows = session.execute(select(Department.code), execution_options={"stream_results": True, "yield_per": 1})
            next(iter(rows))
            raise LookupError("refused")

    try:
        refused()
    except LookupError as error:
        kept.append(error)
        other = Database(database.url.render_as_string(hide_password=False))
        _add(other, 500)  # the snapshot is not the newest any more
        other.dispose()
        _add(database, 501)
    with database.read() as session:
        assert {"D500", "D501"} <= set(session.scalars(select(Department.code)))
    assert kept


def test_that_all_connections_are_busy_is_told_as_a_database_that_does_not_answer(tmp_path, monkeypatch):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.01)
    with ExitStack() as held:
        for _ in range(15):  # as many as one program takes
            held.enter_context(database.engine.connect())
        with pytest.raises(DatabaseUnavailable, match="busy"), database.read() as session:
            session.execute(text("SELECT 1"))
    database.dispose()


@pytest.mark.parametrize("which", ["sqlite", "postgresql"])
def test_a_full_disk_of_the_database_is_told_as_that(which, tmp_path, request):
    url = f"sqlite:///{tmp_path}/a.db" if which == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    filling = {
        "sqlite": ["PRAGMA max_page_count = 2", "CREATE TABLE big AS SELECT zeroblob(100000) AS filler"],
        # What the server says when it cannot make a file longer.
        "postgresql": ["DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$"],
    }

    def fill():
        with room(), database.write() as session:
            for statement in filling[which]:
                session.execute(text(statement))

    with pytest.raises(NoSpace):
        fill()
    database.dispose()
