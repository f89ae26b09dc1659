"""What arrived: the kind of a file by its content, its pages, its hash, or one clear line why it is refused.

Nothing here decodes pixels of an image whose size is not known to be within the limits, and nothing holds a whole
file in memory.
"""

import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from intake.errors import EngineUnavailable, Rejected
from intake.formats.signatures import MEDIA_TYPES, kind_of
from intake.model import Inspection, Limits

Look = Callable[[Path, str, Limits], tuple[int, tuple[str, ...]]]

_CHUNK = 1 << 20
#: What the machine lacks at this moment, whatever the file holds.
_NOTHING_TO_SPARE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_MAX_NAME_BYTES = 255  # the longest name a usual file system takes


def inspect(path: Path, limits: Limits, look: Look | None = None) -> Inspection:
    """Return what the bytes at `path` are.

    look: counts the pages and notes what is remarkable; the one of `intake.crew` does it in a process of its own, where a
    hostile file harms nobody. Raises Rejected (empty, unsupported, unsupported_here, truncated, encrypted, no_pages, too_large,
    too_many_pages, too_many_pixels, too_slow, unreadable); never anything else, whatever the file holds, but EngineUnavailable
    when the machine has nothing to spare to look at it with.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(path):  # one that cannot be looked into says so
                raise Rejected("unreadable", "This is a directory; give a file.")
        if not stat.S_ISREG(status.st_mode):
            raise Rejected("unreadable", "This is not a regular file; give a file.")
        if status.st_size == 0:
            raise Rejected("empty", "The file is empty.")
        if status.st_size > limits.max_bytes:
            raise Rejected("too_large", f"The file has {status.st_size} bytes; at most {limits.max_bytes} are taken.")
        with path.open("rb") as file:
            kind = kind_of(file)
            size, sha256 = _digest(file)
        pages, notes = (look or look_here)(path, kind, limits)
    except OSError as error:
        if error.errno in _NOTHING_TO_SPARE:
            raise EngineUnavailable(f"The file cannot be looked at for now: {error.strerror}.") from error
        raise Rejected("unreadable", f"The file cannot be read: {error.strerror or error}.") from error
    return Inspection(kind, MEDIA_TYPES[kind], pages, size, sha256, notes)


def safe_name(name: str) -> str:
    """Return `name`, NFC-normalised, when it is the plain name of a file. Raises Rejected(bad_name)."""
    plain = unicodedata.normalize("NFC", name)
    if not plain.strip() or plain in (".", ".."):
        raise Rejected("bad_name", "The file has no name.")
    if any(unicodedata.category(c) == "Cs" for c in plain):
        raise Rejected("bad_name", "The file name is not valid text (its bytes are no UTF-8); rename the file.")
    # Cc: control, Cf: invisible direction marks that make a name read as another.
    if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in plain):
        raise Rejected("bad_name", "The file name holds control characters.")
    if "/" in plain or "\\" in plain:
        raise Rejected("bad_name", "The file name holds a path.")
    if len(plain.encode()) > _MAX_NAME_BYTES:
        raise Rejected("bad_name", f"The file name is longer than {_MAX_NAME_BYTES} bytes.")
    return plain


def _digest(file: BinaryIO) -> tuple[int, str]:
    """Return the size that was really read and its SHA-256."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def look_here(path: Path, kind: str, limits: Limits) -> tuple[int, tuple[str, ...]]:
    """Return the pages of a file of this kind and what is noted about it, found in this process. Raises Rejected."""
    # The libraries load late: whoever only needs `safe_name` should not wait for them.
    from intake.formats.opening import check

    return check(path, kind, limits)
