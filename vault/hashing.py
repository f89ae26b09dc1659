"""SHA-256 of a stream beside the work on it: hashing costs several times what encrypting does (docs/vault.md)."""

from collections.abc import Iterator
from hashlib import sha256
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO

from vault.streams import fill

# The one being worked on, the one read ahead to know whether it is the last, one being hashed, one waiting for it.
_BUFFERS = 4


class HashedBlocks:
    """Yields `stream` in blocks of `size` bytes, hashed in order by a thread of their own, in bounded memory.

    A block stays as it is until the next one is asked for. A stream that fits into one block starts no thread.
    `total` and `hexdigest` hold once the last block has been given out.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size = stream, size
        self._hash = sha256()
        self._thread: Thread | None = None
        self._read: SimpleQueue[memoryview | None] = SimpleQueue()
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._made = 0
        self.total = 0

    def __iter__(self) -> Iterator[tuple[memoryview, bool]]:
        """Yield (block, whether it is the last one); an empty stream is one empty block. Passes on what `stream` raises."""
        block = self._next()
        while len(block) == self._size:
            following = self._next()
            if not following:
                break
            self._hash_beside(block)
            yield block, False
            block = following
        if self._thread is None:
            self._hash.update(block)
        else:
            self._read.put(block)
        yield block, True

    def _next(self) -> memoryview:
        if self._made < _BUFFERS:
            self._made += 1
            buffer = memoryview(bytearray(self._size))
        else:
            buffer = self._free.get()
        used = fill(self._stream, buffer)
        self.total += used
        return buffer[:used]

    def _hash_beside(self, block: memoryview) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._work, name="vault-hash", daemon=True)
            self._thread.start()
        self._read.put(block)

    def _work(self) -> None:
        while (block := self._read.get()) is not None:
            self._hash.update(block)
            self._free.put(block)

    def hexdigest(self) -> str:
        """Return the digest of everything given out, in lower-case hexadecimal."""
        self.close()
        return self._hash.hexdigest()

    def close(self) -> None:
        """Let the thread finish what it was given, and end it."""
        if self._thread is not None:
            self._read.put(None)
            self._thread.join()
            self._thread = None
