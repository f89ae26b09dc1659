"""Process: read the pages of a received document, understand them, put them into the index.

Every step can be run twice with the same result; a document's state says which step is next. The queue only carries hints:
`sweep` finds what a killed worker left.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from intake import verification as rules
from intake.errors import EngineUnavailable, Rejected
from intake.formats import recording
from intake.formats.attached import UNSHOWN_FORM
from intake.formats.signatures import CARRIERS, RECORDINGS
from intake.inspect import inspect
from intake.model import Inspection, PageText, Understanding
from search.sketch import Sketch
from service.access.policy import Actor
from service.errors import AttachmentBusy, DatabaseUnavailable, NoSpace, RuleRefused
from service.flow.common import claims, values
from service.flow.common.hints import apply_hint
from service.flow.common.index import index_document
from service.flow.common.locks import let_go
from service.flow.common.room import room
from service.flow.credit.fact_documents import follow
from service.flow.intake import shares
from service.flow.intake.attached import receive_attached
from service.flow.intake.carry import LOOK_AGAIN
from service.flow.intake.categories import CATEGORIES, demand_open_file, is_closed
from service.flow.intake.documents import lock_document
from service.flow.intake.heap import Heap
from service.flow.intake.made import CHANNEL
from service.flow.intake.originals import original_on_disk
from service.flow.intake.receive import discard
from service.flow.intake.sealing import OfDocument, Superseded, keep_page, keep_text
from service.flow.intake.stacks import resume as resume_stacks
from service.flow.search import sketches
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import AuditEntry, CopyTrouble, Document, Rendition, WrappedKey
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing, StoreUnavailable
from vault.model import FileKey

Progress = Callable[[int, int], None]
UNREAD = ("received", "reading")
READ = ("stored", "needs_review", "failed")
MAX_ATTEMPTS = 3
#: Why a document is not read, beside the codes of `Rejected`: it stopped every reading, or its original is lost or damaged in the store.
STOPPED, LOST = "stopped", "lost"
# What passes by itself: the document waits for the service and loses no attempt.
PASSING = (StoreUnavailable, DatabaseUnavailable, EngineUnavailable, NoSpace, AttachmentBusy)
log = logging.getLogger("juanzong.process")


def process(house: House, document_id: str, progress: Progress | None = None) -> None:
    """Bring a document as far as it can go: searchable. Does nothing when another process is at it or it is done.

    progress is called with (pages read, pages in all). Raises StoreUnavailable, IndexUnavailable, DatabaseUnavailable, NoSpace,
    EngineUnavailable, AttachmentBusy: the document keeps its state and is taken up again.
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
            document.status, document.error_code = "failed", STOPPED
            document.error = f"reading stopped {document.attempts} times without a result"
            document.review_reasons = ["reading_failed"]
            shares.forget(session, document_id)
            claims.release(document)
            audit.append(session, SYSTEM.name, "document.fail", f"document:{document_id}", {"error": document.error})
            return False
        document.attempts += 1
        document.status, document.pages_read = "reading", shares.pages_kept(session, document_id)
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
    """Remove what an earlier, broken-off reading left: first the objects, then the rows that lead to them.

    Pages of a long document stay, unless the reading of their share was broken off: then whoever takes it up removes them.
    """
    derived = select(Rendition.id).where(Rendition.document_id == document_id, Rendition.kind != "original")
    with house.database.read() as session:
        if shares.divided(session, document_id):
            derived = derived.where(Rendition.page == 0)
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
    extra, hold = list[str](), OfDocument(house, document_id)

    def told(done: int) -> None:
        if progress:
            progress(done, total)

    try:
        with original_on_disk(house, document_id) as path:
            inspection = inspect(path, house.limits, house.reader.look)
            heap = _pages(house, hold, key, path, inspection, told)
            extra += ["form_unshown"] if UNSHOWN_FORM in inspection.notes else []
            if inspection.kind in CARRIERS:
                extra += receive_attached(house, hold, path, inspection.kind)
        heap.require_a_picture()
        hold.renew()
        if inspection.kind in RECORDINGS:
            understanding = recording.understood(filename)
        else:
            understanding = house.reader.understand(heap.telling, house.settings.our_companies, house.own_forms)
        reasons = (*understanding.needs_review, *heap.reasons, *extra)
        understanding = replace(understanding, needs_review=reasons)
        keep_text(house, hold, key, heap.text)
        looks = sketches.sketch_of(house, heap.texts)
    except Rejected as error:
        # It passed inspection at the door, yet a page of it cannot be rendered: the original stays, a person must look.
        _finish_failed(house, document_id, error.code, str(error))
    except (ObjectDamaged, ObjectMissing) as error:
        _finish_failed(house, document_id, LOST, f"the original cannot be read from the store: {error}")
    except Superseded:
        return
    else:
        done = _Reading(inspection.pages, understanding, heap.telling, (looks, heap.sealed_pages))
        while not _finish(house, document_id, done, _as_people_say(house, document_id, done)):
            pass  # somebody put it into another category in between


def _pages(
    house: House, hold: OfDocument, key: FileKey, path: Path, inspection: Inspection, told: Callable[[int], None]
) -> Heap:
    """Read and keep the pages of a document; those of a long one together with others."""
    if inspection.pages > shares.LONG:
        return shares.read_together(house, hold.document_id, key, path, inspection, told)
    heap = Heap()
    for page in house.reader.read(path, inspection, house.limits):
        keep_page(house, hold, key, page)
        heap.add(page)
        told(page.page.number)
    return heap


@dataclass(frozen=True)
class _Reading:
    """What a reading found. has: how many pages there are; pages: those that tell what it is; looks: its sketch, and of which pages."""

    has: int
    found: Understanding
    pages: Sequence[PageText]
    looks: tuple[Sketch, list[int]]


def _finish(house: House, document_id: str, done: _Reading, as_people_say: tuple[str, Understanding]) -> bool:
    """Note a document as read. False where people have put it into another category than what it says is of: then nothing is noted."""
    (chosen, said), found = as_people_say, done.found
    with house.database.write() as session:
        try:
            document = OfDocument(house, document_id).still(session)
        except Superseded:
            return (
                True  # destroyed, or taken over by another process, since its last page: what is kept now is that one's
            )
        if _chosen(document) != chosen:
            return False
        again = is_closed(document) and _was_read(session, document_id)
        document.error, document.error_code, document.attempts = "", "", 0
        document.pages = done.has  # an office file is laid out anew by each machine, with the fonts that are there
        document.preservation = "waiting"
        session.execute(delete(CopyTrouble).where(CopyTrouble.document_id == document_id))
        # What people typed while the reading had failed stays.
        document.status = "stored"
        detail = {"category": found.category, "confidence": round(found.confidence, 4), "fields": sorted(found.fields)}
        if again:
            # Its pages were lost and are there again; in a file that is not open any more nothing else changes without a person.
            document.review_reasons = list(
                dict.fromkeys([*document.review_reasons, *rules.page_reasons(found.needs_review)])
            )
            detail = {"category": document.category, "confidence": round(document.confidence, 4), "fields": []}
        elif document.channel != CHANNEL:  # what the archive itself made is what its maker said it is
            document.category, document.title = said.category, said.title[:300]
            document.confidence = found.confidence
            values.take_reading(document, said, done.pages)
        values.settle(document)
        sketches.keep(session, document_id, sketches.made_with(house), *done.looks)
        if not again:
            apply_hint(session, document)
        shares.forget(session, document_id)
        claims.release(document)
        audit.append(session, SYSTEM.name, "document.read", f"document:{document_id}", detail)
        return True


def _was_read(session: Session, document_id: str) -> bool:
    """Return whether the document has been read before: what is known of it then is what people have seen."""
    entries = select(AuditEntry.seq).where(AuditEntry.subject == f"document:{document_id}")
    return session.scalar(entries.where(AuditEntry.action == "document.read").limit(1)) is not None


def _chosen(document: Document) -> str:
    """Return the category that people decided; "" where the reading says it."""
    return document.category if document.category_stands and document.category in CATEGORIES else ""


def _as_people_say(house: House, document_id: str, done: _Reading) -> tuple[str, Understanding]:
    """Return the category people decided and what the pages say as one of that; or "" and what was found."""
    with house.database.read() as session:
        document = session.get(Document, document_id)
        chosen = _chosen(document) if document is not None else ""
    found, of_pages = done.found, rules.page_reasons(done.found.needs_review)
    if not chosen:
        return chosen, found
    if not done.pages:
        return chosen, replace(found, category=chosen, needs_review=tuple(of_pages))
    said = house.reader.understand(done.pages, (), house.own_forms, chosen)
    return chosen, replace(said, needs_review=(*said.needs_review, *of_pages))


def _finish_failed(house: House, document_id: str, code: str, why: str) -> None:
    with house.database.write() as session:
        try:
            document = OfDocument(house, document_id).still(session)
        except Superseded:
            return
        document.status, document.error_code, document.error, document.indexed = "failed", code, why, False
        again = [reason for reason in document.review_reasons if reason.startswith(LOOK_AGAIN)]
        document.review_reasons = ["reading_failed", *again]
        shares.forget(session, document_id)
        claims.release(document)
        audit.append(session, SYSTEM.name, "document.fail", f"document:{document_id}", {"error": why})


def is_worth_another_reading(document: Document) -> bool:
    """Return whether the reading failed, or a page could not be read and nobody has typed yet what it says: that would be lost."""
    unread = any(reason.startswith("unread:") for reason in document.review_reasons)
    return document.status == "failed" or (unread and all(field.entered_by == "ocr" for field in document.fields))


def read_again(house: House, actor: Actor, document_id: str) -> None:
    """Let a document whose reading failed be read once more. Raises NotFound, NotAllowed, RuleRefused (its file is not open any more)."""
    with house.database.write() as session:
        document = lock_document(session, actor, document_id, "document.correct")
        if not is_worth_another_reading(document):
            raise RuleRefused("only a document whose reading failed is read again")
        demand_open_file(document)
        document.status, document.attempts, document.error, document.error_code = "received", 0, "", ""
        document.review_reasons = [reason for reason in document.review_reasons if reason.startswith(LOOK_AGAIN)]
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
        except (ObjectDamaged, ObjectMissing, KeyUnusable, AttachmentBusy) as error:
            log.warning("document %s cannot be finished now: %s", document_id, error)
    return done
