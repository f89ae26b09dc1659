"""Process: read the pages of a received document, understand them, put them into the index.

Every step can be run twice with the same result; a document's state says which step is next. The queue only carries hints:
`sweep` finds what a killed worker left.
"""

import io
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from intake.codec import text_of, to_json
from intake.errors import Rejected
from intake.inspect import inspect
from intake.model import PageText, ReadPage, Understanding
from intake.pipeline import read
from intake.understand import understand
from service.errors import ServiceError
from service.flow import claims
from service.flow.index import index_document
from service.flow.originals import original_on_disk
from service.flow.receive import discard, record_sealed
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import Document, DocumentField, Rendition, WrappedKey, new_id
from vault.model import FileKey

Progress = Callable[[int, int], None]
UNREAD = ("received", "reading")
READ = ("stored", "needs_review", "failed")
MAX_ATTEMPTS = 3


def process(house: House, document_id: str, progress: Progress | None = None) -> None:
    """Bring a document as far as it can go: searchable. Does nothing when another process is at it or it is done.

    progress is called with (pages read, pages in all). Raises StoreUnavailable, IndexUnavailable, DatabaseUnavailable:
    the document keeps its state and is taken up again.
    """
    if _claim(house, document_id):
        _read(house, document_id, progress)
    with house.database.read() as session:
        document = session.get(Document, document_id)
        waiting = document is not None and document.status in READ and not document.indexed
    if waiting:
        index_document(house, document_id)


def sweep(house: House, *, index: bool = True) -> list[str]:
    """Tidy what killed processes left, and return the ids of the documents that still wait for a step."""
    now = house.clock.now()
    with house.database.write() as session:
        for document in session.scalars(select(Document).where(Document.status == "receiving")):
            if not claims.is_held(document, now):
                discard(house, session, document)
    with house.database.read() as session:
        wanted: list[ColumnElement[bool]] = [Document.status.in_(UNREAD)]
        if index:
            wanted.append(Document.status.in_(READ) & Document.indexed.is_(False))
        found = session.scalars(select(Document).where(or_(*wanted)).order_by(Document.received_at))
        return [document.id for document in found if not claims.is_held(document, now)]


def _claim(house: House, document_id: str) -> bool:
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is None or document.status not in UNREAD or claims.is_held(document, house.clock.now()):
            return False
        if document.attempts >= MAX_ATTEMPTS:
            # It brought its worker down every time: kept and listed for a person, not tried for ever.
            document.status, document.error = "failed", f"reading stopped {document.attempts} times without a result"
            document.review_reasons = ["reading_failed"]
            claims.release(document)
            audit.append(session, SYSTEM.name, "document.fail", f"document:{document_id}", {"error": document.error})
            return False
        document.attempts += 1
        document.status, document.pages_read = "reading", 0
        claims.take(document, house.clock.now())
        _drop_derived(house, session, document_id)
        return True


def _drop_derived(house: House, session: Session, document_id: str) -> None:
    """Remove what an earlier, broken-off reading left."""
    derived = select(Rendition).where(Rendition.document_id == document_id, Rendition.kind != "original")
    for rendition in session.scalars(derived):
        house.vault.delete(UUID(rendition.id))
        session.delete(rendition)


def _read(house: House, document_id: str, progress: Progress | None) -> None:
    with house.database.read() as session:
        key_row = session.get_one(WrappedKey, document_id)
        total = session.get_one(Document, document_id).pages
        key = house.keys.unwrap(UUID(document_id), key_row.wrapped)
    pages: list[PageText] = []
    try:
        with original_on_disk(house, document_id) as path:
            inspection = inspect(path, house.limits)
            for read_page in read(path, inspection, house.engine, house.limits):
                _keep_page(house, document_id, key, read_page)
                pages.append(read_page.page)
                if progress:
                    progress(len(pages), total)
        understanding = understand(pages, house.settings.our_companies)
    except Rejected as error:
        # It passed inspection at the door, yet a page of it cannot be rendered: the original stays, a person must look.
        _finish_failed(house, document_id, str(error))
        return
    _seal(house, document_id, key, [("text", 0, "text/plain; charset=utf-8", text_of(pages).encode())])
    _finish(house, document_id, understanding)


def _keep_page(house: House, document_id: str, key: FileKey, page: ReadPage) -> None:
    number = page.page.number
    _seal(
        house,
        document_id,
        key,
        [
            ("page-image", number, page.image_media_type, page.image),
            ("page-text", number, "application/json", to_json(page.page)),
        ],
    )


def _seal(house: House, document_id: str, key: FileKey, parts: Sequence[tuple[str, int, str, bytes]]) -> None:
    """Seal renditions: the intent is in the database before the bytes are in the store, so nothing is ever ownerless."""
    ids = [new_id() for _ in parts]
    with house.database.write() as session:
        for rendition_id, (kind, page, media_type, _) in zip(ids, parts, strict=True):
            session.add(
                Rendition(id=rendition_id, document_id=document_id, kind=kind, page=page, media_type=media_type)
            )
    sealed = [
        house.vault.put(UUID(rendition_id), key, io.BytesIO(data))
        for rendition_id, (_, _, _, data) in zip(ids, parts, strict=True)
    ]
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.pages_read = max(document.pages_read, *(page for _, page, _, _ in parts))
        claims.take(document, house.clock.now())
        for rendition_id, done in zip(ids, sealed, strict=True):
            record_sealed(session, rendition_id, done)


def _finish(house: House, document_id: str, found: Understanding) -> None:
    with house.database.write() as session:
        document = session.get(Document, document_id)
        if document is None or document.status != "reading":
            raise ServiceError(f"document {document_id} left the state of being read while it was read")
        document.category, document.kind = found.category, found.kind
        document.title = found.title[:300]
        document.confidence = found.confidence
        document.review_reasons = list(found.needs_review)
        document.status = "needs_review" if found.needs_review else "stored"
        document.indexed, document.error, document.attempts = False, "", 0
        document.fields = [
            DocumentField(
                name=name,
                position=position,
                value=field.value,
                page=field.page,
                box=list(field.box),
                confidence=field.confidence,
                marks=list(field.marks),
            )
            for position, (name, field) in enumerate(found.fields.items())
        ]
        claims.release(document)
        audit.append(
            session,
            SYSTEM.name,
            "document.read",
            f"document:{document_id}",
            {"category": found.category, "confidence": round(found.confidence, 4), "fields": sorted(found.fields)},
        )


def _finish_failed(house: House, document_id: str, why: str) -> None:
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.error, document.indexed = "failed", why, False
        document.review_reasons = ["reading_failed"]
        claims.release(document)
        audit.append(session, SYSTEM.name, "document.fail", f"document:{document_id}", {"error": why})


def process_waiting(house: House) -> list[str]:
    """Process everything that waits; returns the ids done. Stops at the first service that is down."""
    done = []
    for document_id in sweep(house):
        process(house, document_id)
        done.append(document_id)
    return done
