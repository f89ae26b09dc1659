"""An existing ledger as a spreadsheet: read row by row under the headings people use.

Pure: bytes in, rows out. Nothing is judged here but whether it can be read.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from service.errors import BadInput

MAX_ROWS = 20_000
MAX_UNPACKED = 300 * 1024 * 1024
_HEAD_WITHIN = 20  # rows: titles and notes may stand above the headings
_WIDEST = 60  # columns

#: heading of the form -> other words it is known under; the name of the field is one of them
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "number": ("合同号", "合同编号", "编号"),
    "department": ("部门代码", "部门"),
    "handler": ("承办人", "经办人"),
    "counterparty": ("对方", "对方当事人", "对方单位", "客户名称"),
    "counterparty_code": ("对方信用代码", "统一社会信用代码", "信用代码"),
    "title": ("题名", "合同名称", "标的"),
    "amount": ("金额", "合同金额"),
    "currency": ("币种",),
    "signed_on": ("签订日期", "签订时间"),
    "approved_on": ("批准日期", "审批日期"),
    "term_from": ("期限自",),
    "term_until": ("期限至",),
    "status": ("状态", "履行情况"),
    "ended_on": ("终了日期", "履行完毕日期"),
    "printed_number": ("合同上印的编号", "印的编号"),
    "former_archive_number": ("原档号",),
}
NEEDED = ("department", "handler", "counterparty", "title")


@dataclass(frozen=True)
class SheetRow:
    """A row as it stands in the sheet. line: its number there, from 1. values: text by field; dates YYYY-MM-DD."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """What is wrong with a row. line: its number in the sheet; field: of the headings it was read by."""

    line: int
    field: str
    why: str


def read_ledger(data: bytes) -> list[SheetRow]:
    """Return the filled rows of the first sheet. Raises BadInput for what is no such sheet, and for more than `MAX_ROWS`."""
    return read_xlsx(data, HEADINGS, NEEDED)


def read_xlsx(data: bytes, headings: Mapping[str, tuple[str, ...]], needed: Sequence[str]) -> list[SheetRow]:
    """Return the filled rows of a workbook's first sheet under these headings. needed: fields without which it is none. Raises BadInput."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _demand_size(sum(entry.file_size for entry in archive.infolist()))
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        return rows_of(sheet.iter_rows(max_col=_WIDEST, values_only=True), headings, needed)
    except BadInput:
        raise
    except (
        Exception
    ) as error:  # openpyxl has no error of its own for a broken workbook: KeyError, ValueError, ParseError …
        raise _unreadable("cannot be read as an XLSX workbook") from error


def _demand_size(unpacked: int) -> None:
    if unpacked > MAX_UNPACKED:
        raise _unreadable(f"is larger than {MAX_UNPACKED} bytes when unpacked")


def _unreadable(why: str) -> BadInput:
    return BadInput(f"file: {why}", {"file": why})


def rows_of(
    lines: Iterable[Sequence[object]], headings: Mapping[str, tuple[str, ...]], needed: Sequence[str]
) -> list[SheetRow]:
    """Return the filled rows under the line that has the headings. Raises BadInput, as `read_xlsx`."""
    known = {word: name for name, words in headings.items() for word in (name, *words)}
    places: dict[int, str] = {}
    found: list[SheetRow] = []
    for line, cells in enumerate(lines, 1):
        texts = [_text(cell) for cell in cells]
        if not places:
            heads = {at: known[_bare(text)] for at, text in enumerate(texts) if _bare(text) in known}
            if set(needed) <= set(heads.values()):
                if len(set(heads.values())) < len(heads):
                    raise _unreadable("has a heading twice")
                places = heads
            elif line >= _HEAD_WITHIN:
                break
            continue
        values = {name: texts[at] for at, name in places.items() if at < len(texts) and texts[at]}
        if values:
            found.append(SheetRow(line, values))
        if len(found) > MAX_ROWS:
            raise _unreadable(f"has more than {MAX_ROWS} rows")
    if not places:
        raise _unreadable(f"has no row with the headings {', '.join(headings[name][0] for name in needed)}")
    return found


def _bare(text: str) -> str:
    return text.replace(" ", "").replace("\u3000", "").rstrip("*＊").split("（")[0].split("(")[0]


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool) or cell is None:
        return ""
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)):f}".removesuffix(".0")
    return str(cell).strip()
