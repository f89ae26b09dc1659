"""A customer's people, banks and group: whom to reach, where it banks, whom it belongs to and who guarantees it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from credit.identity import closes_a_circle
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.ledger import typed_date
from service.flow.common.guard import load_document, require
from service.flow.common.sight import sees_customer
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import Customer, CustomerContact, CustomerRelation

CONTACTS = ("person", "bank")
RELATIONS = ("parent", "guarantor")
_GROUPS = "relations"  # the counter whose holder alone links customers: no two halves of a circle at once
_LONGEST = {"name": 120, "role": 60, "phone": 60, "email": 120, "account": 60}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ACCOUNT = re.compile(r"[0-9][0-9 -]{4,58}[0-9]")


@dataclass(frozen=True)
class ContactGiven:
    """A person to reach (role, phone, email) or a bank (account); kind: person or bank."""

    kind: str
    name: str
    role: str = ""
    phone: str = ""
    email: str = ""
    account: str = ""


@dataclass(frozen=True)
class Linked:
    """A relation with the customer at its other end. up: the other one stands above (parent, guarantor of this customer)."""

    relation: CustomerRelation
    other: Customer
    up: bool


@dataclass(frozen=True)
class Profile:
    """What is on record beside facts. Only what lasts."""

    people: tuple[CustomerContact, ...] = ()
    banks: tuple[CustomerContact, ...] = ()
    relations: tuple[Linked, ...] = field(default=())


def living_customer(session: Session, actor: Actor, customer_id: str, action: str) -> Customer:
    """Return a customer in sight that was not merged into another. Raises NotFound, NotAllowed, RuleRefused."""
    customer = session.get(Customer, customer_id)
    if not sees_customer(session, actor, customer_id) or customer is None:
        raise NotFound(f"there is no customer {customer_id}")
    require(actor, action)
    if customer.merged_into is not None:
        raise RuleRefused("this customer was merged into another; what is known of it stands there")
    return customer


def add_contact(house: House, actor: Actor, customer_id: str, given: ContactGiven) -> str:
    """Put a person or a bank on record; returns its id. Raises BadInput by field, NotFound, NotAllowed."""
    wrong: dict[str, str] = {}
    said = {name: getattr(given, name).strip() for name in _LONGEST}
    if given.kind not in CONTACTS:
        wrong["kind"] = f"one of {', '.join(CONTACTS)}"
    if not said["name"]:
        wrong["name"] = f"is needed, at most {_LONGEST['name']} characters"
    wrong |= {name: f"at most {most} characters" for name, most in _LONGEST.items() if len(said[name]) > most}
    if said["email"] and not _EMAIL.fullmatch(said["email"]):
        wrong["email"] = "an address such as name@example.com"
    if given.kind == "bank" and said["account"] and not _ACCOUNT.fullmatch(said["account"]):
        wrong["account"] = "digits, at least 6"
    if given.kind == "person" and not (said["phone"] or said["email"]):
        wrong["phone"] = "a telephone number or an e-mail address is needed"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        living_customer(session, actor, customer_id, "customer.edit")
        row = CustomerContact(customer_id=customer_id, kind=given.kind, **said)
        row.entered_by, row.entered_at = actor.name, house.clock.now()
        session.add(row)
        session.flush()
        detail = {"contact": row.id, "kind": row.kind}
        audit.append(session, actor.name, "customer.contact", f"customer:{customer_id}", detail)
        return row.id


def end_contact(house: House, actor: Actor, customer_id: str, contact_id: str) -> None:
    """Take a person or a bank off; the row stays. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        living_customer(session, actor, customer_id, "customer.edit")
        row = session.get(CustomerContact, contact_id, with_for_update=True)
        if row is None or row.customer_id != customer_id or row.ended_on is not None:
            raise NotFound(f"there is no contact {contact_id}")
        row.ended_on, row.ended_by = house.clock.today(), actor.name
        detail = {"contact": row.id, "kind": row.kind}
        audit.append(session, actor.name, "customer.contact_end", f"customer:{customer_id}", detail)


@dataclass(frozen=True)
class RelationGiven:
    """other: number, code, name or id of the one above. kind: parent or guarantor. since: YYYY-MM-DD, "" for today."""

    kind: str
    other: str
    since: str = ""
    document_id: str = ""
    note: str = ""


def relate(house: House, actor: Actor, customer_id: str, given: RelationGiven) -> str:
    """Say whom a customer belongs to or who guarantees it; returns the relation's id.

    Raises BadInput (no such customer), RuleRefused (a circle; a second parent), NotFound, NotAllowed.
    """
    wrong: dict[str, str] = {}
    since = typed_date(wrong, "since", given.since) or house.clock.today()
    if since > house.clock.today():
        wrong["since"] = "lies in the future"
    if given.kind not in RELATIONS:
        wrong["kind"] = f"one of {', '.join(RELATIONS)}"
    if len(given.note) > 500:
        wrong["note"] = "at most 500 characters"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        living_customer(session, actor, customer_id, "customer.edit")
        other = _named(session, actor, given.other.strip())
        if other is None:
            why = "there is no such customer: give its number, code or exact name"
            raise BadInput(f"other: {why}", {"other": why})
        if given.document_id:
            load_document(session, actor, given.document_id)
        hold_counter(session, _GROUPS)
        _demand_sound(session, customer_id, other.id, given.kind)
        row = CustomerRelation(customer_id=customer_id, other_id=other.id, kind=given.kind, since=since)
        row.document_id, row.note = given.document_id or None, given.note.strip()
        row.entered_by, row.entered_at = actor.name, house.clock.now()
        session.add(row)
        session.flush()
        detail = {"relation": row.id, "kind": row.kind, "other": other.id}
        audit.append(session, actor.name, "customer.relate", f"customer:{customer_id}", detail)
        return row.id


def _named(session: Session, actor: Actor, said: str) -> Customer | None:
    query = select(Customer).where(
        or_(Customer.id == said, Customer.number == said, Customer.code == said.upper(), Customer.name == said)
    )
    found = [c for c in session.scalars(query.limit(2)) if sees_customer(session, actor, c.id)]
    return found[0] if len(found) == 1 and found[0].merged_into is None else None


def _demand_sound(session: Session, customer_id: str, other_id: str, kind: str) -> None:
    lasting = select(CustomerRelation.other_id).where(
        CustomerRelation.kind == kind, CustomerRelation.ended_on.is_(None)
    )

    def above(one: str) -> Iterable[str]:
        return session.scalars(lasting.where(CustomerRelation.customer_id == one))

    mine = set(above(customer_id))
    if other_id in mine:
        raise RuleRefused("this relation is on record already")
    if kind == "parent" and mine:
        raise RuleRefused("a customer has one parent; end that relation first")
    if closes_a_circle(above, customer_id, other_id):
        raise RuleRefused("the customer would stand above itself; look at the relations of the other one")


def end_relation(house: House, actor: Actor, customer_id: str, relation_id: str) -> None:
    """Say that a relation has ended; it stays on record. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        living_customer(session, actor, customer_id, "customer.edit")
        row = session.get(CustomerRelation, relation_id, with_for_update=True)
        if row is None or row.customer_id != customer_id or row.ended_on is not None:
            raise NotFound(f"there is no relation {relation_id}")
        row.ended_on, row.ended_by = house.clock.today(), actor.name
        detail = {"relation": row.id, "kind": row.kind}
        audit.append(session, actor.name, "customer.relate_end", f"customer:{customer_id}", detail)


def profile_of(session: Session, actor: Actor, customer_id: str) -> Profile:
    """Return people, banks and relations of a customer; relations to customers out of the reader's sight are left out."""
    contact, relation = CustomerContact, CustomerRelation
    rows = session.scalars(
        select(contact)
        .where(contact.customer_id == customer_id, contact.ended_on.is_(None))
        .order_by(contact.entered_at, contact.id)
    ).all()
    links = session.scalars(
        select(relation)
        .where(or_(relation.customer_id == customer_id, relation.other_id == customer_id), relation.ended_on.is_(None))
        .order_by(relation.kind.desc(), relation.since, relation.id)
    ).all()
    ends = {link.other_id if link.customer_id == customer_id else link.customer_id for link in links}
    seen = _seen(session, actor, ends)
    linked = []
    for link in links:
        up = link.customer_id == customer_id
        other = seen.get(link.other_id if up else link.customer_id)
        if other is not None:
            linked.append(Linked(link, other, up))
    return Profile(
        tuple(row for row in rows if row.kind == "person"),
        tuple(row for row in rows if row.kind == "bank"),
        tuple(linked),
    )


def _seen(session: Session, actor: Actor, ids: set[str]) -> dict[str, Customer]:
    from service.flow.common.sight import customers_in_sight

    if not ids:
        return {}
    return {c.id: c for c in session.scalars(select(Customer).where(Customer.id.in_(ids), customers_in_sight(actor)))}


def contact_as_json(row: CustomerContact) -> dict[str, Any]:
    """Return a person or a bank as plain JSON values."""
    fields = ("role", "phone", "email") if row.kind == "person" else ("account",)
    return {"id": row.id, "kind": row.kind, "name": row.name, **{name: getattr(row, name) or None for name in fields}}


def linked_as_json(link: Linked) -> dict[str, Any]:
    """Return a relation as plain JSON values. direction: whether the other one stands above."""
    return {
        "id": link.relation.id,
        "kind": link.relation.kind,
        "direction": "up" if link.up else "down",
        "customer": {"id": link.other.id, "number": link.other.number, "name": link.other.name},
        "since": link.relation.since.isoformat(),
        "document_id": link.relation.document_id,
        "note": link.relation.note or None,
    }
