"""Electronic seals on the pages of an OFD: where they were set, and the picture each one has (GB/T 33190-2016, 18; GB/T 38540-2020).

Nothing is verified: what is drawn is what a reader of OFD files shows, for whoever checks the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

_OCTETS, _INTEGER, _IA5 = 4, 2, 22  # tags (ITU-T X.690)
_CONSTRUCTED, _TAG = 0x20, 0x1F
_DEPTH, _MOST_PARTS, _MOST_SEQUENCES = 12, 200, 1000
_LENGTH = 4  # bytes that the length of a part may take
MOST = 4 << 20  # bytes of a seal or a signed value
KINDS = ("PNG", "JPG", "JPEG", "BMP", "GIF", "OFD")

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Seal:
    """A seal. files: bytes that may hold its picture."""

    files: tuple[bytes, ...]

    @cached_property
    def picture(self) -> tuple[str, bytes] | None:
        """The kind of its picture (of KINDS) and its bytes; None where none is found."""
        return next((found for data in self.files for found in _pictures(data)), None)


@dataclass(frozen=True)
class Stamp:
    """A seal where it was set: x, y, width, height in mm on its page; clip: the part of that which shows, from its corner."""

    place: Box
    clip: Box | None
    seal: Seal


class _Part(NamedTuple):
    """A part of DER: its tag, whether it holds parts, and where its content is."""

    tag: int
    holds: bool
    start: int
    end: int


def _pictures(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what looks like the picture of a seal (SES_ESPictrueInfo): a sequence of its kind, its bytes, its width and its height."""
    try:
        for parts in islice(_sequences(data, 0, len(data), 0), _MOST_SEQUENCES):
            if [part.tag for part in parts[:4]] == [_IA5, _OCTETS, _INTEGER, _INTEGER]:
                kind = data[parts[0].start : parts[0].end].decode("ascii", "replace").strip().upper().removeprefix(".")
                if kind in KINDS:
                    yield kind, data[parts[1].start : parts[1].end]
    except (ValueError, IndexError):
        return  # it ends earlier than it says


def _sequences(data: bytes, start: int, end: int, depth: int) -> Iterator[list[_Part]]:
    """Yield the parts of each sequence in these bytes, from outside in. Raises ValueError, IndexError for what is no DER."""
    at, parts = start, list[_Part]()
    while at < end and len(parts) < _MOST_PARTS:
        parts.append(_part(data, at, end))
        at = parts[-1].end
    yield parts
    if depth < _DEPTH:
        for part in parts:
            if part.holds:
                yield from _sequences(data, part.start, part.end, depth + 1)


def _part(data: bytes, at: int, end: int) -> _Part:
    """Read the head of a part (X.690, 8.1). Nothing is copied, and no number read that is longer than any seal has: they come from strangers."""
    first, size, start = data[at], data[at + 1], at + 2
    if first & _TAG == _TAG:
        raise ValueError("a tag of several bytes, which no seal has")
    if size & 0x80:
        count = size & 0x7F
        if not 0 < count <= _LENGTH:
            raise ValueError("a length that is unsaid or too long")
        start, size = start + count, int.from_bytes(data[start : start + count])
    if start + size > end:
        raise ValueError("it ends earlier than it says")
    return _Part(first & _TAG, bool(first & _CONSTRUCTED), start, start + size)
