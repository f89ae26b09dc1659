"""Reading streams that may return less than was asked for, as sockets and pipes do."""

import io
from collections.abc import Iterator
from typing import BinaryIO

Buffer = bytearray | memoryview


def fill(stream: BinaryIO, buffer: memoryview) -> int:
    """Read from `stream` until `buffer` is full or the stream ends; return how many bytes it got."""
    readinto = getattr(stream, "readinto", None)
    have = 0
    while have < len(buffer):
        if readinto is not None:
            got = readinto(buffer[have:])
        else:
            block = stream.read(len(buffer) - have)
            got = len(block)
            buffer[have : have + got] = block
        if not got:
            break
        have += got
    return have


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Return `size` bytes of `stream`, fewer only at its end."""
    block = stream.read(size)
    if not block or len(block) == size:
        return block
    parts, have = [block], len(block)
    while have < size and (block := stream.read(size - have)):
        parts.append(block)
        have += len(block)
    return b"".join(parts)


class Joined(io.RawIOBase):
    """Blocks, read as one stream. What their iterator raises passes through to the reader."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks, self._rest = blocks, memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Put what there is into `buffer` and return how many bytes; 0 at the end."""
        view = memoryview(buffer).cast("B")
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
