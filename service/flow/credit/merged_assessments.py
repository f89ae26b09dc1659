"""The assessments of two customers that are one: the stricter stays in force, and a re-assessment is due at once (RULES A1.2)."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.merging import InForce, strictest
from service.access.policy import Actor
from service.flow.credit.blocks import grade_changed
from service.flow.credit.credit_events import add_event
from service.house import House
from service.records.tables import AssessmentRecord, CreditEvent, Customer, CustomerMerge, new_id

CARRIED = "合并为一个客户：两次评估取较严的（the stricter of two, by a merger）"
UNDONE = "合并已撤回（the merger was undone）"


def in_force_of(session: Session, customer_id: str) -> list[AssessmentRecord]:
    """Return the assessments in force of a customer, the newest first."""
    row = AssessmentRecord
    query = select(row).where(row.customer_id == customer_id, row.state == "in_force")
    return list(session.scalars(query.order_by(row.made_at.desc(), row.id)))


def keep_stricter(
    house: House, session: Session, actor: Actor, merge: CustomerMerge, kept: Customer, merged: Customer, before: str
) -> dict[str, Any]:
    """Let one assessment count for a customer that has those of another now, and demand a new one; returns what was done.

    Where both were assessed, the stricter takes effect for the one company from today on, under a row of its own; both that it stands for
    are replaced. before: the grade of the kept customer, "" for none. Nothing is done where neither was ever assessed.
    """
    rows = in_force_of(session, kept.id)
    if not rows:
        return {}
    stays = rows[0]
    done: dict[str, Any] = {}
    if len(rows) > 1:
        key = strictest([InForce(row.id, row.grade, row.line, row.assessed_on) for row in rows]).key
        for row in rows:
            row.state = "replaced"
        stays = _carried_over(house, session, actor, next(row for row in rows if row.id == key))
        done = {"carried": stays.id, "of": key, "replaced": [row.id for row in rows]}
    note = f"{merged.number} {merged.name}"
    event = add_event(house, session, actor, kept.id, "merged", house.clock.today(), note=note)
    grade_changed(house, session, kept, before or None, stays.grade, merge.id)
    return done | {"event": event.id}


def _carried_over(house: House, session: Session, actor: Actor, stricter: AssessmentRecord) -> AssessmentRecord:
    """Keep an assessment once more, as what takes effect by a merger."""
    values = {column.name: getattr(stricter, column.name) for column in AssessmentRecord.__table__.columns}
    now = house.clock.now()
    own = {"id": new_id(), "run_id": None, "state": "in_force", "made_at": now, "decided_at": now}
    row = AssessmentRecord(**values | own | {"decided_by": actor.name, "decided_reason": CARRIED})
    session.add(row)
    session.flush()
    return row


def as_before(
    house: House, session: Session, merge: CustomerMerge, kept: Customer, merged: Customer, before: str
) -> None:
    """Put the assessments of two customers back as they were before their merger; what was decided since counts for the kept one.

    before: the grade of the kept customer until now, "" for none.
    """
    done = merge.moved.get("assessments") or {}
    if "carried" in done:
        carried = session.get_one(AssessmentRecord, done["carried"])
        if carried.state == "in_force":
            carried.state, carried.decided_reason = "refused", UNDONE
        session.flush()
        row = AssessmentRecord
        for customer in (kept, merged):
            if not in_force_of(session, customer.id):
                mine = select(row).where(row.id.in_(done["replaced"]), row.customer_id == customer.id)
                for record in session.scalars(mine.where(row.state == "replaced")):
                    record.state = "in_force"
    event = session.get(CreditEvent, done.get("event", ""))
    if event is not None and event.answered_by is None:
        session.delete(event)
    session.flush()
    now = next(iter(in_force_of(session, kept.id)), None)
    if done and now is not None:
        grade_changed(house, session, kept, before or None, now.grade, f"{merge.id}:undone")
