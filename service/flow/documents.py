"""Documents: look at them, correct what the machine read, confirm it."""

from collections.abc import Mapping

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import Session

from retention.categories import CONTRACT_CATEGORIES, CREDIT_CATEGORIES
from service.access.policy import ACTIONS, TIERS, Actor
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.guard import load_document, lock_file, reach_of, require
from service.flow.index import index_soon
from service.flow.original import demand_reason, set_original
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Department, Document, DocumentField

CATEGORIES = {**CONTRACT_CATEGORIES, **CREDIT_CATEGORIES}
MAX_VALUE = 2000


def demand_place(file: CaseFile, category: str) -> None:
    """Raise BadInput unless the category has a place in the file.

    The customer's licence and authorization are evidence in a credit file, too.
    """
    known = category in CATEGORIES
    if file.kind == "contract":
        fits = category.startswith("1.")
    else:
        fits = category.startswith("5.") or category in ("1.2", "1.3", "1.4")
    if not (known and fits):
        why = f"category {category or '(none)'} does not belong into a {file.kind} file; choose its category first"
        raise BadInput(f"category: {why}", {"category": why})


def visible(query: Select[Document], actor: Actor) -> Select[Document]:
    """Narrow a query over documents to those the actor may read: the same rule as `decide`, said in SQL."""
    if actor.owner:
        return query
    if not actor.roles & ACTIONS["document.read"]:
        return query.where(false())
    tiers = TIERS[: TIERS.index(actor.clearance) + 1]
    query = query.outerjoin(CaseFile, Document.case_file_id == CaseFile.id)
    query = query.where(Document.tier.in_(tiers), or_(CaseFile.id.is_(None), CaseFile.tier.in_(tiers)))
    if actor.roles & {"credit_administrator", "archivist"}:
        return query
    mine = Document.received_by == actor.name
    if actor.department_id is None:
        return query.where(mine)
    department = func.coalesce(CaseFile.department_id, Document.department_id)
    return query.where(or_(mine, department == actor.department_id))


def get_document(house: House, actor: Actor, document_id: str) -> Document:
    """Return a document with its fields and note the reading. Raises NotFound."""
    with house.database.write() as session:
        document = load_document(session, actor, document_id)
        _ = document.fields
        audit.append(session, actor.name, "document.view", f"document:{document_id}")
        return document


def list_documents(
    house: House,
    actor: Actor,
    *,
    status: str | None = None,
    batch: str | None = None,
    case_file_id: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Document]]:
    """Return (how many in all, one page of documents, newest first) that the actor may read."""
    require(actor, "document.read")
    query = visible(select(Document).where(Document.status != "receiving"), actor)
    if status:
        query = query.where(Document.status == status)
    if batch:
        query = query.where(Document.batch == batch)
    if case_file_id:
        query = query.where(Document.case_file_id == case_file_id)
    with house.database.read() as session:
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        rows = session.scalars(query.order_by(Document.received_at.desc(), Document.id).limit(limit).offset(offset))
        return total, list(rows)


def change(
    house: House,
    actor: Actor,
    document_id: str,
    *,
    category: str | None = None,
    tier: str | None = None,
    department_id: str | None = None,
    fields: Mapping[str, str] | None = None,
    original: bool | None = None,
    reason: str = "",
) -> None:
    """Change what is given: all of it or, when one value is refused, nothing. tier and original need a reason.

    Raises BadInput, RuleRefused, NotFound, NotAllowed.
    """
    with house.database.write() as session:
        document = load_document(session, actor, document_id)
        reach = reach_of(document)
        if category is not None or fields:
            require(actor, "document.correct", reach)
        if department_id is not None:
            require(actor, "document.file", reach)
        if category is not None:
            _set_category(session, actor, document, category)
        if tier is not None or original is not None:
            demand_reason(reason)
        if tier is not None:
            _set_tier(session, actor, document, tier, reason)
        if original is not None:
            set_original(house, session, actor, document, original, reason)
        if department_id is not None:
            _set_department(session, actor, document, department_id)
        for name, value in (fields or {}).items():
            _correct_field(session, actor, document, name, value)
    index_soon(house, [document_id])


def correct_field(house: House, actor: Actor, document_id: str, name: str, value: str) -> None:
    """Enter a value by hand in place of what was read; confirmations of the old value are void. Raises BadInput."""
    change(house, actor, document_id, fields={name: value})


def _correct_field(session: Session, actor: Actor, document: Document, name: str, value: str) -> None:
    value = value.strip()
    if not value or len(value) > MAX_VALUE:
        raise BadInput(f"{name}: 1 to {MAX_VALUE} characters", {name: f"1 to {MAX_VALUE} characters"})
    field = next((f for f in document.fields if f.name == name), None)
    if field is None:
        if not name.isidentifier() or len(name) > 40:
            raise BadInput(f"{name!r} is not the name of a field", {"name": "is not the name of a field"})
        field = DocumentField(name=name, position=len(document.fields), page=0, box=[], confidence=1.0)
        document.fields.append(field)
    field.value, field.entered_by, field.marks, field.confirmed_by = value, actor.name, [], []
    field.confidence = 1.0
    document.review_reasons = [r for r in document.review_reasons if r.rpartition(":")[2] != name]
    _settle(document)
    audit.append(session, actor.name, "document.correct", f"document:{document.id}", {"field": name})


def confirm_field(house: House, actor: Actor, document_id: str, name: str) -> None:
    """Confirm one value; two people who did not enter it make it verified (RULES A2.2). Raises BadInput, NotFound."""
    with house.database.write() as session:
        document = load_document(session, actor, document_id, "document.correct")
        field = next((f for f in document.fields if f.name == name), None)
        if field is None:
            raise NotFound(f"document {document_id} has no field {name}")
        if field.entered_by == actor.name:
            raise BadInput(f"{name}: you entered this value; two other people must confirm it (dual verification)")
        _confirm(session, actor, document, [field])


def confirm_all(house: House, actor: Actor, document_id: str) -> None:
    """Confirm every value the actor did not enter, and that a person has looked at the document."""
    with house.database.write() as session:
        document = load_document(session, actor, document_id, "document.correct")
        _confirm(session, actor, document, [f for f in document.fields if f.entered_by != actor.name])
        document.review_reasons = []
        _settle(document)
    index_soon(house, [document_id])


def _confirm(session: Session, actor: Actor, document: Document, fields: list[DocumentField]) -> None:
    for field in fields:
        if actor.name not in field.confirmed_by:
            field.confirmed_by = [*field.confirmed_by, actor.name]
    confirmed = {field.name for field in fields}
    document.review_reasons = [r for r in document.review_reasons if r.rpartition(":")[2] not in confirmed]
    _settle(document)
    detail = {"fields": sorted(confirmed)}
    audit.append(session, actor.name, "document.confirm", f"document:{document.id}", detail)


def _settle(document: Document) -> None:
    if document.status in ("stored", "needs_review"):
        document.status = "needs_review" if document.review_reasons else "stored"
    document.indexed = False


def is_verified(field: DocumentField) -> bool:
    """Return whether two different people confirmed the value, neither of whom entered it (RULES A2.2)."""
    return len(set(field.confirmed_by) - {field.entered_by}) >= 2


def set_category(house: House, actor: Actor, document_id: str, category: str) -> None:
    """Put a document into another category of RULES B1/B5. Raises BadInput, RuleRefused (its file is not open any more)."""
    change(house, actor, document_id, category=category)


def _set_category(session: Session, actor: Actor, document: Document, category: str) -> None:
    if category not in CATEGORIES:
        raise BadInput(f"category: there is no category {category}", {"category": "there is no such category"})
    file = document.case_file
    if file is not None:
        lock_file(session, file)
        if file.state != "open":
            raise RuleRefused(f"file {file.archive_number or file.title} is {file.state} and is not changed any more")
        demand_place(file, category)
    before, document.category = document.category, category
    document.review_reasons = [r for r in document.review_reasons if r not in ("unknown_kind", "low_confidence")]
    _settle(document)
    detail = {"from": before, "to": category}
    audit.append(session, actor.name, "document.categorise", f"document:{document.id}", detail)


def set_tier(house: House, actor: Actor, document_id: str, tier: str, reason: str) -> None:
    """Change the confidentiality tier; it takes effect at once, in search too. Raises BadInput, NotAllowed.

    Nobody raises a document above their own clearance; only the credit administrator and the archivist lower a tier.
    """
    change(house, actor, document_id, tier=tier, reason=reason)


def _set_tier(session: Session, actor: Actor, document: Document, tier: str, reason: str) -> None:
    if tier not in TIERS:
        raise BadInput(f"tier: one of {', '.join(TIERS)}", {"tier": f"one of {', '.join(TIERS)}"})
    require(actor, "document.tier", reach_of(document))
    if not actor.owner and TIERS.index(tier) > TIERS.index(actor.clearance):
        raise NotAllowed("document.tier: its confidentiality tier is above your clearance")
    lowered = TIERS.index(tier) < TIERS.index(document.tier)
    if lowered and not (actor.owner or actor.roles & {"credit_administrator", "archivist"}):
        raise NotAllowed("document.tier: no role of yours may do this")
    before, document.tier, document.indexed = document.tier, tier, False
    detail = {"from": before, "to": tier, "reason": reason.strip()}
    audit.append(session, actor.name, "document.tier", f"document:{document.id}", detail)


def set_department(house: House, actor: Actor, document_id: str, department_id: str) -> None:
    """Give a document that lies in no file yet to another department. Raises BadInput."""
    change(house, actor, document_id, department_id=department_id)


def _set_department(session: Session, actor: Actor, document: Document, department_id: str) -> None:
    if session.get(Department, department_id) is None:
        raise BadInput("department_id: there is no such department", {"department_id": "there is no such department"})
    if document.case_file_id:
        raise BadInput("department_id: the document lies in a file, whose department counts")
    document.department_id, document.indexed = department_id, False
    detail = {"department": department_id}
    audit.append(session, actor.name, "document.department", f"document:{document.id}", detail)
