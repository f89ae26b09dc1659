"""Ranges of dates and amounts: `signed:2024-01..2025-06`, `amount:>1000000`. A value is a whole number an engine compares.

A date is yyyymmdd, `long-term` the last day there is; an amount is in cents.
"""

import calendar
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from search.dates import typed_date
from search.folding import fold, typed_figure
from search.model import IndexedPage

LONG_TERM = 9999_12_31
_WITHOUT_END = ("long-term", "长期")
_MOST = 10**18  # what engines hold in eight bytes, with room
DATES = (
    *("signed_on", "received_on", "established_on", "issued_on"),
    *("valid_from", "valid_until", "term_from", "term_until"),
)
AMOUNTS = ("amount", "registered_capital")
STORED = (*DATES, *AMOUNTS)

# What a query may call them beside their own names; those of one word are ranges whatever follows.
SHORT = {"signed": "signed_on", "received": "received_on", "签订": "signed_on", "收到": "received_on", "金额": "amount"}

_BETWEEN = re.compile(r"(.*?)\.\.(.*)", re.DOTALL)
_COMPARED = re.compile(r"(>=|<=|>|<|≥|≤)(.*)", re.DOTALL)
# In words, as papers say it, too: so a run of text may be meant. 以上, 以下 and 以内 include the number (民法典, article 1259).
_FROM_TO = re.compile(r"(.+?)(?:~|至|到)(.+)", re.DOTALL)
_IN_WORDS = re.compile(r"(.+?)(以上|以下|以内)")
# Full-width forms of ASCII, and what its keys give while one writes Chinese.
_KEYS = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | str.maketrans("》《。", "><.")


@dataclass(frozen=True)
class Bounds:
    """From `low` to `high`, both included; None is no bound."""

    low: int | None
    high: int | None


class NoValue(ValueError):
    """The text is neither a date nor an amount; `at` is where it begins in what was given."""

    def __init__(self, at: int) -> None:
        super().__init__("no value")
        self.at = at


def stored_values(page: IndexedPage) -> dict[str, int]:
    """Return the values of a document that ranges look at, by their stored name; what cannot be read has none."""
    written = {name: page.fields.get(name, "") for name in STORED} | {"received_on": page.received_on}
    found: dict[str, int] = {}
    for name, text in written.items():
        if text and (span := _span(name, text)):
            found[name] = span[0]
    return found


def lies_within(name: str, text: str, low: int | None, high: int | None) -> bool:
    """Tell whether the value of a stored name, as it was read, lies from `low` to `high`, both included; None is no bound."""
    span = _span(name, text)
    return span is not None and (low is None or low <= span[0]) and (high is None or span[0] <= high)


def is_range(text: str) -> bool:
    """Tell whether what follows a field's colon is a range and not a value to look for."""
    text = text.translate(_KEYS)
    return bool(_COMPARED.fullmatch(text) or _BETWEEN.fullmatch(text))


def bounds(name: str, text: str) -> Bounds:
    """Return what `text` (`a..b`, `a..`, `>a`, `<=a`, `a`, `a至b`, `a以上`) means for a stored name. Raises NoValue.

    A year or a month is all its days: `>2024` begins with 2025, `..2024-06` ends with 30 June.
    """
    text = text.translate(_KEYS)
    if compared := _COMPARED.fullmatch(text):
        first, last = _read(name, compared[2], compared.start(2))
        match compared[1]:
            case ">":
                return Bounds(last + 1, None)
            case ">=" | "≥":
                return Bounds(first, None)
            case "<":
                return Bounds(None, first - 1)
            case _:
                return Bounds(None, last)
    if between := _BETWEEN.fullmatch(text):
        if not between[1] and not between[2]:
            raise NoValue(0)
        low = _read(name, between[1], 0)[0] if between[1] else None
        high = _read(name, between[2], between.start(2))[1] if between[2] else None
        return Bounds(low, high)
    if _span(name, text) is None:
        if between := _FROM_TO.fullmatch(text):
            return Bounds(_read(name, between[1], 0)[0], _read(name, between[2], between.start(2))[1])
        if said := _IN_WORDS.fullmatch(text):
            first, last = _read(name, said[1], 0)
            return Bounds(first, None) if said[2] == "以上" else Bounds(None, last)
    return Bounds(*_read(name, text, 0))


def _read(name: str, text: str, at: int) -> tuple[int, int]:
    span = _span(name, text)
    if span is None:
        raise NoValue(at)
    return span


@lru_cache(maxsize=8192)  # there are only so many days
def _span(name: str, text: str) -> tuple[int, int] | None:
    chars = fold(text).chars
    if name in AMOUNTS:
        figure = typed_figure(chars)
        cents = int((Decimal(figure) * 100).to_integral_value()) if figure else -1
        return (cents, cents) if 0 <= cents < _MOST else None
    if chars in _WITHOUT_END:
        return LONG_TERM, LONG_TERM
    if re.fullmatch(r"(?:19|20)\d\d年?", chars):
        return int(chars[:4]) * 10_000 + 101, int(chars[:4]) * 10_000 + 1231
    value = typed_date(chars).replace("-", "")
    if len(value) == 6:
        year, month = int(value[:4]), int(value[4:])
        return int(value) * 100 + 1, int(value) * 100 + calendar.monthrange(year, month)[1]
    return (int(value), int(value)) if value else None
