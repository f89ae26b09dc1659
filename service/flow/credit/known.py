"""What is known of customers for an assessment, gathered for many at once (RULES A1.1): statements, licences, contracts and the books.

A computed indicator takes its value from here by itself, with the document it stands on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit.credit_line import Base
from credit.financials import Statements
from credit.indicators import COMPUTATIONS, Known
from credit.receivables import behaviour
from service.flow.credit.books import ledgers_of, open_in_all
from service.flow.credit.receivables import rates_on
from service.records.many import among
from service.records.tables import (
    CaseFile,
    Contract,
    Customer,
    CustomerFact,
    Document,
    DocumentField,
    FinancialStatement,
)

#: Statements older than this say nothing of today.
_STATEMENTS_YEARS = 3
_LEDGER_SOURCES = frozenset(
    {"days_beyond_terms", "overdue_share", "oldest_overdue", "long_overdue_share", "concentration"}
)
_LICENCE_SOURCES = frozenset({"years_in_business"})


@dataclass(frozen=True)
class Sources:
    """What of a customer is known, and on which documents it stands. purchases: what they bought from us within a year, yuan."""

    known: Known
    purchases: Decimal = Decimal(0)
    statement: FinancialStatement | None = None
    licence: str = ""

    def value(self, source: str) -> Decimal | None:
        """Return the value of a computed indicator; None without data."""
        return COMPUTATIONS[source].of(self.known)

    def evidence(self, source: str) -> tuple[str, ...]:
        """Return the documents that a computed value stands on."""
        if source in _LICENCE_SOURCES:
            return (self.licence,) if self.licence else ()
        if source in _LEDGER_SOURCES or self.statement is None or self.statement.document_id is None:
            return ()
        return (self.statement.document_id,)

    def base(self, name: Base) -> Decimal | None:
        """Return the figure that a credit line is a share of; None without data."""
        if name == "yearly_purchases":
            return self.purchases
        return self.known.year.equity if name == "net_assets" else self.known.year.turnover


NOTHING = Sources(Known(date.min))


@dataclass
class _Found:
    statements: dict[str, FinancialStatement] = field(default_factory=dict)
    licences: dict[str, tuple[date, str]] = field(default_factory=dict)
    purchases: dict[str, Decimal] = field(default_factory=dict)


def sources_of(
    session: Session, customer_ids: Sequence[str], today: date, owed: Decimal | None = None
) -> dict[str, Sources]:
    """Return what is known of each of these customers today. owed: what all customers owe together, where it was asked already."""
    rates = rates_on(session, today)
    found = _Found(
        _statements(session, customer_ids, today),
        _licences(session, customer_ids),
        _purchases(session, customer_ids, today, rates),
    )
    made = {}
    ledgers = ledgers_of(session, customer_ids, today)
    portfolio = (open_in_all(session, today) if owed is None else owed) if ledgers else None
    for customer_id in customer_ids:
        statement = found.statements.get(customer_id)
        established, licence = found.licences.get(customer_id, (None, ""))
        ledger = ledgers.get(customer_id)
        known = Known(
            today,
            behaviour(ledger, today, rates=rates) if ledger is not None and ledger.invoices else None,
            figures_of(statement.figures) if statement else Statements(),
            established,
            portfolio,
        )
        purchases = found.purchases.get(customer_id, Decimal(0))
        made[customer_id] = Sources(known, purchases, statement, licence)
    return made


def figures_of(figures: Mapping[str, str]) -> Statements:
    """Return kept figures as the rules want them."""
    return Statements(**{name: Decimal(value) for name, value in figures.items()})


def _statements(session: Session, ids: Sequence[str], today: date) -> dict[str, FinancialStatement]:
    table = FinancialStatement
    query = select(table).where(among(session, table.customer_id, ids), table.replaced_by.is_(None))
    query = query.where(table.year >= today.year - _STATEMENTS_YEARS, table.year <= today.year)
    return {row.customer_id: row for row in session.scalars(query.order_by(table.year))}


def _licences(session: Session, ids: Sequence[str]) -> dict[str, tuple[date, str]]:
    """Return the day on which each company was established: as collected, else by the newest licence in its files that is its own."""
    query = (
        select(CaseFile.customer_id, Customer.code, Document.id, DocumentField.name, DocumentField.value)
        .join(Document, Document.case_file_id == CaseFile.id)
        .join(DocumentField, DocumentField.document_id == Document.id)
        .join(Customer, Customer.id == CaseFile.customer_id)
        .where(among(session, CaseFile.customer_id, ids), Document.kind == "licence", Document.status != "destroyed")
        .where(DocumentField.name.in_(("established_on", "code")))
        .order_by(Document.received_at, Document.id)
    )
    papers: dict[str, dict[str, str | None]] = {}
    for customer_id, code, document_id, name, value in session.execute(query):
        papers.setdefault(document_id, {"customer": customer_id, "own": code})[name] = value
    found = {}
    for document_id, paper in papers.items():
        own, holder = paper["own"], paper.get("code")
        if own and holder and own != holder:
            continue  # a guarantor's licence, for instance
        try:
            found[str(paper["customer"])] = (date.fromisoformat(paper.get("established_on") or ""), document_id)
        except ValueError:
            continue
    return found | _collected(session, ids)


def _collected(session: Session, ids: Sequence[str]) -> dict[str, tuple[date, str]]:
    table = CustomerFact
    query = select(table.customer_id, table.value, table.document_id).where(
        among(session, table.customer_id, ids), table.kind == "established_on", table.withdrawn_at.is_(None)
    )
    found = {}
    for customer_id, value, document_id in session.execute(query.order_by(table.seq)):
        try:
            found[customer_id] = (date.fromisoformat(value), document_id or "")
        except ValueError:
            continue
    return found


def _purchases(session: Session, ids: Sequence[str], today: date, rates: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return what each customer bought from us within a year by its contracts, in yuan; nothing of a currency that has no rate."""
    query = (
        select(Contract.customer_id, Contract.currency, func.sum(Contract.amount))
        .where(among(session, Contract.customer_id, ids), Contract.currency.in_(rates), Contract.status != "cancelled")
        .where(Contract.signed_on > today - timedelta(365), Contract.signed_on <= today)
        .group_by(Contract.customer_id, Contract.currency)
    )
    found: dict[str, Decimal] = {}
    for customer_id, currency, total in session.execute(query):
        if total is not None:
            bought = (Decimal(total) * rates[currency]).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
            found[str(customer_id)] = found.get(str(customer_id), Decimal(0)) + bought
    return found
