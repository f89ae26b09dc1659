"""Seals lie over print and hide it from the engines; here they are lifted off the copy that is read."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from intake.ports import Image

_RED = 40  # how much more red than green and blue ink must be, of 255
_COLOURED = 1e-4  # part of a page that is red where there is any red ink
_GRAY = (60, 170)  # what a red seal becomes on a gray scan; print is darker, paper lighter
_CONTRAST = 35  # how much lighter than the print a gray seal must be
_SMALLEST, _LARGEST = 0.06, 0.5  # width and height of a seal as part of the shorter side: 12 mm to half an A4 page
_CLOSED = 0.75  # part of the outline that must be drawn: letters touch their outline here and there, seals follow it
_WORK_SIDE = 1200  # seals are looked for on a copy of about this size


def lift(image: Image) -> Image:
    """Return the image with the ink of seals turned into paper and the print under it kept; itself if there is none.

    image: height x width x 3, RGB. Print that is no seal (a red headline) stays. A seal is a shape about as wide as high
    whose outline is drawn, in red; on a gray scan, in a gray clearly lighter than the print.
    """
    factor = max(1, round(max(image.shape[:2]) / _WORK_SIDE))
    red = _redness(image[::factor, ::factor]) > _RED
    coloured = bool(red.mean() > _COLOURED)
    boxes = _seals(red if coloured else _middle_gray(image)[::factor, ::factor])
    darkest = float(np.percentile(image[::4, ::4, 1], 0.5)) if boxes else 0.0
    result = image
    pad = 3
    for x0, y0, x1, y1 in boxes:
        part = np.s_[max(0, y0 - pad) * factor : (y1 + pad) * factor, max(0, x0 - pad) * factor : (x1 + pad) * factor]
        lifted = _red_lifted(image[part]) if coloured else _gray_lifted(image[part], darkest)
        if lifted is None:
            continue
        if result is image:
            result = image.copy()
        result[part] = lifted
    return result


def _redness(image: Image) -> NDArray[np.uint8]:
    red, green, blue = cv2.split(np.ascontiguousarray(image))
    return np.asarray(cv2.subtract(red, cv2.max(green, blue)), dtype=np.uint8)


def _middle_gray(image: Image) -> NDArray[np.bool_]:
    """Return where strokes are neither as dark as print nor as light as paper. Edges of print are thinner than strokes."""
    gray = image[..., 1]
    middle = cv2.inRange(gray, np.array([_GRAY[0]]), np.array([_GRAY[1]]))
    return np.asarray(cv2.morphologyEx(middle, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), dtype=np.bool_)


def _red_lifted(part: Image) -> Image | None:
    """Return the part with reddish pixels replaced by how dark they are in red light, where red ink is paper."""
    ink = _redness(part)
    strong = ink > _RED
    if not strong.any() or strong.all():
        return None
    red = part[..., 0].astype(np.float32)
    paper = float(np.percentile(part[..., 1][~strong], 75))
    # Ink of a seal is a little darker than paper even in red light, unevenly so: its darkest twentieth is the measure.
    level = max(60.0, float(np.percentile(red[strong], 5)))
    clean = np.clip(red * (paper / level), 0, paper)
    share = np.clip(ink.astype(np.float32) * 2 / _RED, 0, 1)[..., None]  # soft edges, no new outlines
    mixed = part * (1 - share) + clean[..., None] * share
    return np.asarray(mixed.round(), dtype=np.uint8)


def _gray_lifted(part: Image, print_level: float) -> Image | None:
    """Return the part with all that is not as dark as print turned into paper; None when print and seal are alike.

    print_level: how dark the print of the page is, 0..255.
    """
    gray = part[..., 1]
    ink = gray[_middle_gray(part)]
    if ink.size == 0:
        return None
    paper, level = float(np.percentile(gray, 75)), float(np.percentile(ink, 10))
    if level < min(print_level, float(np.percentile(gray, 0.5))) + _CONTRAST:
        return None
    clean = np.clip(gray.astype(np.float32) * (paper / level), 0, paper)
    return np.repeat(clean.round().astype(np.uint8)[..., None], 3, axis=2)


def _seals(ink: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    mask = np.ascontiguousarray(ink, dtype=np.uint8)
    if not mask.any():
        return []
    side = min(mask.shape)
    reach = max(3, round(0.02 * side)) | 1
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        x, y, w, h = cv2.boundingRect(contour)
        if not (_SMALLEST * side <= min(w, h) and max(w, h) <= _LARGEST * side and 0.45 <= w / h <= 2.2):
            continue
        if _drawn(contour, closed[y : y + h, x : x + w], x, y) >= _CLOSED:
            found.append((x, y, x + w, y + h))
    # Framed characters of a headline come several in a row; seals hardly ever touch the third one.
    return [box for box in found if sum(_neighbours(box, other) for other in found) < 3]


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
