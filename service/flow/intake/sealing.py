"""Sealing: what is made of a document while it is read goes into the vault, as long as who reads it still has it."""

import io
from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from intake.codec import to_json
from intake.model import ReadPage
from service.flow.common import claims
from service.flow.intake.page_quality import plain
from service.flow.intake.receive import record_sealed
from service.house import House
from service.records.tables import Document, Rendition, new_id
from vault.model import FileKey


class Superseded(Exception):
    """What was being read left that state: it was destroyed, or another process took it over."""


class Hold(Protocol):
    """What somebody reads: a document, or some pages of it."""

    @property
    def document_id(self) -> str:
        """The document."""

    def still(self, session: Session) -> Document:
        """Return the document, locked. Raises Superseded when another has what was held."""

    def done(self, session: Session, document: Document, page: ReadPage) -> None:
        """Note that this page is kept, and hold on."""


class OfDocument:
    """A document that one process reads from its first page to its last."""

    def __init__(self, house: House, document_id: str) -> None:
        self._house, self.document_id = house, document_id

    def still(self, session: Session) -> Document:
        """Return the document, locked. Raises Superseded."""
        document = session.get(Document, self.document_id, with_for_update={"of": Document})
        if document is None or document.status != "reading" or document.claimed_by != claims.me():
            raise Superseded
        return document

    def renew(self) -> None:
        """Hold on to it while something takes long. Raises Superseded, DatabaseUnavailable."""
        with self._house.database.write() as session:
            claims.take(self.still(session), self._house.clock.now())

    def done(self, _session: Session, document: Document, page: ReadPage) -> None:
        """Note how far it is."""
        document.pages_read = max(document.pages_read, page.page.number)
        claims.take(document, self._house.clock.now())


def keep_page(house: House, hold: Hold, key: FileKey, page: ReadPage) -> None:
    """Seal image and text of a page. Raises Superseded, StoreUnavailable, DatabaseUnavailable."""
    number = page.page.number
    parts = [
        ("page-image", number, page.image_media_type, page.image),
        ("page-text", number, "application/json", to_json(page.page)),
    ]
    _seal(house, hold, key, parts, page)


def keep_text(house: House, hold: Hold, key: FileKey, text: str) -> None:
    """Seal the text of all pages. Raises Superseded, StoreUnavailable, DatabaseUnavailable."""
    _seal(house, hold, key, [("text", 0, "text/plain; charset=utf-8", text.encode(errors="replace"))])


def _seal(
    house: House, hold: Hold, key: FileKey, parts: Sequence[tuple[str, int, str, bytes]], page: ReadPage | None = None
) -> None:
    """Seal renditions. The intent is in the database before the bytes are in the store, so nothing is ever ownerless."""
    ids = [new_id() for _ in parts]
    quality: dict[str, Any] | None = plain(page) if page else None
    with house.database.write() as session:
        hold.still(session)
        for rendition_id, (kind, number, media_type, _) in zip(ids, parts, strict=True):
            row = Rendition(
                id=rendition_id, document_id=hold.document_id, kind=kind, page=number, media_type=media_type
            )
            row.quality = quality if kind == "page-image" else None
            session.add(row)
    sealed = [
        house.vault.put(UUID(rendition_id), key, io.BytesIO(data))
        for rendition_id, (_, _, _, data) in zip(ids, parts, strict=True)
    ]
    try:
        with house.database.write() as session:
            document = hold.still(session)
            if page:
                hold.done(session, document, page)
            for rendition_id, done in zip(ids, sealed, strict=True):
                record_sealed(session, rendition_id, done)
    except Superseded:
        for rendition_id in ids:
            house.vault.delete(UUID(rendition_id))
        raise
