"""What every format opens to: pages as pictures, with the text they carry themselves where it can be believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from PIL import Image

from intake.model import Box, Line


@dataclass(frozen=True)
class Layer:
    """The text a page carries itself.

    lines: pieces of lines on the page once it is turned upright by `turn` degrees clockwise. pictures: places on the
    page as displayed that may show more text, in pixels. share: the part of the page they cover, 0..1. ours: the page was
    painted here, of these very characters; of others it must be seen whether the page shows what they say.
    """

    lines: Sequence[Line]
    turn: int = 0
    pictures: tuple[Box, ...] = ()
    share: float = 0.0
    ours: bool = False


@dataclass(frozen=True)
class Picture:
    """One page before it is read: mode L or RGB, as the file displays it.

    dpi: of `image`. scan_dpi: what the paper was scanned with, None where nothing tells or nothing was scanned. damaged: whether
    a part of it could not be unpacked, and shows nothing or what was never there.
    """

    image: Image.Image
    dpi: float | None
    scan_dpi: float | None = None
    layer: Layer | None = None
    damaged: bool = False


class Pages(Protocol):
    """An opened file. Used by one thread; `close` gives back whatever it holds."""

    def picture(self, index: int) -> Picture:
        """Return page `index` (from 0). Raises Rejected for damage that shows only now."""

    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
