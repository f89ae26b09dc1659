"""Glyphs: where the characters of a page stand, for laying its text over its image so that it can be selected and copied."""

from collections.abc import Iterator
from dataclasses import dataclass

from intake.model import Line, PageText

_BASELINE = 0.86  # of the height of a line, from the top
_FONT = 0.9  # of the height of a line


@dataclass(frozen=True)
class Run:
    """A line of text. size: of its letters. x, y: where each character begins and stands, in pixels of the page image.

    One value only: the others follow the first.
    """

    text: str
    size: int
    x: tuple[int, ...]
    y: tuple[int, ...]


def runs_of(page: PageText) -> Iterator[Run]:
    """Yield the lines of a page in reading order, those without a letter left out."""
    for line in page.lines:
        if line.text.strip():
            yield _run(line)


def _run(line: Line) -> Run:
    # What is no letter would be dropped by the browser, and all places behind it shifted.
    text = "".join(char if char.isprintable() else " " for char in line.text)
    x0, y0, x1, y1 = line.box
    width, height = max(x1 - x0, 1), max(y1 - y0, 1)
    if _is_upright(line):
        spots = _along(line, down=True)
        size = max(round(width * _FONT), 1)
        return Run(text, size, (x0,) * len(text), tuple(round(spot + size * _BASELINE) for spot in spots))
    size = max(round(height * _FONT), 1)
    if any(ord(char) > 0xFFFF for char in text):  # browsers count these twice: only the beginning is sure
        return Run(text, size, (x0,), (round(y0 + height * _BASELINE),))
    return Run(text, size, tuple(map(round, _along(line, down=False))), (round(y0 + height * _BASELINE),))


def _is_upright(line: Line) -> bool:
    """Whether a line is written from top to bottom."""
    x0, y0, x1, y1 = line.box
    if len(line.words) < 2 or y1 - y0 < 2 * (x1 - x0):
        return False
    first, last = line.words[0].box, line.words[-1].box
    return last[1] >= first[3]


def _along(line: Line, *, down: bool) -> list[float]:
    """Return where each character of a line begins, along the direction in which it is written."""
    low, high = (1, 3) if down else (0, 2)
    spots: list[float | None] = [None] * len(line.text)
    for word in line.words:
        step = (word.box[high] - word.box[low]) / max(len(word.text), 1)
        for at in range(len(word.text)):
            if word.start + at < len(spots):
                spots[word.start + at] = word.box[low] + at * step
    if not line.words:
        step = (line.box[high] - line.box[low]) / len(line.text)
        return [line.box[low] + at * step for at in range(len(line.text))]
    size = line.box[2] - line.box[0] if down else line.box[3] - line.box[1]
    known: list[float] = []
    for spot in spots:
        # A space has no box of its own: it stands behind what is before it.
        known.append(spot if spot is not None else known[-1] + size / 2 if known else float(line.box[low]))
    return known
