"""Customers: who we deal with, what stands for them, and what the evidence warns of (RULES A4.1)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from credit.identity import Called
from credit.warnings import CustomerState, RiskWarning, Validity, WarningLines, warnings_for
from service.access.policy import Actor, sees_all_departments
from service.flow.common.counting import count_up_to
from service.flow.common.guard import allowed, listing, require
from service.flow.common.sight import customers_in_sight, visible, visible_contracts, visible_files
from service.flow.common.values import values_of
from service.flow.credit.assessments import Assessed, assessments_of, scores_of
from service.flow.credit.collected import History, history_of
from service.flow.credit.customer_merge import mergers_of
from service.flow.credit.customer_profile import Profile, profile_of
from service.flow.credit.identity import former_names_of, led_to
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Customer, CustomerMerge, Document

# The part of a document whose end is watched: field names are those of the documents.
_WATCHED = {"licence": "valid_until", "authorization": "valid_until"}
_HOLDER = {"licence": "code", "authorization": "code"}


@dataclass(frozen=True)
class CustomerView:
    """A customer with what the reader may see of it. assessed: None for who may not see assessments.

    history, profile: None for who may not read facts. mergers: what was merged into it, with the merged customer.
    """

    customer: Customer
    contracts: tuple[Contract, ...]
    files: tuple[CaseFile, ...]
    documents: tuple[Document, ...]
    warnings: tuple[RiskWarning, ...]
    assessed: Assessed | None
    history: History | None = None
    profile: Profile | None = None
    former_names: tuple[Called, ...] = ()
    mergers: tuple[tuple[CustomerMerge, Customer], ...] = ()


def list_customers(
    house: House, actor: Actor, *, text: str = "", limit: int = 50, offset: int = 0
) -> tuple[int, list[Customer]]:
    """Return (how many in all, one page of customers by name). Raises NotAllowed.

    Who does not see all, or looks for a text, is told of no more than `counting.MOST` and one.
    """
    require(actor, "customer.read")
    query = select(Customer).where(Customer.merged_into.is_(None))
    if text:
        columns = (Customer.name, Customer.code, Customer.number)
        query = query.where(or_(*(column.contains(text, autoescape=True) for column in columns)))
    query = query.where(customers_in_sight(actor))
    with listing(house, actor, "customer") as session:
        if text or not sees_all_departments(actor):
            total = count_up_to(session, query.with_only_columns(Customer.id))
        else:
            total = session.scalar(query.with_only_columns(func.count())) or 0
        return total, list(session.scalars(query.order_by(Customer.name, Customer.id).limit(limit).offset(offset)))


def get_customer(house: House, actor: Actor, customer_id: str) -> CustomerView:
    """Return a customer, for a merged one the one it leads to, and note the reading.

    Raises NotFound: also when nothing of the customer may be seen.
    """
    require(actor, "customer.read")
    with house.database.write() as session:
        customer = led_to(session, actor, customer_id)
        customer_id, today = customer.id, house.clock.today()
        query = visible_contracts(actor).where(Contract.customer_id == customer_id)
        contracts = tuple(session.scalars(query.order_by(Contract.number)))
        file_query = visible_files(actor).where(CaseFile.customer_id == customer_id)
        files = tuple(session.scalars(file_query.order_by(CaseFile.created_at)))
        documents = _documents(session, actor, [file.id for file in files])
        assessed = None
        if allowed(actor, "assessment.read"):
            assessed = assessments_of(session, customer, today)
        found = warnings_for(WarningLines(), _state(documents, customer, assessed), today)
        view = CustomerView(customer, contracts, files, documents, tuple(found), assessed)
        if allowed(actor, "fact.read"):
            history = history_of(session, customer_id)
            view = replace(
                view,
                history=history,
                profile=profile_of(session, actor, customer_id),
                former_names=tuple(former_names_of(house, history)),
                mergers=tuple(mergers_of(session, customer_id)),
            )
        audit.append(session, actor.name, "customer.view", f"customer:{customer_id}")
    return view


def documents_of(house: House, actor: Actor, customer_id: str) -> tuple[Document, ...]:
    """Return the documents in a customer's files that a person may read, to choose evidence from. Part of a page that is noted itself."""
    with house.database.read() as session:
        query = visible_files(actor).where(CaseFile.customer_id == customer_id).with_only_columns(CaseFile.id)
        return _documents(session, actor, list(session.scalars(query)))


def _documents(session: Session, actor: Actor, file_ids: list[str]) -> tuple[Document, ...]:
    query = visible(select(Document).where(Document.case_file_id.in_(file_ids), Document.status != "destroyed"), actor)
    documents = tuple(session.scalars(query.order_by(Document.received_at)))
    for document in documents:
        _ = document.fields
    return documents


def _state(documents: Iterable[Document], customer: Customer, assessed: Assessed | None) -> CustomerState:
    """What the customer's papers and scores say: of each kind the one that is valid longest counts, a newer copy replaces an older."""
    longest: dict[str, Validity] = {}
    for document in documents:
        name = _WATCHED.get(document.kind)
        values = values_of(document)
        if name is None or not values.get(name):
            continue
        holder = values.get(_HOLDER[document.kind])
        if holder and customer.code and holder != customer.code:
            continue  # somebody else's licence in the file, a guarantor's for instance
        until = _day(values[name])
        known = longest.get(document.kind)
        if known is None or (known.valid_until is not None and (until is None or until > known.valid_until)):
            longest[document.kind] = Validity(document.kind, document.id, until)  # type: ignore[arg-type]  # keys of _WATCHED
    return CustomerState(scores=scores_of(assessed) if assessed else (), validities=tuple(longest.values()))


def _day(value: str) -> date | None:
    """A date as documents carry it; long-term has no end, and what is no date cannot warn."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def warning_as_json(warning: RiskWarning) -> dict[str, Any]:
    """Return a warning as plain JSON values."""
    return {"kind": warning.kind, "subject": warning.subject, "why": {"zh": warning.why.zh, "en": warning.why.en}}
