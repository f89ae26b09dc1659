"""Rings on a page: the outlines of round seals, found as circles whether or not print crosses them or another seal touches them."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

_VOTES = 30  # of the circle transform: few enough for the smallest seal; what is no ring is told below
_MOST = 40  # circles that are looked at
_APART = 0.5  # of the radius of a ring: within it lies no middle of another
_REACH = (0.9, 1.12)  # parts of the radius between which the outer edge of the line is looked for
_DRAWN = 0.75  # part of the circle on which there must be ink
_INNER, _FULL = (0.8, 0.88), 0.5  # just within the ring there is mostly paper: a picture or a disc is full


class Ring(NamedTuple):
    """Middle and radius up to the outer edge of the line, in pixels."""

    x: float
    y: float
    radius: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The box around it."""
        x0, y0 = round(self.x - self.radius), round(self.y - self.radius)
        return x0, y0, round(self.x + self.radius) + 1, round(self.y + self.radius) + 1

    def touches(self, quad: NDArray[np.float32]) -> bool:
        """Tell whether some of a box (4 corners x (x, y)) lies within the ring or on its line."""
        return bool(cv2.pointPolygonTest(quad, (self.x, self.y), measureDist=True) > -self.radius)


def rings(ink: NDArray[np.bool_], smallest: float, largest: float) -> list[Ring]:
    """Return the rings drawn on `ink` (height x width), clearest first; smallest and largest: of their diameters, in pixels."""
    mask = np.ascontiguousarray(ink, dtype=np.uint8)
    if not mask.any() or smallest < 8:
        return []
    # The transform costs as the page is large; half of it shows every ring, and where it ends is measured on the whole.
    soft = cv2.GaussianBlur(mask * 255, (5, 5), 1.2)
    half = cv2.resize(soft, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    circles = cv2.HoughCircles(
        half,
        cv2.HOUGH_GRADIENT,
        dp=1,
        minDist=smallest / 4,
        param1=100,
        param2=_VOTES,
        minRadius=int(smallest / 4),
        maxRadius=int(largest / 4),
    )
    if circles is None:
        return []
    broad = np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), dtype=np.uint8)
    found = list[Ring]()
    for x, y, radius in (circles.reshape(-1, 3)[:_MOST] * 2).tolist():
        if any(np.hypot(x - other.x, y - other.y) < _APART * other.radius for other in found):
            continue
        ring = _measured(broad, *_centred(broad, x + 0.5, y + 0.5, radius), radius)
        if ring and 2 * ring.radius >= smallest:
            found.append(ring)
    return found


def _centred(ink: NDArray[np.uint8], x: float, y: float, radius: float) -> tuple[float, float]:
    """Return the middle of the circle moved to where the ink of most of its rays ends equally far away."""
    angles = np.linspace(0, 2 * np.pi, 180, endpoint=False, dtype=np.float32)
    reach = np.arange(_REACH[0] * radius, _REACH[1] * radius, 0.5, dtype=np.float32)
    waves = np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)], axis=1)
    for _ in range(3):
        inked = _rays(ink, x, y, angles, reach)
        edge = reach[reach.size - 1 - np.argmax(inked[:, ::-1], axis=1)]
        kept = inked.any(axis=1)
        kept &= np.abs(edge - np.median(edge[kept] if kept.any() else radius)) < 0.06 * radius
        if kept.sum() < 60:
            break
        _, across, down = np.linalg.lstsq(waves[kept], edge[kept], rcond=None)[0].tolist()
        x, y = x + across, y + down
    return x, y


def _measured(ink: NDArray[np.uint8], x: float, y: float, radius: float) -> Ring | None:
    """Return the ring of a circle, out to the edge of its line; None when no line runs along it, or no paper within."""
    reach = np.arange(_REACH[0] * radius, _REACH[1] * radius, dtype=np.float32)
    inked = _around(ink, x, y, reach)
    line = float(inked.max())
    if line < _DRAWN:
        return None
    outer = float(reach[np.flatnonzero(inked > line / 2)[-1]])
    within = _around(ink, x, y, np.linspace(_INNER[0] * outer, _INNER[1] * outer, 5, dtype=np.float32))
    return Ring(x, y, outer) if float(within.mean()) <= _FULL else None


def _around(ink: NDArray[np.uint8], x: float, y: float, radii: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return for each radius which part of its circle is inked (0..1)."""
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False, dtype=np.float32)
    return np.asarray(_rays(ink, x, y, angles, radii).mean(axis=0), dtype=np.float64)


def _rays(
    ink: NDArray[np.uint8], x: float, y: float, angles: NDArray[np.float32], radii: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Return whether there is ink at each angle (row) and radius (column)."""
    across, down = x + np.cos(angles)[:, None] * radii, y + np.sin(angles)[:, None] * radii
    at = cv2.remap(ink, across.astype(np.float32), down.astype(np.float32), cv2.INTER_NEAREST, borderValue=0)
    return np.asarray(at > 0, dtype=np.bool_)
