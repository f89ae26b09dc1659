"""The directories of a TIFF looked over before a library reads them: broken ones can make it read for minutes.

TIFF 6.0, section 2; BigTIFF has wider numbers and else the same.
"""

import struct
from pathlib import Path
from typing import BinaryIO

from intake.errors import Rejected

_MAX_ENTRIES = 1000  # of one directory; TIFF knows some two hundred tags
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def check(path: Path, most: int) -> None:
    """Raise Rejected for a directory that cannot be: larger than its file.

    most: directories that are looked at; whoever turns the pages counts them against the limits.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        order = {b"II": "<", b"MM": ">"}[file.read(2)]
        big = _number(file, order, 2) == 43
        wide = 8 if big else 4
        if big:
            file.seek(8)
        at, seen = _number(file, order, wide), set[int]()
        while at and at not in seen and len(seen) < most:
            seen.add(at)
            file.seek(at)
            at = _directory(file, order, size, big=big)


def _directory(file: BinaryIO, order: str, size: int, *, big: bool) -> int:
    """Return where the next directory is; 0 for nowhere."""
    wide, entry = (8, 20) if big else (4, 12)
    count = _number(file, order, 8 if big else 2)
    if count > _MAX_ENTRIES:
        raise Rejected("truncated", "The TIFF file is damaged: a page has more properties than pages have.")
    entries, total = file.read(count * entry), 0
    if len(entries) < count * entry:
        raise Rejected("truncated", "The TIFF file is cut short within a page's properties.")
    for start in range(0, len(entries) - entry + 1, entry):
        kind, values = struct.unpack_from(order + ("HQ" if big else "HI"), entries, start + 2)
        total += values * _SIZES.get(kind, 1)
    if total > size:
        raise Rejected("truncated", "The TIFF file is damaged or cut short: a page is larger than its file.")
    return _number(file, order, wide)


def _number(file: BinaryIO, order: str, wide: int) -> int:
    data = file.read(wide)
    if len(data) < wide:
        return 0
    number: int = struct.unpack(order + {2: "H", 4: "I", 8: "Q"}[wide], data)[0]
    return number
