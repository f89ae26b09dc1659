"""Bytes as a file without a name, which lies in memory: for libraries that open a path themselves."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def in_memory(*parts: bytes | memoryview) -> Iterator[Path]:
    """Give the path of a file of these parts, for as long as it is used."""
    file = os.memfd_create("held", os.MFD_CLOEXEC)
    try:
        with os.fdopen(file, "wb", closefd=False) as out:
            out.writelines(parts)
        yield Path(f"/proc/self/fd/{file}")
    finally:
        os.close(file)
