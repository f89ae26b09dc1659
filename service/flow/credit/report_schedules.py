"""Reports by themselves (RULES A5.1): who wants which how often; the worker makes each once when its period has ended."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, or_, select

from credit.periods import LENGTHS, Period, ended, period_of
from service.access import people
from service.access.policy import Actor
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.common.guard import allowed, listing, require
from service.flow.common.sight import sees_customer
from service.flow.credit import credit_reports
from service.flow.credit.report_keeping import RIGHTS, Draw, Order, names_of, subject_of
from service.flow.credit.report_runs import carry, of_schedule
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import (
    CreditReport,
    Person,
    ReportSchedule,
)


def add_schedule(
    house: House, actor: Actor, kind: str, every: str, login: str, customer_id: str = ""
) -> ReportSchedule:
    """Have a report made for a person after each month, quarter or year, from the one that runs now. login: "" for oneself.

    Raises BadInput (also when that person may not read such a report), NotFound, NotAllowed, RuleRefused (it stands already).
    """
    require(actor, "report.schedule")
    wrong = {}
    if kind not in credit_reports.KINDS:
        wrong["kind"] = f"one of {', '.join(credit_reports.KINDS)}"
    if every not in LENGTHS:
        wrong["every"] = f"one of {', '.join(LENGTHS)}"
    if kind == "customer" and not customer_id:
        wrong["customer_id"] = "is needed"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    person = _person(house, actor, login)
    customer = customer_id if kind == "customer" else None
    _demand_reader(house, actor, person, kind, customer)
    with house.database.write() as session:
        hold_counter(session, f"schedule:{kind}:{customer or ''}:{person.id}")
        query = select(ReportSchedule.id).where(
            ReportSchedule.kind == kind,
            ReportSchedule.every == every,
            ReportSchedule.person_id == person.id,
            ReportSchedule.customer_id == customer,
            ReportSchedule.stopped_at.is_(None),
        )
        if session.scalar(query):
            raise RuleRefused("this report is made for this person at this pace already")
        row = ReportSchedule(
            kind=kind,
            customer_id=customer,
            person_id=person.id,
            every=every,
            begun_on=house.clock.today(),
            made_by=actor.name,
            made_at=house.clock.now(),
        )
        session.add(row)
        session.flush()
        session.refresh(row)
        detail = {"schedule": row.id, "kind": kind, "every": every, "for": person.login}
        audit.append(session, actor.name, "report.schedule", subject_of(kind, customer), detail)
        return row


def _person(house: House, actor: Actor, login: str) -> Person:
    """Return for whom a report is. Only who works for all departments has one made for somebody else."""
    with house.database.read() as session:
        if not login and not actor.person_id:
            raise BadInput("login: is needed", {"login": "is needed"})
        query = (
            select(Person).where(Person.login == login) if login else select(Person).where(Person.id == actor.person_id)
        )
        person = session.scalar(query)
    if person is None or person.disabled_at is not None:
        raise BadInput("login: there is no such account", {"login": "there is no such account"})
    if person.id != actor.person_id and not (actor.owner or "credit_administrator" in actor.roles):
        raise NotAllowed("report.schedule: a report for somebody else is ordered by the credit administrator")
    return person


def _demand_reader(house: House, actor: Actor, person: Person, kind: str, customer_id: str | None) -> None:
    reader = people.actor_of_person(house, person)
    with house.database.read() as session:
        if customer_id and not sees_customer(session, actor, customer_id):
            raise NotFound(f"there is no customer {customer_id}")
        may = allowed(reader, RIGHTS[kind]) and (not customer_id or sees_customer(session, reader, customer_id))
    if not may:
        why = "this person may not read such a report"
        raise BadInput(f"login: {why}", {"login": why})


def stop_schedule(house: House, actor: Actor, schedule_id: str) -> None:
    """Have no more reports made; silent when it was stopped. Raises NotFound, NotAllowed."""
    require(actor, "report.schedule")
    with house.database.write() as session:
        row = session.scalar(_in_sight(select(ReportSchedule), actor).where(ReportSchedule.id == schedule_id))
        if row is None:
            raise NotFound(f"there is no schedule {schedule_id}")
        if row.stopped_at is None:
            row.stopped_by, row.stopped_at = actor.name, house.clock.now()
            detail = {"schedule": row.id}
            audit.append(session, actor.name, "report.unschedule", subject_of(row.kind, row.customer_id), detail)


def _in_sight(query: Select[ReportSchedule], actor: Actor) -> Select[ReportSchedule]:
    if actor.owner or "credit_administrator" in actor.roles:
        return query
    return query.where(or_(ReportSchedule.person_id == actor.person_id, ReportSchedule.made_by == actor.name))


def list_schedules(house: House, actor: Actor) -> list[tuple[ReportSchedule, str]]:
    """Return the schedules that run, each with the customer's name: one's own, or all for the credit administrator. Raises NotAllowed."""
    require(actor, "credit_report.read")
    query = _in_sight(select(ReportSchedule), actor).where(ReportSchedule.stopped_at.is_(None))
    with listing(house, actor, "report") as session:
        rows = list(session.scalars(query.order_by(ReportSchedule.made_at, ReportSchedule.id)))
        return list(zip(rows, names_of(session, [row.customer_id for row in rows]), strict=True))


def next_on(schedule: ReportSchedule, today: date) -> date:
    """Return the day on which the next report of a schedule falls due: the one after the period that runs."""
    return period_of(schedule.every, max(today, schedule.begun_on)).last + timedelta(days=1)


def make_due(house: House, draw: Draw, go_on: Callable[[], bool] = lambda: True) -> int:
    """Make every report whose period has ended and that is not there yet; returns how many were made.

    Any number of workers may do it at once: each has another in hand. What cannot be made now is tried again, some times, and told.
    """
    today, made = house.clock.today(), 0
    with house.database.read() as session:
        schedules = session.scalars(select(ReportSchedule).where(ReportSchedule.stopped_at.is_(None))).all()
        there = set(session.execute(select(CreditReport.schedule_id, CreditReport.period)).all())
    for schedule in schedules:
        for period in ended(schedule.every, schedule.begun_on, today):
            if (schedule.id, period.code) in there:
                continue
            if not go_on():
                return made
            made += _make_one(house, draw, schedule, period)
    return made


def _make_one(house: House, draw: Draw, schedule: ReportSchedule, period: Period) -> int:
    order = Order(
        schedule.kind, schedule.customer_id, schedule.person_id, schedule.id, period.code, period.first, period.last
    )
    run = of_schedule(house, order)
    return int(run is not None and carry(house, draw, run))


def schedule_as_json(row: ReportSchedule, customer: str, today: date) -> dict[str, Any]:
    """Return a schedule as plain JSON values."""
    return {
        "id": row.id,
        "kind": row.kind,
        "customer_id": row.customer_id,
        "customer": customer or None,
        "login": row.person.login,
        "every": row.every,
        "next_on": next_on(row, today).isoformat(),
        "made_by": row.made_by,
    }
