"""Colons at the end of a label: the recogniser passes over them behind a bracket or where a seal or a signature follows."""

import re
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from intake import orientation
from intake.adapters.readings import Reading
from intake.ports import Image

_LABEL = re.compile(r"[\u3400-\u9fff）)]")
_REACH = 1.3  # heights of a line from its last letter in which its colon stands
_DOT = (0.05, 0.24)  # width and height of a dot, in heights of the line
_BETWEEN = (0.2, 0.6)  # and how far their middles lie from each other
_SURE = 0.9


def with_colon(image: Image, reading: Reading, quad: NDArray[np.float32]) -> tuple[Reading, NDArray[np.float32]]:
    """Return the reading and the box of a line, with the colon that stands behind its last letter; as they are where there is none.

    image: the page the line was read on. A colon is two dots alike, one above the other, with nothing beside them.
    """
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    text = reading.text.rstrip()
    if across < orientation.ASPECT * down or not text or not _LABEL.match(text[-1]):
        return reading, quad
    along, upright = (quad[1] - quad[0]) / across, (quad[3] - quad[0]) / max(down, 1)
    letter = 0.8 * down
    start = max(0.0, reading.places[len(text) - 1]) * across + (0.25 if text[-1] in "）)" else 0.4) * letter
    corner = quad[0] + along * start
    width, height = round(_REACH * letter), round(down)
    matrix = np.array([[along[0], upright[0], corner[0]], [along[1], upright[1], corner[1]]], dtype=np.float32)
    cut = cv2.warpAffine(
        image[..., 1], matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=255
    )
    end = _end_of_colon(np.asarray(cut, dtype=np.uint8), letter)
    if end is None:
        return reading, quad
    stop = max(across, start + end + 0.1 * letter)
    longer = quad.copy()
    longer[1], longer[2] = quad[0] + along * stop, quad[3] + along * stop
    places = tuple(p if p < 0 else p * across / stop for p in reading.places[: len(text)])
    place = (start + end - 0.1 * letter) / stop
    said = replace(reading, text=text + "：", places=(*places, place), scores=(*reading.scores[: len(text)], _SURE))
    return said, longer


def _end_of_colon(cut: NDArray[np.uint8], letter: float) -> float | None:
    """Return where the colon in a cut of a line (gray, height x width) ends, in pixels from its left; None for no colon."""
    paper = float(np.percentile(cut, 90))
    dark = float(cut.min())
    if paper - dark < 60:
        return None
    ink = (cut < (paper + dark) / 2).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    low, high = _DOT
    dots = [
        (x, y, w, h)
        for x, y, w, h, area in stats[1:count].tolist()
        if 0 < x < cut.shape[1] - w
        and low * letter <= min(w, h)
        and max(w, h) <= high * letter
        and max(w, h) <= 1.6 * min(w, h)
        and area > 0.55 * w * h
    ]
    for i, (x, y, w, h) in enumerate(dots):
        for a, b, c, d in dots[i + 1 :]:
            apart = abs(y + h / 2 - b - d / 2)
            alike = max(w, c) <= 1.6 * min(w, c) and max(h, d) <= 1.6 * min(h, d)
            if (
                not alike
                or abs(x + w / 2 - a - c / 2) > 0.08 * letter
                or not _BETWEEN[0] < apart / letter < _BETWEEN[1]
            ):
                continue
            left, right = min(x, a), max(x + w, a + c)
            margin = max(1, round(0.06 * letter))
            beside = ink[:, max(0, left - margin) : right + margin].sum() - ink[y : y + h, x : x + w].sum()
            if beside <= ink[b : b + d, a : a + c].sum():
                return float(right)
    return None
