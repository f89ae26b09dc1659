"""What a person types for a value, brought into the form the archive keeps by the same readers that read pages. Pure functions."""

import re
from dataclasses import dataclass
from decimal import Decimal

from intake.values import (
    LONG_TERM,
    credit_code,
    fold,
    identity_number,
    money,
    parse_amount,
    parse_date,
    tidy,
)

MAX_VALUE = 2000
_MONEY = re.compile(r"(?:.*_)?(?:amount|capital)|turnover|equity|annual_sales")
_MAY_BE_NEGATIVE = ("turnover", "equity")  # as statements print it: -1200.00 or (1,200.00)
_CODE = re.compile(r"(?:.*_)?code")
_DAY = re.compile(r".*_(?:on|from|until)")
_DATE = "a date such as 2026-03-24 or 2026年3月24日"
_SUM = "a sum such as 680000.00, 68万元 or 陆拾捌万元整"
_CHECK = "the check digit does not fit: compare each character with the page"


@dataclass(frozen=True)
class Typed:
    """value: in the archive's form, empty when it has none. marks: what its check digit says. problem: one sentence, or "".

    may_stand: the problem is one a paper itself can have; a person may say that it is printed so.
    """

    value: str
    marks: tuple[str, ...] = ()
    problem: str = ""
    may_stand: bool = False


def kind_of(name: str) -> str:
    """Return what sort of value a field holds: money, code, identity_number, currency, date, end (a date or none), number, text."""
    if name in ("identity_number", "currency"):
        return name
    if _MONEY.fullmatch(name):
        return "money"
    if _CODE.fullmatch(name):
        return "code"
    if _DAY.fullmatch(name):
        return "end" if name.endswith("_until") else "date"
    return "number" if name.endswith("_number") else "text"


def read_typed(name: str, text: str) -> Typed:
    """Return what `text` is for the field `name`."""
    text = text.strip()
    if not text or len(text) > MAX_VALUE:
        return Typed("", problem=f"1 to {MAX_VALUE} characters")
    kind = kind_of(name)
    if kind in ("date", "end"):
        return _day(text, open_end=kind == "end")
    if kind == "money":
        return _sum(text, negative=name in _MAY_BE_NEGATIVE)
    if kind == "code":
        return _code(text)
    if kind == "identity_number":
        number = identity_number(text)
        if number is None:
            return Typed("", problem="17 digits and a check digit")
        failed = "check_digit_failed" in number.marks
        return Typed(number.value, number.marks, _CHECK if failed else "", may_stand=failed)
    if kind == "currency":
        letters = fold(text).upper()
        return Typed(letters) if re.fullmatch("[A-Z]{3}", letters) else Typed("", problem="three letters such as CNY")
    if kind == "number":
        return Typed(tidy(re.sub(r"\s", "", re.sub(r"[！-～]", lambda c: fold(c[0]), text))))
    return Typed(tidy(text))


def _day(text: str, *, open_end: bool) -> Typed:
    value = LONG_TERM if text == LONG_TERM else parse_date(text)
    if value is None or (value == LONG_TERM and not open_end):
        return Typed("", problem=f"{_DATE}, or 长期 (long-term)" if open_end else _DATE)
    return Typed(value)


def _sum(text: str, *, negative: bool) -> Typed:
    minus = re.fullmatch(r"[-−–]\s*(?P<plain>[^-−–].*)|\((?P<bracketed>[^()]+)\)", fold(text)) if negative else None
    if minus:
        plain = _sum(minus["plain"] or minus["bracketed"], negative=False)
        return Typed(f"-{plain.value}", problem=plain.problem) if plain.value.strip("0.") else plain
    amount = parse_amount(text) or parse_amount(text.rstrip("整正"))
    # A sum is never rounded unseen: what has more than fen is no sum of this archive.
    if amount is None or amount >= Decimal(10) ** 18 or amount != amount.quantize(Decimal("0.01")):
        return Typed("", problem=_SUM)
    return Typed(money(amount))


def _code(text: str) -> Typed:
    found = credit_code(text)
    bare = re.sub(r"[\s\-_.·]", "", fold(text)).upper()
    if found is None:
        return Typed("", problem="18 letters and digits, or an old number of 13 or 15 digits")
    if "old_number" in found.marks:
        return Typed(found.value, found.marks)
    if len(bare) != 18:
        return Typed(bare, ("check_digit_failed",), f"{len(bare)} characters, a credit code has 18", may_stand=True)
    if found.marks != ("check_digit_ok",):  # a reader may repair; what a person typed is never changed unseen
        return Typed(bare, ("check_digit_failed",), _CHECK, may_stand=True)
    return Typed(found.value, found.marks)
