"""What libtiff complains of while it unpacks a page: rows of a fax and blocks of a JPEG that it had to make up.

Pillow brings libtiff with it and keeps most of its complaints to itself, so it is asked once more, without making a picture.
"""

import ctypes
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL._imaging
from numpy.typing import NDArray

from intake.held import in_memory

NONE, RLE, GROUP_3, GROUP_4, JPEG = 1, 2, 3, 4, 7  # values of Compression (TIFF 6.0, page 30; Technical Note 2)
#: The others fail for damage wherever they are unpacked; Deflate is looked at in `streams`.
SILENT = (NONE, RLE, GROUP_3, GROUP_4, JPEG)
_UNTOUCHED = b"\x5a"
_END = 8  # bytes at the end of a strip that cannot all be untouched if it was unpacked
_LARGEST = 1 << 29  # bytes of a strip or tile
_AT_ONCE = 1 << 26  # of a strip; larger ones are unpacked row by row
_HEIGHT = 257
_JPEG_COLOURS = 65538  # of libtiff: whether it makes red, green and blue of a JPEG (JPEGCOLORMODE)
# The other complaints are of properties that nobody uses.
_OF_DATA = (b"Fax", b"JPEGLib", b"TIFFFill", b"TIFFRead")
_HARMLESS = b"without EOL"
_COMPLAINT = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p
)


@cache
def _library() -> Any:
    """Return libtiff as Pillow is linked with it; None for one whose complaints cannot be heard (before 4.5)."""
    pointer, number, size = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_ssize_t
    try:
        library = ctypes.CDLL(PIL._imaging.__file__)  # noqa: SLF001 - what it is linked with is looked through, too
        for name, result, arguments in (
            ("TIFFOpenOptionsAlloc", pointer, ()),
            ("TIFFOpenOptionsFree", None, (pointer,)),
            ("TIFFOpenOptionsSetErrorHandlerExtR", None, (pointer, _COMPLAINT, pointer)),
            ("TIFFOpenOptionsSetWarningHandlerExtR", None, (pointer, _COMPLAINT, pointer)),
            ("TIFFFdOpenExt", pointer, (ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, pointer)),
            ("TIFFSetDirectory", ctypes.c_int, (pointer, number)),
            ("TIFFIsTiled", ctypes.c_int, (pointer,)),
            ("TIFFNumberOfStrips", number, (pointer,)),
            ("TIFFNumberOfTiles", number, (pointer,)),
            ("TIFFStripSize", size, (pointer,)),
            ("TIFFTileSize", size, (pointer,)),
            ("TIFFScanlineSize", size, (pointer,)),
            ("TIFFGetField", ctypes.c_int, (pointer, number)),  # where it is put follows
            ("TIFFSetField", ctypes.c_int, (pointer, number)),  # what is set follows
            ("TIFFReadScanline", ctypes.c_int, (pointer, pointer, number, ctypes.c_uint16)),
            ("TIFFReadEncodedStrip", size, (pointer, number, pointer, size)),
            ("TIFFReadEncodedTile", size, (pointer, number, pointer, size)),
            ("TIFFClose", None, (pointer,)),
        ):
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError):
        return None
    return library


def can_read_rows() -> bool:
    """Return whether rows of a page can be read one by one here."""
    return _library() is not None


@contextmanager
def _opened(path: Path, directory: int) -> Iterator[tuple[int, set[bytes]]]:
    """Give a page opened (0 where it cannot be), and what libtiff complains of meanwhile. directory: which one of the file, from 0."""
    library, heard = _library(), set[bytes]()

    def hear(_tiff: object, _data: object, module: bytes | None, text: bytes | None, _arguments: object) -> int:
        if (module or b"").startswith(_OF_DATA) and _HARMLESS not in (text or b""):
            heard.add(module or b"")
        return 1  # nobody else is to be told

    handler = _COMPLAINT(hear)
    options = library.TIFFOpenOptionsAlloc()
    library.TIFFOpenOptionsSetErrorHandlerExtR(options, handler, None)
    library.TIFFOpenOptionsSetWarningHandlerExtR(options, handler, None)
    own = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    opened = library.TIFFFdOpenExt(own, b"page", b"r", options)
    library.TIFFOpenOptionsFree(options)
    if not opened:
        os.close(own)
        yield 0, heard
        return
    try:
        yield opened if not directory or library.TIFFSetDirectory(opened, directory) else 0, heard
    finally:
        library.TIFFClose(opened)


def page(path: Path, directory: int) -> bool:
    """Tell whether a page is damaged. directory: which one of the file, from 0."""
    library = _library()
    if library is None:
        return False
    with _opened(path, directory) as (opened, heard):
        return not opened or _is_cut(library, opened) or bool(heard)


def rows(path: Path, directory: int, height: int, at_once: int) -> Iterator[NDArray[np.uint8]]:
    """Yield the unpacked bytes of a page of strips, `at_once` rows at a time: rows x bytes; the array is used again for the next.

    A JPEG comes in red, green and blue. Raises OSError where a row cannot be unpacked.
    """
    with _opened(path, directory) as (opened, _):
        yield from _rows(opened, height, at_once)


def _rows(opened: int, height: int, at_once: int) -> Iterator[NDArray[np.uint8]]:
    library = _library()
    if opened:  # else it comes as light and colours, a quarter of these; to any other page it means nothing
        library.TIFFSetField(opened, _JPEG_COLOURS, ctypes.c_int(1))
    size = library.TIFFScanlineSize(opened) if opened else 0
    if size <= 0:
        raise OSError("the page cannot be opened")
    band = np.empty((at_once, size), np.uint8)
    for top in range(0, height, at_once):
        count = min(at_once, height - top)
        for row in range(count):
            if library.TIFFReadScanline(opened, band[row].ctypes.data, top + row, 0) < 0:
                raise OSError(f"row {top + row} cannot be unpacked")
        yield band[:count]


def _is_cut(library: Any, opened: int) -> bool:
    """Unpack all strips or tiles; returns whether one cannot be, or ends before its last row."""
    tiled = library.TIFFIsTiled(opened)
    count = library.TIFFNumberOfTiles(opened) if tiled else library.TIFFNumberOfStrips(opened)
    size = library.TIFFTileSize(opened) if tiled else library.TIFFStripSize(opened)
    read = library.TIFFReadEncodedTile if tiled else library.TIFFReadEncodedStrip
    if not 0 < size <= _LARGEST:
        return False
    if not tiled and size > _AT_ONCE:
        return _lacks_rows(opened)
    strip = ctypes.create_string_buffer(size)
    for number in range(count):
        ctypes.memset(strip, _UNTOUCHED[0], size)
        got = read(opened, number, strip, size)
        last = ctypes.string_at(ctypes.addressof(strip) + max(0, got - _END), min(_END, max(0, got)))
        if not last.strip(_UNTOUCHED):
            return True
    return False


def _lacks_rows(opened: int) -> bool:
    height = ctypes.c_uint32()
    _library().TIFFGetField(opened, _HEIGHT, ctypes.byref(height))
    try:
        for _ in _rows(opened, height.value, 1):
            pass
    except OSError:
        return True
    return False


def jpeg(data: bytes, width: int, height: int, finely: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a JPEG is damaged, unpacking it row by row. finely: how its components are sampled, across and down.

    One of components that no TIFF has is not looked at.
    """
    colours = {1: 1, 3: 6, 4: 5}.get(len(finely))
    if _library() is None or colours is None or any(pair != (1, 1) for pair in finely[1:]):
        return False
    across, down = finely[0] if len(finely) > 1 else (1, 1)
    if (len(finely) == 4 and (across, down) != (1, 1)) or not {across, down} <= {1, 2, 4}:
        return False
    count, depths = len(finely), 8 + len(data) + len(data) % 2
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, count, 8 if count == 1 else depths), (259, 3, 1, JPEG)]
    entries += [(262, 3, 1, colours), (273, 4, 1, 8), (277, 3, 1, count), (278, 4, 1, height), (279, 4, 1, len(data))]
    entries += [(530, 3, 2, across | down << 16)] if count == 3 else []
    with _held(data, entries, struct.pack("<4H", 8, 8, 8, 8)) as path, _opened(path, 0) as (opened, heard):
        try:
            for _ in _rows(opened, height, 64):
                pass
        except OSError:
            return True
        return bool(heard)


def fax(data: bytes, width: int, height: int, compression: int, *, two_dimensional: bool = False) -> bool:
    """Tell whether the rows of a fax (ITU-T T.4, T.6) are damaged, or fewer than `height`."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 1), (259, 3, 1, compression), (262, 3, 1, 0)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, len(data))]
    entries += [(292, 4, 1, int(two_dimensional))] if compression == GROUP_3 else []
    with _held(data, entries) as path:
        return page(path, 0)


@contextmanager
def _held(data: bytes, entries: Sequence[tuple[int, int, int, int]], after: bytes = b"") -> Iterator[Path]:
    """Hold a strip as a TIFF in memory. entries: tag, type, count and value. after: what stands behind the strip, where it ends evenly."""
    body = data + bytes(len(data) % 2) + after
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    with in_memory(struct.pack("<2sHI", b"II", 42, 8 + len(body)), body, directory + bytes(4)) as path:
        yield path
