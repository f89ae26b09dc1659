"""What intake needs from outside: an engine that reads images."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from intake.model import Line

Image = NDArray[np.uint8]


class OcrEngine(Protocol):
    """Reads the text of an upright page image (height x width x 3, RGB)."""

    name: str

    def read(self, image: Image) -> Sequence[Line]:
        """Return the lines as found, in any order, boxes in pixels of `image`. Raises EngineUnavailable."""

    def rotation(self, image: Image) -> int:
        """Return the degrees clockwise (0, 90, 180, 270) that turn `image` upright; 0 when there is no text."""
