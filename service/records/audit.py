"""The audit trail: an append-only hash chain in the database.

Each entry's hash is SHA-256 over the hash of the entry before it and the canonical JSON of its own content, so a changed,
removed, inserted or re-ordered entry breaks the chain at that place. Entries are written in the transaction of the change
they describe: neither can exist without the other. An entry never holds a field's value or a page's text.

A chain alone can be cut off at its end, or written anew from the beginning. So a head outside the table says where the chain
ends (number and hash), sealed with HMAC-SHA256 under a key that is derived from the master key and is not in the database:
whoever has the database alone can do neither unseen.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, insert, select, text, update
from sqlalchemy.orm import Session

from service.records.tables import AuditEntry, AuditHead, Person

GENESIS = "0" * 64
TEXTS = ("at", "actor", "action", "subject", "detail", "previous", "hash")
_HEAD = 1  # the one row
_CHAIN_LOCK = 0x4A5A  # one advisory lock for the one chain: PostgreSQL writers queue here until the other has committed


@dataclass(frozen=True)
class ChainReport:
    """entries that follow from one another, whether that is the whole chain, and the number of the first that does not."""

    entries: int
    ok: bool
    first_bad: int | None


@dataclass(frozen=True)
class Head:
    """Where the chain ends, as its seal vouches for it."""

    seq: int
    hash: str


class Link(NamedTuple):
    """An entry as verification reads it. seq: -1 where the table has no whole number."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str


def canonical(value: object) -> str:
    """Return JSON in the one form that is hashed and signed: names in order, no blanks, characters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def entry_hash(previous: str, seq: int, at: str, actor: str, action: str, subject: str, detail: str) -> str:
    """Return the hash of one entry: SHA-256 in hexadecimal over the canonical JSON of all that it says."""
    content = canonical([previous, seq, at, actor, action, subject, detail])
    # What no honest writer can have put there (bytes that are no UTF-8) is hashed, too, instead of stopping the verifier.
    return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()


def seal_of(key: bytes, head: Head) -> str:
    """Return the seal of a head under the key that is derived for it from the master key."""
    return hmac.new(key, f"juanzong audit head 1:{head.seq}:{head.hash}".encode(), hashlib.sha256).hexdigest()


def _seal(session: Session, seq: int, last_hash: str) -> str:
    key: bytes = session.info["audit_key"]
    return seal_of(key, Head(seq, last_hash))


def lock(session: Session) -> None:
    """Let no other writer add to the chain until the caller's transaction ends; on SQLite its beginning did that."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})


# Made once: putting a statement together costs more than the database does to carry it out.
_entries, _heads = (cast("Table", table.__table__) for table in (AuditEntry, AuditHead))
_READ_HEAD = select(_heads.c.seq, _heads.c.hash, _heads.c.seal).where(_heads.c.id == _HEAD)
_READ_LAST = select(_entries.c.seq, _entries.c.hash).order_by(_entries.c.seq.desc()).limit(1)
_ADD, _MOVE_HEAD = insert(_entries), update(_heads).where(_heads.c.id == _HEAD)


def read_head(session: Session) -> Head | None:
    """Return where the chain ends; None when nothing says it, or what says it was not sealed with our key."""
    row = session.connection().execute(_READ_HEAD).first()
    if row is None or not hmac.compare_digest(str(row.seal).encode(), _seal(session, row.seq, row.hash).encode()):
        return None
    return Head(row.seq, row.hash)


def begin(session: Session) -> None:
    """Seal the beginning of the chain in a database that is still empty; anywhere else this changes nothing."""
    lock(session)
    if any(session.scalar(select(column).limit(1)) is not None for column in (AuditHead.id, AuditEntry.seq, Person.id)):
        return
    values = {"id": _HEAD, "seq": 0, "hash": GENESIS, "seal": _seal(session, 0, GENESIS)}
    session.execute(insert(AuditHead).values(**values))


#: What an entry tells: actor, action, subject, detail (plain JSON values).
Told = tuple[str, str, str, Mapping[str, Any]]
_ROWS_AT_ONCE = 1000


def append(session: Session, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
    """Add an entry in the caller's write transaction. `detail` must be plain JSON values.

    It follows from the sealed head, not from what the table happens to hold: after entries were removed, a gap stays. Where
    the head itself is gone or forged, work goes on, but no new head is made: the trail never becomes whole again by itself.
    """
    append_all(session, [(actor, action, subject, detail or {})])


def append_all(session: Session, told: Sequence[Told]) -> None:
    """Add entries in their order, as `append` does one, with as few statements for many as for one."""
    if not told:
        return
    session.flush()
    lock(session)
    head, connection = read_head(session), session.connection()
    last = connection.execute(_READ_LAST).first()
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    if head is not None:
        seq, previous = max(seq, head.seq), head.hash
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    entries = []
    for actor, action, subject, detail in told:
        seq += 1
        payload = canonical(detail)
        digest = entry_hash(previous, seq, at, actor, action, subject, payload)
        entries.append(
            {
                "seq": seq,
                "at": at,
                "actor": actor,
                "action": action,
                "subject": subject,
                "detail": payload,
                "previous": previous,
                "hash": digest,
            }
        )
        previous = digest
    for first in range(0, len(entries), _ROWS_AT_ONCE):
        some = entries[first : first + _ROWS_AT_ONCE]
        connection.execute(_ADD, some if len(some) > 1 else some[0])
    if head is not None:
        connection.execute(_MOVE_HEAD, {"seq": seq, "hash": previous, "seal": _seal(session, seq, previous)})


def verify(
    entries: Iterable[AuditEntry | Link], head: Head | None, start: tuple[int, str] = (0, GENESIS)
) -> ChainReport:
    """Walk the chain in order of sequence and name the first entry that does not follow from the one before it.

    start: number and hash of the entry before the first that is walked.

    An entry that should be there and is not counts as bad: the first after the last one, when the end was cut off or when
    nothing vouches for where the end is. Where the last entry is another than the one sealed, that one is named.
    """
    expected, previous, count = start[0] + 1, start[1], 0
    for entry in entries:
        good = (
            entry.seq == expected
            and entry.previous == previous
            and entry.hash
            == entry_hash(previous, entry.seq, entry.at, entry.actor, entry.action, entry.subject, entry.detail)
        )
        forged = head is not None and entry.seq == head.seq and entry.hash != head.hash
        beyond = head is not None and entry.seq > head.seq
        if not good or forged or beyond:
            return ChainReport(count, ok=False, first_bad=min(entry.seq, expected) if entry.seq > 0 else expected)
        previous, expected, count = entry.hash, expected + 1, count + 1
    if head is None or head.seq != start[0] + count:
        return ChainReport(count, ok=False, first_bad=expected)
    return ChainReport(count, ok=True, first_bad=None)


def verify_all(session: Session) -> ChainReport:
    """Verify the whole trail in the database, in constant memory. Takes a session that has not begun to read."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite's transactions see one moment anyway
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    head = read_head(session)
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=1000))
    with closing(entries):
        return verify(entries, head)
