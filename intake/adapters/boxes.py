"""Boxes of text lines put right: corners in order, columns of labels taken apart, single letters that were passed over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from intake import orientation
from intake.model import Box
from intake.orientation import Quads
from intake.ports import Image

_MOST_MISSED = 60  # more scraps of ink than this are a pattern, no letters
_SEAL, _SEAL_LARGEST = 0.06, 0.35  # of the shorter side of a page: what is drawn round between them may be a seal


def straight(quads: Quads) -> Quads:
    """Return the boxes with their corners from the top left on: of standing ones aslant the detector turns some."""
    edges = np.roll(quads, -1, axis=1) - quads
    level = edges[..., 0] / np.maximum(np.linalg.norm(edges, axis=2), 1)  # 1: the edge runs to the right
    first = level.argmax(axis=1)
    turned = (first[:, None] + np.arange(4)) % 4
    return np.take_along_axis(quads, turned[..., None], axis=1)


def unstacked(image: Image, quads: Quads) -> Quads:
    """Return the boxes of an upright page, each standing one whose letters are far apart cut into its letters.

    The first letters of the labels of a form (名, 类, 住) stand below one another; the detector takes them for one
    upright line. Letters of a line set upright stand close.
    """
    kept = list[NDArray[np.float32]]()
    for quad, across, down in zip(quads, *orientation.sides(quads), strict=True):
        cells = _cells(image, quad, float(across)) if down >= orientation.ASPECT * across else []
        kept += [_upright(*cell) for cell in cells] if len(cells) > 1 else [quad]
    return np.asarray(kept, dtype=np.float32).reshape(-1, 4, 2)


def _cells(image: Image, quad: NDArray[np.float32], width: float) -> list[tuple[float, float, float, float]]:
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    x0, y0 = max(0, int(left)), max(0, int(top))
    part = image[y0 : int(bottom) + 1, x0 : int(right) + 1, 1]
    if part.size == 0:
        return []
    paper = float(np.percentile(part, 80))
    inked = (part < paper - 0.35 * (paper - float(part.min()))).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inked, [False])).astype(np.int8)))
    runs = list[list[int]]()
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and start - runs[-1][1] < 0.3 * width:  # within a letter
            runs[-1][1] = end
        else:
            runs.append([start, end])
    runs = [r for r in runs if r[1] - r[0] > 0.2 * width]
    if any(end - start > 1.4 * width for start, end in runs):  # letters that touch: a line set upright
        return []
    pad = 0.12 * width
    return [(left, y0 + start - pad, right, y0 + end + pad) for start, end in runs]


@dataclass(frozen=True)
class Bridge:
    """A box from one line through a seal: to the line that goes on behind it (None: to the end of the ink)."""

    quad: NDArray[np.float32]
    line: int
    rest: int | None


@dataclass(frozen=True)
class Again:
    """What to read once more: scraps of ink in no box, and lines that a seal cut. seals: boxes of seals as dark as print."""

    missed: Quads
    bridges: tuple[Bridge, ...] = ()
    seals: tuple[Box, ...] = ()


def again(image: Image, quads: Quads, known: Sequence[Box] = ()) -> Again:
    """Return the boxes that the detector should have found, too. image: upright page; quads: the boxes found on it; known: seals on it.

    missed: scraps of ink the size of a letter or two, level with a line of text and in no box: it passes over letters
    that stand alone (名　　称). bridges: where a seal as dark as the print lies over a line, it finds but its two ends.
    """
    none = np.zeros((0, 4, 2), dtype=np.float32)
    across, down = orientation.sides(quads)
    lying = across >= orientation.ASPECT * down
    if lying.sum() < 3:
        return Again(none)
    page = _Page(quads, lying, float(np.median(down[lying])) * 0.8)
    ink = _ink(image, page.letter)
    seals = [*known, *_round_shapes(ink, min(image.shape[:2]))]
    found = _missed(ink.copy(), page, seals)
    return Again(found if 0 < len(found) <= _MOST_MISSED else none, tuple(_bridges(ink, page, seals)), tuple(seals))


class _Page:
    """The boxes of a page with what is often asked of them, on the page levelled by the slope of its lines."""

    def __init__(self, quads: Quads, lying: NDArray[np.bool_], letter: float) -> None:
        self.quads, self.lying, self.letter = quads, lying, letter
        edges = quads[lying, 1] - quads[lying, 0]
        self.slope = float(np.median(edges[:, 1] / np.maximum(edges[:, 0], 1)))
        middles = quads.mean(axis=1)
        self.heights = middles[:, 1] - self.slope * middles[:, 0]
        self.left, self.right = quads[:, :, 0].min(axis=1), quads[:, :, 0].max(axis=1)

    def level(self, x: float, y: float) -> NDArray[np.bool_]:
        """Tell which lying boxes stand at the height of this place."""
        near: NDArray[np.bool_] = np.abs(self.heights - (y - self.slope * x)) < 0.45 * self.letter
        return near & self.lying


_Boxes = list[Box]


def _round_shapes(ink: NDArray[np.uint8], side: int) -> _Boxes:
    """Return the boxes of what is drawn as large and round as a seal."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return [
        (int(x), int(y), int(x + w), int(y + h))
        for x, y, w, h, _ in stats[1:count]
        if min(w, h) > _SEAL * side and max(w, h) < _SEAL_LARGEST * side and 0.6 < w / h < 1.7
    ]


def _missed(ink: NDArray[np.uint8], page: _Page, seals: _Boxes) -> Quads:
    around = page.quads + (page.quads - page.quads.mean(axis=1, keepdims=True)) * np.array(
        [0.02, 0.1], dtype=np.float32
    )
    for quad in around:
        cv2.fillConvexPoly(ink, quad.round().astype(np.int32), 0)
    letter = page.letter
    reach = np.ones((max(1, round(0.2 * letter)), max(1, round(0.3 * letter))), np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, reach), connectivity=8)
    found = []
    for x, y, w, h, area in stats[1:count].tolist():
        if not (0.55 * letter <= h <= 1.4 * letter and 0.4 * letter <= w <= 2.6 * letter and area > 0.12 * w * h):
            continue
        cx, cy = x + w / 2, y + h / 2
        distance = np.minimum(np.abs(page.left - x - w), np.abs(page.right - x))
        beside = page.level(cx, cy) & (distance < 9 * letter)
        if beside.any() and not any(a <= cx <= c and b <= cy <= d for a, b, c, d in seals):
            pad = 0.14 * letter
            found.append(_upright(x - pad, y - pad, x + w + pad, y + h + pad))
    return np.asarray(found, dtype=np.float32).reshape(-1, 4, 2)


def _bridges(ink: NDArray[np.uint8], page: _Page, seals: _Boxes) -> Iterator[Bridge]:
    for i in np.flatnonzero(page.lying).tolist():
        quad = page.quads[i]
        end = quad[[1, 2]].mean(axis=0)
        seal = next((s for s in seals if s[0] - page.letter <= end[0] < s[2] and s[1] < end[1] < s[3]), None)
        if seal is None:
            continue
        behind = page.level(float(end[0]), float(end[1])) & (page.left > end[0] - 0.5 * page.letter)
        behind &= page.left < seal[2] + 2 * page.letter
        rest = min(np.flatnonzero(behind).tolist(), key=lambda j: page.left[j], default=None)
        stop = float(page.right[rest]) if rest is not None else _end_of_ink(ink, quad, seal[2] + page.letter, page)
        if stop - end[0] < 0.8 * page.letter:
            continue
        more = np.array([stop - end[0], page.slope * (stop - end[0])], dtype=np.float32)
        longer = quad.copy()
        longer[1] += more
        longer[2] += more
        yield Bridge(longer, i, rest)


def _end_of_ink(ink: NDArray[np.uint8], quad: NDArray[np.float32], limit: float, page: _Page) -> float:
    """Return how far right of the box the ink at its height goes without a gap of a letter, up to `limit`."""
    start, height = int(quad[1][0]), float(quad[2][1] - quad[1][1])
    stop = start
    for x in range(start, min(int(limit), ink.shape[1])):
        top = float(quad[1][1]) + page.slope * (x - start)
        if ink[max(0, int(top + 0.2 * height)) : max(1, int(top + 0.8 * height)), x].any():
            stop = x
        elif x - stop > page.letter:
            break
    return float(stop)


def _ink(image: Image, letter: float) -> NDArray[np.uint8]:
    """Return 1 where the page is clearly darker than around, long ruled lines left out."""
    block = max(15, round(2 * letter)) | 1
    gray = np.ascontiguousarray(image[..., 1])
    ink = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 25)
    length = max(3, round(2.5 * letter))
    for size in ((length, 1), (1, length)):
        ink = cv2.subtract(ink, cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(size, np.uint8)))
    return np.asarray(ink, dtype=np.uint8)


def _upright(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float32]:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)
