"""Chinese numerals, plain and as banks write them: 六百九十二万二千元 and 陆佰玖拾贰万贰仟元整 are 6922000.

The capitals are those of the rules for filling in bills (支付结算办法, 中国人民银行 1997, annex 1). All texts here are folded.
"""

import re
from collections.abc import Iterator

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
