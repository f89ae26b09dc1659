"""The audit trail: an append-only hash chain in the database.

Each entry's hash is SHA-256 over the hash of the entry before it and the canonical JSON of its own content, so a changed,
removed, inserted or re-ordered entry breaks the chain at that place. Entries are written in the transaction of the change
they describe: neither can exist without the other. An entry never holds a field's value or a page's text.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from service.records.tables import AuditEntry

GENESIS = "0" * 64
_CHAIN_LOCK = 0x4A5A  # one advisory lock for the one chain: PostgreSQL writers queue here until the other has committed


@dataclass(frozen=True)
class ChainReport:
    """entries checked, whether all hold, and the sequence number of the first bad one."""

    entries: int
    ok: bool
    first_bad: int | None


def entry_hash(previous: str, seq: int, at: str, actor: str, action: str, subject: str, detail: str) -> str:
    """Return the hash of one entry: SHA-256 in hexadecimal over the canonical JSON of all that it says."""
    content = json.dumps([previous, seq, at, actor, action, subject, detail], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def append(session: Session, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
    """Add an entry in the caller's write transaction. `detail` must be plain JSON values."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    last = session.execute(select(AuditEntry.seq, AuditEntry.hash).order_by(AuditEntry.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    payload = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    session.add(
        AuditEntry(
            seq=seq,
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            detail=payload,
            previous=previous,
            hash=entry_hash(previous, seq, at, actor, action, subject, payload),
        )
    )
    session.flush()


def verify(entries: Iterable[AuditEntry]) -> ChainReport:
    """Walk the chain in order of sequence and name the first entry that does not follow from the one before it."""
    previous, expected, count = GENESIS, 1, 0
    for entry in entries:
        good = (
            entry.seq == expected
            and entry.previous == previous
            and entry.hash
            == entry_hash(previous, entry.seq, entry.at, entry.actor, entry.action, entry.subject, entry.detail)
        )
        if not good:
            return ChainReport(count, ok=False, first_bad=min(entry.seq, expected))
        previous, expected, count = entry.hash, expected + 1, count + 1
    return ChainReport(count, ok=True, first_bad=None)


def verify_all(session: Session) -> ChainReport:
    """Verify the whole trail in the database, in constant memory."""
    return verify(session.scalars(select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=1000)))
