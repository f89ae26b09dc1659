"""Search that forgives: near-misses below what is exact, and marked."""

from collections.abc import Mapping

from search.model import Reader, Results
from search.orders import RELEVANCE, Anchor, in_order
from search.ports import SearchIndex
from search.projection import counted
from search.syntax import And, FieldMatch, Near, Node, Not, Or, Phrase, Range, Similar, Word

CANDIDATES = 300  # documents whose text is looked at; more would take a second


def search_nearly(
    index: SearchIndex,
    query: Node,
    reader: Reader,
    *,
    limit: int = 20,
    offset: int = 0,
    filters: Mapping[str, str] | None = None,
    order: str = RELEVANCE,
    after: Anchor | None = None,
) -> Results:
    """Return the documents that match, those that only nearly do below them and marked `approximate`.

    total and facets count what was found among the likeliest CANDIDATES documents. A page begins behind the hit of `after`; where
    that one is gone, behind as many as were shown.
    """
    found = in_order(index.likeliest(loosened(query), reader, limit=CANDIDATES, filters=filters), order)
    first = max(offset, 0)
    if after is not None:
        places = (place for place, one in enumerate(found, 1) if one.about.document == after.document)
        first = next(places, after.shown)
    shown = tuple(one.show() for one in found[first : first + max(limit, 0)])
    return Results(len(found), shown, counted([one.about for one in found]))


def loosened(node: Node) -> Node:
    """Return the query with near-misses allowed in every word; not in values of fields and words to leave out."""
    match node:
        case Word() | Phrase():
            return Similar(node)
        case And(parts):
            return And(tuple(map(loosened, parts)))
        case Or(parts):
            return Or(tuple(map(loosened, parts)))
        case FieldMatch() | Range() | Near() | Similar() | Not():
            return node


def exactly(node: Node) -> Node:
    """Return what `loosened` was given."""
    match node:
        case Similar(leaf):
            return leaf
        case And(parts):
            return And(tuple(map(exactly, parts)))
        case Or(parts):
            return Or(tuple(map(exactly, parts)))
        case Word() | Phrase() | FieldMatch() | Range() | Near() | Not():
            return node
