"""Find: from what a person typed to the places on the pages they may see."""

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, false, func, select, tuple_
from sqlalchemy.orm import Session, lazyload, load_only

from intake.codec import lines_at
from intake.model import Box, Line
from search.errors import BadQuery, IndexUnavailable
from search.model import Hit, Reader, Results
from search.nearly import search_nearly
from search.orders import ORDERS, RANKED, RELEVANCE, Anchor, anchor
from search.projection import FACETS
from search.syntax import Node, parse
from service.access.policy import Actor, reader_tokens
from service.errors import BadInput
from service.flow.common.guard import allowed, reach_of, require
from service.flow.common.kept import read_kept
from service.flow.common.places import boxes_in
from service.flow.search.find_cursor import Place, Question, seal, unseal
from service.house import House
from service.records import audit
from service.records.tables import Document, Rendition, WrappedKey
from service.typed import CONTROL
from vault.errors import ObjectDamaged, ObjectMissing

__all__ = ["DEEPEST", "FACETS", "MAX_LIMIT", "ORDERS", "RANKED", "RELEVANCE", "Found", "FoundHit", "find"]

MAX_LIMIT = 200
DEEPEST = 100_000  # hits that can be jumped over by number; cursors go on from there


@dataclass(frozen=True)
class FoundHit:
    """One document found: its best page, the excerpt, and the boxes (pixels of the stored page image).

    verification: how far the key values read from it are confirmed, see `Document`.
    """

    document_id: str
    title: str
    category: str
    page: int
    snippet: str
    marks: tuple[tuple[int, int], ...]
    boxes: tuple[Box, ...]
    customer: str
    department: str
    contract_number: str
    archive_number: str
    status: str
    score: float
    approximate: bool
    pages_matched: int
    verification: str


@dataclass(frozen=True)
class Found:
    """total documents that match, the time the search took in whole milliseconds, one page of hits, counts per facet.

    next: the cursor of the page behind this one, "" where there is none or, in the order of relevance, behind the first `RANKED`.
    """

    total: int
    took_ms: int
    hits: tuple[FoundHit, ...]
    facets: Mapping[str, Mapping[str, int]]
    next: str = ""


def find(
    house: House,
    actor: Actor,
    text: str,
    *,
    limit: int = 20,
    offset: int = 0,
    filters: Mapping[str, str] | None = None,
    near: bool = False,
    order: str = RELEVANCE,
    cursor: str = "",
) -> Found:
    """Search; near-misses count when asked for (`near`), and when nothing is found without them.

    order: one of `ORDERS`. cursor: `next` of the page before; `offset` and `near` do not count then. An offset beyond `DEEPEST` or
    the last hit is a page without hits. Raises BadQuery (with the position), BadInput, BadCursor, NotAllowed, IndexUnavailable.
    """
    require(actor, "search")
    query = read(text)
    if order not in ORDERS:
        raise BadInput(f"order: one of {', '.join(ORDERS)}", {"order": f"one of {', '.join(ORDERS)}"})
    question = Question(text, filters or {}, order)
    place = unseal(house, actor, question, cursor) if cursor else None
    began = time.perf_counter()
    asked = Asked(query, Reader(reader_tokens(actor)), question.filters, order, place.near if place else near)
    limit = min(max(limit, 0), MAX_LIMIT if place or offset < DEEPEST else 0)
    results, near = look(house, asked, limit, min(max(offset, 0), DEEPEST), place.after if place else None)
    if results.total == 0:
        demand_index(house)
    hits = tuple(_placed(house, actor, results.hits))
    took = round((time.perf_counter() - began) * 1000)
    with house.database.write() as session:
        audit.append(session, actor.name, "search", "index", {"query_sha256": digest_of(text), "total": results.total})
    shown = (place.after.shown if place else offset) + len(results.hits)
    following = ""
    if results.hits and shown < (min(results.total, RANKED) if order == RELEVANCE else results.total):
        following = seal(house, actor, question, Place(anchor(results.hits[-1], order, shown), near))
    return Found(results.total, took, hits, results.facets, following)


def read(text: str) -> Node:
    """Return what a query means. Raises BadQuery with the position, of control characters and halves of characters, too."""
    if wrong := CONTROL.search(text):
        raise BadQuery("a control character is no text", wrong.start())
    return parse(text)


def digest_of(text: str) -> str:
    """Return what the trail knows of a query: its words themselves may be the last trace of a destroyed document."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Asked:
    """A question as the engines take it. near: with near-misses at once, not only where nothing else is found. facets: counted, too."""

    query: Node
    reader: Reader
    filters: Mapping[str, str]
    order: str
    near: bool
    facets: bool = True


def look(house: House, asked: Asked, limit: int, offset: int, after: Anchor | None) -> tuple[Results, bool]:
    """Return one page of what the engine finds, and whether it is a list of near-misses."""
    if not asked.near:
        results = house.index.search(
            asked.query,
            asked.reader,
            limit=limit,
            offset=offset,
            filters=asked.filters,
            order=asked.order,
            after=after,
            facets=asked.facets,
        )
        if results.total or after is not None:
            return results, False
    results = search_nearly(
        house.index,
        asked.query,
        asked.reader,
        limit=limit,
        offset=offset,
        filters=asked.filters,
        order=asked.order,
        after=after,
    )
    return results, True


# Made once: putting a question together costs more than the database does to answer it.
# Nearly all are indexed and stored: SQLite would take the index of either, and sort all of the archive for the newest three.
_INDEXED = select(Document.id).where(
    func.coalesce(Document.indexed, false()), func.coalesce(Document.status, "").in_(("stored", "needs_review"))
)
_NEWEST = _INDEXED.where(Document.pages_read > 0).order_by(Document.received_at.desc(), Document.id.desc()).limit(3)
_THERE = (
    select(Document)
    .where(Document.id.in_(bindparam("found", expanding=True)), Document.status.not_in(("destroyed", "receiving")))
    .options(
        # What `reach_of` looks at, and what is shown: of all its columns a document takes three times as long.
        load_only(
            *(Document.verification, Document.tier, Document.department_id, Document.received_by),
            Document.case_file_id,
            raiseload=True,
        ),
        lazyload(Document.department),
    )
)
# SQLite looks for pairs of values in no index: without the documents and the pages by themselves it goes through all renditions.
_TEXTS = (
    select(Rendition, WrappedKey.wrapped)
    .join(WrappedKey, WrappedKey.document_id == Rendition.document_id)
    .where(Rendition.kind == "page-text", Rendition.state == "kept")
    .where(Rendition.document_id.in_(bindparam("documents", expanding=True)))
    .where(Rendition.page.in_(bindparam("numbers", expanding=True)))
    .where(tuple_(Rendition.document_id, Rendition.page).in_(bindparam("pages", expanding=True)))
    .options(load_only(Rendition.document_id, Rendition.kind, Rendition.page, raiseload=True))
)


def demand_index(house: House) -> None:
    """Raise IndexUnavailable where nothing was found because the index was lost: "0 found" would be a lie.

    Of the documents that the database calls indexed the newest three must not all be missing from the index.
    """
    with house.database.read() as session:
        known = list(session.scalars(_NEWEST))
    if not known or any(house.index.contains(document) for document in known):
        return
    with house.database.read() as session:  # one that was destroyed meanwhile is missed by nobody
        if session.scalar(_INDEXED.where(Document.id.in_(known)).limit(1)):
            raise IndexUnavailable("the search index is lost: `juanzong reindex` builds it anew")


def _placed(house: House, actor: Actor, hits: Iterable[Hit]) -> Iterator[FoundHit]:
    """Add the boxes. The database has the last word on who may see a hit: the index may lag behind it by a moment."""
    hits = list(hits)
    if not hits:
        return iter(())
    found = {"found": [hit.document for hit in hits]}
    with house.database.read() as session:
        there = session.scalars(_THERE, found)
        documents = {one.id: one for one in there if allowed(actor, "document.read", reach_of(one))}
        hits = [hit for hit in hits if hit.document in documents]
        pages = dict(_pages(house, session, {(hit.document, hit.page): hit.spans for hit in hits if hit.spans}))
    return (_found(hit, documents[hit.document].verification, pages.get((hit.document, hit.page), [])) for hit in hits)


def _pages(
    house: House, session: Session, wanted: Mapping[tuple[str, int], Sequence[tuple[int, int]]]
) -> Iterator[tuple[tuple[str, int], list[tuple[int, Line]]]]:
    """Yield, of those pages whose text the store can give, the lines that the places on them touch.

    Where it cannot the words are found all the same, and `fixity` tells of it.
    """
    if not wanted:
        return
    documents, numbers = (list(set(values)) for values in zip(*wanted, strict=True))
    asked = {"documents": documents, "numbers": numbers, "pages": list(wanted)}
    for row, wrapped in session.execute(_TEXTS, asked):
        key, place = house.keys.unwrap(UUID(row.document_id), wrapped), (row.document_id, row.page or 0)
        with contextlib.suppress(ObjectDamaged, ObjectMissing):
            yield place, lines_at(read_kept(house, row, key), wanted[place])


def _found(hit: Hit, verification: str, lines: list[tuple[int, Line]]) -> FoundHit:
    return FoundHit(
        document_id=hit.document,
        title=hit.title,
        category=hit.category,
        page=hit.page,
        snippet=hit.snippet,
        marks=hit.marks,
        boxes=tuple(boxes_in(lines, hit.spans)),
        customer=hit.customer,
        department=hit.department,
        contract_number=hit.contract_number,
        archive_number=hit.archive_number,
        status=hit.status,
        score=hit.score,
        approximate=hit.approximate,
        pages_matched=hit.pages_matched,
        verification=verification,
    )
