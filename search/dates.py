"""Dates in running text: 2026年2月19日 is 2026-02-19 is 二〇二六年二月十九日 is 贰零贰陆年零贰月壹拾玖日 is 19 Feb 2026."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import TypeAlias

from search.numerals import DIGITS, ZEROS

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(MONTHS)})[a-z]{{0,6}}\.?"
_WHOLE_MONTH = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
_DIGITS = "".join(DIGITS)
_OF_YEAR = _DIGITS + "o0"  # 二O二六, as many type it and recognisers read it
_YEAR, _DAY, _HAN = r"[12]\d{3}", r"(\d{1,2})(?!\d)", rf"([{_DIGITS}十拾廿卅]{{1,4}}|元)"
NUMERALS = f"{_DIGITS}十拾廿卅元o"  # what a date can be written with, beside figures
_HAN_DAY = rf"\s*{_HAN}\s*[日号]"
_ANY_DAY = rf"(?:\s*(?:(\d{{1,2}})|{_HAN})\s*[日号])?"

# Each begins with a set of characters, which is what makes the search through a page quick.
# 1月2 0日, broken by the end of a line, is not the second.
_FIGURES = re.compile(
    rf"({_YEAR})\s*(?:年\s*{_DAY}\s*月\s*{_DAY}(?!\s\d\s*[日号])\s*[日号]?|([-/.])\s*{_DAY}\s*\4\s*{_DAY})"
)
_COMPACT = re.compile(rf"({_YEAR})(\d\d)(\d\d)(?!\d)")
_MONTH_ONLY = re.compile(rf"({_YEAR})\s*年\s*{_DAY}\s*月(?!\s*\d)")
_CHINESE = re.compile(rf"([{_OF_YEAR}]{{4}})\s*年\s*(?:{_HAN}|(\d{{1,2}}))\s*月{_ANY_DAY}")
_MIXED = re.compile(rf"({_YEAR})\s*年\s*(?:{_HAN}\s*月{_ANY_DAY}|(\d{{1,2}})\s*月{_HAN_DAY})")
_REPUBLIC = re.compile(rf"(?:中华)?民国\s*(?:(\d{{1,3}})|{_HAN})\s*年\s*(?:(\d{{1,2}})|{_HAN})\s*月{_ANY_DAY}")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})\s*(?:st|nd|rd|th)?\s*(?:day)?\s*(?:of)?[\s,-]*{_MONTH}[\s,-]*({_YEAR})(?!\d)")
_MONTH_FIRST = re.compile(rf"{_MONTH}\s*(\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s*({_YEAR})(?!\d)")
_MONTH_OF = re.compile(rf"({_WHOLE_MONTH})\.?[\s,-]*({_YEAR})(?!\d)")
_YEAR_FIRST = re.compile(rf"({_YEAR})[\s,.-]*({_WHOLE_MONTH})\.?[\s,-]*(\d{{1,2}})(?:st|nd|rd|th)?(?![\da-z])")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])\s?(\d{{1,2}})\2\s?({_YEAR})(?![\d])")
# A year and a month alone are neither a part of a longer number nor an amount.
_MONTH_FIGURES = re.compile(rf"({_YEAR})([-/.])(\d{{1,2}})(?![\da-z])(?!\s*\2\s*[\da-z])(?!\s*[元圆千百万亿%])")
# _FIGURES, _COMPACT, _MONTH_ONLY and _MONTH_FIGURES in one look: no two of them begin at the same place.
_BY_YEAR = re.compile(
    rf"({_YEAR})(?:\s*(?:年\s*{_DAY}\s*月(?:\s*{_DAY}(?!\s\d\s*[日号])|(?!\s*\d))|([-/.])\s*{_DAY}\s*\4\s*{_DAY})"
    r"|(\d\d)(\d\d)(?!\d)|([-/.])(\d{1,2})(?![\da-z])(?!\s*\9\s*[\da-z])(?!\s*[元圆千百万亿%]))"
)
# 26年2月19日, as people write who save the century. A day must follow: 10年2月 may be how long something takes.
_SHORT_YEAR = re.compile(
    rf"(\d\d|[{_DIGITS}]{{2}})\s?年\s*(?:(\d{{1,2}})|{_HAN})\s*月\s*(?:(\d{{1,2}})(?!\s\d\s*[日号])|{_HAN})\s*[日号]"
)
_TYPED_SHORT = re.compile(r"'?(\d\d)(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?)")
_PIVOT = 50  # 26 is 2026, 98 is 1998
_TYPED_MONTH = re.compile(rf"({_YEAR})[-/.年](\d{{1,2}})月?")

Read = Callable[[re.Match[str]], str]
Form: TypeAlias = tuple[re.Pattern[str], Read, str | re.Pattern[str]]


def dates(spaced: str) -> Iterator[tuple[str, int, int]]:
    """Yield (value, start, end) of the dates in a folded text: `2026-02-19`, or `2026-02` where no day is written.

    03/04/2026 is two dates: people write the day first, and others the month.
    """
    return _in_forms(spaced, _FORMS)


def values_of_dates(spaced: str) -> set[str]:
    """Return the values alone of what `dates` yields, which is a good deal quicker: texts hold many dates of a few forms."""
    found: set[str] = set()
    for match in _BY_YEAR.finditer(spaced):
        start = match.start()
        before = spaced[start - 1 : start]
        if not (before.isascii() and before.isalnum()):
            found.add(_value(match))
    found.discard("")
    if (
        ("月" in spaced and _IN_NUMERALS_OR_SHORT.search(spaced))
        or "民国" in spaced
        or _NAMED.search(spaced)
        or _ENDS_WITH_YEAR.search(spaced)
    ):
        found.update(other_values(spaced))
    return found


def by_year(spaced: str, start: int) -> str:
    """Return the date that begins with the year at `start`, in figures throughout; "" if none does."""
    match = _BY_YEAR.match(spaced, start)
    return _value(match) if match else ""


def other_values(spaced: str) -> list[str]:
    """Return the values of the dates that are not of the forms of `by_year`."""
    return [value for value, _, _ in _in_forms(spaced, _OTHERS)]


def _value(match: re.Match[str]) -> str:
    year, month, day, _, other_month, other_day, compact_month, compact_day, parted, month_alone = match.groups()
    if month_alone:
        return _month_alone(match, parted, month_alone)
    return _read(year, month or other_month or compact_month, day or other_day or compact_day)


@lru_cache(maxsize=16_384)  # there are only so many days
def _read(year: str, month: str, day: str | None) -> str:
    return _valid(int(year), int(month), int(day) or -1 if day else 0)


def _in_forms(spaced: str, forms: Iterable["Form"]) -> Iterator[tuple[str, int, int]]:
    held: dict[re.Pattern[str], bool] = {}
    for pattern, read, needed in forms:
        # A look for a character is much quicker than one for a pattern.
        if isinstance(needed, str):
            if needed not in spaced:
                continue
        else:
            if needed not in held:
                held[needed] = needed.search(spaced) is not None
            if not held[needed]:
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
    if short := _TYPED_SHORT.fullmatch(chars):
        return _valid(_century(int(short[1])), int(short[3] or short[5]), int(short[4] or short[6]) or -1)
    return next((read(match) for pattern, read, _ in _FORMS if (match := pattern.fullmatch(chars))), "")


def _figures(match: re.Match[str]) -> str:
    month, day = (match[2], match[3]) if match[2] else (match[5], match[6])
    return _valid(int(match[1]), int(month), int(day) or -1)


def _compact(match: re.Match[str]) -> str:
    return _valid(int(match[1]), int(match[2]), int(match[3]) or -1)


def _month_only(match: re.Match[str]) -> str:
    return _valid(int(match[1]), int(match[2]), 0)


def _month_figures(match: re.Match[str]) -> str:
    return _month_alone(match, match[2], match[3])


def _month_alone(match: re.Match[str], parted: str, month: str) -> str:
    """Return the month, but for what stands in a longer number: 12-2026-02."""
    before = match.string[match.start() - 1 : match.start()]
    return "" if before in {parted, ","} else _valid(int(match[1]), int(month), 0)


def _month_of(match: re.Match[str]) -> str:
    return _valid(int(match[2]), _month(match[1]), 0)


def _year_first(match: re.Match[str]) -> str:
    return _valid(int(match[1]), _month(match[2]), int(match[3]) or -1)


def _month(name: str) -> int:
    return MONTHS.index(name[:3]) + 1


def _chinese(match: re.Match[str]) -> str:
    year = int("".join(str(DIGITS.get(char, 0)) for char in match[1]))
    return _valid(year, _small(match[2], match[3]), _day(match[5], match[4]))


def _mixed(match: re.Match[str]) -> str:
    if match[2]:
        return _valid(int(match[1]), _small(match[2]), _day(match[4], match[3]))
    return _valid(int(match[1]), int(match[5]), _day(match[6]))


def _short_year(match: re.Match[str]) -> str:
    before = match.string[max(match.start() - 3, 0) : match.start()].rstrip()
    if before.endswith("民国") or before[-1:].isdecimal() or (before and before[-1] in _OF_YEAR):
        return ""
    year = int(match[1]) if match[1].isdecimal() else int("".join(str(DIGITS[char]) for char in match[1]))
    return _valid(_century(year), _small(match[3], match[2]), _day(match[5], match[4]) or -1)


def _century(year: int) -> int:
    return year + (2000 if year < _PIVOT else 1900)


def _republic(match: re.Match[str]) -> str:
    """Taiwan's years are counted from 1912 as the first."""
    year = 1 if match[2] == "元" else _small(match[2], match[1])
    return _valid(1911 + year, _small(match[4], match[3]), _day(match[6], match[5]))


def _day_and_month(match: re.Match[str]) -> str:
    return _valid(int(match[4]), int(match[3]), int(match[1]) or -1)


def _month_and_day(match: re.Match[str]) -> str:
    # With full stops the day comes first everywhere.
    return "" if match[2] == "." else _valid(int(match[4]), int(match[1]), int(match[3]) or -1)


def _day_first(match: re.Match[str]) -> str:
    return _valid(int(match[3]), _month(match[2]), int(match[1]) or -1)


def _month_first(match: re.Match[str]) -> str:
    return _valid(int(match[3]), _month(match[1]), int(match[2]) or -1)


_NAMED = re.compile("[adfjmnos](?:an|eb|ar|pr|ay|un|ul|ug|ep|ct|ov|ec)")
_ENDS_WITH_YEAR = re.compile(r"[-/.]\s?\d{1,2}[-/.]\s?[12]\d{3}(?!\d)")

_WRITTEN = rf"[年月](?:(?<=[{NUMERALS}\s].)|(?<=[{NUMERALS}]0.)|\s*[{NUMERALS}])"
_IN_NUMERALS = re.compile(_WRITTEN)
_IN_NUMERALS_OR_SHORT = re.compile(rf"{_WRITTEN}|年(?:(?<=(?<!\d)\d\d.)|(?<=(?<!\d)\d\d\s.))")

# Each form with what a text must hold to hold the form.
_FORMS: tuple[Form, ...] = (
    (_FIGURES, _figures, ""),
    (_COMPACT, _compact, ""),
    (_MONTH_ONLY, _month_only, "月"),
    (_MONTH_FIGURES, _month_figures, ""),
    (_CHINESE, _chinese, _IN_NUMERALS),
    (_MIXED, _mixed, _IN_NUMERALS),
    (_SHORT_YEAR, _short_year, _IN_NUMERALS_OR_SHORT),
    (_REPUBLIC, _republic, "民国"),
    (_DAY_FIRST, _day_first, _NAMED),
    (_MONTH_FIRST, _month_first, _NAMED),
    (_MONTH_OF, _month_of, _NAMED),
    (_YEAR_FIRST, _year_first, _NAMED),
    (_YEAR_LAST, _day_and_month, _ENDS_WITH_YEAR),
    (_YEAR_LAST, _month_and_day, _ENDS_WITH_YEAR),
)
_OTHERS = tuple(form for form in _FORMS if form[0] not in (_FIGURES, _COMPACT, _MONTH_ONLY, _MONTH_FIGURES))


def _valid(year: int, month: int, day: int) -> str:
    if not 1900 <= year < 2100:
        return ""
    try:
        made = date(year, month, day or 1)
    except ValueError:
        return ""
    return made.isoformat() if day else made.isoformat()[:7]


def _day(numeral: str | None, figures: str | None = None) -> int:
    """Return the day that is written; 0 where none is, -1 for what is none."""
    return (_small(numeral, figures) or -1) if numeral or figures else 0


def _small(numeral: str | None, figures: str | None = None) -> int:
    """Return the value of a month, a day or a short year, in Chinese numerals or in figures; -1 for what is none."""
    if figures:
        return int(figures)
    if not numeral:
        return -1
    if numeral == "元":
        return 1  # 元月 is January
    chars = numeral.translate(_TENS)
    if "十" not in chars:
        return int("".join(str(DIGITS[char]) for char in chars))
    tens, _, ones = chars.lstrip(ZEROS).partition("十")  # bills write 零壹拾日
    if "十" in ones or len(tens) > 1 or len(ones) > 1:
        return -1
    return (DIGITS[tens] if tens else 1) * 10 + (DIGITS[ones] if ones else 0)


_TENS = str.maketrans({"拾": "十", "廿": "二十", "卅": "三十"})
