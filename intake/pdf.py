"""PDF files: what their pages are made of, and their pages as pixels. Text layers are read in `textlayer`."""

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import RawIOBase
from itertools import islice
from pathlib import Path
from typing import IO

import pypdfium2 as pdfium
from PIL import Image
from pypdfium2 import raw

from intake import signatures
from intake.damage import streams
from intake.errors import Rejected
from intake.formats import attached
from intake.formats.names import plain_name
from intake.model import Limits
from intake.png import MOST_INFLATED
from intake.raster import FINE, check_size, fit

#: PDFium knows no threads: all of it works under one lock.
_LOCK = threading.RLock()
_MAX_OBJECTS = 200_000  # objects of a page that are looked at
_MOST_AT_ONCE = 200_000_000  # pixels of a picture that is unpacked at once: painted it would be row by row
_PAPER = 250  # of 255: a page on which nothing is darker shows nothing
_SILENT_ANNOTATIONS = (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP)
_UNSEEN = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)

_SIMPLE = {"FlateDecode", "LZWDecode", "RunLengthDecode", "ASCIIHexDecode", "ASCII85Decode"}
_IN_ROWS = ("FlateDecode", "DCTDecode", "CCITTFaxDecode", "JBIG2Decode")

Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class PageFacts:
    """What a page is made of. Lengths in points of the page as it is displayed, turned by /Rotate, origin top left.

    pictures: images and annotations that may show text a text layer does not have. picture_dpi: the finest of the
    images that matter. seen, unseen: pieces of text that are painted, and that are not (the layer under a scan).
    most_pixels: of one image. crop: the visible part in the file's own coordinates, before /Rotate.
    """

    width: float
    height: float
    turn: int
    crop: Rect
    media: Rect
    pictures: tuple[Rect, ...]
    picture_dpi: float
    seen: int
    unseen: int
    most_pixels: int

    @property
    def picture_share(self) -> float:
        """The part of the page under pictures, 0..1 (overlaps count twice, up to 1)."""
        covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in self.pictures)
        return min(1.0, covered / max(1.0, self.width * self.height))


_MAX_ATTACHMENTS = 200  # names that are noted


def check(path: Path, limits: Limits) -> tuple[int, tuple[str, ...]]:
    """Return the number of pages and the notes: "signed", "signature:STATE:NAME", "xfa", "portfolio", "attachment:NAME". Nothing in the file is executed.

    Raises Rejected.
    """
    with opened(path) as document, damage():
        count = len(document)
        if count == 0:
            raise Rejected("no_pages", "The PDF has no page.")
        if count > limits.max_pages:
            raise Rejected("too_many_pages", f"The file has {count} pages; at most {limits.max_pages} are taken.")
        scale = limits.render_dpi / 72
        for index in range(count):
            with _LOCK:
                width, height = document.get_page_size(index)
            check_size(width * scale, height * scale, limits)
            facts(document, index, limits)
        notes = _notes(document, path)
        return count, (notes[0], *signatures.notes(path, limits.signature_roots), *notes[1:]) if notes[:1] == (
            "signed",
        ) else notes


def _notes(document: pdfium.PdfDocument, path: Path) -> tuple[str, ...]:
    with _LOCK:
        notes = ["signed"] if raw.FPDF_GetSignatureCount(document) > 0 else []
        if document.get_formtype() == raw.FORMTYPE_XFA_FULL:
            notes.append(attached.UNSHOWN_FORM)
        is_portfolio, names = attached.noted_in_pdf(path)
        notes += ["portfolio"] if is_portfolio else []
        if names is not None:
            return (*notes, *(f"attachment:{name}" for name in names))
        for index in range(min(document.count_attachments(), _MAX_ATTACHMENTS)):
            try:
                name = document.get_attachment(index).get_name()
            except (pdfium.PdfiumError, UnicodeError):
                name = ""
            notes.append(f"attachment:{plain_name(name)}")
    return tuple(notes)


def opened(path: Path) -> AbstractContextManager[pdfium.PdfDocument]:
    """Open a PDF. Raises Rejected (encrypted, no_pages, truncated), also for what PDFium trips over inside the block."""
    # Handed over open: PDFium's binding would resolve the path, which may be a descriptor of a file without a name.
    return opened_file(path.open("rb"))


@contextmanager
def opened_file(file: IO[bytes] | RawIOBase) -> Iterator[pdfium.PdfDocument]:
    """Open a PDF in a file that is open, and closed with it: after the document that reads from it. Raises Rejected as `opened` does."""
    document = None
    try:
        with _LOCK:
            # A document without pages fails and leaves the last error of some other file standing: make it a known one.
            raw.FPDF_LoadDocument(b"", None)
            document = pdfium.PdfDocument(file)
            if document.get_formtype() != raw.FORMTYPE_NONE:
                document.init_forms()  # paints what was typed into form fields
        yield document
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise Rejected("encrypted", "The PDF is protected by a password.") from error
        if document is None and error.err_code in (raw.FPDF_ERR_FILE, raw.FPDF_ERR_PAGE):
            raise Rejected("no_pages", "The PDF has no page.") from error
        raise Rejected("truncated", "The PDF is damaged or cut short.") from error
    finally:
        if document is not None:
            with _LOCK:
                document.close()
        file.close()


@contextmanager
def damage() -> Iterator[None]:
    """Whatever PDFium trips over in a page is the file's fault: raise it as Rejected(truncated)."""
    try:
        yield
    except pdfium.PdfiumError as error:
        raise Rejected("truncated", "The PDF is damaged or cut short.") from error


def facts(document: pdfium.PdfDocument, index: int, limits: Limits) -> PageFacts:
    """Return what page `index` (from 0) is made of. Raises Rejected(too_many_pixels) for an image over the limits."""
    with _LOCK:
        page = document.get_page(index)
        try:
            return _facts(page, limits)
        finally:
            page.close()


def render(document: pdfium.PdfDocument, index: int, dpi: float) -> tuple[Image.Image, float]:
    """Return page `index` (from 0) as an RGB image and the dpi it really has: never larger than a stored page may be."""
    with _LOCK:
        page = document.get_page(index)
        try:
            width, height = page.get_size()
            dpi *= fit(width * dpi / 72, height * dpi / 72)
            bitmap = page.render(scale=dpi / 72, rev_byteorder=True)
            try:
                return bitmap.to_pil().convert("RGB"), dpi
            finally:
                bitmap.close()
        finally:
            page.close()


def is_unshown(document: pdfium.PdfDocument, index: int, image: Image.Image) -> bool:
    """Tell whether page `index` is empty in `image` because a picture on it cannot be unpacked: PDFium says nothing and leaves paper."""
    return is_empty(image) and lacks_a_picture(document, index, ())


def is_empty(image: Image.Image) -> bool:
    """Tell whether a page shows nothing but paper."""
    return not any(image.convert("L").histogram()[:_PAPER])


def lacks_a_picture(document: pdfium.PdfDocument, index: int, filters: Sequence[str] = ("JBIG2Decode",)) -> bool:
    """Tell whether a picture of page `index` cannot be unpacked. filters: whose pictures are looked at, all of them when empty.

    Without others asked for, only those that nobody but PDFium reads here: the text of a page may be one picture over another.
    Of a page of which nothing is seen, all are: a large one counts as one that cannot be, for PDFium says nothing where its memory was not enough.
    """
    with _LOCK:
        page = document.get_page(index)
        try:
            for thing in islice(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]), _MAX_OBJECTS):
                across, down = thing.get_px_size()
                used = set(thing.get_filters())
                if across * down > _MOST_AT_ONCE:
                    if not filters:
                        return True
                elif not filters or set(filters) & used:
                    thing.get_bitmap()
        except pdfium.PdfiumError:
            return True
        finally:
            page.close()
    return False


def _facts(page: pdfium.PdfPage, limits: Limits) -> PageFacts:
    width, height = page.get_size()
    pictures: list[Rect] = []
    finest, seen, unseen, most = 0.0, 0, 0, 0
    wanted = [raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_TEXT]
    for thing in islice(page.get_objects(filter=wanted), _MAX_OBJECTS):
        if thing.type == raw.FPDF_PAGEOBJ_TEXT:
            if raw.FPDFTextObj_GetTextRenderMode(thing) in _UNSEEN:
                unseen += 1
            else:
                seen += 1
            continue
        across, down = thing.get_px_size()
        most = max(most, across * down)
        if across * down > limits.max_pixels:
            check_size(across, down, limits, _times(thing))
        rect = _displayed(page, thing.get_bounds(), width, height) if thing.container is None else None
        if rect is None:  # inside a form the place is relative: take it as the whole page
            rect = (0.0, 0.0, width, height)
        pictures.append(rect)
        if (rect[2] - rect[0]) * (rect[3] - rect[1]) > 0.2 * width * height:
            finest = max(finest, 72 * max(across, down) / max(rect[2] - rect[0], rect[3] - rect[1], 1.0))
    pictures += _annotations(page, width, height)
    return PageFacts(
        width,
        height,
        page.get_rotation(),
        page.get_bbox(),
        # Boxes may stand once for all pages, above them: then the library gives none, or American Letter in its place.
        page.get_mediabox(fallback_ok=False) or page.get_bbox(),
        tuple(pictures),
        finest,
        seen,
        unseen,
        most,
    )


def _times(image: pdfium.PdfImage) -> int:
    """Return how many times as many pixels as the limits say an image may have: PDFium unpacks those of some kinds row by row."""
    filters = image.get_filters()
    if not filters or filters[-1] not in _IN_ROWS or set(filters[:-1]) - _SIMPLE:
        return 1
    if filters[-1] == "DCTDecode":
        return 1 if streams.is_progressive(bytes(image.get_data(decode_simple=True))) else FINE
    if "FlateDecode" in filters and not streams.is_shorter(bytes(image.get_data()), MOST_INFLATED):
        return 1
    return FINE


def _annotations(page: pdfium.PdfPage, width: float, height: float) -> Iterator[Rect]:
    for i in range(min(raw.FPDFPage_GetAnnotCount(page), 1000)):
        annotation = raw.FPDFPage_GetAnnot(page, i)
        if not annotation:
            continue
        rect = raw.FS_RECTF()
        if raw.FPDFAnnot_GetSubtype(annotation) not in _SILENT_ANNOTATIONS and raw.FPDFAnnot_GetRect(annotation, rect):
            yield _displayed(page, (rect.left, rect.bottom, rect.right, rect.top), width, height)
        raw.FPDFPage_CloseAnnot(annotation)


def _displayed(page: pdfium.PdfPage, bounds: Rect, width: float, height: float) -> Rect:
    """Return a rectangle of the file's coordinates on the page as it is displayed, in points, cut at its edges."""
    fine = 16  # PDFium answers in whole device units
    across, down = round(width * fine), round(height * fine)
    corners = []
    for x, y in ((bounds[0], bounds[1]), (bounds[2], bounds[3])):
        dx, dy = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, across, down, 0, x, y, dx, dy)
        corners.append((min(max(dx.value, 0), across) / fine, min(max(dy.value, 0), down) / fine))
    (ax, ay), (bx, by) = corners
    return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
