"""The yearly plan (RULES A1.2): who assesses which customer until when.

A row of `assessment_duties` follows from the assessment in force, the open events and who does it. It is renewed with what it follows from,
and by the worker, which comes by every day and finds whom nobody planned yet; lists and counts ask the one table.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from credit.freshness import MajorEvent, a_year_after, reassessment_due
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import BadInput, NotFound
from service.flow.credit.customer_access import load_customer
from service.flow.credit.warning_desk import lock_customers
from service.house import House
from service.records import audit
from service.records.tables import (
    AssessmentDuty,
    AssessmentRecord,
    CaseFile,
    Contract,
    CreditEvent,
    Customer,
    Person,
)

PIECE = 1000
_ROLE = "credit_administrator"


@dataclass(frozen=True)
class _Planned:
    """What a customer's row should say. due_on: the last day in time."""

    responsible_id: str | None
    chosen_by: str
    due_on: date
    why: str


def _due_of(customer: Customer, last: date | None, events: Sequence[MajorEvent]) -> tuple[date, str]:
    since = customer.created_at.astimezone(CHINA).date()
    due = reassessment_due(last, since, events, since).due
    yearly = since if last is None else a_year_after(last)
    return due, "event" if due < yearly else "first" if last is None else "yearly"


def _plan(session: Session, customers: Mapping[str, Customer]) -> dict[str, _Planned]:
    """Return what the rows of these customers should say."""
    ids = list(customers)
    row, event = AssessmentRecord, CreditEvent
    assessed = select(row.customer_id, row.assessed_on).where(row.customer_id.in_(ids), row.state == "in_force")
    last = {str(key): on for key, on in session.execute(assessed.order_by(row.assessed_on.desc()))}
    open_ones = select(event).where(event.customer_id.in_(ids), event.answered_by.is_(None))
    events: dict[str, list[MajorEvent]] = defaultdict(list)
    for one in session.scalars(open_ones):
        events[one.customer_id].append(MajorEvent(one.kind, one.known_on))
    office = office_of(session)
    chosen = {
        duty.customer_id: duty
        for duty in session.scalars(
            select(AssessmentDuty).where(AssessmentDuty.customer_id.in_(ids), AssessmentDuty.chosen_by != "")
        )
        if duty.responsible_id in {person.id for person in office}
    }
    near = _departments(session, ids)
    found = {}
    for key, customer in customers.items():
        due_on, why = _due_of(customer, last.get(key), events.get(key, ()))
        mine = chosen.get(key)
        if mine is not None:
            found[key] = _Planned(mine.responsible_id, mine.chosen_by, due_on, why)
        else:
            who = next((p for p in office if p.department_id == near.get(key)), next(iter(office), None))
            found[key] = _Planned(who.id if who else None, "", due_on, why)
    return found


def office_of(session: Session) -> list[Person]:
    """Return who assesses customers, by login."""
    query = select(Person).where(Person.disabled_at.is_(None), Person.kind == "person").order_by(Person.login)
    return [person for person in session.scalars(query) if _ROLE in person.roles]


def _departments(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """Return the department that deals with each customer: that of its credit file, else of its latest contract."""
    contracts = select(Contract.customer_id, Contract.department_id).where(Contract.customer_id.in_(ids))
    files = select(CaseFile.customer_id, CaseFile.department_id).where(
        CaseFile.customer_id.in_(ids), CaseFile.kind == "credit", CaseFile.superseded_by.is_(None)
    )
    found = {str(key): where for key, where in session.execute(contracts.order_by(Contract.created_at))}
    return found | {str(key): where for key, where in session.execute(files.order_by(CaseFile.created_at))}


def renew_plan(session: Session, customer_ids: Collection[str]) -> int:
    """Bring the rows of customers in line, in the caller's transaction, which has locked them; returns how many changed."""
    session.flush()
    wanted = select(Customer).where(Customer.id.in_(customer_ids))
    rows = list(session.scalars(wanted))
    plan = _plan(session, {row.id: row for row in rows if row.merged_into is None})
    standing = {
        duty.customer_id: duty
        for duty in session.scalars(select(AssessmentDuty).where(AssessmentDuty.customer_id.in_(customer_ids)))
    }
    changed = 0
    for key in customer_ids:
        duty, planned = standing.get(key), plan.get(key)
        if planned is None:
            if duty is not None:
                session.delete(duty)
                changed += 1
        elif duty is None:
            session.add(AssessmentDuty(customer_id=key, **vars(planned)))
            changed += 1
        elif _differs(duty, planned):
            if (duty.due_on, duty.responsible_id) != (planned.due_on, planned.responsible_id):
                duty.told = ""
            for name, value in vars(planned).items():
                setattr(duty, name, value)
            changed += 1
    session.flush()
    return changed


def _differs(duty: AssessmentDuty, planned: _Planned) -> bool:
    return any(getattr(duty, name) != value for name, value in vars(planned).items())


def assessed_all(session: Session, customer_ids: Any, on: date) -> None:
    """Plan the next of all whom a run assessed on a day, in the caller's transaction. customer_ids: a query for their ids."""
    event = select(CreditEvent.id).where(
        CreditEvent.customer_id == AssessmentDuty.customer_id, CreditEvent.answered_by.is_(None)
    )
    session.execute(
        update(AssessmentDuty)
        .where(AssessmentDuty.customer_id.in_(customer_ids), ~event.exists())
        .values(due_on=a_year_after(on), why="yearly", told="")
        .execution_options(synchronize_session=False)
    )


class Planner:
    """Keeps the plan: whom nobody planned yet at every look, all customers once a day. Any number of workers may."""

    def __init__(self, house: House) -> None:
        self._house, self._after = house, ""
        self._done_on: date | None = None

    def look(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Do what is due, until `go_on` says no."""
        plan_new(self._house, go_on)
        today = self._house.clock.today()
        while self._done_on != today and go_on():
            self._after = _plan_piece(self._house, self._after)
            if not self._after:
                self._done_on = today


def plan_new(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Plan customers that have no row yet; returns how many."""
    there = select(AssessmentDuty.customer_id).where(AssessmentDuty.customer_id == Customer.id).exists()
    query = select(Customer.id).where(Customer.merged_into.is_(None), ~there).order_by(Customer.id).limit(PIECE)
    made = 0
    while go_on():
        with house.database.read() as session:
            ids = list(session.scalars(query))
        if not ids:
            break
        with house.database.write() as session:
            made += renew_plan(session, list(lock_customers(session, ids)))
    return made


def _plan_piece(house: House, after: str) -> str:
    """Hold the next customers against what their rows should say; returns the last of them, "" at the end. Only what differs is written."""
    with house.database.read() as session:
        query = select(Customer).where(Customer.id > after).order_by(Customer.id).limit(PIECE)
        rows = list(session.scalars(query))
        plan = _plan(session, {row.id: row for row in rows if row.merged_into is None})
        duties = select(AssessmentDuty).where(AssessmentDuty.customer_id.in_([row.id for row in rows]))
        standing = {duty.customer_id: duty for duty in session.scalars(duties)}
        wrong = [key for key, planned in plan.items() if key not in standing or _differs(standing[key], planned)]
        wrong += [key for key in standing if key not in plan]
    if wrong:
        with house.database.write() as session:
            renew_plan(session, list(lock_customers(session, wrong)))
    return rows[-1].id if len(rows) == PIECE else ""


def name_assessor(house: House, actor: Actor, customer_id: str, login: str) -> None:
    """Name who assesses a customer; login "": whom the department gives again. Raises BadInput, NotFound, NotAllowed."""
    with house.database.write() as session:
        customer = load_customer(session, actor, customer_id, "assessment.assign")
        if customer.merged_into is not None:
            raise NotFound(f"there is no customer {customer_id}")
        person = next((row for row in office_of(session) if row.login == login), None)
        if login and person is None:
            why = "there is no credit administrator of this name"
            raise BadInput(f"login: {why}", {"login": why})
        renew_plan(session, [customer_id])
        duty = session.get_one(AssessmentDuty, customer_id)
        if person is None:
            duty.chosen_by = ""
            renew_plan(session, [customer_id])
        else:
            if duty.responsible_id != person.id:
                duty.told = ""
            duty.responsible_id, duty.chosen_by = person.id, actor.name
        audit.append(session, actor.name, "assessment.assign", f"customer:{customer_id}", {"person": login or None})


def assessor_of(session: Session, customer_id: str) -> tuple[AssessmentDuty | None, Person | None]:
    """Return a customer's row of the plan with who assesses it; nothing while nobody planned it."""
    duty = session.get(AssessmentDuty, customer_id)
    return duty, session.get(Person, (duty.responsible_id if duty else None) or "")
