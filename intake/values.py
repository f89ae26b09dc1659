"""Codes with their check digits, and names: from what is printed to the one form the archive keeps. Pure functions.

Dates and sums have files of their own; their readers are offered here too.
"""

import re
import unicodedata
from dataclasses import dataclass

from stdnum.iso7064 import mod_11_2

from intake.amounts import Amount, chinese_integer, find_amounts, money, parse_amount
from intake.dates import LONG_TERM, find_dates, find_long_term, last_day, parse_date
from intake.folding import Found, fold

__all__ = [
    "LONG_TERM",
    "Amount",
    "Code",
    "Found",
    "chinese_integer",
    "credit_code",
    "credit_code_is_valid",
    "find_amounts",
    "find_dates",
    "find_long_term",
    "fold",
    "identity_number",
    "last_day",
    "money",
    "parse_amount",
    "parse_date",
    "same_name",
    "tidy",
]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
#: What OCR takes for one another (RULES, Check digits), as replacements that may stand in a code.
_CONFUSED = {
    **{c: [x for x in "0QD" if x != c] for c in "0OQD"},
    "I": ["1", "L"],
    "Z": ["2"],
    "S": ["5"],
    "8": ["B"],
    "B": ["8"],
}
_SMALL_L = str.maketrans("l|", "II")
#: Letters that are read in a number of nothing but digits, and the digits they are.
_DIGITS_FOR = str.maketrans("OQDILZSBG", "000112586")


@dataclass(frozen=True)
class Code:
    """A code without separators, upper case, and what its check digit says: check_digit_ok, check_digit_failed, or none."""

    value: str
    marks: tuple[str, ...]


def credit_code_is_valid(code: str) -> bool:
    """Tell whether `code` is a unified social credit code: GB 32100-2015, (31 - sum mod 31) mod 31."""
    if len(code) != 18 or any(c not in _ALPHABET for c in code) or not code[2:8].isdigit():
        return False
    total = sum(_ALPHABET.index(c) * w for c, w in zip(code, _WEIGHTS, strict=False))
    return _ALPHABET[(31 - total % 31) % 31] == code[17]


def credit_code(text: str) -> Code | None:
    """Return the credit code or old registration number that `text` is; None when it cannot be one.

    A failed check digit is repaired only when exactly one substitution of confusable characters makes it right.
    Registration numbers from before 2015 (13 to 15 digits) are kept as they are.
    """
    code = _in_capitals(re.sub(r"[\s\-_.·]", "", fold(text)))
    if re.fullmatch(r"\d{13}|\d{15}", code):
        return Code(code, ("old_number",))
    if not re.fullmatch(r"[0-9A-Z]{16,20}", code) or sum(c.isdigit() for c in code) < 6:
        return None
    if credit_code_is_valid(code):
        return Code(code, ("check_digit_ok",))
    repairs = {
        fixed
        for i, c in enumerate(code)
        for other in _CONFUSED.get(c, ())
        if credit_code_is_valid(fixed := code[:i] + other + code[i + 1 :])
    }
    if len(repairs) == 1:
        return Code(repairs.pop(), ("check_digit_ok", "repaired"))
    return Code(code, ("check_digit_failed",))


def _in_capitals(code: str) -> str:
    """Return a code in capitals. A small l among capitals and digits is a stroke, 1 or I; written large it would pass for a sound L."""
    small = any(c.islower() for c in code if c not in "lo")
    return code.upper() if small else code.translate(_SMALL_L).upper()


def identity_number(text: str) -> Code | None:
    """Return the 18-character number of an identity card (GB 11643); None when `text` cannot be one.

    It has no letter but the X at its end: one that was read in it is the digit it looks like, if the check digit and the day of birth
    bear that out.
    """
    number = _in_capitals(re.sub(r"[\s\-]", "", fold(text))).replace("×", "X")
    if re.fullmatch(r"\d{17}[\dX]", number):
        return Code(number, ("check_digit_ok" if _is_identity_number(number) else "check_digit_failed",))
    if not re.fullmatch(r"[0-9A-Z]{18}", number):
        return None
    last = "X" if number[17] in "XK" else number[17].translate(_DIGITS_FOR)
    fixed = number[:17].translate(_DIGITS_FOR) + last
    if re.fullmatch(r"\d{17}[\dX]", fixed) and _is_identity_number(fixed):
        return Code(fixed, ("check_digit_ok", "repaired"))
    return None


def _is_identity_number(number: str) -> bool:
    return parse_date(number[6:14]) is not None and mod_11_2.is_valid(number)


_HAN_CHAR = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_WIDE = str.maketrans("(),;:", "()，；：")


def tidy(text: str) -> str:
    """Return a printed value without the spaces of its setting: none beside a Han character, one between Latin words.

    Brackets, commas and colons beside Han characters are full-width, as Chinese is printed; readers mix the two up.
    """
    t = re.sub(r"\s+", " ", text).strip()
    t = re.sub(r" (?=[^\x21-\x7e])|(?<=[^\x21-\x7e]) ", "", t)
    if not re.search(_HAN_CHAR, t):
        return t
    t = t.replace("(", "（").replace(")", "）")
    return re.sub(r"(?<=[^\x20-\x7e])[,;:]|[,;:](?=[^\x20-\x7e])", lambda m: m[0].translate(_WIDE), t)


def same_name(a: str, b: str) -> bool:
    """Tell whether two printed names are one: widths, spaces and brackets do not matter."""

    def bare(name: str) -> str:
        return re.sub(r"[\s()（）.,，。·]", "", unicodedata.normalize("NFKC", name)).casefold()

    return bare(a) == bare(b) != ""
