"""From single characters with places to a line of text with words."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from intake.model import Box, Line, Word

#: A Latin word or a number with what holds it together; every other character stands alone.
_UNIT = re.compile(r"[0-9A-Za-z\u00c0-\u024f]+(?:[.,:/_@&'+-][0-9A-Za-z\u00c0-\u024f]+)*|\S")


@dataclass(frozen=True)
class Char:
    """One printed character (never white space), its place and how sure its reading is (0..1)."""

    text: str
    box: Box
    confidence: float = 1.0


def is_wide(text: str) -> bool:
    """Tell whether a character is one of those that stand without spaces between them (Han, kana, their punctuation)."""
    return unicodedata.east_asian_width(text[0]) in "WF"


def union(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around `boxes` (at least one)."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def line_of(chars: Sequence[Char | None], box: Box | None = None, confidence: float | None = None) -> Line:
    """Return the line of `chars`, None standing for a space. At least one character is needed.

    box and confidence are those of the characters unless given.
    """
    # A character may be written with more than one code unit (ligatures in a text layer): offsets count these.
    text, owner = "", list[Char | None]()
    for char in chars:
        piece = char.text if char else " "
        text += piece
        owner += [char] * len(piece)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    text, owner = text[start:end], owner[start:end]
    words = []
    for match in _UNIT.finditer(text):
        parts = [c for c in owner[match.start() : match.end()] if c is not None]
        sure = sum(c.confidence for c in parts) / len(parts)
        words.append(Word(match.start(), match.group(), union([c.box for c in parts]), round(sure, 4)))
    inked = [c for c in owner if c is not None]
    if confidence is None:
        confidence = sum(c.confidence for c in inked) / len(inked)
    return Line(text, box or union([c.box for c in inked]), round(confidence, 4), tuple(words))


def joined(lines: Sequence[Line]) -> Line:
    """Return lines of one row, left to right, as one line with a space between them."""
    if len(lines) == 1:
        return lines[0]
    words, text = list[Word](), ""
    for line in lines:
        text += " " if text else ""
        words += [Word(w.start + len(text), w.text, w.box, w.confidence) for w in line.words]
        text += line.text
    size = sum(len(line.text) for line in lines)
    sure = sum(line.confidence * len(line.text) for line in lines) / max(1, size)
    return Line(text, union([line.box for line in lines]), round(sure, 4), tuple(words))
