"""Plain values of search: what goes into the index and what comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class IndexedPage:
    """One page as the index sees it. `document` and the metadata are the same on all pages of a document.

    text: the page's text in reading order, lines joined by a newline, as printed.
    fields: values read from the document (names of DESIGN.md). customer, department, handler: names or codes, "" if none.
    numbers: contract number, archive number, credit codes: anything a person would type whole.
    stamp: tells this state of the document from any other; what an index holds with another stamp is stale.
    access: opaque tokens; a page is visible to a reader who holds at least one of them.
    received_at: the moment as ISO 8601, where it is known more closely than the day.
    """

    document: str
    page: int
    text: str
    title: str = ""
    category: str = ""
    kind: str = ""
    customer: str = ""
    department: str = ""
    status: str = ""
    tier: str = "internal"
    contract_number: str = ""
    archive_number: str = ""
    numbers: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    received_on: str = ""
    access: tuple[str, ...] = ()
    handler: str = ""
    received_at: str = ""
    stamp: str = ""

    @property
    def year(self) -> str:
        """The year of `received_on`, "" if there is none."""
        return self.received_on[:4]


@dataclass(frozen=True)
class Reader:
    """Who searches: the access tokens held; None in `tokens` means sees everything (the machine's owner)."""

    tokens: frozenset[str] | None


@dataclass(frozen=True)
class Hit:
    """One matching page; the best page stands for its document.

    spans: (start, end) offsets into the page's text where the query stands, in order; empty when only metadata matched.
    snippet: an excerpt of the page's text, newlines removed; marks: (start, end) offsets into the snippet.
    pages_matched: how many pages of the document match. keys: its places in the orders, see `search.orders`.
    """

    document: str
    page: int
    title: str
    category: str
    customer: str
    department: str
    status: str
    contract_number: str
    archive_number: str
    score: float
    snippet: str
    marks: tuple[tuple[int, int], ...]
    spans: tuple[tuple[int, int], ...]
    pages_matched: int = 1
    approximate: bool = False
    year: str = ""
    tier: str = ""
    keys: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """A document that matches, exactly or nearly, before its best page and the places on it are looked for.

    about: its metadata, a page without text. show: looks for them.
    """

    about: IndexedPage
    score: float
    approximate: bool
    show: Callable[[], Hit]


@dataclass(frozen=True)
class Results:
    """Hits in order, with the number of documents that match in all."""

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
