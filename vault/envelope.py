"""The sealed object format, version 1: one object, one fresh data key, AES-256-GCM chunks in the STREAM construction.

STREAM is the nonce-based online encryption of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption
and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015: the chunk's number and a flag for the last chunk are part of the
nonce, so a chunk that was cut off, moved, repeated or added does not open. docs/vault.md gives the format byte by byte.
"""

import io
import os
import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.errors import ObjectDamaged
from vault.hashing import HashedBlocks
from vault.model import FileKey, Sealed
from vault.streams import Buffer, read_exactly

MAGIC = b"JZSEALED"
VERSION = 1
SUITE_AES_256_GCM_STREAM = 1
TAG_SIZE = 16
# Measured (docs/vault.md): smaller chunks pay per call, larger ones leave the processor's cache.
CHUNK_SIZE = 64 * 1024
SMALLEST_CHUNK, LARGEST_CHUNK = 4 * 1024, 1024 * 1024

# magic, version, suite, chunk size, object, nonce prefix: what the wrapped data key is bound to …
_IDENTITY = struct.Struct(">8sBBI16s7s")
# … followed by the wrap nonce and the wrapped data key (32 bytes and a tag).
_WRAP = struct.Struct(">12s48s")
HEADER_SIZE = _IDENTITY.size + _WRAP.size
_MAX_CHUNKS = 2**32

# The plaintext is read and hashed in blocks, for each crossing to the hashing thread costs; it is sealed by slices of a
# block, small enough for their sealed bytes to stay in the processor's cache until the store has taken them.
_BLOCK_SIZE = 2 * 1024 * 1024
_SLICE_SIZE = 128 * 1024


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, last)


def sealed_size(size: int, chunk_size: int = CHUNK_SIZE) -> int:
    """Return how many bytes an object of `size` bytes has when sealed."""
    return HEADER_SIZE + size + TAG_SIZE * max(1, -(-size // chunk_size))


class SealingReader(io.RawIOBase):
    """Reads as the sealed form of `plain`; `seal` says what it was once everything has been read.

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
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        super().__init__()
        if not SMALLEST_CHUNK <= chunk_size <= LARGEST_CHUNK:
            raise ValueError(f"a chunk size of {chunk_size} is not within the format's range")
        self._name, self._chunk_size = name, chunk_size
        self._blocks = HashedBlocks(plain, max(_BLOCK_SIZE, chunk_size))
        self._finished = False
        self._slices = self._seal(key, chunk_size, random)
        self._rest = memoryview(b"")

    def _seal(self, key: FileKey, chunk_size: int, random: Callable[[int], bytes]) -> Iterator[memoryview]:
        """Yield the header and the sealed slices; each stays as it is until the next one is asked for."""
        data_key, prefix, wrap_nonce = random(32), random(7), random(12)
        identity = _IDENTITY.pack(MAGIC, VERSION, SUITE_AES_256_GCM_STREAM, chunk_size, self._name.bytes, prefix)
        header = identity + wrap_nonce + AESGCM(key.secret).encrypt(wrap_nonce, data_key, identity)
        yield memoryview(header)
        bound_to = sha256(header).digest()
        cipher, number = AESGCM(data_key), 0
        per_slice = max(1, _SLICE_SIZE // chunk_size)
        # Into room that is there already: to allocate it costs more than to encrypt a chunk.
        room = memoryview(bytearray(per_slice * (chunk_size + TAG_SIZE)))
        for block, is_last in self._blocks:
            starts = range(0, len(block) or 1, chunk_size)
            if number + len(starts) > _MAX_CHUNKS:
                raise ValueError("the object is too large to be sealed: its chunks cannot be numbered")
            for first in range(0, len(starts), per_slice):
                used = 0
                for start in starts[first : first + per_slice]:
                    nonce = _nonce(prefix, number, last=is_last and start == starts[-1])
                    chunk = block[start : start + chunk_size]
                    end = used + len(chunk) + TAG_SIZE
                    cipher.encrypt_into(nonce, chunk, bound_to, room[used:end])
                    used, number = end, number + 1
                yield room[:used]
        self._finished = True

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Put sealed bytes into `buffer` and return how many; 0 at the end. Passes on what `plain` raises."""
        view = memoryview(buffer).cast("B")
        if not self._rest and view:
            self._rest = next(self._slices, self._rest)
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def seal(self) -> Sealed:
        """Return sizes and digests. Raises ValueError when not everything has been read."""
        if not self._finished:
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

    Raises ObjectDamaged, on opening when the header is not that of `name` under `key`, on reading at the first chunk
    that is not what was sealed.
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
        if (version, suite) != (VERSION, SUITE_AES_256_GCM_STREAM):
            raise self._damaged(f"format version {version}, suite {suite} is not known to this program")
        if owner != name.bytes:
            raise self._damaged("it is another object's bytes")
        if not SMALLEST_CHUNK <= self._chunk_size <= LARGEST_CHUNK:
            raise self._damaged("its chunk size is out of range")
        try:
            data_key = AESGCM(key.secret).decrypt(wrap_nonce, wrapped, header[: _IDENTITY.size])
        except InvalidTag:
            raise self._damaged("its header was changed, or sealed with another document's key") from None
        self._bound_to = sha256(header).digest()
        self._cipher = AESGCM(data_key)
        self._number = 0
        self._next = self._sealed_chunk()
        self._rest = memoryview(b"")

    def _damaged(self, why: str) -> ObjectDamaged:
        return ObjectDamaged(f"object {self._name} is damaged: {why}")

    def _sealed_chunk(self) -> bytes:
        return read_exactly(self._sealed, self._chunk_size + TAG_SIZE)

    def _open_chunk(self) -> bytes:
        """Return the plaintext of the next chunk, b"" after the last."""
        if not self._next:
            if self._number == 0:
                raise self._damaged("it has a header and nothing more")
            return b""
        if self._number == _MAX_CHUNKS:
            raise self._damaged("it has more chunks than can be numbered")
        chunk, following = self._next, self._sealed_chunk()
        try:
            nonce = _nonce(self._prefix, self._number, last=not following)
            plain = self._cipher.decrypt(nonce, chunk, self._bound_to)
        except (InvalidTag, ValueError):  # ValueError: shorter than a tag
            raise self._damaged(f"chunk {self._number} is cut, changed or not in its place") from None
        if not plain and self._number > 0:
            raise self._damaged("it ends in a chunk that no sealing writes")
        self._next = following
        self._number += 1
        return plain

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Put verified plaintext into `buffer` and return how many bytes; 0 at the end. Raises ObjectDamaged."""
        view = memoryview(buffer).cast("B")
        if not view:
            return 0
        if not self._rest:
            self._rest = memoryview(self._open_chunk())
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
