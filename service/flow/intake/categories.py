"""Categories: what a document may be, where it belongs, and what its kept pages say once a person has named its category."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from intake.codec import from_json
from intake.model import PageText, Understanding
from retention.categories import CONTRACT_CATEGORIES, CREDIT_CATEGORIES
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.common import values
from service.flow.common.checks import Sheets
from service.flow.common.guard import load_document, lock_file
from service.flow.common.index import each_page
from service.flow.common.kept import read_kept
from service.flow.intake.heap import telling
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Document, NotApplicableMark, Rendition, WrappedKey
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing, StoreUnavailable

CATEGORIES = {**CONTRACT_CATEGORIES, **CREDIT_CATEGORIES}
_NO_PAGES = (NoResultFound, ObjectDamaged, ObjectMissing)


@dataclass(frozen=True)
class Reading:
    """What a document says as one of another category, and the pages it was read from."""

    found: Understanding
    pages: tuple[PageText, ...]


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


def is_closed(document: Document) -> bool:
    """Return whether the document lies in a file that is not changed any more."""
    return document.case_file is not None and document.case_file.state != "open"


def demand_open_file(document: Document) -> None:
    """Raise RuleRefused when the document lies in a file that is not changed any more."""
    file = document.case_file
    if file is not None and is_closed(document):
        raise RuleRefused(f"file {file.archive_number or file.title} is {file.state} and is not changed any more")


def withdraw_mark(session: Session, actor: Actor, file: CaseFile, category: str, document_id: str) -> None:
    """Take back that a category does not apply to a file, where that was said: a document of it has come."""
    mark = session.get(NotApplicableMark, (file.id, category))
    if mark is not None:
        session.delete(mark)
        detail = {"category": category, "reason": "", "document": document_id}
        audit.append(session, actor.name, "file.not_applicable", f"file:{file.id}", detail)


def sheets_of(house: House, session: Session, document: Document, more: Iterable[int] = ()) -> Sheets:
    """Return the pages on which values of a document stand, and `more`. None where no page is kept, or one is damaged.

    Raises StoreUnavailable.
    """
    wanted = {field.page for field in document.fields if field.page} | set(more)
    with contextlib.suppress(*_NO_PAGES):
        return Sheets.of(each_page(house, session, document.id, wanted))
    return Sheets()


def with_sheets(house: House, documents: Sequence[Document]) -> Iterator[tuple[Document, Sheets]]:
    """Yield each document with the pages on which its values stand, those of one document in memory at a time.

    The database is asked once for all of them. Pages that cannot be read are left out; all further ones, once the store is down.
    """
    wanted = {(document.id, field.page) for document in documents for field in document.fields if field.page}
    places: dict[str, list[tuple[Rendition, bytes]]] = {}
    if wanted:
        query = (
            select(Rendition, WrappedKey.wrapped)
            .join(WrappedKey, WrappedKey.document_id == Rendition.document_id)
            .where(
                Rendition.document_id.in_({document_id for document_id, _page in wanted}),
                Rendition.page.in_({page for _document_id, page in wanted}),
                Rendition.kind == "page-text",
                Rendition.state == "kept",
            )
        )
        with house.database.read() as session:
            for row, wrapped in session.execute(query):
                if (row.document_id, row.page) in wanted:
                    places.setdefault(row.document_id, []).append((row, wrapped))
    for document in documents:
        sheets, kept = Sheets(), places.get(document.id, [])
        try:
            key = house.keys.unwrap(UUID(document.id), kept[0][1]) if kept else None
            sheets = Sheets.of(from_json(read_kept(house, row, key)) for row, _wrapped in kept if key)
        except StoreUnavailable:
            places.clear()
        except (ObjectDamaged, ObjectMissing, KeyUnusable):
            pass
        yield document, sheets


def reread(house: House, actor: Actor, document_id: str, category: str) -> Reading | None:
    """Return what the kept pages say when the document is one of `category`; None where no pages are kept, or they are not understood.

    Raises NotFound, StoreUnavailable, EngineUnavailable.
    """
    with house.database.read() as session:
        document = load_document(session, actor, document_id)
        if category == document.category or category not in CATEGORIES:
            return None
        try:
            pages = telling(each_page(house, session, document_id))
        except _NO_PAGES:
            return None
    if not pages:
        return None
    found = house.reader.understand(pages, (), house.own_forms, category)
    return None if found.kind == "unknown" else Reading(found, tuple(pages))  # the values that are there stay


def put_category(
    session: Session, actor: Actor, document: Document, category: str, reading: Reading | None = None
) -> None:
    """Put a locked document into a category and, where its pages were read anew for it, the values of that kind."""
    if category not in CATEGORIES:
        raise BadInput(f"category: there is no category {category}", {"category": "there is no such category"})
    file = document.case_file
    if file is not None:
        lock_file(session, file)
        demand_open_file(document)
        demand_place(file, category)
        withdraw_mark(session, actor, file, category, document.id)
    before, document.category, document.categorised_by = document.category, category, actor.name
    if reading is not None and document.status in values.OPEN:
        values.take_reading(document, reading.found, reading.pages)
    gone = ("unknown_kind", "low_confidence", "low_confidence:kind", "look_again:kind")
    document.review_reasons = [r for r in document.review_reasons if r not in gone]
    values.settle(document)
    detail = {"from": before, "to": category}
    audit.append(session, actor.name, "document.categorise", f"document:{document.id}", detail)
