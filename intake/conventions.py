"""Look-alikes that the conventions of what is printed decide, whatever the print itself leaves open."""

import re

from intake.values import credit_code_is_valid

_CODE = re.compile(r"(?<![0-9A-Za-z])(?=[0-9A-Z]*[OI])[0-9A-Z]{18}(?![0-9A-Za-z])")
_DIGITS = str.maketrans("OI", "01")
_NOUGHT = re.compile(r"(?<=[一二三四五六七八九])[○O]+(?=[一二三四五六七八九年])")
_DAY = re.compile(r"(?<=月)((?:[一二三四五六七八九十]{1,3}|[0-9]{1,2}) ?)[目曰]")


def spelled(text: str) -> str:
    """Return a line as it is spelled; no character is added or left out.

    The letters O and I are not in the alphabet of credit codes (GB 32100-2015): they are 0 and 1 where the check digit bears it out. The
    nought of a number in Han numerals is 〇 (GB/T 15835-2011). Behind a month and a number stands the word for a day.
    """
    return _DAY.sub(r"\g<1>日", _NOUGHT.sub(lambda m: "〇" * len(m[0]), _CODE.sub(_code, text)))


def _code(found: re.Match[str]) -> str:
    digits = found[0].translate(_DIGITS)
    return digits if credit_code_is_valid(digits) else found[0]
