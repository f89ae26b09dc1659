"""Reading streams that may return less than was asked for, as sockets and pipes do."""

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
