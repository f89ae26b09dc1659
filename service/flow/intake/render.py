"""Render: hand out a rendition of a document, verified, with a trace of who read what."""

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import select

from intake.model import PageText
from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.common.guard import load_document, reach_of
from service.flow.common.index import load_key, load_pages
from service.flow.common.kept import read_kept
from service.flow.common.objects import is_kept
from service.flow.common.watermark import demand_unmarked, is_marked, mark, words
from service.house import House
from service.records import audit
from service.records.tables import Rendition
from vault.errors import ObjectDamaged, ObjectMissing

KINDS = ("original", "page-image", "page-text", "text", "preservation", "copy")
#: Bytes as they came, without a watermark: of what is seen with one only for who keeps the archive.
_UNMARKED = ("original", "preservation")
MOST_COPIED = 200  # pages; a larger document is read page by page


@dataclass(frozen=True)
class Opened:
    """An open rendition: `stream` yields verified plaintext. filename: as it came in; the preservation copy's ends in .pdf.

    size, sha256: of the whole; part: (start, stop) of what is streamed, None when it is all of it.
    """

    stream: BinaryIO
    media_type: str
    size: int
    filename: str
    sha256: str = ""
    part: tuple[int, int] | None = None


#: Chooses by size and digest of a rendition which part of it is wanted, as (start, stop); None: all of it.
Part = Callable[[int, str], tuple[int, int] | None]


@contextlib.contextmanager
def open_rendition(
    house: House, actor: Actor, document_id: str, kind: str, page: int = 0, *, part: Part = lambda _size, _digest: None
) -> Iterator[Opened]:
    """Open one rendition, or a part of it, for reading and note the reading.

    Raises NotFound, BadInput, NotAllowed, ObjectDamaged, and what `part` raises: then nothing was read.
    """
    if kind not in KINDS:
        raise BadInput(f"rendition: one of {', '.join(KINDS)}", {"rendition": f"one of {', '.join(KINDS)}"})
    if kind == "copy":
        yield _copy(house, actor, document_id)
        return
    with contextlib.ExitStack() as stack:
        try:
            opened = _open(house, actor, document_id, kind, page, part, stack)
        except _Gone:
            opened = _open(house, actor, document_id, kind, page, part, stack)
        yield opened


class _Gone(ObjectMissing):
    """The document was destroyed, or got another key and other objects, between the look into the database and that into the store."""


def _open(
    house: House, actor: Actor, document_id: str, kind: str, page: int, part: Part, stack: contextlib.ExitStack
) -> Opened:
    with house.database.write() as session:
        document = load_document(session, actor, document_id)
        if kind in _UNMARKED:
            demand_unmarked(house, actor, reach_of(document))
        row = session.scalar(
            select(Rendition).where(
                Rendition.document_id == document_id,
                Rendition.kind == kind,
                Rendition.page == page,
                Rendition.state == "kept",
            )
        )
        if row is None:
            if document.status == "destroyed":
                raise NotFound(f"document {document_id} was destroyed; what is left is its entry in the register")
            place = f" of page {page}" if page else ""
            raise NotFound(f"document {document_id} has no {kind}{place} (yet)")
        key = load_key(house, session, document_id)
        marked = kind == "page-image" and is_marked(house, actor, reach_of(document))
        wanted = None if marked else part(row.size, row.sha256)
        detail = {"rendition": kind, "page": page} | ({"bytes": list(wanted)} if wanted else {})
        if marked:
            detail["watermark"] = True
        if kind in _UNMARKED:  # it leaves the house: the trail says which bytes did (RULES, Evidence)
            detail["sha256"] = row.sha256
        audit.append(session, actor.name, "document.open", f"document:{document_id}", detail)
    name = UUID(row.id)
    try:
        stream = stack.enter_context(
            house.vault.open_range(name, key, wanted[0], wanted[1] - wanted[0])
            if wanted
            else house.vault.open(name, key)
        )
    except (ObjectDamaged, ObjectMissing) as error:
        with house.database.read() as session:
            if is_kept(session, row.id):
                raise
        raise _Gone from error
    if marked:
        image = mark(stream.read(), words(actor, house.clock.now()))
        return Opened(io.BytesIO(image), "image/jpeg", len(image), document.filename, _digest(image))
    filename = document.filename if kind != "preservation" else f"{PurePath(document.filename).stem}.pdf"
    return Opened(stream, row.media_type, row.size, filename, row.sha256, wanted)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _copy(house: House, actor: Actor, document_id: str) -> Opened:
    """Return the pages of a document as a PDF, each with the watermark of who takes it, and note it. Raises NotFound, BadInput."""
    import img2pdf  # type: ignore[import-untyped]  # it carries no types

    said = words(actor, house.clock.now())
    with house.database.write() as session:
        document = load_document(session, actor, document_id)
        query = select(Rendition).where(
            Rendition.document_id == document_id, Rendition.kind == "page-image", Rendition.state == "kept"
        )
        pages = list(session.scalars(query.order_by(Rendition.page)))
        if not pages:
            raise NotFound(f"document {document_id} has no page-image (yet)")
        if len(pages) > MOST_COPIED:
            raise BadInput(f"a copy has at most {MOST_COPIED} pages; read a larger document page by page")
        key = load_key(house, session, document_id)
        audit.append(
            session, actor.name, "document.open", f"document:{document_id}", {"rendition": "copy", "watermark": True}
        )
    data = bytes(img2pdf.convert([mark(read_kept(house, page, key), said) for page in pages]))
    filename = f"{document.filename.rpartition('.')[0] or document.filename}.pdf"
    return Opened(io.BytesIO(data), "application/pdf", len(data), filename, _digest(data))


def read_rendition(house: House, actor: Actor, document_id: str, kind: str, page: int = 0) -> tuple[BinaryIO, str]:
    """Return a small rendition whole, in memory, with its media type. Raises as `open_rendition`."""
    with open_rendition(house, actor, document_id, kind, page) as opened:
        return io.BytesIO(opened.stream.read()), opened.media_type


def page_text(house: House, actor: Actor, document_id: str, page: int) -> PageText:
    """Return the words and boxes of one page and note the reading. Raises NotFound."""
    with house.database.read() as session:  # the store may be slow: nobody who writes waits for it
        load_document(session, actor, document_id)
        pages = load_pages(house, session, document_id, [page])
    with house.database.write() as session:
        load_document(session, actor, document_id)
        detail = {"rendition": "page-text", "page": page}
        audit.append(session, actor.name, "document.open", f"document:{document_id}", detail)
    if not pages:
        raise NotFound(f"document {document_id} has no page {page} (yet)")
    return pages[0]
