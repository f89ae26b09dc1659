"""SHA-256 of a stream beside the work on it: hashing costs several times what encrypting does (docs/vault.md)."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256


class HashedBlocks:
    """Buffers to work in, whose contents are hashed in order by a thread of their own.

    `buffer()` lends one, `hash(n)` gives its first n bytes to the thread; it is lent again only when that is done. So
    memory is bounded by `count` buffers of `size` bytes, and an object that fits in one starts no thread.
    """

    def __init__(self, size: int, count: int) -> None:
        self._size, self._count = size, count
        self._hash = sha256()
        self._thread: ThreadPoolExecutor | None = None
        self._pending: deque[tuple[Future[None], memoryview]] = deque()
        self._lent: memoryview | None = None
        self.total = 0

    def buffer(self) -> memoryview:
        """Return a buffer that nobody else uses; its contents are arbitrary."""
        if len(self._pending) < self._count:
            self._lent = memoryview(bytearray(self._size))
        else:
            done, self._lent = self._pending.popleft()
            done.result()
        return self._lent

    def hash(self, used: int, *, last: bool) -> None:
        """Hash the first `used` bytes of the buffer lent last; they must stay as they are until `hexdigest`."""
        if self._lent is None:
            raise ValueError("no buffer is lent")
        buffer, self._lent = self._lent, None
        self.total += used
        if last and self._thread is None:
            self._hash.update(buffer[:used])
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault-hash")
        self._pending.append((self._thread.submit(self._hash.update, buffer[:used]), buffer))

    def hexdigest(self) -> str:
        """Return the digest of everything given to `hash` so far, in lower-case hexadecimal."""
        for done, _ in self._pending:
            done.result()
        return self._hash.hexdigest()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
