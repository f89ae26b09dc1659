"""Where two columns stand side by side on a page, told from the cells of a table."""

import re
import statistics
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from intake.model import Line

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
#: What the two sides of an identity card say.
_CARD = (("姓名", "性别", "出生", "住址", "公民身份号码"), ("签发机关", "有效期限"))
_BAND = 4.5  # heights of print: so much blank paper across the page ends what stood above it
Fence = Callable[[float, float, float, float], bool]  # left, top, right, bottom on the levelled page
_LABEL = re.compile(r"([^:：]{2,10})[:：]")


@dataclass(frozen=True)
class Piece:
    """A line on the levelled page: its left and right end, its middle height and the height of its print."""

    line: Line
    x0: float
    x1: float
    y: float
    height: float


Row = list[Piece]
Extent = tuple[float, float]


class Ruled(Protocol):
    """Knows the ruled lines of a page."""

    def __call__(self, left: float, top: float, right: float, bottom: float, slope: float) -> bool:
        """Tell whether an upright line runs through this place of the page levelled by `slope`."""


def apart(a: Piece, b: Piece) -> bool:
    """Tell whether two pieces of one height stand beside each other."""
    overlap = min(a.x1, b.x1) - max(a.x0, b.x0)
    return overlap < 0.5 * min(a.height, b.height)


def middle(row: Row) -> float:
    """Return the middle height of a row."""
    return statistics.fmean(p.y for p in row)


def height_of(row: Row) -> float:
    """Return the height of the print of a row."""
    return statistics.median(p.height for p in row)


def columns(rows: Sequence[Row], ruled: Fence) -> tuple[int, int, float] | None:
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
    bands = {i for i in range(1, len(rows)) if middle(rows[i]) - middle(rows[i - 1]) > _BAND * height_of(rows[i - 1])}
    for i, row in enumerate(cells):
        narrow = 0.8 * min(p.height for p in rows[i])
        gaps = [(low, high) for (_, low), (high, _) in pairwise(row)]
        for low, high in [*gaps, *_beside(cells[i - 1] if i else [], row)]:
            top, bottom, low_, high_ = _grow(cells, barriers, bands, i, low, high, narrow)
            gutter = (low_ + high_) / 2
            key = (top, bottom, round(gutter))
            met = sum(1 for r in cells[top:bottom] if r[0][1] <= gutter <= r[-1][0])
            both = met or int(_interleaved(rows[top:bottom], gutter))
            if key in seen or both <= most:
                continue
            seen.add(key)
            card = _is_card(rows[top:bottom], gutter)
            if card:  # what stands below both sides of it belongs to neither
                bottom = top + _end_of_card(rows[top:bottom], gutter)
            while (
                met
                and not card
                and not cells[top][0][1] <= gutter <= cells[top][-1][0]
                and _set_off(rows[top], rows[top + 1], gutter)
            ):
                top += 1  # what stands above the columns on one side only, and not close to them, comes before them
            if _independent(rows[top:bottom], gutter, ruled):
                best, most = (top, bottom, gutter), both
    return best


def _beside(above: Sequence[Extent], below: Sequence[Extent]) -> list[Extent]:
    """Return the gap between two rows that stand wholly beside each other; none where one is under the other."""
    if not above:
        return []
    return [(a[-1][1], b[0][0]) for a, b in ((above, below), (below, above)) if a[-1][1] < b[0][0]]


def _interleaved(rows: Sequence[Row], gutter: float) -> bool:
    """Tell whether two sides whose rows never meet stand at the same height all the same: most of the shorter one is beside the other."""
    sides = [[middle(row) for row in rows if (row[0].x1 <= gutter) == left] for left in (True, False)]
    if min(map(len, sides)) < 2:
        return False
    common = min(max(side) for side in sides) - max(min(side) for side in sides)
    return common > 0.6 * min(max(side) - min(side) for side in sides)


def _set_off(row: Row, below: Row, gutter: float) -> bool:
    """Tell whether a row on one side of the gutter stands clear of what follows on its side."""
    same = [p.y for p in below if (p.x1 <= gutter) == (row[0].x1 <= gutter)]
    return not same or min(same) - middle(row) > 1.6 * row[0].height


def _cells(row: Row) -> list[Extent]:
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
    cells: Sequence[list[Extent]],
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
            between = (low + high) / 2
            low_ = max([low, *(x1 for x0, x1 in cells[i] if (x0 + x1) / 2 < between)])
            high_ = min([high, *(x0 for x0, x1 in cells[i] if (x0 + x1) / 2 >= between)])
            if high_ - low_ < narrow:
                break
            low, high = low_, high_
            i += step
        ends.append(i)
    return ends[1] + 1, ends[0], low, high


def _independent(rows: Sequence[Row], gutter: float, ruled: Fence) -> bool:
    """Tell columns from the cells of a table.

    Columns are: two licence columns, each with headings of its own down its left edge; the two sides of a card; running text, whose lines fill
    both sides; and, unless a ruled line between them makes them a table, two blocks that say the same things at the same
    heights (the signatures of both parties), or two sides, both broad or far apart, whose rows do not meet.
    """
    lefts, rights = _sides(rows, gutter)
    if min(len(lefts), len(rights)) < 2:
        return False
    if min(len(headings(lefts)), len(headings(rights))) >= 2 or _is_card(rows, gutter):
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


def headings(side: Sequence[Row], words: Sequence[str] = _HEADINGS) -> set[str]:
    """Return the headings (of a licence) that stand down the left edge of a side."""
    edge = min(row[0].x0 for row in side)
    texts = ["".join("".join(p.line.text for p in row).split()) for row in side if row[0].x0 < edge + 2 * row[0].height]
    return {h for text in texts for h in words if text.startswith(h)}


def _sides(rows: Sequence[Row], gutter: float) -> tuple[list[Row], list[Row]]:
    """Return what stands left and right of the gutter, row by row."""
    parted = [_parts(row, gutter) for row in rows]
    return [left for left, _ in parted if left], [right for _, right in parted if right]


def _parts(row: Row, gutter: float) -> tuple[Row, Row]:
    return [p for p in row if p.x1 <= gutter], [p for p in row if p.x1 > gutter]


def _is_card(rows: Sequence[Row], gutter: float) -> bool:
    """Tell whether both sides of an identity card stand beside each other; its frames are not the lines of a table."""
    sides = _sides(rows, gutter)
    return all(sides) and any(
        all(len(headings(side, words)) >= 2 for side, words in zip(pair, _CARD, strict=True))
        for pair in (sides, sides[::-1])
    )


def _end_of_card(rows: Sequence[Row], gutter: float) -> int:
    """Return the row after the last one that begins as a line of a card does, on either side."""
    said = [["".join("".join(p.line.text for p in part).split()) for part in _parts(row, gutter)] for row in rows]
    words = tuple(word for side in _CARD for word in side)
    return max(i for i, texts in enumerate(said, 1) if any(text.startswith(words) for text in texts))


def _fenced(rows: Sequence[Row], gutter: float, ruled: Fence) -> bool:
    """Tell whether a ruled line parts the two sides of these rows."""
    low = max(p.x1 for row in rows for p in row if p.x1 <= gutter)
    high = min(p.x0 for row in rows for p in row if p.x1 > gutter)
    return ruled(low, middle(rows[0]), high, middle(rows[-1]))


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


def _running(side: Sequence[Row]) -> bool:
    """Tell whether a side is running text: one piece a row, most of them from edge to edge."""
    if len(side) < 4 or sum(len(row) for row in side) > 1.2 * len(side):
        return False
    left, right = min(r[0].x0 for r in side), max(r[-1].x1 for r in side)
    height = statistics.median(p.height for row in side for p in row)
    full = sum(1 for r in side if r[0].x0 < left + 3 * height and r[-1].x1 > right - 3 * height)
    return right - left > 10 * height and full >= 0.6 * len(side)
