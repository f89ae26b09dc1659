"""The audit chain: append-only in the database itself; any change is found and the first bad entry is named."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from service.records import audit
from service.records.database import Database
from service.records.migrate import upgrade

KEY = b"a key that is not in the database"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    url = f"sqlite:///{tmp_path}/a.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url, KEY)
    upgrade(database)
    with database.write() as session:
        audit.begin(session)
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


PERSON = """
INSERT INTO people (id, login, name, roles, clearance, locale, created_at)
VALUES ('1', 'li', 'Li', '[]', 'internal', 'zh', '2026-01-01')
"""


def _verify(database: Database) -> audit.ChainReport:
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


CUT = "DELETE FROM audit WHERE seq > 3"


def test_a_truncated_tail_is_found_and_stays_found(database):
    report = _tamper(database, CUT)
    assert report == audit.ChainReport(3, ok=False, first_bad=4)
    for _ in range(3):  # new entries do not close the gap
        with database.write() as session:
            audit.append(session, "person:li", "x", "y")
    assert _verify(database) == audit.ChainReport(3, ok=False, first_bad=4)


@pytest.mark.parametrize(
    "head",
    [
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)",
        "UPDATE audit_head SET seq = 3",
    ],
)
def test_a_truncated_tail_with_a_forged_head_is_found_and_never_heals(database, head):
    assert _tamper(database, CUT, head) == audit.ChainReport(3, ok=False, first_bad=4)
    with database.write() as session:
        audit.begin(session)
        audit.append(session, "person:li", "x", "y")
    assert not _verify(database).ok


def test_a_deleted_head_is_found(database):
    assert _tamper(database, "DELETE FROM audit_head") == audit.ChainReport(5, ok=False, first_bad=6)


def test_an_emptied_trail_is_found_and_not_begun_anew_beside_accounts(database):
    report = _tamper(database, "DELETE FROM audit", "DELETE FROM audit_head", PERSON)
    assert report == audit.ChainReport(0, ok=False, first_bad=1)
    with database.write() as session:
        audit.begin(session)
    assert not _verify(database).ok


@pytest.mark.parametrize("with_head", [False, True])
def test_a_chain_written_anew_with_right_hashes_is_found(database, with_head):
    previous, statements = audit.GENESIS, ["DELETE FROM audit"]
    for seq in range(1, 6):
        entry = (seq, "2026-01-01T00:00:00.000+00:00", "person:li", "x", f"y:{seq}", "{}")
        digest = audit.entry_hash(previous, *entry)
        values = ", ".join(f"'{value}'" for value in (*entry[1:], previous, digest))
        statements.append(
            f"INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES ({seq}, {values})"
        )
        previous = digest
    if with_head:
        statements.append(f"UPDATE audit_head SET hash = '{previous}'")
    report = _tamper(database, *[statement.replace(":", r"\:") for statement in statements])
    assert (report.ok, report.first_bad) == (False, 6 if with_head else 5)


def test_an_entry_beyond_the_head_is_found(database):
    copy = "INSERT INTO audit SELECT 6, at, actor, action, subject, detail, hash, hash FROM audit WHERE seq = 5"
    report = _tamper(database, copy)
    assert (report.ok, report.first_bad) == (False, 6)
    with database.write() as session:
        audit.append(session, "person:li", "x", "y")
    assert not _verify(database).ok


def test_another_key_does_not_vouch_for_the_trail(database):
    other = Database(database.url.render_as_string(hide_password=False), b"another key")
    assert not _verify(other).ok
    other.dispose()


def test_writers_at_the_same_moment_make_one_chain(database):
    def write(number):
        for _ in range(5):
            with database.write() as session:
                audit.append(session, f"person:{number}", "x", "y")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert _verify(database) == audit.ChainReport(25, ok=True, first_bad=None)


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


def test_an_entry_costs_four_short_statements_however_many_there_are(database):
    """The head and the last entry are read, the entry and the new head are written; thousands fit into one transaction."""
    said: list[str] = []
    with database.write() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *given: said.append(given[2].split()[0]))
        for number in range(200):
            audit.append(session, "test", "test.add", f"document:{number}", {"n": number})
    lock = [] if database.is_sqlite else ["SELECT"]
    assert said == [*lock, "SELECT", "SELECT", "INSERT", "UPDATE"] * 200
    with database.read() as session:
        assert audit.verify_all(session).ok
