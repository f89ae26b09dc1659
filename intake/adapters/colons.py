"""Marks the recogniser passes over: the colon at the end of a label, and the point set wide behind the number of a clause."""

import re
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from intake import orientation
from intake.adapters.readings import Reading
from intake.folding import fold
from intake.ports import Image

_LABEL = re.compile(r"[\u3400-\u9fff）)]")
_REACH = 1.3  # heights of a line from its last letter in which its colon stands
_DOT = (0.05, 0.24)  # width and height of a dot, in heights of the line
_NUMBER = re.compile(r"(\d{1,2}) ?[\u3400-\u9fff]")
_LOW = 0.55  # part of the height of a line below which a point stands
_BETWEEN = (0.2, 0.6)  # and how far their middles lie from each other
_SURE = 0.9
_SMALL, _ENDS = 0.45, ";,。、"  # the largest mark that ends a clause, in heights of its letters
_STANDS_OUT = 60  # of 255, ink from paper


def with_colon(image: Image, reading: Reading, quad: NDArray[np.float32]) -> tuple[Reading, NDArray[np.float32]]:
    """Return the reading and the box of a line, with the colon that stands behind its last letter; as they are where there is none.

    image: the page the line was read on. A colon is two dots alike, one above the other, with nothing beside them.
    """
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    text = reading.text.rstrip()
    if across < orientation.ASPECT * down or not text or not _LABEL.match(text[-1]):
        return reading, quad
    letter = 0.8 * down
    start = max(0.0, reading.places[len(text) - 1]) * across + (0.25 if text[-1] in "）)" else 0.4) * letter
    along = (quad[1] - quad[0]) / across
    end = _end_of_colon(_cut(image, quad, start, round(_REACH * letter)), letter)
    if end is None:
        return reading, quad
    stop = max(across, start + end + 0.1 * letter)
    longer = quad.copy()
    longer[1], longer[2] = quad[0] + along * stop, quad[3] + along * stop
    places = tuple(p if p < 0 else p * across / stop for p in reading.places[: len(text)])
    place = (start + end - 0.1 * letter) / stop
    said = replace(reading, text=text + "：", places=(*places, place), scores=(*reading.scores[: len(text)], _SURE))
    return said, longer


def with_room(image: Image, reading: Reading, quad: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return the box of a line up to behind a small mark that stands close behind its last letter; None where there is none.

    image: the page the line was read on.
    """
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    text = reading.text.rstrip()
    if across < orientation.ASPECT * down or not text or not _LABEL.match(text[-1]):
        return None
    letter = 0.8 * down
    start = max(0.0, reading.places[len(text) - 1]) * across + (0.25 if text[-1] in "）)" else 0.5) * letter
    width = round(_REACH * letter)
    ink = _ink(_cut(image, quad, start, width))
    if ink is None:
        return None
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    least, most = _DOT[0] * letter, _SMALL * letter
    marks = [(x + w, max(w, h)) for x, y, w, h, _ in stats[1:count].tolist() if x > 0 and min(w, h) >= least]
    if not 1 <= len(marks) <= 2 or any(size > most or end >= width for end, size in marks):
        return None
    stop = max(across, start + max(end for end, _ in marks) + 0.3 * letter)
    longer = quad.copy()
    along = (quad[1] - quad[0]) / across
    longer[1], longer[2] = quad[0] + along * stop, quad[3] + along * stop
    return longer


def hides_a_mark(image: Image, reading: Reading, quad: NDArray[np.float32]) -> bool:
    """Tell whether a line ends close before an upright rule that is broader in a few places: a mark is printed on it.

    image: the page the line was read on.
    """
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    text = reading.text.rstrip()
    if across < orientation.ASPECT * down or not text or not _LABEL.match(text[-1]):
        return False
    letter = 0.8 * down
    start = max(0.0, reading.places[len(text) - 1]) * across + 0.5 * letter
    ink = _ink(_cut(image, quad, start, round(_REACH * letter)))
    if ink is None:
        return False
    count, parts, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    behind = [i for i in range(1, count) if stats[i, cv2.CC_STAT_LEFT] > 0]
    if len(behind) != 1 or stats[behind[0], cv2.CC_STAT_HEIGHT] < len(ink):
        return False
    broad = (parts == behind[0]).sum(axis=1)[len(ink) // 8 : -(len(ink) // 8)]
    usual = float(np.median(broad))
    marked = int((broad >= max(1.6 * usual, usual + 2)).sum())
    return usual < 0.15 * letter and 0.05 * letter <= marked <= 0.5 * letter


def goes_on(reading: Reading, longer: Reading) -> bool:
    """Tell whether a reading is another one and a mark behind it that ends a clause."""
    one, other = fold(reading.text.rstrip()), fold(longer.text.rstrip())
    return other[:-1] == one and other[-1] in _ENDS


def with_point(image: Image, reading: Reading, quad: NDArray[np.float32]) -> Reading:
    """Return the reading of a line with the point that stands alone between the number it begins with and its first word, where there is one.

    image: the page the line was read on.
    """
    number = _NUMBER.match(reading.text)
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    if number is None or across < orientation.ASPECT * down:
        return reading
    last, word = number.end(1) - 1, number.end() - 1
    letter = 0.8 * down
    # From within the last digit on: where its middle is, is known only roughly.
    start, end = reading.places[last] * across + 0.1 * letter, reading.places[word] * across - 0.55 * letter
    if reading.places[last] < 0 or end - start < 0.25 * letter:
        return reading
    point = _point(_cut(image, quad, start, round(end - start)), letter)
    if point is None:
        return reading
    place = (start + point) / across
    return replace(
        reading,
        text=f"{number[1]}.{reading.text[word:]}",
        places=(*reading.places[: last + 1], place, *reading.places[word:]),
        scores=(*reading.scores[: last + 1], _SURE, *reading.scores[word:]),
    )


def _point(cut: NDArray[np.uint8], letter: float) -> float | None:
    """Return where the middle of the one dot low in a cut of a line is, in pixels from its left; None where there is more, or none.

    What begins at the left edge is what stands before, what ends at the right one what stands behind.
    """
    ink = _ink(cut)
    if ink is None:
        return None
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    low, high = _DOT
    marks = [
        mark
        for mark in stats[1:count].tolist()
        if 0 < mark[0] < cut.shape[1] - mark[2] and mark[4] > (low * letter) ** 2 / 2
    ]
    if len(marks) != 1:
        return None
    x, y, w, h, area = marks[0]
    round_ = low * letter <= min(w, h) and max(w, h) <= min(high * letter, 1.5 * min(w, h)) and area > 0.55 * w * h
    return x + w / 2 if round_ and y > _LOW * cut.shape[0] else None


def _cut(image: Image, quad: NDArray[np.float32], start: float, width: int) -> NDArray[np.uint8]:
    """Return a piece of a line as high as its box, level: `width` pixels from `start` along it, gray."""
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    along, upright = (quad[1] - quad[0]) / across, (quad[3] - quad[0]) / max(down, 1)
    corner = quad[0] + along * start
    size = (max(1, width), max(1, round(down)))
    # Only the neighbourhood of the piece: of a whole page one colour would be copied for every piece.
    corners = corner + np.array([x * along + y * upright for x in (0, size[0]) for y in (0, size[1])])
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 2, 0)
    right, bottom = np.maximum(np.ceil(corners.max(axis=0)).astype(int) + 3, 0)
    part = np.ascontiguousarray(image[top:bottom, left:right, 1])
    if not part.size:
        return np.full(size[::-1], 255, dtype=np.uint8)
    matrix = np.array(
        [[along[0], upright[0], corner[0] - left], [along[1], upright[1], corner[1] - top]], dtype=np.float32
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, matrix, size, flags=flags, borderValue=255), dtype=np.uint8)


def _ink(cut: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return where there is ink in a cut; None where nothing stands out from the paper."""
    paper, dark = float(np.percentile(cut, 90)), float(cut.min())
    return (cut < (paper + dark) / 2).astype(np.uint8) if paper - dark >= _STANDS_OUT else None


def _end_of_colon(cut: NDArray[np.uint8], letter: float) -> float | None:
    """Return where the colon in a cut of a line (gray, height x width) ends, in pixels from its left; None for no colon."""
    ink = _ink(cut)
    if ink is None:
        return None
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
