"""How far a confidence can be believed: what was read, counted by how sure the machine was of it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

#: Where the bands of confidence begin; the last ones are narrow, for most of what is read is read so surely.
BANDS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Band:
    """What was read with a confidence from `lowest` up to the next band: how much of it was checked, how much was wrong."""

    lowest: float
    checked: int
    wrong: int


def bands(said: Iterable[tuple[float, bool]]) -> tuple[Band, ...]:
    """Return the bands in which there is anything, the lowest first. said: the confidence of each that was checked, and whether it was right."""
    checked, wrong = Counter[float](), Counter[float]()
    for confidence, right in said:
        lowest = lowest_of(confidence)
        checked[lowest] += 1
        wrong[lowest] += not right
    return tuple(Band(lowest, checked[lowest], wrong[lowest]) for lowest in sorted(checked))


def lowest_of(confidence: float) -> float:
    """Return where the band of a confidence (0..1) begins."""
    return BANDS[max(0, bisect_right(BANDS, confidence) - 1)]
