"""Which entries of the embedded engine stand on a page of results, in every order."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import TypeAlias

import tantivy
from tantivy import Occur, Query

from search.orders import NUMBER, RANKED, RECEIVED, Anchor, Order

Place: TypeAlias = tuple[float, tantivy.DocAddress]

_EQUALS = 1000  # hits looked at beyond a page, among which what is worth as much as its last one nearly always ends
_SLACK = 100  # documents that may have come before a page since the page before it was shown, without a second look


@dataclass(frozen=True)
class Page:
    """`limit` hits behind the first `first` ones, or behind the hit of `after`."""

    first: int
    limit: int
    order: Order
    after: Anchor | None


def places(
    schema: tantivy.Schema, searcher: tantivy.Searcher, wanted: Query, page: Page, *, newest: Query | None = None
) -> tuple[int, list[Place]]:
    """Return how many match in all, and score (0 where another order counts) and address of those on the page, in order.

    newest: by relevance, a query of some of what is wanted; where it finds RANKED they are ranked alone, and only they are counted.
    """
    if not page.order.key:
        if newest is not None:
            found, shown = _ranked(schema, searcher, newest, page)
            if found >= RANKED:
                return found, shown
        return _ranked(schema, searcher, wanted, page)
    if page.order.key == NUMBER:
        return _numbered(searcher, wanted, page)
    return _dated(schema, searcher, wanted, page)


def count(searcher: tantivy.Searcher, wanted: Query) -> int:
    """Return how many match."""
    return int(searcher.search(wanted, limit=1, count=True).count)  # type: ignore[attr-defined]  # missing from the engine's stubs


def _ranked(schema: tantivy.Schema, searcher: tantivy.Searcher, wanted: Query, page: Page) -> tuple[int, list[Place]]:
    most = page.first + page.limit
    found = searcher.search(wanted, limit=max(most, 0) + _EQUALS, count=True)
    total = int(found.count)  # type: ignore[attr-defined]  # missing from the engine's stubs
    hits = found.hits
    # The engine gives equals in the order of its files: whose equals stand on both sides of the page's end needs them all.
    split = 0 < most < len(hits) and hits[-1][0] == hits[most - 1][0]
    if (split or page.after) and len(hits) < total:
        hits = searcher.search(wanted, limit=max(RANKED, most), count=False).hits
    came = searcher.fast_field_values(RECEIVED, [address for _, address in hits])
    placed = sorted(zip(hits, came, strict=True), key=lambda one: (-one[0][0], -int(one[1] or 0)))
    if page.after is None:
        return total, [hit for hit, _ in placed[page.first : most]]
    behind = -_score_now(schema, searcher, wanted, page.after), -int(page.after.key)
    rest = [hit for hit, key in placed if (-hit[0], -int(key or 0)) > behind]
    return total, rest[: page.limit]


def _score_now(schema: tantivy.Schema, searcher: tantivy.Searcher, wanted: Query, after: Anchor) -> float:
    """Return what the hit a page begins behind is worth now; what it was worth when it is gone."""
    itself = Query.const_score_query(Query.term_query(schema, "document", after.document, "basic"), 0.0)
    found = searcher.search(
        Query.boolean_query([(Occur.Must, wanted), (Occur.Must, itself)]), limit=1, count=False
    ).hits
    return float(found[0][0]) if found else after.score


def _dated(schema: tantivy.Schema, searcher: tantivy.Searcher, wanted: Query, page: Page) -> tuple[int, list[Place]]:
    key, first, bounded = page.order.key, page.first, wanted
    if page.after is not None:
        at = int(page.after.key)
        low, high = (None, at - 1) if page.order.descending else (at + 1, None)
        within = Query.range_query(schema, key, tantivy.FieldType.Integer, low, high)
        bounded, first = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, within)]), 0
    turn = tantivy.Order.Desc if page.order.descending else tantivy.Order.Asc
    found = searcher.search(
        bounded, limit=max(page.limit, 1), count=False, order_by_field=key, offset=first, order=turn
    )
    return count(searcher, wanted), [(0.0, address) for _, address in found.hits[: page.limit]]


def _numbered(searcher: tantivy.Searcher, wanted: Query, page: Page) -> tuple[int, list[Place]]:
    """Return a page in the order of numbers: the engine compares no texts, so what stands before the page is passed over."""
    total = count(searcher, wanted)
    before = page.after.shown if page.after else page.first
    for most in (before + page.limit + _SLACK, max(total, 1)):
        found = searcher.search(wanted, limit=most, count=False, order_by_field=NUMBER, order=tantivy.Order.Asc).hits
        first = bisect_right(found, page.after.key, key=lambda one: one[0]) if page.after else page.first
        if first + page.limit <= len(found) or len(found) >= total:
            break
    return total, [(0.0, address) for _, address in found[first : first + page.limit]]
