"""The letters of a seal's name: what several readings of one ring say of each of them, and how sure that is.

Pure functions. Readings that agree on a letter make it sure, readings that differ make it unsure: a name is as sure as its least sure letter.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from intake.model import Line
from intake.values import tidy

_LEAST = 4  # Han characters a name has at least
_GAP = 1.55  # places between two letters, in those of the others, at which one in between was lost
_END = 0.95  # and at which one was lost before the first or behind the last
_CROWDED = 0.6  # letters for which there is room besides those that were read, at which one was lost
_LOOSE = 1.2  # places between two letters, where one was lost somewhere, at which it may have been there
_EVEN = 0.25  # of a place, by which most letters are off at most
_LOST = 0.5  # how sure a letter is at most when one beside it was lost
_STRAY = 0.7  # how sure a letter must be that stands apart from the others at an end: print beside them is read there
_CLEAR, _UNCLEAR = 0.9, 0.7  # how sure each letter of a name must be, else the name is at most so sure: a person looks
_WORTH = 0.4  # what a letter must be surer than to speak for its reading
_SAME, _OVER = 0.5, 0.6  # places between two readings of one letter at most; between two letters at least
_OF_NAMES = re.compile(r"[\u3400-\u9fff（）()·]")


class Letter(NamedTuple):
    """What was read at one place. place: of its middle, once around the ring is 1; confidence: 0..1."""

    place: float
    char: str
    confidence: float

    @property
    def of_name(self) -> bool:
        """Whether names have such a character; a number or a mark is something else beside them."""
        return bool(_OF_NAMES.fullmatch(self.char))


class Name(NamedTuple):
    """What a seal says, how sure that is, and how sure each of its characters is (0..1); "" where no name can be made out."""

    text: str = ""
    confidence: float = 0.0
    letters: tuple[float, ...] = ()


class Reading(NamedTuple):
    """One reading of a ring. ends: where its first letter begins and its last one ends; None where that is not known."""

    letters: tuple[Letter, ...]
    ends: tuple[float, float] | None

    @property
    def name(self) -> Name:
        """The name it says. What is between its letters and is none of them is a letter that was not made out."""
        own = [i for i, letter in enumerate(self.letters) if letter.of_name]
        letters = [self.letters[i] for i in own]
        text = "".join(letter.char for letter in letters)
        if len(re.findall(r"[\u3400-\u9fff]", text)) < _LEAST:
            return Name()
        lost = _beside_lost([letter.place for letter in letters], self.ends)
        for k, (one, other) in enumerate(itertools.pairwise(own)):
            if other > one + 1:
                lost |= {k, k + 1}
        sure = tuple(min(x.confidence, _LOST) if k in lost else x.confidence for k, x in enumerate(letters))
        told = tidy(text)
        least = min(sure)
        return Name(
            told,
            least if least >= _CLEAR else min(least, _UNCLEAR),
            tuple(round(s, 3) for s in sure) if len(told) == len(sure) else (),
        )


def reading_of(line: Line, first: int, around: int, margin: int | None) -> Reading:
    """Return the reading of a strip cut out of a ring. first: its first column, of so many once around.

    margin: columns without letters at both ends of the strip; None where that is not known.
    """
    letters = tuple(
        Letter((first + (w.box[0] + w.box[2]) / 2) / around, char, w.confidence)
        for w in line.words
        for char in w.text[:1]
    )
    width = line.box[2]
    ends = None if margin is None else ((first + margin) / around, (first + width - margin) / around)
    return Reading(letters, ends)


def together(readings: Sequence[Reading]) -> Name:
    """Return the name that several readings of one ring say together: at each place the letter that most say most surely.

    Where they differ the letter is only as sure as its share of what all of them say there.
    """
    told = [reading for reading in readings if reading.name.text]
    if not told:
        return Name()
    base = max(told, key=lambda r: sum(x.confidence - _WORTH for x in r.letters if x.of_name))
    own = [x.place for x in base.letters if x.of_name]
    unit, middle = float(np.median(np.diff(own))), (own[0] + own[-1]) / 2
    rooms = _rooms([base, *(r for r in told if r is not base)], unit, middle)
    found = [(_agreed(room), sum(x.confidence for x in room)) for room in rooms]
    at = 1
    while at < len(found):
        close = found[at][0].place - found[at - 1][0].place < _OVER * unit
        if close:  # two readings of one letter, put apart
            del found[at if found[at][1] < found[at - 1][1] else at - 1]
        else:
            at += 1
    letters = _without_strays([letter for letter, _ in found], unit)
    ends = base.ends
    if ends:
        turn = round(middle - (ends[0] + ends[1]) / 2)
        ends = ends[0] + turn, ends[1] + turn
    return Reading(tuple(letters), ends).name


def _rooms(readings: Sequence[Reading], unit: float, middle: float) -> list[list[Letter]]:
    """Return what the readings have at each place, in order around the ring from opposite its middle."""
    rooms = list[list[Letter]]()
    for reading in readings:
        filled = set[int]()
        for letter in reading.letters:
            placed = letter._replace(place=letter.place + round(middle - letter.place))
            near = min(range(len(rooms)), key=lambda i: abs(rooms[i][0].place - placed.place), default=-1)
            if near < 0 or abs(rooms[near][0].place - placed.place) >= _SAME * unit:
                near = len(rooms)
                rooms.append([])
            if near not in filled:
                rooms[near].append(placed)
                filled.add(near)
    return sorted(rooms, key=lambda room: room[0].place)


def _agreed(room: Sequence[Letter]) -> Letter:
    said, best = defaultdict[str, float](float), defaultdict[str, float](float)
    for letter in room:
        said[letter.char] += letter.confidence
        best[letter.char] = max(best[letter.char], letter.confidence)
    char = max(said, key=lambda c: said[c])
    share = said[char] / max(1e-6, sum(said.values()))
    return Letter(room[0].place, char, best[char] if len(said) == 1 else min(best[char], share))


def _without_strays(letters: list[Letter], unit: float) -> list[Letter]:
    """Return the letters but those at either end that are none of a name, or unsure and apart: what the ring lies on."""
    kept = letters
    for _ in range(2):
        kept = kept[::-1]  # the first end, then the last
        while kept and _is_stray(kept, unit):
            kept = kept[:-1]
    return kept


def _is_stray(letters: Sequence[Letter], unit: float) -> bool:
    """Tell whether the last letter belongs to none of the others."""
    last = letters[-1]
    if not last.of_name:
        return True
    if len(letters) == 1 or last.confidence >= _STRAY:
        return False
    return not letters[-2].of_name or abs(last.place - letters[-2].place) > _GAP * unit


def _beside_lost(places: Sequence[float], ends: tuple[float, float] | None) -> set[int]:
    """Return the letters beside which one is lacking: those of a seal stand at equal distances, the first and the last at its ends."""
    steps = np.diff(np.asarray(places))
    step = float(np.median(steps))
    even = steps[np.abs(steps - step) < _EVEN * step]
    step = float(even.mean()) if even.size else step
    wide = set(np.flatnonzero(steps > _GAP * step).tolist())
    if not wide and (places[-1] - places[0]) / step - len(steps) > _CROWDED:
        wide = set(np.flatnonzero(steps > min(_LOOSE * step, float(steps.max()) - 1e-6)).tolist())
    lost = wide | {k + 1 for k in wide}
    if ends and places[0] - ends[0] > _END * step:
        lost.add(0)
    if ends and ends[1] - places[-1] > _END * step:
        lost.add(len(places) - 1)
    return lost
