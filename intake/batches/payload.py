"""What a separator sheet or a label says, and how that stands in its code.

Version 1, for QR, Code 128 and Code 39 alike::

    JZ1 S D $CHT-XS-2026-0001 $K1.9 $ 4        (written without the spaces)
     |  | |  |                 |      `- check character over all before it
     |  | |  |                 `- $K category (RULES B1/B5); $U number of the customer
     |  | |  `- $C contract number
     |  | `- D: a new document begins; F: a new file begins, whose contract and customer hold for the documents after it
     |  `- S: a sheet, which is no page; L: a label on the first page of a document, which is kept
     `- whose code this is, and the version

Only characters of Code 39 are used, so that every symbology and every hand scanner can carry it; whatever else a number
holds is written as % and four hexadecimal digits. The check character is ISO/IEC 7064's hybrid system MOD 43,42 over the
42 characters: every single wrong character shows. (A hybrid system misses a few swaps of neighbours; a scanner makes none.)
"""

import re
from dataclasses import dataclass
from typing import Literal

from stdnum.iso7064 import mod_37_36

VERSION = "JZ1"
#: The characters of Code 39 without the blank: a payload never begins or ends in nothing.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-./$%+"
_PLAIN = re.compile(r"[0-9A-Z./-]")
_ESCAPE = re.compile(r"%([0-9A-F]{4})")
_FORM = re.compile(r"JZ1([SL])([DF])((?:\$[CUK][0-9A-Z./%-]+)*)\$(.)")
_FIELDS = {"contract": "C", "customer": "U", "category": "K"}
#: A longer code would not fit on a sheet at a bar width that an office scanner resolves.
LINEAR_LIMIT = 48


@dataclass(frozen=True)
class Separator:
    """What begins here. contract, customer: their numbers; category: a code of RULES B1/B5; "" says nothing.

    starts: a document, or a file with its first document. label: it sticks on a page that is kept.
    """

    starts: Literal["document", "file"] = "document"
    contract: str = ""
    customer: str = ""
    category: str = ""
    label: bool = False


def encode(separator: Separator) -> str:
    """Return the payload. Raises ValueError for a character beyond the basic plane of Unicode."""
    head = f"{VERSION}{'L' if separator.label else 'S'}{'F' if separator.starts == 'file' else 'D'}"
    values = ((letter, getattr(separator, name)) for name, letter in _FIELDS.items())
    body = head + "".join(f"${letter}{_escape(value)}" for letter, value in values if value) + "$"
    return body + mod_37_36.calc_check_digit(body, alphabet=ALPHABET)


def decode(text: str) -> Separator | None:
    """Return what a code says; None when it is not one of ours or a character of it is wrong."""
    found = _FORM.fullmatch(text)
    if found is None or not mod_37_36.is_valid(text, alphabet=ALPHABET):
        return None
    values: dict[str, str] = {}
    for field in found[3].split("$")[1:]:
        if field[0] in values:
            return None
        values[field[0]] = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), field[1:])
    return Separator(
        starts="file" if found[2] == "F" else "document",
        contract=values.get("C", ""),
        customer=values.get("U", ""),
        category=values.get("K", ""),
        label=found[1] == "L",
    )


def _escape(value: str) -> str:
    return "".join(c if _PLAIN.fullmatch(c) else _escaped(c) for c in value)


def _escaped(character: str) -> str:
    if ord(character) > 0xFFFF or not character.isprintable():
        raise ValueError(f"{character!r} cannot stand in the code of a separator sheet")
    return f"%{ord(character):04X}"
