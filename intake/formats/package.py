"""Zip packages (OFD, DOCX, XLSX): opened with a limit on everything a hostile one could make large."""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from intake.errors import Rejected
from intake.model import Limits

_MAX_PARTS = 20_000
_MAX_DIRECTORY = 16 << 20  # bytes
_TAIL = 66_000  # the last record and the longest comment after it
_MAX_RATIO = 200  # text packs to a fiftieth at best; what packs better is made to
_FREE = 1 << 20  # bytes a part may unpack to whatever its ratio
_MARKS = {"OFD.xml": "ofd", "word/document.xml": "docx", "xl/workbook.xml": "xlsx"}


def kind_of_package(file: BinaryIO) -> str:
    """Return the kind of a zip package by the one part that kind must have. Raises Rejected."""
    from intake.formats.signatures import TAKEN

    if _directory(file) > _MAX_DIRECTORY:
        raise Rejected("too_large", "The package has a longer list of parts than documents have.")
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RecursionError) as error:
        raise Rejected("truncated", "The package (OFD, DOCX, XLSX) is damaged or cut short.") from error
    for mark, kind in _MARKS.items():
        if mark in names:
            return kind
    raise Rejected("unsupported", f"The content is not {TAKEN}, whatever the name says.")


def _directory(file: BinaryIO) -> int:
    """Return the bytes of the list of parts, which zipfile reads whole: the last record says it (APPNOTE.TXT, 4.3.16)."""
    file.seek(-min(file.seek(0, os.SEEK_END), _TAIL), os.SEEK_END)
    tail = file.read(_TAIL)
    at = tail.rfind(b"PK\x05\x06")
    file.seek(0)
    return int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0


class Package:
    """The parts of an opened package, each read whole, and never more of them than the limits allow."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive = archive
        parts = archive.infolist()
        if len(parts) > _MAX_PARTS:
            raise Rejected("too_large", f"The package has {len(parts)} parts; at most {_MAX_PARTS} are taken.")
        if any(part.flag_bits & 1 for part in parts):
            raise Rejected("encrypted", "The package is protected by a password.")
        # What the directory says; what is really unpacked is held to it when a part is read.
        if sum(part.file_size for part in parts) > limits.max_bytes:
            raise Rejected("too_large", f"The package unpacks to more than {limits.max_bytes} bytes.")
        if any(p.file_size > max(_FREE, _MAX_RATIO * p.compress_size) for p in parts):
            raise Rejected(
                "too_large", "The package unpacks to far more than documents do: it is a decompression bomb."
            )

    def __contains__(self, name: str) -> bool:
        return name in self._archive.namelist()

    @property
    def names(self) -> list[str]:
        """The names of the parts."""
        return self._archive.namelist()

    def read(self, name: str, most: int = 64 << 20) -> bytes:
        """Return a part, at most `most` bytes. Raises Rejected, KeyError for a part that is not there."""
        info = self._archive.getinfo(name)
        if info.file_size > most:
            raise Rejected("too_large", "A part of the package is larger than such a part may be.")
        with self._archive.open(info) as part:
            data = part.read(info.file_size + 1)
        if len(data) > info.file_size:
            raise Rejected(
                "too_large", "A part of the package unpacks to more than it says: it is a decompression bomb."
            )
        return data

    def check(self) -> None:
        """Read every part against its checksum. Raises Rejected."""
        for name in self.names:
            with self._archive.open(name) as part:
                left = self._archive.getinfo(name).file_size
                while chunk := part.read(1 << 20):
                    left -= len(chunk)
                    if left < 0:
                        raise Rejected("too_large", "A part of the package unpacks to more than it says.")


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Package]:
    """Open a package. Raises Rejected for damage, also inside the block."""
    with damage(), path.open("rb") as file, zipfile.ZipFile(file) as archive:
        yield Package(archive, limits)


@contextmanager
def damage() -> Iterator[None]:
    """Whatever a parser trips over in a package is the file's fault: raise it as Rejected(truncated)."""
    try:
        yield
    except (Rejected, MemoryError):
        raise
    except Exception as error:
        raise Rejected("truncated", "The package (OFD, DOCX, XLSX) is damaged or cut short.") from error
