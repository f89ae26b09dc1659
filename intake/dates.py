"""Dates as they are printed, to YYYY-MM-DD or `long-term`. Pure functions."""

import re
from datetime import date, timedelta

from intake.folding import SPACE as _S
from intake.folding import Found, fold

LONG_TERM = "long-term"

_DIGIT = "0-9OoIl"
_HAN_DIGITS = {
    c: i
    for i, row in enumerate(
        ("〇○零Oo0", "一壹1", "二贰貳两2", "三叁參3", "四肆4", "五伍5", "六陆陸6", "七柒7", "八捌8", "九玖9")
    )
    for c in row
}
_HAN = "".join(_HAN_DIGITS)
_WRAP = rf"{_S}(?:\n{_S})?"  # a date may be broken at a line end after 年 or 月
_MONTHS = {
    m: i for i, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
_MONTH = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:[a-z]*)\.?"
_BEFORE_TIME = r"\d\d(?=[0-2]\d:[0-5]\d)"  # a time of day behind it that lost its space: 2025-10-2014:33:08
_DATE_FORMS = (
    (
        "ymd",
        re.compile(
            rf"(?<![{_DIGIT}])([{_DIGIT}]{{4}}){_S}年{_WRAP}([{_DIGIT}]{{1,2}}){_S}月{_WRAP}([{_DIGIT}]{{1,2}})(?:{_S}[日号])?"
        ),
    ),
    (
        "han",
        re.compile(
            rf"([{_HAN}](?:{_S}[{_HAN}]){{3}}){_S}年{_WRAP}((?:[{_HAN}元正十拾]{_S}){{1,3}})月{_WRAP}((?:[{_HAN}十拾廿卅初]{_S}){{1,4}})[日号]"
        ),
    ),
    (
        "ymd",
        re.compile(
            rf"(?<!\d)(?<!\d[./])(\d{{4}}){_S}[./]{_S}(\d{{1,2}}){_S}[./]{_S}(\d{{1,2}}(?!\d|[./]\d)|{_BEFORE_TIME})"
        ),
    ),
    (
        "ymd",
        re.compile(
            rf"(?<![\d\-])(?<![A-Za-z]-)(\d{{4}}){_S}-{_S}(\d{{1,2}}){_S}-{_S}(\d{{1,2}}(?!\d|-\d)|{_BEFORE_TIME})"
        ),
    ),
    (
        "dmy",
        re.compile(
            rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?(?:{_S}day{_S}of)?{_S}{_MONTH},?{_S}(\d{{4}})(?!\d)", re.IGNORECASE
        ),
    ),
    ("mdy", re.compile(rf"(?<![a-z]){_MONTH}{_S}(\d{{1,2}})(?:st|nd|rd|th)?,?{_S}(\d{{4}})(?!\d)", re.IGNORECASE)),
)
_LONG_TERM = re.compile(
    r"长[ \t]*期|長期|永[ \t]*[续續久]|无固定期限|无期限|不约定期限|无限期|long[- ]term|indefinite", re.IGNORECASE
)
_GUESS = str.maketrans("OoIl", "0011")


def find_dates(text: str) -> list[Found]:
    """Return every calendar date in `text`, in order, as YYYY-MM-DD.

    Forms (RULES, Amounts and dates): 2026年2月19日, 二〇二六年二月十九日, 2026-02-19, 2026.2.19, 2026/2/19 and the English
    ones. A line may end after 年 or 月. O and l read for 0 and 1 beside
    年月日 are understood, but not `certain`. Days that no calendar has are left out.
    """
    folded = fold(text)
    found: list[Found] = []
    for form, pattern in _DATE_FORMS:
        for m in pattern.finditer(folded):
            if any(f.start < m.end() and m.start() < f.end for f in found):
                continue
            value = _iso(form, (m[1], m[2], m[3]))
            if value is not None:
                certain = form != "ymd" or not any(c in "OoIl" for c in m[0])
                found.append(Found(m.start(), m.end(), value, certain))
    return sorted(found, key=lambda f: f.start)


def _iso(form: str, parts: tuple[str, str, str]) -> str | None:
    if form == "han":
        digits = "".join(str(_HAN_DIGITS[c]) for c in parts[0] if not c.isspace())
        numbers = (int(digits), _small_number(parts[1]), _small_number(parts[2]))
    elif form == "dmy":
        numbers = (int(parts[2]), _MONTHS[parts[1][:3].lower()], int(parts[0]))
    elif form == "mdy":
        numbers = (int(parts[2]), _MONTHS[parts[0][:3].lower()], int(parts[1]))
    else:
        numbers = (int(parts[0].translate(_GUESS)), int(parts[1].translate(_GUESS)), int(parts[2].translate(_GUESS)))
    if not 1900 <= numbers[0] <= 2199:
        return None
    try:
        return date(*numbers).isoformat()
    except ValueError:
        return None


def _small_number(text: str) -> int:
    """Read a month or a day in Chinese numerals (元, 十二, 廿一, 二十九, 〇三, 初五); 0 when it is none."""
    t = re.sub(r"[\s初]", "", text).replace("正", "一").replace("元", "一").replace("拾", "十")
    t = t.replace("廿", "二十").replace("卅", "三十")
    if "十" in t:
        tens, _, ones = t.partition("十")
        if len(tens) > 1 and tens[0] in "〇○零0O":  # 零壹拾
            tens = tens[1:]
        if len(tens) > 1 or len(ones) > 1:
            return 0
        return 10 * (_HAN_DIGITS.get(tens, 0) if tens else 1) + (_HAN_DIGITS[ones] if ones else 0)
    return int("".join(str(_HAN_DIGITS[c]) for c in t) or 0)


def parse_date(text: str) -> str | None:
    """Return the one date that `text` is, as YYYY-MM-DD or `long-term`; None when it is no date."""
    stripped = fold(text).strip(" \t\n.。,;")
    dates = find_dates(stripped)
    if len(dates) == 1 and dates[0].end - dates[0].start == len(stripped):
        return dates[0].value
    if _LONG_TERM.fullmatch(stripped):
        return LONG_TERM
    if re.fullmatch(r"(19|20|21)\d{6}", stripped):
        return _iso("ymd", (stripped[:4], stripped[4:6], stripped[6:]))
    return None


def find_long_term(text: str) -> Found | None:
    """Return the first words that say "no end date" (长期, 永续, 永久 ...)."""
    m = _LONG_TERM.search(text)
    return Found(m.start(), m.end(), LONG_TERM) if m else None


def last_day(first: str, years: int = 0, months: int = 0, days: int = 0) -> str | None:
    """Return the last day of a term that starts on `first`: the day before the anniversary (Civil Code 201-203)."""
    start = date.fromisoformat(first)
    index = start.year * 12 + start.month - 1 + years * 12 + months
    year, month = divmod(index, 12)
    if year > 2199:
        return None
    for day in range(start.day, 27, -1):
        try:
            anniversary = date(year, month + 1, day)
            break
        except ValueError:
            continue
    else:
        anniversary = date(year, month + 1, min(start.day, 28))
    if anniversary.day < start.day:  # no such day: the term ends on the month's last day
        return (anniversary + timedelta(days=days)).isoformat()
    return (anniversary + timedelta(days=days - 1)).isoformat()
