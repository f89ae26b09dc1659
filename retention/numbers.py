"""Numbers: of contracts by department (RULES B2), of archived files per DA/T 13-2022 档号编制规则.

A number is given once. Whoever allocates the serials keeps one counter per prefix; serials run from 1 without gaps.
"""

import re
from dataclasses import dataclass
from typing import Literal

from retention.errors import BadNumber

DEFAULT_CONTRACT_TEMPLATE = "HT-{department}-{year}-{serial:04}"
MAX_CONTRACT_NUMBER = 64

_PIECE = re.compile(r"\{(department|year|serial)(?::0([1-9]))?\}|([^{}]+)|([{}])")
# Letters, digits and Han only: a separator inside a code would let two departments share a number.
_DEPARTMENT = re.compile(r"[A-Za-z0-9\u4e00-\u9fff]{1,16}")
_LITERAL = re.compile(r"[A-Za-z0-9\u4e00-\u9fff·\-/_.()（）〔〕\[\]]+")
_SERIAL_MARK = "#"


def _pieces(template: str) -> list[tuple[str, str]]:
    """Return [(field or "", width or literal)] of a contract template. Only these three fields exist; nothing is evaluated."""
    pieces: list[tuple[str, str]] = []
    for match in _PIECE.finditer(template):
        name, width, literal, stray = match.groups()
        if stray or (width and name != "serial") or (literal and not _LITERAL.fullmatch(literal)):
            raise BadNumber(
                f"contract template {template!r}: cannot read {match.group()!r} at position {match.start()}"
            )
        pieces.append((name or "", width or literal or ""))
    names = [name for name, _ in pieces if name]
    if sorted(names) != ["department", "serial", "year"]:
        raise BadNumber(f"contract template {template!r} needs {{department}}, {{year}} and {{serial}}, each once")
    at = [name for name, _ in pieces].index("serial")
    before, after = ("", "-") if at == 0 else pieces[at - 1], pieces[at + 1] if at + 1 < len(pieces) else ("", "-")
    if before[0] or after[0] or before[1][-1].isalnum() or after[1][0].isalnum():
        raise BadNumber(f"contract template {template!r}: the serial needs a separator on both sides")
    return pieces


def _render(template: str, department: str, year: int, serial: int | None) -> str:
    pieces = _pieces(template)
    if not _DEPARTMENT.fullmatch(department):
        raise BadNumber(f"department code {department!r} must be 1 to 16 letters, digits or Han characters")
    if not 1900 <= year <= 9999:
        raise BadNumber(f"year {year} must have four digits, from 1900")
    if serial is not None and serial < 1:
        raise BadNumber(f"serial {serial} must be 1 or more")
    out = ""
    for name, value in pieces:
        if name == "serial":
            out += _SERIAL_MARK if serial is None else str(serial).zfill(int(value or 1))
        else:
            out += {"": value, "department": department, "year": str(year)}[name]
    if len(out) > MAX_CONTRACT_NUMBER:
        raise BadNumber(f"contract number {out!r} is longer than {MAX_CONTRACT_NUMBER} characters")
    return out


def contract_number(template: str, department: str, year: int, serial: int) -> str:
    """Return the number of a contract, e.g. ``HT-XS-2026-0007``.

    template: text with {department}, {year} and {serial} or {serial:04}, each once (RULES B2). Two different
    (department, year, serial) never give the same number. Raises BadNumber.
    """
    return _render(template, department, year, serial)


def contract_prefix(template: str, department: str, year: int) -> str:
    """Return the key under which this department's serials of the year are counted, e.g. ``HT-XS-2026-#``. Raises BadNumber."""
    return _render(template, department, year, None)


def parse_contract_number(template: str, text: str) -> tuple[str, int, int]:
    """Return (department, year, serial) of a contract number of this template; rendered they give `text` again. Raises BadNumber."""
    kinds = {"department": _DEPARTMENT.pattern, "year": "[0-9]{4}", "serial": "[0-9]{1,9}"}
    form = "".join(f"(?P<{name}>{kinds[name]})" if name else re.escape(value) for name, value in _pieces(template))
    found = re.fullmatch(form, text)
    if found is None:
        raise BadNumber(f"{text!r} is no contract number of the form {template}")
    department, year, serial = found["department"], int(found["year"]), int(found["serial"])
    if contract_number(template, department, year, serial) != text:
        raise BadNumber(f"{text!r} is not zero-filled as prescribed")
    return department, year, serial


_FONDS = re.compile(r"[A-Z0-9]{4}")
_CATEGORY = re.compile(r"[A-Z]{2}(?:·[A-Z]{2,4})?")
_UNNAMED = re.compile(r"[^\w·.()（）〔〕-]")
_RETENTION = re.compile(r"Y|D[1-9][0-9]{0,2}")
_ARCHIVE = re.compile(
    rf"(?P<fonds>{_FONDS.pattern})-(?P<category>{_CATEGORY.pattern})·(?P<year>[0-9]{{4}})-(?P<retention>{_RETENTION.pattern})"
    rf"-(?P<department>{_DEPARTMENT.pattern})-(?P<first>[0-9]{{3,9}})(?:-(?P<second>[0-9]{{4,9}}))?"
)


@dataclass(frozen=True)
class ArchiveNumberParts:
    """The levels of an archive number (档号). Raises BadNumber when a level is not of the prescribed form.

    fonds: 全宗号, 4 capital letters or digits. category: 档案门类代码, two capital letters, a second level after `·`.
    year: 4 digits. retention: `Y` or `D` and years. file: 案卷号, item: 件号, both from 1; None where there is none.
    """

    fonds: str
    category: str
    year: int
    retention: str
    department: str
    file: int | None = None
    item: int | None = None

    def __post_init__(self) -> None:
        for level, pattern, form in (
            ("fonds", _FONDS, "4 capital letters or digits"),
            ("category", _CATEGORY, "two capital letters, a second level after ·"),
            ("retention", _RETENTION, "Y or D and a number of years"),
            ("department", _DEPARTMENT, "1 to 16 letters, digits or Han characters"),
        ):
            value = getattr(self, level)
            if not pattern.fullmatch(value):
                raise BadNumber(f"{level} {value!r} of an archive number must be {form}")
        if not 1900 <= self.year <= 9999:
            raise BadNumber(f"year {self.year} of an archive number must have four digits, from 1900")
        for level in ("file", "item"):
            serial = getattr(self, level)
            if serial is not None and not 1 <= serial <= 999_999_999:
                raise BadNumber(f"{level} number {serial} must be 1 or more")


def _class_of(parts: ArchiveNumberParts) -> str:
    return f"{parts.fonds}-{parts.category}·{parts.year}-{parts.retention}-{parts.department}"


def archive_number(parts: ArchiveNumberParts, by: Literal["item", "file"] = "item") -> str:
    """Return the archive number (档号) per DA/T 13-2022.

    by item: ``J001-HT·2026-D30-XS-0001`` (item needed, no file); by file: ``J001-HT·2026-D30-XS-001`` for the file
    itself, ``J001-HT·2026-D30-XS-001-0001`` for an item in it. Raises BadNumber.
    """
    if by == "item":
        if parts.item is None or parts.file is not None:
            raise BadNumber("an archive number by item has an item number and no file number")
        return f"{_class_of(parts)}-{parts.item:04}"
    if parts.file is None:
        raise BadNumber("an archive number by file needs a file number")
    number = f"{_class_of(parts)}-{parts.file:03}"
    return number if parts.item is None else f"{number}-{parts.item:04}"


def image_name(number: str, item: int) -> str:
    """Return what the images of an item are named by: the archive number of its file and its place there, from 1; "" without a number.

    DA/T 31-2017: the names of images follow the archive number (RULES Part B, Digitisation). What cannot stand in the name of a file on
    every system is a hyphen.
    """
    return f"{_UNNAMED.sub('-', number)}-{item:04}" if number else ""


def archive_prefix(parts: ArchiveNumberParts) -> str:
    """Return the counter key: the lowest class within which numbers start at 1.

    Without a file number that is the class, whose items (or files) are counted; with one it is that file, whose
    items are counted. The item number itself plays no part.
    """
    return _class_of(parts) if parts.file is None else f"{_class_of(parts)}-{parts.file:03}"


def parse_archive_number(text: str, by: Literal["item", "file"] | None = None) -> ArchiveNumberParts:
    """Return the parts of an archive number; `archive_number` of them gives `text` again. Raises BadNumber.

    by: how a single last number is meant. Unless said, three digits are a file and four or more an item: the two
    look alike only from the thousandth file of a class.
    """
    match = _ARCHIVE.fullmatch(text)
    if match is None:
        raise BadNumber(f"{text!r} is no archive number of the form J001-HT·2026-D30-XS-0001")
    first, second = match["first"], match["second"]
    if second is None and by is None:
        by = "file" if len(first) == 3 else "item"
    file, item = (int(first), int(second)) if second else (None, int(first)) if by == "item" else (int(first), None)
    parts = ArchiveNumberParts(
        match["fonds"], match["category"], int(match["year"]), match["retention"], match["department"], file, item
    )
    if archive_number(parts, "file" if file is not None else "item") != text:
        raise BadNumber(f"{text!r} is not zero-filled as prescribed")
    return parts
