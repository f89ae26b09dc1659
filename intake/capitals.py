"""Sums in capitals, and which of them speaks of a value: the one beside it, not any on the pages. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.amounts import find_amounts, money
from intake.fields.total import OTHER, paired
from intake.folding import fold
from intake.model import Box, PageText

_NEAR = 1.5  # heights of the value between it and the line above or below that says it in capitals


@dataclass(frozen=True)
class Capital:
    """A sum in capitals. value: in the archive's form; digits: where the sum in digits stands that it says again, if any.

    other: its line speaks of a deposit, a fine or another part.
    """

    value: str
    page: int
    box: Box
    digits: Box | None
    other: bool


def capitals_on(pages: Iterable[PageText]) -> tuple[Capital, ...]:
    """Return the sums that stand in capitals on the pages, in order."""
    found = []
    for page in pages:
        amounts = find_amounts(page.text)
        twins = {twin.start: digits for digits, twin, _differ in paired(fold(page.text), amounts) if twin}
        for a in amounts:
            if a.form == "capitals":
                digits = twins.get(a.start)
                box, line = _place(page, a.start, a.end)
                beside = _place(page, digits.start, digits.end)[0] if digits else None
                found.append(Capital(money(a.value), page.number, box, beside, bool(OTHER.search(line))))
    return tuple(found)


def _place(page: PageText, start: int, end: int) -> tuple[Box, str]:
    """Return where the stretch of the page's text stands, in its first line, and that line."""
    at = 0
    for line in page.lines:
        if start <= at + len(line.text):
            boxes = [w.box for w in line.words if at + w.start < end and at + w.start + len(w.text) > start]
            xs, ys, rights, lows = zip(*(boxes or [line.box]), strict=True)
            return (min(xs), min(ys), max(rights), max(lows)), line.text
        at += len(line.text) + 1
    raise IndexError(start)


def values_in(capitals: Iterable[Capital]) -> tuple[str, ...]:
    """Return the sums, each once."""
    return tuple(dict.fromkeys(capital.value for capital in capitals))


def beside(capitals: Sequence[Capital], page: int, box: Sequence[int]) -> tuple[str, ...]:
    """Return the sums in capitals that say again what stands in `box`: in its pair, else in its line, else in the next one.

    Of a value without a place they are all there is, where that is one sum.
    """
    if not page or len(box) != 4:
        sums = values_in(capitals)
        return sums if len(sums) == 1 else ()
    here = [c for c in capitals if c.page == page]
    own = [c for c in here if _touch(c.box, box) or (c.digits and _touch(c.digits, box))]
    free = [c for c in here if c.digits is None]
    if not own:
        row = [c for c in free if _apart(c.box[1::2], box[1::2]) < 0]
        gaps = [_apart(c.box[::2], box[::2]) for c in row]
        own = [c for c, gap in zip(row, gaps, strict=True) if gap == min(gaps)]
    if not own:
        limit = _NEAR * (box[3] - box[1])
        near = {c: gap for c in free if not c.other and (gap := _apart(c.box[1::2], box[1::2])) <= limit}
        own = [c for c, gap in near.items() if gap == min(near.values())]
    return values_in(own)


def _apart(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how far two stretches lie apart; negative where they overlap."""
    return max(one[0], other[0]) - min(one[1], other[1])


def _touch(one: Sequence[int], other: Sequence[int]) -> bool:
    return _apart(one[::2], other[::2]) < 0 and _apart(one[1::2], other[1::2]) < 0


def agreement(value: str, capitals: Sequence[Capital], page: int = 0, box: Sequence[int] = ()) -> str:
    """Return what the sums in capitals say of a sum in digits at a place: amount_agrees, amount_mismatch, amount_elsewhere or "".

    amount_elsewhere: it is one of several, or stands in capitals where nothing says that they are this value's.
    """
    own = beside(capitals, page, box)
    if own and value not in own:
        return "amount_mismatch"
    if len(own) == 1:
        return "amount_agrees"
    return "amount_elsewhere" if value in values_in(capitals) else ""
