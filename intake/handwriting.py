"""Where a page was written on by hand: strokes that run on from letter to letter, beside the print.

Print stands letter by letter; a pen does not stop. What is looked for is ink that no line of print accounts for, joined into one
piece wider than a letter, thin of stroke and full of paper. Hand that is set letter by letter like print is not told from it.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from intake.model import Box, Line
from intake.ports import Image

_WORK_SIDE = 1200  # strokes are looked for on a copy of about this size
_PRINT = 0.8  # what the engine reads at least so surely is print: scrawls read below it
_LOW, _HIGH = 0.6, 5.0  # how high a piece is, in heights of a line
_SHORT, _LONG = 1.2, 14.0  # and how wide
_FULL = 0.38  # part of its box that ink fills at most
_STROKE = 0.16  # how thick a stroke is at most, in heights of a line
_LINES = 3  # lines of print a page has at least: without them there is no measure
_TURNS = 1.5  # how long the stroke is at least, in widths of its box: a crease or a rule goes straight


def found(image: Image, lines: Sequence[Line], seals: Sequence[Box] = ()) -> tuple[Box, ...]:
    """Return the boxes of handwriting on an upright page, from top to bottom.

    image: height x width x 3, RGB, its seals lifted. lines: what was read on it. seals: those that could not be lifted; their
    ink is like that of a pen.
    """
    printed = [line for line in lines if line.confidence >= _PRINT]
    if len(printed) < _LINES:
        return ()
    factor = max(1, round(max(image.shape[:2]) / _WORK_SIDE))
    letter = float(np.median([line.box[3] - line.box[1] for line in printed])) * 0.8 / factor
    ink = _ink(image, factor, letter)
    for x0, y0, x1, y1 in seals:
        ink[y0 // factor : y1 // factor + 1, x0 // factor : x1 // factor + 1] = 0
    for line in printed:
        for box in [word.box for word in line.words if word.confidence >= _PRINT] or [line.box]:
            x0, y0, x1, y1 = (round(v / factor) for v in box)
            ink[max(0, y0 - 1) : y1 + 2, max(0, x0 - 1) : x1 + 2] = 0
    reach = max(1, round(0.12 * letter)) | 1
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    boxes = list[Box]()
    for number, (x, y, w, h, _area) in enumerate(sizes.tolist()):
        if number and _LOW * letter <= h <= _HIGH * letter and _SHORT * letter <= w <= _LONG * letter:
            piece = ink[y : y + h, x : x + w] * (parts[y : y + h, x : x + w] == number)
            if _is_written(piece.astype(np.uint8), letter):
                boxes.append((x * factor, y * factor, (x + w) * factor, (y + h) * factor))
    return tuple(sorted(boxes, key=lambda b: (b[1], b[0])))


def _ink(image: Image, factor: int, letter: float) -> NDArray[np.uint8]:
    """Return 1 where the page is clearly darker than around, ruled lines left out, on a copy smaller by `factor`."""
    gray = np.ascontiguousarray(image[..., 1])
    if factor > 1:
        gray = np.asarray(
            cv2.resize(gray, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    block = max(15, round(2 * letter)) | 1
    ink = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 25)
    length = max(3, round(2.5 * letter))
    for size in ((length, 1), (1, length)):
        ruled = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(size, np.uint8))
        ink = cv2.subtract(ink, cv2.dilate(ruled, np.ones((3, 3), np.uint8)))
    return np.asarray(ink, dtype=np.uint8)


def _is_written(piece: NDArray[np.uint8], letter: float) -> bool:
    """Tell whether a piece of ink was drawn with a pen: thin, far from filling its box, and longer than it is wide."""
    area = int(piece.sum())
    if not 0 < area <= _FULL * piece.size:
        return False
    thick = 2 * float(cv2.distanceTransform(np.pad(piece, 1), cv2.DIST_L2, 3)[1:-1, 1:-1][piece > 0].mean())
    return thick <= _STROKE * 2 * letter and area / max(thick, 1.0) >= _TURNS * piece.shape[1]
