"""Dates in running text: 2026年2月19日 is 2026-02-19 is 二〇二六年二月十九日 is 19 Feb 2026."""

import re
from collections.abc import Callable, Iterator
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_ONES = "〇零○一二三四五六七八九"
_WORTH = {"〇": 0, "零": 0, "○": 0} | {char: value for value, char in enumerate("一二三四五六七八九", 1)}
_YEAR, _DAY, _HAN = r"[12]\d{3}", r"(\d{1,2})(?!\d)", rf"([{_ONES}十]{{1,3}})"

# Each begins with a set of characters, which is what makes the search through a page quick.
_FIGURES = re.compile(rf"({_YEAR})\s*(?:年\s*{_DAY}\s*月\s*{_DAY}\s*[日号]?|([-/.])\s*{_DAY}\s*\4\s*{_DAY})")
_COMPACT = re.compile(rf"({_YEAR})(\d\d)(\d\d)(?!\d)")
_MONTH_ONLY = re.compile(rf"({_YEAR})\s*年\s*{_DAY}\s*月(?!\s*\d)")
_CHINESE = re.compile(rf"([{_ONES}]{{4}})\s*年\s*{_HAN}\s*月(?:\s*{_HAN}\s*[日号])?")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})\s*(?:st|nd|rd|th)?[\s,-]*{_MONTH}[\s,-]*({_YEAR})(?!\d)")
_MONTH_FIRST = re.compile(rf"{_MONTH}\s*(\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s*({_YEAR})(?!\d)")
_TYPED_MONTH = re.compile(rf"({_YEAR})[-/年](\d{{1,2}})月?")

Read = Callable[[re.Match[str]], str]


def dates(spaced: str) -> Iterator[tuple[str, int, int]]:
    """Yield (value, start, end) of the dates in a folded text: `2026-02-19`, or `2026-02` where no day is written."""
    named = _NAMED.search(spaced) is not None
    for pattern, read, needed in _FORMS:
        # A look for a character is much quicker than one for a pattern.
        if needed is None:
            if not named:
                continue
        elif needed not in spaced:
            continue
        for match in pattern.finditer(spaced):
            before = spaced[match.start() - 1 : match.start()]
            value = "" if before.isascii() and before.isalnum() else read(match)
            if value:
                yield value, match.start(), match.end()


def typed_date(chars: str) -> str:
    """Return the value of a folded word that is a date or a month and nothing else, otherwise ""."""
    if month := _TYPED_MONTH.fullmatch(chars):
        return _valid(int(month[1]), int(month[2]), 0)
    return next((read(match) for pattern, read, _ in _FORMS if (match := pattern.fullmatch(chars))), "")


def _figures(match: re.Match[str]) -> str:
    month, day = (match[2], match[3]) if match[2] else (match[5], match[6])
    return _valid(int(match[1]), int(month), int(day) or -1)


def _compact(match: re.Match[str]) -> str:
    return _valid(int(match[1]), int(match[2]), int(match[3]) or -1)


def _month_only(match: re.Match[str]) -> str:
    return _valid(int(match[1]), int(match[2]), 0)


def _chinese(match: re.Match[str]) -> str:
    year = int("".join(str(_WORTH[char]) for char in match[1]))
    return _valid(year, _small(match[2]), (_small(match[3]) or -1) if match[3] else 0)


def _day_first(match: re.Match[str]) -> str:
    return _valid(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]) or -1)


def _month_first(match: re.Match[str]) -> str:
    return _valid(int(match[3]), _MONTHS.index(match[1]) + 1, int(match[2]) or -1)


# Each form with what a text must hold to hold the form; None is the name of a month.
_FORMS: tuple[tuple[re.Pattern[str], Read, str | None], ...] = (
    (_FIGURES, _figures, ""),
    (_COMPACT, _compact, ""),
    (_MONTH_ONLY, _month_only, "月"),
    (_CHINESE, _chinese, "月"),
    (_DAY_FIRST, _day_first, None),
    (_MONTH_FIRST, _month_first, None),
)
_NAMED = re.compile("[adfjmnos](?:an|eb|ar|pr|ay|un|ul|ug|ep|ct|ov|ec)")


def _valid(year: int, month: int, day: int) -> str:
    if not 1900 <= year < 2100:
        return ""
    try:
        made = date(year, month, day or 1)
    except ValueError:
        return ""
    return made.isoformat() if day else made.isoformat()[:7]


def _small(numeral: str) -> int:
    """Return the value of a month or a day in Chinese numerals; -1 for what is none."""
    tens, ten, ones = numeral.partition("十")
    if not ten:
        return int("".join(str(_WORTH[char]) for char in numeral))
    if "十" in ones or len(tens) > 1 or len(ones) > 1:
        return -1
    return (_WORTH[tens] if tens else 1) * 10 + (_WORTH[ones] if ones else 0)
