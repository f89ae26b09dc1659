"""The audit chain: append-only in the database itself; any change is found and the first bad entry is named."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.records import audit
from service.records.database import Database
from service.records.migrate import upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    url = f"sqlite:///{tmp_path}/a.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    upgrade(database)
    with database.write() as session:
        for number in range(5):
            audit.append(session, "person:li", "document.view", f"document:{number}", {"n": number, "词": "值"})
    yield database
    database.dispose()


def _tamper(database: Database, *statements: str) -> audit.ChainReport:
    if database.is_sqlite:
        lift = ["DROP TRIGGER audit_is_append_only_update", "DROP TRIGGER audit_is_append_only_delete"]
    else:
        lift = ["DROP TRIGGER audit_is_append_only ON audit"]
    with database.write() as session:
        for statement in [*lift, *statements]:
            session.execute(text(statement))
    with database.read() as session:
        return audit.verify_all(session)


def test_an_untouched_chain_holds(database):
    with database.read() as session:
        assert audit.verify_all(session) == audit.ChainReport(5, ok=True, first_bad=None)


@pytest.mark.parametrize("column", ["at", "actor", "action", "subject", "detail", "previous", "hash"])
def test_a_changed_entry_is_named(database, column):
    report = _tamper(database, f"UPDATE audit SET {column} = 'x' || substr({column}, 2) WHERE seq = 3")
    assert (report.ok, report.first_bad) == (False, 3)


def test_a_removed_entry_is_named(database):
    report = _tamper(database, "DELETE FROM audit WHERE seq = 2")
    assert (report.ok, report.first_bad) == (False, 2)


def test_reordered_entries_are_found(database):
    swap = ["UPDATE audit SET seq = 99 WHERE seq = 2", "UPDATE audit SET seq = 2 WHERE seq = 3"]
    report = _tamper(database, *swap, "UPDATE audit SET seq = 3 WHERE seq = 99")
    assert (report.ok, report.first_bad) == (False, 2)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_the_trail(database, statement):
    with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
        session.execute(text(statement))


def test_a_rolled_back_change_leaves_no_entry(database):
    def fail():
        with database.write() as session:
            audit.append(session, "person:li", "x", "y")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as session:
        assert audit.verify_all(session).entries == 5
