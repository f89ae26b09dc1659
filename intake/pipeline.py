"""From a file to its pages read: image, orientation, words, reading order; one page at a time."""

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from intake import pdf, raster, reading_order, rules, seals, textlayer
from intake.errors import Rejected
from intake.model import Box, Inspection, Limits, Line, PageText, ReadPage
from intake.ports import OcrEngine

_QUALITY = 85
_SCANNED = 0.5  # a page with more than this share under pictures is read as an image
_PICTURES = 0.01  # from this share on, pictures on a page with text are read too
_FINEST_DPI = 400
_TURN = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}

Progress = Callable[[int, int], None]


def read(
    path: Path, inspection: Inspection, engine: OcrEngine, limits: Limits, *, progress: Progress | None = None
) -> Iterator[ReadPage]:
    """Yield the pages of an inspected file in order, each read; only one is held at a time.

    progress: called with the number of pages done and of all pages. Raises Rejected for damage that shows only now, and
    EngineUnavailable.
    """
    source = _pdf_pages if inspection.kind == "pdf" else _image_pages
    with closing(source(path, inspection, engine, limits)) as pages:
        for page in pages:
            yield page
            if progress:
                progress(page.page.number, inspection.pages)


def _image_pages(path: Path, inspection: Inspection, engine: OcrEngine, limits: Limits) -> Generator[ReadPage]:
    with closing(raster.pages(path, inspection.kind, limits)) as pages:
        for number, (image, dpi) in enumerate(pages, 1):
            yield _recognised(image, number, dpi, engine)


def _pdf_pages(path: Path, inspection: Inspection, engine: OcrEngine, limits: Limits) -> Generator[ReadPage]:
    layer = _Layer(path)
    try:
        with pdf.opened(path) as document:
            for index in range(inspection.pages):
                yield _pdf_page(document, index, layer, engine, limits)
    finally:
        layer.close()


def _pdf_page(document: Any, index: int, layer: "_Layer", engine: OcrEngine, limits: Limits) -> ReadPage:
    facts = pdf.facts(document, index, limits)
    if facts.seen and facts.seen >= facts.unseen and facts.picture_share <= _SCANNED:
        image, dpi = pdf.render(document, index, limits.render_dpi)
        lines, turn = layer.read(index, facts, image.width, image.height)
        if lines:
            return _layered(image, index + 1, dpi, lines, turn, facts, engine)
    # A scan is painted dot by dot; what was drawn or printed has no dots of its own.
    image, dpi = pdf.render(document, index, min(max(facts.picture_dpi, limits.render_dpi), _FINEST_DPI))
    return _recognised(image, index + 1, dpi, engine)


class _Layer:
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


def _layered(
    image: Image.Image,
    number: int,
    dpi: float,
    lines: Sequence[Line],
    turn: int,
    facts: pdf.PageFacts,
    engine: OcrEngine,
) -> ReadPage:
    scale = image.width / facts.width
    areas = [_scaled(r, scale) for r in facts.pictures]
    areas = [textlayer.turned(a, turn, image.width, image.height) for a in areas]
    upright = image.transpose(_TURN[turn]) if turn else image
    found = list(lines)
    pixels = seals.lift(np.asarray(upright))
    if facts.picture_share > _PICTURES:
        found += [p for p in engine.read(pixels) if textlayer.inside(p, areas) and textlayer.beside(p, lines)]
    arranged = reading_order.arrange(found, rules.finder(pixels))
    text = PageText(number, upright.width, upright.height, turn, "text-layer", arranged)
    return ReadPage(text, _jpeg(upright, dpi), dpi=dpi)


def _recognised(image: Image.Image, number: int, dpi: float | None, engine: OcrEngine) -> ReadPage:
    pixels = seals.lift(np.asarray(image.convert("RGB")))
    turn = engine.rotation(pixels)
    if turn:
        image = image.transpose(_TURN[turn])
        pixels = np.ascontiguousarray(np.rot90(pixels, -turn // 90))
    lines = reading_order.arrange(engine.read(pixels), rules.finder(pixels))
    text = PageText(number, image.width, image.height, turn, engine.name, lines)
    return ReadPage(text, _jpeg(image, dpi), dpi=dpi)


def _scaled(rect: pdf.Rect, scale: float) -> Box:
    x0, y0, x1, y1 = (round(v * scale) for v in rect)
    return x0, y0, x1, y1


def _jpeg(image: Image.Image, dpi: float | None) -> bytes:
    if image.mode == "RGB":
        pixels = np.asarray(image)
        if np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 1], pixels[..., 2]):
            image = image.getchannel(0)  # gray: a third of the bytes
    data = io.BytesIO()
    try:
        image.save(data, "JPEG", quality=_QUALITY, dpi=(round(dpi), round(dpi)) if dpi else (0, 0))
    except (OSError, ValueError) as error:
        raise Rejected("unreadable", "A page cannot be kept as an image.") from error
    return data.getvalue()
