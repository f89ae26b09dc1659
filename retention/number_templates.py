"""Templates of archive numbers (档号, DA/T 13-2022) as data: which levels, in which order, how wide the last one.

Levels are joined by ``-``, the parts of one level by ``·``; the serial is the last level and is counted within all that stands
before it. What a template gives is read back by it, so that a check can find gaps in numbers of any form there ever was.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from retention.errors import BadNumber
from retention.why import Why, because

DEFAULTS: Mapping[str, str] = {
    "item": "{fonds}-{category}·{year}-{retention}-{department}-{serial:04}",
    "file": "{fonds}-{category}·{year}-{retention}-{department}-{serial:03}",
}
#: how narrow a serial may be: 件号 4 digits, 案卷号 3
LEAST_WIDTH: Mapping[str, int] = {"item": 4, "file": 3}
MAX_TEMPLATE, MAX_NUMBER = 200, 80
_VALUES = {
    "fonds": "[A-Z0-9]{4}",
    "category": "[A-Z]{2}",
    "year": "[0-9]{4}",
    "retention": "Y|D[1-9][0-9]{0,2}",
    "department": "[A-Za-z0-9\u4e00-\u9fff]{1,16}",
}
FIELDS = (*_VALUES, "serial")
_PIECE = re.compile(
    r"\{(?P<field>[a-z]+)(?::0(?P<width>[1-9]))?\}|(?P<text>[A-Z0-9]{1,8})|(?P<mark>[-·])|(?P<other>.)", re.DOTALL
)


@dataclass(frozen=True)
class Levels:
    """What stands in a number before its serial. Raises BadNumber when a value is not of the prescribed form."""

    fonds: str
    category: str
    year: int
    retention: str
    department: str

    def __post_init__(self) -> None:
        for name, form in _VALUES.items():
            if not re.fullmatch(form, self.text(name)):
                raise BadNumber(f"{name} {self.text(name)!r} of an archive number is not of the prescribed form")

    def text(self, name: str) -> str:
        """Return a level as it stands in the number."""
        return f"{self.year:04}" if name == "year" else str(getattr(self, name))


def _pieces(template: str) -> list[re.Match[str]]:
    return list(_PIECE.finditer(template))


def problems(template: str, by: str) -> list[Why]:
    """Return all that is wrong with a template of numbers by item or by file; nothing when it can be used."""
    if by not in DEFAULTS:
        return [because("number_by", given=by)]
    if not template or len(template) > MAX_TEMPLATE:
        return [because("number_length", most=MAX_TEMPLATE)]
    pieces = _pieces(template)
    found = [because("number_stray", given=p["other"], at=p.start() + 1) for p in pieces if p["other"]]
    names = [p["field"] for p in pieces if p["field"]]
    found += [because("number_field", given=name) for name in dict.fromkeys(names) if name not in FIELDS]
    found += [because("number_twice", name=name) for name in dict.fromkeys(names) if names.count(name) > 1]
    found += [because("number_needs", name=name) for name in ("fonds", "year", "serial") if name not in names]
    marks = [bool(p["mark"]) for p in pieces]
    if any(a == b for a, b in pairwise(marks)) or marks[:1] == [True] or marks[-1:] == [True]:
        found.append(because("number_joined"))
    found += _about_serial(pieces, by)
    return found


def _about_serial(pieces: list[re.Match[str]], by: str) -> list[Why]:
    found = []
    for at, piece in enumerate(pieces):
        if piece["field"] == "serial":
            if at != len(pieces) - 1 or (at and pieces[at - 1]["mark"] != "-"):
                found.append(because("number_last"))
            if int(piece["width"] or 1) < LEAST_WIDTH[by]:
                found.append(because("number_width", least=LEAST_WIDTH[by]))
        elif piece["width"]:
            found.append(because("number_no_width", name=piece["field"]))
    return found


def demand(template: str, by: str) -> None:
    """Raise BadNumber, naming all that is wrong, unless a template can be used."""
    wrong = problems(template, by)
    if wrong:
        raise BadNumber("; ".join(str(why) for why in wrong))


def prefix(template: str, levels: Levels) -> str:
    """Return what the serials are counted within: all before the serial, without the mark that joins it. Of a checked template."""
    out = "".join(
        levels.text(piece["field"]) if piece["field"] else piece["text"] or piece["mark"]
        for piece in _pieces(template)[:-2]
    )
    if len(out) > MAX_NUMBER - 10:
        raise BadNumber(f"archive number {out!r} is longer than {MAX_NUMBER} characters")
    return out


def number(template: str, levels: Levels, serial: int) -> str:
    """Return the archive number of a serial, from 1. Of a checked template. Raises BadNumber."""
    if not 1 <= serial <= 999_999_999:
        raise BadNumber(f"serial {serial} must be 1 or more")
    return f"{prefix(template, levels)}-{str(serial).zfill(_width(template))}"


def _width(template: str) -> int:
    return int(_pieces(template)[-1]["width"] or 1)


def parse(template: str, text: str) -> tuple[str, int]:
    """Return (prefix, serial) of a number that the template gave. Raises BadNumber for any other."""
    form = "".join(
        f"(?:{_VALUES[piece['field']]})" if piece["field"] else re.escape(piece["text"] or piece["mark"])
        for piece in _pieces(template)[:-2]
    )
    found = re.fullmatch(f"({form})-([0-9]{{1,9}})", text)
    if found is None or found[2] != str(int(found[2])).zfill(_width(template)) or int(found[2]) < 1:
        raise BadNumber(f"{text!r} is no archive number of the form {template}")
    return found[1], int(found[2])


def levels(templates: Iterable[str], text: str) -> dict[str, str]:
    """Return the levels that a number was made of, by the first of the templates that fits; {} when none does.

    They are what was true when it was given: a department may have another name, company and fonds number by now.
    """
    for template in templates:
        form = "".join(
            f"(?P<{piece['field']}>{_VALUES[piece['field']]})"
            if piece["field"]
            else re.escape(piece["text"] or piece["mark"])
            for piece in _pieces(template)[:-2]
        )
        found = re.fullmatch(f"{form}-(?P<serial>[0-9]{{1,9}})", text)
        if found is not None:
            return found.groupdict()
    return {}


def parse_any(templates: Iterable[str], text: str) -> tuple[str, int]:
    """Return (prefix, serial) by the first of the templates that fits. Raises BadNumber when none does."""
    for template in templates:
        try:
            return parse(template, text)
        except BadNumber:
            continue
    raise BadNumber(f"{text!r} is no archive number of the form J001-HT·2026-D30-XS-0001")
