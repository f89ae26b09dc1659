"""A store with troubles: whatever it wraps, it can be down, slow, full, or give out wrong bytes, from any call on."""

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast
from uuid import UUID

from vault.errors import StoreUnavailable
from vault.model import Lock, Trace
from vault.ports import ObjectStore
from vault.streams import Buffer


class Toxic:
    """An `ObjectStore` over `inner`. trouble: "", down, slow, full or wrong, from the call on that `calls_left` counts down to.

    down: nothing answers. slow: bytes come in drops. full: nothing can be written.
    wrong: one bit of everything that is read is another.
    """

    def __init__(self, inner: ObjectStore) -> None:
        self.inner = inner
        self.trouble, self.calls_left, self.calls = "", 0, 0

    def now(self) -> str:
        """Count a call; returns what troubles it."""
        self.calls += 1
        self.calls_left -= 1
        trouble = self.trouble if self.calls_left < 0 else ""
        if trouble == "down":
            raise StoreUnavailable("the object store does not answer")
        return trouble

    def put(self, name: UUID, sealed: BinaryIO) -> None:
        trouble = self.now()
        if trouble == "full":
            sealed.read(1000)
            cause = OSError(errno.ENOSPC, "No space left on device")
            raise StoreUnavailable("the object store cannot be used: No space left on device") from cause
        self.inner.put(name, cast("BinaryIO", Drops(sealed)) if trouble == "slow" else sealed)

    @contextmanager
    def open(self, name: UUID, start: int = 0, size: int | None = None) -> Iterator[BinaryIO]:
        trouble = self.now()
        with self.inner.open(name, start, size) as sealed:
            if trouble == "wrong":
                data = bytearray(sealed.read())
                if data:
                    data[len(data) // 2] ^= 4
                yield io.BytesIO(data)
            else:
                yield cast("BinaryIO", Drops(sealed)) if trouble == "slow" else sealed

    def delete(self, name: UUID) -> None:
        self.now()
        self.inner.delete(name)

    def remains(self, name: UUID) -> int:
        self.now()
        return self.inner.remains(name)

    def names(self) -> Iterator[UUID]:
        self.now()
        return self.inner.names()

    def check(self) -> None:
        self.now()
        self.inner.check()

    def locks(self) -> str:
        self.now()
        return self.inner.locks()

    def lock(self, name: UUID, lock: Lock) -> None:
        self.now()
        self.inner.lock(name, lock)

    def lock_of(self, name: UUID) -> Lock:
        self.now()
        return self.inner.lock_of(name)

    def survey(self) -> Iterator[Trace]:
        self.now()
        return self.inner.survey()

    def drop(self, trace: Trace) -> None:
        self.now()
        self.inner.drop(trace)


class Drops(io.RawIOBase):
    """Reads of 777 bytes at most."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        view = memoryview(buffer).cast("B")[:777]
        block = self._stream.read(len(view))
        view[: len(block)] = block
        return len(block)
