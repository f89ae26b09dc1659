"""Sketches: the few hashes by which a document is found to look like another; made when it is read, gone with its key."""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from search.sketch import VERSION, Sketch, packed, sketch, unpacked
from service.flow.common.index import each_page
from service.house import House
from service.records.tables import Document, DocumentMark, DocumentSketch
from vault.errors import ObjectDamaged, ObjectMissing

_PURPOSE = b"document sketches"
_BATCH = 20


def made_with(house: House) -> str:
    """Return by what version and key sketches are made now; only those of the same are compared."""
    return f"{VERSION}:{house.keys.key_id}"[:80]


def sketch_of(house: House, texts: Iterable[str]) -> Sketch:
    """Return the sketch of page texts, under a key that only this archive has."""
    return sketch(texts, house.keys.derive(_PURPOSE))


def keep(session: Session, document_id: str, by: str, found: Sketch, sealed_pages: Sequence[int]) -> None:
    """Keep the sketch of a document in place of any it had, in the caller's transaction."""
    forget(session, [document_id])
    row = DocumentSketch(document_id=document_id, made_with=by, sealed_pages=list(sealed_pages))
    row.pieces, row.figures = packed(found.pieces), packed(found.figures)
    session.add(row)
    session.add_all(DocumentMark(mark=mark, document_id=document_id) for mark in found.marks)


def forget(session: Session, document_ids: Sequence[str]) -> None:
    """Remove the sketches of documents, in the caller's transaction."""
    for table in (DocumentMark, DocumentSketch):
        session.execute(delete(table).where(table.document_id.in_(document_ids)))


def kept(row: DocumentSketch) -> Sketch:
    """Return what a row holds, but for its marks."""
    return Sketch(unpacked(row.pieces), unpacked(row.figures), ())


def make_waiting(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Make the sketches that wait: of documents read before there were any, by another version, or under another key.

    Returns how many. One whose text is damaged gets an empty one: `fixity` tells of it. Raises StoreUnavailable.
    """
    by, done = made_with(house), 0
    # Two ranges, not "other than": an index answers them.
    waits = or_(DocumentSketch.made_with < by, DocumentSketch.made_with > by)
    while go_on():
        with house.database.read() as session:
            ids = list(session.scalars(select(DocumentSketch.document_id).where(waits).limit(_BATCH)))
        for document_id in ids:
            _make(house, document_id, by)
            done += 1
        if len(ids) < _BATCH:
            break
    return done


def _make(house: House, document_id: str, by: str) -> None:
    texts, sealed = list[str](), list[int]()
    with house.database.read() as session:
        try:
            for page in each_page(house, session, document_id):
                texts.append(page.text)
                if any(seal.text for seal in page.seals):
                    sealed.append(page.number)
        except (NoResultFound, ObjectDamaged, ObjectMissing):
            texts = []
    found = sketch_of(house, texts)
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        row = session.get(DocumentSketch, document_id)
        if document is None or row is None or row.made_with == by:
            return  # destroyed, being read anew, or made by another worker meanwhile
        keep(session, document_id, by, found, sealed)
