"""The text of pages as bytes: the word-box rendition (compact JSON) and the text rendition."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from intake.model import Line, PageText, Quality, Seal, Word

_VERSION = 1
PAGE_BREAK = "\f"  # between the pages of the text rendition


def to_json(page: PageText) -> bytes:
    """Return one page as UTF-8 JSON: lines and words as arrays in the order of their fields."""
    lines = [
        [line.text, line.box, line.confidence, [[w.start, w.text, w.box, w.confidence] for w in line.words]]
        for line in page.lines
    ]
    value: dict[str, Any] = {
        "v": _VERSION,
        "number": page.number,
        "width": page.width,
        "height": page.height,
        "rotation": page.rotation,
        "source": page.source,
        "lines": lines,
    }
    if page.seals:
        value["seals"] = [
            [seal.box, seal.text, seal.confidence, *([seal.letters] if seal.letters else [])] for seal in page.seals
        ]
    if page.handwriting:
        value["handwriting"] = page.handwriting
    # What is not valid text (a lone surrogate out of a broken file) is escaped by json itself.
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def from_json(data: bytes, spans: Sequence[tuple[int, int]] | None = None) -> PageText:
    """Return the page that `to_json` wrote. Raises ValueError for anything else.

    spans: (start, end) in the page's text; given, only the lines that one of them touches have their words: a list of pages takes a
    fraction of the time.
    """
    try:
        value: dict[str, Any] = json.loads(data if spans is None else _lean(data.decode(), spans))
        if value["v"] != _VERSION:
            raise ValueError(f"page text of version {value['v']}, this program reads {_VERSION}")
        lines: list[Line] = []
        start = 0
        for text, box, confidence, words in value["lines"]:
            end = start + len(text)
            whole = spans is None or _touched(start, end, spans)
            kept = tuple(Word(s, t, _box(b), c) for s, t, b, c in words) if whole else ()
            lines.append(Line(text, _box(box), confidence, kept))
            start = end + 1
        seals = tuple(
            Seal(_box(box), text, sure, *map(tuple, letters)) for box, text, sure, *letters in value.get("seals", ())
        )
        size = value["width"], value["height"]
        hand = tuple(map(_box, value.get("handwriting", ())))
        return PageText(value["number"], *size, value["rotation"], value["source"], tuple(lines), seals, hand)
    except (KeyError, TypeError) as error:
        raise ValueError("not the text of a page") from error


def _touched(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(first < end and last > start for first, last in spans)


_NEXT_LINE = ']],["'  # the end of a line's words and of the line, and the beginning of the next one's text
_LINE_TEXT = re.compile(r'(?:[^"\\]|\\.)*+"')


def _lean(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return what `to_json` wrote without the words of most lines that no span touches: they are nine tenths of it."""
    if f"{_NEXT_LINE}," in text:  # the text of a word ends with what looks like the end of a line
        return text
    head, begun, rest = text.partition(',"lines":[["')
    lines, start = rest.split(_NEXT_LINE), 0
    for at, line in enumerate(lines[:-1]):  # behind the last one there are seals
        said = _LINE_TEXT.match(line)
        if said is None:
            return text
        end = start + (len(json.loads(f'"{said[0]}')) if "\\" in said[0] else said.end() - 1)
        if not _touched(start, end, spans):
            lines[at] = line[: line.index(",[", line.index("]", said.end())) + 2]
        start = end + 1
    return head + begun + _NEXT_LINE.join(lines)


def quality_of(value: Mapping[str, Any] | None) -> Quality | None:
    """Return the quality of a page out of its plain form (`dataclasses.asdict`); None for none."""
    if value is None:
        return None
    return Quality(**{**value, "cut": tuple(value["cut"]), "findings": tuple(value["findings"])})


def text_of(pages: Iterable[PageText]) -> str:
    """Return the text of the pages in order, separated by a form feed."""
    return PAGE_BREAK.join(page.text for page in pages)


def _box(value: list[int]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = value
    return x0, y0, x1, y1
