"""Electronic seals on the pages of an OFD: where they were set, and the picture each one has (GB/T 33190-2016, 18; GB/T 38540-2020).

Nothing is verified: what is drawn is what a reader of OFD files shows, for whoever checks the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from asn1crypto import parser

_SEQUENCE, _OCTETS, _INTEGER, _IA5 = 16, 4, 2, 22  # tags (ITU-T X.690)
_DEPTH, _MOST_PARTS, _MOST_SEQUENCES = 12, 200, 1000
MOST = 4 << 20  # bytes of a seal or a signed value
KINDS = ("PNG", "JPG", "JPEG", "BMP", "GIF", "OFD")

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Stamp:
    """A seal where it was set: x, y, width, height in mm on its page; clip: the part of that which shows, from its corner. files: bytes that may hold its picture."""

    place: Box
    clip: Box | None
    files: tuple[bytes, ...]

    @cached_property
    def picture(self) -> tuple[str, bytes] | None:
        """The kind of its picture (of KINDS) and its bytes; None where none is found."""
        return next((found for data in self.files for found in _pictures(data)), None)


def _pictures(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what looks like the picture of a seal (SES_ESPictrueInfo): a sequence of its kind, its bytes, its width and its height."""
    try:
        for parts in islice(_sequences(data, 0), _MOST_SEQUENCES):
            if [tag for tag, _ in parts[:4]] == [_IA5, _OCTETS, _INTEGER, _INTEGER]:
                kind = parts[0][1].decode("ascii", "replace").strip().upper().removeprefix(".")
                if kind in KINDS:
                    yield kind, parts[1][1]
    except ValueError:
        return  # it ends earlier than it says


def _sequences(data: bytes, depth: int) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the parts (tag, content) of each sequence in these bytes, from outside in."""
    at, parts = 0, list[tuple[int, bytes]]()
    inner = list[bytes]()
    while at < len(data) and len(parts) < _MOST_PARTS:
        _, method, tag, head, content, tail = parser.parse(data[at:])
        at += len(head) + len(content) + len(tail)
        parts.append((tag, content))
        if method == 1:
            inner.append(content)
    yield parts
    if depth < _DEPTH:
        for content in inner:
            yield from _sequences(content, depth + 1)
