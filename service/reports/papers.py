"""Tables as PDF, for paper that is signed: the customary forms of ledger, catalogue and statistics. Pure: the same table gives the same bytes.

The PDF holds what it uses of its font.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from intake.batches.sheets import new_pdf, printed, words
from service.reports.sheets import Cell, figure_columns, text_of

if TYPE_CHECKING:
    from fpdf import FPDF

Lie = Literal["landscape", "portrait"]

MARGIN, _HEAD, FOOT = 12.0, 30.0, 22.0
_LINE, _PAD = 4.2, 1.2
_POINTS = 8.5
_SQUARE = _POINTS * 25.4 / 72
_WIDE = 0x2E80  # from here on a character is as wide as the font is high: measuring each of them takes most of the time
_LONGEST_CELL = 8  # lines; a longer text is cut with an ellipsis, so that a row never fills a page


@dataclass(frozen=True)
class Form:
    """A table that goes to paper. widths: of the columns, in any unit; sub: a line under the title; signs: who signs below.

    landscape: how the paper lies.
    """

    title: str
    columns: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[Cell]]
    sub: str = ""
    signs: Sequence[str] = ()
    landscape: bool = True


def to_pdf(form: Form) -> bytes:
    """Return the table on as many A4 pages as it needs: its head on each, page numbers, lines to sign on the last."""
    with new_pdf() as document:
        lying: Lie = "landscape" if form.landscape else "portrait"
        document.set_line_width(0.15)
        width = (297.0 if form.landscape else 210.0) - 2 * MARGIN
        bottom = (210.0 if form.landscape else 297.0) - FOOT
        across = [w * width / sum(form.widths) for w in form.widths]
        right = figure_columns(form.rows)
        y = _begin(document, form, across, lying, right)
        for row in form.rows:
            cells = [lines_of(document, shown(cell), w) for cell, w in zip(row, across, strict=True)]
            height = height_of(cells)
            if y + height > bottom:
                y = _begin(document, form, across, lying, right)
            draw_row(document, cells, across, y, height, right)
            y += height
        if form.signs:
            if y + 14 > bottom + 6:
                y = _begin(document, form, across, lying, right)
            room = width / len(form.signs)
            for at, sign in enumerate(form.signs):
                words(document, sign, MARGIN + at * room, y + 12, room - 4, 10)
        pages = document.page
        for number in range(1, pages + 1):
            document.page = number
            words(document, f"{number} / {pages}", MARGIN, bottom + 14, width, 8, middle=True)
        document.page = pages
        return bytes(document.output())


def shown(cell: Cell) -> str:
    """Return a cell as it stands on paper: amounts with two digits, thousands apart."""
    return f"{cell:,.2f}" if isinstance(cell, Decimal) else text_of(cell)


def _begin(
    document: "FPDF", form: Form, across: Sequence[float], lying: Lie, right: frozenset[int] = frozenset()
) -> float:
    """Begin a page with title and head; return where the first row goes."""
    document.add_page(orientation=lying)
    words(document, form.title, MARGIN, 17, sum(across), 16, middle=True)
    words(document, form.sub, MARGIN, 25, sum(across), 9)
    head = [lines_of(document, column, w) for column, w in zip(form.columns, across, strict=True)]
    height = height_of(head)
    document.set_fill_color(240, 238, 232)
    document.rect(MARGIN, _HEAD, sum(across), height, style="F")
    draw_row(document, head, across, _HEAD, height, right)
    return _HEAD + height


def lines_of(document: "FPDF", text: str, width: float) -> list[str]:
    """Return a text as the lines it takes in a column; broken anywhere, as Chinese is."""
    document.set_font("han", size=_POINTS)
    room, used, lines = width - 2 * _PAD, 0.0, [""]
    for c in text:
        shown = printed(c)
        wide = _SQUARE if ord(c) >= _WIDE else document.get_string_width(shown)
        if c == "\n" or (used + wide > room and lines[-1]):
            lines.append("")
            used = 0.0
        if c not in "\r\n":
            lines[-1] += shown
            used += wide
    if len(lines) > _LONGEST_CELL:
        lines = [*lines[: _LONGEST_CELL - 1], lines[_LONGEST_CELL - 1][:-1] + "…"]
    return lines


def height_of(cells: Sequence[Sequence[str]]) -> float:
    """Return how high a row of these cells is, in millimetres."""
    return max(map(len, cells)) * _LINE + 2 * _PAD


def draw_row(
    document: "FPDF",
    cells: Sequence[Sequence[str]],
    across: Sequence[float],
    top: float,
    height: float,
    right: frozenset[int] = frozenset(),
) -> None:
    """Draw a row, its cells framed. right: the columns whose text ends at the right edge; the digits of the font are all as wide."""
    document.set_font("han", size=_POINTS)
    x = MARGIN
    for column, (lines, width) in enumerate(zip(cells, across, strict=True)):
        document.rect(x, top, width, height)
        for at, line in enumerate(lines):
            if line:
                from_left = width - _PAD - document.get_string_width(line) if column in right else _PAD
                document.text(x + max(from_left, _PAD), top + _PAD + (at + 0.78) * _LINE, line)
        x += width
