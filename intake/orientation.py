"""Which way up a page lies, judged by reading a few of its lines both ways."""

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Quads = NDArray[np.float32]  # n x 4 corners x (x, y): top left, top right, bottom right, bottom left as they lie
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SAMPLE = 5  # lines read for one judgement
_SURE = 0.93  # sound lines read better than this, lines upside down do not: measured, see docs/intake.md
_SOUND = 0.9  # nor is there need to look at the smaller group of lines when the greater one reads like this
ASPECT = 1.5  # from here on a box has a direction, and RapidOCR cuts a standing one out lying


class Read(Protocol):
    """Reads boxes of a page."""

    def __call__(self, wanted: Sequence[tuple[int, bool]]) -> Sequence[tuple[str, float]]:
        """Return text and confidence of each wanted (number of the box, whether it is turned by 180 degrees first)."""


def sides(quads: Quads) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return width and height of every box along its own edges, in pixels."""
    across = np.linalg.norm(quads[:, 0] - quads[:, 1], axis=1)
    down = np.linalg.norm(quads[:, 0] - quads[:, 3], axis=1)
    return across.astype(np.float32), down.astype(np.float32)


def rotation(quads: Quads, read: Read) -> int:
    """Return the degrees clockwise (0, 90, 180, 270) that turn a page with these text boxes upright.

    quads: the boxes found on the page as it lies. A box taller than wide must be read after a quarter turn against the
    clock. The run of the boxes tells lying from standing pages; which end is up is told by reading: the right way round
    gives more, and surer, characters.
    """
    if len(quads) == 0:
        return 0
    across, down = sides(quads)
    lying = across >= ASPECT * down
    standing = down >= ASPECT * across
    # The length of a line in characters, not its pixels: one big title must not outvote a page of small print.
    mass_lying = float((across / np.maximum(down, 1))[lying].sum())
    mass_standing = float((down / np.maximum(across, 1))[standing].sum())
    if mass_lying + mass_standing == 0:
        lying, mass_lying = np.ones(len(quads), dtype=bool), 1.0
    results = dict[int, float]()
    # A column of upright characters can be read as if the page lay on its side: the greater part of the print decides.
    groups = [(mass_lying, lying, 0, 180), (mass_standing, standing, 270, 90)]
    for mass, mask, straight, flipped in sorted(groups, key=lambda group: -group[0]):
        if mass * 4 < mass_lying + mass_standing - mass or mass == 0:
            continue
        chosen = _choose(np.flatnonzero(mask), across, down)
        first = read([(i, False) for i in chosen])
        if _certain(first):
            return straight
        second = read([(i, True) for i in chosen])
        results[straight] = _worth(first, first, second)
        results[flipped] = _worth(second, first, second)
        if max(results.values()) >= _SOUND:
            break
    best = max(results, key=lambda turn: (results[turn], turn == 0))
    return best if results[best] > results.get(0, 0.0) else 0


def _choose(candidates: NDArray[np.intp], across: NDArray[np.float32], down: NDArray[np.float32]) -> list[int]:
    """Return the boxes that say most for their price: lines of a dozen characters or so."""
    long, short = np.maximum(across, down), np.maximum(np.minimum(across, down), 1)
    aspect = long / short
    # Beyond a dozen characters a line costs more than it tells; among equals the larger print is the safer one.
    order = sorted(
        candidates, key=lambda i: (-min(round(float(aspect[i])), 12), float(aspect[i]) > 24, -float(short[i]))
    )
    return [int(i) for i in order[:_SAMPLE]]


def _certain(reading: Sequence[tuple[str, float]]) -> bool:
    """Tell whether this can only be the right way round: enough Han characters (digits read both ways), all sure."""
    han = sum(len(_HAN.findall(text)) for text, _ in reading)
    good = sum(len(text) * score for text, score in reading)
    return han >= 8 and good >= _SURE * sum(len(text) for text, _ in reading)


def _worth(
    reading: Sequence[tuple[str, float]], one: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]]
) -> float:
    """Return the mean confidence of a reading, every line weighed by the longer of its two readings."""
    weights = [max(len(a[0]), len(b[0]), 1) for a, b in zip(one, other, strict=True)]
    return sum(w * score for w, (_, score) in zip(weights, reading, strict=True)) / sum(weights)
