"""The text that a PDF page itself carries: whether it can be believed, and its characters with their places."""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from intake.model import Box, Line
from intake.pdf import PageFacts
from intake.radicals import unified
from intake.words import Char, is_wide, line_of, union

_MIN_CHARS = 4  # fewer are a page number or a stamp: the page is read as an image
_MAX_CHARS = 60_000
_MAX_CONTENT = 64 * 1024 * 1024  # bytes of one page's drawing commands, unpacked
_CID = re.compile(r"\(cid:\d+\)")
_VOWELS = frozenset("aeiouyAEIOUY")


def believable(text: str) -> bool:
    """Tell whether text taken from a page can be what is printed there.

    A font without a (sound) table from glyphs to characters gives codes, control and private characters, rare ideographs
    where common ones stand, or letters without vowels.
    """
    codes = len(_CID.findall(text))
    chars = [c for c in _CID.sub("", text) if not c.isspace()]
    if len(chars) < _MIN_CHARS or codes > 0.05 * len(chars):
        return False
    bad = sum(1 for c in chars if c == "\ufffd" or unicodedata.category(c) in ("Cc", "Co", "Cn", "Cs"))
    if bad > 0.05 * len(chars):
        return False
    han = [c for c in chars if "\u3400" <= c <= "\u9fff"]
    if len(han) >= 10 and sum(map(_common, han)) < 0.7 * len(han):
        return False
    letters = [c for c in chars if c.isascii() and c.isalpha()]
    if (
        len(letters) > 0.5 * len(chars)
        and len(letters) >= 40
        and sum(c in _VOWELS for c in letters) < 0.15 * len(letters)
    ):
        return False
    return sum(1 for c in chars if unicodedata.category(c)[0] in "LN") >= 0.4 * len(chars)


def _common(char: str) -> bool:
    """Tell whether an ideograph is among the common ones: level 1 of GB 2312 or of Big5, nine of ten in any text."""
    for codec, top in (("gb2312", 0xD8), ("big5", 0xC7)):
        try:
            if char.encode(codec)[0] < top:
                return True
        except UnicodeEncodeError:
            continue
    return False


def affordable(page: Any) -> bool:
    """Tell whether the drawing commands of a pdfplumber page unpack to a sane size."""
    total = 0
    for stream in page.page_obj.contents:
        data = stream.resolve() if hasattr(stream, "resolve") else stream
        packed = getattr(data, "rawdata", None) or b""
        total += len(packed)
        unpacker = zlib.decompressobj()
        try:
            while packed and total <= _MAX_CONTENT:
                total += len(unpacker.decompress(packed, 1 << 20))
                packed = unpacker.unconsumed_tail
        except zlib.error:
            continue  # not packed this way, or broken: then it cannot grow
        if total > _MAX_CONTENT:
            return False
    return total <= _MAX_CONTENT


def chars_of(page: Any, facts: PageFacts, width: int, height: int) -> tuple[list[Char], int]:
    """Return the characters of a pdfplumber page in pixels of its image, and how the text runs.

    width, height: of the image, in pixels, of the page as displayed. The second value is the degrees clockwise that turn
    the page upright (most characters decide). Spaces are left out: places tell where they are.
    """
    x0, y0, x1, y1 = _crop(facts)
    across, down = width / max(1e-6, x1 - x0), height / max(1e-6, y1 - y0)
    chars, turns = list[Char](), [0, 0, 0, 0]
    shift = page.mediabox[0]
    for item in page.chars[:_MAX_CHARS]:
        text = unified(unicodedata.normalize("NFC", item["text"]))
        if not text.strip() or unicodedata.category(text[0]) in ("Cc", "Cf", "Cs"):
            continue
        left, right = (item["x0"] - shift - x0) * across, (item["x1"] - shift - x0) * across
        top, bottom = (y1 - item["y1"]) * down, (y1 - item["y0"]) * down
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            continue  # off the page
        box = (
            min(max(round(left), 0), width - 1),
            min(max(round(top), 0), height - 1),
            min(max(round(right), 1), width),
            min(max(round(bottom), 1), height),
        )
        chars.append(Char(text, (box[0], box[1], max(box[2], box[0] + 1), max(box[3], box[1] + 1))))
        a, b = item["matrix"][:2]
        # The baseline's direction: to the right 0; upwards needs a quarter turn clockwise.
        turns[0 if abs(a) >= abs(b) and a >= 0 else 2 if abs(a) >= abs(b) else 1 if b > 0 else 3] += 1
    return chars, 90 * turns.index(max(turns))


def _crop(facts: PageFacts) -> tuple[float, float, float, float]:
    """Return the visible part of the page in pdfminer's coordinates: turned by /Rotate, from the media box's corner."""
    left, bottom, right, top = facts.media
    x0, y0 = max(facts.crop[0], left), max(facts.crop[1], bottom)
    x1, y1 = min(facts.crop[2], right), min(facts.crop[3], top)
    if x1 <= x0 or y1 <= y0:
        x0, y0, x1, y1 = left, bottom, right, top
    return {
        0: (x0 - left, y0 - bottom, x1 - left, y1 - bottom),
        90: (y0 - bottom, right - x1, y1 - bottom, right - x0),
        180: (right - x1, top - y1, right - x0, top - y0),
        270: (top - y1, x0 - left, top - y0, x1 - left),
    }[facts.turn % 360]


def turned(box: Box, turn: int, width: int, height: int) -> Box:
    """Return `box` of an image (width x height pixels) after the image was turned by `turn` degrees clockwise."""
    x0, y0, x1, y1 = box
    if turn == 90:
        return height - y1, x0, height - y0, x1
    if turn == 180:
        return width - x1, height - y1, width - x0, height - y0
    if turn == 270:
        return y0, width - x1, y1, width - x0
    return box


def pieces(chars: Sequence[Char]) -> list[Line]:
    """Return the pieces of lines: characters that follow one another at one height without a wide gap."""
    rows: list[list[Char]] = []
    for char in chars:
        for row in reversed(rows[-3:]):
            if _same_row(row[-1], char):
                row.append(char)
                break
        else:
            rows.append([char])
    merged: list[list[Char]] = []
    for row in sorted(rows, key=lambda r: (r[0].box[1], r[0].box[0])):
        if merged and _same_row(merged[-1][0], row[0]) and _same_row(merged[-1][-1], row[-1]):
            merged[-1] += row
        else:
            merged.append(row)
    return [line for row in merged for line in _pieces(sorted(row, key=lambda c: c.box[0] + c.box[2]))]


def _same_row(a: Char, b: Char) -> bool:
    overlap = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    return overlap > 0.5 * min(a.box[3] - a.box[1], b.box[3] - b.box[1])


def _pieces(row: Sequence[Char]) -> list[Line]:
    size = median(c.box[3] - c.box[1] for c in row)
    lines, chars = list[Line](), list[Char | None]([row[0]])
    for before, char in pairwise(row):
        gap = char.box[0] - before.box[2]
        if before.text == char.text and gap < -0.7 * (char.box[2] - char.box[0]):
            continue  # bold type made by printing twice
        if gap > 1.2 * size:
            lines.append(line_of(chars))
            chars = []
        elif gap > (0.5 if is_wide(before.text) or is_wide(char.text) else 0.2) * size:
            chars.append(None)
        chars.append(char)
    return [*lines, line_of(chars)]


def inside(box: Box, areas: Sequence[Box]) -> bool:
    """Tell whether the middle of a box lies in one of the areas."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(a[0] <= x <= a[2] and a[1] <= y <= a[3] for a in areas)


def beside(line: Line, others: Sequence[Line]) -> bool:
    """Tell whether a line covers none of `others`: it says something they do not."""
    area = (line.box[2] - line.box[0]) * (line.box[3] - line.box[1])
    covered = 0
    for other in others:
        both = union([line.box, other.box])
        w = line.box[2] - line.box[0] + other.box[2] - other.box[0] - (both[2] - both[0])
        h = line.box[3] - line.box[1] + other.box[3] - other.box[1] - (both[3] - both[1])
        covered += max(0, w) * max(0, h)
    return covered < 0.2 * area
