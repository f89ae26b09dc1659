"""Chinese numerals, plain and as banks write them: 六百九十二万二千元 and 陆佰玖拾贰万贰仟元整 are 6922000.

The capitals are those of the rules for filling in bills (支付结算办法, 中国人民银行 1997, annex 1). All texts here are folded.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

ZEROS = "〇零○"
ONES = ("一二三四五六七八九", "壹贰叁肆伍陆柒捌玖")
DIGITS = dict.fromkeys(ZEROS, 0) | {char: value for row in ONES for value, char in enumerate(row, 1)}
_WORTH = DIGITS | {"两": 2, "参": 3}
_D, _Z = f"[{''.join(ONES)}两参]", f"[{ZEROS}]*"
_SECTION = re.compile(rf"{_Z}(?:({_D})[千仟])?{_Z}(?:({_D})[百佰])?{_Z}(?:({_D}?)[十拾])?{_Z}({_D})?")
_TWO_WAYS = re.compile(rf"[百佰千仟万亿]{_D}")
_LARGE = (("亿", 10**8), ("万", 10**4))
_UNITS = frozenset("十拾百佰千仟万亿")
NUMERAL = frozenset(_WORTH) | _UNITS
_YUAN = re.compile("[元圆]")
# Figures and units by turns, from the largest unit down: 1亿2000万, 692万2千, 5万3500.
_FIGURES = r"\d{1,3}(?:,\d{3})+|\d{1,12}"
_BY_TURNS = re.compile(
    rf"(?:({_FIGURES})亿)?(?:(?:({_FIGURES})|(\d)千|(\d)百)万)?(?:(\d)[千仟])?(?:(\d)[百佰])?({_FIGURES})?"
)
_TURN_WORTH = (10**8, 10**4, 10**7, 10**6, 1000, 100, 1)
_SMALL = re.compile(rf"\s?(?:{_Z}({_D})\s?角)?\s?(?:{_Z}({_D})\s?分)?")
_BEFORE = re.compile("^(?:人民币|rmb|cny)(?:[(]大写[)])?:?")
_LONGEST = 60  # characters of a numeral, white space included


def whole(numeral: str) -> int:
    """Return the value of a numeral; -1 for what is none, or what people read in two ways (三百五, 三万五)."""
    if not numeral or _TWO_WAYS.search(numeral[-2:]):
        return -1
    for unit, worth in _LARGE:
        above, found, below = numeral.rpartition(unit)
        if found:
            high = _value(above)
            low = _value(below) if below.strip(ZEROS) else 0
            return high * worth + low if high > 0 and 0 <= low < worth else -1
    return _value(numeral)


def _value(numeral: str) -> int:
    if "亿" in numeral or "万" in numeral:
        return whole(numeral)
    found = _SECTION.fullmatch(numeral)
    if found is None or not numeral.strip(ZEROS):
        return -1
    thousands, hundreds, tens, ones = found.groups()
    ten = 1 if tens == "" else _WORTH.get(tens or "", 0)
    return (
        sum(_WORTH.get(digit or "", 0) * worth for digit, worth in ((thousands, 1000), (hundreds, 100), (ones, 1)))
        + ten * 10
    )


def by_turns(numeral: str) -> int:
    """Return the value of figures and units by turns; -1 for what is none, or has one unit alone and is read as any number."""
    found = _BY_TURNS.fullmatch(numeral)
    if found is None or sum(part is not None for part in found.groups()) < 2:
        return -1
    value, above = 0, 10**13  # each part is less than one of the unit before it
    for figures, worth in zip(found.groups(), _TURN_WORTH, strict=True):
        if figures is None:
            continue
        part = int(figures.replace(",", "")) * worth
        if part >= above or (worth == 1 and part < above // 10):  # 5万3 is read in two ways
            return -1
        value, above = value + part, 10**8 if worth == 10**8 else min(10**4, worth)
    return value


def amounts(spaced: str) -> Iterator[tuple[str, int, int]]:
    """Yield (value, start, end) of the amounts in yuan that are written in numerals; the value is plain decimal."""
    for yuan in _YUAN.finditer(spaced):
        at = end = yuan.start()
        while at and end - at < _LONGEST and (spaced[at - 1] in NUMERAL or spaced[at - 1] == " "):
            at -= 1
        if at < end and spaced[at - 1].isdecimal() and spaced[at] in NUMERAL:
            at = _figures_before(spaced, at)
        numeral = spaced[at:end].replace(" ", "")
        if not _UNITS.intersection(numeral):
            continue
        if (value := by_turns(numeral) if numeral[0].isdecimal() else whole(numeral)) < 0:
            continue
        start = end - len(spaced[at:end].lstrip())
        small = _SMALL.match(spaced, yuan.end())
        tenths, hundredths = (_WORTH.get(digit or "", 0) for digit in small.groups()) if small else (0, 0)
        cents = tenths * 10 + hundredths
        yield _plain(value, cents), start, small.end() if small and cents else yuan.end()


def _figures_before(spaced: str, at: int) -> int:
    """Return where figures and units by turns begin that end at `at`; `at` where they are a part of something else."""
    start = at
    while start and at - start < _LONGEST and (spaced[start - 1] in _IN_TURNS):
        start -= 1
    before = spaced[start - 1 : start]
    return at if before == "." or (before.isascii() and before.isalnum()) or not spaced[start].isdecimal() else start


_IN_TURNS = frozenset("0123456789,亿万千百仟佰")


def typed(chars: str) -> str:
    """Return the plain decimal of a folded word that is such an amount and nothing else, otherwise ""."""
    rest = _BEFORE.sub("", chars).removesuffix("整").removesuffix("正")
    if (value := by_turns(rest.removesuffix("元"))) >= 0:
        return str(value)
    if not _YUAN.search(rest):
        rest += "元"
    found = list(amounts(rest))
    return found[0][0] if len(found) == 1 and found[0][1:] == (0, len(rest)) else ""


def _plain(value: int, cents: int) -> str:
    return f"{value}.{cents:02}".rstrip("0").rstrip(".") if cents else str(value)


# --- shares: 百分之五 is 5%, 千分之三 is 3‰ is 0.3% ----------------------------------------------------------------------------

_SIGN = re.compile("[%‰]")
# Backwards, from the sign: 5.57 is 75.5.
_BEFORE_SIGN = re.compile(r"\s?((?:\d{1,8}\.)?(?:\d{3}(?:,\d{3})*,\d{1,3}|\d{1,15}))(?![\da-z])(?![.,]\d)")
_LOOKS_BEFORE = 32  # characters
_DIGITS = "".join(_WORTH)
_PARTS = re.compile(
    rf"([百千万])\s?分\s?之\s?(?:(\d{{1,15}}(?:\.\d{{1,8}})?)|([{_DIGITS}十拾百佰千仟](?:\s?[{_DIGITS}十拾百佰千仟])*)(?:\s?[点點]\s?([{_DIGITS}]{{1,8}}))?)"
)
_OF = {"百": 0, "千": 1, "万": 2}


def shares(spaced: str) -> Iterator[tuple[str, int, int]]:
    """Yield (value, start, end) of the shares in a folded text; the value is that of a hundred: `5%`, `0.3%`."""
    for sign in _SIGN.finditer(spaced):
        at = sign.start()
        if before := _BEFORE_SIGN.match(spaced[max(at - _LOOKS_BEFORE, 0) : at][::-1]):
            yield _percent(before[1][::-1], sign[0] == "‰"), at - before.end(1), at + 1
    if "之" not in spaced:
        return
    for match in _PARTS.finditer(spaced):
        parts, figures, numeral, fraction = match.groups()
        end = match.end()
        if not figures:
            figures = _figures_of(numeral.replace(" ", ""))
            if not figures and " " in numeral:  # the next line begins with a numeral of its own
                first = numeral.partition(" ")[0]
                figures, fraction, end = _figures_of(first), None, match.start(3) + len(first)
        if figures:
            digits = "".join(str(_WORTH[char]) for char in fraction or "")
            yield _percent(f"{figures}.{digits or 0}" if digits else figures, _OF[parts]), match.start(), end


def _figures_of(numeral: str) -> str:
    if not numeral.strip(ZEROS):
        return "0"
    value = 100 if numeral in {"百", "佰"} else whole(numeral)
    return str(value) if value >= 0 else ""


@lru_cache(maxsize=4096)
def _percent(figures: str, lower: int) -> str:
    plain = f"{Decimal(figures.replace(',', '')).scaleb(-lower):f}"
    return f"{plain.rstrip('0').rstrip('.') if '.' in plain else plain}%"


def typed_share(chars: str) -> str:
    """Return the value of a folded word that is a share and nothing else, otherwise ""."""
    if chars[-1:] not in "%‰" and "分之" not in chars:
        return ""
    return next((value for value, start, end in shares(chars) if (start, end) == (0, len(chars))), "")
