"""Where a query stands on a page, on the page's own text, and the excerpt that shows it. Knows no engine."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import TypeAlias

from search.fields import FIELDS, WHOLE, Value, all_texts, values
from search.folding import Folded, Forms, fold, folded_together, forms, merged, origin_of, places
from search.initials import initials, typed_initials
from search.projection import Stored
from search.ranges import lies_within
from search.similar import near_places
from search.syntax import And, FieldMatch, Near, Node, Not, Or, Phrase, Range, Similar, Word

SNIPPET_WIDTH = 120  # characters

Span = tuple[int, int]


def spans(node: Node, text: str) -> list[Span]:
    """Return the (start, end) offsets into `text` where words of the query stand, in order, overlapping ones made one.

    Words to leave out and values of fields do not count.
    """
    folded = fold(text)
    return _on_the_text(text, folded, [place for leaf in leaves(node) for place in _places(leaf, folded)])


def _on_the_text(text: str, folded: Folded, found: list[Span]) -> list[Span]:
    """Return stretches of the folded stream as offsets into the text, overlapping ones made one."""
    if not found:
        return []
    at = origin_of(text, folded)
    return merged([(at(start), at(end - 1) + 1) for start, end in found])


@dataclass(frozen=True)
class Lit:
    """A stretch of a text that a query lights up. near: it is only nearly what is looked for."""

    start: int
    end: int
    near: bool = False


def lit(node: Node, text: str, *, near: bool = False, read: Iterable[Word] = ()) -> list[Lit]:
    """Return every place of a query, as it was parsed, in `text`, in order; none overlaps another.

    The exact ones are those of `spans` and of `read`, see `read_values`; with `near` what only nearly fits is there too, where nothing
    exact stands.
    """
    folded = fold(text)
    exact = _on_the_text(text, folded, [place for leaf in (*leaves(node), *read) for place in _places(leaf, folded)])
    close = _near_spans(node, text) if near else []
    close = [one for one in close if all(one[1] <= left or right <= one[0] for left, right in exact)]
    found = [Lit(*span) for span in exact] + [Lit(*span, near=True) for span in merged(close)]
    return sorted(found, key=lambda one: one.start)


def _near_spans(node: Node, text: str) -> list[Span]:
    folded = fold(text)
    words = dict.fromkeys(_typed(leaf.text) for leaf in leaves(node) if isinstance(leaf, Word | Phrase))
    found = [place for chars in words for place in near_places(chars, folded.chars)]
    at = origin_of(text, folded)
    return [(at(start), at(end - 1) + 1) for start, end in found if start < end]


Leaf: TypeAlias = Word | Phrase | Near | Similar


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the words, phrases and neighbours that should be on a page."""
    match node:
        case Word() | Phrase() | Near() | Similar():
            yield node
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case FieldMatch() | Range() | Not():
            return


# What no paper bears as a value of its own, though it may bear the same characters.
_NOT_PRINTED = WHOLE | {"department", "kind", "received_on"}


def read_values(node: Node, known: Callable[[], Iterable[tuple[Value, Folded]]]) -> list[Word]:
    """Return the values by which a document was found, though nobody typed them: those of fields, in ranges, of initials.

    Where a page bears them they are lit like words. known: gives the document's values, and is asked only where the query reads any:
    to fold them takes as long as to fold a page.
    """
    parts = list(_read_parts(node))
    if not parts:
        return []
    printed = [one for one in known() if one[0].name not in _NOT_PRINTED]
    found = (value for part in parts for value, folded in printed if _was_read(part, value, folded))
    return [Word(text) for text in dict.fromkeys(value.text for value in found)]


def _read_parts(node: Node) -> Iterator[Word | FieldMatch | Range]:
    match node:
        case FieldMatch() | Range():
            yield node
        case Word(text) | Similar(Word(text)):
            if typed_initials(_typed(text)):
                yield Word(text)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _read_parts(part)
        case _:
            return


def _was_read(part: Word | FieldMatch | Range, value: Value, folded: Folded) -> bool:
    match part:
        case FieldMatch(name, typed):
            return value.name in FIELDS[name] and bool(_places(typed, folded))
        case Range(name, low, high):
            return value.name == name and lies_within(name, value.text, low, high)
        case Word(text):
            return _by_initials(text, value, folded)


def _by_initials(text: str, value: Value, folded: Folded) -> bool:
    letters = typed_initials(_typed(text)) if value.company else ""
    return bool(letters) and letters in initials(folded.chars)


_forms = lru_cache(maxsize=256)(forms)  # the words of a query are held against many pages and values


_folded_value = lru_cache(maxsize=64)(fold)  # one result after the other has the same department, day or state


@lru_cache(maxsize=256)
def _typed(text: str) -> str:
    return fold(text).chars


def _places(leaf: Leaf, folded: Folded) -> list[Span]:
    if isinstance(leaf, Near):
        return list(_neighbours(leaf, folded))
    if isinstance(leaf, Similar):
        return _places(leaf.leaf, folded) or list(near_places(_typed(leaf.leaf.text), folded.chars))
    return places(_forms(leaf.text, exact=isinstance(leaf, Phrase)), folded)


def _neighbours(near: Near, folded: Folded) -> Iterator[Span]:
    left, right = (places(Forms(_typed(leaf.text)), folded) for leaf in (near.left, near.right))
    for one in left:
        for other in right:
            first, second = sorted((one, other))
            if 0 <= second[0] - first[1] <= near.distance:
                yield from (first, second)


@dataclass(frozen=True)
class Best:
    """The page that stands for a document, with how many of its pages match."""

    page: int
    text: str
    spans: tuple[Span, ...]
    pages_matched: int


@dataclass(frozen=True)
class Opened:
    """What an engine stored of a document, each text of it folded once, when it is looked at.

    folded: its pages and, behind them, its values as one, where they were folded together with those of others.
    """

    stored: Stored
    folded: tuple[Folded, ...] = ()

    @cached_property
    def pages(self) -> tuple[tuple[int, str, Folded], ...]:
        """The pages by number."""
        folded = self.folded or [fold(text) for _, text in self.stored.pages]
        return tuple((number, text, chars) for (number, text), chars in zip(self.stored.pages, folded, strict=False))

    @cached_property
    def values(self) -> tuple[tuple[Value, Folded], ...]:
        """The metadata."""
        return tuple((value, _folded_value(value.text)) for value in values(self.stored.about))

    @cached_property
    def _all_values(self) -> Folded:
        return self.folded[-1] if self.folded else fold(all_texts(self.stored.about))

    def is_known_by(self, leaf: Leaf) -> bool:
        """Return whether a word of a query, without the name of a field, finds the metadata."""
        return _may_stand_in(leaf, self._all_values) and any(_stands_in(leaf, *value) for value in self.values)


def opened_together(many: Sequence[Stored]) -> list[Opened]:
    """Return documents with their texts folded; of many, in a quarter of the time that each by itself takes."""
    texts = [[*(text for _, text in stored.pages), all_texts(stored.about)] for stored in many]
    folded = iter(folded_together(list(chain.from_iterable(texts))))
    return [Opened(stored, tuple(islice(folded, len(some)))) for stored, some in zip(many, texts, strict=True)]


def best_page(node: Node, opened: Opened) -> Best:
    """Return the page on which most of the query stands; of equal ones the one with most places, then the first.

    A page matches when the query is fulfilled by it and the document's metadata; if none does (the words stand on
    different pages), every page with one of the words counts, and without any every page that bears what was found.
    """
    wanted = list(dict.fromkeys(leaves(node)))
    known = {leaf for leaf in wanted if opened.is_known_by(leaf)}
    read = read_values(node, lambda: opened.values)
    best, rank, whole, some, bears = 0, (False, 0, 0), 0, 0, 0
    lit_up: list[Span] = []
    for order, (_, _, folded) in enumerate(opened.pages):
        found = {leaf: _places(leaf, folded) for leaf in wanted}
        here = {leaf for leaf, stretches in found.items() if stretches}
        fulfilled = _fulfilled(node, here | known)
        whole += bool(here) and fulfilled
        some += bool(here)
        found |= {leaf: _places(leaf, folded) for leaf in read}
        stand = [stretches for stretches in found.values() if stretches]
        bears += bool(stand)
        this = (fulfilled, len(stand), sum(map(len, stand)))
        if order == 0 or this > rank:
            best, rank, lit_up = order, this, list(chain.from_iterable(stand))
    number, text, folded = opened.pages[best]
    return Best(number, text, tuple(_on_the_text(text, folded, lit_up)), whole or some or bears or 1)


def stands_in(leaf: Leaf, value: Value) -> bool:
    """Return whether a word of a query, without the name of a field, finds a metadata value."""
    return _stands_in(leaf, value, fold(value.text))


def _may_stand_in(leaf: Leaf, together: Folded) -> bool:
    """Return False where the values that are put together here cannot hold a word: most do not, and there are many of them."""
    match leaf:
        case Near():
            return False
        case Similar(inside):
            return any(near_places(_typed(inside.text), together.chars)) or _has_other_forms(inside, together)
        case _:
            return _typed(leaf.text) in together.chars or _has_other_forms(leaf, together)


def _has_other_forms(leaf: Word | Phrase, together: Folded) -> bool:
    """Return whether it may stand in a value without standing there as it was typed."""
    wanted = _forms(leaf.text, exact=isinstance(leaf, Phrase))
    spoken = isinstance(leaf, Word) and typed_initials(_typed(leaf.text))
    return bool(wanted.may_stand_loosely(together.chars) or wanted.amount or wanted.date or spoken)


def _stands_in(leaf: Leaf, value: Value, folded: Folded) -> bool:
    if isinstance(leaf, Near):
        return False
    if isinstance(leaf, Similar):
        if _stands_in(leaf.leaf, value, folded):
            return True
        return value.free == "part" and any(near_places(_typed(leaf.leaf.text), folded.chars))
    if isinstance(leaf, Word) and _by_initials(leaf.text, value, folded):
        return True
    if value.free == "part":
        return bool(_places(leaf, folded))
    return value.free == "whole" and _typed(leaf.text) == folded.chars


def holds(node: Node, opened: Opened) -> bool:
    """Return whether a document has on its pages and in its metadata what the query looks for there.

    Fields, ranges and words to leave out do not count; the engine has settled them.
    """
    here = {
        leaf
        for leaf in leaves(node)
        if any(_places(leaf, folded) for _, _, folded in opened.pages) or opened.is_known_by(leaf)
    }
    return _fulfilled(node, here)


def _fulfilled(node: Node, here: AbstractSet[Leaf]) -> bool:
    match node:
        case Word() | Phrase() | Near() | Similar():
            return node in here
        case And(parts):
            return all(_fulfilled(part, here) for part in parts)
        case Or(parts):
            return any(_fulfilled(part, here) for part in parts)
        case FieldMatch() | Range() | Not():
            return True  # the engine has settled these for the document as a whole


def snippet(text: str, marked: Iterable[Span], width: int = SNIPPET_WIDTH) -> tuple[str, tuple[Span, ...]]:
    """Return an excerpt of about `width` characters around the densest places, and their offsets in the excerpt.

    White space becomes one space, or nothing next to a Han character; the excerpt is printed text, never mark-up.
    Without places it is the beginning of the text.
    """
    marked = sorted(marked)
    start, end = _window(text, marked, width)
    pieces: list[str] = ["…"] if text[:start].strip() else []
    length = len(pieces)
    moved: list[int] = []  # for each offset from start on, where it went in the excerpt
    begun = start
    for match in _MAY_CHANGE.finditer(text, start, end):
        at, char = match.start(), match[0]
        pieces.append(text[begun:at])
        moved += range(length, length + at - begun + 1)
        length += at - begun
        kept = _space(text, at, start) if char.isspace() else char if char.isprintable() else ""
        pieces.append(kept)
        length += len(kept)
        begun = at + 1
    pieces.append(text[begun:end])
    moved += range(length, length + end - begun + 1)
    marks = [
        (moved[max(left, start) - start], moved[min(right, end) - start])
        for left, right in marked
        if start <= left < end
    ]
    if text[end:].strip():
        pieces.append("…")
    return "".join(pieces), tuple((left, right) for left, right in marks if left < right)


# What an excerpt may show otherwise; these, which most of a page is made of, are printed as they are.
_MAY_CHANGE = re.compile(r"[^\u0021-\u007e\u4e00-\u9fa5\u3001-\u3011\uff01-\uff5e]")
_HAN_OR_MARK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f\U00020000-\U0003ffff]")


def _space(text: str, at: int, start: int) -> str:
    """Return what white space at `at` is shown as: nothing after other white space or beside Chinese."""
    before = text[at - 1] if at > start else ""
    rest = text[at : at + 50].lstrip()
    if not before.strip() or not rest:
        return ""
    return "" if _HAN_OR_MARK.match(before) or _HAN_OR_MARK.match(rest) else " "


def _window(text: str, marked: Sequence[Span], width: int) -> Span:
    """Return the stretch of `text` to show: where most places fit, those in its middle."""
    if not marked:
        start = len(text) - len(text.lstrip())
        return start, min(start + width, len(text))
    best, count, left = (0, 0), 0, 0
    for right, (_, end) in enumerate(marked):
        while end - marked[left][0] > width and left < right:
            left += 1
        if right - left + 1 > count:
            best, count = (left, right), right - left + 1
    first, last = marked[best[0]][0], marked[best[1]][1]
    start = max(0, first - max(0, width - (last - first)) // 2)
    end = min(len(text), max(start + width, last))
    return max(0, min(start, end - width)), end
