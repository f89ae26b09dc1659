"""Checkpoints: signed statements of where the hash chain stands, kept in the database and, apart from it, in the object store.

The seal of the chain's end lies in the database, so a whole database put back to an earlier day looks sound by itself. A copy
of each checkpoint in the object store (locked there, where the store can) tells of the entries that such a database lacks.

A statement is canonical JSON (`audit.canonical`) with these names: `format`; `archive`; `number`, from 1; `previous`, the SHA-256
of the statement before; `first` and `entries`, the first and last entry it adds; `hash`, of the last one; `root`, the Merkle root
(`tree.py`) of the hashes from `first` to `entries`; `at`. Its UTF-8 bytes are what is signed.
"""

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, case, cast, func, select
from sqlalchemy.orm import Session

from service.errors import RuleRefused
from service.records import audit, signing
from service.records.tables import AuditEntry, Checkpoint
from service.records.tree import Root
from vault.keyring import KeyRing

FORMAT = "juanzong checkpoint 1"
_PREFIX = "6a7a6370"  # all checkpoints are next to one another in the store: their names begin with this
_VERSION = 8  # RFC 9562: a UUID of our own making, never the name of a sealed object (those are random, version 4)


@dataclass(frozen=True)
class TrailReport:
    """What the verification of the whole trail found.

    entries: those that follow from one another. first_bad: the number of the first that does not, or of the first that a
    checkpoint has and the trail has not. checkpoints: how many were verified. problem: what is wrong, in one line; "" for nothing.
    """

    entries: int
    ok: bool
    first_bad: int | None
    checkpoints: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Stated:
    """What a statement says, as far as verification needs it."""

    archive: str
    number: int
    previous: str
    first: int
    entries: int
    hash: str
    root: str
    at: str


def object_name(archive: str, number: int) -> UUID:
    """Return under which name the object store has a checkpoint."""
    digest = sha256(archive.encode()).hexdigest()
    return UUID(f"{_PREFIX}-{digest[:4]}-{_VERSION}{digest[4:7]}-8000-{number:012x}")


def is_checkpoint(name: UUID) -> bool:
    """Return whether an object of the store is a checkpoint of this or another archive, by its name alone."""
    return name.version == _VERSION and str(name).startswith(_PREFIX)


def is_beside(name: UUID, other: UUID) -> bool:
    """Return whether two checkpoints, by their names, are of the same archive."""
    return name.bytes[:10] == other.bytes[:10]


def stated(statement: str) -> Stated | None:
    """Return what a statement says; None when it is none of ours."""
    try:
        found = json.loads(statement)
        if found.pop("format") != FORMAT:
            return None
        known = Stated(**found)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    whole = all(type(value) is int for value in (known.number, known.first, known.entries))
    return known if whole and isinstance(known.hash, str) and isinstance(known.root, str) else None


def as_object(row: Checkpoint) -> bytes:
    """Return a checkpoint as the object store and exports have it."""
    said = {"statement": row.statement, "signature": row.signature, "public_key": row.public}
    return json.dumps(said, ensure_ascii=False).encode()


def of_object(content: bytes) -> tuple[str, str, str] | None:
    """Return (statement, signature, public key) of an object of the store; None when it is none."""
    try:
        found = json.loads(content)
        said = (found["statement"], found["signature"], found["public_key"])
    except (ValueError, TypeError, KeyError):
        return None
    return said if all(isinstance(part, str) for part in said) else None


def last(session: Session) -> Checkpoint | None:
    """Return the newest checkpoint."""
    return session.scalar(select(Checkpoint).order_by(Checkpoint.number.desc()).limit(1))


def digest_of(row: Checkpoint | None) -> str:
    """Return what the next statement calls this one."""
    return audit.GENESIS if row is None else sha256(row.statement.encode()).hexdigest()


def make(session: Session, keys: KeyRing, actor: str, *, after: int = 0) -> Checkpoint | None:
    """Sign where the chain stands, in the caller's write transaction; None when nothing came since the last checkpoint.

    after: the highest number that is taken already, also where the database does not know of it. The making is an entry of
    the trail, and the last that the checkpoint speaks for. Raises RuleRefused when the chain does not hold: nothing is signed.
    """
    audit.lock(session)
    before = last(session)
    done = before.entries if before else 0
    head = audit.read_head(session)
    if head is not None and head.seq <= done:
        return None
    number = max(before.number if before else 0, after) + 1
    signer = signing.ensure(session, keys)
    audit.append(session, actor, "audit.checkpoint", f"checkpoint:{number}", {"entries": (head.seq if head else 0) + 1})
    head = audit.read_head(session)
    root = Root()
    previous = _hash_at(session, done)
    with closing(entries(session, done)) as found:
        report = audit.verify(_gathered(found, root), head, (done, previous))
    if not report.ok or head is None or (before and previous != _said(before).hash):
        raise RuleRefused(
            "the audit trail is broken, so that no checkpoint can speak for it: see `juanzong audit verify`"
        )
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    statement = audit.canonical(
        {
            "format": FORMAT,
            "archive": signing.archive_id(session),
            "number": number,
            "previous": digest_of(before),
            "first": done + 1,
            "entries": head.seq,
            "hash": head.hash,
            "root": root.hexdigest(),
            "at": at,
        }
    )
    row = Checkpoint(
        number=number,
        statement=statement,
        signature=signing.sign(keys, signer, statement.encode()),
        public=signer.public,
        entries=head.seq,
        at=at,
        stamp="",
    )
    session.add(row)
    session.flush()
    return row


def _said(row: Checkpoint) -> Stated:
    return stated(row.statement) or Stated("", 0, "", 0, 0, "", "", "")


def _hash_at(session: Session, seq: int) -> str:
    if seq == 0:
        return audit.GENESIS
    return session.scalar(select(AuditEntry.hash).where(AuditEntry.seq == seq)) or ""


def _gathered(found: Iterable[audit.Link], root: Root) -> Iterator[audit.Link]:
    for entry in found:
        yield entry
        root.add(entry.hash)  # reached only when the verifier found it good


def entries(session: Session, after: int = 0) -> Generator[audit.Link]:
    """Yield the entries beyond number `after` in their order, in constant memory.

    Whoever tampers with SQLite can put any kind of value into any column; what is no text comes as one that fits no hash.
    """
    columns: list[Any] = [getattr(AuditEntry, name) for name in audit.TEXTS]
    if session.get_bind().dialect.name == "sqlite":
        columns = [case((func.typeof(column) == "text", cast(column, LargeBinary))) for column in columns]
    query = select(AuditEntry.seq, *columns).order_by(AuditEntry.seq).execution_options(yield_per=1000)
    if after:
        query = query.where(AuditEntry.seq > after)
    with closing(session.execute(query)) as rows:
        for seq, *values in rows:
            yield audit.Link(seq if type(seq) is int else -1, *map(_text, values))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    return value if isinstance(value, str) else "\ud800"  # which no text of the trail can be


def verify_all(session: Session, keys: KeyRing) -> tuple[TrailReport, list[Checkpoint]]:
    """Verify the chain, its sealed end and every checkpoint of the database; returns the checkpoints for more to be asked of them.

    Takes a session that has not begun to read.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite's transactions see one moment anyway
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    head = audit.read_head(session)
    rows = list(session.scalars(select(Checkpoint).order_by(Checkpoint.number)))
    watch = _Watch(rows, signing.trusted(session, keys))
    with closing(entries(session)) as found:
        chain = audit.verify(watch.through(found), head)
    if not chain.ok:
        problem = f"entry {chain.first_bad} was changed, removed, inserted or moved, or the trail was cut there"
        return TrailReport(chain.entries, False, chain.first_bad, watch.verified, problem), rows
    bad, problem = watch.end(chain.entries)
    return TrailReport(chain.entries, not problem, bad, watch.verified, problem), rows


class _Watch:
    """Compares the entries that go by with what the checkpoints say of them."""

    def __init__(self, rows: Sequence[Checkpoint], trusted: frozenset[str]) -> None:
        self._rows, self._trusted = rows, trusted
        self._at, self._root, self._done, self._previous = 0, Root(), 0, audit.GENESIS
        self._bad: int | None = None
        self.verified, self._problem, self._archive = 0, "", ""

    def through(self, found: Iterable[audit.Link]) -> Iterator[audit.Link]:
        for entry in found:
            yield entry
            self._root.add(entry.hash)
            if not self._problem and self._at < len(self._rows) and self._rows[self._at].entries == entry.seq:
                self._compare(self._rows[self._at], entry)

    def _compare(self, row: Checkpoint, entry: audit.Link) -> None:
        said = stated(row.statement)
        if row.public not in self._trusted or not signing.is_signed(row.public, row.signature, row.statement.encode()):
            self._fail(f"checkpoint {row.number} is not signed with a key of this archive")
        elif (
            said is None
            or (said.number, said.entries, said.at) != (row.number, row.entries, row.at)
            or (said.previous, said.first) != (self._previous, self._done + 1)
            or self._archive not in ("", said.archive)
        ):
            self._fail(f"checkpoint {row.number} does not follow from the one before it: one was changed or removed")
        elif (said.hash, said.root) != (entry.hash, self._root.hexdigest()):
            self._fail(f"checkpoint {row.number} was signed for other entries than the trail has")
        else:
            self._archive, self._previous = said.archive, digest_of(row)
            self._done, self._root = entry.seq, Root()
            self._at += 1
            self.verified += 1

    def _fail(self, problem: str) -> None:
        self._bad, self._problem = self._done + 1, problem

    def end(self, count: int) -> tuple[int | None, str]:
        """Return the first bad entry, and the problem."""
        if not self._problem and self._at < len(self._rows):
            row = self._rows[self._at]
            self._bad = min(count, row.entries) + 1
            self._problem = f"checkpoint {row.number} speaks for {row.entries} entries, the trail has {count}"
        return self._bad, self._problem


def root_of(hashes: Iterable[str]) -> str:
    """Return the Merkle root of entries, by their hashes; "" when one of them is no hash."""
    root = Root()
    try:
        for one in hashes:
            root.add(one)
    except ValueError:
        return ""
    return root.hexdigest()


def spans(session: Session, seqs: Iterable[int]) -> dict[int, Checkpoint]:
    """Return for each entry number the checkpoint that speaks for it; what none speaks for yet is left out."""
    found = {}
    for seq in seqs:
        row = session.scalar(select(Checkpoint).where(Checkpoint.entries >= seq).order_by(Checkpoint.entries).limit(1))
        if row is not None:
            found[seq] = row
    return found


def count(session: Session) -> int:
    """Return how many checkpoints there are."""
    return session.scalar(select(func.count()).select_from(Checkpoint)) or 0
