"""The order in which people read the lines of a page, from their places alone and a little of what they say.

The page is first levelled: the slope of its lines is taken out of all places (the reported boxes stay as they are). What
stands at one height is one row. Between rows that no box bridges there may be a gutter; whether its sides are two
columns, each read to its end, or the cells of a table, read row by row, is decided by `_independent`.
"""

import re
import statistics
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from intake.model import Line
from intake.words import joined

#: What a licence prints down the left edge of its columns (the forms of the State Administration for Market Regulation
#: of 2014 and 2019, and those for sole traders, partnerships, branches, cooperatives and public institutions).
_HEADINGS = (
    "名称",
    "类型",
    "法定代表人",
    "负责人",
    "经营者",
    "投资人",
    "执行事务合伙人",
    "经营范围",
    "业务范围",
    "宗旨和业务范围",
    "组成形式",
    "注册资本",
    "注册资金",
    "成员出资总额",
    "开办资金",
    "经费来源",
    "举办单位",
    "成立日期",
    "注册日期",
    "营业期限",
    "合伙期限",
    "有效期",
    "住所",
    "经营场所",
    "主要经营场所",
    "营业场所",
    "登记机关",
)
_BAND = 4.5  # heights of print: so much blank paper across the page ends what stood above it
_STEEPEST = 0.13  # 7.4 degrees: what lies more aslant is not skew
_Fence = Callable[[float, float, float, float], bool]  # left, top, right, bottom on the levelled page
_LABEL = re.compile(r"([^:：]{2,10})[:：]")


@dataclass(frozen=True)
class _Piece:
    """A line on the levelled page: its left and right end, its middle height and the height of its print."""

    line: Line
    x0: float
    x1: float
    y: float
    height: float


_Row = list[_Piece]
_Extent = tuple[float, float]


class Ruled(Protocol):
    """Knows the ruled lines of a page."""

    def __call__(self, left: float, top: float, right: float, bottom: float, slope: float) -> bool:
        """Tell whether an upright line runs through this place of the page levelled by `slope`."""


def _blank(left: float, top: float, right: float, bottom: float, slope: float) -> bool:  # noqa: ARG001 - see Ruled
    return False


def arrange(lines: Iterable[Line], ruled: Ruled = _blank) -> tuple[Line, ...]:
    """Return the lines in reading order; pieces of one row (a label and its value, the cells of a table) become one line.

    Every word of `lines` is in exactly one of the result, boxes unchanged. ruled: what is known of the page's tables.
    """
    found = list(lines)
    slope = skew(found)
    rows = _rows([_level(line, slope) for line in found])

    def is_ruled(left: float, top: float, right: float, bottom: float) -> bool:
        return ruled(left, top, right, bottom, slope)

    headline, corners, body = _headline(rows)
    parts = headline, _read(corners, is_ruled), _read(body, is_ruled)
    return tuple(joined([piece.line for piece in row]) for part in parts for row in part)


def skew(lines: Sequence[Line]) -> float:
    """Return how many pixels the lines fall per pixel to the right: the median over their length."""
    slopes = []
    for line in lines:
        if len(line.words) < 2:
            continue
        first, last = line.words[0].box, line.words[-1].box
        run = (last[0] + last[2] - first[0] - first[2]) / 2
        if run > 3 * (first[3] - first[1]):
            slopes.append(((last[1] + last[3] - first[1] - first[3]) / 2 / run, run))
    slopes.sort()
    half = sum(run for _, run in slopes) / 2
    for slope, run in slopes:
        half -= run
        if half <= 0:
            return slope if abs(slope) <= _STEEPEST else 0.0
    return 0.0


def _level(line: Line, slope: float) -> _Piece:
    boxes = [word.box for word in line.words] or [line.box]
    middles = [((a + c) / 2, (b + d) / 2) for a, b, c, d in boxes]
    spans = [
        (x + slope * y - (box[2] - box[0]) / 2, box[2] - box[0]) for (x, y), box in zip(middles, boxes, strict=True)
    ]
    heights = [max(1.0, box[3] - box[1] - abs(slope) * (box[2] - box[0])) for box in boxes]
    weight = sum(width for _, width in spans) or 1.0
    height = sum((y - slope * x) * width for (x, y), (_, width) in zip(middles, spans, strict=True)) / weight
    return _Piece(
        line, min(x for x, _ in spans), max(x + width for x, width in spans), height, statistics.median(heights)
    )


def _rows(pieces: Sequence[_Piece]) -> list[_Row]:
    """Return the rows from top to bottom, each from left to right."""
    rows: list[_Row] = []
    for piece in sorted(pieces, key=lambda p: (p.y, p.x0)):
        for row in reversed(rows[-4:]):
            if all(_level_with(piece, other) and _apart(piece, other) for other in row):
                row.append(piece)
                break
        else:
            rows.append([piece])
    for row in rows:
        row.sort(key=lambda p: p.x0)
    rows.sort(key=_middle)
    return rows


def _headline(rows: list[_Row]) -> tuple[list[_Row], list[_Row], list[_Row]]:
    """Return the rows of a headline with something in the corners above it, what stands in the corners, and the rest.

    A certificate has its number and its square code above its name, left and right; people read the name first. The
    headline is in the middle, in far larger print than the rest, with nothing right above it; one narrower line in the
    middle under it (副本) belongs to it.
    """
    pieces = [p for row in rows for p in row]
    usual = statistics.median([p.height for p in pieces] or [0])
    left, right = min([p.x0 for p in pieces], default=0), max([p.x1 for p in pieces], default=0)

    for start, row in enumerate(rows[: len(rows) // 2 + 1]):
        title = [p for p in row if p.height >= 2.2 * usual]
        if not title:
            continue
        x0, x1 = title[0].x0, title[-1].x1
        covered = any(p.x0 < x1 and p.x1 > x0 for above in rows[:start] for p in above)
        beside = [p for p in row if p not in title]
        if covered or abs(x0 + x1 - left - right) >= 0.1 * (right - left) or not (start or beside):
            break
        for end in range(start + 1, min(start + 4, len(rows))):
            under = [p for p in rows[end] if x0 < p.x0 and p.x1 < x1]
            if under:
                beneath = [beside, *rows[start + 1 : end], [p for p in rows[end] if p not in under]]
                return [title, under], [r for r in (*rows[:start], *beneath) if r], rows[end + 1 :]
        return [title], [r for r in (*rows[:start], beside) if r], rows[start + 1 :]
    return [], [], rows


def _level_with(a: _Piece, b: _Piece) -> bool:
    return abs(a.y - b.y) < 0.5 * min(a.height, b.height)


def _apart(a: _Piece, b: _Piece) -> bool:
    overlap = min(a.x1, b.x1) - max(a.x0, b.x0)
    return overlap < 0.5 * min(a.height, b.height)


def _middle(row: _Row) -> float:
    return statistics.fmean(p.y for p in row)


def _height(row: _Row) -> float:
    return statistics.median(p.height for p in row)


def _read(rows: list[_Row], ruled: _Fence) -> list[_Row]:
    """Return the rows in reading order, split where a gutter parts them."""
    split = _columns(rows, ruled)
    if split is None:
        return _stacked(rows)
    top, bottom, gutter = split
    inside = rows[top:bottom]
    left = [part for row in inside if (part := [p for p in row if p.x1 <= gutter])]
    right = [part for row in inside if (part := [p for p in row if p.x1 > gutter])]
    return [row for part in (rows[:top], left, right, rows[bottom:]) for row in _read(part, ruled)]


def _columns(rows: Sequence[_Row], ruled: _Fence) -> tuple[int, int, float] | None:
    """Return the first row, the row after the last, and the gutter of the largest pair of independent columns."""
    if not rows:
        return None
    best: tuple[int, int, float] | None = None
    most = 0
    seen = set[tuple[int, int, int]]()
    cells = [_cells(row) for row in rows]
    edges = [x for row in cells for cell in row for x in cell]
    center, reach = (min(edges) + max(edges)) / 2, 0.04 * (max(edges) - min(edges))
    # A line standing alone in the middle is a heading over both columns.
    barriers = {i for i, row in enumerate(cells) if len(row) == 1 and abs(sum(row[0]) / 2 - center) < reach}
    bands = {i for i in range(1, len(rows)) if _middle(rows[i]) - _middle(rows[i - 1]) > _BAND * _height(rows[i - 1])}
    for i, row in enumerate(cells):
        narrow = 0.8 * min(p.height for p in rows[i])
        for (_, low), (high, _) in pairwise(row):
            top, bottom, low_, high_ = _grow(cells, barriers, bands, i, low, high, narrow)
            gutter = (low_ + high_) / 2
            key = (top, bottom, round(gutter))
            both = sum(1 for r in cells[top:bottom] if r[0][1] <= gutter <= r[-1][0])
            if key in seen or both <= most:
                continue
            seen.add(key)
            while not cells[top][0][1] <= gutter <= cells[top][-1][0] and _set_off(rows[top], rows[top + 1], gutter):
                top += 1  # what stands above the columns on one side only, and not close to them, comes before them
            if _independent(rows[top:bottom], gutter, ruled):
                best, most = (top, bottom, gutter), both
    return best


def _set_off(row: _Row, below: _Row, gutter: float) -> bool:
    """Tell whether a row on one side of the gutter stands clear of what follows on its side."""
    same = [p.y for p in below if (p.x1 <= gutter) == (row[0].x1 <= gutter)]
    return not same or min(same) - _middle(row) > 1.6 * row[0].height


def _cells(row: _Row) -> list[_Extent]:
    """Return the extents of what belongs together in a row: letters spaced out are one thing, columns never are."""
    extents = [(row[0].x0, row[0].x1)]
    for before, piece in pairwise(row):
        height = min(before.height, piece.height)
        single = min(len(before.line.text), len(piece.line.text)) == 1 and len(before.line.text + piece.line.text) <= 4
        if piece.x0 - before.x1 <= (3.0 if single else 0.8) * height:
            extents[-1] = (extents[-1][0], max(extents[-1][1], piece.x1))
        else:
            extents.append((piece.x0, piece.x1))
    return extents


def _grow(
    cells: Sequence[list[_Extent]],
    barriers: set[int],
    bands: set[int],
    start: int,
    low: float,
    high: float,
    narrow: float,
) -> tuple[int, int, float, float]:
    """Return the rows around `start` that leave a gutter of `narrow` pixels within (low, high), and what is left of it.

    bands: rows with a broad band of blank paper above them; columns do not go on across it.
    """
    ends = []
    for step in (1, -1):  # downwards first: columns begin under a common heading and end where they like
        i = start + step
        while 0 <= i < len(cells) and i not in barriers and max(i, i - step) not in bands:
            middle = (low + high) / 2
            low_ = max([low, *(x1 for x0, x1 in cells[i] if (x0 + x1) / 2 < middle)])
            high_ = min([high, *(x0 for x0, x1 in cells[i] if (x0 + x1) / 2 >= middle)])
            if high_ - low_ < narrow:
                break
            low, high = low_, high_
            i += step
        ends.append(i)
    return ends[1] + 1, ends[0], low, high


def _independent(rows: Sequence[_Row], gutter: float, ruled: _Fence) -> bool:
    """Tell columns from the cells of a table.

    Columns are: two licence columns, each with headings of its own down its left edge; running text, whose lines fill
    both sides; and, unless a ruled line between them makes them a table, two blocks that say the same things at the same
    heights (the signatures of both parties), or two sides, both broad or far apart, whose rows do not meet.
    """
    lefts = [part for row in rows if (part := [p for p in row if p.x1 <= gutter])]
    rights = [part for row in rows if (part := [p for p in row if p.x1 > gutter])]
    if min(len(lefts), len(rights)) < 2:
        return False
    if min(len(_headings(lefts)), len(_headings(rights))) >= 2:
        return True
    if _running(lefts) and _running(rights):
        return True
    paired = [row for row in rows if row[0].x1 <= gutter < row[-1].x1]
    alike = [
        row
        for row in paired
        if _alike(
            "".join(p.line.text for p in row if p.x1 <= gutter), "".join(p.line.text for p in row if p.x1 > gutter)
        )
    ]
    if len(alike) >= 2 and 2 * len(alike) >= len(paired):
        return not _fenced(alike, gutter, ruled)
    if len(paired) >= 2 and _fenced(paired, gutter, ruled):
        return False
    span = max(r[-1].x1 for r in rows) - min(r[0].x0 for r in rows)
    broad = all(max(r[-1].x1 for r in side) - min(r[0].x0 for r in side) > 0.3 * span for side in (lefts, rights))
    distant = min(r[0].x0 for r in rights) - max(r[-1].x1 for r in lefts) > 0.4 * span
    fewest = min(len(lefts), len(rights))
    return (broad or distant) and fewest >= 3 and len(paired) < 0.5 * fewest


def _headings(side: Sequence[_Row]) -> set[str]:
    """Return the headings of a licence that stand down the left edge of a side."""
    edge = min(row[0].x0 for row in side)
    texts = ["".join("".join(p.line.text for p in row).split()) for row in side if row[0].x0 < edge + 2 * row[0].height]
    return {h for text in texts for h in _HEADINGS if text.startswith(h)}


def _fenced(rows: Sequence[_Row], gutter: float, ruled: _Fence) -> bool:
    """Tell whether a ruled line parts the two sides of these rows."""
    low = max(p.x1 for row in rows for p in row if p.x1 <= gutter)
    high = min(p.x0 for row in rows for p in row if p.x1 > gutter)
    return ruled(low, _middle(rows[0]), high, _middle(rows[-1]))


def _alike(one: str, other: str) -> bool:
    """Tell whether two texts ask the same (甲方（盖章）： and 乙方（盖章）：), or give the same kind of date."""
    shapes = []
    for text in (one, other):
        shape = re.sub(r"\d+", "0", "".join(unicodedata.normalize("NFKC", text).split()))
        label = _LABEL.match(shape)
        shapes.append(label.group(1) if label else shape)
    a, b = shapes
    if len(a) != len(b) or sum("\u4e00" <= c <= "\u9fff" for c in a) < 2:
        return False
    same = sum(1 for x, y in zip(a, b, strict=True) if x == y)
    return 2 * same >= len(a)


def _running(side: Sequence[_Row]) -> bool:
    """Tell whether a side is running text: one piece a row, most of them from edge to edge."""
    if len(side) < 4 or sum(len(row) for row in side) > 1.2 * len(side):
        return False
    left, right = min(r[0].x0 for r in side), max(r[-1].x1 for r in side)
    height = statistics.median(p.height for row in side for p in row)
    full = sum(1 for r in side if r[0].x0 < left + 3 * height and r[-1].x1 > right - 3 * height)
    return right - left > 10 * height and full >= 0.6 * len(side)


def _stacked(rows: list[_Row]) -> list[_Row]:
    """Return the rows, a cell of two lines put back between its neighbours, which stand at its middle height."""
    result: list[_Row] = []
    i = 0
    while i < len(rows):
        if i + 2 < len(rows) and _is_stack(*rows[i : i + 3]):
            above, middle, below = rows[i : i + 3]
            stacks = [(a, b) for a, b in zip(above, below, strict=True)]
            cells = [(p.x0, [p]) for p in middle] + [(min(a.x0, b.x0), [a, b]) for a, b in stacks]
            result.append([p for _, cell in sorted(cells, key=lambda c: c[0]) for p in cell])
            i += 3
        else:
            result.append(rows[i])
            i += 1
    return result


def _is_stack(above: _Row, middle: _Row, below: _Row) -> bool:
    if len(above) != len(below) or (_headings([above]) and _headings([below])):
        return False
    for a, b in zip(above, below, strict=True):
        height = max(a.height, b.height)
        if abs(a.x0 - b.x0) > 1.5 * height and abs(a.x0 + a.x1 - b.x0 - b.x1) > 2 * height:
            return False
        if b.y - a.y > 2.2 * height or not all(_apart(a, m) and _apart(b, m) for m in middle):
            return False
    return middle[0].x0 < above[0].x0 and abs(_middle(above) + _middle(below) - 2 * _middle(middle)) < middle[0].height
