"""Everything that a question finds, not a page of it: for acts that must reach all of it."""

from search.model import Reader
from search.orders import anchor
from search.syntax import Node
from service.access.policy import Actor, reader_tokens
from service.errors import BadInput
from service.flow.search.find import MAX_LIMIT, demand_index
from service.house import House

MOST_FOUND = 5000
_ORDER = "oldest_received"  # has no end, and what arrives meanwhile comes last


def find_all(house: House, actor: Actor, query: Node) -> list[str]:
    """Return the ids of all documents of which the index says that they match and that the actor may see them; no near-misses.

    The caller asks the database who may see them now. Raises BadInput (more than `MOST_FOUND`), IndexUnavailable.
    """
    reader, found, after = Reader(reader_tokens(actor)), list[str](), None
    while True:
        results = house.index.search(query, reader, limit=MAX_LIMIT, order=_ORDER, after=after, facets=False)
        if after is None and results.total > MOST_FOUND:
            why = f"{results.total} documents match, more than {MOST_FOUND}: narrow it"
            raise BadInput(f"query: {why}", {"query": why})
        found += [hit.document for hit in results.hits]
        if len(results.hits) < MAX_LIMIT:
            break
        after = anchor(results.hits[-1], _ORDER, len(found))
    if not found:
        demand_index(house)
    return found
