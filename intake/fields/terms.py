"""Periods in words: from-to, until, so many years from a day."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from intake.fields.read import Reading
from intake.layout import Run
from intake.model import Field
from intake.values import LONG_TERM, chinese_integer, find_dates, find_long_term, last_day

_TO = r"(?:日|止|起|开始|始|\s|,|\(含(?:当日)?\))*(?:至|到|止于|—+|-+|一|~|～|–|to|until|through)\s*"
_NUMBER = r"(?P<n>\d{1,4}|[一二三四五六七八九十百两壹贰叁肆伍陆柒捌玖拾]{1,5})\s*(?:\([^()]{1,6}\)\s*)?"
_SPAN = re.compile(
    rf"{_NUMBER}(?P<unit>周?年|个?月|天|日历天|日|years?|months?|days?)(?!\s*(?:\d|前|内支付|内付))", re.IGNORECASE
)
_YEARS_BEFORE = re.compile(r"(?<!\d)(?P<n>\d{1,2}|[一二三四五六七八九十两]{1,3})[ \t]*年[零又]?[ \t]*$")
_WORDS = {"one": 1, "two": 2, "three": 3}


@dataclass(frozen=True)
class Term:
    """The first and the last day of a period, each as far as the paper says it. agreed: the stated length fits them."""

    first: Reading | None = None
    last: Reading | None = None
    agreed: bool = True


def term(run: Run, signed: Reading | None = None) -> Term:
    """Read a period from a clause or from the place beside a label.

    自2026年1月1日至2026年12月31日; 三年，自2026年3月1日起 (the last day is the day before the anniversary);
    至2027年1月1日; 长期; 自签订之日起一年, counted from `signed` and trusted less.
    """
    key = run.key
    dates = find_dates(key)
    length = _length(key, [(d.start, d.end) for d in dates])
    readings = [Reading(run.cut(d.start, d.end), d.value, 1.0 if d.certain else 0.85) for d in dates]
    spans = [
        (i, a, b) for i, (a, b) in enumerate(pairwise(dates)) if re.fullmatch(_TO, key[a.end : b.start], re.IGNORECASE)
    ]
    for i, a, b in spans:
        if a.value <= b.value:
            agreed = length is None or abs(_days(_end(a.value, length)) - _days(b.value)) <= 1
            return Term(readings[i], readings[i + 1], agreed)
    if spans:  # it ends before it begins: one of the two is misread
        return Term(readings[spans[0][0]], readings[spans[0][0] + 1], agreed=False)
    endless = find_long_term(key)
    if endless:
        last = Reading(run.cut(endless.start, endless.end), endless.value)
        return Term(
            readings[0] if readings and readings[0].run.inked[0] in run.cut(0, endless.start).inked else None, last
        )
    if readings and re.search(
        r"(?:至|到|止于|截止|截至|until|before|not later than)\s*(?:于|to)?\s*$", key[: dates[0].start], re.IGNORECASE
    ):
        start = (
            signed.weaker(0.8)
            if signed and re.search(r"(?:签|出具|授权|生效|盖章)[^,。]{0,8}(?:之日|日)?起", key)
            else None
        )
        return Term(start, readings[0])
    if length is not None and readings:
        value = _end(readings[0].value, length)
        return Term(
            readings[0], Reading(run.cut(length.start, length.end), value, 0.92, ("computed",)) if value else None
        )
    if length is not None and signed and re.search(r"(?:签|出具|授权|生效|盖章|开具|签发|即日)", key):
        value = _end(signed.value, length)
        until = Reading(run.cut(length.start, length.end), value, 0.8, ("computed",)) if value else None
        return Term(signed.weaker(0.8, "computed"), until)
    if len(readings) == 1 and re.match(r"[日起]?[ \t]*至", key[dates[0].end :]):  # the end was left blank
        return Term(readings[0], None)
    if len(readings) == 1 and re.search(r"(?:自|从|由|from)\s*$", key[: dates[0].start], re.IGNORECASE):
        return Term(readings[0], None)
    return Term()


#: Signing dates of one paper lie no further apart than this, in days.
_APART = 731


def doubt_order(found: dict[str, Field], first: str, last: str) -> None:
    """Mark both ends of a period for review where it ends before it begins."""
    a, b = found.get(first), found.get(last)
    if a and b and b.value != LONG_TERM and b.value < a.value:
        for name, field in ((first, a), (last, b)):
            marks = tuple(dict.fromkeys((*field.marks, "term_mismatch")))
            found[name] = replace(field, confidence=round(field.confidence * 0.6, 3), marks=marks)


def doubt_signed(found: dict[str, Field], others: Iterable[Reading]) -> None:
    """Draw the day of signing below the line where another signing date on the paper lies over two years away."""
    field = found.get("signed_on")
    if field and any(abs(_days(field.value) - _days(o.value)) > _APART for o in others):
        found["signed_on"] = replace(field, confidence=round(field.confidence * 0.7, 3))


@dataclass(frozen=True)
class _Length:
    start: int
    end: int
    years: int
    months: int
    days: int


def _length(key: str, taken: list[tuple[int, int]]) -> _Length | None:
    for m in _SPAN.finditer(key):
        if any(a < m.end() and m.start() < b for a, b in taken):
            continue
        number = int(m["n"]) if m["n"].isdigit() else int(chinese_integer(m["n"]) or 0)
        unit = m["unit"].lower()
        if _of_date(key, m):
            continue
        if number == 0 or (number > 70 and "年" in unit):
            continue
        years = number if "年" in unit or unit.startswith("year") else 0
        months = number if "月" in unit or unit.startswith("month") else 0
        more = _YEARS_BEFORE.search(key[: m.start()]) if unit == "个月" else None
        if more:  # 2年6个月
            years = int(more["n"]) if more["n"].isdigit() else int(chinese_integer(more["n"]) or 0)
            return _Length(more.start(), m.end(), years, months, 0)
        return _Length(m.start(), m.end(), years, months, 0 if years or months else number)
    return None


def _of_date(key: str, m: re.Match[str]) -> bool:
    """Tell whether the match is a piece of a date (2024年, 年10月, 月17日), over a line end too, and no length."""
    before = key[: m.start()].rstrip()
    if m["unit"] == "年":
        return m["n"].isdigit() and (len(m["n"]) == 4 or key[m.start() - 1 : m.start()].isdigit())
    return (m["unit"] == "月" and before.endswith("年")) or (
        m["unit"] == "日" and (before.endswith("月") or key.startswith("止", m.end()))
    )


def _end(first: str, length: _Length | None) -> str:
    return (length and last_day(first, length.years, length.months, length.days)) or ""


def _days(value: str) -> int:
    return date.fromisoformat(value).toordinal() if value else 0
