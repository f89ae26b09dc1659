"""How high the print of a page is, told from its ink before any line is found: by it the detector gets a copy no larger than it needs."""

import cv2
import numpy as np
from numpy.typing import NDArray

from intake.ports import Image

_WORK_SIDE = 1440  # pixels of the longer side of the copy that is looked at
_PIECE = (5, 90)  # how high and broad a piece of print is on it at least and at most
_FULL = 0.12  # part of its box that ink fills at least: frames are empty
_SMALL = 20  # percent of the print that is smaller than what is told
_LEAST = 12  # pieces without which nothing is told


def print_height(image: Image) -> float | None:
    """Return how high the smaller print of a page is, in its pixels, whichever way it lies; None where there is hardly any.

    image: height x width x 3. Parts of a letter are joined, so that a piece is a letter or some letters of a line: the shorter side of
    its box is the height, and it counts by how long it is.
    """
    longer = max(image.shape[:2])
    factor = min(1.0, _WORK_SIDE / longer)
    gray = np.ascontiguousarray(image[..., 1])
    if factor < 1:
        gray = np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    ink = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 20)
    for size in ((60, 1), (1, 60)):  # rules
        ink = cv2.subtract(ink, cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(size, np.uint8)))
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    return _smaller(np.asarray(stats[1:count], dtype=np.int32), factor)


def _smaller(pieces: NDArray[np.int32], factor: float) -> float | None:
    sides = pieces[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    low, high = sides.min(axis=1), sides.max(axis=1)
    kept = (low >= _PIECE[0]) & (low <= _PIECE[1])
    kept &= pieces[:, cv2.CC_STAT_AREA] > _FULL * low * high
    if kept.sum() < _LEAST:
        return None
    heights, lengths = low[kept], high[kept].astype(np.float64)
    order = np.argsort(heights)
    reached = np.cumsum(lengths[order]) >= lengths.sum() * _SMALL / 100
    return float(heights[order][int(np.argmax(reached))]) / factor
