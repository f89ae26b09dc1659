"""The order in which people read the lines of a page, from their places alone and a little of what they say.

The page is first levelled: the slope of its lines is taken out of all places (the reported boxes stay as they are). What
stands at one height is one row. Between rows that no box bridges there may be a gutter; whether its sides are two
columns, each read to its end, or the cells of a table, read row by row, is decided by `_independent`.
"""

import re
import statistics
from collections.abc import Iterable, Sequence
from itertools import pairwise

from intake.columns import Fence, Piece, Row, Ruled, apart, columns, headings, middle
from intake.model import Line
from intake.words import joined

_LEADING = 1.6  # heights of print between two lines of one block
_LABEL_LETTERS = re.compile(r"[\u3400-\u9fffA-Za-z]")
_STEEPEST = 0.13  # 7.4 degrees: what lies more aslant is not skew


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


def _level(line: Line, slope: float) -> Piece:
    boxes = [word.box for word in line.words] or [line.box]
    middles = [((a + c) / 2, (b + d) / 2) for a, b, c, d in boxes]
    spans = [
        (x + slope * y - (box[2] - box[0]) / 2, box[2] - box[0]) for (x, y), box in zip(middles, boxes, strict=True)
    ]
    heights = [max(1.0, box[3] - box[1] - abs(slope) * (box[2] - box[0])) for box in boxes]
    weight = sum(width for _, width in spans) or 1.0
    height = sum((y - slope * x) * width for (x, y), (_, width) in zip(middles, spans, strict=True)) / weight
    return Piece(
        line, min(x for x, _ in spans), max(x + width for x, width in spans), height, statistics.median(heights)
    )


def _rows(pieces: Sequence[Piece]) -> list[Row]:
    """Return the rows from top to bottom, each from left to right."""
    rows: list[Row] = []
    for piece in sorted(pieces, key=lambda p: (p.y, p.x0)):
        for row in reversed(rows[-4:]):
            if _belongs(piece, row):
                row.append(piece)
                break
        else:
            rows.append([piece])
    for row in rows:
        row.sort(key=lambda p: p.x0)
    rows.sort(key=middle)
    return _labels_between(rows)


def _belongs(piece: Piece, row: Row) -> bool:
    """Tell whether a piece stands in a row: level with its neighbour there, and nearly so with all others."""
    if not all(apart(piece, p) and abs(piece.y - p.y) < 0.7 * min(piece.height, p.height) for p in row):
        return False
    return _level_with(piece, min(row, key=lambda p: max(p.x0 - piece.x1, piece.x0 - p.x1)))


def _labels_between(rows: list[Row]) -> list[Row]:
    """Return the rows, a label that stands between two lines set closely in a row of its own: it is level with neither."""
    result = list[Row]()
    for row in rows:
        above = result[-1] if result else []
        for own, other, label in ((row, above, row[0]), (above, row, above[0] if above else row[0])):
            rest = own[1:]
            if len(rest) != 1 or len(other) != 1 or abs(rest[0].x0 - other[0].x0) > rest[0].height:
                continue
            off = (label.y - rest[0].y) / (other[0].y - rest[0].y or 1)
            if 0.25 < off < 0.75 and abs(label.y - rest[0].y) > 0.25 * label.height:
                own.remove(label)
                result.append([label])
                break
        result.append(row)
    return result


def _headline(rows: list[Row]) -> tuple[list[Row], list[Row], list[Row]]:
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
        if not title:  # at the left, beside a block, it may be a little less high
            beside = [p for p in row if p.height >= 1.9 * usual and p.x0 - left < p.height]
            blocks = _with_blocks(rows, beside[0]) if len(beside) == 1 else ([], [], rows)
            if blocks[0]:
                return blocks
            continue
        x0, x1 = title[0].x0, title[-1].x1
        covered = any(p.x0 < x1 and p.x1 > x0 for above in rows[:start] for p in above)
        beside = [p for p in row if p not in title]
        if abs(x0 + x1 - left - right) >= 0.1 * (right - left) and len(title) == 1:
            return _with_blocks(rows, title[0])
        if covered or abs(x0 + x1 - left - right) >= 0.1 * (right - left) or not (start or beside):
            break
        for end in range(start + 1, min(start + 4, len(rows))):
            under = [p for p in rows[end] if x0 < p.x0 and p.x1 < x1]
            if under:
                beneath = [beside, *rows[start + 1 : end], [p for p in rows[end] if p not in under]]
                return [title, under], [r for r in (*rows[:start], *beneath) if r], rows[end + 1 :]
        return [title], [r for r in (*rows[:start], beside) if r], rows[start + 1 :]
    return [], [], rows


def _with_blocks(rows: list[Row], title: Piece) -> tuple[list[Row], list[Row], list[Row]]:
    """Return a headline at the left and the blocks of lines beside it, each to its end, no corners, and the rest.

    Beside a name that is as high as two lines of print stands a number under what it is called: neither is level with the name.
    """
    top, bottom = title.y - 0.6 * title.height, title.y + 0.6 * title.height
    level = [p for row in rows for p in row if p is not title and top < p.y < bottom]
    above = [p for row in rows for p in row if p.y <= top]
    blocks: list[Row] = []
    for piece in sorted(level, key=lambda p: p.x0):
        if blocks and piece.x0 < max(p.x1 for p in blocks[-1]):
            blocks[-1].append(piece)
        else:
            blocks.append([piece])
    if above or not any(len(block) > 1 for block in blocks) or any(p.x0 < title.x1 for p in level):
        return [], [], rows
    taken = {id(p) for p in (title, *level)}
    rest = [kept for row in rows if (kept := [p for p in row if id(p) not in taken])]
    return [[title], *(row for block in blocks for row in _rows(block))], [], rest


def _level_with(a: Piece, b: Piece) -> bool:
    return abs(a.y - b.y) < 0.5 * min(a.height, b.height)


def _read(rows: list[Row], ruled: Fence) -> list[Row]:
    """Return the rows in reading order, split where a gutter parts them."""
    split = columns(rows, ruled)
    if split is None:
        return _stacked(rows, ruled)
    top, bottom, gutter = split
    inside = rows[top:bottom]
    left = [part for row in inside if (part := [p for p in row if p.x1 <= gutter])]
    right = [part for row in inside if (part := [p for p in row if p.x1 > gutter])]
    return [row for part in (rows[:top], left, right, rows[bottom:]) for row in _read(part, ruled)]


def _stacked(rows: list[Row], ruled: Fence) -> list[Row]:
    """Return the rows, a cell of two lines put back between its neighbours, which stand at its middle height."""
    rows = _labels_first(rows)
    result: list[Row] = []
    i = 0
    while i < len(rows):
        if i + 2 < len(rows) and _is_stack(rows[i], rows[i + 1], rows[i + 2], ruled):
            above, between, below = rows[i : i + 3]
            stacks = [(a, b) for a, b in zip(above, below, strict=True)]
            cells = [(p.x0, [p]) for p in between] + [(min(a.x0, b.x0), [a, b]) for a, b in stacks]
            result.append([p for _, cell in sorted(cells, key=lambda c: c[0]) for p in cell])
            i += 3
        else:
            result.append(rows[i])
            i += 1
    return result


def _labels_first(rows: list[Row]) -> list[Row]:
    """Return the rows, a label that stands at the middle height of the three lines or more it belongs to in a row of its own before them."""
    result = list[Row]()
    first = 0  # what stands before a label already read is no part of another's block
    for i, row in enumerate(rows):
        label = row[0]
        top = _block_end(rows, i, -1, first)
        if len(row) > 2 or top == i or len(_LABEL_LETTERS.findall(label.line.text)) < 2:
            result.append(row)
            continue
        bottom = _block_end(rows, i, 1, len(rows) - 1)
        block = [p for r in rows[top : bottom + 1] for p in r if p is not label]
        if (
            not _is_block(label, block)
            or _goes_on(rows, top - 1, block[:2])
            or _goes_on(rows, bottom + 1, block[:-3:-1])
        ):
            result.append(row)
            continue
        result[len(result) - (i - top) :] = [[label], *([p] for p in block[: i - top])]
        if len(row) == 2:
            result.append(row[1:])
        first = i + 1
    return result


def _block_end(rows: list[Row], start: int, step: int, last: int) -> int:
    """Return the last row from `start` upwards or downwards that is one line of a block right of the label at `start`."""
    label, i = rows[start][0], start
    while i != last:
        beside, following = rows[i][-1], rows[i + step]
        line = following[0]
        if len(following) > 1 or line.x0 < label.x1 or abs(line.y - beside.y) > _LEADING * line.height:
            break
        if beside is not label and abs(line.x0 - beside.x0) > line.height:
            break
        i += step
    return i


def _is_block(label: Piece, block: Sequence[Piece]) -> bool:
    """Tell whether lines are one wrapped text, its lines filled to the edge but for the last, with the label at its middle height."""
    if len(block) < 3:
        return False
    leading = (block[-1].y - block[0].y) / (len(block) - 1)
    edge = max(p.x1 for p in block)
    even = all(abs(b.y - a.y - leading) < 0.25 * leading for a, b in pairwise(block))
    full = all(edge - p.x1 < 2.5 * p.height for p in block[:-1])
    return even and full and abs(label.y - (block[0].y + block[-1].y) / 2) < 0.35 * leading


def _goes_on(rows: list[Row], i: int, end: Sequence[Piece]) -> bool:
    """Tell whether row `i` is as close to the outermost line of a block (the first of `end`) as the next one is: then that is no end."""
    line, within = end
    near = 1.3 * abs(line.y - within.y)
    return 0 <= i < len(rows) and any(abs(p.y - line.y) < near and p.x0 < line.x1 and line.x0 < p.x1 for p in rows[i])


def _is_stack(above: Row, between: Row, below: Row, ruled: Fence) -> bool:
    if len(above) != len(below) or (headings([above]) and headings([below])):
        return False
    for a, b in zip(above, below, strict=True):
        height = max(a.height, b.height)
        if abs(a.x0 - b.x0) > 1.5 * height and abs(a.x0 + a.x1 - b.x0 - b.x1) > 2 * height:
            return False
        if b.y - a.y > 2.2 * height or not all(apart(a, m) and apart(b, m) for m in between):
            return False
    level = abs(middle(above) + middle(below) - 2 * middle(between)) < between[0].height
    if between[0].x0 < above[0].x0:
        # What ends a sentence is the tail of the line above, which an indented line follows; no label does.
        return level and not between[0].line.text.endswith(("。", "；"))
    # A label of two lines beside its value is no text that runs around something only in a table.
    edge = max(p.x1 for p in (*above, *below) if p.x0 < between[0].x0)
    return level and ruled(edge, above[0].y, between[0].x0, below[0].y)
