"""The text of pages as bytes: the word-box rendition (compact JSON) and the text rendition."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from intake.model import Field, Line, PageText, Quality, Seal, Understanding, Word

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


def from_json(data: bytes) -> PageText:
    """Return the page that `to_json` wrote. Raises ValueError for anything else."""
    try:
        value: dict[str, Any] = json.loads(data)
        if value["v"] != _VERSION:
            raise ValueError(f"page text of version {value['v']}, this program reads {_VERSION}")
        lines = tuple(map(_line, value["lines"]))
        seals = tuple(
            Seal(_box(box), text, sure, *map(tuple, letters)) for box, text, sure, *letters in value.get("seals", ())
        )
        size = value["width"], value["height"]
        hand = tuple(map(_box, value.get("handwriting", ())))
        return PageText(value["number"], *size, value["rotation"], value["source"], lines, seals, hand)
    except (KeyError, TypeError) as error:
        raise ValueError("not the text of a page") from error


def lines_at(data: bytes, spans: Collection[tuple[int, int]]) -> list[tuple[int, Line]]:
    """Return (where it begins in the page's searched text, line) of the lines that a span touches, out of what `to_json` wrote.

    spans: (start, end) in that text. Nothing else is read where that can be avoided: a list of pages takes a tenth of the time.
    Raises ValueError as `from_json` does.
    """
    found = _lines_within(data.decode(), spans)
    if found is not None:
        return found
    placed = from_json(data).placed
    return [(start, line) for start, line in placed if _touched(start, start + len(line.text), spans)]


_BEGIN = f'{{"v":{_VERSION},'
_FIRST_LINE = ',"lines":[["'
_NEXT_LINE = ']],["'  # the end of a line's words and of the line, and the beginning of the next one's text
_LINE_TEXT = re.compile(r'(?:[^"\\]|\\.)*+"')
_read_value = json.JSONDecoder().raw_decode


def _lines_within(said: str, spans: Collection[tuple[int, int]]) -> list[tuple[int, Line]] | None:
    """Return the lines that a span touches; None where they are not to be told without reading all of the page."""
    at = said.find(_FIRST_LINE)
    if not said.startswith(_BEGIN) or at < 0:
        return None
    at += len(_FIRST_LINE)
    last = max((end for _, end in spans), default=0)
    found: list[tuple[int, Line]] = []
    start = 0
    while start < last:
        text = _LINE_TEXT.match(said, at)
        if text is None:
            return None
        escaped = said.find("\\", at, text.end()) >= 0
        end = start + (len(json.loads(f'"{text[0]}')) if escaped else text.end() - at - 1)
        if _touched(start, end, spans):
            found.append((start, _line(_read_value(said, at - 2)[0])))
        start = end + 1
        if start < last:
            at = said.find(_NEXT_LINE, text.end()) + len(_NEXT_LINE)
            # Behind the last line stand the seals; and a text may end with what looks like the end of a line, before its box.
            if at < len(_NEXT_LINE) or said.startswith(",[", at):
                return None
    return found


def _line(value: list[Any]) -> Line:
    text, box, confidence, words = value
    return Line(text, _box(box), confidence, tuple([Word(s, t, _box(b), c) for s, t, b, c in words]))


def _touched(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first < end and last > start for first, last in spans)


def quality_of(value: Mapping[str, Any] | None) -> Quality | None:
    """Return the quality of a page out of its plain form (`dataclasses.asdict`); None for none."""
    if value is None:
        return None
    return Quality(**{**value, "cut": tuple(value["cut"]), "findings": tuple(value["findings"])})


def understanding_of(value: Mapping[str, Any]) -> Understanding:
    """Return what was understood out of its plain form (`dataclasses.asdict`). Raises ValueError for anything else."""
    try:
        fields = {
            name: Field(f["value"], f["page"], _box(f["box"]), f["confidence"], tuple(f["marks"]))
            for name, f in value["fields"].items()
        }
        said = value["category"], value["kind"], value["title"], value["confidence"]
        return Understanding(*said, fields, tuple(value["needs_review"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not what was understood of a document") from error


def text_of(pages: Iterable[PageText]) -> str:
    """Return the text of the pages in order, separated by a form feed."""
    return PAGE_BREAK.join(page.text for page in pages)


def _box(value: list[int]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = value
    return x0, y0, x1, y1
