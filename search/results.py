"""From what an engine stored to the hit that is shown: the same code for both engines, so the same answer."""

from collections.abc import Callable

from search.highlight import Opened, best_page, holds, snippet
from search.model import Candidate, Hit
from search.nearly import exactly
from search.orders import order_keys
from search.projection import Stored
from search.syntax import Node


def candidate(query: Node, stored: Stored, score: float, again: Callable[[], Stored]) -> Candidate | None:
    """Return what an engine gave for a query that allows near-misses; None where it could only say that it may be one, and it is not.

    again: gives `stored` once more. All that is given is not held until it is known what is shown: hundreds of long documents.
    """
    exact, opened = exactly(query), Opened(stored)
    approximate = exact != query and not holds(exact, opened)
    if approximate and not holds(query, opened):
        return None
    return Candidate(stored.about, score, approximate, lambda: hit(query, again(), score, approximate=approximate))


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
