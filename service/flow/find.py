"""Find: from what a person typed to the places on the pages they may see."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from intake.model import Box
from search.errors import BadQuery, IndexUnavailable
from search.model import Hit, Reader, Results
from search.nearly import search_nearly
from search.orders import ORDERS, RANKED, RELEVANCE, Anchor, anchor
from search.projection import FACETS
from search.syntax import Node, parse
from service.access.policy import Actor, reader_tokens
from service.errors import BadInput
from service.flow.find_cursor import Place, Question, seal, unseal
from service.flow.guard import allowed, reach_of, require
from service.flow.index import load_pages
from service.flow.places import boxes_of
from service.house import House
from service.records import audit
from service.records.tables import Document
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
    hits = tuple(found for hit in results.hits if (found := _place(house, actor, hit)) is not None)
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
    """A question as the engines take it. near: with near-misses at once, not only where nothing else is found."""

    query: Node
    reader: Reader
    filters: Mapping[str, str]
    order: str
    near: bool


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


def demand_index(house: House) -> None:
    """Raise IndexUnavailable where nothing was found because the index was lost: "0 found" would be a lie.

    Of the documents that the database calls indexed the newest three must not all be missing from the index.
    """
    query = select(Document.id).where(Document.indexed, Document.status.in_(("stored", "needs_review")))
    newest = query.where(Document.pages_read > 0).order_by(Document.received_at.desc(), Document.id.desc()).limit(3)
    with house.database.read() as session:
        known = list(session.scalars(newest))
    if not known or any(house.index.contains(document) for document in known):
        return
    with house.database.read() as session:  # one that was destroyed meanwhile is missed by nobody
        if session.scalar(query.where(Document.id.in_(known)).limit(1)):
            raise IndexUnavailable("the search index is lost: `juanzong reindex` builds it anew")


def _place(house: House, actor: Actor, hit: Hit) -> FoundHit | None:
    """Add the boxes. The database has the last word on who may see a hit: the index may lag behind it by a moment."""
    with house.database.read() as session:
        document = session.get(Document, hit.document)
        if document is None or document.status in ("destroyed", "receiving"):
            return None
        if not allowed(actor, "document.read", reach_of(document)):
            return None
        try:
            pages = load_pages(house, session, hit.document, [hit.page]) if hit.spans else []
        except (NoResultFound, ObjectDamaged, ObjectMissing):
            pages = []  # the words are found even where their places cannot be read any more; `fixity` tells of it
    return FoundHit(
        document_id=hit.document,
        title=hit.title,
        category=hit.category,
        page=hit.page,
        snippet=hit.snippet,
        marks=hit.marks,
        boxes=tuple(boxes_of(pages[0], hit.spans)) if pages else (),
        customer=hit.customer,
        department=hit.department,
        contract_number=hit.contract_number,
        archive_number=hit.archive_number,
        status=hit.status,
        score=hit.score,
        approximate=hit.approximate,
        pages_matched=hit.pages_matched,
        verification=document.verification,
    )
