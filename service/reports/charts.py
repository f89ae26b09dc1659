"""Charts: the same geometry as SVG for a page and as lines for paper. Pure, no script; the table beside it says the same.

Series differ by colour and by pattern of line or hatch, and carry their name, so that a print in grey can be read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from fpdf import FPDF

Kind = Literal["bars", "stacked", "lines"]
#: of the series, in order; dark enough for 3:1 on white (WCAG 2.2, 1.4.11)
COLOURS = ("#1f5f5b", "#b26a00", "#5b4ba3", "#b42318", "#3d6f9e", "#6b6f76", "#7a3b69")
_DASHES = ("", "6 3", "2 2", "8 3 2 3")
_LEFT, _RIGHT, _TOP, _FOOT = 64.0, 12.0, 26.0, 26.0


@dataclass(frozen=True)
class Chart:
    """What is drawn. labels: along the bottom; series: (name, a value for each label), not below 0. stacked: one column a label."""

    kind: Kind
    title: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[Decimal | int]]]


@dataclass(frozen=True)
class Shape:
    """A piece of a chart in units of its width and height. kind: area, line, text. series: None for what belongs to none.

    at: area (x, y, width, height); line (x1, y1, x2, y2); text (x, y). to: where a text begins, stands or ends.
    """

    kind: Literal["area", "line", "text"]
    at: tuple[float, ...]
    series: int | None = None
    text: str = ""
    to: Literal["start", "middle", "end"] = "start"


def scale(largest: Decimal, *, whole: bool = False) -> list[Decimal]:
    """Return the marks of the axis: from 0 in equal round steps (1, 2, 5 x 10^n) to the first that is not below `largest`. whole: whole numbers alone."""
    if largest <= 0:
        return [Decimal(0), Decimal(1)]
    size = Decimal(1).scaleb(largest.adjusted())
    step = next(size * n for n in map(Decimal, ("0.2", "0.5", "1", "2")) if largest / (size * n) <= 5)
    if whole:
        step = max(step, Decimal(1))
    marks = [Decimal(0)]
    while marks[-1] < largest:
        marks.append(marks[-1] + step)
    return marks


def spoken(value: Decimal) -> str:
    """Return a mark of the axis: whole numbers without a point, thousands apart."""
    return f"{value.normalize():,f}"


def shapes(chart: Chart, width: float, height: float) -> list[Shape]:
    """Return the chart as pieces: axis and marks, the names of the series above, then what they are worth."""
    columns = max(len(chart.labels), 1)
    totals = [[Decimal(values[at]) for _, values in chart.series] for at in range(len(chart.labels))]
    tops = [sum(row, Decimal(0)) if chart.kind == "stacked" else max(row, default=Decimal(0)) for row in totals]
    whole = all(isinstance(value, int) for _, values in chart.series for value in values)
    marks = scale(max(tops, default=Decimal(0)), whole=whole)
    across, down = width - _LEFT - _RIGHT, height - _TOP - _FOOT
    room, foot = across / columns, height - _FOOT

    def y(value: Decimal) -> float:
        return foot - down * float(value / marks[-1])

    found: list[Shape] = []
    for mark in marks:
        found.append(Shape("line", (_LEFT, y(mark), width - _RIGHT, y(mark))))
        found.append(Shape("text", (_LEFT - 6, y(mark) + 4), text=spoken(mark), to="end"))
    every = max(1, -(-columns // max(1, int(across // 44))))
    for at, label in enumerate(chart.labels):
        if at % every == 0:
            found.append(Shape("text", (_LEFT + room * (at + 0.5), foot + 16), text=label, to="middle"))
    for n, (name, _) in enumerate(chart.series):
        left = _LEFT + n * across / len(chart.series)
        found += [Shape("area", (left, 6, 10, 10), n), Shape("text", (left + 14, 15), text=name)]
    return found + _values(chart, totals, y, room)


def _values(
    chart: Chart, totals: Sequence[Sequence[Decimal]], y: Callable[[Decimal], float], room: float
) -> list[Shape]:
    found: list[Shape] = []
    if chart.kind == "lines":
        for n in range(len(chart.series)):
            points = [(_LEFT + room * (at + 0.5), y(row[n])) for at, row in enumerate(totals)]
            found += [Shape("line", (*a, *b), n) for a, b in pairwise(points)]
            found += [Shape("area", (px - 2, py - 2, 4, 4), n) for px, py in points]
        return found
    bars = 1 if chart.kind == "stacked" else max(len(chart.series), 1)
    wide = min(room * 0.8 / bars, 48.0)
    for at, row in enumerate(totals):
        base, left = Decimal(0), _LEFT + room * (at + 0.5) - wide * bars / 2
        for n, value in enumerate(row):
            low = base if chart.kind == "stacked" else Decimal(0)
            if value > 0:
                x = left if chart.kind == "stacked" else left + n * wide
                found.append(Shape("area", (x, y(low + value), wide, y(low) - y(low + value)), n))
            base += value
    return found


def svg(chart: Chart, width: int = 640, height: int = 240) -> Markup:
    """Return the chart as an SVG picture that says its title to those who do not see it; its colours follow light and dark."""
    parts = [
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(width, height, chart.title)
    ]
    for shape in shapes(chart, width, height):
        place = [f"{n:.1f}" for n in shape.at]
        if shape.kind == "text":
            parts.append(
                Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(*place, shape.to, escape(shape.text))
            )
        elif shape.kind == "area":
            parts.append(
                Markup('<rect class="s{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                    (shape.series or 0) % len(COLOURS), *place
                )
            )
        else:
            of = "axis" if shape.series is None else f"s{shape.series % len(COLOURS)}"
            dash = _DASHES[(shape.series or 0) % len(_DASHES)]
            parts.append(
                Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}" stroke-dasharray="{}"/>').format(
                    of, *place, dash
                )
            )
    return Markup("").join([*parts, Markup("</svg>")])


def draw(document: "FPDF", chart: Chart, left: float, top: float, width: float, height: float) -> None:
    """Draw the chart on the page of a PDF; millimetres from the top left corner."""
    wide, high = 640.0, 640.0 * height / width
    unit = width / wide
    for shape in shapes(chart, wide, high):
        place = [n * unit for n in shape.at]
        colour = COLOURS[(shape.series or 0) % len(COLOURS)]
        if shape.kind == "text":
            document.set_font("han", size=7)
            long = document.get_string_width(shape.text)
            shift = {"start": 0.0, "middle": long / 2, "end": long}[shape.to]
            document.text(left + place[0] - shift, top + place[1], shape.text)
        elif shape.kind == "area":
            document.set_fill_color(colour)
            document.rect(left + place[0], top + place[1], place[2], place[3], style="F")
        else:
            document.set_draw_color("#cccccc" if shape.series is None else colour)
            document.set_line_width(0.15 if shape.series is None else 0.5)
            document.line(left + place[0], top + place[1], left + place[2], top + place[3])
    document.set_draw_color("#000000")
    document.set_line_width(0.15)
