"""Where on the pages a value stands that a person typed: only where the pages leave no doubt. Pure functions."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from intake.amounts import find_amounts, money
from intake.dates import LONG_TERM, find_dates, find_long_term
from intake.fields.seals import NAMES as SEALS
from intake.folding import fold
from intake.model import Box, Line, PageText
from intake.typed import kind_of
from intake.words import union

_SEPARATORS = {"code": re.compile(r"[\s\-_.·]"), "identity_number": re.compile(r"[\s\-]")}
_SPACE = re.compile(r"\s")
_LETTER = re.compile(r"[0-9A-Za-z]")
_RUNS_UP = re.compile(r"\d[.,]$")
_GOES_ON = re.compile(r"[.,]\d")


@dataclass(frozen=True)
class Spot:
    """A place on a document. page: from 1, 0 where none is known. box: in pixels of its image, empty where it is not known."""

    page: int
    box: Sequence[int]


NOWHERE = Spot(0, ())


def spots(name: str, value: str, page: PageText) -> Iterator[Spot]:
    """Yield where a value of the field `name`, in the archive's form, stands on a page, in reading order.

    Compared as the archive reads: a sum and a day in whatever way they are written, a code without its separators, all else without
    regard to width, case and spaces. Of a sum that is said again in capitals the digits count. What a seal says is looked for on the seals.
    """
    kind = kind_of(name)
    if name in SEALS:
        yield from (Spot(page.number, seal.box) for seal in page.seals if _bare(kind, seal.text) == _bare(kind, value))
    else:
        yield from (Spot(page.number, _box(page.lines, start, end)) for start, end in _spans(kind, value, page.text))


def choose(found: Collection[Spot], leaf: int, old: Spot) -> Spot | None:
    """Return the place of a value that stands at `found`; None when the value's old place stays.

    It is where the value before it stood, if it stands there; else where it stands alone on the page open (leaf, 0 for none), or
    alone on all pages. One that stands several times has no place, but its page where that is one. One that stands nowhere was
    misread, which was where the value before it is.
    """
    own = _at(old, found)
    for some in (own, [spot for spot in found if spot.page == leaf], found):
        if len(some) == 1:
            return next(iter(some))
    if own or not found:
        return None
    pages = {spot.page for spot in found}
    return Spot(pages.pop(), ()) if len(pages) == 1 else NOWHERE


def is_settled(found: Collection[Spot], leaf: int, old: Spot) -> bool:
    """Tell whether what was found on some pages, the one open and the old place's among them, makes the others needless."""
    return bool(_at(old, found)) or sum(spot.page == leaf for spot in found) == 1


def _at(old: Spot, found: Collection[Spot]) -> list[Spot]:
    return [spot for spot in found if spot.page == old.page and _touch(spot.box, old.box)]


def _spans(kind: str, value: str, text: str) -> list[tuple[int, int]]:
    if kind == "money":
        same = [amount for amount in find_amounts(text) if money(amount.value) == value]
        digits = [amount for amount in same if amount.form == "digits"]
        return [(amount.start, amount.end) for amount in digits or same]
    if kind in ("date", "end") and value != LONG_TERM:
        return [(day.start, day.end) for day in find_dates(text) if day.value == value]
    if kind == "end":
        found, at = list[tuple[int, int]](), 0
        while words := find_long_term(text[at:]):
            found.append((at + words.start, at + words.end))
            at += words.end
        return found
    return _literally(kind, value, fold(text))


def _literally(kind: str, value: str, text: str) -> list[tuple[int, int]]:
    left_out = _SEPARATORS.get(kind, _SPACE)
    kept = [at for at, char in enumerate(text) if not left_out.match(char)]
    bare, wanted = _bare(kind, text), _bare(kind, value)
    found, at = list[tuple[int, int]](), bare.find(wanted) if wanted else -1
    while at >= 0:
        start, end = kept[at], kept[at + len(wanted) - 1] + 1
        if not _is_part(text, start, end):
            found.append((start, end))
        at = bare.find(wanted, at + len(wanted))
    return found


def _bare(kind: str, text: str) -> str:
    """Return the text as it is compared, one character for each that is not left out."""
    bare = _SEPARATORS.get(kind, _SPACE).sub("", fold(text))
    return "".join(low if len(low := char.lower()) == 1 else char for char in bare)


def _is_part(text: str, start: int, end: int) -> bool:
    """Tell whether a stretch is cut out of a word or a number: 60 in 1,060, in 60.5 and in A60."""
    begins, ends = _LETTER.match(text[start]), _LETTER.match(text[end - 1])
    before = _LETTER.match(text[start - 1 : start]) or (
        text[start].isdigit() and _RUNS_UP.search(text[max(0, start - 2) : start])
    )
    after = _LETTER.match(text[end : end + 1]) or (text[end - 1].isdigit() and _GOES_ON.match(text[end : end + 2]))
    return bool((begins and before) or (ends and after))


def _box(lines: Sequence[Line], start: int, end: int) -> Box:
    """Return the box around a stretch of the text of lines; of one that goes on in the next line, around both parts."""
    boxes, at = list[Box](), 0
    for line in lines:
        first, last = start - at, end - at
        if first < len(line.text) and last > 0:
            words = [word.box for word in line.words if word.start < last and word.start + len(word.text) > first]
            boxes += words or [line.box]
        at += len(line.text) + 1
    return union(boxes)


def _touch(one: Sequence[int], other: Sequence[int]) -> bool:
    if len(other) != len(one):
        return False
    return max(one[0], other[0]) < min(one[2], other[2]) and max(one[1], other[1]) < min(one[3], other[3])
