"""The one index port. An engine stores pages and answers syntax trees; it never sees a user's text as its own syntax."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from search.model import Candidate, IndexedPage, Reader, Results
from search.orders import RELEVANCE, Anchor
from search.syntax import Node


class SearchIndex(Protocol):
    """Every method raises IndexUnavailable when the engine cannot be reached or its files are damaged."""

    def replace(self, document: str, pages: Sequence[IndexedPage]) -> None:
        """Make `pages` all there is of `document`; findable and durable on return. Repeating changes nothing."""

    def replace_many(self, documents: Mapping[str, Sequence[IndexedPage]]) -> None:
        """As `replace`, for many documents in one commit."""

    def remove(self, document: str) -> None:
        """Leave nothing of `document`, stored text included. Silent if there is none."""

    def remove_many(self, documents: Iterable[str]) -> None:
        """As `remove`, for many documents at once: the files are rewritten once for all of them."""

    def purge(self) -> None:
        """Drop from the files what was removed or replaced and is only hidden so far. To be run daily; may take minutes.

        Elasticsearch keeps what `remove` took out of answers for up to half a minute before it can be purged.
        """

    def search(
        self,
        query: Node,
        reader: Reader,
        *,
        limit: int = 20,
        offset: int = 0,
        filters: Mapping[str, str] | None = None,
        order: str = RELEVANCE,
        after: Anchor | None = None,
        facets: bool = True,
    ) -> Results:
        """Return the documents whose pages match, in an order of `search.orders`, only those `reader` may see.

        after: begin behind that hit, `offset` does not count then; no hit comes twice and none is left out, whatever was indexed
        meanwhile. In the order of relevance nothing is given beyond the first RANKED hits, and where many more match an engine may rank the
        newest of them alone. `total` and facets are of all.

        Facets (category, department, customer, year received, status, tier) count documents; without `facets`, for who does not show them, there are none. filters: facet name to exact value.
        """

    def likeliest(
        self, query: Node, reader: Reader, *, limit: int, filters: Mapping[str, str] | None = None
    ) -> list[Candidate]:
        """Return those documents that match a query which allows near-misses, of the `limit` likeliest that may, only those `reader` may see."""

    def contains(self, document: str) -> bool:
        """Return whether anything of `document` is in the index, hidden entries included where the engine tells."""

    def documents(self) -> Iterator[str]:
        """Yield the ids of all indexed documents, each once."""

    def states(self) -> Iterator[tuple[str, str]]:
        """Yield (document, stamp) of all indexed documents, each once."""

    def clear(self) -> None:
        """Remove everything, a rebuild that was begun included; the index is empty and answers."""

    def begin(self) -> None:
        """Begin the next generation of the index, or go on with one that was begun; the old one answers until `finish`.

        From now on every change reaches both, the next generation at `filled` and `finish` at the latest.
        """

    def begun(self) -> bool:
        """Return whether a rebuild was begun and is not finished."""

    def fill(self, documents: Mapping[str, Sequence[IndexedPage]]) -> None:
        """Write documents to the next generation alone.

        An engine may still write when it returns; that it could not is told by the next call, or by `filled` and `finish`.
        """

    def filled(self) -> Iterator[tuple[str, str]]:
        """Yield (document, stamp) of what the next generation holds."""

    def drop(self, documents: Iterable[str]) -> None:
        """Remove documents from the next generation alone."""

    def finish(self) -> None:
        """Let the next generation answer from now on, in one step, and remove the old one."""

    def check(self) -> None:
        """Raise IndexUnavailable unless the engine answers now."""
