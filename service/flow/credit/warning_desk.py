"""What a transaction about warnings has at hand: locks, plans, and who is told or does what."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit.contingency import Plan
from service.access.papers import with_standing
from service.access.people import to_actor
from service.access.policy import Actor, decide, sees_all_departments
from service.flow.common.sight import sees_customer
from service.flow.credit.warning_settings import plans
from service.house import House
from service.records.many import among
from service.records.tables import CaseFile, Contract, Customer, Person, WarningRecord, WarningStep

LOCKED_AT_ONCE = 2000


def lock_customers(session: Session, customer_ids: Collection[str]) -> dict[str, Customer]:
    """Lock customers until the commit, in one order for all who do; rows that refer to them can still be added. Returns those there are."""
    found: dict[str, Customer] = {}
    ids = sorted(set(customer_ids))
    for start in range(0, len(ids), LOCKED_AT_ONCE):
        query = (
            select(Customer)
            .where(among(session, Customer.id, ids[start : start + LOCKED_AT_ONCE]))
            .order_by(Customer.id)
        )
        found |= {row.id: row for row in session.scalars(query.with_for_update(of=Customer, key_share=True))}
    return found


def add_step(session: Session, warning: WarningRecord, at: datetime, by: str, what: str, note: str = "") -> None:
    """Write down what happened to a warning of a customer that is locked."""
    session.flush()
    last = session.scalar(select(func.max(WarningStep.place)).where(WarningStep.warning_id == warning.id)) or 0
    session.add(WarningStep(warning_id=warning.id, place=last + 1, at=at, by=by, what=what, note=note))


@dataclass
class Desk:
    """What one transaction looks up once: plans, people, departments. Told are people who work here and can sign in.

    to_plan: customers whose re-assessment has become due, to be planned together at the end.
    """

    house: House
    session: Session
    to_plan: set[str] = field(default_factory=set)
    _concerned: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """The plan of each kind."""
        return plans(self.session)

    @cached_property
    def people(self) -> list[Person]:
        """Everybody with an account in use, by login."""
        query = select(Person).where(Person.disabled_at.is_(None), Person.kind == "person")
        return list(self.session.scalars(query.order_by(Person.login)))

    def of_role(self, role: str, departments: Collection[str] | None = None) -> list[Person]:
        """Return who has a role, of these departments alone where some are given."""
        found = [person for person in self.people if role in person.roles]
        return found if departments is None else [p for p in found if p.department_id in departments]

    def concerned(self, customer_id: str) -> tuple[list[str], list[str]]:
        """Return the handlers of a customer's contracts (the latest first), and the departments that deal with it."""
        if customer_id in self._concerned:
            return self._concerned[customer_id]
        contracts = select(Contract.handler_id, Contract.department_id).where(
            Contract.customer_id == customer_id, Contract.status != "cancelled"
        )
        rows = self.session.execute(contracts.order_by(Contract.created_at.desc(), Contract.number.desc())).all()
        files = select(CaseFile.department_id).where(CaseFile.customer_id == customer_id, CaseFile.kind == "credit")
        departments = [row.department_id for row in rows] + list(self.session.scalars(files))
        found = list(dict.fromkeys(row.handler_id for row in rows)), list(dict.fromkeys(departments))
        self._concerned[customer_id] = found
        return found

    def sees(self, person: Person, customer_id: str) -> bool:
        """Return whether a person may see a customer's warnings today: nobody is told what they may not read."""
        if person.id not in self._actors:
            self._actors[person.id] = with_standing(self.house, self.session, to_actor(person), person)
        actor = self._actors[person.id]
        if not decide(actor, "warning.read").allowed:
            return False
        return sees_all_departments(actor) or sees_customer(self.session, actor, customer_id)

    def told_at(self, customer_id: str, level: int) -> list[Person]:
        """Return whom a warning of a level is told: see `credit.warning_life.TOP_LEVEL`.

        Only those who may see the customer; where there is nobody of a level, the credit administrators are.
        """
        handlers, departments = self.concerned(customer_id)
        office = self.of_role("credit_administrator")
        if level == 0:
            wanted = [p for p in self.people if p.id in handlers] + [p for p in office if p.id not in handlers]
        else:
            heads = self.of_role("department_head")
            own = [person for person in heads if person.department_id in departments]
            wanted = own if own and level == 1 else heads
        return [p for p in wanted if self.sees(p, customer_id)] or [p for p in office if self.sees(p, customer_id)]

    def about_block(self, customer_id: str) -> list[Person]:
        """Return whom a block of a customer's credit is told: who deals with it, and the heads of their departments."""
        found = self.told_at(customer_id, 0) + self.told_at(customer_id, 1)
        return list({person.id: person for person in found}.values())

    def owner(self, customer_id: str, role: str) -> Person | None:
        """Return who does a task for a role: the latest handler, a head or administrator of the department, else the first there is."""
        handlers, departments = self.concerned(customer_id)
        if role == "handler":
            mine = {person.id: person for person in self.people}
            return next((mine[key] for key in handlers if key in mine), None)
        near = self.of_role(role, departments)
        return next(iter(near or self.of_role(role)), None)
