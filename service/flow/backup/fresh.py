"""A new file that is there when it is whole, and not before."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

from service.errors import BadInput


@contextlib.contextmanager
def said(target: Path) -> Iterator[None]:
    """Say of which file the disk would not take what was written. Raises BadInput."""
    try:
        yield
    except OSError as error:  # store and database say theirs in their own words
        raise BadInput(f"{target} cannot be written: {error.strerror or error}") from error


@contextlib.contextmanager
def fresh(target: Path) -> Iterator[BinaryIO]:
    """A new file beside `target` that gets its name when all of it is on the disk. What a killed backup left is overwritten."""
    part = target.with_name(f"{target.name}.part")
    if target.exists():
        raise BadInput(f"{target} is there already: a backup is never overwritten")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"another backup is being written to {target}") from None
        file.truncate()
        try:
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            part.unlink()
            raise
        part.rename(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def digest(file: BinaryIO) -> tuple[int, str]:
    """Return size and SHA-256 of all of a file."""
    found, size = sha256(), 0
    file.seek(0)
    while block := file.read(1 << 20):
        found.update(block)
        size += len(block)
    return size, found.hexdigest()
