"""Places: where on the page image a stretch of page text stands. Translates search's offsets into intake's boxes."""

from collections.abc import Collection, Iterable

from intake.model import Box, Line, PageText


def union(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around `boxes` (at least one)."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _in_line(line: Line, start: int, end: int) -> Box | None:
    touched = [w.box for w in line.words if w.start < end and w.start + len(w.text) > start]
    if touched:
        return union(touched)
    if line.words or not line.text:
        return None
    # The engine gave no words: cut the line's box in proportion.
    x0, y0, x1, y1 = line.box
    width = (x1 - x0) / len(line.text)
    return round(x0 + start * width), y0, round(x0 + end * width), y1


def boxes_of(page: PageText, spans: Iterable[tuple[int, int]]) -> list[Box]:
    """Return one box per line that a span of the page's searched text touches, in order. A match across a line wrap has two."""
    return boxes_in(page.placed, spans)


def boxes_in(lines: Collection[tuple[int, Line]], spans: Iterable[tuple[int, int]]) -> list[Box]:
    """As `boxes_of`, of lines and where each begins in the page's searched text; those that no span touches may be left out."""
    boxes: list[Box] = []
    for start, end in spans:
        for offset, line in lines:
            first, last = max(start - offset, 0), min(end - offset, len(line.text))
            if first < last:
                box = _in_line(line, first, last)
                if box:
                    boxes.append(box)
    return boxes
