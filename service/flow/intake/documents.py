"""Documents: look at them, correct what the machine read, confirm it."""

import contextlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.verification import reasons_left
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.common import values
from service.flow.common.checks import Sheets
from service.flow.common.guard import allowed, listing, load_document, lock_file, reach_of, require
from service.flow.common.heritage import pass_on, raise_attached
from service.flow.common.index import index_soon
from service.flow.common.original import demand_reason, set_original
from service.flow.common.sight import visible
from service.flow.common.tiers import demand_tier
from service.flow.credit.fact_documents import follow
from service.flow.intake.categories import put_category, reread, sheets_of
from service.flow.intake.typed_values import said_of
from service.flow.intake.views import document_as_json
from service.house import House
from service.records import audit
from service.records.tables import AuditEntry, Department, Document
from vault.errors import StoreUnavailable

#: What the trail calls an act that may change a value.
_CHANGES = tuple(f"document.{act}" for act in ("read", "categorise", "correct", "dispute", "decide", "undo", "carry"))


def get_document(house: House, actor: Actor, document_id: str) -> Document:
    """Return a document with its fields and note the reading. Raises NotFound."""
    with house.database.write() as session:
        document = load_document(session, actor, document_id)
        _ = document.fields
        audit.append(session, actor.name, "document.view", f"document:{document_id}")
        return document


def sheets_before(house: House, actor: Actor, document_id: str) -> Sheets:
    """Return the pages on which a document's values stand. Raises NotFound, StoreUnavailable."""
    with house.database.read() as session:
        return sheets_of(house, session, load_document(session, actor, document_id))


def sheets_at_hand(house: House, actor: Actor, document_id: str) -> Sheets:
    """Return what `sheets_before` returns; no pages while the store is down. Raises NotFound."""
    with contextlib.suppress(StoreUnavailable):
        return sheets_before(house, actor, document_id)
    return Sheets()


def told(house: House, actor: Actor, document_id: str) -> dict[str, Any]:
    """Return a document as JSON values, with what its pages say of its values, and note the reading. Raises NotFound."""
    document = get_document(house, actor, document_id)
    return document_as_json(document, sheets_at_hand(house, actor, document_id))


def letters_of(house: House, documents: Iterable[Document]) -> dict[str, tuple[str, str]]:
    """Return by document sender and subject of the letter that brought it, as the trail keeps them; what came otherwise is left out."""
    arrived = _arrivals(house, (document for document in documents if document.channel == "mail"))
    return {id_: (str(told.get("mail_from", "")), str(told.get("mail_subject", ""))) for id_, told in arrived.items()}


def scan_of(house: House, document: Document) -> dict[str, Any]:
    """Return the manifest of the scan that a document is (`How.told`), as the trail keeps it; empty for what came otherwise."""
    arrived = _arrivals(house, [document] if document.channel == "scanner" else [])
    scan: dict[str, Any] = arrived.get(document.id, {}).get("scan", {})
    return scan


def _arrivals(house: House, documents: Iterable[Document]) -> dict[str, dict[str, Any]]:
    """Return by document what the trail keeps of its arrival."""
    subjects = {f"document:{document.id}": document.id for document in documents}
    query = select(AuditEntry.subject, AuditEntry.detail).where(
        AuditEntry.subject.in_(list(subjects)), AuditEntry.action == "document.receive"
    )
    if not subjects:
        return {}
    with house.database.read() as session:
        entries = session.execute(query.order_by(AuditEntry.seq.desc()))
        return {subjects[subject]: json.loads(detail) for subject, detail in entries}


def can_read(house: House, actor: Actor, document_id: str) -> bool:
    """Return whether a document is there for the actor: for showing or hiding a way to it, so no reading is noted."""
    with house.database.read() as session:
        document = session.get(Document, document_id)
        return document is not None and allowed(actor, "document.read", reach_of(document))


def list_documents(
    house: House,
    actor: Actor,
    *,
    status: str | None = None,
    batch: str | None = None,
    case_file_id: str | None = None,
    limit: int = 50,
    offset: int = 0,
    noted: bool = True,
) -> tuple[int, list[Document]]:
    """Return (how many in all, one page of documents, newest first) that the actor may read.

    noted: False for a script that asks again and again how far the documents are of a page that was noted.
    """
    require(actor, "document.read")
    query = visible(select(Document).where(Document.status != "receiving"), actor)
    if status:
        query = query.where(Document.status == status)
    if batch:
        query = query.where(Document.batch == batch)
    if case_file_id:
        query = query.where(Document.case_file_id == case_file_id)
    with listing(house, actor, "document") if noted else house.database.read() as session:
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
    as_printed: Collection[str] = (),
    seen: Mapping[str, str] | None = None,
    leaf: int = 0,
) -> None:
    """Change what is given: all of it or, when one value is refused, nothing. tier and original need a reason.

    seen: the value that was shown of a field. as_printed: fields printed so on the paper, though a check digit fails or the capitals
    differ. leaf: the page that was open, 0 for none, where the values are looked for first. Raises BadInput, RuleRefused, NotFound, NotAllowed.
    """
    reading = reread(house, actor, document_id, category) if category is not None else None
    pages = said_of(house, actor, document_id, fields or {}, leaf)
    with house.database.write() as session:
        document = lock_document(session, actor, document_id)
        reach = reach_of(document)
        if category is not None or fields:
            require(actor, "document.correct", reach)
        if department_id is not None:
            require(actor, "document.file", reach)
        if category is not None:
            put_category(session, actor, document, category, reading)
        if tier is not None or original is not None:
            demand_reason(reason)
        attached = _set_tier(session, actor, document, tier, reason) if tier is not None else []
        if original is not None:
            set_original(house, session, actor, document, original, reason)
        if department_id is not None:
            _set_department(session, actor, document, department_id)
        if fields:
            values.demand_open(document)
        for name, text in (fields or {}).items():
            was = (seen or {}).get(name)
            entry = values.Entry(name, text, was, as_printed=name in as_printed, capitals=pages.capitals)
            entry = replace(entry, spots=pages.spots.get(name), leaf=leaf)
            values.enter(session, actor, document, entry, house.clock.now())
        values.settle(document)
        made_of_it = pass_on(session, document) if (tier, original, department_id) != (None, None, None) else []
    index_soon(house, [document_id, *made_of_it, *attached])
    follow(house, [document_id])


def lock_document(session: Session, actor: Actor, document_id: str, action: str = "document.read") -> Document:
    """Return a document the actor may act on, locked until the commit, its values as whoever had the lock left them.

    Raises NotFound, NotAllowed.
    """
    document = load_document(session, actor, document_id, action)
    if document.case_file is not None:
        lock_file(session, document.case_file)  # the file before its documents, here as everywhere
    session.refresh(document, with_for_update={"of": Document})
    return document


def correct_field(
    house: House,
    actor: Actor,
    document_id: str,
    name: str,
    value: str,
    *,
    seen: str | None = None,
    as_printed: bool = False,
    leaf: int = 0,
) -> None:
    """Enter a value by hand; against another person's word it is a disagreement for a third to decide. Raises BadInput.

    seen: the value that was shown. as_printed: it is printed so, though its check digit fails or the capitals differ. leaf: the page
    that was open, 0 for none.
    """
    printed, shown = [name] if as_printed else [], {} if seen is None else {name: seen}
    change(house, actor, document_id, fields={name: value}, as_printed=printed, seen=shown, leaf=leaf)


def confirm_field(house: House, actor: Actor, document_id: str, name: str, seen: str | None = None) -> None:
    """Confirm one value; two people who did not enter it make it verified (RULES A2.2). Raises BadInput, NotFound.

    seen: the value that was shown.
    """
    confirm(house, actor, document_id, {name: seen})


def confirm(
    house: House, actor: Actor, document_id: str, seen: Mapping[str, str | None], dismissed: Collection[str] = ()
) -> None:
    """Confirm the values named, all or none. seen: the value that was looked at, None when that is not said.

    dismissed: the reasons of its pages that are settled. Raises BadInput, NotFound, RuleRefused.
    """
    with house.database.write() as session:
        document = lock_document(session, actor, document_id, "document.correct")
        values.demand_open(document)
        values.confirm(session, actor, document, seen)
        values.dismiss(session, actor, document, dismissed, finish=False)
        values.settle(document)
    index_soon(house, [document_id])
    follow(house, [document_id])


def last_seen(house: House, actor: Actor, document_id: str) -> dict[str, str]:
    """Return the values of a document by field, which are those that the actor, who may confirm them, saw last. Raises NotFound, NotAllowed.

    RuleRefused: somebody else has changed one since, or the actor never looked; nobody speaks about a value they have not seen.
    """
    with house.database.read() as session:
        document = load_document(session, actor, document_id, "document.correct")
        of_it = select(func.coalesce(func.max(AuditEntry.seq), 0)).where(
            AuditEntry.subject == f"document:{document_id}"
        )
        mine = AuditEntry.actor == actor.name
        looked = session.scalar(of_it.where(mine, AuditEntry.action == "document.view"))
        changed = session.scalar(of_it.where(~mine, AuditEntry.action.in_(_CHANGES)))
        if (looked or 0) < (changed or 1):
            raise RuleRefused(
                "these values changed since you looked at them: get the document again, or say what you saw"
            )
        return {field.name: field.value for field in document.fields}


def confirm_all(
    house: House,
    actor: Actor,
    document_id: str,
    dismissed: Collection[str] = (),
    seen: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Confirm every value the actor may confirm, and that a person has looked at the document.

    seen: the values that were shown, by field; no other is confirmed. dismissed: the reasons of its pages that are settled, too; the
    others stay. Returns the fields left unconfirmed with what speaks against each (`checks.AGAINST`), or that it was not shown
    (`values.UNSEEN`); reasons about values stay then. Raises BadInput, NotFound, RuleRefused, StoreUnavailable.
    """
    sheets = sheets_before(house, actor, document_id)
    with house.database.write() as session:
        document = lock_document(session, actor, document_id, "document.correct")
        values.demand_open(document)
        left = values.held_back(document, actor.name, sheets, seen)
        plain = [name for name in values.confirmable(document, actor.name) if name not in left]
        shown = dict.fromkeys(plain) if seen is None else {name: seen[name] for name in plain}
        values.confirm(session, actor, document, shown)
        values.dismiss(session, actor, document, dismissed, finish=not left)
        values.settle(document)
    index_soon(house, [document_id])
    follow(house, [document_id])
    return left


def set_category(house: House, actor: Actor, document_id: str, category: str) -> None:
    """Put a document into another category of RULES B1/B5. Raises BadInput, RuleRefused (its file is not open any more)."""
    change(house, actor, document_id, category=category)


def set_tier(house: House, actor: Actor, document_id: str, tier: str, reason: str) -> None:
    """Change the confidentiality tier; it takes effect at once, in search too. Raises BadInput, NotAllowed.

    What came attached to a message is raised with it. Nobody raises a document above their own clearance; only the credit administrator and the archivist lower a tier.
    """
    change(house, actor, document_id, tier=tier, reason=reason)


def _set_tier(session: Session, actor: Actor, document: Document, tier: str, reason: str) -> list[str]:
    """As `set_tier`, in the caller's transaction; returns the documents that were raised with it."""
    demand_tier(actor, "document.tier", reach_of(document), document.tier, tier)
    before, document.tier, document.indexed = document.tier, tier, False
    attached = raise_attached(session, actor.name, document)
    detail = {"from": before, "to": tier, "reason": reason.strip()}
    audit.append(session, actor.name, "document.tier", f"document:{document.id}", detail)
    return attached


def set_department(house: House, actor: Actor, document_id: str, department_id: str) -> None:
    """Give a document that lies in no file yet to another department. Raises BadInput."""
    change(house, actor, document_id, department_id=department_id)


def _set_department(session: Session, actor: Actor, document: Document, department_id: str) -> None:
    if session.get(Department, department_id) is None:
        raise BadInput("department_id: there is no such department", {"department_id": "there is no such department"})
    if document.case_file_id:
        raise BadInput("department_id: the document lies in a file, whose department counts")
    document.department_id, document.indexed = department_id, False
    document.review_reasons = reasons_left(document.review_reasons, ["department"])
    detail = {"department": department_id}
    audit.append(session, actor.name, "document.department", f"document:{document.id}", detail)
