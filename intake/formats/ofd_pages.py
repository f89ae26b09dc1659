"""An OFD page by page: painted at the rendering resolution, with its text as the text layer."""

import io
import math
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Self
from xml.etree.ElementTree import Element

from PIL import Image, ImageChops, ImageDraw, ImageFont, JpegImagePlugin

from intake import textlayer
from intake.damage import streams
from intake.errors import Rejected
from intake.formats import fonts
from intake.formats.ofd import Document, Matrix, Thing, numbers, open_document
from intake.formats.ofd_seals import Stamp
from intake.formats.package import Package, damage, opened
from intake.formats.pages import Layer, Picture
from intake.held import in_memory
from intake.model import Box, Limits
from intake.raster import check_image, check_size, fit, is_fine, plain, small
from intake.words import Char

_MM = 25.4
_SCANNED = 0.5  # a page with more than this share under images, and hardly any text, is read as an image
_PICTURES = {"PNG": "PNG", "JPG": "JPEG", "JPEG": "JPEG", "BMP": "BMP", "GIF": "GIF", "TIF": "TIFF", "TIFF": "TIFF"}
_ANY = ("PNG", "JPEG", "BMP", "GIF", "TIFF")
_JBIG2 = b"\x97JB2\r\n\x1a\n"  # ISO/IEC 14492, D.4.1
_MOST_STAMPS = 50  # of one page
_MOST_OF_A_SEAL = 16_000_000  # pixels: 40 mm at 2400 dpi
_CURVE = 12  # pieces of a curve
_MAX_GLYPHS = 60_000  # of one page


def check(path: Path, limits: Limits) -> tuple[int, tuple[str, ...]]:
    """Return the number of pages and the notes: "signed", "attachment:NAME". Raises Rejected."""
    with damage(), OfdPages(path, limits) as pages:
        pages.check()
        return len(pages.document.pages), pages.document.notes


class OfdPages:
    """Implements Pages for an OFD."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._stack = ExitStack()
        with ExitStack() as stack:
            package = stack.enter_context(opened(path, limits))
            self.document = open_document(package, limits)
            self._stack = stack.pop_all()

    def check(self) -> None:
        """Look at every page and every image on it. Raises Rejected."""
        for index in range(len(self.document.pages)):
            box = self.document.page(index).box
            check_size(box[2] / _MM * self._limits.render_dpi, box[3] / _MM * self._limits.render_dpi, self._limits)
            for thing in self.document.things(index):
                if thing.element.tag.endswith("ImageObject"):
                    _image(self.document, thing.element.get("ResourceID", ""), self._limits).close()

    def picture(self, index: int) -> Picture:
        """Return page `index` (from 0). Raises Rejected."""
        with damage():
            return self._picture(index)

    def _picture(self, index: int) -> Picture:
        _, _, width, height = self.document.page(index).box
        check_size(width / _MM * self._limits.render_dpi, height / _MM * self._limits.render_dpi, self._limits)
        dpi = self._limits.render_dpi * 1.0
        finest, covered = 0.0, 0.0
        things = list(self.document.things(index))
        for thing in things:
            if thing.element.tag.endswith("ImageObject"):
                image = _image(self.document, thing.element.get("ResourceID", ""), self._limits)
                box = _extent(thing.matrix, 1.0)
                share = (box[2] - box[0]) * (box[3] - box[1]) / (width * height)
                covered += share
                if share > 0.2:
                    finest = max(finest, image.width * _MM / max(1.0, box[2] - box[0]))
                image.close()
        scanned = covered > _SCANNED
        if scanned:
            dpi = min(max(finest, dpi), 400.0)
        scale = dpi / _MM
        scale *= fit(width * scale, height * scale)
        sheet = _Sheet(self.document, self._limits, width, height, scale)
        for thing in things:
            sheet.paint(thing)
        page = self.document.page(index)
        for stamp in self.document.stamps.get(self.document.pages[index][0], [])[:_MOST_STAMPS]:
            sheet.set(stamp, page.box)
        dpi = scale * _MM
        text = "".join(c.text for c in sheet.chars)
        if sheet.chars and textlayer.believable(text) and not (scanned and len(text) < 100):
            layer = Layer(textlayer.pieces(sheet.chars), 0, tuple(sheet.images), min(1.0, covered))
            return Picture(sheet.image, dpi, layer=layer, damaged=sheet.damaged)
        return Picture(sheet.image, dpi, scan_dpi=finest if scanned else None, damaged=sheet.damaged)

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Sheet:
    """A page while it is painted. Coordinates of objects are mm, of the sheet pixels."""

    def __init__(self, document: Document, limits: Limits, width: float, height: float, scale: float) -> None:
        self._document, self._limits, self._scale = document, limits, scale
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        self.image = Image.new("RGB", size, "white")
        self._draw = ImageDraw.Draw(self.image)
        self._faces: dict[tuple[str, int], ImageFont.FreeTypeFont] = {}
        self.chars: list[Char] = []
        self.images: list[Box] = []
        self.damaged = False

    def paint(self, thing: Thing) -> None:
        """Paint one object."""
        word = thing.element.tag.rpartition("}")[2]
        {"TextObject": self._text, "ImageObject": self._picture, "PathObject": self._path}[word](thing)

    def set(self, stamp: Stamp, box: tuple[float, float, float, float]) -> None:
        """Set an electronic seal over what is painted: the print under it stays. box: of the page. One that cannot be shown is left out."""
        x, y, wide, high = stamp.place
        left, top = (x - box[0]) * self._scale, (y - box[1]) * self._scale
        size = (max(1, round(wide * self._scale)), max(1, round(high * self._scale)))
        found = stamp.seal.picture
        if found is None or size[0] * size[1] > 4 * self.image.width * self.image.height:
            return
        try:
            seal = _seal(*found, size, self._limits)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - the picture of a seal is one more foreign file: whatever is wrong with it, the page is shown
            return
        if stamp.clip:
            a, b, c, d = (v * self._scale for v in stamp.clip)
            shown = Image.new("RGB", size, "white")
            part = (max(0, round(a)), max(0, round(b)), min(size[0], round(a + c)), min(size[1], round(b + d)))
            if part[2] <= part[0] or part[3] <= part[1]:
                return
            shown.paste(seal.crop(part), part)
            seal = shown
        at = (round(left), round(top), round(left) + size[0], round(top) + size[1])
        under = self.image.crop(at)
        under.paste(ImageChops.darker(under, seal))
        self.image.paste(under, at[:2])

    def _picture(self, thing: Thing) -> None:
        x0, y0, x1, y1 = (round(v) for v in _extent(thing.matrix, self._scale))
        with _image(self._document, thing.element.get("ResourceID", ""), self._limits) as raw:
            if isinstance(raw, JpegImagePlugin.JpegImageFile) and raw.fp:  # the others fail where they are damaged
                raw.fp.seek(0)
                self.damaged |= streams.jpeg(raw.fp.read())
            mask, image = None, None
            if "A" in raw.getbands() or "transparency" in raw.info:
                mask, image = raw.convert("RGBA").getchannel("A"), plain(raw)
            else:
                with _held(raw) as path:
                    image = small(raw, path)
        a, b, c, d, *_ = thing.matrix
        for wanted, turn in (
            (a < 0, Image.Transpose.FLIP_LEFT_RIGHT),
            (d < 0, Image.Transpose.FLIP_TOP_BOTTOM),
        ):
            if wanted and abs(a) >= abs(b):
                image = image.transpose(turn)
                mask = mask and mask.transpose(turn)
        if abs(b) > abs(a):  # it lies on its side
            turn = Image.Transpose.ROTATE_270 if b > 0 else Image.Transpose.ROTATE_90
            image = image.transpose(turn)
            mask = mask and mask.transpose(turn)
        del c
        width, height = self.image.size
        if x1 <= x0 or y1 <= y0 or x0 >= width or y0 >= height or (x1 - x0) * (y1 - y0) > 4 * width * height:
            return
        size = (x1 - x0, y1 - y0)
        self.image.paste(image.resize(size), (x0, y0), mask.resize(size) if mask else None)
        self.images.append((max(0, x0), max(0, y0), min(width, x1), min(height, y1)))

    def _text(self, thing: Thing) -> None:
        element = thing.element
        size = _number(element.get("Size"), 3.175)
        along = math.hypot(thing.matrix[0], thing.matrix[1]) or 1.0
        down = math.hypot(thing.matrix[2], thing.matrix[3]) or along
        pixels = min(max(1, round(size * down * self._scale)), 2000)
        wanted = (element.get("Font", ""), pixels)
        if wanted not in self._faces:
            self._faces[wanted] = _font(self._document, *wanted)
        face = self._faces[wanted]
        colour = _colour(element, "FillColor", (0, 0, 0))
        squeeze = _number(element.get("HScale"), 1.0)
        for code in (e for e in element if e.tag.endswith("TextCode")):
            text = (code.text or "").replace("\n", "").replace("\r", "")
            x, y = _number(code.get("X"), 0.0), _number(code.get("Y"), 0.0)
            right, below = _deltas(code.get("DeltaX"), len(text)), _deltas(code.get("DeltaY"), len(text))
            for i, char in enumerate(text):
                if len(self.chars) >= _MAX_GLYPHS:
                    raise Rejected("too_large", "A page of the OFD has more text than pages have.")
                wide = right[i] if i < len(right) else 0.0
                if not right and not below:  # set as its font says
                    wide = face.getlength(char) / self._scale / along * squeeze
                self._glyph(char, thing.matrix, (x, y), (size, wide), face, colour)
                x, y = x + wide, y + (below[i] if i < len(below) else 0.0)

    def _glyph(
        self,
        char: str,
        matrix: Matrix,
        at: tuple[float, float],
        body: tuple[float, float],
        face: ImageFont.FreeTypeFont,
        colour: tuple[int, int, int],
    ) -> None:
        """Set one character. at: the left end of its baseline. body: its size and the step to the next, both in mm."""
        (x, y), (size, wide) = at, body
        if char.isspace() or not char.isprintable():
            return
        across = size if ord(char) > 0x2E7F else size * 0.55
        across = min(across, wide) if 0 < wide < across else across
        # A Han character stands on the baseline with an eighth below it.
        corners = [_point(matrix, px, py) for px, py in ((x, y - 0.86 * size), (x + across, y + 0.14 * size))]
        (ax, ay), (bx, by) = corners
        box = [v * self._scale for v in (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))]
        left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
        right, bottom = min(self.image.width, math.ceil(box[2])), min(self.image.height, math.ceil(box[3]))
        if right <= left or bottom <= top:
            return  # off the page
        left_end = _point(matrix, x, y)
        self._draw.text((left_end[0] * self._scale, left_end[1] * self._scale), char, colour, face, anchor="ls")
        self.chars.append(Char(char, (left, top, right, bottom)))

    def _path(self, thing: Thing) -> None:
        element = thing.element
        data = next((e.text or "" for e in element if e.tag.endswith("AbbreviatedData")), "")
        lines = [[tuple(v * self._scale for v in _point(thing.matrix, *p)) for p in line] for line in _polylines(data)]
        zoom = math.sqrt(abs(thing.matrix[0] * thing.matrix[3] - thing.matrix[1] * thing.matrix[2])) or 1.0
        width = max(1, round(_number(element.get("LineWidth"), 0.353) * zoom * self._scale))
        for line in lines:
            if len(line) > 2 and element.get("Fill", "false") == "true":
                self._draw.polygon(line, fill=_colour(element, "FillColor", (0, 0, 0)))
            if len(line) > 1 and element.get("Stroke", "true") == "true":
                self._draw.line(line, fill=_colour(element, "StrokeColor", (0, 0, 0)), width=min(width, 200))


def _seal(kind: str, data: bytes, size: tuple[int, int], limits: Limits) -> Image.Image:
    """Return the picture of a seal on white, this large; one that is an OFD itself is painted without seals of its own."""
    limits = replace(limits, max_pixels=min(limits.max_pixels, _MOST_OF_A_SEAL))
    if kind != "OFD":
        with Image.open(io.BytesIO(data), formats=_ANY) as picture:
            check_size(picture.width, picture.height, limits)
            return plain(picture).convert("RGB").resize(size)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        document = open_document(Package(archive, limits), limits)
        _, _, width, height = document.page(0).box
        sheet = _Sheet(document, limits, width, height, min(size[0] / width, size[1] / height))
        for thing in document.things(0):
            sheet.paint(thing)
        return sheet.image.resize(size)


def _image(document: Document, name: str, limits: Limits) -> Image.Image:
    """Return an image of the document, not yet decoded. Raises Rejected."""
    if name not in document.media:
        raise Rejected("truncated", "The OFD lacks an image that it names.")
    kind, part = document.media[name]
    if part not in document.package:
        raise Rejected("truncated", "The OFD lacks an image that it names.")
    if kind not in _PICTURES and kind:
        raise Rejected("unsupported", f"The OFD has images of a kind that is not read here ({kind[:8]}); send a PDF.")
    data = document.package.read(part)
    if data.startswith(_JBIG2):
        raise Rejected("unsupported", "The OFD has images of a kind that is not read here (JBIG2); send a PDF.")
    image = Image.open(io.BytesIO(data), formats=_ANY)
    check_image(image, limits)
    return image


@contextmanager
def _held(image: Image.Image) -> Iterator[Path]:
    """Give the file of an image as a path: where it lies only in memory, of a file without a name that does, too."""
    if not is_fine(*image.size) or image.format not in ("PNG", "TIFF"):
        yield Path()  # nobody asks for it
        return
    with in_memory(getattr(image, "fp").getbuffer()) as path:  # noqa: B009 - as `_image` opened it; Pillow's types know no `fp`
        yield path


def _font(document: Document, name: str, pixels: int) -> ImageFont.FreeTypeFont:
    """Return the font of the document where it is inside and has characters by their codes, else one that is installed."""
    _, part = document.fonts.get(name, (None, None))
    if part and part in document.package:
        with suppress(OSError, ValueError):
            return ImageFont.truetype(io.BytesIO(document.package.read(part)), pixels)
    return fonts.font(pixels)


def _deltas(text: str | None, count: int) -> list[float]:
    """Return the steps between characters: numbers, or `g N STEP` for N equal ones (GB/T 33190-2016, 11.3)."""
    words, steps, i = (text or "").split(), list[float](), 0
    while i < len(words) and len(steps) < count:
        if words[i] == "g" and i + 2 < len(words):
            steps += [_number(words[i + 2], 0.0)] * min(count, max(0, int(_number(words[i + 1], 0.0))))
            i += 3
        else:
            steps.append(_number(words[i], 0.0))
            i += 1
    return steps


def _polylines(data: str) -> list[list[tuple[float, float]]]:
    """Return a path as lines: S and M begin one, L goes on, Q and B are curves, C closes (GB/T 33190-2016, 9.1)."""
    lines: list[list[tuple[float, float]]] = []
    words = data.split()[: 4 * _MAX_GLYPHS]
    counts = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
    i = 0
    while i < len(words):
        word, count = words[i], counts.get(words[i])
        if count is None:
            i += 1
            continue
        v = [_number(w, 0.0) for w in words[i + 1 : i + 1 + count]]
        i += 1 + count
        if len(v) < count:
            break
        if word in "SM":
            lines.append([(v[0], v[1])])
        elif not lines:
            continue
        elif word == "C":
            lines[-1].append(lines[-1][0])
        elif word in "LA":  # of an arc only where it ends: rules and frames have none
            lines[-1].append((v[-2], v[-1]))
        else:
            lines[-1] += _curve([lines[-1][-1], *zip(v[::2], v[1::2], strict=True)])
    return lines


def _curve(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found = []
    for step in range(1, _CURVE + 1):
        t, level = step / _CURVE, points
        while len(level) > 1:
            level = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in pairwise(level)]
        found.append(level[0])
    return found


def _colour(element: Element, word: str, default: tuple[int, int, int]) -> tuple[int, int, int]:
    for child in element:
        if child.tag.endswith(word):
            value = numbers(child.get("Value"), 3)
            if value is not None:
                return tuple(min(255, max(0, round(v))) for v in value)  # type: ignore[return-value]
    return default


def _number(text: str | None, default: float) -> float:
    found = numbers(text, 1)
    return found[0] if found else default


def _point(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _extent(matrix: Matrix, scale: float) -> tuple[float, float, float, float]:
    """Return where the unit square of an image comes to lie."""
    corners = [_point(matrix, x, y) for x in (0.0, 1.0) for y in (0.0, 1.0)]
    xs, ys = [c[0] * scale for c in corners], [c[1] * scale for c in corners]
    return min(xs), min(ys), max(xs), max(ys)
