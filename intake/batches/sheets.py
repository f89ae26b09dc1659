"""Separator sheets to print: a square code and a bar code of the same payload, and words for people.

The PDF names one of the fonts every PDF reader has or replaces for Chinese (STSong-Light, ISO 32000-1, 9.7.5.2) instead of
holding one: the machine that makes it needs no Chinese font, the one that prints it does. The codes are drawn as areas.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intake.batches.payload import LINEAR_LIMIT, Separator, encode

_MM = 72 / 25.4
_WIDTH, _HEIGHT = 210.0, 297.0
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
    import zxingcpp

    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    dark = np.asarray(np.array(made.to_image(scale=1, add_quiet_zones=False)) < 128, bool)
    return "".join(f"M{x} {y}h{w}v1h-{w}z" for x, y, w in _runs(dark)), dark.shape[1]


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


def as_pdf(sheets: Sequence[Sheet]) -> bytes:
    """Return the sheets as a PDF of A4 pages; the same sheets give the same bytes."""
    import pikepdf
    from pikepdf import Array, Dictionary, Name

    with pikepdf.new() as pdf:
        info = Dictionary(Registry=b"Adobe", Ordering=b"GB1", Supplement=4)
        glyphs = pdf.make_indirect(
            Dictionary(
                Type=Name.Font, Subtype=Name.CIDFontType0, BaseFont=Name("/STSong-Light"), CIDSystemInfo=info, DW=1000,
                W=Array([1, Array([500] * 95)]), FontDescriptor=pdf.make_indirect(_descriptor()),
            )
        )  # fmt: skip
        font = pdf.make_indirect(
            Dictionary(
                Type=Name.Font, Subtype=Name.Type0, BaseFont=Name("/STSong-Light"), Encoding=Name("/UniGB-UTF16-H"),
                DescendantFonts=Array([glyphs]),
            )
        )  # fmt: skip
        for sheet in sheets:
            page = pdf.add_blank_page(page_size=(_WIDTH * _MM, _HEIGHT * _MM))
            page.obj.Resources = Dictionary(Font=Dictionary(F=font))
            page.obj.Contents = pdf.make_stream(_drawing(sheet).encode("ascii"))
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
        return out.getvalue()


def _descriptor() -> Any:
    from pikepdf import Array, Dictionary, Name

    return Dictionary(
        Type=Name.FontDescriptor, FontName=Name("/STSong-Light"), Flags=6, FontBBox=Array([-25, -254, 1000, 880]),
        ItalicAngle=0, Ascent=880, Descent=-120, CapHeight=880, StemV=93,
    )  # fmt: skip


def _drawing(sheet: Sheet) -> str:
    parts = [_words(sheet.heading, 34.0, 24)]
    qr = modules(sheet.separator, "qr")
    assert qr is not None  # noqa: S101 - only a bar code can be too long
    cell = _QR_MM / qr.shape[1]
    parts.append(_areas(qr, (_WIDTH - _QR_MM) / 2, 48.0, cell, cell))
    y = 48.0 + _QR_MM + 18
    for line in sheet.lines:
        parts.append(_words(line, y, 15))
        y += 11
    bars = modules(sheet.separator, "code128")
    if bars is not None:
        cell = min(_BAR_MM / bars.shape[1], 0.8)
        parts.append(_areas(bars, (_WIDTH - cell * bars.shape[1]) / 2, 232.0, cell, _BAR_HEIGHT_MM))
    parts += [_words(encode(sheet.separator), 262.0, 9), _words(sheet.foot, 278.0, 11)]
    return "\n".join(parts)


def _areas(dark: NDArray[np.bool_], left: float, top: float, across: float, down: float) -> str:
    """Return filled areas for dark modules; millimetres from the top left corner."""
    rows = [
        f"{(left + x * across) * _MM:.3f} {(_HEIGHT - top - (y + 1) * down) * _MM:.3f} "
        f"{w * across * _MM:.3f} {down * _MM:.3f} re"
        for x, y, w in _runs(dark)
    ]
    return "0 g\n" + "\n".join(rows) + "\nf"


def _words(text: str, top: float, points: float) -> str:
    """Return a line of text centred at `top` millimetres."""
    text = "".join(c if c.isprintable() and ord(c) <= 0xFFFF else "?" for c in text)
    width = sum(0.5 if ord(c) < 0x7F else 1.0 for c in text) * points
    room = (_WIDTH - 30) * _MM
    if width > room:
        points, width = points * room / width, room
    left = (_WIDTH * _MM - width) / 2
    return f"BT /F {points:.2f} Tf {left:.2f} {(_HEIGHT - top) * _MM:.2f} Td <{text.encode('utf-16-be').hex()}> Tj ET"
