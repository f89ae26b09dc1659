"""What intake needs from outside: an engine that reads images, and a way to hand a file in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from intake.model import Attachment, Inspection, Limits, Line, PageText, ReadPage, Receipt, Understanding

if TYPE_CHECKING:
    from intake.templates import Template

Image = NDArray[np.uint8]


class OcrEngine(Protocol):
    """Reads the text of an upright page image (height x width x 3, RGB)."""

    @property
    def name(self) -> str:
        """What it is called; of one that has others read for it, the one that read last."""

    def read(self, image: Image) -> Sequence[Line]:
        """Return the lines as found, in any order, boxes in pixels of `image`. Raises EngineUnavailable."""

    def read_line(self, image: Image) -> Line | None:
        """Return what an image of nothing but one straight line says, boxes in pixels of `image`; None for nothing."""

    def rotation(self, image: Image) -> int:
        """Return the degrees clockwise (0, 90, 180, 270) that turn `image` upright; 0 when there is no text."""


class Delivery(Protocol):
    """Hands a file to the archive: to the one on this machine, or over the network to another."""

    def most(self) -> int:
        """Return how many bytes a file may have there; 0 where it cannot be found out just now."""

    def deliver(self, path: Path, filename: str, *, batch: str = "") -> Receipt:
        """Return the receipt of the file at `path`, which is durable then. The same bytes twice give the first document.

        Raises Rejected (this file is never taken) and DeliveryFailed (it may be taken later; nothing is lost).
        """


class PageReader(Protocol):
    """Looks at files and reads their pages; what a hostile file does to it stays with it."""

    def look(self, path: Path, kind: str, limits: Limits) -> tuple[int, tuple[str, ...]]:
        """Return the pages of a file of this kind and what is noted about it. Raises Rejected, EngineUnavailable."""

    def attached(self, path: Path, kind: str, limits: Limits) -> Iterator[Attachment]:
        """Yield the files inside a file of this kind, each once; one that cannot be taken out has no bytes. Raises Rejected, EngineUnavailable."""

    def understand(
        self,
        pages: Sequence[PageText],
        our_companies: Sequence[str] = (),
        forms: Sequence[Template] = (),
        category: str = "",
    ) -> Understanding:
        """Return what `intake.understand` finds on the pages of a document, as one of `category` where that is given.

        Of pages that it cannot cope with in time, that nothing is known. Raises EngineUnavailable.
        """

    @property
    def awaited(self) -> bool:
        """Whether somebody else waits to have pages read."""

    @property
    def free(self) -> bool:
        """Whether it could read more than it does."""

    def read(
        self, path: Path, inspection: Inspection, limits: Limits, numbers: Iterable[int] | None = None
    ) -> Iterator[ReadPage]:
        """Yield the pages in order; one that cannot be read says so by `trouble`. Raises Rejected, EngineUnavailable.

        numbers: only these pages, in this order; the next is asked for when somebody is free to read it.
        """
