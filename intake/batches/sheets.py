"""Separator sheets to print: a square code and a bar code of the same payload, and words for people.

The PDF holds what it uses of its font, so that every machine prints it alike; the codes are drawn as areas.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from intake.batches.payload import LINEAR_LIMIT, Separator, encode
from intake.formats.fonts import HAN_FONT

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.fonts import TTFFont

_WIDTH = 210.0
_QR_MM, _BAR_MM, _BAR_HEIGHT_MM = 78.0, 176.0, 22.0


@dataclass(frozen=True)
class Sheet:
    """One sheet: what its codes say, its heading, and lines of words below."""

    separator: Separator
    heading: str
    lines: tuple[str, ...] = ()
    foot: str = ""


def modules(separator: Separator, kind: str) -> NDArray[np.bool_] | None:
    """Return the dark modules of a code, without a quiet zone; kind: qr or code128. None when the bar code would be too long."""
    import zxingcpp

    text = encode(separator)
    if kind == "code128" and len(text) > LINEAR_LIMIT:
        return None
    form = zxingcpp.BarcodeFormat.QRCode if kind == "qr" else zxingcpp.BarcodeFormat.Code128
    made = zxingcpp.create_barcode(text, form, **({"ec_level": "Q"} if kind == "qr" else {}))
    dark = np.array(made.to_image(scale=1, add_quiet_zones=False)) < 128
    return np.asarray(dark if kind == "qr" else dark[:1], bool)


def qr_code(text: str) -> tuple[str, int]:
    """Return any text as a QR code: the SVG path of its dark modules, in units of one module, and how many it is wide."""
    dark = dark_modules(text)
    return "".join(f"M{x} {y}h{w}v1h-{w}z" for x, y, w in _runs(dark)), dark.shape[1]


def dark_modules(text: str) -> NDArray[np.bool_]:
    """Return the dark modules of any text as a QR code, without a quiet zone."""
    import zxingcpp

    # Told to be UTF-8: readers guess otherwise, and take the · of an archive number for another sign.
    more = {} if text.isascii() else {"eci": "UTF-8"}
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, **more)
    return np.asarray(np.array(made.to_image(scale=1, add_quiet_zones=False)) < 128, bool)


def svg(separator: Separator, kind: str) -> str:
    """Return a code as an SVG path of its dark modules, in units of one module; "" for a bar code that would be too long."""
    dark = modules(separator, kind)
    if dark is None:
        return ""
    return "".join(f"M{x} {y}h{w}v1h-{w}z" for x, y, w in _runs(dark))


def size(separator: Separator, kind: str) -> tuple[int, int]:
    """Return (width, height) of a code in modules; (0, 0) when there is none."""
    dark = modules(separator, kind)
    return (0, 0) if dark is None else (dark.shape[1], dark.shape[0])


def _runs(dark: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return the dark runs of every row as (x, y, width)."""
    runs = []
    for y, row in enumerate(dark):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], row, [False]))))
        runs += [(int(a), y, int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return runs


@contextmanager
def new_pdf() -> Iterator["FPDF"]:
    """Give an empty PDF of A4 pages in millimetres, its font chosen; the same drawing gives the same bytes."""
    from fpdf import FPDF

    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)  # it names every table it leaves out
    document = FPDF(unit="mm", format="A4")
    document.set_auto_page_break(auto=False)
    document.set_margin(0)
    document.set_producer("Juanzong")
    document.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    document.fonts["han"] = font = _font()
    try:
        yield document
    finally:
        font.ttfont.close()


@cache
def _known() -> tuple["TTFFont", list[str]]:
    """Return the font as fpdf2 knows it once it has looked at its 30,000 glyphs, and their names; the same for every document."""
    from fpdf import FPDF
    from fpdf.fonts import TTFFont

    document = FPDF()
    document.add_font("han", "", HAN_FONT)
    known = document.fonts["han"]
    assert isinstance(known, TTFFont)  # noqa: S101 - it comes from a file
    names: list[str] = known.ttfont.getGlyphOrder()
    known.ttfont.close()
    return known, names


def _font() -> "TTFFont":
    """Return the font for one document, which notes in it what it uses and then cuts it down to that."""
    from fontTools.ttLib import TTFont
    from fpdf.fonts import SubsetMap

    known, names = _known()
    font = copy(known)
    font.cw, font.missing_glyphs, font.desc = copy(known.cw), [], copy(known.desc)
    font.ttfont = TTFont(HAN_FONT, recalcTimestamp=False, lazy=True)
    font.ttfont.setGlyphOrder(list(names))
    font.subset = SubsetMap(font)
    return font


def as_pdf(sheets: Sequence[Sheet]) -> bytes:
    """Return the sheets as a PDF of A4 pages; the same sheets give the same bytes."""
    with new_pdf() as document:
        for sheet in sheets:
            document.add_page()
            _draw(document, sheet)
        return bytes(document.output())


def _draw(document: "FPDF", sheet: Sheet) -> None:
    words(document, sheet.heading, 15, 34.0, _WIDTH - 30, 24, middle=True)
    qr = modules(sheet.separator, "qr")
    assert qr is not None  # noqa: S101 - only a bar code can be too long
    cell = _QR_MM / qr.shape[1]
    areas(document, qr, (_WIDTH - _QR_MM) / 2, 48.0, cell, cell)
    y = 48.0 + _QR_MM + 18
    for line in sheet.lines:
        words(document, line, 15, y, _WIDTH - 30, 15, middle=True)
        y += 11
    bars = modules(sheet.separator, "code128")
    if bars is not None:
        cell = min(_BAR_MM / bars.shape[1], 0.8)
        areas(document, bars, (_WIDTH - cell * bars.shape[1]) / 2, 232.0, cell, _BAR_HEIGHT_MM)
    words(document, encode(sheet.separator), 15, 262.0, _WIDTH - 30, 9, middle=True)
    words(document, sheet.foot, 15, 278.0, _WIDTH - 30, 11, middle=True)


def areas(document: "FPDF", dark: NDArray[np.bool_], left: float, top: float, across: float, down: float) -> None:
    """Fill the dark modules of a code; millimetres from the top left corner."""
    # One path for all: readers round the edges of rectangles that stand alone to their pixels, which no bar survives.
    with document.new_path() as path:
        path.style.fill_color, path.style.stroke_color = "#000000", None
        for x, y, w in _runs(dark):
            path.rectangle(left + x * across, top + y * down, w * across, down)


def printed(c: str) -> str:
    """Return a character as the font has it: "?" for what is no character or lies beyond the first 65,536. The wide space is one."""
    return c if (c.isprintable() or c == "\N{IDEOGRAPHIC SPACE}") and ord(c) <= 0xFFFF else "?"


def words(
    document: "FPDF", text: str, left: float, top: float, room: float, points: float, *, middle: bool = False
) -> None:
    """Set a line of text with its foot at `top` millimetres, smaller where it would be wider than `room`."""
    text = "".join(map(printed, text))
    if not text:
        return
    document.set_font("han", size=points)
    width = document.get_string_width(text)
    if width > room:
        document.set_font(size=points * room / width)
        width = room
    document.text(left + ((room - width) / 2 if middle else 0), top, text)
