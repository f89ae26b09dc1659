"""The audit trail as the auditor reads it."""

import json
from typing import Any

from sqlalchemy import func, select

from service.access.policy import Actor
from service.flow.checks import verify_audit
from service.flow.guard import require
from service.house import House
from service.records import audit
from service.records.checkpoints import TrailReport
from service.records.tables import AuditEntry


def list_entries(
    house: House,
    actor: Actor,
    *,
    actor_name: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[int, list[AuditEntry]]:
    """Return (how many in all, one page of entries, newest first) and note the reading. Raises NotAllowed."""
    require(actor, "audit.read")
    query = select(AuditEntry)
    if actor_name:
        query = query.where(AuditEntry.actor == actor_name)
    if action:
        query = query.where(AuditEntry.action.startswith(action, autoescape=True))
    if subject:
        query = query.where(AuditEntry.subject == subject)
    with house.database.write() as session:
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        found = list(session.scalars(query.order_by(AuditEntry.seq.desc()).limit(limit).offset(offset)))
        asked = {"actor": actor_name, "action": action, "subject": subject}
        detail = {name: value[:120] for name, value in asked.items() if value}
        audit.append(session, actor.name, "audit.view", "audit", {**detail, "limit": limit, "offset": offset})
        return total, found


def verify(house: House, actor: Actor) -> TrailReport:
    """Verify the whole chain. Raises NotAllowed."""
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
