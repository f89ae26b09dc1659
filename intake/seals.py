"""Seals lie over print and hide it from the engines; here they are lifted off the copy that is read."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from intake import rings, textlayer
from intake.model import Box
from intake.ports import Image

RED = 40  # how much more red than green and blue ink must be, of 255
_COLOURED = 1e-4  # part of a page that is red where there is any red ink
GRAY = (60, 170)  # what a red seal becomes on a gray scan; print is darker, paper lighter
_CONTRAST = 35  # how much lighter than the print a gray seal must be
_PRINT = 0.55  # of the way from print to seal, what is darker is print
_STROKE = 550  # the shorter side of a page in strokes of a seal
_PRESSED = 12  # how much lighter than print the darkest ink of a seal is
_GRAIN = 6  # pixels: smaller spots of dark are no print
_SMALLEST, _LARGEST = 0.06, 0.5  # width and height of a seal as part of the shorter side: 12 mm to half an A4 page
_CLOSED = 0.75  # part of the outline that must be drawn: letters touch their outline here and there, seals follow it
_ROUND = 0.88  # part of its box that a round shape fills at most
_SQUARE = 0.17  # side of a square seal, 12 to 35 mm, at most
_BESIDE = 0.7  # part of a square seal that lies beside a ring which it touches, at least
_CLOSINGS = (0.004, 0.01, 0.02)  # gaps in the outline of a seal, as part of the shorter side
_WORK_SIDE = 1200  # seals are looked for on a copy of about this size


@dataclass(frozen=True)
class Stamps:
    """Where seals lie on an image, on a grid of every `factor`-th pixel. coloured: they are red; else a gray lighter than the print."""

    boxes: tuple[Box, ...]
    coloured: bool
    factor: int

    @property
    def places(self) -> tuple[Box, ...]:
        """Their boxes in pixels of the image, x1 and y1 at most a grid step beyond it."""
        f = self.factor
        return tuple((x0 * f, y0 * f, x1 * f, y1 * f) for x0, y0, x1, y1 in self.boxes)


def locate(image: Image) -> Stamps:
    """Return where seals lie. image: height x width x 3, RGB.

    A seal is a shape about as wide as high whose outline is drawn, in red; on a gray scan, in a gray clearly lighter than the print.
    """
    factor = max(1, round(max(image.shape[:2]) / _WORK_SIDE))
    red = redness(image[::factor, ::factor]) > RED
    coloured = bool(red.mean() > _COLOURED)
    boxes = shapes(red if coloured else _middle_gray(image)[::factor, ::factor])
    return Stamps(tuple(boxes), coloured, factor)


def turned(stamps: Stamps, turn: int, shape: tuple[int, ...]) -> Stamps:
    """Return the same seals after an image of this shape was turned by `turn` degrees clockwise."""
    height, width = (-(-side // stamps.factor) for side in shape[:2])
    boxes = tuple(textlayer.turned(box, turn, width, height) for box in stamps.boxes)
    return Stamps(boxes, stamps.coloured, stamps.factor)


def lift(image: Image, stamps: Stamps | None = None) -> Image:
    """Return the image with the ink of seals turned into paper and the print under it kept; itself if there is none.

    image: height x width x 3, RGB. Print that is no seal (a red headline) stays. stamps: what `locate` said of it.
    """
    stamps = stamps or locate(image)
    boxes, coloured, factor = stamps.boxes, stamps.coloured, stamps.factor
    darkest = float(np.percentile(image[::4, ::4, 1], 0.5)) if boxes else 0.0
    stroke = max(3, round(min(image.shape[:2]) / _STROKE)) | 1
    result = image
    pad = 3
    for x0, y0, x1, y1 in boxes:
        part = np.s_[max(0, y0 - pad) * factor : (y1 + pad) * factor, max(0, x0 - pad) * factor : (x1 + pad) * factor]
        lifted = _red_lifted(image[part]) if coloured else _gray_lifted(image[part], darkest, stroke)
        if lifted is None:
            continue
        if result is image:
            result = image.copy()
        result[part] = lifted
    return result


def redness(image: Image) -> NDArray[np.uint8]:
    """Return how much more red than green or blue every pixel is (0..255)."""
    red, green, blue = cv2.split(np.ascontiguousarray(image))
    return np.asarray(cv2.subtract(red, cv2.max(green, blue)), dtype=np.uint8)


def _middle_gray(image: Image) -> NDArray[np.bool_]:
    """Return where strokes are neither as dark as print nor as light as paper. Edges of print are thinner than strokes."""
    gray = image[..., 1]
    middle = cv2.inRange(gray, np.array([GRAY[0]]), np.array([GRAY[1]]))
    return np.asarray(cv2.morphologyEx(middle, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), dtype=np.bool_)


def _red_lifted(part: Image) -> Image | None:
    """Return the part with reddish pixels replaced by how dark they are in red light, where red ink is paper."""
    ink = redness(part)
    strong = ink > RED
    if not strong.any() or strong.all():
        return None
    red = part[..., 0].astype(np.float32)
    paper = float(np.percentile(part[..., 1][~strong], 75))
    # Ink of a seal is a little darker than paper even in red light, unevenly so: its darkest twentieth is the measure.
    level = max(60.0, float(np.percentile(red[strong], 5)))
    clean = np.clip(red * (paper / level), 0, paper)
    share = np.clip(ink.astype(np.float32) * 2 / RED, 0, 1)[..., None]  # soft edges, no new outlines
    mixed = part * (1 - share) + clean[..., None] * share
    return np.asarray(mixed.round(), dtype=np.uint8)


def _gray_lifted(part: Image, print_level: float, stroke: int) -> Image | None:
    """Return the part with all that is not as dark as print turned into paper; None when print and seal are alike.

    print_level: how dark the print of the page is, 0..255. stroke: pixels a seal's strokes are wide. Print keeps its soft edges: what lies beside it stays.
    """
    gray = part[..., 1]
    ink = gray[_middle_gray(part)]
    if ink.size == 0:
        return None
    paper, level = float(np.percentile(gray, 75)), float(np.median(ink))
    dark = min(print_level, float(np.percentile(gray, 0.5)))
    if level < dark + _CONTRAST:
        return None
    limit = dark + _PRINT * (_around(gray, dark, level, stroke) - dark)
    core = (gray < limit).astype(np.uint8)
    # A dark grain of the seal is no print: strokes hold together.
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    core[sizes[:, cv2.CC_STAT_AREA][parts] < _GRAIN] = 0
    near = cv2.dilate(core, np.ones((3, 3), np.uint8)).astype(bool)
    # Fine print may be as pale as the seal: only broad strokes of gray are taken for its ink, with their soft edges.
    middle = (gray >= limit) & (gray <= GRAY[1])
    broad = cv2.morphologyEx(middle.astype(np.uint8), cv2.MORPH_OPEN, np.ones((stroke, stroke), np.uint8))
    broad = cv2.dilate(broad, np.ones((stroke + 2, stroke + 2), np.uint8)).astype(bool)
    clean = np.where(broad & ~near, paper, gray).astype(np.uint8)
    return np.repeat(clean[..., None], 3, axis=2)


def _around(gray: NDArray[np.uint8], dark: float, level: float, stroke: int) -> NDArray[np.float32]:
    """Return how dark the seal's ink is around every place: pressed unevenly, it is as dark as print in parts."""
    inked = ((gray > dark + _PRESSED) & (gray <= GRAY[1])).astype(np.uint8)
    inked = cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((stroke, stroke), np.uint8)).astype(np.float32)
    window = (gray.shape[1] // 5 | 1, gray.shape[0] // 5 | 1)
    there = cv2.blur(inked, window)
    mean = cv2.blur(inked * gray, window) / np.maximum(there, 1e-6)
    return np.where(there > 0.01, np.minimum(mean, level), level).astype(np.float32)


def shapes(ink: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Return the boxes of rings, and of other shapes of ink about as wide as high whose outline is drawn, in pixels of `ink`."""
    mask = np.ascontiguousarray(ink, dtype=np.uint8)
    if not mask.any():
        return []
    side = min(mask.shape)
    # Rings first: what is closed below may be the letters within one, or two rings that touch.
    ringed = rings.rings(ink, _SMALLEST * side, _LARGEST * side)
    found = [ring.box for ring in ringed]
    found += _leaning(mask, ringed, found)
    # A seal alone needs little closing; a worn one more, which would make one shape of it and its neighbour.
    for share in _CLOSINGS:
        reach = max(3, round(share * side)) | 1
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        contours, tree = cv2.findContours(closed, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
        for contour, place in sorted(zip(contours, tree[0], strict=True), key=lambda c: -cv2.contourArea(c[0])):
            x, y, w, h = cv2.boundingRect(contour)
            within = place[3] >= 0  # in a frame, say: of these only what is round, the cells of a form are not
            if within and cv2.contourArea(cv2.convexHull(contour)) > _ROUND * w * h:
                continue
            if not (_SMALLEST * side <= min(w, h) and max(w, h) <= _LARGEST * side and 0.45 <= w / h <= 2.2):
                continue
            if any(a <= x + w / 2 <= c and b <= y + h / 2 <= d for a, b, c, d in found):
                continue
            if any(x <= (a + c) / 2 <= x + w and y <= (b + d) / 2 <= y + h for a, b, c, d in found[: len(ringed)]):
                continue
            if _drawn(contour, closed[y : y + h, x : x + w], x, y) >= _CLOSED:
                found.append((x, y, x + w, y + h))
    # Framed characters of a headline come several in a row; seals hardly ever touch the third one.
    return [box for box in found if sum(_neighbours(box, other) for other in found) < 3]


def _leaning(mask: NDArray[np.uint8], ringed: list[rings.Ring], found: list[Box]) -> list[Box]:
    """Return the boxes of square seals that touch a ring or reach into it, besides those found: what is left of them beside the ring."""
    side, boxes = min(mask.shape), list[Box]()
    for ring in ringed:
        reach = round(2.2 * ring.radius)
        x0, y0 = max(0, round(ring.x) - reach), max(0, round(ring.y) - reach)
        rest = mask[y0 : round(ring.y) + reach, x0 : round(ring.x) + reach].copy()
        for other in ringed:
            cv2.circle(rest, (round(other.x) - x0, round(other.y) - y0), round(other.radius) + 1, 0, -1)
        rest = np.asarray(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), dtype=np.uint8)
        contours, _ = cv2.findContours(rest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            x, y, w, h = cv2.boundingRect(contour)
            long = max(w, h)
            if min(w, h) < _BESIDE * long or not _SMALLEST * side <= long <= _SQUARE * side:
                continue
            # What lies within the ring is lacking on the side that faces it.
            x -= (long - w) * (x0 + x + w / 2 > ring.x)
            y -= (long - h) * (y0 + y + h / 2 > ring.y)
            box = x0 + x, y0 + y, x0 + x + long, y0 + y + long
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            known = any(a <= middle[0] <= c and b <= middle[1] <= d for a, b, c, d in (*found, *boxes))
            if not known and cv2.contourArea(cv2.convexHull(contour)) > _BESIDE * w * h:
                boxes.append(box)
    return boxes


def _drawn(contour: Any, mask: Any, x: int, y: int) -> float:
    """Return how much of the convex outline of a shape is really there (0..1)."""
    outline = np.zeros_like(mask)
    hull = cv2.convexHull(contour) - np.array([x, y], dtype=np.int32)
    cv2.polylines(outline, [hull], isClosed=True, color=1, thickness=1)
    near = max(3, round(0.05 * min(mask.shape))) | 1
    drawn = cv2.dilate(mask, np.ones((near, near), np.uint8))
    return float((outline & drawn).sum() / max(1, outline.sum()))


def _neighbours(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    height = a[3] - a[1]
    return abs(a[1] - b[1]) < 0.3 * height and abs(a[3] - b[3]) < 0.3 * height and abs(a[0] - b[0]) < 4 * height
