"""What people said of read values, as data to measure and improve reading with: a line of JSON a document, `tools/replay_extraction.py` reads it.

It holds what is printed on pages, so only the owner of the machine takes it out, and the trail says so.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select

from intake.codec import to_json
from intake.verification import MACHINE
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import NotAllowed
from service.flow.common.index import load_pages
from service.flow.intake.extraction_categories import read_as
from service.house import House
from service.records import audit
from service.records.tables import Document, DocumentField


def export(house: House, actor: Actor, since: date | None = None, *, pages: bool = False) -> Iterator[dict[str, Any]]:
    """Yield every living document of whose values or category people have said something, received since a day (in China), the oldest first.

    pages: with the words of its pages and their places. Raises NotAllowed for anyone but the machine's owner; ObjectDamaged.
    """
    if not actor.owner:
        raise NotAllowed("what people corrected is exported on the machine itself: juanzong extraction export")
    with house.database.read() as session:
        query = select(Document.id).where(Document.status.in_(("stored", "needs_review")))
        if since is not None:
            query = query.where(Document.received_at >= datetime.combine(since, time(), CHINA))
        ids = list(session.scalars(query.order_by(Document.received_at, Document.id)))
    documents = values = 0
    for document_id in ids:
        line = _line(house, document_id, pages=pages)
        if line is not None:
            documents, values = documents + 1, values + len(line["fields"])
            yield line
    detail = {
        "since": since.isoformat() if since else "",
        "documents": documents,
        "values": values,
        "pages": pages,
    }
    with house.database.write() as session:
        audit.append(session, actor.name, "extraction.export", "extraction", detail)


def _line(house: House, document_id: str, *, pages: bool) -> dict[str, Any] | None:
    with house.database.read() as session:
        document = session.get(Document, document_id)
        if document is None or document.status not in ("stored", "needs_review"):
            return None  # destroyed since it was listed
        said = {f.name: _said(f) for f in document.fields if outcome(f)}
        read_category = read_as(session, document_id)
        if not said and document.category in ("", read_category):
            return None
        texts = [json.loads(to_json(page)) for page in load_pages(house, session, document_id)] if pages else []
    line = {"document_id": document.id, "sha256": document.sha256, "category": document.category, "kind": document.kind}
    return line | {"read_category": read_category, "fields": said} | ({"pages": texts} if pages else {})


def outcome(field: DocumentField) -> str:
    """Return what people said of a value: confirmed, corrected, added, not_here; "" while nobody has, or where they differ."""
    if field.rival or (field.entered_by == MACHINE and not field.confirmed_by):
        return ""
    if not field.read_value:
        return "added" if field.value else ""
    if not field.value:
        return "not_here"
    return "confirmed" if field.value == field.read_value else "corrected"


def _said(field: DocumentField) -> dict[str, Any]:
    return {
        "outcome": outcome(field),
        "value": field.value,
        "page": field.page,
        "box": field.box,
        "read_value": field.read_value,
        "read_confidence": round(field.read_confidence, 4),
        "engine": field.engine,
        "people": len({field.entered_by, *field.confirmed_by} - {MACHINE}),
    }
