"""Lines under a gray seal, read once more as they were scanned: lifting the seal may take fine print with it, which is as gray as its ink."""

import re
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from intake.adapters.readings import Reading, together
from intake.model import Box, Line
from intake.ports import Image, OcrEngine
from intake.words import Char, line_of

_DOUBTFUL = 0.9  # a line with a letter less sure than this is read again
# Letters and sureness of what may be a scrap of the seal itself: then it reads otherwise with the seal, or badly with and without it.
_SCRAP, _UNSURE, _LEGIBLE = 4, 0.8, 0.5
_MOST = 12  # lines of a page that are read again
_PAD = 0.12  # of its height, around a line


def read_again(lines: Sequence[Line], scanned: Image, seals: Sequence[Box], engine: OcrEngine) -> list[Line]:
    """Return the lines, those that a seal left in doubt with every letter as it read more surely, without the seal or with it.

    Scraps of the seal, within it, that read otherwise with it are left out. scanned: the page the lines were read on, with its seals.
    Raises EngineUnavailable.
    """
    result, left = list[Line](), _MOST
    for line in lines:
        scrap = _may_be_scrap(line, seals)
        doubtful = scrap or _least(line) < _DOUBTFUL
        if not left or not doubtful or not any(_touches(line.box, seal) for seal in seals):
            result.append(line)
            continue
        left -= 1
        other = _read(line, scanned, engine)
        if other is None:
            result.append(line)
        elif not scrap or set("".join(line.text.split())) & set(other.text):
            said = _surest(line, other)
            result += [said] if said and (said.confidence >= _LEGIBLE or not scrap) else []
    return result


def _may_be_scrap(line: Line, seals: Sequence[Box]) -> bool:
    """Tell whether a line may be what is left of a seal: a few unsure letters within it, or, however sure, strokes and brackets alone."""
    x, y = (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2
    within = any(a <= x <= c and b <= y <= d for a, b, c, d in seals)
    unsure = _least(line) < _UNSURE or not re.search(r"[\u3400-\u9fff]", line.text)
    return within and len("".join(line.text.split())) <= _SCRAP and unsure


def _surest(line: Line, other: Line) -> Line | None:
    """Return the line with letters that the other reading has more surely, and those it has where the line lacks one; None for nothing."""
    one, two = _reading(line), _reading(other)
    said = together([one, two])
    if said is one or not said.text:
        return line if said.text else None
    letter = (line.box[3] - line.box[1]) / 2
    chars = [
        Char(c, (round(x - letter / 2), line.box[1], round(x + letter / 2), line.box[3]), score)
        for c, x, score in zip(said.text, said.places, said.scores, strict=True)
    ]
    known = [*_letters(line), *_letters(other)]
    places = [c.box[0] + c.box[2] for c in known]
    near = [known[int(np.argmin(np.abs(np.array(places) - c.box[0] - c.box[2])))].box for c in chars]
    return line_of([replace(c, box=box) for c, box in zip(chars, near, strict=True)], line.box)


def _letters(line: Line) -> list[Char]:
    """Return the letters of a line, a word's box shared among its own."""
    chars = list[Char]()
    for word in line.words:
        step = (word.box[2] - word.box[0]) / len(word.text)
        for i, char in enumerate(word.text):
            box = round(word.box[0] + i * step), word.box[1], round(word.box[0] + (i + 1) * step), word.box[3]
            chars.append(Char(char, box, word.confidence))
    return chars


def _reading(line: Line) -> Reading:
    chars = _letters(line)
    places = tuple((c.box[0] + c.box[2]) / 2 for c in chars)
    return Reading("".join(c.text for c in chars), line.confidence, places, tuple(c.confidence for c in chars))


def _least(line: Line) -> float:
    return min((word.confidence for word in line.words), default=line.confidence)


def _touches(box: Box, seal: Box) -> bool:
    return box[0] < seal[2] and seal[0] < box[2] and box[1] < seal[3] and seal[1] < box[3]


def _read(line: Line, scanned: Image, engine: OcrEngine) -> Line | None:
    """Return the line read on the page as it was scanned, cut out along its slope."""
    first, last = (line.words[0].box, line.words[-1].box) if line.words else (line.box, line.box)
    run = (last[0] + last[2] - first[0] - first[2]) / 2
    slope = (last[1] + last[3] - first[1] - first[3]) / 2 / run if run > 3 * (first[3] - first[1]) else 0.0
    height = line.box[3] - line.box[1] - abs(slope) * (line.box[2] - line.box[0])
    if height < 4:
        return None
    pad = _PAD * height
    x, middle = line.box[0] - pad, (first[1] + first[3]) / 2 - slope * ((first[0] + first[2]) / 2 - line.box[0] + pad)
    width, tall = round(line.box[2] - line.box[0] + 2 * pad), round(height + 2 * pad)
    # Sheared, not turned: boxes of words go back by a shift up or down alone.
    back = np.array([[1, 0, x], [slope, 1, middle - tall / 2]], dtype=np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(scanned, back, (width, tall), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    read = engine.read_line(np.asarray(cut, dtype=np.uint8))
    if read is None:
        return None
    words = tuple(replace(w, box=_moved(w.box, x, middle - tall / 2, slope, scanned.shape)) for w in read.words)
    return replace(read, box=line.box, words=words)


def _moved(box: Box, x: float, y: float, slope: float, shape: tuple[int, ...]) -> Box:
    off = y + slope * (box[0] + box[2]) / 2
    x0, y0 = min(max(round(box[0] + x), 0), shape[1] - 1), min(max(round(box[1] + off), 0), shape[0] - 1)
    x1, y1 = min(round(box[2] + x), shape[1]), min(round(box[3] + off), shape[0])
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)
