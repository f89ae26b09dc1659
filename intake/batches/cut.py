"""A document made of pages of a stack: nothing is re-encoded, and the same pages always give the same bytes.

A PDF's pages keep their objects as they are (streams are not unpacked); TIFF pages keep their compressed data. Pages of
different formats come together in a PDF, images losslessly inside. Raises Rejected for damage that shows only now.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from intake.batches.tiff import NotCopiable, copy_pages
from intake.errors import Rejected
from intake.model import Limits

#: What whole stacks come as; every other format holds one document.
STACKS = frozenset({"pdf", "tiff"})
_IMAGES = frozenset({"tiff", "jpeg", "png", "bmp", "webp", "heic"})
#: What a PDF cannot hold as it came: its pixels go in, losslessly.
_DECODED = frozenset({"bmp", "webp", "heic"})


@dataclass(frozen=True)
class Source:
    """A file that pages are taken from. kind: as inspected; pages: how many it has."""

    path: Path
    kind: str
    pages: int


@dataclass(frozen=True)
class Piece:
    """One page (from 1) of a source, turned clockwise by 0, 90, 180 or 270 degrees."""

    source: Source
    page: int
    turn: int = 0


def can_cut(kind: str) -> bool:
    """Return whether pages of a file of this kind can be put together with others."""
    return kind == "pdf" or kind in _IMAGES


def stays_whole(notes: Iterable[str]) -> bool:
    """Return whether a file, by what inspection notes of it, breaks when its pages are put anew: it is signed, or holds attachments."""
    return any(note == "signed" or note.startswith("attachment:") for note in notes)


def is_whole(pieces: Sequence[Piece]) -> bool:
    """Return whether these are all pages of one file as they stand."""
    source = pieces[0].source
    return list(pieces) == [Piece(source, number) for number in range(1, source.pages + 1)]


def ending(kind: str) -> str:
    """Return the ending of the name of a file of this kind."""
    return {"tiff": "tif", "jpeg": "jpg"}.get(kind, kind)


def write(pieces: Sequence[Piece], target: BinaryIO, limits: Limits, done: Callable[[], None]) -> str:
    """Write one document of these pages in this process; return the ending of its name. done: called after each page.

    Whatever the files hold may happen to the process: `cutting` has it done in one of its own.
    """
    if all(piece.source.kind == "tiff" for piece in pieces):
        start = target.tell()
        try:
            copy_pages([(piece.source.path, piece.page, piece.turn) for piece in pieces], target, done)
        except NotCopiable:
            target.seek(start)
            target.truncate()
        else:
            return ending("tiff")
    _write_pdf(pieces, target, limits, done)
    return "pdf"


def _write_pdf(pieces: Sequence[Piece], target: BinaryIO, limits: Limits, done: Callable[[], None]) -> None:
    import pikepdf

    from intake.saving import save

    with ExitStack() as stack:
        opened: dict[Path, pikepdf.Pdf] = {}
        made = stack.enter_context(pikepdf.new())
        try:
            for piece in pieces:
                if piece.source.kind == "pdf":
                    if piece.source.path not in opened:
                        opened[piece.source.path] = stack.enter_context(pikepdf.open(piece.source.path))
                    pdf, index = opened[piece.source.path], piece.page - 1
                else:
                    pdf, index = stack.enter_context(pikepdf.open(io.BytesIO(_as_pdf(piece, limits)))), 0
                made.pages.append(pdf.pages[index])
                _carry_over(pdf, index, made)
                if piece.turn:
                    made.pages[-1].rotate(piece.turn, relative=True)
                done()
            save(
                made,
                target,
                deterministic_id=True,
                compress_streams=False,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
                min_version=max((pdf.pdf_version for pdf in opened.values()), default="1.4"),
            )
        except (pikepdf.PdfError, IndexError, ValueError, TypeError) as error:
            raise Rejected("truncated", "The PDF is damaged or cut short.") from error


def _carry_over(source: "pikepdf.Pdf", index: int, made: "pikepdf.Pdf") -> None:  # type: ignore[name-defined]  # noqa: F821 - loaded late
    """Take along what a page needs from outside itself: its form fields, and which layers are shown."""
    import pikepdf

    if "/AcroForm" in source.Root and "/Annots" in source.pages[index]:
        made.acroform.fix_copied_annotations(made.pages[-1], source.pages[index], source.acroform)
    if "/OCProperties" in source.Root and "/OCProperties" not in made.Root:
        layers = source.Root.OCProperties
        if isinstance(layers, pikepdf.Dictionary):
            made.Root.OCProperties = made.copy_foreign(source.make_indirect(layers))


def _as_pdf(piece: Piece, limits: Limits) -> bytes:
    """Return an image page as a PDF of one page, its pixels unchanged."""
    import img2pdf  # type: ignore[import-untyped]  # it carries no types

    data = _image(piece, limits)
    try:
        made = img2pdf.convert(data, nodate=True, engine=img2pdf.Engine.internal, rotation=img2pdf.Rotation.ifvalid)
    except (img2pdf.ImageOpenError, img2pdf.AlphaChannelError, img2pdf.JpegColorspaceError, ValueError):
        made = img2pdf.convert(_flat(data), nodate=True, engine=img2pdf.Engine.internal)
    return bytes(made)


def _image(piece: Piece, limits: Limits) -> bytes:
    if piece.source.kind in _DECODED:
        return _decoded(piece, limits)
    if piece.source.kind != "tiff":
        return piece.source.path.read_bytes()
    alone = io.BytesIO()  # img2pdf would take every page of the file
    try:
        copy_pages([(piece.source.path, piece.page, 0)], alone)
    except NotCopiable:
        return _decoded(piece, limits)
    return alone.getvalue()


def _decoded(piece: Piece, limits: Limits) -> bytes:
    """Return a page that cannot be copied as a PNG of its pixels."""
    from intake.formats.opening import open_pages

    with open_pages(piece.source.path, piece.source.kind, limits) as pages:
        picture = pages.picture(piece.page - 1)
    out = io.BytesIO()
    dpi = round(picture.dpi or 200)
    picture.image.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def _flat(data: bytes) -> bytes:
    """Return an image that a PDF cannot hold as it is (transparent, odd colours) as a PNG on white paper."""
    from PIL import Image

    from intake.raster import plain

    with Image.open(io.BytesIO(data)) as image:
        dpi = image.info.get("dpi", (200, 200))
        out = io.BytesIO()
        plain(image).save(out, "PNG", dpi=(round(float(dpi[0])) or 200, round(float(dpi[1])) or 200))
    return out.getvalue()
