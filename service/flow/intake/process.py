"""Process: read the pages of a received document, understand them, put them into the index.

Every step can be run twice with the same result; a document's state says which step is next. The queue only carries hints:
`sweep` finds what a killed worker left.
"""

import contextlib
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from intake.codec import to_json
from intake.errors import EngineUnavailable, Rejected
from intake.formats import recording
from intake.formats.signatures import RECORDINGS
from intake.inspect import inspect
from intake.model import PageText, ReadPage, Understanding
from intake.understand import understand
from search.sketch import Sketch
from service.access.policy import Actor
from service.errors import DatabaseUnavailable, NoSpace, RuleRefused
from service.flow.common import claims, values
from service.flow.common.guard import load_document
from service.flow.common.hints import apply_hint
from service.flow.common.index import index_document
from service.flow.common.locks import let_go
from service.flow.common.room import room
from service.flow.credit.fact_documents import follow
from service.flow.intake.attached import receive_attached
from service.flow.intake.carry import LOOK_AGAIN
from service.flow.intake.heap import Heap
from service.flow.intake.made import CHANNEL
from service.flow.intake.originals import original_on_disk
from service.flow.intake.page_quality import plain
from service.flow.intake.receive import discard, record_sealed
from service.flow.intake.stacks import resume as resume_stacks
from service.flow.search import sketches
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CopyTrouble, Document, Rendition, WrappedKey, new_id
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing, StoreUnavailable
from vault.model import FileKey

Progress = Callable[[int, int], None]
UNREAD = ("received", "reading")
READ = ("stored", "needs_review", "failed")
MAX_ATTEMPTS = 3
# What passes by itself: the document waits for the service and loses no attempt.
PASSING = (StoreUnavailable, DatabaseUnavailable, EngineUnavailable, NoSpace)
log = logging.getLogger("juanzong.process")


def process(house: House, document_id: str, progress: Progress | None = None) -> None:
    """Bring a document as far as it can go: searchable. Does nothing when another process is at it or it is done.

    progress is called with (pages read, pages in all). Raises StoreUnavailable, IndexUnavailable, DatabaseUnavailable, NoSpace:
    the document keeps its state and is taken up again.
    """
    if _claim(house, document_id):
        try:
            with room():
                _drop_derived(house, document_id)
                _read(house, document_id, progress)
        except PASSING:
            _give_back(house, document_id)
            raise
    with house.database.read() as session:
        document = session.get(Document, document_id)
        waiting = document is not None and document.status in READ and not document.indexed
    if waiting:
        index_document(house, document_id)
        follow(house, [document_id])  # it may have been put into a customer's file before it was read


def sweep(house: House, *, index: bool = True) -> list[str]:
    """Tidy what killed processes left, and return the ids of the documents that still wait for a step."""
    now = house.clock.now()
    with house.database.read() as session:
        begun = list(session.scalars(select(Document).where(Document.status == "receiving")))
    for document in begun:
        if not claims.is_held(document, now):
            discard(house, document.id)
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
        return True


def _give_back(house: House, document_id: str) -> None:
    """A passing cause is no failed attempt: the document waits as before; when the database is down, it counts and is tried all the same."""
    claims.give_up(document_id)
    with contextlib.suppress(DatabaseUnavailable), house.database.write() as session:
        document = session.get(Document, document_id)
        if document is not None and document.status == "reading" and document.claimed_by == claims.me():
            document.attempts -= 1
            document.status = "received"
            claims.release(document)


def _drop_derived(house: House, document_id: str) -> None:
    """Remove what an earlier, broken-off reading left: first the objects, then the rows that lead to them."""
    derived = select(Rendition.id).where(Rendition.document_id == document_id, Rendition.kind != "original")
    with house.database.read() as session:
        names = list(session.scalars(derived))
    let_go(house, names)  # they are made anew of the original, which stays held
    for name in names:
        house.vault.delete(UUID(name))
    with house.database.write() as session:
        session.execute(delete(Rendition).where(Rendition.id.in_(names)))
        sketches.forget(session, [document_id])


def _read(house: House, document_id: str, progress: Progress | None) -> None:
    with house.database.read() as session:
        key_row = session.get_one(WrappedKey, document_id)
        document = session.get_one(Document, document_id)
        total, filename = document.pages, document.filename
        key = house.keys.unwrap(UUID(document_id), key_row.wrapped)
    heap, extra = Heap(), list[str]()
    try:
        with original_on_disk(house, document_id) as path:
            inspection = inspect(path, house.limits, house.reader.look)
            for read_page in house.reader.read(path, inspection, house.limits):
                _keep_page(house, document_id, key, read_page)
                heap.add(read_page)
                if progress:
                    progress(read_page.page.number, total)
            if inspection.kind == "eml":
                extra = receive_attached(house, document_id, path)
        heap.require_a_picture()
        if inspection.kind in RECORDINGS:
            understanding = recording.understood(filename)
        else:
            understanding = understand(heap.telling, house.settings.our_companies, house.own_forms)
        reasons = (*understanding.needs_review, *heap.reasons, *extra)
        understanding = replace(understanding, needs_review=reasons)
        _seal(house, document_id, key, [("text", 0, "text/plain; charset=utf-8", heap.text.encode(errors="replace"))])
        looks = sketches.sketch_of(house, heap.texts)
    except Rejected as error:
        # It passed inspection at the door, yet a page of it cannot be rendered: the original stays, a person must look.
        _finish_failed(house, document_id, str(error))
    except (ObjectDamaged, ObjectMissing) as error:
        _finish_failed(house, document_id, f"the original cannot be read from the store: {error}")
    except _Superseded:
        return
    else:
        _finish(house, document_id, understanding, heap.telling, (looks, heap.sealed_pages))


class _Superseded(Exception):
    """The document left the state of being read while it was read: it was destroyed, or another process took it over."""


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
        plain(page),
    )


def _seal(
    house: House,
    document_id: str,
    key: FileKey,
    parts: Sequence[tuple[str, int, str, bytes]],
    quality: dict[str, Any] | None = None,
) -> None:
    """Seal renditions; quality: of the page whose image is among them. The intent is in the database before the bytes are in the store, so nothing is ever ownerless."""
    ids = [new_id() for _ in parts]
    with house.database.write() as session:
        _still_reading(session, document_id)
        for rendition_id, (kind, page, media_type, _) in zip(ids, parts, strict=True):
            row = Rendition(id=rendition_id, document_id=document_id, kind=kind, page=page, media_type=media_type)
            row.quality = quality if kind == "page-image" else None
            session.add(row)
    sealed = [
        house.vault.put(UUID(rendition_id), key, io.BytesIO(data))
        for rendition_id, (_, _, _, data) in zip(ids, parts, strict=True)
    ]
    try:
        with house.database.write() as session:
            document = _still_reading(session, document_id)
            document.pages_read = max(document.pages_read, *(page for _, page, _, _ in parts), 0)
            claims.take(document, house.clock.now())
            for rendition_id, done in zip(ids, sealed, strict=True):
                record_sealed(session, rendition_id, done)
    except _Superseded:
        for rendition_id in ids:
            house.vault.delete(UUID(rendition_id))
        raise


def _still_reading(session: Session, document_id: str) -> Document:
    document = session.get(Document, document_id, with_for_update={"of": Document})
    if document is None or document.status != "reading" or document.claimed_by != claims.me():
        raise _Superseded
    return document


def _finish(
    house: House, document_id: str, found: Understanding, pages: Sequence[PageText], looks: tuple[Sketch, list[int]]
) -> None:
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is None or document.status != "reading":
            return  # destroyed, or taken over by another process, since its last page
        document.error, document.attempts = "", 0
        document.preservation = "waiting"
        session.execute(delete(CopyTrouble).where(CopyTrouble.document_id == document_id))
        # What people typed while the reading had failed stays.
        document.status = "stored"
        if document.channel != CHANNEL:  # what the archive itself made is what its maker said it is
            document.category, document.title = found.category, found.title[:300]
            document.confidence = found.confidence
            values.take_reading(document, found, pages)
        values.settle(document)
        sketches.keep(session, document_id, sketches.made_with(house), *looks)
        apply_hint(session, document)
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
        document = session.get(Document, document_id)
        if document is None or document.status != "reading":
            return
        document.status, document.error, document.indexed = "failed", why, False
        again = [reason for reason in document.review_reasons if reason.startswith(LOOK_AGAIN)]
        document.review_reasons = ["reading_failed", *again]
        claims.release(document)
        audit.append(session, SYSTEM.name, "document.fail", f"document:{document_id}", {"error": why})


def _is_worth_another_reading(document: Document) -> bool:
    """Whether a page could not be read, and nobody has typed yet what it says: that would be lost."""
    unread = any(reason.startswith("unread:") for reason in document.review_reasons)
    return unread and all(field.entered_by == "ocr" for field in document.fields)


def read_again(house: House, actor: Actor, document_id: str) -> None:
    """Let a document whose reading failed be read once more. Raises NotFound, NotAllowed, RuleRefused."""
    with house.database.write() as session:
        document = load_document(session, actor, document_id, "document.correct")
        if document.status != "failed" and not _is_worth_another_reading(document):
            raise RuleRefused("only a document whose reading failed is read again")
        document.status, document.attempts, document.error = "received", 0, ""
        document.review_reasons = []
        audit.append(session, actor.name, "document.read_again", f"document:{document_id}")
    house.hint(document_id)


def process_waiting(house: House) -> list[str]:
    """Process everything that waits; returns the ids done. One document's own damage does not stop the others.

    Raises StoreUnavailable, IndexUnavailable, DatabaseUnavailable at the first service that is down.
    """
    resume_stacks(house)
    done = []
    for document_id in sweep(house):
        try:
            process(house, document_id)
            done.append(document_id)
        except (ObjectDamaged, ObjectMissing, KeyUnusable) as error:
            log.warning("document %s cannot be finished: %s", document_id, error)
    return done
