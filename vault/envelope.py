"""The sealed object format, version 1: one object, one fresh data key, chunks in the STREAM construction.

STREAM is the nonce-based online encryption of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption
and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015: the chunk's number and a flag for the last chunk are part of the
nonce, so a chunk that was cut off, moved, repeated or added does not open. docs/vault.md gives the format byte by byte.
The ciphers are those of the suite that the header names.
"""

import io
import os
import struct
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag

from vault.errors import ObjectDamaged
from vault.hashing import HashedBlocks
from vault.model import FileKey, Sealed
from vault.streams import Buffer, fill, read_exactly
from vault.suites import AES_256_GCM, TAG_SIZE, knows, suite_of

MAGIC = b"JZSEALED"
VERSION = 1
# Measured (docs/vault.md): smaller chunks pay per call, larger ones leave the processor's cache.
CHUNK_SIZE = 64 * 1024
SMALLEST_CHUNK, LARGEST_CHUNK = 4 * 1024, 1024 * 1024

# magic, version, suite, chunk size, object, nonce prefix: what the wrapped data key is bound to …
_IDENTITY = struct.Struct(">8sBBI16s7s")
# … followed by the wrap nonce and the wrapped data key (32 bytes and a tag).
_WRAP = struct.Struct(">12s48s")
HEADER_SIZE = _IDENTITY.size + _WRAP.size
_MAX_CHUNKS = 2**32

# The plaintext is read, hashed and sealed in blocks: each crossing to the hashing thread costs.
_BLOCK_SIZE = 2 * 1024 * 1024


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, last)


def sealed_size(size: int, chunk_size: int = CHUNK_SIZE) -> int:
    """Return how many bytes an object of `size` bytes has when sealed."""
    return HEADER_SIZE + size + TAG_SIZE * max(1, -(-size // chunk_size))


class SealingReader(io.RawIOBase):
    """Reads as the sealed form of `plain`; `seal` says what it was once everything has been read.

    suite: one of `vault.suites`; SuiteNotOffered is raised where this machine has it not.
    random: where key, nonce prefix and wrap nonce come from, called with 32, 7 and 12 in this order. Only for
    reproducing test vectors is it ever anything but the system's generator.
    """

    def __init__(
        self,
        plain: BinaryIO,
        name: UUID,
        key: FileKey,
        *,
        chunk_size: int = CHUNK_SIZE,
        suite: int = AES_256_GCM,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        super().__init__()
        if not SMALLEST_CHUNK <= chunk_size <= LARGEST_CHUNK:
            raise ValueError(f"a chunk size of {chunk_size} is not within the format's range")
        self._name, self._chunk_size = name, chunk_size
        data_key, prefix, wrap_nonce = random(32), random(7), random(12)
        ciphers = suite_of(suite)
        identity = _IDENTITY.pack(MAGIC, VERSION, suite, chunk_size, name.bytes, prefix)
        header = identity + wrap_nonce + ciphers.wrapper(key.secret).encrypt(wrap_nonce, data_key, identity)
        self._prefix, self._bound_to, self._cipher = prefix, ciphers.digest(header), ciphers.sealer(data_key)
        self._blocks = HashedBlocks(plain, _BLOCK_SIZE // chunk_size * chunk_size)
        self._chunks = self._cut()
        self._number, self._finished = 0, False
        self._room = memoryview(bytearray(chunk_size + TAG_SIZE))
        self._rest = memoryview(header)

    def _cut(self) -> Iterator[tuple[memoryview, bool]]:
        """Yield (chunk of the plaintext, whether it is the last); each stays as it is until the next one is asked for."""
        for block, is_last in self._blocks:
            starts = range(0, len(block) or 1, self._chunk_size)
            for start in starts:
                yield block[start : start + self._chunk_size], is_last and start == starts[-1]

    def _seal_into(self, room: memoryview) -> int:
        """Seal as many chunks as `room` surely holds, straight into it; returns how many bytes they have."""
        used = 0
        while not self._finished and used + self._chunk_size + TAG_SIZE <= len(room):
            chunk, last = next(self._chunks)
            if self._number == _MAX_CHUNKS:
                raise ValueError("the object is too large to be sealed: its chunks cannot be numbered")
            end = used + len(chunk) + TAG_SIZE
            nonce = _nonce(self._prefix, self._number, last=last)
            self._cipher.encrypt_into(nonce, chunk, self._bound_to, room[used:end])
            used, self._number, self._finished = end, self._number + 1, last
        return used

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Put sealed bytes into `buffer` and return how many; 0 at the end. Passes on what `plain` raises."""
        view = memoryview(buffer).cast("B")
        if not self._rest and (used := self._seal_into(view)):
            return used
        if not self._rest and view:  # less room than a chunk needs
            self._rest = self._room[: self._seal_into(self._room)]
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def seal(self) -> Sealed:
        """Return sizes and digests. Raises ValueError when not everything has been read."""
        if not self._finished or self._rest:
            raise ValueError("the sealed form has not been read to its end")
        size = self._blocks.total
        return Sealed(
            name=self._name,
            size=size,
            sha256=self._blocks.hexdigest(),
            sealed_size=sealed_size(size, self._chunk_size),
        )

    def close(self) -> None:
        """End the hashing thread. `plain` stays open: it is its owner's."""
        if not self.closed:
            self._blocks.close()
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class OpeningReader(io.RawIOBase):
    """Reads as the plaintext of `sealed`. A chunk is given out only after its tag proved it whole and in its place.

    `go_on` lets it continue with another chunk than the first. Raises ObjectDamaged, on opening when the header is not that of
    `name` under `key`, on reading at the first chunk that is not what was sealed. Raises SuiteNotOffered.
    """

    def __init__(self, sealed: BinaryIO, name: UUID, key: FileKey) -> None:
        super().__init__()
        self._name = name
        self._sealed = sealed
        header = read_exactly(sealed, HEADER_SIZE)
        if len(header) < HEADER_SIZE:
            raise self._damaged("its header is cut off")
        magic, version, suite, self._chunk_size, owner, self._prefix = _IDENTITY.unpack_from(header)
        wrap_nonce, wrapped = _WRAP.unpack_from(header, _IDENTITY.size)
        if magic != MAGIC:
            raise self._damaged("it does not begin like a sealed object")
        if version != VERSION or not knows(suite):
            raise self._damaged(f"format version {version}, suite {suite} is not known to this program")
        if owner != name.bytes:
            raise self._damaged("it is another object's bytes")
        if not SMALLEST_CHUNK <= self._chunk_size <= LARGEST_CHUNK:
            raise self._damaged("its chunk size is out of range")
        ciphers = suite_of(suite)
        try:
            data_key = ciphers.wrapper(key.secret).decrypt(wrap_nonce, wrapped, header[: _IDENTITY.size])
        except InvalidTag:
            raise self._damaged("its header was changed, or sealed with another document's key") from None
        self._bound_to = ciphers.digest(header)
        self._cipher = ciphers.sealer(data_key)
        self._number = self._first = 0
        self._room: memoryview | None = None
        self._sealed_rest = self._rest = memoryview(b"")
        self._ended = self._is_last = False

    def span(self, start: int, size: int) -> tuple[int, int, int]:
        """Return where plaintext bytes `start` to `start + size` lie: (number of their first chunk, sealed start, sealed size).

        One byte more than the chunks have is asked for: whether anything follows is part of what a chunk's tag proves.
        """
        first, last = start // self._chunk_size, (start + max(size, 1) - 1) // self._chunk_size
        step = self._chunk_size + TAG_SIZE
        return first, HEADER_SIZE + first * step, (last - first + 1) * step + 1

    def offset_in_chunk(self, start: int) -> int:
        """Return how far into its chunk plaintext byte `start` lies."""
        return start % int(self._chunk_size)

    def go_on(self, number: int, sealed: BinaryIO) -> None:
        """Read on at the beginning of chunk `number`, which is where `sealed` stands."""
        self._sealed, self._number, self._first = sealed, number, number
        self._sealed_rest = self._rest = memoryview(b"")
        self._ended = False

    def _damaged(self, why: str) -> ObjectDamaged:
        return ObjectDamaged(f"object {self._name} is damaged: {why}")

    def _look(self) -> memoryview:
        """Return the sealed bytes of the next chunk, and set `_is_last`. Empty after the last."""
        step = self._chunk_size + TAG_SIZE
        if len(self._sealed_rest) <= step and not self._ended:
            self._fill(step)
        self._is_last = self._ended and len(self._sealed_rest) <= step
        return self._sealed_rest[:step]

    def _fill(self, step: int) -> None:
        """Read on, more at a time the longer the object turns out to be; what is left of before goes to the front."""
        rest = len(self._sealed_rest)
        room = 2 * step if self._room is None else max(2 * step, _BLOCK_SIZE)
        if self._room is None or len(self._room) < room:
            new = memoryview(bytearray(room))
            new[:rest], self._room = self._sealed_rest, new
        else:
            self._room[:rest] = bytes(self._sealed_rest)
        have = rest + fill(self._sealed, self._room[rest:])
        self._ended = have < len(self._room)
        self._sealed_rest = self._room[:have]

    def _open_into(self, room: memoryview) -> int:
        """Open the next chunk into `room`, which has space for it; returns how many bytes, 0 after the last chunk."""
        chunk = self._look()
        if not chunk:
            if self._number == 0:
                raise self._damaged("it has a header and nothing more")
            if self._number == self._first:
                raise self._damaged(f"it ends before chunk {self._number}")
            return 0
        if self._number == _MAX_CHUNKS:
            raise self._damaged("it has more chunks than can be numbered")
        size = len(chunk) - TAG_SIZE
        if size < 0:
            raise self._damaged(f"chunk {self._number} is cut, changed or not in its place")
        try:
            nonce = _nonce(self._prefix, self._number, last=self._is_last)
            self._cipher.decrypt_into(nonce, chunk, self._bound_to, room[:size])
        except InvalidTag:
            room[:size] = bytes(size)  # nothing of what did not prove itself is left where somebody could read it
            raise self._damaged(f"chunk {self._number} is cut, changed or not in its place") from None
        if not size and self._number > 0:
            raise self._damaged("it ends in a chunk that no sealing writes")
        self._sealed_rest = self._sealed_rest[len(chunk) :]
        self._number += 1
        return size

    def _open_some(self, view: memoryview) -> int:
        """Open as many chunks as `view` surely has space for; returns how many bytes. A bad one is said when nothing sound came before it."""
        used, size = 0, self._chunk_size
        while size == self._chunk_size and used + size <= len(view):
            run = self._open_run(view[used:])
            used += run
            if run:
                continue
            try:
                size = self._open_into(view[used:])
            except ObjectDamaged:
                if used:
                    return used  # the next call meets it again
                raise
            used += size
        return used

    def _open_run(self, view: memoryview) -> int:
        """Open the chunks that something follows in what was fetched already; returns how many bytes. `_open_into` looks at what is left over.

        The same as one call for each, at two thirds of what Python adds to the cipher's time.
        """
        self._look()
        chunk: int = self._chunk_size
        step, fetched = chunk + TAG_SIZE, self._sealed_rest
        most = min((len(fetched) - 1) // step, len(view) // chunk, _MAX_CHUNKS - self._number)
        decrypt, prefix, bound_to, number = self._cipher.decrypt_into, self._prefix, self._bound_to, self._number
        done = 0
        while done < most:
            nonce = _nonce(prefix, number + done, last=False)
            sealed, room = fetched[done * step : (done + 1) * step], view[done * chunk : (done + 1) * chunk]
            try:
                decrypt(nonce, sealed, bound_to, room)
            except InvalidTag:
                room[:] = bytes(chunk)  # as in `_open_into`, which says so
                break
            done += 1
        self._number, self._sealed_rest = number + done, fetched[done * step :]
        return done * chunk

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Put verified plaintext into `buffer` and return how many bytes; 0 at the end. Raises ObjectDamaged."""
        view = memoryview(buffer).cast("B")
        if not self._rest and len(view) >= self._chunk_size:
            return self._open_some(view)
        if not self._rest and view:  # less room than a chunk needs
            room = memoryview(bytearray(self._chunk_size))
            self._rest = room[: self._open_into(room)]
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def readall(self) -> bytes:
        """Return all that is left. Raises ObjectDamaged."""
        parts = [bytes(self._rest)]
        self._rest = memoryview(b"")
        room = memoryview(bytearray(self._chunk_size))
        while size := self._open_into(room):
            parts.append(bytes(room[:size]))
        return b"".join(parts)


class RangeReader(io.RawIOBase):
    """Reads `size` bytes of `plain` after its first `skip`. Raises ObjectDamaged when it has fewer."""

    def __init__(self, plain: OpeningReader, name: UUID, skip: int, size: int) -> None:
        super().__init__()
        self._plain, self._name, self._skip, self._left = plain, name, skip, size

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Put verified plaintext into `buffer` and return how many bytes; 0 at the end. Raises ObjectDamaged."""
        while self._skip and self._left:
            self._skip -= self._some(memoryview(bytearray(self._skip)))
        view = memoryview(buffer).cast("B")[: self._left]
        if not view:
            return 0
        size = self._some(view)
        self._left -= size
        return size

    def _some(self, view: memoryview) -> int:
        size = self._plain.readinto(view)
        if not size:
            raise ObjectDamaged(f"object {self._name} is damaged: it is shorter than what was sealed")
        return size
