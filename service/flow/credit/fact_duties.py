"""Who answers for which information, until when it must be renewed, and what is overdue (RULES A2.1, A2.3).

A row of `fact_duties` says where one kind of information on one customer stands. It follows from the facts and is renewed in the
transaction that changes them, so that lists of a hundred thousand customers ask one table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from credit.fact_kinds import Kind
from credit.freshness import CollectedFact, freshness
from service.access.policy import Actor, sees_all_departments
from service.errors import BadInput, NotFound
from service.flow.common.counting import count_up_to
from service.flow.common.guard import listing, require
from service.flow.common.sight import customers_in_sight, sees_customer
from service.flow.credit.collected import History
from service.house import House
from service.records import audit
from service.records.tables import Customer, FactDuty, FactResponsible, Person

#: The state of a kind of which nothing counts any more: it ended, or was withdrawn.
NONE = "none"
VIEWS = ("stale", "changed", "unverified", "disputed", "all")


def renew(
    house: House, session: Session, customer_id: str, history: History, kinds: Iterable[Kind]
) -> dict[str, FactDuty]:
    """Bring the duties of a customer in line with its facts, for some kinds; returns those that there are by kind."""
    found = {}
    for kind in kinds:
        duty = session.get(FactDuty, (customer_id, kind.code))
        if not history.facts.get(kind.code):
            continue
        if duty is None:
            duty = FactDuty(customer_id=customer_id, kind=kind.code, change_note="", change_by="")
            duty.responsible_id = responsible_for(session, customer_id, kind.code)
            session.add(duty)
        _put(house, duty, kind, history)
        found[kind.code] = duty
    session.flush()
    return found


def _put(house: House, duty: FactDuty, kind: Kind, history: History) -> None:
    today = house.clock.today()
    known = history.at(kind.code, today)
    duty.key = kind.key
    if known is None:
        last = max(history.facts[kind.code], key=lambda fact: (fact.known_at, fact.seq))
        duty.state, duty.checked_on = NONE, history.known(last).checked_on
        ends = [span.last for span in history.spans(kind.code) if span.last and span.last < today]
        duty.due_on = max(ends, default=today)
        return
    duty.state, duty.checked_on = known.state, known.checked_on
    duty.due_on = _due(house, kind, duty)
    if known.fact.valid_until is not None:
        duty.due_on = min(duty.due_on, known.fact.valid_until)


def _due(house: House, kind: Kind, duty: FactDuty) -> date:
    fact = CollectedFact(kind.code, duty.responsible_id or "", duty.checked_on, duty.changed_on, kind.key)
    days = kind.refresh_days or house.settings.refresh_days
    return freshness(fact, house.clock.today(), days, house.settings.key_update_days).due


def renew_kind(house: House, session: Session, kind: Kind) -> None:
    """Count anew what is due of a kind whose period has changed."""
    for duty in session.scalars(select(FactDuty).where(FactDuty.kind == kind.code, FactDuty.state != NONE)):
        duty.key = kind.key
        duty.due_on = _due(house, kind, duty)
    session.flush()


def responsible_for(session: Session, customer_id: str, kind: str) -> str | None:
    """Return who answers for a kind of information on a customer: the narrowest that was said; None where nobody does."""
    query = select(FactResponsible).where(
        FactResponsible.customer_id.in_((customer_id, "")), FactResponsible.kind.in_((kind, ""))
    )
    rows = sorted(session.scalars(query), key=lambda row: (row.customer_id != "", row.kind != ""))
    return rows[-1].person_id if rows else None


def set_responsible(house: House, actor: Actor, login: str, *, customer_id: str = "", kind: str = "") -> None:
    """Say who answers for a kind of information (or all, kind "") on a customer (or all, customer_id ""); login "": nobody.

    The narrowest that was said counts: customer and kind, customer, kind, everything. Raises BadInput, NotFound, NotAllowed.
    """
    require(actor, "fact.assign")
    from service.flow.credit.fact_kinds import kinds_of

    with house.database.write() as session:
        if customer_id and not sees_customer(session, actor, customer_id):
            raise NotFound(f"there is no customer {customer_id}")
        if kind and kind not in kinds_of(session):
            raise BadInput(
                "kind: there is no such kind of information", {"kind": "there is no such kind of information"}
            )
        person = session.scalar(select(Person).where(Person.login == login)) if login else None
        if login and (person is None or person.disabled_at is not None):
            raise BadInput("person: there is no such person", {"person": "there is no such person"})
        audit.lock(session)
        row = session.get(FactResponsible, (customer_id, kind))
        if person is None:
            if row is not None:
                session.delete(row)
        else:
            if row is None:
                row = FactResponsible(customer_id=customer_id, kind=kind)
                session.add(row)
            row.person_id, row.set_by, row.set_at = person.id, actor.name, house.clock.now()
        session.flush()
        _pass_on(session, customer_id, kind)
        subject = f"customer:{customer_id}" if customer_id else "customers"
        audit.append(session, actor.name, "fact.assign", subject, {"kind": kind, "person": login})


def _pass_on(session: Session, customer_id: str, kind: str) -> None:
    """Put who answers now into the duties that this says something about."""
    said = FactResponsible
    where = [FactDuty.customer_id == customer_id] if customer_id else []
    where += [FactDuty.kind == kind] if kind else []

    def of(customer: object, kind_of: object) -> Select[str]:
        query = select(said.person_id).where(said.customer_id == customer, said.kind == kind_of)
        return query.correlate(FactDuty)

    levels = (of(FactDuty.customer_id, FactDuty.kind), of(FactDuty.customer_id, ""), of("", FactDuty.kind), of("", ""))
    now = func.coalesce(*(level.scalar_subquery() for level in levels))
    session.execute(
        update(FactDuty).where(*where).values(responsible_id=now).execution_options(synchronize_session=False)
    )
    session.expire_all()


@dataclass(frozen=True)
class Due:
    """One line of a work list: a duty with its customer and who answers for it. days: until it is due, negative when overdue."""

    duty: FactDuty
    customer: Customer
    responsible: str
    days: int


def _fits(view: str, today: date) -> ColumnElement[bool] | None:
    return {
        "stale": FactDuty.due_on < today,
        "changed": FactDuty.changed_on.is_not(None),
        "unverified": FactDuty.state.in_(("unconfirmed", "entered", "once")),
        "disputed": FactDuty.state == "disputed",
    }.get(view)


def list_due(
    house: House,
    actor: Actor,
    *,
    view: str = "stale",
    login: str = "",
    kind: str = "",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Due]]:
    """Return (how many in all, one page, the longest overdue first) of information that must be renewed or verified.

    Nobody is told of more than `counting.MOST` and one. view: one of `VIEWS`. login: whose; "" for everybody's, "-" for what nobody answers for. Raises BadInput, NotAllowed.
    """
    require(actor, "fact.read")
    if view not in VIEWS:
        raise BadInput(f"view: one of {', '.join(VIEWS)}", {"view": f"one of {', '.join(VIEWS)}"})
    today = house.clock.today()
    query = select(FactDuty)
    if not sees_all_departments(actor):
        query = query.join(Customer, Customer.id == FactDuty.customer_id).where(customers_in_sight(actor))
    fits = _fits(view, today)
    if fits is not None:
        query = query.where(fits)
    if kind:
        query = query.where(FactDuty.kind == kind)
    order = (FactDuty.due_on, FactDuty.customer_id, FactDuty.kind)
    with listing(house, actor, "fact") as session:
        if login:
            person = None if login == "-" else session.scalar(select(Person.id).where(Person.login == login)) or ""
            query = query.where(FactDuty.responsible_id == person)
        total = count_up_to(session, query.with_only_columns(FactDuty.kind))
        duties = list(session.scalars(query.order_by(*order).limit(limit).offset(offset)))
        rows = session.scalars(select(Customer).where(Customer.id.in_({duty.customer_id for duty in duties})))
        customers = {customer.id: customer for customer in rows}
        wanted = {duty.responsible_id for duty in duties if duty.responsible_id}
        logins: dict[str, str] = dict(
            session.execute(select(Person.id, Person.login).where(Person.id.in_(wanted))).all()
        )
        return total, [
            Due(
                duty, customers[duty.customer_id], logins.get(duty.responsible_id or "", ""), (duty.due_on - today).days
            )
            for duty in duties
        ]


def duties_of(session: Session, customer_id: str) -> dict[str, tuple[FactDuty, str]]:
    """Return where every kind of information on a customer stands, with the login of who answers for it."""
    query = select(FactDuty, Person.login).outerjoin(Person, Person.id == FactDuty.responsible_id)
    rows = session.execute(query.where(FactDuty.customer_id == customer_id))
    return {duty.kind: (duty, login or "") for duty, login in rows}


def due_as_json(due: Due) -> dict[str, Any]:
    """Return a line of the work list as plain JSON values."""
    duty = due.duty
    return {
        "customer_id": duty.customer_id,
        "customer": due.customer.name,
        "kind": duty.kind,
        "key": duty.key,
        "state": duty.state,
        "responsible": due.responsible or None,
        "checked_on": duty.checked_on.isoformat(),
        "changed_on": duty.changed_on.isoformat() if duty.changed_on else None,
        "change_note": duty.change_note or None,
        "due_on": duty.due_on.isoformat(),
        "days": due.days,
    }
