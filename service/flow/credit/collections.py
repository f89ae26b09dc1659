"""Collection 催收: what was done to get a debt paid, the papers of it, and what the customer promised."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.common.guard import load_document, require
from service.flow.common.sight import sees_customer
from service.flow.credit.blocks import locked_customer
from service.flow.credit.receivables import cents_typed, from_cents
from service.house import House
from service.records import audit
from service.records.tables import CollectionRecord, Customer, ReceivableEntry

KINDS = ("call", "letter", "visit", "lawyer", "lawsuit", "other")
_LONGEST, _MOST = 2000, 20


@dataclass(frozen=True)
class Collected:
    """What was done, as typed. promised_amount: "" where only a day was promised. documents: ids; invoices: numbers."""

    kind: str
    happened_on: date
    said: str
    contact: str = ""
    promised_on: date | None = None
    promised_amount: str = ""
    currency: str = "CNY"
    invoices: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Promise:
    """What became of a promise. state: none, waiting, kept, broken. paid: what came from the day it was made to the promised one."""

    state: str
    paid: Decimal = Decimal(0)


def record(house: House, actor: Actor, customer_id: str, given: Collected) -> CollectionRecord:
    """Put on record what was done about a customer's debt. Raises BadInput, NotFound (customer, document), NotAllowed."""
    cents = _check(given, house.clock.today())
    with house.database.write() as session:
        locked_customer(session, actor, customer_id, "collection.record")
        known = select(ReceivableEntry.number).where(
            ReceivableEntry.customer_id == customer_id, ReceivableEntry.kind == "invoice"
        )
        lacking = set(given.invoices) - set(session.scalars(known.where(ReceivableEntry.number.in_(given.invoices))))
        if lacking:
            why = f"there is no invoice {min(lacking)} of this customer"
            raise BadInput(f"invoices: {why}", {"invoices": why})
        for document_id in given.documents:
            load_document(session, actor, document_id)
        row = CollectionRecord(
            customer_id=customer_id,
            kind=given.kind,
            happened_on=given.happened_on,
            contact=given.contact.strip(),
            said=given.said.strip(),
            invoices=list(given.invoices),
            documents=list(given.documents),
            promised_on=given.promised_on,
            promised_cents=cents,
            currency=given.currency,
            entered_by=actor.name,
            entered_at=house.clock.now(),
        )
        session.add(row)
        session.flush()
        detail = {"record": row.id, "kind": row.kind, "promised_on": str(row.promised_on) if row.promised_on else None}
        audit.append(session, actor.name, "collection.record", f"customer:{customer_id}", detail)
        return row


def _check(given: Collected, today: date) -> int | None:
    """Return the promised cents. Raises BadInput, naming every wrong field."""
    wrong, cents = _promised(given)
    checks = (
        ("kind", given.kind not in KINDS, f"one of {', '.join(KINDS)}"),
        ("happened_on", given.happened_on > today, "lies in the future"),
        ("said", not 0 < len(given.said.strip()) <= _LONGEST, f"say what was done, in at most {_LONGEST} characters"),
        ("contact", len(given.contact) > 120, "at most 120 characters"),
        ("documents", max(len(given.invoices), len(given.documents)) > _MOST, f"at most {_MOST}"),
    )
    wrong |= {name: why for name, bad, why in checks if bad}
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    return cents


def _promised(given: Collected) -> tuple[dict[str, str], int | None]:
    """Return what is wrong with a promise, by field, and its cents."""
    wrong: dict[str, str] = {}
    cents = None
    if len(given.currency) != 3 or not given.currency.isascii() or not given.currency.isupper():
        wrong["currency"] = "a currency code such as USD"
    if given.promised_on is not None and given.promised_on < given.happened_on:
        wrong["promised_on"] = "lies before the talk"
    if given.promised_amount.strip():
        try:
            cents = cents_typed(given.promised_amount)
        except ValueError as error:
            wrong["promised_amount"] = str(error)
        if given.promised_on is None:
            wrong["promised_on"] = "by which day?"
    return wrong, cents


def list_records(
    house: House, actor: Actor, customer_id: str
) -> tuple[Customer, list[tuple[CollectionRecord, Promise]]]:
    """Return the customer and what was done, newest first, with what became of promises. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        customer = session.get(Customer, customer_id)
        if not sees_customer(session, actor, customer_id) or customer is None:
            raise NotFound(f"there is no customer {customer_id}")
        require(actor, "receivable.read")
        query = select(CollectionRecord).where(CollectionRecord.customer_id == customer_id)
        rows = list(
            session.scalars(
                query.order_by(
                    CollectionRecord.happened_on.desc(), CollectionRecord.entered_at.desc(), CollectionRecord.id
                )
            )
        )
        money = _money(session, customer_id)
        audit.append(session, actor.name, "collection.list", f"customer:{customer_id}")
    return customer, [(row, promise_of(row, money, house.clock.today())) for row in rows]


def _money(session: Session, customer_id: str) -> list[ReceivableEntry]:
    query = select(ReceivableEntry).where(ReceivableEntry.customer_id == customer_id)
    return list(session.scalars(query.where(ReceivableEntry.kind == "payment", ReceivableEntry.voided.is_(False))))


def promise_of(row: CollectionRecord, payments: Collection[ReceivableEntry], today: date) -> Promise:
    """Return what became of the promise in a record: kept by payments of its currency from the talk to the promised day.

    Without an amount any payment keeps it.
    """
    if row.promised_on is None:
        return Promise("none")
    paid = sum(p.cents for p in payments if p.currency == row.currency and row.happened_on <= p.on <= row.promised_on)
    kept = paid >= (row.promised_cents or 1)
    return Promise("kept" if kept else "waiting" if today <= row.promised_on else "broken", from_cents(paid))


def record_as_json(row: CollectionRecord, promise: Promise) -> dict[str, Any]:
    """Return a record as plain JSON values."""
    return {
        "id": row.id,
        "kind": row.kind,
        "happened_on": row.happened_on.isoformat(),
        "contact": row.contact or None,
        "said": row.said,
        "invoices": row.invoices,
        "documents": row.documents,
        "promised_on": row.promised_on.isoformat() if row.promised_on else None,
        "promised_amount": str(from_cents(row.promised_cents)) if row.promised_cents else None,
        "currency": row.currency,
        "promise": promise.state,
        "entered_by": row.entered_by,
    }
