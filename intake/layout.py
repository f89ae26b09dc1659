"""The geometry of a read document: glyphs with places, rows of chunks, and the running text they make.

A `Run` is a piece of text in which every character still knows its box, so that a value cut out of it by a pattern
lights up exactly its own characters on the page.
"""

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from intake.folding import matching
from intake.model import Box, Line, PageText

_WORST = 0.7  # how much the worst letter of a value says of it, beside their mean
GAP = "\t"  # a wide gap inside a row, or the edge between two boxes of one row
_STARTS = re.compile(
    r"第[一二三四五六七八九十百\d]+[条章节]|[一二三四五六七八九十]+、|\d{1,2}[、.)](?!\d)|\([一二三四五六七八九十\d]{1,3}\)|[\u4e00-\u9fff]{2,8}:"
)
_HAN_DIGITS = "〇○零一二三四五六七八九十"
_DATE_BEGINS = re.compile(
    rf"\d{{4}}[ \t]*年[ \t]*(?:\d{{1,2}}[ \t]*月[ \t]*)?$|[{_HAN_DIGITS}]{{4}}年(?:[{_HAN_DIGITS}]{{1,2}}月)?[{_HAN_DIGITS}]{{0,2}}$"
)
_DATE_ENDS = re.compile(rf"(?:\d{{1,2}}|[{_HAN_DIGITS}]{{1,3}})[ \t]*[月日]")
END = "\n"  # a line that ends its paragraph


@dataclass(frozen=True)
class Glyph:
    """One character: as printed, as matched (folded, simplified), and where. Separators have no box."""

    char: str
    key: str
    page: int
    confidence: float = 1.0
    box: Box | None = None


@dataclass(frozen=True)
class Run:
    """A sequence of glyphs; offsets into `key` and `text` are offsets into `glyphs`."""

    glyphs: tuple[Glyph, ...] = ()

    @cached_property
    def key(self) -> str:
        """The text for matching."""
        return "".join(g.key for g in self.glyphs)

    @cached_property
    def text(self) -> str:
        """The text as printed."""
        return "".join(g.char for g in self.glyphs)

    @cached_property
    def inked(self) -> tuple[Glyph, ...]:
        """The glyphs that have a place."""
        return tuple(g for g in self.glyphs if g.box is not None)

    def __len__(self) -> int:
        return len(self.glyphs)

    def cut(self, start: int, end: int | None = None) -> "Run":
        """Return the glyphs from `start` up to `end`."""
        return Run(self.glyphs[start:end])

    def strip(self, chars: str) -> "Run":
        """Return the run without `chars` (and white space) at both ends."""
        chars += " \t\n"
        key = self.key
        start = len(key) - len(key.lstrip(chars))
        return self.cut(start, max(start, len(key.rstrip(chars))))

    def lstrip(self, chars: str) -> "Run":
        """Return the run without `chars` (and white space) at its start."""
        return self.cut(len(self.key) - len(self.key.lstrip(chars + " \t\n")))

    def chunks(self) -> list["Run"]:
        """Return the pieces between wide gaps and line ends."""
        pieces, start = [], 0
        for i, c in enumerate(self.key + GAP):
            if c in (GAP, END):
                if i > start:
                    pieces.append(self.cut(start, i))
                start = i + 1
        return pieces

    @cached_property
    def box(self) -> Box:
        """The union of the boxes on the run's first page."""
        first = self.inked[0].page
        boxes = [g.box for g in self.inked if g.page == first and g.box is not None]
        return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))

    @cached_property
    def certainty(self) -> float:
        """0..1: the reading confidence of the letters, drawn down by the worst of them; of colons and semicolons, too, which part a list."""
        marks = [g.confidence for g in self.inked if g.char.isalnum() or g.key in ":;"] or [
            g.confidence for g in self.inked
        ]
        return _WORST * min(marks) + (1 - _WORST) * statistics.fmean(marks) if marks else 0.0


def join(runs: Iterable[Run], separator: str) -> Run:
    """Return the runs in one, `separator` between them."""
    glyphs: list[Glyph] = []
    for run in runs:
        if glyphs and separator:
            glyphs.append(Glyph(separator, separator, glyphs[-1].page))
        glyphs.extend(run.glyphs)
    return Run(tuple(glyphs))


@dataclass(frozen=True)
class Row:
    """What stands at one height of a page, left to right. y: middle of the row, levelled. height: of its lines."""

    run: Run
    y: float
    height: float

    @cached_property
    def chunks(self) -> list[Run]:
        """The pieces of the row between wide gaps."""
        return self.run.chunks()


@dataclass(frozen=True)
class Sheet:
    """One page: its rows from top to bottom and its lines in reading order."""

    number: int
    width: int
    height: int
    rows: tuple[Row, ...]
    lines: tuple[Run, ...]


def line_run(line: Line, page: int) -> Run:
    """Return the glyphs of one line, wide gaps marked. Words without places share the line's box by width."""
    places = _places(line)
    size = _letter_size(line)
    glyphs: list[Glyph] = []
    right: int | None = None
    for char, place in zip(line.text, places, strict=True):
        if char.isspace():
            if glyphs and glyphs[-1].box is not None:
                glyphs.append(Glyph(" ", " ", page))
            continue
        box, confidence = place or (line.box, line.confidence)
        if right is not None and box[0] - right > 0.85 * size:
            if glyphs[-1].box is None:
                glyphs.pop()
            glyphs.append(Glyph(GAP, GAP, page))
        elif glyphs and glyphs[-1].key == " " and not (glyphs[-2].key.isascii() and char.isascii()):
            glyphs.pop()  # a space beside a Han character is only setting
        glyphs.append(Glyph(char, matching(char), page, confidence, box))
        right = box[2]
    return Run(tuple(glyphs)).strip("")


def _letter_size(line: Line) -> float:
    """Return the advance of a Han letter: a skewed line's box is taller than its letters."""
    tall = line.box[3] - line.box[1]
    wide = [w.box[2] - w.box[0] for w in line.words if len(w.text) == 1 and ord(w.text) > 0x2E7F]
    return min(float(tall), statistics.median(wide)) if len(wide) >= 3 else tall * 0.85


def _places(line: Line) -> list[tuple[Box, float] | None]:
    """Return box and confidence of every character that a word covers; of all by width when there are no words."""
    places: list[tuple[Box, float] | None] = [None] * len(line.text)
    for word in line.words:
        for i, box in enumerate(_spread(word.text, word.box)):
            if 0 <= word.start + i < len(places):
                places[word.start + i] = (box, word.confidence)
    if all(p is None for p in places):
        places = [(box, line.confidence) for box in _spread(line.text, line.box)]
    return places


def _spread(text: str, box: Box) -> list[Box]:
    widths = [1.0 if ord(c) > 0x2E7F else 0.55 for c in text]
    scale = (box[2] - box[0]) / (sum(widths) or 1.0)
    edges = [box[0] + scale * sum(widths[:i]) for i in range(len(widths) + 1)]
    return [(round(a), box[1], round(b), box[3]) for a, b in pairwise(edges)]


def _slope(runs: Sequence[Run]) -> float:
    """Return how far the lines of a page fall per pixel to the right, from the places inside long lines."""
    slopes = []
    for run in runs:
        if len(run.inked) >= 8:
            a, b = run.inked[0].box, run.inked[-1].box
            if a and b and b[0] - a[0] > 4 * (a[3] - a[1]):
                slopes.append(((b[1] + b[3]) - (a[1] + a[3])) / 2 / (b[0] - a[0]))
    return statistics.median(slopes) if slopes else 0.0


def sheet(page: PageText) -> Sheet:
    """Return the rows and lines of one page."""
    runs = tuple(run for line in page.lines if (run := line_run(line, page.number)).inked)
    slope = _slope(runs)

    def middle(run: Run) -> float:
        return (run.box[1] + run.box[3]) / 2 - slope * (run.box[0] + run.box[2]) / 2

    def tall(run: Run) -> float:
        return statistics.median(g.box[3] - g.box[1] for g in run.inked if g.box)

    groups: list[list[Run]] = []
    for run in sorted(runs, key=middle):
        home = next(
            (
                g
                for g in reversed(groups[-3:])
                if abs(statistics.fmean(map(middle, g)) - middle(run)) < 0.45 * min(tall(run), max(map(tall, g)))
                and all(
                    run.box[0] >= other.box[2] - tall(run) / 2 or run.box[2] <= other.box[0] + tall(run) / 2
                    for other in g
                )
            ),
            None,
        )
        if home is None:
            groups.append([run])
        else:
            home.append(run)
    rows = [
        Row(
            join(sorted(g, key=lambda r: r.box[0]), GAP),
            statistics.fmean(map(middle, g)),
            statistics.median(map(tall, g)),
        )
        for g in groups
    ]
    return Sheet(page.number, page.width, page.height, tuple(sorted(rows, key=lambda r: r.y)), runs)


def flow(sheets: Sequence[Sheet]) -> Run:
    """Return the running text: lines in reading order, wrapped lines joined, boxes of one row set apart by a gap."""
    glyphs: list[Glyph] = []
    for page in sheets:
        before: Run | None = None
        right = max((r.box[2] for r in page.lines), default=0)
        left = min((r.box[0] for r in page.lines if r.box[2] > right * 0.7), default=0)
        for run in page.lines:
            if glyphs:
                mark = _separator(before, run, left, right)
                if mark:
                    glyphs.append(Glyph(mark, mark, page.number))
            glyphs.extend(run.glyphs)
            before = run
    return Run(tuple(glyphs))


def _separator(before: Run | None, run: Run, left: int, right: int) -> str:
    if before is None:
        return END
    a, b = before.box, run.box
    height = min(a[3] - a[1], b[3] - b[1])
    if min(a[3], b[3]) - max(a[1], b[1]) > 0.5 * height and b[0] >= a[2] - height:
        return GAP
    near = 0 < b[1] - a[1] < 3.2 * (a[3] - a[1])
    if near and _DATE_BEGINS.search(before.key) and _DATE_ENDS.match(run.key):
        return ""  # the line end broke a date
    if _STARTS.match(run.key):
        return END
    if before.key.count(GAP) > 1 or run.key.count(GAP) > 1:  # rows of a table
        return END
    token = 0
    for glyph in run.glyphs:  # a number is never broken, so the line before it may end early
        if glyph.box is None or not glyph.key.isascii() or glyph.key in "()":
            break
        token = glyph.box[2] - b[0]
    full = a[0] < left + 0.35 * (right - left) and a[2] + token > right - 2.6 * (a[3] - a[1])
    follows = near and b[0] < left + 2 * height
    if not (full and follows):
        return END
    return (
        " "
        if before.key[-1].isascii() and run.key[0].isascii() and before.key[-1].isalnum() and run.key[0].isalnum()
        else ""
    )
