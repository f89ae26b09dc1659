"""Sums of money as they are printed, in digits or in capitals. Pure functions."""

import re
from dataclasses import dataclass
from decimal import Decimal

from intake.folding import SPACE as _S
from intake.folding import fold

_CAPITAL_DIGITS = {
    c: i
    for i, row in enumerate(
        ("零〇○", "壹一弌", "贰貳貮二两兩弍", "叁參参叄叅三弎", "肆四", "伍五", "陆陸六", "柒漆七", "捌八", "玖九")
    )
    for c in row
}
_SMALL_UNITS = {"拾": 10, "十": 10, "佰": 100, "百": 100, "陌": 100, "仟": 1000, "千": 1000, "阡": 1000}
_CAPITALS = "".join(_CAPITAL_DIGITS) + "".join(_SMALL_UNITS) + "万萬亿億"
_CURRENCY_WORDS = {
    "CNY": ("人民币", "人民幣", "RMB", "CNY", "¥", "元", "圆", "圓"),
    "USD": ("美元", "美金", "USD", "US$", "$"),
    "EUR": ("欧元", "歐元", "EUR", "€"),
    "HKD": ("港币", "港元", "港幣", "HKD", "HK$"),
    "JPY": ("日元", "日圆", "日圓", "JPY"),
}
_WORD_CURRENCY = {w: c for c, words in _CURRENCY_WORDS.items() for w in words}
_CUR = "|".join(re.escape(w) for w in sorted(_WORD_CURRENCY, key=len, reverse=True))
_AFTER = "美元|美金|欧元|歐元|港币|港元|港幣|日元|日圆|日圓|元|圆|圓|USD|RMB|CNY|EUR|HKD|JPY"
_DIGITS_FORM = re.compile(
    rf"(?:(?P<before>(?:{_CUR})(?:{_S}(?:{_CUR}))?){_S}|(?<![\d.,A-Za-z\-]))(?P<number>(?:\d{{1,3}}(?:,{_S}\d{{3}})+(?!\d)|(?P<torn>\d+(?:,(?:\d{{3}})+)+(?!\d))|\d+)(?:\.\d{{1,6}})?)(?![\d])"
    rf"{_S}(?P<unit>亿|億|[十拾百佰千仟]?[万萬]|[千仟百佰](?={_S}[元圆]))?(?:(?P<number2>\d{{1,4}}(?:\.\d+)?)(?P<unit2>[万萬]))?"
    rf"{_S}(?P<after>{_AFTER})?",
    re.IGNORECASE,
)
_CAPITALS_FORM = re.compile(
    rf"(?P<before>{_CUR})?{_S}(?P<body>[{_CAPITALS}](?:{_S}[{_CAPITALS}])*)"
    rf"(?P<yuan>{_S}(?:美元|欧元|港元|日元|元|圆|圓)(?:{_S}[{_CAPITALS}]{_S}角)?(?:{_S}零)?(?:{_S}[{_CAPITALS}]{_S}分)?)?{_S}(?P<whole>[整正])?"
)
_GOES_ON = re.compile(r"[.,]\d")
_UNITS = {
    "十": 10,
    "拾": 10,
    "百": 100,
    "佰": 100,
    "千": 1000,
    "仟": 1000,
    "万": 10**4,
    "萬": 10**4,
    "亿": 10**8,
    "億": 10**8,
}


@dataclass(frozen=True)
class Amount:
    """A sum of money in a text. value: in whole units of the currency. form: digits or capitals. currency: None when unsaid.

    marked: the text says that it is money (a currency sign or word, 元), not a bare number. certain: False where a mark within the number
    was lost or misread: 2,293800.00 lacks a comma, of 2.293,800.00 only the beginning was understood.
    """

    start: int
    end: int
    value: Decimal
    form: str
    currency: str | None
    marked: bool
    certain: bool = True


def find_amounts(text: str) -> list[Amount]:
    """Return the sums in `text` in order: ¥1,234,567.89, 人民币3200万元, USD 1.5 million left aside, 壹佰万元整."""
    folded = fold(text)
    found = [a for m in _DIGITS_FORM.finditer(folded) if (a := _digits(m)) is not None]
    found += [a for m in _CAPITALS_FORM.finditer(folded) if (a := _written(m)) is not None]
    return sorted(found, key=lambda a: a.start)


def _digits(m: re.Match[str]) -> Amount | None:
    value = Decimal(re.sub(r"[,\s]", "", m["number"])) * _unit(m["unit"])
    if m["number2"]:
        value += Decimal(m["number2"]) * _unit(m["unit2"])
    currency = _currency(m["before"], m["after"])
    end = max(m.end(g) for g in ("number", "unit", "unit2", "after"))
    return Amount(
        m.start("before") if m["before"] else m.start("number"),
        end,
        value,
        "digits",
        currency,
        bool(m["before"] or m["after"]),
        not m["torn"] and not _GOES_ON.match(m.string, m.end("number")),
    )


def _unit(word: str | None) -> int:
    factor = 1
    for c in word or "":
        factor *= _UNITS[c]
    return factor


def _currency(before: str | None, after: str | None) -> str | None:
    words = re.findall(_CUR, before or "", re.IGNORECASE)
    if after and (after not in "元圆圓" or not words):
        words = [after]
    known = [c for w in words if (c := _WORD_CURRENCY.get(w) or _WORD_CURRENCY.get(w.upper()))]
    # "RMB ¥" and "USD $" say it twice; the word is clearer than the sign
    return known[0] if known else None


def _written(m: re.Match[str]) -> Amount | None:
    if not (m["yuan"] or m["before"] or m["whole"]) or (len(m["body"]) < 2 and not m["yuan"]):
        return None
    whole = chinese_integer(m["body"])
    if whole is None:
        return None
    tail = re.sub(r"\s", "", m["yuan"] or "")
    cents = Decimal(0)
    for digit, unit in re.findall(rf"([{_CAPITALS}])([角分])", tail):
        cents += Decimal(_CAPITAL_DIGITS.get(digit, 0)) / (10 if unit == "角" else 100)
    word = re.match(r"美元|欧元|港元|日元|元|圆|圓", tail)
    end = max(m.end(g) for g in ("body", "yuan", "whole"))
    return Amount(
        m.start("before") if m["before"] else m.start("body"),
        end,
        whole + cents,
        "capitals",
        _currency(m["before"], word[0] if word else None),
        True,
    )


def chinese_integer(text: str) -> Decimal | None:
    """Return the whole number written in capitals or small numerals (壹亿零叁佰万); None when units are out of order."""
    t = re.sub(r"\s", "", text).replace("萬", "万").replace("億", "亿")
    return _nested(t, "亿万") if t else None


def _nested(t: str, units: str) -> Decimal | None:
    if not units:
        return _section(t)
    head, mark, tail = t.rpartition(units[0])
    if not mark:
        return _nested(t, units[1:])
    above = _nested(head, "亿万" if "亿" in head else "万") if head else None
    below = _nested(tail, units[1:]) if tail else Decimal(0)
    if above is None or below is None or (units[0] == "万" and above >= 10**4):
        return None
    return above * _UNITS[units[0]] + below


def _section(t: str) -> Decimal | None:
    """Read a number below ten thousand."""
    total, digit, ceiling = 0, None, 10**4
    for c in t:
        if c in _CAPITAL_DIGITS:
            if digit:  # two digits side by side are no amount
                return None
            digit = _CAPITAL_DIGITS[c]
        else:
            unit = _SMALL_UNITS.get(c, 0)
            if not unit or unit >= ceiling or (digit in (None, 0) and unit != 10):
                return None
            total, ceiling, digit = total + (digit or 1) * unit, unit, None
    return Decimal(total + (digit or 0))


def parse_amount(text: str) -> Decimal | None:
    """Return the one sum that `text` is, in whole units of its currency; None when it is none or more than one."""
    stripped = re.sub(r"\((?:大写|小写)\)[::]?", "", fold(text)).strip(" \t\n:.。,;")
    for amount in find_amounts(stripped):
        if amount.certain and amount.start == 0 and amount.end == len(stripped):
            return amount.value
    return None


def money(value: Decimal) -> str:
    """Return the form the archive keeps: 32000000.00."""
    return f"{value:.2f}"
