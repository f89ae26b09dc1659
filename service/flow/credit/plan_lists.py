"""The yearly plan as people see it (RULES A1.2): who has how much to do in which month, the list, and what is one's own."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, func, select

from service.access.policy import Actor
from service.flow.common.guard import allowed, listing, require
from service.flow.common.sight import customers_in_sight
from service.flow.credit.assessment_plan import office_of
from service.house import House
from service.records.tables import AssessmentDuty, Customer, Person

MONTHS = 12


@dataclass(frozen=True)
class Share:
    """What one person has to do. person: None for what nobody does. months: how many are due in each month from this one on."""

    person: Person | None
    total: int
    overdue: int
    months: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """The plan of a year. months: the first day of each. people: who may be named for a customer."""

    months: tuple[date, ...]
    shares: tuple[Share, ...]
    people: tuple[Person, ...]


def yearly_plan(house: House, actor: Actor) -> Plan:
    """Return who assesses how many customers in which month, of those in sight, and note the reading. Raises NotAllowed."""
    require(actor, "assessment.read")
    today = house.clock.today()
    months = tuple(_month(today, at) for at in range(MONTHS + 1))
    duty = AssessmentDuty
    query = select(duty.responsible_id, duty.due_on, func.count()).join(Customer, Customer.id == duty.customer_id)
    query = query.where(customers_in_sight(actor)).group_by(duty.responsible_id, duty.due_on)
    with listing(house, actor, "assessment") as session:
        counted: dict[str | None, list[tuple[date, int]]] = defaultdict(list)
        for person_id, due_on, count in session.execute(query):
            counted[person_id].append((due_on, count))
        named = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(counted)))}
        office = tuple(office_of(session))
    shares = [
        Share(
            named.get(person_id or ""),
            sum(count for _, count in days),
            sum(count for due_on, count in days if due_on < today),
            tuple(
                sum(count for due_on, count in days if max(first, today) <= due_on < after)
                for first, after in pairwise(months)
            ),
        )
        for person_id, days in counted.items()
    ]
    shares.sort(key=lambda share: (share.person is None, -share.overdue, share.person.login if share.person else ""))
    return Plan(months[:-1], tuple(shares), office)


def _month(today: date, ahead: int) -> date:
    """Return the first day of a month from this one on."""
    month = today.month - 1 + ahead
    return date(today.year + month // 12, month % 12 + 1, 1)


@dataclass(frozen=True)
class Planned:
    """A line of the plan. days: until it is due, negative when overdue."""

    duty: AssessmentDuty
    customer: Customer
    person: Person | None
    days: int


def list_plan(
    house: House, actor: Actor, *, login: str = "", until: date | None = None, limit: int = 50, offset: int = 0
) -> tuple[int, list[Planned]]:
    """Return (how many in all, one page of the plan, what is due first at the top), and note the reading.

    login: whose; "" for everybody's, "-" for what nobody does. until: due until this day. Raises NotAllowed.
    """
    require(actor, "assessment.read")
    duty = AssessmentDuty
    query = select(duty, Customer, Person).join(Customer, Customer.id == duty.customer_id)
    query = query.outerjoin(Person, Person.id == duty.responsible_id).where(customers_in_sight(actor))
    if login:
        query = query.where(duty.responsible_id.is_(None) if login == "-" else Person.login == login)
    if until is not None:
        query = query.where(duty.due_on <= until)
    with listing(house, actor, "assessment") as session:
        total = session.scalar(select(func.count()).select_from(query.with_only_columns(duty.customer_id).subquery()))
        rows = session.execute(query.order_by(duty.due_on, duty.customer_id).limit(limit).offset(offset))
        today = house.clock.today()
        return total or 0, [Planned(row, customer, who, (row.due_on - today).days) for row, customer, who in rows]


def own_due(house: House, actor: Actor, limit: int) -> list[Planned]:
    """Return the first of what the caller must assess and whose day has come or comes near, for the page where their day begins."""
    if actor.person_id is None or not allowed(actor, "assessment.read"):
        return []
    today = house.clock.today()
    soon = today + timedelta(days=house.settings.assessment_notice_days)
    duty = AssessmentDuty
    query = select(duty, Customer).join(Customer, Customer.id == duty.customer_id)
    query = query.where(duty.responsible_id == actor.person_id, duty.due_on <= soon)
    with house.database.read() as session:
        rows = session.execute(query.order_by(duty.due_on, duty.customer_id).limit(limit))
        return [Planned(row, customer, None, (row.due_on - today).days) for row, customer in rows]


def own(actor: Actor, today: date) -> Select[str]:
    """Return a query for the customers the caller must assess today or should have."""
    duty = AssessmentDuty
    return select(duty.customer_id).where(duty.responsible_id == (actor.person_id or ""), duty.due_on <= today)


def planned_as_json(row: Planned) -> dict[str, Any]:
    """Return a line of the plan as plain JSON values."""
    return {
        "customer_id": row.customer.id,
        "number": row.customer.number,
        "name": row.customer.name,
        "due_on": row.duty.due_on.isoformat(),
        "days": row.days,
        "why": row.duty.why,
        "login": row.person.login if row.person else None,
        "chosen": row.duty.chosen_by != "",
    }


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan of a year as plain JSON values."""
    people = [
        {
            "login": share.person.login if share.person else None,
            "customers": share.total,
            "overdue": share.overdue,
            "months": {f"{month:%Y-%m}": count for month, count in zip(plan.months, share.months, strict=True)},
        }
        for share in plan.shares
    ]
    return {"people": people}
