"""The audit trail as the auditor reads it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from service.access.policy import Actor
from service.clock import CHINA
from service.errors import BadInput
from service.flow.archive.checks import verify_audit
from service.flow.common.guard import require
from service.house import House
from service.records import audit
from service.records.checkpoints import TrailReport
from service.records.tables import AuditEntry, Checkpoint
from service.typed import day_of

COLUMNS = ("seq", "at", "actor", "action", "subject", "detail", "hash")
MOST = 100_000  # entries of one export; the whole trail goes out by `trail_export`


@dataclass(frozen=True)
class TrailFilter:
    """Which entries. action: its beginning. day_from, day_until: days in China, YYYY-MM-DD, both included. "": all."""

    actor_name: str = ""
    action: str = ""
    subject: str = ""
    day_from: str = ""
    day_until: str = ""

    def query(self) -> Select[AuditEntry]:
        """Return the entries that fit. Raises BadInput, naming the field."""
        query = select(AuditEntry)
        if self.actor_name:
            query = query.where(AuditEntry.actor == self.actor_name)
        if self.action:
            query = query.where(AuditEntry.action.startswith(self.action, autoescape=True))
        if self.subject:
            query = query.where(AuditEntry.subject == self.subject)
        if self.day_from:
            query = query.where(AuditEntry.at >= _beginning("day_from", self.day_from, 0))
        if self.day_until:
            query = query.where(AuditEntry.at < _beginning("day_until", self.day_until, 1))
        return query

    def asked(self) -> dict[str, str]:
        """Return what was filled in, for the trail: shortened, so that nobody writes a book into it."""
        return {name: value[:120] for name, value in vars(self).items() if value}


EVERYTHING = TrailFilter()


def _beginning(name: str, day: str, later: int) -> str:
    """Return when a day begins in China, or one `later`, as the trail writes moments."""
    try:
        start = datetime.combine(day_of(day), time(), CHINA) + timedelta(days=later)
        return start.astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        raise BadInput(f"{name}: a date YYYY-MM-DD", {name: "a date YYYY-MM-DD"}) from None


def list_entries(
    house: House, actor: Actor, only: TrailFilter = EVERYTHING, *, limit: int = 100, offset: int = 0
) -> tuple[int, list[AuditEntry]]:
    """Return (how many in all, one page of entries, newest first) and note the reading. Raises NotAllowed, BadInput."""
    require(actor, "audit.read")
    query = only.query()
    with house.database.write() as session:
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        found = list(session.scalars(query.order_by(AuditEntry.seq.desc()).limit(limit).offset(offset)))
        detail = {**only.asked(), "limit": limit, "offset": offset}
        audit.append(session, actor.name, "audit.view", "audit", detail)
        return total, found


def export_entries(house: House, actor: Actor, form: str, only: TrailFilter = EVERYTHING) -> list[AuditEntry]:
    """Return the entries that fit, oldest first, and note the export before it leaves.

    Raises NotAllowed; BadInput, also when there are more than `MOST`.
    """
    require(actor, "audit.read")
    query = only.query()
    with house.database.write() as session:
        found = list(session.scalars(query.order_by(AuditEntry.seq).limit(MOST + 1)))
        if len(found) > MOST:
            raise BadInput(f"more than {MOST} entries: narrow the period", {"day_from": f"more than {MOST} entries"})
        audit.append(session, actor.name, "audit.export", "audit", {**only.asked(), "form": form, "rows": len(found)})
        return found


def list_checkpoints(house: House, actor: Actor) -> list[Checkpoint]:
    """Return all checkpoints, newest first, and note the reading. Raises NotAllowed."""
    require(actor, "audit.read")
    with house.database.write() as session:
        found = list(session.scalars(select(Checkpoint).order_by(Checkpoint.number.desc())))
        audit.append(session, actor.name, "checkpoint.list", "checkpoints")
        return found


def verify(house: House, actor: Actor) -> TrailReport:
    """Verify the whole trail. Raises NotAllowed, StoreUnavailable."""
    require(actor, "audit.read")
    return verify_audit(house, actor)


def as_json(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as plain JSON values."""
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": json.loads(entry.detail),
        "hash": entry.hash,
    }


def as_cells(entry: AuditEntry) -> tuple[int | str, ...]:
    """Return an entry in the order of `COLUMNS`."""
    return tuple(getattr(entry, name) for name in COLUMNS)


def as_lines(entries: list[AuditEntry]) -> str:
    """Return entries as JSON lines."""
    return "".join(json.dumps(as_json(entry), ensure_ascii=False) + "\n" for entry in entries)
