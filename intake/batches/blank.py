"""Blank backs: how much ink is on a page once the scanner's own traces are taken away.

Taken away are: dark borders where the glass was not covered, what shines through from the other side, punch holes, dust.
A page is blank when less than BLANK of it is inked. The figures behind the numbers are in docs/intake.md; the doubt always
goes to the page: a page number alone is ink enough.
"""

from functools import reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: The share of a page (0..1) below which it is blank: on A4 that is half a square millimetre of ink.
BLANK = 8e-6

_DPI = 100.0  # the resolution it is measured at
_CONTRAST = 0.22  # of the paper's brightness: pencil and seals lie above, what shines through lies below
_DARKEST_PAPER = 100.0  # of 255: what is darker all over is no paper, and never blank
_BORDER_MM = 12.0  # borders reach this far into the page
_EDGE_MM = 1.0
_HOLE_MM = (3.5, 9.0)  # diameters of punch holes (ISO 838: 6 mm)
_HOLE_AT_MM = 22.0  # how far from an edge they lie
_DUST_MM2 = 0.15


def ink(image: NDArray[Any], dpi: float) -> float:
    """Return the share (0..1) of the page that is inked. image: height x width, or height x width x 3 (RGB)."""
    # The darkest channel: a red seal is as dark as print there. (NumPy's minimum along three values takes ten times as long.)
    plane = reduce(np.minimum, np.moveaxis(image, 2, 0)) if image.ndim == 3 else image
    factor = min(1.0, _DPI / dpi)
    size = (max(1, round(plane.shape[1] * factor)), max(1, round(plane.shape[0] * factor)))
    small = cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (3, 3), 0)
    mm = dpi * factor / 25.4
    dark = (small < _paper(small, mm) * (1 - _CONTRAST)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    kept = np.zeros(count, bool)
    for i in range(1, count):
        kept[i] = _is_ink(stats[i], small.shape, mm)
    inked = kept[labels]
    inked &= ~_border(labels, dark, mm)
    return float(inked.sum()) / float(inked.size)


def _paper(small: NDArray[Any], mm: float) -> NDArray[Any]:
    """Return how bright the paper is at every place: the page without what is thinner than two centimetres, smoothed."""
    coarse = cv2.resize(small, (max(8, small.shape[1] // 8), max(8, small.shape[0] // 8)), interpolation=cv2.INTER_AREA)
    side = max(3, round(20 * mm / 8) | 1)
    lifted = cv2.morphologyEx(
        cv2.copyMakeBorder(coarse, side, side, side, side, cv2.BORDER_REPLICATE),
        cv2.MORPH_CLOSE,
        cv2.getStructuringElement(cv2.MORPH_RECT, (side, side)),
    )[side:-side, side:-side]
    # A broad black area is no paper: nowhere is the paper much darker than on the page as a whole.
    floor = np.float32(max(_DARKEST_PAPER, 0.75 * float(np.percentile(lifted, 75))))
    smooth = cv2.GaussianBlur(np.maximum(lifted.astype(np.float32), floor), (0, 0), 3)
    return np.asarray(cv2.resize(smooth, (small.shape[1], small.shape[0])), np.float32)


def _is_ink(stats: NDArray[Any], shape: tuple[int, ...], mm: float) -> bool:
    x, y, w, h, area = (float(v) for v in stats)
    if area < _DUST_MM2 * mm * mm:
        return False
    low, high = _HOLE_MM[0] * mm, _HOLE_MM[1] * mm
    edge = min(x + w / 2, y + h / 2, shape[1] - x - w / 2, shape[0] - y - h / 2)
    disc = low <= w <= high and low <= h <= high and 0.8 <= w / h <= 1.25 and 0.7 <= area / (w * h) <= 0.88
    return not (disc and edge <= _HOLE_AT_MM * mm)


def _border(labels: NDArray[Any], dark: NDArray[Any], mm: float) -> NDArray[Any]:
    """Return where the scanner's dark border is: what touches an edge, as far as a border reaches."""
    rim, reach = max(1, round(_EDGE_MM * mm)), round(_BORDER_MM * mm)
    outer = np.ones(dark.shape, bool)
    outer[rim:-rim, rim:-rim] = False
    touching = np.unique(labels[outer & (dark > 0)])
    band = np.ones(dark.shape, bool)
    band[reach:-reach, reach:-reach] = False
    return np.asarray(band & np.isin(labels, touching[touching > 0]), bool)
