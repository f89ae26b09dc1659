"""SHA-256 of a stream beside the work on it: hashing costs several times what encrypting does (docs/vault.md)."""

from hashlib import sha256
from queue import SimpleQueue
from threading import Thread


class HashedBuffers:
    """Room to work in, whose contents are hashed, in order, by a thread of their own.

    `room(n)` lends n bytes, `add(used)` says how many of them count. Full buffers go to the thread and are lent again when
    it is done with them, so memory is bounded by `count` buffers (three or more) of `size` bytes. What has been added stays
    as it is until the next buffer but one is begun. A stream that fits into one buffer starts no thread.
    """

    def __init__(self, size: int, count: int) -> None:
        self._size, self._unmade = size, count
        self._hash = sha256()
        self._thread: Thread | None = None
        self._full: SimpleQueue[tuple[memoryview, int] | None] = SimpleQueue()
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._buffer = memoryview(b"")
        self._filled = 0
        self.total = 0

    def room(self, size: int) -> memoryview:
        """Return `size` bytes, no more than a buffer has, that nobody else uses; their contents are arbitrary."""
        if len(self._buffer) - self._filled < size:
            self._next_buffer()
        return self._buffer[self._filled : self._filled + size]

    def add(self, used: int) -> None:
        """Count the first `used` bytes of the room lent last. They must not change any more."""
        self._filled += used
        self.total += used

    def _next_buffer(self) -> None:
        if self._filled:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="vault-hash", daemon=True)
                self._thread.start()
            self._full.put((self._buffer, self._filled))
        if self._unmade:
            self._unmade -= 1
            self._buffer = memoryview(bytearray(self._size))
        else:
            self._buffer = self._free.get()
        self._filled = 0

    def _work(self) -> None:
        while (full := self._full.get()) is not None:
            buffer, filled = full
            self._hash.update(buffer[:filled])
            self._free.put(buffer)

    def hexdigest(self) -> str:
        """Return the digest of everything added, in lower-case hexadecimal. Nothing can be added afterwards."""
        self.close()
        self._hash.update(self._buffer[: self._filled])
        self._filled, self._buffer = 0, memoryview(b"")
        return self._hash.hexdigest()

    def close(self) -> None:
        """Let the thread finish what it was given, and end it."""
        if self._thread is not None:
            self._full.put(None)
            self._thread.join()
            self._thread = None
