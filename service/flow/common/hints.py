"""Hints: what a separator sheet said about the document behind it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import RuleRefused
from service.house import House
from service.records.tables import Batch, BatchPart, CreditForm, Document

_UNSURE = ("unknown_kind", "low_confidence")


def hint_of(session: Session, document_id: str) -> BatchPart | None:
    """Return the part of a batch that a document is, with what its separator said; None for other documents."""
    query = select(BatchPart).where(BatchPart.document_id == document_id, BatchPart.wanted.is_(False))
    return (
        session.scalars(query.order_by(BatchPart.duplicate).limit(1)).first()
        or session.scalars(
            select(BatchPart).where(BatchPart.document_id == document_id).order_by(BatchPart.duplicate).limit(1)
        ).first()
    )


def said_before(house: House, document_id: str) -> dict[str, str]:
    """Return what the separator sheet before a document said: contract, customer and category, as far as it did."""
    with house.database.read() as session:
        part = hint_of(session, document_id)
    if part is None:
        return {}
    said = {"contract": part.contract_number, "customer": part.customer_number, "category": part.category}
    return {name: value for name, value in said.items() if value}


def apply_hint(session: Session, document: Document, category: str | None = None) -> None:
    """Let the category of a separator sheet count before what the machine took the document for.

    Does nothing before the document was read: the reading asks again. Where both differ a person looks. What people decided stays.
    """
    if document.category_stands:
        return
    if category is None:
        part = hint_of(session, document.id)
        category = part.category if part is not None and not part.duplicate else ""
        if part is None and document.channel == "form":  # made here: what it is needs no guessing
            form = select(CreditForm.category).where(CreditForm.document_id == document.id)
            category = session.scalar(form.limit(1)) or ""
    if not category or document.status not in ("stored", "needs_review") or document.category == category:
        return
    reasons = [reason for reason in document.review_reasons if reason not in _UNSURE]
    if document.category and "separator_differs" not in reasons:
        reasons.append("separator_differs")
    document.category, document.review_reasons, document.indexed = category, reasons, False
    document.status = "needs_review" if reasons else "stored"


def demand_released(session: Session, document: Document) -> None:
    """Raise RuleRefused while the document's batch is not released: its pages may still change. Other documents pass."""
    batch = session.get(Batch, document.batch) if document.batch else None
    if batch is not None and batch.state == "open":
        raise RuleRefused(f"batch {batch.name} is not released yet; its documents are filed after the release")
