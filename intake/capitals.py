"""Sums in capitals, and which of them speaks of a value: the one beside it, not any on the pages. Pure functions."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.amounts import Amount, find_amounts, money
from intake.fields.total import OTHER, paired
from intake.folding import fold
from intake.model import Box, Line, PageText

_NEAR = 1.5  # heights of the value between it and the line above or below that says it in capitals
_ITEM = 3  # heights of a sum between it and the next of its column: a name that runs on takes a line in between
_OF_ALL = re.compile(r"合计|总计|共计|总[价额金]|total", re.IGNORECASE)
_TOTAL = re.compile(_OF_ALL.pattern + "|小计|[大小]写", re.IGNORECASE)


@dataclass(frozen=True)
class Capital:
    """A sum in capitals. value: in the archive's form; digits: where the sum in digits stands that it says again, if any.

    other: its line speaks of a deposit, a fine or another part. parts: where the items stand that it is the total of, about
    which it says nothing.
    """

    value: str
    page: int
    box: Box
    digits: Box | None
    other: bool
    parts: tuple[Box, ...] = ()


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
                parts = _parts(page, box) if beside is None else ()
                found.append(Capital(money(a.value), page.number, box, beside, bool(OTHER.search(line)), parts))
    return tuple(found)


def _parts(page: PageText, box: Box) -> tuple[Box, ...]:
    """Return where the items stand above capitals that say their total, 合计（大写）, in one column without a total in digits.

    Of one item the sum is the total; the price of a piece in its row is not.
    """
    rows = _rows(page, box[3])
    own = next((row for row in rows if any(_touch(line.box, box) for line in row)), [])
    if not _OF_ALL.search("".join(line.text for line in own if line.box[0] < box[2])):
        return ()
    items, below = list[tuple[Box, Box]](), box
    for row in rows[rows.index(own) + 1 :]:
        at = _last_sum(row)
        if at is None:
            continue
        far = _apart(at[1::2], below[1::2]) > _ITEM * (at[3] - at[1])
        if far or (items and _apart(at[::2], below[::2]) >= 0) or any(_TOTAL.search(line.text) for line in row):
            break
        items.append((_around([line.box for line in row]), at))
        below = at
    if len(items) == 1:
        ((left, top, _right, low), at) = items[0]
        return ((left, top, at[0], low),) if left < at[0] else ()
    return tuple(row for row, _sum in items)


def _rows(page: PageText, low: int) -> list[list[Line]]:
    """Return the lines that begin above `low` in rows, the lowest row first."""
    rows = list[list[Line]]()
    for line in sorted(
        (line for line in page.lines if line.box[1] < low), key=lambda line: -(line.box[1] + line.box[3])
    ):
        first = rows[-1][0].box if rows else None
        if first and first[1] < (line.box[1] + line.box[3]) / 2 < first[3]:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _last_sum(row: Sequence[Line]) -> Box | None:
    """Return where the sum in digits stands that ends a row; bare numbers below a hundred are pieces, days and the like."""
    sums = [
        _words(line, a.start, a.end)
        for line in row
        for a in find_amounts(line.text)
        if a.form == "digits" and _is_money(a, line.text)
    ]
    return max(sums, key=lambda box: box[2], default=None)


def _is_money(amount: Amount, text: str) -> bool:
    return amount.marked or amount.value >= 100 or "." in text[amount.start : amount.end]


def _place(page: PageText, start: int, end: int) -> tuple[Box, str]:
    """Return where the stretch of the page's text stands, in its first line, and that line."""
    at = 0
    for line in page.lines:
        if start <= at + len(line.text):
            return _words(line, start - at, end - at), line.text
        at += len(line.text) + 1
    raise IndexError(start)


def _words(line: Line, start: int, end: int) -> Box:
    return _around([w.box for w in line.words if w.start < end and w.start + len(w.text) > start] or [line.box])


def _around(boxes: Sequence[Box]) -> Box:
    xs, ys, rights, lows = zip(*boxes, strict=True)
    return min(xs), min(ys), max(rights), max(lows)


def values_in(capitals: Iterable[Capital]) -> tuple[str, ...]:
    """Return the sums, each once."""
    return tuple(dict.fromkeys(capital.value for capital in capitals))


def beside(capitals: Sequence[Capital], page: int, box: Sequence[int]) -> tuple[str, ...]:
    """Return the sums in capitals that say again what stands in `box`: in its pair, else in its line, else in the next one.

    A total of several items (合计, 总价) says nothing about the last of them, though it stands in the next line. Of a value without a place they are all there is, where that is one sum.
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
        total_of = {c for c in free if any(_touch(part, box) for part in c.parts)}
        near = {
            c: gap
            for c in free
            if not c.other and c not in total_of and (gap := _apart(c.box[1::2], box[1::2])) <= limit
        }
        own = [c for c, gap in near.items() if gap == min(near.values())]
    return values_in(own)


def outside(capitals: Iterable[Capital], places: Iterable[tuple[int, Sequence[int]]]) -> tuple[Capital, ...]:
    """Return the sums in capitals that stand in none of these (page, box): what is a value of its own says no other one again."""
    taken = list(places)
    return tuple(c for c in capitals if not any(c.page == page and _touch(c.box, box) for page, box in taken))


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
