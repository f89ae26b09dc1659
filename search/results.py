"""From what an engine stored to the hit that is shown: the same code for both engines, so the same answer."""

from search.highlight import Opened, best_page, holds, snippet
from search.model import Hit
from search.nearly import exactly
from search.orders import order_keys
from search.projection import Stored
from search.syntax import Node


def hit(query: Node, stored: Stored, score: float) -> Hit | None:
    """Return the hit of a document that matches `query`, with its best page, excerpt and places.

    None where the engine could only say that it may be a near-miss, and it is not.
    """
    exact, opened = exactly(query), Opened.of(stored)
    approximate = False
    if exact != query:
        if not holds(query, opened):
            return None
        approximate = not holds(exact, opened)
    best = best_page(query, opened)
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
