"""Hits: every place of a query in one document, counted through its pages, with the boxes of those on the page that is shown."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from intake.model import Box
from search.fields import values
from search.folding import fold
from search.highlight import Lit, lit, read_values, snippet
from search.syntax import Node, Word, parse
from service.access.policy import Actor
from service.flow.common.guard import load_document
from service.flow.common.index import load_pages, project
from service.flow.common.places import boxes_of
from service.flow.search.texts import texts_of
from service.house import House
from service.records import audit

AROUND = 100  # places listed before the one that is chosen, and after it
_WIDTH = 36  # characters of an excerpt


@dataclass(frozen=True)
class Place:
    """A place of the query. number: from 1, through the whole document; near: it only nearly is what was looked for.

    excerpt: what stands there, marks: (start, end) offsets into it.
    """

    number: int
    page: int
    near: bool
    excerpt: str = ""
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Lighted:
    """A place on the page that is shown. boxes: one for every line it touches, in pixels of the page image."""

    number: int
    near: bool
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Hits:
    """The places of a query in a document. total: all of them; page: what is shown; on: the chosen one, 0 for none on that page.

    before, after: the places to go to from here, 0 for none. near: whether only near-misses were found. listed: those around
    the chosen one, at most 2 × AROUND + 1. counts: how many on which page.
    """

    total: int
    page: int
    on: int = 0
    before: int = 0
    after: int = 0
    near: bool = False
    lighted: tuple[Lighted, ...] = ()
    listed: tuple[Place, ...] = ()
    counts: Mapping[int, int] = field(default_factory=dict)


def hits_in(
    house: House,
    actor: Actor,
    document_id: str,
    text: str,
    *,
    hit: int | None = None,
    page: int | None = None,
    near: bool = False,
    noted: bool = False,
) -> Hits:
    """Return the places of a query: shown is `page`, or without it the page of place number `hit`, or of the first.

    Near-misses count when asked for (`near`), and where nothing is found without them. noted: where it is no part of a page that is
    noted itself. Raises BadQuery, NotFound.
    """
    node = parse(text)
    with house.database.read() as session:
        document = load_document(session, actor, document_id)
        about = project(document, [])[0]
        read = read_values(node, lambda: [(value, fold(value.text)) for value in values(about)])
        texts = dict(texts_of(house, session, document_id))
        found = _all(node, texts, read, near=near)
        if not found and not near:
            found = _all(node, texts, read, near=True)
        if page is None and found:
            page = found[min(max(hit or 1, 1), len(found)) - 1][0]
        page = page or 1
        here = [(number, one) for number, (where, one) in enumerate(found, 1) if where == page]
        shown = load_pages(house, session, document_id, [page]) if here else []
    on = hit if hit in {number for number, _ in here} else here[0][0] if here else 0
    lighted = tuple(
        Lighted(number, one.near, tuple(boxes_of(shown[0], [(one.start, one.end)]))) for number, one in here if shown
    )
    if noted:
        with house.database.write() as session:
            detail = {"rendition": "page-text", "page": page, "hits": len(found)}
            audit.append(session, actor.name, "document.open", f"document:{document_id}", detail)
    earlier = sum(where < page for where, _ in found)
    before, after = (on - 1, on + 1) if on else (earlier, earlier + 1)
    first = max((on or earlier) - AROUND, 1)
    return Hits(
        total=len(found),
        page=page,
        on=on,
        before=before,
        after=after if after <= len(found) else 0,
        near=bool(found) and all(one.near for _, one in found),
        lighted=lighted,
        listed=tuple(
            _place(number, *found[number - 1], texts)
            for number in range(first, min(first + 2 * AROUND, len(found)) + 1)
        ),
        counts=Counter(where for where, _ in found),
    )


def _all(node: Node, texts: Mapping[int, str], read: list[Word], *, near: bool) -> list[tuple[int, Lit]]:
    return [(number, one) for number, text in texts.items() for one in lit(node, text, near=near, read=read)]


def _place(number: int, page: int, one: Lit, texts: Mapping[int, str]) -> Place:
    excerpt, marks = snippet(texts[page], [(one.start, one.end)], _WIDTH)
    return Place(number, page, one.near, excerpt, marks)
