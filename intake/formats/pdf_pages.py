"""A PDF opened page by page: its pages as pictures, and their text layers where they can be believed."""

import logging
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

from intake import pdf, textlayer
from intake.damage.pdf import Parts
from intake.errors import Rejected
from intake.formats.pages import Layer, Picture
from intake.model import Box, Limits, Line
from intake.raster import LARGE
from intake.turns import turn

_SCANNED = 0.5  # a page with more than this share under pictures is read as an image
_FINEST_DPI = 400


class PdfPages:
    """Implements Pages for a PDF."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._layer, self._parts = _TextLayer(path), Parts(path)
        self._stack = ExitStack()
        self._path = path
        self._document: Any = None

    def picture(self, index: int) -> Picture:
        """Return page `index` (from 0). Raises Rejected."""
        if self._document is None:
            self._document = self._stack.enter_context(pdf.opened(self._path))
        with pdf.damage():
            return self._picture(index)

    def _picture(self, index: int) -> Picture:
        facts = pdf.facts(self._document, index, self._limits)
        with turn() if facts.most_pixels > LARGE else nullcontext():
            return self._painted(index, facts)

    def _painted(self, index: int, facts: pdf.PageFacts) -> Picture:
        damaged = self._parts.damaged(index)
        if not damaged and pdf.lacks_a_picture(self._document, index):
            damaged = True
        if facts.seen and facts.seen >= facts.unseen and facts.picture_share <= _SCANNED:
            image, dpi = pdf.render(self._document, index, self._limits.render_dpi)
            lines, upright = self._layer.read(index, facts, image.width, image.height)
            if lines:
                scale = image.width / facts.width
                areas = tuple(_scaled(rect, scale) for rect in facts.pictures)
                return Picture(
                    image, dpi, layer=Layer(lines, upright, areas, facts.picture_share), damaged=bool(damaged)
                )
        # A scan is painted dot by dot; what was drawn or printed has no dots of its own.
        fine = min(max(facts.picture_dpi, self._limits.render_dpi), _FINEST_DPI)
        image, dpi = pdf.render(self._document, index, fine)
        if facts.pictures and pdf.is_unshown(self._document, index, image):
            raise Rejected("truncated", f"Page {index + 1} of the PDF is damaged.")
        if damaged is None:  # of a file in which nothing is found, an empty page says nothing
            damaged = pdf.is_empty(image)
        scanned = facts.picture_share > _SCANNED
        return Picture(image, dpi, scan_dpi=facts.picture_dpi if scanned else None, damaged=damaged)

    def close(self) -> None:
        """Close the file."""
        self._layer.close()
        self._parts.close()
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _TextLayer:
    """The text layer of a PDF, opened when the first page asks for it; a layer that cannot be read is no layer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None
        self._broken = False

    def read(self, index: int, facts: pdf.PageFacts, width: int, height: int) -> tuple[list[Line], int]:
        """Return the pieces of lines on the page as displayed, and the turn that makes it upright; [] for no layer."""
        if self._broken:
            return [], 0
        try:
            if self._file is None:
                import pdfplumber

                # A font without a box is no news to anyone: Chromium writes such fonts for every character set in Noto.
                logging.getLogger("pdfminer").setLevel(logging.ERROR)
                self._file = pdfplumber.open(self._path)
            page = self._file.pages[index]
            if not textlayer.affordable(page):
                return [], 0
            chars, turn = textlayer.chars_of(page, facts, width, height)
            page.close()
        except Exception:  # noqa: BLE001 - pdfminer raises whatever a broken file makes it do; the page is read as an image
            self.close()
            self._broken = True
            return [], 0
        if not textlayer.believable("".join(c.text for c in chars)):
            return [], 0
        upright = [type(c)(c.text, textlayer.turned(c.box, turn, width, height), c.confidence) for c in chars]
        return textlayer.pieces(upright), turn

    def close(self) -> None:
        if self._file is not None:
            with suppress(Exception):
                self._file.close()
            self._file = None


def _scaled(rect: pdf.Rect, scale: float) -> Box:
    x0, y0, x1, y1 = (round(v * scale) for v in rect)
    return x0, y0, x1, y1
