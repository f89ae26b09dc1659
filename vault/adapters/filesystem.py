"""Sealed bytes in a directory: root/ab/cd/abcd…-uuid. Needs a file system with hard links (any Linux one, NFS too)."""

import fcntl
import io
import mmap
import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID, uuid4

from vault.errors import LocksNotOffered, ObjectExists, ObjectMissing, StoreUnavailable
from vault.model import Lock, Trace
from vault.streams import Buffer, fill

_UNFINISHED = "unfinished"
# A write this long without progress has died; a living one touches its file with every block.
_ABANDONED_SECONDS = 24 * 3600
_BLOCK_SIZE, _BLOCKS = 2 * 1024 * 1024, 3
_DIRECT = getattr(os, "O_DIRECT", 0)


class FilesystemStore:
    """An `ObjectStore` below `root`, which is made when it is missing. Any number of processes may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._swept = False
        self._synced: set[str] = set()
        with _unavailable(root):
            root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, name: UUID, sealed: BinaryIO) -> None:
        """Write a file aside, flush it, then give it its name. Errors of `sealed` pass through."""
        with _unavailable(self._root):
            if not self._swept:
                self.sweep()
                self._swept = True
            if self._path(name).exists():
                raise ObjectExists(f"object {name} is in the store already")
            _make_folder(self._root / _UNFINISHED)
            part = self._root / _UNFINISHED / f"{name}.{uuid4().hex}"
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            try:
                _copy(sealed, file, self._root)
                with _unavailable(self._root):
                    os.fsync(file)
            finally:
                os.close(file)
            with _unavailable(self._root):
                self._give_name(part, name)
        finally:
            with suppress(OSError):
                part.unlink()

    def _give_name(self, part: Path, name: UUID) -> None:
        """Make the finished file appear under its name, at once and for good. A link never replaces anything."""
        path = self._path(name)
        second, first = path.parent, path.parent.parent
        # Made one by one: a root that is not there (not mounted) must not come into being here.
        _make_folder(first)
        _make_folder(second)
        try:
            path.hardlink_to(part)
        except FileExistsError:
            raise ObjectExists(f"object {name} is in the store already") from None
        _sync_folder(second)
        # Another process may have made these folders and not have synced them yet, so each process does it once.
        for key, above in ((name.hex[:4], first), (name.hex[:2], self._root)):
            if key not in self._synced:
                _sync_folder(above)
                self._synced.add(key)

    @contextmanager
    def open(self, name: UUID, start: int = 0, size: int | None = None) -> Iterator[BinaryIO]:
        """Return a reader of the file, or of a part of it. A deletion meanwhile does not disturb it."""
        with _unavailable(self._root):
            try:
                file = self._path(name).open("rb", buffering=0)
            except FileNotFoundError:
                self._require_root()
                raise ObjectMissing(f"object {name} is not in the store") from None
        with file:
            if start:
                file.seek(start)
            yield cast("BinaryIO", _Reader(file, self._root, size))

    def delete(self, name: UUID) -> None:
        """Remove the file, and those of writes of `name` that were never finished."""
        with _unavailable(self._root):
            self._require_root()
            for path in self._all_of(name):
                path.unlink(missing_ok=True)
                _sync_folder(path.parent)

    def remains(self, name: UUID) -> int:
        """Return 1 for the object, and 1 more for each write of it that was never finished."""
        with _unavailable(self._root):
            self._require_root()
            return len(self._all_of(name))

    def names(self) -> Iterator[UUID]:
        """Yield the finished objects, each where it belongs."""
        with _unavailable(self._root):
            self._require_root()
        for first in self._folders(self._root):
            for second in self._folders(first):
                with _unavailable(self._root):
                    found = [UUID(path.name) for path in second.iterdir() if _is_name(path.name)]
                yield from (name for name in found if self._path(name).parent == second)

    def check(self) -> None:
        """Raise StoreUnavailable unless the directory is there and may be written."""
        with _unavailable(self._root):
            self._require_root()
            if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError("not allowed to read and write there")

    def locks(self) -> str:
        """Return that there are none: whoever may write the directory may delete what is in it."""
        return f"the directory {self._root} has no object lock"

    def lock(self, name: UUID, lock: Lock) -> None:
        """Raise LocksNotOffered."""
        raise LocksNotOffered(f"object {name} cannot be locked ({lock}): {self.locks()}")

    def lock_of(self, name: UUID) -> Lock:
        """Return that nothing keeps the object."""
        if not self._path(name).exists():
            raise ObjectMissing(f"object {name} is not in the store")
        return Lock()

    def survey(self) -> Iterator[Trace]:
        """Yield the finished objects, and the files of writes that were not finished."""
        for name in self.names():
            with _unavailable(self._root), suppress(FileNotFoundError):
                yield Trace(name, _written_at(self._path(name)))
        folder = self._root / _UNFINISHED
        with _unavailable(self._root):
            parts = list(folder.iterdir()) if folder.exists() else []
        for part in parts:
            stem, _, write = part.name.partition(".")
            if _is_name(stem) and write:
                with _unavailable(self._root), suppress(FileNotFoundError):
                    yield Trace(UUID(stem), _written_at(part), write)

    def drop(self, trace: Trace) -> None:
        """Remove the object, or the file of the unfinished write."""
        if not trace.unfinished:
            self.delete(trace.name)
            return
        with _unavailable(self._root):
            self._require_root()
            (self._root / _UNFINISHED / f"{trace.name}.{trace.unfinished}").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what killed writes left behind, if nothing was written to it for a day."""
        with _unavailable(self._root):
            folder = self._root / _UNFINISHED
            if not folder.exists():
                return
            for part in folder.iterdir():
                with suppress(FileNotFoundError):  # its writer, or another sweeper, was faster
                    if time.time() - part.stat().st_mtime > _ABANDONED_SECONDS:
                        part.unlink()

    def _path(self, name: UUID) -> Path:
        return self._root / name.hex[:2] / name.hex[2:4] / str(name)

    def _all_of(self, name: UUID) -> list[Path]:
        """Return the object's file and the files of its unfinished writes, as far as they exist."""
        found = list((self._root / _UNFINISHED).glob(f"{name}.*"))
        return [self._path(name), *found] if self._path(name).exists() else found

    def _require_root(self) -> None:
        if not self._root.is_dir():
            raise FileNotFoundError("the directory is not there")

    def _folders(self, above: Path) -> Iterator[Path]:
        with _unavailable(self._root):
            found = [path for path in above.iterdir() if len(path.name) == 2 and path.is_dir()]
        yield from found


class _Reader(io.RawIOBase):
    """The bytes of an object; a failing disk is the store's failure, not the reader's."""

    def __init__(self, file: io.FileIO, root: Path, size: int | None = None) -> None:
        super().__init__()
        self._file, self._root, self._left = file, root, size

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Read once into `buffer`; 0 at the end. Raises StoreUnavailable."""
        view = memoryview(buffer).cast("B")[: self._left]
        with _unavailable(self._root):
            got = self._file.readinto(view)
        if self._left is not None:
            self._left -= got
        return got


@contextmanager
def _unavailable(root: Path) -> Iterator[None]:
    """Turn what the operating system refuses into StoreUnavailable."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"the object store {root} cannot be used: {error.strerror or error}") from error


def _is_name(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _written_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _make_folder(path: Path) -> None:
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _copy(sealed: BinaryIO, file: int, root: Path) -> None:
    """Write everything `sealed` yields; while blocks are written, the next is read.

    Whole blocks bypass the page cache where the file system can: sealing keeps the processor busy, so the disk should
    work meanwhile instead of all at once in the final fsync, and the cache stays with the database and the index.
    """

    def write(block: memoryview) -> None:
        with _unavailable(root):
            if len(block) < _BLOCK_SIZE:
                _set_direct(file, on=False)
            _write(file, block)

    buffers = (memoryview(mmap.mmap(-1, _BLOCK_SIZE)) for _ in range(_BLOCKS))  # page-aligned, as direct writing asks
    buffer = next(buffers)
    size = fill(sealed, buffer)
    if size < _BLOCK_SIZE:
        write(buffer[:size])
        return
    _set_direct(file, on=True)
    writing: deque[tuple[Future[None], memoryview]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="vault-write") as writer:
        while size:
            writing.append((writer.submit(write, buffer[:size]), buffer))
            if size < _BLOCK_SIZE:
                break
            unused = next(buffers, None)
            if unused is None:
                written, unused = writing.popleft()
                written.result()
            buffer = unused
            size = fill(sealed, buffer)
        for written, _ in writing:
            written.result()


def _write(file: int, block: memoryview) -> None:
    while block:
        try:
            block = block[os.write(file, block) :]
        except OSError:
            if not _set_direct(file, on=False):
                raise
            # This file system takes whole pages only, or no direct writing at all: go on through the cache.


def _set_direct(file: int, *, on: bool) -> bool:
    """Switch direct writing on or off; returns whether anything was changed. Off is always possible."""
    flags = fcntl.fcntl(file, fcntl.F_GETFL)
    wanted = flags | _DIRECT if on else flags & ~_DIRECT
    if wanted == flags:
        return False
    try:
        fcntl.fcntl(file, fcntl.F_SETFL, wanted)
    except OSError:
        return False
    return True
