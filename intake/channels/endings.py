"""Whether a file has its end: the mark or the table by which each format says that it is all there.

A file that another machine is still writing looks like a shorter file, or (Windows sets the size first) like one whose end is
zeros. Neither has a valid end. Reads the first and last bytes, and the tables in between; decodes nothing.
"""

import os
import re
import zipfile
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from intake.errors import Rejected
from intake.model import Limits

_HEAD = 1024
_TAIL = 1024 + 64
_PDF_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF")
_PDF_LINEARIZED = re.compile(rb"/Linearized\b.*?/L\s+(\d+)", re.DOTALL)
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB\x60\x82"
_MANY_BOXES = 100_000


class Ending(Enum):
    """WHOLE: the end is there. CUT: it is missing. UNMARKED: files of this kind do not say where they end."""

    WHOLE = "whole"
    CUT = "cut"
    UNMARKED = "unmarked"


def ending(path: Path) -> Ending:
    """Return whether the file at `path` has the end that its format asks for. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return Ending.CUT
        head, tail = _read(file, 0, _HEAD), _read(file, max(0, size - _TAIL), _TAIL)
        found = _ending(path, file, head, tail, size)
    # A table at the beginning cannot tell whether the zeros at the end are white paper, or wait for bytes that come yet.
    return found if found is not Ending.WHOLE or tail.strip(b"\x00") else Ending.UNMARKED


def _ending(path: Path, file: BinaryIO, head: bytes, tail: bytes, size: int) -> Ending:
    if head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return _tiff(path)
    if head.startswith(b"\xff\xd8\xff"):
        # Scanners pad the end of a JPEG with a few zeros; a file of which much is zeros has no end yet.
        return _sure(has_end=(tail[:-64] + tail[-64:].rstrip(b"\x00")).endswith(b"\xff\xd9"))
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _sure(has_end=_PNG_END in tail[-64:])
    if head.startswith(b"PK\x03\x04"):  # OFD, DOCX, XLSX
        return _sure(has_end=zipfile.is_zipfile(file))
    if head.startswith((b"RIFF", b"BM")):
        return _counted(head, size)
    if head[4:8] == b"ftyp":  # HEIC, MP4, M4A
        return _boxes(file, size)
    if b"%PDF-" in head:
        return _pdf(head, tail, size)
    return Ending.UNMARKED


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    file.seek(start)
    return file.read(count)


def _sure(*, has_end: bool) -> Ending:
    return Ending.WHOLE if has_end else Ending.CUT


def _pdf(head: bytes, tail: bytes, size: int) -> Ending:
    """The trailer ends with where the cross-reference table begins and %%EOF (ISO 32000-1, 7.5.5).

    Readers look for it in the last kilobyte (Annex H.3, note 18). A linearized file names its length in its first object
    (Annex F), and carries such an end after its first page, too.
    """
    ends = _PDF_END.findall(tail)
    length = _PDF_LINEARIZED.search(head)
    return _sure(has_end=bool(ends) and int(ends[-1][:19]) < size and (length is None or int(length[1][:19]) <= size))


def _tiff(path: Path) -> Ending:
    """Every directory of the chain and all data that it names lie inside the file (TIFF 6.0, section 2)."""
    from intake import raster

    try:
        raster.check(path, "tiff", Limits())
    except Rejected as error:
        if error.code in ("truncated", "no_pages", "unreadable"):
            return Ending.CUT
    return Ending.WHOLE


def _counted(head: bytes, size: int) -> Ending:
    """RIFF (WebP, WAV, AVI) names its length after eight bytes, BMP that of the whole file; 0 and all ones say nothing."""
    start, before = (4, 8) if head.startswith(b"RIFF") else (2, 0)
    length = int.from_bytes(head[start : start + 4], "little")
    if length in (0, 0xFFFFFFFF):
        return Ending.UNMARKED
    return _sure(has_end=length + before <= size)


def _boxes(file: BinaryIO, size: int) -> Ending:
    """The boxes of the outermost level fill the file to its last byte (ISO 14496-12, 4.2), one of them with the index."""
    at, kinds = 0, set()
    for _ in range(_MANY_BOXES):
        box = _read(file, at, 16)
        if at == size or len(box) < 8:
            break
        length = int.from_bytes(box[:4], "big")
        if length == 0:  # "to the end of the file", wherever that will be
            return Ending.UNMARKED
        if length == 1:
            length = int.from_bytes(box[8:16], "big")
        if length < 8:
            return Ending.CUT
        kinds.add(box[4:8])
        at += length
    return _sure(has_end=at == size and bool(kinds & {b"moov", b"meta", b"moof"}))
