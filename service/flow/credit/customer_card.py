"""The customer card for sales and service (RULES A5.2): what they may see of a customer, on one page and in one answer.

Few questions to the database, each by an index, so that it opens as fast with a hundred thousand customers as with one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from credit.shipped import in_english
from service.access.policy import Actor
from service.flow.common.guard import allowed, require
from service.flow.common.sight import visible, visible_contracts
from service.flow.credit import receivables
from service.flow.credit.collected import Known, fact_as_json, history_of
from service.flow.credit.customer_profile import Profile, contact_as_json, linked_as_json, profile_of
from service.flow.credit.fact_duties import duties_of
from service.flow.credit.identity import led_to
from service.house import House
from service.records import audit
from service.records.tables import (
    AssessmentRecord,
    CaseFile,
    Contract,
    CreditBlock,
    Customer,
    Document,
    FactDuty,
    Person,
    ReceivableEntry,
    WarningRecord,
)

#: How much of each list stands on the card, the newest first; how many there are in all stands beside it.
MOST_CONTRACTS, MOST_DOCUMENTS, MOST_WARNINGS = 30, 20, 20
_RUNNING = ("signed", "performing", "amended")
#: What a salesperson asks of a customer before anything else.
ON_CARD = ("legal_representative", "valid_until", "registered_capital", "address", "overdue_debt", "lawsuits")


@dataclass(frozen=True)
class CardContract:
    """A contract with the state of its file. exposure: what is open of it, None where no receivable names it."""

    contract: Contract
    file_state: str
    archive_number: str | None
    exposure: Mapping[str, Decimal]


@dataclass(frozen=True)
class Credit:
    """What was decided about credit; line None: no line. used: the share of the line that is exposed, None without a line."""

    grade: str
    score: Decimal | None
    assessed_on: date | None
    line: Decimal | None
    exposure: Decimal
    used: Decimal | None


@dataclass(frozen=True)
class Card:
    """A customer card. credit, warnings, facts, profile: None or empty for who may not see them. block: why, "" for none."""

    customer: Customer
    credit: Credit | None
    blocked: bool
    block: CreditBlock | None
    warnings: tuple[WarningRecord, ...]
    contracts: tuple[CardContract, ...]
    contract_total: int
    documents: tuple[Document, ...]
    document_total: int
    facts: Mapping[str, Known] = field(default_factory=dict)
    duties: Mapping[str, tuple[FactDuty, str]] = field(default_factory=dict)
    profile: Profile | None = None
    handlers: tuple[Person, ...] = ()


def get_card(house: House, actor: Actor, customer_id: str) -> Card:
    """Return the card of a customer, for a merged one of the one it leads to, and note the reading. Raises NotFound, NotAllowed."""
    require(actor, "customer.read")
    today = house.clock.today()
    with house.database.write() as session:
        customer = led_to(session, actor, customer_id)
        contracts, total, handlers = _contracts(session, actor, customer.id)
        documents, document_total = _documents(session, actor, customer.id)
        credit: Credit | None = None
        block: CreditBlock | None = None
        warnings: tuple[WarningRecord, ...] = ()
        if allowed(actor, "assessment.read"):
            credit = _credit(session, customer.id, today)
            block = session.scalar(select(CreditBlock).where(CreditBlock.standing == customer.id).limit(1))
            warnings = _warnings(session, customer.id)
        card = Card(
            customer, credit, block is not None, block, warnings, contracts, total, documents, document_total,
            handlers=handlers,
        )  # fmt: skip
        if allowed(actor, "fact.read"):
            card = _with_facts(session, actor, card, today)
        audit.append(session, actor.name, "customer.card", f"customer:{customer.id}")
    return card


def _credit(session: Session, customer_id: str, today: date) -> Credit:
    query = select(AssessmentRecord).where(
        AssessmentRecord.customer_id == customer_id, AssessmentRecord.state == "in_force"
    )
    current = session.scalars(query.order_by(AssessmentRecord.made_at.desc()).limit(1)).first()
    line = current.line if current is not None else None
    exposure = receivables.exposure_of(session, customer_id, today)
    used = (exposure / line).quantize(Decimal("0.0001")) if line else None
    if current is None:
        return Credit("", None, None, line, exposure, used)
    return Credit(current.grade, current.score, current.assessed_on, line, exposure, used)


def _warnings(session: Session, customer_id: str) -> tuple[WarningRecord, ...]:
    query = select(WarningRecord).where(WarningRecord.customer_id == customer_id, WarningRecord.state != "closed")
    return tuple(session.scalars(query.order_by(WarningRecord.opened_at.desc(), WarningRecord.id).limit(MOST_WARNINGS)))


def _contracts(
    session: Session, actor: Actor, customer_id: str
) -> tuple[tuple[CardContract, ...], int, tuple[Person, ...]]:
    mine = visible_contracts(actor).where(Contract.customer_id == customer_id)
    total = session.scalar(select(func.count()).select_from(mine.with_only_columns(Contract.id).subquery())) or 0
    running = Contract.status.in_(_RUNNING)
    order = (running.desc(), Contract.signed_on.desc(), Contract.number.desc())
    rows = list(session.scalars(mine.order_by(*order).limit(MOST_CONTRACTS)))
    ids = [row.id for row in rows]
    files = {
        contract_id: (state, number)
        for contract_id, state, number in session.execute(
            select(CaseFile.contract_id, CaseFile.state, CaseFile.archive_number).where(CaseFile.contract_id.in_(ids))
        )
    }
    open_ = _open_of(session, customer_id, [row.number for row in rows]) if allowed(actor, "assessment.read") else {}
    cards = tuple(
        CardContract(row, *files.get(row.id, ("open", None)), exposure=open_.get(row.number, {})) for row in rows
    )
    handlers = {row.handler.id: row.handler for row in rows if row.status in _RUNNING}
    return cards, total, tuple(handlers.values())


def _open_of(session: Session, customer_id: str, numbers: list[str]) -> dict[str, dict[str, Decimal]]:
    """Return what is open by contract and currency: orders under its number, and invoices for them."""
    entry = ReceivableEntry
    query = select(entry.number, entry.invoice, entry.currency, entry.open_cents).where(
        entry.customer_id == customer_id,
        entry.kind.in_(("invoice", "order")),
        entry.open_cents > 0,
        entry.voided.is_(False),
        or_(entry.number.in_(numbers), entry.invoice.in_(numbers)),
    )
    found: dict[str, dict[str, Decimal]] = {}
    for number, order, currency, cents in session.execute(query):
        sums = found.setdefault(order if order in numbers else number, {})
        sums[currency] = sums.get(currency, Decimal(0)) + receivables.from_cents(cents)
    return found


def _documents(session: Session, actor: Actor, customer_id: str) -> tuple[tuple[Document, ...], int]:
    files = select(CaseFile.id).where(CaseFile.customer_id == customer_id)
    query = visible(select(Document).where(Document.case_file_id.in_(files), Document.status != "destroyed"), actor)
    total = session.scalar(select(func.count()).select_from(query.with_only_columns(Document.id).subquery())) or 0
    rows = session.scalars(query.order_by(Document.received_at.desc(), Document.id).limit(MOST_DOCUMENTS))
    return tuple(rows), total


def _with_facts(session: Session, actor: Actor, card: Card, today: date) -> Card:
    from dataclasses import replace

    history = history_of(session, card.customer.id, ON_CARD)
    found = {kind: history.at(kind, today) for kind in ON_CARD}
    return replace(
        card,
        facts={kind: known for kind, known in found.items() if known is not None},
        duties=duties_of(session, card.customer.id),
        profile=profile_of(session, actor, card.customer.id),
    )


def card_as_json(card: Card, today: date) -> dict[str, Any]:
    """Return a card as plain JSON values; null for what the reader may not see, and for what there is not."""
    customer, credit, profile = card.customer, card.credit, card.profile
    return {
        "id": customer.id,
        "number": customer.number,
        "name": customer.name,
        "code": customer.code,
        "grade": (credit.grade or None) if credit else None,
        "score": f"{credit.score:.2f}" if credit and credit.score is not None else None,
        "assessed_on": credit.assessed_on.isoformat() if credit and credit.assessed_on else None,
        "line": _money(credit.line) if credit else None,
        "exposure": _money(credit.exposure) if credit else None,
        "line_used": str(credit.used) if credit and credit.used is not None else None,
        "blocked": card.blocked if credit else None,
        "block_reason": card.block.reason if card.block else None,
        "block_reason_en": in_english(card.block.reason) if card.block else None,
        "warnings": [
            {
                "id": row.id,
                "kind": row.kind,
                "severity": row.severity,
                "state": row.state,
                "opened_on": row.opened_on.isoformat(),
                "why": {"zh": row.why_zh, "en": row.why_en},
            }
            for row in card.warnings
        ],
        "contracts": {
            "total": card.contract_total,
            "shown": [
                {
                    "id": row.contract.id,
                    "number": row.contract.number,
                    "title": row.contract.title,
                    "amount": _money(row.contract.amount),
                    "currency": row.contract.currency,
                    "status": row.contract.status,
                    "signed_on": row.contract.signed_on.isoformat() if row.contract.signed_on else None,
                    "term_until": row.contract.term_until.isoformat() if row.contract.term_until else None,
                    "handler": row.contract.handler.name,
                    "file_state": row.file_state,
                    "archive_number": row.archive_number,
                    "exposure": {currency: _money(amount) for currency, amount in row.exposure.items()},
                }
                for row in card.contracts
            ],
        },
        "documents": {
            "total": card.document_total,
            "shown": [
                {
                    "id": d.id,
                    "title": d.title or d.filename,
                    "category": d.category,
                    "verification": d.verification or None,
                }
                for d in card.documents
            ],
        },
        "facts": {
            kind: {**fact_as_json(known), "stale": kind in card.duties and card.duties[kind][0].due_on < today}
            for kind, known in card.facts.items()
        },
        "people": [contact_as_json(row) for row in (profile.people if profile else ())],
        "banks": [contact_as_json(row) for row in (profile.banks if profile else ())],
        "relations": [linked_as_json(link) for link in (profile.relations if profile else ())],
        "handlers": [{"login": person.login, "name": person.name} for person in card.handlers],
    }


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
