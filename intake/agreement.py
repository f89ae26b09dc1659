"""Whether the text layer of a page says what the page shows.

A layer may lie: garbage of another program's OCR under a picture, a font whose table from glyphs to characters is wrong, words painted white.
Looking is cheap and comes first: a sample of characters is held against the same characters of our own font, shape by shape. Only where they are
not alike does the engine read a few lines of the image, and they are compared letter by letter.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from intake import textlayer
from intake.formats.fonts import font
from intake.model import Box, Line, Word
from intake.ports import Image as Pixels
from intake.ports import OcrEngine

# What is looked at, kind by kind: words, how many of them, their mean likeness from which the layer is believed (measured, see
# docs/intake.md), and the letters that count where lines are read. Of other scripts, which our font does not have, nothing can be said:
# there the layer is believed as before.
_KINDS = (
    (re.compile(r"[\u4e00-\u9fff]"), 48, 0.4, re.compile(r"[^\u4e00-\u9fff]")),
    (re.compile(r"[A-Za-z\u00c0-\u024f]{3,}"), 16, 0.45, re.compile(r"[^a-z\u00c0-\u024f]")),
    (re.compile(r"(?=.*[0-9])[0-9A-Za-z.,:/-]{3,}"), 16, 0.45, re.compile(r"[^0-9]")),
    (re.compile(r"[\u0370-\u03ff\u0400-\u04ff\u3041-\u30fe]"), 48, 0.4, re.compile(r"[^\u0370-\u04ff\u3041-\u30fe]")),
)
_SIDE = 24  # pixels of a character when shapes are compared
_LINES, _LONGEST = 4, 40  # lines that are read, and the characters of the longest one
_SAME = 0.6  # of the letters of these lines: the worst engine reads more of a sound line, and chance much less
_FAINT = 25  # levels: what differs less from its ground is not seen

Shape = NDArray[np.float32]
_T = TypeVar("_T")


def agrees(image: Pixels, lines: Sequence[Line], areas: Sequence[Box], engine: OcrEngine) -> bool:
    """Tell whether the page shows what its text layer says.

    image: height x width x 3 of the upright page. lines: the layer on it. areas: pictures on it, where a layer lies most often.
    """
    gray: Pixels = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY).astype(np.uint8)
    inside = [line for line in lines if textlayer.inside(line.box, areas)]
    for some in (inside, lines):
        for pattern, most, least, others in _KINDS:
            having = [line for line in some if any(pattern.fullmatch(word.text) for word in line.words)]
            words = _spread([w for line in having for w in line.words if pattern.fullmatch(w.text)], most)
            alike = sum(_likeness(gray, word) for word in words) >= least * len(words)
            if not alike and not _reads_alike(image, having, others, engine):
                return False
    return True


def _spread(things: Sequence[_T], most: int) -> Sequence[_T]:
    """Return at most so many things, from all over the page."""
    return things[:: max(1, -(-len(things) // most))]


def _likeness(gray: Pixels, word: Word) -> float:
    """Return how much the ink in the word's box is like the word in our font: -1..1, 0 for nothing to be seen."""
    x0, y0, x1, y1 = word.box
    seen = _shape(gray[y0:y1, x0:x1], len(word.text))
    wanted = _drawn(word.text)
    if seen is None or wanted is None:
        return 0.0
    return float((seen * wanted).mean())


def _shape(crop: Pixels, letters: int) -> Shape | None:
    """Return the ink in a crop, stretched to one size, with mean 0 and deviation 1; None where there is none."""
    if min(crop.shape) < 3:
        return None
    ground = float(np.median(np.concatenate([crop[0], crop[-1], crop[:, 0], crop[:, -1]])))
    ink = np.abs(crop.astype(np.float32) - ground)
    most = float(ink.max())
    if most < _FAINT:
        return None
    rows, columns = np.flatnonzero((ink > 0.4 * most).any(axis=1)), np.flatnonzero((ink > 0.4 * most).any(axis=0))
    tight = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    wide = _SIDE if letters == 1 else _SIDE * letters // 2
    shape = cv2.GaussianBlur(cv2.resize(tight, (wide, _SIDE), interpolation=cv2.INTER_AREA), (0, 0), 1.5)
    return np.asarray((shape - shape.mean()) / max(1e-3, float(shape.std())), dtype=np.float32)


@lru_cache(4096)
def _drawn(text: str) -> Shape | None:
    """Return the shape of a word as our font draws it."""
    face = font(48)
    left, top, right, bottom = face.getbbox(text)
    canvas = Image.new("L", (round(right - left) + 8, round(bottom - top) + 8), 255)
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), text, 0, face)
    return _shape(np.asarray(canvas), len(text))


def _reads_alike(image: Pixels, lines: Sequence[Line], others: re.Pattern[str], engine: OcrEngine) -> bool:
    """Tell whether a few lines, read from the image, say what the layer says. others: letters that do not count."""
    telling = [line for line in lines if len(line.text) <= _LONGEST] or lines
    longest = sorted(telling, key=lambda line: -len(line.text))[: 3 * _LINES]
    same = whole = 0
    for line in _spread(sorted(longest, key=lambda line: line.box[1]), _LINES):
        said, read = (
            others.sub("", unicodedata.normalize("NFKC", text).casefold())[: 2 * _LONGEST]
            for text in (line.text, _read(image, line.box, engine))
        )
        same += _common(said, read)
        whole += max(len(said), len(read))
    return whole > 0 and same >= _SAME * whole


def _read(image: Pixels, box: Box, engine: OcrEngine) -> str:
    x0, y0, x1, y1 = box
    edge = max(2, (y1 - y0) // 6)
    crop = image[max(0, y0 - edge) : y1 + edge, max(0, x0 - edge) : x1 + edge]
    found = engine.read_line(np.ascontiguousarray(crop))
    return found.text if found else ""


def _common(one: str, other: str) -> int:
    """Return the length of the longest common subsequence of two short texts."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = 0
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], before + 1 if a == b else max(row[j], row[j - 1])
    return row[-1]
