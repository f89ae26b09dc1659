"""Whose re-assessment is due, and why (RULES A1.2): a year after the last one, or at once after a major event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from credit.freshness import MajorEvent, Reassessment, a_year_after, reassessment_due
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.common.guard import listing, require
from service.flow.common.sight import customers_in_sight
from service.house import House
from service.records.many import among
from service.records.tables import AssessmentRecord, CreditEvent, Customer

_MOST_YEARS = 100


@dataclass(frozen=True)
class Due:
    """A customer whose assessment is due or will be. current: the assessment in force. waiting: one waits for a decision."""

    customer: Customer
    current: AssessmentRecord | None
    state: Reassessment
    waiting: bool


def _a_year_before(day: date) -> date:
    """Return the latest day of which the yearly re-assessment falls on `day` or before."""
    try:
        before = day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        before = date(day.year - 1, 2, 28)
    after = before + timedelta(1)
    return after if a_year_after(after) <= day else before


def due_ids(session: Session, ids: Sequence[str], today: date) -> set[str]:
    """Return which of these customers are due today or overdue."""
    return set(session.scalars(_due(today).with_only_columns(Customer.id).where(among(session, Customer.id, ids))))


def _due(until: date) -> Any:
    """Return the customers that are due until a day, with their assessment in force."""
    current = aliased(AssessmentRecord)
    open_event = (
        select(CreditEvent.id).where(CreditEvent.customer_id == Customer.id, CreditEvent.answered_by.is_(None)).exists()
    )
    late: ColumnElement[bool] = current.id.is_(None) | (current.assessed_on <= _a_year_before(until)) | open_event
    return (
        select(Customer, current)
        .outerjoin(current, (current.customer_id == Customer.id) & (current.state == "in_force"))
        .where(Customer.merged_into.is_(None), late)
        .order_by(current.assessed_on.is_not(None), current.assessed_on, Customer.name, Customer.id)
    )


def list_due(
    house: House, actor: Actor, *, until: date | None = None, limit: int = 50, offset: int = 0
) -> tuple[int, list[Due]]:
    """Return (how many in all, one page of the customers due until a day, default today: never assessed first, then the longest overdue).

    Raises NotAllowed, BadInput (a day too far away).
    """
    require(actor, "assessment.read")
    today = house.clock.today()
    if until is not None and abs(until.year - today.year) > _MOST_YEARS:
        raise BadInput(f"until: at most {_MOST_YEARS} years away", {"until": f"at most {_MOST_YEARS} years away"})
    query = _due(until or today).where(customers_in_sight(actor))
    with listing(house, actor, "assessment") as session:
        total = (
            session.scalar(
                select(func.count()).select_from(query.with_only_columns(Customer.id).order_by(None).subquery())
            )
            or 0
        )
        rows = list(session.execute(query.limit(limit).offset(offset)))
        ids = [customer.id for customer, _ in rows]
        events: dict[str, list[MajorEvent]] = {}
        unanswered = select(CreditEvent).where(CreditEvent.customer_id.in_(ids), CreditEvent.answered_by.is_(None))
        for event in session.scalars(unanswered):
            events.setdefault(event.customer_id, []).append(MajorEvent(event.kind, event.known_on))
        pending = select(AssessmentRecord.customer_id).where(
            AssessmentRecord.customer_id.in_(ids), AssessmentRecord.state == "waiting"
        )
        waiting = set(session.scalars(pending))
    found = []
    for customer, current in rows:
        last = current.assessed_on if current is not None else None
        state = reassessment_due(last, customer.created_at.date(), events.get(customer.id, ()), today)
        found.append(Due(customer, current, state, customer.id in waiting))
    return total, found


def due_as_json(due: Due) -> dict[str, Any]:
    """Return a due re-assessment as plain JSON values."""
    return {
        "customer_id": due.customer.id,
        "number": due.customer.number,
        "name": due.customer.name,
        "grade": due.current.grade if due.current else None,
        "assessed_on": due.current.assessed_on.isoformat() if due.current else None,
        "due_on": due.state.due.isoformat(),
        "overdue": due.state.overdue,
        "days": due.state.days,
        "why": [{"zh": reason.zh, "en": reason.en} for reason in due.state.reasons],
        "waiting": due.waiting,
    }
