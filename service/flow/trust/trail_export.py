"""The whole audit trail as one file that anybody can verify without this system: see `docs/auditor.md` and `verify_audit.py`."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import RuleRefused
from service.flow.common.guard import require
from service.flow.trust.checkpoints import checkpoint
from service.house import House
from service.records import audit, checkpoints, signing
from service.records.tables import AuditKey, Checkpoint

FORMAT = "juanzong audit export 1"


def export(house: House, actor: Actor) -> Iterator[bytes]:
    """Yield the lines of the export: a head, every entry, each checkpoint behind its last entry, and an end.

    The export is an entry itself, and what it holds ends with a checkpoint made for it. A trail that is broken is exported as it
    is, all of it: whoever verifies it finds where. Raises NotAllowed, StoreUnavailable.
    """
    require(actor, "audit.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "audit.export", "audit", {"form": FORMAT})
    signed = False
    with contextlib.suppress(RuleRefused):
        checkpoint(house, actor)
        signed = True
    return _lines(house, signed=signed)


def _lines(house: House, *, signed: bool) -> Iterator[bytes]:
    with house.database.read() as session:
        if not house.database.is_sqlite:  # SQLite's transactions see one moment anyway
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        rows = list(session.scalars(select(Checkpoint).order_by(Checkpoint.number)))
        keys = list(session.scalars(select(AuditKey.public).order_by(AuditKey.created_at, AuditKey.id)))
        head = {"format": FORMAT, "archive": signing.archive_id(session), "public_keys": keys}
        yield _line({**head, "made_at": datetime.now(UTC).isoformat(timespec="milliseconds")})
        yield from _body(session, rows, rows[-1].entries if signed and rows else None)


def _body(session: Session, rows: list[Checkpoint], until: int | None) -> Iterator[bytes]:
    waiting, count = list(rows), 0
    with contextlib.closing(checkpoints.entries(session)) as found:
        for entry in found:
            if until is not None and entry.seq > until:
                break
            count += 1
            yield _line(entry._asdict())
            while waiting and waiting[0].entries <= entry.seq:
                yield _line({"checkpoint": _checkpoint(waiting.pop(0))})
    for row in waiting:
        yield _line({"checkpoint": _checkpoint(row)})
    yield _line({"end": {"entries": count, "checkpoints": len(rows)}})


def _checkpoint(row: Checkpoint) -> dict[str, str]:
    said = {"statement": row.statement, "signature": row.signature, "public_key": row.public}
    return {**said, "stamp": row.stamp} if row.stamp else said


def _line(value: dict[str, Any]) -> bytes:
    # What is no UTF-8 in a tampered row is written so that it comes back as it was.
    return json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass") + b"\n"
