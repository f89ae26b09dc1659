"""A thousand edits of the audit table, each by somebody with the owner's rights who lifts the triggers first: all are found."""

import json
import random
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import BadInput
from service.records import audit, checkpoints, signing
from service.records.database import Database
from service.records.migrate import upgrade
from service.records.tables import Checkpoint
from vault.adapters.wrapping import InMemoryKey
from vault.keyring import KeyRing

EDITS = 1000
COLUMNS = ("seq", *audit.TEXTS)
Rows = list[list[Any]]
_INSERT = text(f"INSERT INTO audit ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})")


@pytest.fixture
def keys():
    return KeyRing(InMemoryKey(bytes(range(32))))


@contextmanager
def _made(url: str, keys: KeyRing) -> Iterator[Database]:
    database = Database(url, keys.derive(b"audit head"))
    upgrade(database)
    with database.write() as session:
        audit.begin(session)
        signing.ensure(session, keys)
        for number in range(14):
            audit.append(
                session, f"person:{number % 3}", "document.view", f"document:{number}", {"n": number, "词": "值"}
            )
            if number in (4, 9):
                checkpoints.make(session, keys, "system")
        lift(session)
    yield database
    database.dispose()


@pytest.fixture
def database(tmp_path, keys):
    with _made(f"sqlite:///{tmp_path}/a.db", keys) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request, tmp_path, keys):
    sqlite = request.param == "sqlite"
    with _made(f"sqlite:///{tmp_path}/a.db" if sqlite else request.getfixturevalue("postgres_url"), keys) as made:
        yield made


def lift(session: Session) -> None:
    """Drop every trigger, as the owner of the database can."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("DROP FUNCTION refuse_audit_change CASCADE"))
        return
    for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        session.execute(text(f"DROP TRIGGER {name}"))


def _other(draw: random.Random, value: Any) -> Any:
    if isinstance(value, int):
        return draw.choice([value + draw.randint(1, 99), -value, 0, value * 1000])
    kinds: list[Callable[[], Any]] = [
        lambda: value[:-1],
        lambda: value + draw.choice(string.ascii_letters + "词 \0"),
        value.encode,  # the same bytes, and no text any more
        value.swapcase,
        lambda: "".join(draw.sample(value, len(value))),
        lambda: value[:3] + draw.choice(string.hexdigits) + value[4:],
        lambda: b"\xff\xfe",
        lambda: "",
    ]
    return draw.choice(kinds)()


def _change(draw: random.Random, rows: Rows) -> None:
    row, column = draw.choice(rows), draw.randrange(len(COLUMNS))
    row[column] = _other(draw, row[column])


def _remove(draw: random.Random, rows: Rows) -> None:
    del rows[draw.randrange(len(rows))]


def _insert(draw: random.Random, rows: Rows) -> None:
    at = draw.randrange(len(rows) + 1)
    rows.insert(at, list(draw.choice(rows)))
    for number, row in enumerate(rows, 1):
        row[0] = number


def _swap(draw: random.Random, rows: Rows) -> None:
    one, two = draw.sample(range(len(rows)), 2)
    rows[one], rows[two] = rows[two], rows[one]
    for number, row in enumerate(rows, 1):
        row[0] = number


def _truncate(draw: random.Random, rows: Rows) -> None:
    del rows[draw.randrange(len(rows)) :]


def _empty_front(draw: random.Random, rows: Rows) -> None:
    del rows[: draw.randint(1, len(rows) - 1)]


def _chain_anew(rows: Rows) -> None:
    """What somebody does who knows how hashes are made, and has no key."""
    previous = audit.GENESIS
    for number, row in enumerate(rows, 1):
        said = [value if isinstance(value, str) else "x" for value in row[1:6]]
        row[:] = [number, *said, previous, audit.entry_hash(previous, number, *said)]
        previous = row[-1]


def _write(session: Session, rows: Rows) -> None:
    session.execute(text("DELETE FROM audit"))
    if rows:
        session.execute(_INSERT, [dict(zip(COLUMNS, row, strict=True)) for row in rows])


def _read(session: Session) -> Rows:
    # With the types the database has: a value that is no text any more is another one.
    kind = "typeof" if session.get_bind().dialect.name == "sqlite" else "pg_typeof"
    typed = ", ".join(f"{name}, {kind}({name})" for name in COLUMNS)
    return [list(row) for row in session.execute(text(f"SELECT {typed} FROM audit ORDER BY seq"))]


@pytest.mark.filterwarnings("ignore:Connection is already established")  # what is verified here is not kept
def test_a_thousand_edits_are_found(either, keys):
    database = either
    draw = random.Random(20261125)
    edits = (_change, _change, _change, _remove, _insert, _swap, _truncate, _empty_front)
    tried, missed, misnamed = 0, [], []
    while tried < EDITS:
        edit, knows_hashes, moves_head = draw.choice(edits), draw.random() < 0.3, draw.random() < 0.5
        with suppress(IntegrityError, BadInput), database.read() as session:  # nothing of it is kept
            whole = _read(session)
            rows = [row[::2] for row in whole]
            edit(draw, rows)
            if not database.is_sqlite and any(isinstance(value, bytes) for row in rows for value in row):
                continue  # which its columns never take
            if knows_hashes:
                _chain_anew(rows)
            _write(session, rows)
            if moves_head and rows:
                end = {"seq": len(rows), "hash": rows[-1][-1]}
                session.execute(text("UPDATE audit_head SET seq = :seq, hash = :hash"), end)
            now = _read(session)
            if now == whole:
                continue
            tried += 1
            report, _ = checkpoints.verify_all(session, keys)
            first = next((n for n, (a, b) in enumerate(zip(whole, now, strict=False), 1) if a != b), 0)
            first = first or min(len(whole), len(now)) + 1
            if report.ok:
                missed.append((edit.__name__, rows))
            elif not knows_hashes and not moves_head and report.first_bad != first:
                misnamed.append((edit.__name__, first, report))
    assert missed == []
    assert misnamed == []
    with database.read() as session:
        report, _ = checkpoints.verify_all(session, keys)
    assert report == checkpoints.TrailReport(16, True, None, 2)


@pytest.mark.parametrize(
    "edit",
    [
        "DELETE FROM checkpoints WHERE number = 1",
        "UPDATE checkpoints SET statement = replace(statement, '\"entries\"\\:6', '\"entries\"\\:5') WHERE number = 1",
        "UPDATE checkpoints SET entries = 5 WHERE number = 1",
        "UPDATE checkpoints SET at = '2020-01-01T00\\:00\\:00.000+00\\:00' WHERE number = 2",
        "UPDATE checkpoints SET signature = 'ab' || substr(signature, 3) WHERE number = 2",
        "UPDATE checkpoints SET signature = 'no signature' WHERE number = 2",
        "UPDATE checkpoints SET statement = '[]' WHERE number = 2",
        "UPDATE checkpoints SET public = 'ff' WHERE number = 2",
        "DELETE FROM audit_keys",
        "INSERT INTO checkpoints SELECT 3, statement, signature, public, entries, at, stored_at, stamp FROM checkpoints WHERE number = 2",
    ],
)
def test_a_checkpoint_that_was_tampered_with_is_found(database, keys, edit):
    with database.read() as session:
        session.execute(text(edit))
        report, _ = checkpoints.verify_all(session, keys)
    assert not report.ok
    assert "checkpoint" in report.problem
    assert report.first_bad is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", "juanzong checkpoint 2"),
        ("archive", "another archive"),
        ("number", 3),
        ("previous", "0" * 64),
        ("first", 6),
        ("entries", 11),
        ("hash", "0" * 64),
        ("root", "0" * 64),
        ("at", "2020-01-01T00:00:00.000+00:00"),
    ],
)
def test_whatever_a_statement_says_is_compared_also_where_the_archive_itself_signed_it(database, keys, name, value):
    with database.read() as session:
        row, signer = session.get_one(Checkpoint, 2), signing.ensure(session, keys)
        assert json.loads(row.statement)[name] != value
        statement = audit.canonical(json.loads(row.statement) | {name: value})
        signed = {"statement": statement, "signature": signing.sign(keys, signer, statement.encode())}
        session.execute(
            text("UPDATE checkpoints SET statement = :statement, signature = :signature WHERE number = 2"), signed
        )
        session.expire_all()
        report, _ = checkpoints.verify_all(session, keys)
    assert not report.ok
    assert "checkpoint 2 " in report.problem


def test_a_key_that_the_master_key_does_not_open_vouches_for_nothing(database, keys):
    foreign = KeyRing(InMemoryKey(bytes(32)))
    with database.read() as session:
        session.execute(text("DELETE FROM checkpoints"))
        session.execute(text("DELETE FROM audit_keys"))
        assert checkpoints.make(session, foreign, "system") is not None
        report, _ = checkpoints.verify_all(session, keys)
    assert not report.ok
    assert "not signed with a key of this archive" in report.problem


def test_nothing_is_signed_that_does_not_hold(database, keys):
    from service.errors import RuleRefused

    with database.read() as session:
        session.execute(text("UPDATE audit SET actor = 'x' WHERE seq = 14"))
        with pytest.raises(RuleRefused, match="broken"):
            checkpoints.make(session, keys, "system")


def test_no_checkpoint_is_made_when_nothing_came_since(database, keys):
    with database.read() as session:
        made = checkpoints.make(session, keys, "system")
        assert made is not None
        assert (made.number, made.entries) == (3, 17)
        assert checkpoints.make(session, keys, "system") is None


@pytest.mark.parametrize("which", ["sqlite", "postgresql"])
def test_the_database_itself_refuses(which, tmp_path, request, keys):
    from sqlalchemy.exc import DBAPIError

    url = f"sqlite:///{tmp_path}/b.db" if which == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url, keys.derive(b"audit head"))
    upgrade(database)
    with database.write() as session:
        audit.begin(session)
        audit.append(session, "person:li", "x", "y")
        checkpoints.make(session, keys, "system")
    columns = "seq, at, actor, action, subject, detail, previous, hash"
    statements = [
        *(f"UPDATE audit SET {name} = {name}" for name in COLUMNS),
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM checkpoints",
        *(
            f"UPDATE checkpoints SET {name} = {name}"
            for name in ("number", "statement", "signature", "public", "entries", "at")
        ),
    ]
    if which == "sqlite":
        statements += [
            f"INSERT OR REPLACE INTO audit SELECT {columns} FROM audit WHERE seq = 1",
            "REPLACE INTO audit SELECT 1, at, 'x', action, subject, detail, previous, hash FROM audit WHERE seq = 1",
            "UPDATE OR REPLACE audit SET seq = 2 WHERE seq = 1",
            "INSERT OR REPLACE INTO checkpoints SELECT * FROM checkpoints",
        ]
    else:
        statements += [
            "TRUNCATE audit",
            "TRUNCATE checkpoints",
            f"INSERT INTO audit SELECT {columns} FROM audit ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
            "MERGE INTO audit USING audit AS other ON audit.seq = other.seq WHEN MATCHED THEN DELETE",
        ]
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
            session.execute(text(statement))
    with database.write() as session:  # what is not signed may be noted
        session.execute(text("UPDATE checkpoints SET stamp = 'x'"))
    with database.read() as session:
        assert checkpoints.verify_all(session, keys)[0].ok
    database.dispose()
