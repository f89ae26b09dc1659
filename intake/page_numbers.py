"""Which pages of a document are missing, by the numbers printed on those that are there: 第 3 页 共 7 页, Page 3 of 7, - 3 -.

DA/T 31-2017, 9 wants the pages of a document complete and in order. Pure functions on what was read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from intake.model import Line, PageText

_MARGIN = 0.14  # of the height: a page's number stands in its head or its foot
_HAN = "零〇一二三四五六七八九十百"
_DIGIT = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}
_N = rf"(\d{{1,4}}|[{_HAN}]{{1,5}})"
#: Number and count in one; the count may stand first (共 7 页 第 3 页).
_OF = (
    re.compile(rf"第{_N}[页頁][,，/／·、|]?(?:总|總)?共{_N}[页頁]"),
    re.compile(
        rf"(?:总|總)?共(?P<of>\d{{1,4}}|[{_HAN}]{{1,5}})[页頁][,，/／·、|]?第(?P<n>\d{{1,4}}|[{_HAN}]{{1,5}})[页頁]"
    ),
    re.compile(r"[Pp]age(\d{1,4})of(\d{1,4})"),
)
#: A number alone counts only where nothing else stands in its line.
_ALONE = (
    re.compile(rf"[-—–·]*第{_N}[页頁][-—–·]*"),
    re.compile(r"[-—–]+(\d{1,4})[-—–]+"),
    re.compile(r"[Pp]age(\d{1,4})"),
)
_MOST = 5000


@dataclass(frozen=True)
class Numbered:
    """What a page says of itself: its number, and of how many (0: not said). number 0: it says nothing."""

    number: int = 0
    of: int = 0


def numbered(page: PageText) -> Numbered:
    """Return the number printed in the head or the foot of a page."""
    for line in page.lines:
        found = _said(line, page.height)
        if found.number:
            return found
    return Numbered()


def _said(line: Line, height: int) -> Numbered:
    middle = (line.box[1] + line.box[3]) / 2
    if _MARGIN * height < middle < (1 - _MARGIN) * height:
        return Numbered()
    text = "".join(line.text.split())
    for pattern in _OF:
        if match := pattern.search(text):
            named = match.groupdict()
            number, of = (named["n"], named["of"]) if named else match.groups()
            first, last = _value(number), _value(of)
            return Numbered(first, last) if 0 < first <= last <= _MOST else Numbered()
    for pattern in _ALONE:
        if match := pattern.fullmatch(text):
            return Numbered(_value(match[1]))
    return Numbered()


def _value(text: str) -> int:
    """Return the number that digits or Chinese numerals up to 999 say, 0 for none."""
    if text.isdecimal():
        return int(text)
    total, digit = 0, 0
    for char in text:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _DIGIT[char]
    return total + digit


def missing(pages: Iterable[Numbered]) -> list[int]:
    """Return the printed numbers of pages that cannot be among these, which are in the order of the paper.

    Pages whose number was not read are taken for those that belong where they lie. Where a number neither goes on nor grows, or the
    count changes, another paper begins: a contract and its annex, a sheet scanned twice. Of a paper that says its count all pages must
    be there, of others those between the first and the last.
    """
    found: set[int] = set()
    last, unread = Numbered(), 0
    for page in pages:
        if not page.number:
            unread += 1
            continue
        goes_on = page.number == last.number + unread + 1
        if last.number and (goes_on or (page.of == last.of and page.number >= last.number)):
            gap = range(last.number + 1, page.number)
        else:
            found |= _lacking(range(last.number + 1, last.of + 1), unread)
            gap = range(1, page.number) if page.of else range(0)
        found |= _lacking(gap, unread)
        last, unread = page, 0
    return sorted(found | _lacking(range(last.number + 1, last.of + 1), unread))


def _lacking(gap: range, unread: int) -> set[int]:
    return set(gap) if len(gap) > unread else set()
