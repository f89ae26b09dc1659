"""Preserve: make the PDF/A copy of what was scanned, in the background; a document is searchable before it exists.

`Document.preservation` says where it stands: waiting; kept; not_needed (every page had a text layer of its own: the original is digital);
failed. Killed at any point, what was begun is removed and made again: the row of the copy is there before its bytes are. Pages that make the
making fail or kill its worker are tried again after a pause that grows, and given up in the end, until a person wants it tried anew.
"""

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from intake.codec import from_json
from intake.preservation import Page, write
from service.errors import DatabaseUnavailable, NoSpace
from service.flow.common import claims
from service.flow.common.index import load_key
from service.flow.common.room import room
from service.flow.intake.receive import record_sealed
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CopyTrouble, Document, Rendition, new_id
from vault.errors import ObjectDamaged, ObjectMissing, StoreUnavailable
from vault.model import FileKey

_READ = ("stored", "needs_review")
_KIND, _MEDIA_TYPE = "preservation", "application/pdf"
MAX_ATTEMPTS = 6
_FIRST_PAUSE = timedelta(minutes=10)  # each one three times as long: the last begins 13 hours after the one before it
log = logging.getLogger("juanzong.preserve")


def waiting(house: House, limit: int = 100) -> list[str]:
    """Return the ids of documents that still lack their copy, the oldest first."""
    now = house.clock.now()
    with house.database.read() as session:
        put_off = select(CopyTrouble.document_id).where(CopyTrouble.again_at > now)
        query = select(Document).where(
            Document.status.in_(_READ), Document.preservation == "waiting", Document.id.not_in(put_off)
        )
        found = session.scalars(query.order_by(Document.received_at).limit(limit))
        return [document.id for document in found if not claims.is_held(document, now)]


def preserve(house: House, document_id: str) -> bool:
    """Make the copy of one document if it still lacks one; returns whether this call made it.

    Raises StoreUnavailable, DatabaseUnavailable, NoSpace: then it still waits.
    """
    if not _claim(house, document_id):
        return False
    try:
        with room():
            _drop_unfinished(house, document_id)
            return _make(house, document_id)
    except (ObjectDamaged, ObjectMissing) as error:
        _settle(house, document_id, "failed", error=str(error))
        return False
    except (StoreUnavailable, DatabaseUnavailable, NoSpace):
        claims.give_up(document_id)
        with contextlib.suppress(DatabaseUnavailable):
            _settle(house, document_id, "waiting")
        raise
    except Exception as error:  # noqa: BLE001 - a library fell over these pages: the others must get their copies
        log.warning("the preservation copy of %s: %s: %s", document_id, type(error).__name__, error)
        _put_off(house, document_id, f"{type(error).__name__}: {error}"[:300])
        return False


def _claim(house: House, document_id: str) -> bool:
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is None or document.status not in _READ or document.preservation != "waiting":
            return False
        now = house.clock.now()
        if claims.is_held(document, now):
            return False
        trouble = session.get(CopyTrouble, document_id) or CopyTrouble(document_id=document_id, attempts=0, error="")
        if trouble.again_at is not None and trouble.again_at > now:
            return False
        if trouble.attempts >= MAX_ATTEMPTS:  # it brought its worker down every time
            trouble.error = trouble.error or f"its making stopped {trouble.attempts} times without a result"
            _fail(session, document, trouble)
            return False
        trouble.attempts, trouble.again_at = trouble.attempts + 1, None
        session.add(trouble)
        claims.take(document, now)
        return True


def _fail(session: Session, document: Document, trouble: CopyTrouble) -> None:
    """Give the copy up: the document is kept and found as before, and a person is told."""
    document.preservation, trouble.again_at = "failed", None
    claims.release(document)
    session.add(trouble)
    detail = {"error": trouble.error, "attempts": trouble.attempts}
    audit.append(session, SYSTEM.name, "document.preserve_failed", f"document:{document.id}", detail)


def _put_off(house: House, document_id: str, error: str) -> None:
    """Try again later, ever later; after the last attempt no more."""
    with house.database.write() as session:
        document = _ours(session, document_id)
        if document is None:
            return
        trouble = session.get_one(CopyTrouble, document_id)
        trouble.error = error
        if trouble.attempts >= MAX_ATTEMPTS:
            _fail(session, document, trouble)
            return
        trouble.again_at = house.clock.now() + _FIRST_PAUSE * 3 ** (trouble.attempts - 1)
        claims.release(document)


def _ours(session: Session, document_id: str) -> Document | None:
    """Return the document, locked, if it is still there to be preserved and still ours."""
    document = session.get(Document, document_id, with_for_update={"of": Document})
    if document is None or document.status not in _READ or document.claimed_by != claims.me():
        return None
    return document


def _drop_unfinished(house: House, document_id: str) -> None:
    unfinished = (Rendition.document_id == document_id) & (Rendition.kind == _KIND)
    with house.database.read() as session:
        names = list(session.scalars(select(Rendition.id).where(unfinished)))
    for name in names:
        house.vault.delete(UUID(name))
    if names:
        with house.database.write() as session:
            session.execute(delete(Rendition).where(Rendition.id.in_(names)))


def _make(house: House, document_id: str) -> bool:
    with house.database.write() as session:  # a destruction waits for us, or we see that the key is gone
        document = _ours(session, document_id)
        if document is None:
            return False
        key = load_key(house, session, document_id)
        title, received_at = document.title or document.filename, document.received_at
        has, rows = document.pages, _page_rows(session, document_id)
    if len(rows) != has:
        _settle(
            house, document_id, "failed", error=f"only {len(rows)} of its {has} pages are kept; it must be read again"
        )
        return False
    if all(from_json(house.vault.read(text, key)).source == "text-layer" for text, _ in rows):
        _settle(house, document_id, "not_needed")
        return False
    rendition_id = new_id()
    with house.database.write() as session:
        if _ours(session, document_id) is None:
            return False
        session.add(Rendition(id=rendition_id, document_id=document_id, kind=_KIND, media_type=_MEDIA_TYPE))
    folder = house.settings.home / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        pages = write(_pages(house, key, rows, document_id), title, received_at, file, folder)
        file.seek(0)
        sealed = house.vault.put(UUID(rendition_id), key, file)
    with house.database.write() as session:
        document = _ours(session, document_id)
        if document is not None:
            record_sealed(session, rendition_id, sealed)
            document.preservation = "kept"
            session.execute(delete(CopyTrouble).where(CopyTrouble.document_id == document_id))
            claims.release(document)
            detail = {"sha256": sealed.sha256, "pages": pages, "form": "PDF/A-2b"}
            audit.append(session, SYSTEM.name, "document.preserve", f"document:{document_id}", detail)
    if document is None:  # destroyed, or read again, since we began
        house.vault.delete(UUID(rendition_id))
    return document is not None


def _page_rows(session: Session, document_id: str) -> list[tuple[UUID, UUID]]:
    """Return, in order, the names of each page's text and image."""
    query = select(Rendition).where(Rendition.document_id == document_id, Rendition.state == "kept")
    names: dict[str, dict[int, UUID]] = {"page-text": {}, "page-image": {}}
    for row in session.scalars(query):
        if row.kind in names:
            names[row.kind][row.page] = UUID(row.id)
    texts, images = names["page-text"], names["page-image"]
    return [(texts[page], images[page]) for page in sorted(texts.keys() & images.keys())]


def _pages(house: House, key: FileKey, rows: list[tuple[UUID, UUID]], document_id: str) -> Iterator[Page]:
    for text, image in rows:
        yield from_json(house.vault.read(text, key)), house.vault.read(image, key)
        _renew(house, document_id)


def _renew(house: House, document_id: str) -> None:
    with house.database.write() as session:
        document = _ours(session, document_id)
        if document is not None:
            claims.take(document, house.clock.now())


def _settle(house: House, document_id: str, state: str, error: str = "") -> None:
    """Note where the copy stands; what waits because a service was down has not been tried."""
    with house.database.write() as session:
        document = _ours(session, document_id)
        if document is None:
            return
        trouble = session.get_one(CopyTrouble, document_id)
        if error:
            trouble.error = error
            _fail(session, document, trouble)
            return
        document.preservation = state
        claims.release(document)
        if state == "waiting":
            trouble.attempts -= 1
        else:
            session.delete(trouble)
