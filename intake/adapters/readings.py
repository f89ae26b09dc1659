"""What the recogniser says of one box: its text with places, whether it is print, and the line it makes on the page."""

import itertools
import re
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intake import orientation
from intake.folding import fold
from intake.model import Box, Line
from intake.values import credit_code_is_valid
from intake.words import Char, line_of

_MIN_CONFIDENCE = 0.5  # RapidOCR's own line between text and noise
_MIN_LETTER = 0.95  # for ink the detector passed over
_MIN_BRIDGE = 0.8  # for a line read through a seal
_THROUGH = 0.7  # letters under a seal drop out without a trace: how much less sure such a line is than it reads
_UNDER = 0.6  # and a letter that was found under one
_DEBRIS = "一二三_-—~·'`"  # what is left of a seal reads like this, but not surely
_WORTH = 0.5  # a letter less sure than this is rather none
_GUESS = 0.2  # and where a letter must stand, one less sure than this is no guess
_CRUMB, _CROWDED = 0.9, 0.45  # a mark less sure than this and so much of a letter's width behind another is part of it
_MIN_SCRAP = 0.85  # for a few letters alone: printed ones read above 0.98, signatures below 0.8

_GAP = 1.55  # places between two Han letters, in those of the others, at which one in between was passed over
_PASSED = 0.4  # how sure its neighbours are at most
_YEAR = re.compile(r"(?<![〇○一二三四五六七八九])二[一二三四五六七八九]{2}年")
_MARK = 0.015  # the ink of the smallest mark with a place of its own, in heights of the line squared
_CODE = re.compile(
    r"(?=[0-9/-]*[A-Za-z])(?=[A-Za-z/-]*[0-9])[0-9A-Za-z]+(?:[-/][0-9A-Za-z]+)+|(?=[0-9]*[A-Za-z])(?=[A-Za-z]*[0-9])[0-9A-Za-z]{8,}"
)
_MARKS = r"[-/—_·.]"
_GHOST, _SPECKS = 0.3, 0.01  # half of a letter's width in heights of the line; and the part of it that grain may darken


@dataclass(frozen=True)
class Reading:
    """One recognised crop. columns: for each character of `text`, where in the crop its middle is (0..1)."""

    text: str
    score: float
    places: tuple[float, ...]
    scores: tuple[float, ...]


def is_text(reading: Reading) -> bool:
    """Tell whether a box holds print: noise and scrawls read badly."""
    text = reading.text.strip()
    scrap = len(text) <= 4 and not any("\u3400" <= c <= "\u9fff" for c in text)
    return bool(text) and reading.score >= (_MIN_SCRAP if scrap else _MIN_CONFIDENCE)


NOTHING = Reading("", 0.0, (), ())


def through(line: Reading, whole: Reading, rest: Reading) -> Reading | None:
    """Return the reading through a seal, if it begins like the line and ends like the rest; its doubtful part marked so."""
    known = len(line.text) - 1
    end = len(rest.text) - 1
    added = whole.text[known : len(whole.text) - max(0, end)]
    if not line.text or whole.score < _MIN_BRIDGE or whole.text[: known - 1] != line.text[: known - 1]:
        return None
    if end > 1 and not whole.text.endswith(rest.text[2:]):
        return None
    if not re.search(r"[\u3400-\u9fff0-9]", added[1:]):
        return None
    scores = tuple(s if i < known else s * _THROUGH for i, s in enumerate(whole.scores))
    return replace(whole, scores=scores, score=whole.score * _THROUGH)


def stamped(reading: Reading, quad: NDArray[np.float32], stamps: Sequence[Box]) -> Reading:
    """Return the reading with what stands under a seal as dark as print less sure: strokes of the one look like the other's."""
    (x0, y0), (x1, y1) = quad.min(axis=0), quad.max(axis=0)
    over = [(a, c) for a, b, c, d in stamps if b < (y0 + y1) / 2 < d and a < x1 and x0 < c]
    if not over:
        return reading
    at = [x0 + place * (x1 - x0) for place in reading.places]
    scores = tuple(
        score * _UNDER if any(a <= x <= c for a, c in over) else score
        for x, score in zip(at, reading.scores, strict=True)
    )
    return replace(reading, scores=scores)


def together(readings: Sequence[Reading]) -> Reading:
    """Return what several readings of one box say together: the one that says most, with letters that another read more surely.

    Where it passed over a letter, that is where two stand further apart than they should, what another has there is put in.
    """
    best = max(readings, key=lambda r: sum(score - _WORTH for score in r.scores))
    letters = _letters(best)
    for other in readings:
        unit = _unit(letters)
        if other is best or not unit:
            continue
        for place, char, score in _letters(other):
            i = sum(p < place for p, _, _ in letters)
            near = min(range(len(letters)), key=lambda j: abs(letters[j][0] - place))
            if abs(letters[near][0] - place) < 0.4 * unit * _broad(char):
                if score > letters[near][2]:
                    letters[near] = letters[near][0], char, score
            elif 0 < i < len(letters):
                room = (
                    letters[i][0] - letters[i - 1][0] - unit * (_broad(letters[i][1]) + _broad(letters[i - 1][1])) / 2
                )
                if room > 0.7 * unit * _broad(char) and score > _GUESS:
                    letters.insert(i, (place, char, score))
    while letters and letters[-1][2] < (_MIN_SCRAP if letters[-1][1] in _DEBRIS else _WORTH):
        letters.pop()
    if letters == _letters(best):
        return best
    text, scores = "".join(c for _, c, _ in letters), tuple(s for _, _, s in letters)
    return Reading(text, sum(scores) / max(1, len(scores)), tuple(p for p, _, _ in letters), scores)


def is_of_code(text: str) -> bool:
    """Tell whether a line has a number of letters and digits in it that no check digit bears out, such as that of a contract."""
    return any(not credit_code_is_valid(code) for code in _CODE.findall(text))


def agreed(reading: Reading, other: Reading) -> Reading:
    """Return what two readings of one line with a number of letters and digits say, with little trust in what only one of them says.

    Where they differ by dashes and strokes alone it is the one that has more of them: they are passed over, never made up.
    """
    one, two = (re.sub(r"\s", "", fold(r.text)) for r in (reading, other))
    if one == two:
        return reading
    alike = [re.sub(_MARKS, "", text) for text in (one, two)]
    best, rest = (other, reading) if alike[0] == alike[1] and len(two) > len(one) else (reading, other)
    doubtful = set[int]()
    for tag, start, end, _, _ in SequenceMatcher(None, fold(best.text), fold(rest.text), autojunk=False).get_opcodes():
        if tag != "equal":
            doubtful.update(range(max(0, start - 1), end + 1))
    for code in _CODE.finditer(best.text):  # it is one word, as sure as all of it
        if doubtful & set(range(*code.span())):
            doubtful.update(range(*code.span()))
    return replace(best, scores=tuple(min(s, _PASSED) if i in doubtful else s for i, s in enumerate(best.scores)))


def _letters(reading: Reading) -> list[tuple[float, str, float]]:
    return [(p, c, s) for p, c, s in zip(reading.places, reading.text, reading.scores, strict=True) if p >= 0]


def _broad(char: str) -> float:
    """Return how broad a letter is, in widths of a Han character."""
    return 1.0 if ord(char) > 0x2E7F else 0.55


def _unit(letters: Sequence[tuple[float, str, float]]) -> float:
    """Return how broad a Han character is in the line; 0 when there are too few letters to tell."""
    steps = [2 * (q - p) / (_broad(c) + _broad(d)) for (p, c, _), (q, d, _) in itertools.pairwise(letters)]
    return statistics.median(steps) if len(steps) > 2 else 0.0


def is_letter(reading: Reading) -> bool:
    """Tell whether a scrap of ink beside a line is print: a Han letter or two, or a number, read without a doubt."""
    text = reading.text.strip()
    return bool(re.fullmatch(r"[\u3400-\u9fff]{1,3}|[0-9]{1,4}", text)) and reading.score >= _MIN_LETTER


def reading_of(text: str, score: float, info: Any) -> Reading:
    """Return what the recogniser said of one box, `info` its places and scores of words."""
    columns = [column for word in info.word_cols for column in word]
    width = float(info.line_txt_len) or 1.0
    places = iter([min(1.0, (column + 0.5) / width) for column in columns])
    inked = [not c.isspace() for c in text]
    if sum(inked) != len(columns) or len(info.confs) < len(text):
        places = iter(np.linspace(0, 1, 2 * sum(inked) + 1)[1::2].tolist())
    scores = tuple(float(c) for c in info.confs[: len(text)]) + (score,) * max(0, len(text) - len(info.confs))
    return _without_crumbs(Reading(text, score, tuple(next(places) if i else -1.0 for i in inked), scores))


def _without_crumbs(reading: Reading) -> Reading:
    """Return the reading without marks that stand within a letter: the side of a letter (别) read once more, as a bracket (」)."""
    letters = _letters(reading)
    unit = _unit(letters)
    if not unit:
        return reading
    kept, before = list[int](), -unit
    for i, (place, char, score) in enumerate(zip(reading.places, reading.text, reading.scores, strict=True)):
        crumb = place >= 0 and not char.isalnum() and score < _CRUMB and place - before < _CROWDED * unit
        if not crumb:
            kept.append(i)
            before = place if place >= 0 else before
    if len(kept) == len(reading.text):
        return reading
    return replace(
        reading,
        text="".join(reading.text[i] for i in kept),
        places=tuple(reading.places[i] for i in kept),
        scores=tuple(reading.scores[i] for i in kept),
    )


def without_ghosts(reading: Reading, crop: NDArray[np.uint8]) -> Reading:
    """Return the reading without the boxes (☑) that the recogniser sees in the wide gap behind a label, where there is paper alone.

    crop: height x width x 3, what was read.
    """
    boxes = [i for i, char in enumerate(reading.text) if unicodedata.category(char) == "So" and reading.places[i] >= 0]
    ghosts = [i for i in boxes if not _inked(crop, reading.places[i])]
    if not ghosts:
        return reading
    text = "".join(" " if i in ghosts else char for i, char in enumerate(reading.text))
    return replace(reading, text=text, places=tuple(-1.0 if i in ghosts else p for i, p in enumerate(reading.places)))


def doubted(reading: Reading, crop: NDArray[np.uint8]) -> Reading:
    """Return the reading with less trust in two neighbours between which there is room for a letter and ink in it: a mark was passed over.

    In a year of three Han numerals (二二五年) it is the nought: a year has four. crop: height x width x 3, what was read.
    """
    unit = _unit(_letters(reading))
    if not unit:
        return reading
    letters = [
        (i, p)
        for i, (p, c) in enumerate(zip(reading.places, reading.text, strict=True))
        if p >= 0 and "\u3400" <= c <= "\u9fff"
    ]
    scores = list(reading.scores)
    nought: tuple[int, float] | None = None
    for (i, left), (j, right) in itertools.pairwise(letters):
        if j == i + 1 and right - left > _GAP * unit and _marked(crop, left + 0.55 * unit, right - 0.55 * unit):
            scores[i], scores[j] = min(scores[i], _PASSED), min(scores[j], _PASSED)
            if _YEAR.match(reading.text, i):
                nought = j, (left + right) / 2
    if tuple(scores) == reading.scores:
        return reading
    said = replace(reading, scores=tuple(scores))
    if nought is None:
        return said
    at, place = nought
    return replace(
        said,
        text=f"{said.text[:at]}〇{said.text[at:]}",
        places=(*said.places[:at], place, *said.places[at:]),
        scores=(*said.scores[:at], _PASSED, *said.scores[at:]),
    )


def without_trust_in_the_end(reading: Reading) -> Reading:
    """Return the reading with as little trust in its last letter as where a mark was passed over."""
    last = len(reading.text.rstrip()) - 1
    return replace(reading, scores=tuple(min(s, _PASSED) if i == last else s for i, s in enumerate(reading.scores)))


def _marked(crop: NDArray[np.uint8], left: float, right: float) -> bool:
    """Tell whether there is as much ink as a mark has between two places of a line (0..1)."""
    height, width = crop.shape[:2]
    part = crop[:, round(left * width) : round(right * width) + 1, 1]
    return bool((part < _ink_below(crop)).sum() > _MARK * height**2) if part.size else False


def _ink_below(crop: NDArray[np.uint8]) -> float:
    """Return half way between the paper of a line and its ink."""
    gray = crop[..., 1]
    return (float(np.percentile(gray, 75)) + float(np.percentile(gray, 1))) / 2


def _inked(crop: NDArray[np.uint8], place: float) -> bool:
    """Tell whether there is ink in a line where the middle of a letter should be (0..1), in most of a letter's width."""
    height, width = crop.shape[:2]
    middle, reach = place * width, _GHOST * height
    part = crop[height // 6 : height - height // 6, max(0, round(middle - reach)) : round(middle + reach) + 1, 1]
    return bool((part < _ink_below(crop)).mean() > _SPECKS) if part.size else False


def line_at(reading: Reading, quad: NDArray[np.float32], shape: tuple[int, ...]) -> Line:
    """Return the line of a reading (not empty) in its box, on an image of this shape."""
    corners = quad
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    if down >= across * orientation.ASPECT:
        # Read after a quarter turn against the clock: the line runs from the top of the box to its bottom.
        corners, across, down = quad[[1, 2, 3, 0]], down, across
    middles = [p for p in reading.places if p >= 0]
    chars: list[Char | None] = []
    place = 0
    for char, score in zip(reading.text, reading.scores, strict=True):
        if char.isspace():
            chars.append(None)
            continue
        start, end = _extent(middles, place, char, down / max(across, 1.0))
        chars.append(Char(char, _box(_part(corners, start, end), shape), score))
        place += 1
    return line_of(chars, _box(quad, shape), reading.score)


def _extent(middles: Sequence[float], i: int, char: str, height: float) -> tuple[float, float]:
    """Return where character i begins and ends along the line (0..1): half way to its neighbours, at most its width."""
    half = height * (0.5 if ord(char) > 0x2E7F else 0.3)
    left = (middles[i - 1] + middles[i]) / 2 if i else 0.0
    right = (middles[i + 1] + middles[i]) / 2 if i + 1 < len(middles) else 1.0
    return max(left, middles[i] - half), min(right, middles[i] + half)


def _part(corners: NDArray[np.float32], start: float, end: float) -> NDArray[np.float32]:
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    return np.stack(
        [corners[0] + top * start, corners[0] + top * end, corners[3] + bottom * end, corners[3] + bottom * start]
    )


def _box(corners: NDArray[np.float32], shape: tuple[int, ...]) -> Box:
    height, width = shape[:2]
    x0, y0 = np.floor(corners.min(axis=0)).astype(int).tolist()
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int).tolist()
    x0, y0 = min(max(x0, 0), width - 1), min(max(y0, 0), height - 1)
    return x0, y0, min(max(x1, x0 + 1), width), min(max(y1, y0 + 1), height)
