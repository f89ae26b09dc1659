"""From what an engine stored to the hit that is shown: the same code for both engines, so the same answer."""

from collections.abc import Callable, Iterable
from itertools import islice

from search.highlight import Opened, best_page, holds, opened_together, snippet
from search.model import Candidate, Hit, IndexedPage
from search.nearly import exactly
from search.orders import order_keys
from search.projection import Stored
from search.syntax import Node


def candidates(query: Node, found: Iterable[tuple[float, Callable[[], Stored]]]) -> list[Candidate]:
    """Return those of what an engine gave for a query that allows near-misses that match: of some it can only say that they may.

    found: score, and what gives the document. Some at a time are held; all, and they may be hundreds of long documents, never are.
    """
    exact, left = exactly(query), iter(found)
    if exact == query:  # the engine has settled all of it
        return [_candidate(query, again().about, score, again, approximate=False) for score, again in left]
    made: list[Candidate] = []
    while some := list(islice(left, _AT_ONCE)):
        stored = [again() for _, again in some]
        for (score, again), opened in zip(some, opened_together(stored), strict=True):
            if holds(query, opened):
                about, approximate = opened.stored.about, not holds(exact, opened)
                made.append(_candidate(query, about, score, again, approximate=approximate))
    return made


_AT_ONCE = 30  # documents


def _candidate(
    query: Node, about: IndexedPage, score: float, again: Callable[[], Stored], *, approximate: bool
) -> Candidate:
    return Candidate(about, score, approximate, lambda: hit(query, again(), score, approximate=approximate))


def hit(query: Node, stored: Stored, score: float, *, approximate: bool = False) -> Hit:
    """Return the hit of a document that matches `query`, with its best page, excerpt and places."""
    best = best_page(query, Opened(stored))
    excerpt, marks = snippet(best.text, best.spans)
    about = stored.about
    return Hit(
        document=about.document,
        page=best.page,
        title=about.title,
        category=about.category,
        customer=about.customer,
        department=about.department,
        status=about.status,
        contract_number=about.contract_number,
        archive_number=about.archive_number,
        score=score,
        snippet=excerpt,
        marks=marks,
        spans=best.spans,
        pages_matched=best.pages_matched,
        approximate=approximate,
        year=about.year,
        tier=about.tier,
        keys=order_keys(about),
    )
