"""The preservation copy: a PDF/A-2b (ISO 19005-2) of the page images, each under an invisible layer of what was read on it."""

import io
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import pikepdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fpdf import FPDF
from fpdf.enums import TextMode
from PIL import Image

from intake.model import Line, PageText
from intake.saving import save

Page = tuple[PageText, bytes]

_UNITS = 1000
_ASCENT, _DESCENT = 880, 120
_FONT_MADE = 2_082_844_800  # 1970, in seconds from 1904 on as fonts count them
_DPI = 200.0  # of a page whose image does not say: only the size on paper hangs on it
_TOLD_DPI = range(50, 4801)
_SMALLEST = 3.0  # points of a page of a PDF (ISO 32000-1, C.2); around a smaller image the page is blank
_PAGES_IN_MEMORY = 20


def write(pages: Iterable[Page], title: str, created: datetime, target: BinaryIO, folder: Path) -> int:
    """Write the copy of `pages` (text, upright JPEG) to `target`; returns how many pages it has.

    Of any number of pages only a few are in memory. What is finished of the copy lies in files of `folder` that have no name, so
    that nothing readable stays there, however this ends. The same pages, title and time give the same bytes.
    """
    with ExitStack() as parts:
        files = []
        for some in _portions(iter(pages)):
            file = parts.enter_context(tempfile.TemporaryFile(dir=folder))
            file.write(_portion(some, title, created, folder))
            files.append(file)
        if not files:
            raise ValueError("a document without pages has no preservation copy")
        opened = [parts.enter_context(pikepdf.open(file)) for file in files]
        # Title, date and the claim to be PDF/A stand in each part alike; the first one lends them to the whole.
        whole = opened[0]
        for part in opened[1:]:
            whole.pages.extend(part.pages)
        with whole.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as about:
            for name in ("xmp:ModifyDate", "xmp:MetadataDate"):  # else it would be the time of writing
                about[name] = created.astimezone(UTC).isoformat(timespec="seconds")
        del whole.trailer["/ID"]  # made at the time of writing; without one it is made of what is written
        save(whole, target, deterministic_id=True)
        return len(whole.pages)


def _portions(pages: Iterator[Page]) -> Iterator[list[Page]]:
    while some := list(islice(pages, _PAGES_IN_MEMORY)):
        yield some


def _portion(pages: list[Page], title: str, created: datetime, folder: Path) -> bytes:
    document = FPDF(unit="pt", enforce_compliance="PDF/A-2B")
    document.set_auto_page_break(auto=False)
    document.set_margin(0)
    document.set_lang("zh-CN")
    document.set_title(_valid(title))
    document.set_producer("Juanzong")
    document.set_creation_date(created.astimezone(UTC))
    with _as_path(_blank_font("".join(page.text for page, _ in pages)), folder) as font:
        document.add_font("blank", "", font)
    for page, image in pages:
        points = 72 / _dpi(image)
        width, height = page.width * points, page.height * points
        document.add_page(format=(max(width, _SMALLEST), max(height, _SMALLEST)))
        document.image(io.BytesIO(image), 0, 0, width, height)
        document.text_mode = TextMode.INVISIBLE
        for line in page.lines:
            _lay(document, line, points)
    return bytes(document.output())


@contextmanager
def _as_path(font: bytes, folder: Path) -> Iterator[Path]:
    """Give a font file to a library that wants a path ending in .ttf: a link to a file without a name, for it tells what is read."""
    with tempfile.TemporaryFile(dir=folder) as file, tempfile.TemporaryDirectory(dir=folder) as links:
        file.write(font)
        file.flush()
        path = Path(links, "blank.ttf")
        path.symlink_to(f"/proc/self/fd/{file.fileno()}")
        yield path


def _lay(document: FPDF, line: Line, points: float) -> None:
    """Put the words of a line where they were read, each as wide and as high as it stands on the page."""
    for text, (x0, y0, x1, y1) in [(w.text, w.box) for w in line.words] or [(line.text, line.box)]:
        words = _valid(text)
        width, height = (x1 - x0) * points, (y1 - y0) * points
        if not words.strip() or width <= 0 or height <= 0:
            continue
        document.set_font("blank", size=height)
        document.set_stretching(100 * width / (height * sum(map(_advance, words)) / _UNITS))
        document.text(x0 * points, y1 * points - height * _DESCENT / _UNITS, words)


def _dpi(image: bytes) -> float:
    """Return the resolution a page image tells, dots per inch."""
    with Image.open(io.BytesIO(image)) as opened:
        told = opened.info.get("dpi", (0, 0))[0]
    return float(told) if round(told) in _TOLD_DPI else _DPI


def _valid(text: str) -> str:
    """Return `text` without what no font and no XML has: control characters, lone surrogates, non-characters."""
    return "".join(c for c in text if c == " " or unicodedata.category(c)[0] not in "CZ")


def _advance(char: str) -> int:
    """Return how wide a character is laid, in thousandths of its height: Han full, Latin half."""
    return _UNITS if unicodedata.east_asian_width(char) in "WFA" else _UNITS // 2


def _diagonal(width: int) -> Glyph:
    pen = TTGlyphPen(None)
    pen.moveTo((0, -_DESCENT))
    pen.lineTo((width, _ASCENT))
    pen.closePath()
    return pen.glyph()


def _blank_font(text: str) -> bytes:
    """Return a TrueType font that has every character of `text`, each as a glyph that paints nothing.

    PDF/A wants every font embedded, also for text nobody sees; a real one for all of Unicode would outweigh the pages. A glyph is
    a line there and back: it has no area, but an extent, without which some readers do not find what is written with it.
    """
    glyphs = {".notdef": _UNITS // 2, "half": _UNITS // 2, "full": _UNITS}
    builder = FontBuilder(_UNITS, isTTF=True)
    builder.updateHead(created=_FONT_MADE, modified=_FONT_MADE)  # else it would be another font every second
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(
        {ord(c): "full" if _advance(c) == _UNITS else "half" for c in sorted({" ", *_valid(text)})}
    )
    builder.setupGlyf({name: _diagonal(width) for name, width in glyphs.items()})
    builder.setupHorizontalMetrics({name: (width, 0) for name, width in glyphs.items()})
    builder.setupHorizontalHeader(ascent=_ASCENT, descent=-_DESCENT)
    builder.setupNameTable({"familyName": "JuanzongBlank", "styleName": "Regular", "psName": "JuanzongBlank"})
    builder.setupOS2(sTypoAscender=_ASCENT, sTypoDescender=-_DESCENT, usWinAscent=_ASCENT, usWinDescent=_DESCENT)
    builder.setupPost()
    data = io.BytesIO()
    builder.save(data)
    return data.getvalue()
