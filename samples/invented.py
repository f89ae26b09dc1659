"""Invented companies with valid numbers. No such company exists; a match with a real name would be chance."""

import random
from dataclasses import dataclass

from stdnum.cn import ric, uscc

_ORG = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(rng: random.Random, prefix: str = "91", region: str = "330106") -> str:
    """Return a unified social credit code whose two check digits are right (GB 32100-2015, GB 11714)."""
    body = (
        "MA" + "".join(rng.choice(_ORG) for _ in range(6))
        if prefix == "91"
        else "".join(rng.choice("0123456789") for _ in range(8))
    )
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    values = [int(c) if c.isdigit() else ord(c) - 55 for c in body]
    check = 11 - sum(v * w for v, w in zip(values, weights, strict=True)) % 11
    number = prefix + region + body + {10: "X", 11: "0"}.get(check, str(check))
    return number + uscc.calc_check_digit(number)


def identity_number(rng: random.Random, region: str = "110108") -> str:
    """Return an identity card number with a right check digit (GB 11643)."""
    number = f"{region}{rng.randint(1965, 1994)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{rng.randint(1, 999):03}"
    return number + ric.calc_check_digit(number + "0")


@dataclass(frozen=True)
class Company:
    """A company as its papers show it."""

    name: str
    code: str
    head: str
    address: str
    bank: str = ""
    account: str = ""
    phone: str = ""
