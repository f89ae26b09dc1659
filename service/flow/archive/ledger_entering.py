"""Enter the sound rows of an imported ledger (RULES B2): whole sets at a time, in the caller's transaction.

Ten thousand rows are a handful of statements: customers are looked up together, serials taken in runs, the trail's links made in one go.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from retention.contract_life import CLOCKED
from retention.numbers import contract_number, contract_prefix
from retention.transfer import archive_deadline, handler_deadline
from service.access.policy import Actor
from service.flow.archive.ledger import CUSTOMERS
from service.flow.credit.duplicates import compare
from service.house import House
from service.records import audit
from service.records.counters import hold_counter, take_serials
from service.records.tables import (
    CaseFile,
    Contract,
    ContractEvent,
    Customer,
    FormerNumber,
    Transfer,
    new_id,
)

if TYPE_CHECKING:
    from service.flow.archive.ledger_import import Entry

_IN_ONE_QUERY = 500  # databases limit how many values stand in one query


@dataclass
class _Rows:
    """What is inserted, by table, and what the trail tells of it."""

    contracts: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    former: list[dict[str, Any]] = field(default_factory=list)
    transfers: list[dict[str, Any]] = field(default_factory=list)
    trail: list[audit.Told] = field(default_factory=list)

    def write(self, session: Session) -> None:
        """Insert all of it."""
        tables = (
            (Contract, self.contracts),
            (CaseFile, self.files),
            (ContractEvent, self.events),
            (FormerNumber, self.former),
            (Transfer, self.transfers),
        )
        for table, rows in tables:
            if rows:
                session.execute(insert(table), rows)
        audit.append_all(session, self.trail)


def enter_all(house: House, session: Session, actor: Actor, entries: Sequence["Entry"]) -> None:
    """Enter rows that were judged sound. Numbers that are kept were counted already; the others get the next ones in their order."""
    rows = _Rows()
    compared: list[str] = []
    customers = _customers(house, session, actor, entries, rows.trail, compared)
    serials = _new_serials(house, session, entries)
    deadline = _deadlines(house)
    for entry in entries:
        _enter(house, actor, entry, customers, serials, deadline, rows)
    rows.write(session)
    if compared:
        compare(session, compared)


def _year(entry: "Entry", today: date) -> int:
    return entry.kept[0] if entry.kept else (entry.values["signed_on"] or today).year


def _prefix(house: House, entry: "Entry") -> str:
    year = _year(entry, house.clock.today())
    return contract_prefix(house.settings.contract_template, entry.department.code, year)


def _new_serials(house: House, session: Session, entries: Sequence["Entry"]) -> dict[str, int]:
    """Take as many serials as there are rows without a number of their own; returns the next one to give, by prefix."""
    wanted = Tally(_prefix(house, entry) for entry in entries if entry.kept is None)
    return {prefix: take_serials(session, prefix, count) for prefix, count in sorted(wanted.items())}


def _customers(
    house: House,
    session: Session,
    actor: Actor,
    entries: Sequence["Entry"],
    trail: list[audit.Told],
    compared: list[str],
) -> dict[tuple[str, str], str]:
    """Return the customer of each (name, code), made where there is none: by its code or, without one, by exactly its name.

    compared: is given those that must be held against the others.
    """
    hold_counter(session, CUSTOMERS)  # from the look to the commit: nobody else makes the same customer meanwhile
    wanted = list(dict.fromkeys((entry.values["counterparty"], entry.code) for entry in entries))
    by_code: dict[str | None, Customer] = {
        row.code: row for row in _found(session, Customer.code, {code for _name, code in wanted if code})
    }
    by_name: dict[str, Customer] = {}
    for row in _found(session, Customer.name, {name for name, _code in wanted}):
        by_name.setdefault(row.name, row)
    found: dict[tuple[str, str], str] = {}
    new: list[Customer] = []
    for name, code in wanted:
        customer = by_code.get(code) or _named(by_name.get(name), code)
        if customer is None:
            customer = Customer(id=new_id(), name=name, code=code or None, created_at=house.clock.now())
            new.append(customer)
            by_name.setdefault(name, customer)
        elif code and not customer.code:
            customer.code = code
            trail.append((actor.name, "customer.update", f"customer:{customer.id}", {"field": "code"}))
            compared.append(customer.id)
        if code:
            by_code[code] = customer
        found[name, code] = customer.id
    if new:
        year = house.clock.today().year
        first = take_serials(session, f"KH-{year}", len(new))
        for at, customer in enumerate(new, first):
            customer.number = f"KH-{year}-{at:04}"
            trail.append((actor.name, "customer.create", f"customer:{customer.id}", {"number": customer.number}))
        session.add_all(new)
        compared += [customer.id for customer in new]
    session.flush()
    return found


def _named(customer: Customer | None, code: str) -> Customer | None:
    """Return the customer of a name unless its code is another: two companies may have one name."""
    return None if customer is not None and code and customer.code and customer.code != code else customer


def _found(session: Session, column: Any, values: Iterable[str]) -> list[Customer]:
    ordered = sorted(values)
    found: list[Customer] = []
    for at in range(0, len(ordered), _IN_ONE_QUERY):
        some = ordered[at : at + _IN_ONE_QUERY]
        found += session.scalars(select(Customer).where(column.in_(some)).order_by(Customer.created_at, Customer.id))
    return found


_Deadline = Callable[[str, date], dict[str, Any]]


def _deadlines(house: House) -> _Deadline:
    """Return what tells the dates and the reason of a handler's deadline; each day is reckoned once."""

    @cache
    def of(kind: str, day: date) -> dict[str, Any]:
        found = handler_deadline(kind, day, house.calendar, house.settings.roll_over)
        return {"nominal_on": found.nominal, "due_on": found.due, "why": found.why.to_json()}

    return of


def _enter(
    house: House,
    actor: Actor,
    entry: "Entry",
    customers: dict[tuple[str, str], str],
    serials: dict[str, int],
    deadline: _Deadline,
    rows: _Rows,
) -> None:
    """Add one row: its contract, file, events, former numbers and deadline."""
    values, now = dict(entry.values), house.clock.now()
    signed_on = values["signed_on"]
    year, serial = _year(entry, house.clock.today()), entry.kept[1] if entry.kept else 0
    if not serial:
        prefix = _prefix(house, entry)
        serial = serials[prefix]
        serials[prefix] += 1
    foreign = entry.number if entry.kept is None else ""
    values["printed_number"] = values["printed_number"] or foreign
    number = contract_number(house.settings.contract_template, entry.department.code, year, serial)
    contract_id, file_id = new_id(), new_id()
    customer_id = customers[values["counterparty"], entry.code]
    contract = {"id": contract_id, "number": number, "department_id": entry.department.id, "year": year}
    contract |= {"serial": serial, **values, "customer_id": customer_id, "handler_id": entry.handler.id}
    rows.contracts.append(contract | {"status": entry.status, "ended_on": entry.ended_on, "created_at": now})
    rows.files.append(
        {
            "id": file_id,
            "kind": "contract",
            "title": f"{values['counterparty']} {values['title']}"[:300],
            "contract_id": contract_id,
            "customer_id": customer_id,
            "department_id": entry.department.id,
            "closed_on": entry.ended_on,
            "created_at": now,
        }
    )
    for kind, former in (("contract", foreign), ("archive", entry.former_archive)):
        if former:
            noted = {"kind": kind, "number": former, "case_file_id": file_id}
            rows.former.append(noted | {"entered_by": actor.name, "entered_at": now})
    for kind, day in (("approved", entry.approved_on), ("signed", signed_on), (entry.status, entry.ended_on)):
        if day is None:
            continue
        event = {"id": new_id(), "contract_id": contract_id, "kind": kind, "finished_on": day}
        rows.events.append(event | {"recorded_by": actor.name, "recorded_at": now})
        if not entry.former_archive and kind in CLOCKED:
            duty = {"case_file_id": file_id, "event_id": event["id"], "stage": "handler", "event_kind": kind}
            duty |= {"event_on": day, "responsible_id": entry.handler.id}
            rows.transfers.append(duty | deadline(kind, day))
    if entry.former_archive and signed_on:
        rows.transfers.append(_to_archive_room(house, actor, file_id, entry.status if entry.ended_on else "signed"))
    detail = {"number": number, "row": entry.line, "case_file": file_id, "was": entry.number}
    rows.trail.append((actor.name, "contract.import", f"contract:{contract_id}", detail))


def _to_archive_room(house: House, actor: Actor, file_id: str, kind: str) -> dict[str, Any]:
    """Return the duty of a file that an archive had before: the import is its verification (RULES B3)."""
    today = house.clock.today()
    found = archive_deadline(today, house.calendar, house.settings.roll_over)
    return {
        "case_file_id": file_id,
        "event_id": None,
        "stage": "archive",
        "event_kind": kind,
        "event_on": today,
        "nominal_on": found.nominal,
        "due_on": found.due,
        "why": found.why.to_json(),
        "responsible_id": actor.person_id,
    }
