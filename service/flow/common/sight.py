"""What a person may see, said in SQL: the same rules as `policy.decide`, for lists, counts and exports."""

from collections.abc import Iterator
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from service.access.policy import Actor, decide, sees_all_departments, tiers_of
from service.records.tables import CaseFile, Contract, Customer, Document

Row = TypeVar("Row", Document, str)  # whole, or their ids


def visible(query: Select[Row], actor: Actor) -> Select[Row]:
    """Narrow a query over documents to those the actor may read."""
    if actor.owner:
        return query
    if not decide(actor, "document.read").allowed:
        return query.where(false())
    query = query.outerjoin(CaseFile, Document.case_file_id == CaseFile.id)
    within = _of_tiers(tiers_of(actor))
    if not sees_all_departments(actor):
        mine = Document.received_by == actor.name
        department = func.coalesce(CaseFile.department_id, Document.department_id)
        within = and_(within, mine if actor.department_id is None else or_(mine, department == actor.department_id))
    granted = (
        and_(_of_tiers(tiers), Document.id == key if kind == "document" else _holds(kind, key))
        for kind, key, tiers in _grants(actor)
    )
    return query.where(or_(within, *granted))


def _of_tiers(tiers: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a document, and the file it lies in, are of these tiers."""
    return and_(Document.tier.in_(tiers), or_(CaseFile.id.is_(None), CaseFile.tier.in_(tiers)))


def _grants(actor: Actor) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield what was opened to a person: kind, id, and the tiers up to which."""
    for grant in actor.grants:
        kind, _, key = grant.thing.partition(":")
        yield kind, key, tiers_of(actor, grant.tier)


def _holds(kind: str, key: str) -> ColumnElement[bool]:
    """Whether a case file is what a grant names, or belongs to it."""
    return CaseFile.id == key if kind == "file" else CaseFile.customer_id == key


def visible_files(actor: Actor) -> Select[CaseFile]:
    """Return a query over the case files the actor may see."""
    query = select(CaseFile)
    if actor.owner:
        return query
    if not decide(actor, "file.read").allowed:
        return query.where(false())
    return query.where(_files(actor))


def _files(actor: Actor) -> ColumnElement[bool]:
    within: ColumnElement[bool] = CaseFile.tier.in_(tiers_of(actor))
    if not sees_all_departments(actor):
        within = and_(within, CaseFile.department_id == actor.department_id)
    granted = (
        and_(CaseFile.tier.in_(tiers), _holds(kind, key)) for kind, key, tiers in _grants(actor) if kind != "document"
    )
    return or_(within, *granted)


def visible_contracts(actor: Actor) -> Select[Contract]:
    """Return a query over the contracts the actor may see: those whose file they may, and those they handle up to their tier."""
    query = select(Contract)
    if actor.owner:
        return query
    if not decide(actor, "contract.read").allowed:
        return query.where(false())
    handled = and_(Contract.handler_id == actor.person_id, CaseFile.tier.in_(tiers_of(actor)))
    query = query.outerjoin(CaseFile, CaseFile.contract_id == Contract.id)
    return query.where(or_(_files(actor), handled))


def customers_in_sight(actor: Actor) -> ColumnElement[bool]:
    """Whether a customer exists for the actor: all for who works for all departments, else who they have a contract or a grant for."""
    if sees_all_departments(actor):
        return true()
    opened = [grant.thing.partition(":")[2] for grant in actor.grants if grant.thing.startswith("customer:")]
    # Correlated, so that asking for one customer looks at that customer's contracts and not at all of them.
    mine = visible_contracts(actor).where(Contract.customer_id == Customer.id).correlate(Customer)
    # Alone where it can be: databases join on it then, and ask for every customer otherwise.
    return or_(mine.exists(), Customer.id.in_(opened)) if opened else mine.exists()


def sees_customer(session: Session, actor: Actor, customer_id: str) -> bool:
    """Return whether a customer is there and exists for the actor."""
    query = select(Customer.id).where(Customer.id == customer_id, customers_in_sight(actor))
    return session.scalar(query) is not None
