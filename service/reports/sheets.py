"""Tables as spreadsheets: CSV for any program, XLSX for people. No cell of ours is ever a formula.

A title or a name comes from paper and from other companies; one that begins with ``=`` must not run on whoever opens the
export (CWE-1236). In XLSX every text is typed as text; CSV knows no types, so there a text that a spreadsheet would take for a
formula gets the apostrophe in front that says "text".
"""

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

Cell = str | int | Decimal | date | None

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}
MAX_ROWS = 100_000

# Excel and LibreOffice read these as the beginning of a formula or skip the blank and then do; full-width forms count, too.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_CELL = 32_767
_WIDEST, _NARROWEST = 48, 8
_A4 = 9  # ECMA-376, ST_PaperSize


@dataclass(frozen=True)
class Table:
    """A table to send out. rows: cells in the order of `columns`."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def write(table: Table, form: str) -> bytes:
    """Return the table as `csv` or `xlsx`. Raises KeyError for another form."""
    return {"csv": to_csv, "xlsx": to_xlsx}[form](table)


def text_of(cell: Cell) -> str:
    """Return a cell as text: dates as YYYY-MM-DD, nothing as nothing."""
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def figure_columns(rows: Sequence[Sequence[Cell]], also: Collection[int] = ()) -> frozenset[int]:
    """Return which columns hold figures, to be set flush right: all that is in them are numbers. also: those that hold figures as text."""
    width = max(map(len, rows), default=0)
    cells = [[row[at] for row in rows if row[at] is not None and row[at] != ""] for at in range(width)]
    numbers = (at for at in range(width) if cells[at] and all(isinstance(cell, int | Decimal) for cell in cells[at]))
    return frozenset(numbers) | frozenset(also)


def cell_text(value: str) -> tuple[str, bool]:
    """Return a text as a cell of a workbook takes it, and whether it looks like a formula and is to be marked as none."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value)[:_LONGEST_CELL], bool(_FORMULA.match(value))


def to_csv(table: Table) -> bytes:
    """Return UTF-8 with a byte-order mark (Excel reads Chinese by it), comma-separated, lines ended by CR LF (RFC 4180)."""

    def safe(cell: Cell) -> str:
        shown = text_of(cell)
        return f"'{shown}" if isinstance(cell, str) and _FORMULA.match(shown) else shown

    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(map(safe, table.columns))
    writer.writerows(map(safe, row) for row in table.rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def _width(text: str) -> int:
    """How wide a text stands in a column: a Chinese character takes two places."""
    return sum(1 if ord(c) < 0x2E80 else 2 for c in text)


def to_xlsx(table: Table) -> bytes:
    """Return a workbook of one sheet: head row bold, frozen and repeated on every printed page; dates and amounts are values."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", table.title)[:31])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for at, column in enumerate(table.columns):
        widest = max(map(_width, (column, *(text_of(row[at]) for row in table.rows))))
        sheet.column_dimensions[get_column_letter(at + 1)].width = min(max(widest + 2, _NARROWEST), _WIDEST)

    right = figure_columns(table.rows)

    def cell(value: Any, *, head: bool = False, end: bool = False) -> Any:
        if isinstance(value, str):
            text, quoted = cell_text(value)
            made = WriteOnlyCell(sheet, text)
            # openpyxl takes a leading = for a formula; the type says it is text, the prefix keeps it so when it is edited.
            made.data_type, made.quotePrefix = "s", quoted
        else:
            made = WriteOnlyCell(sheet, value)
            if isinstance(value, date):
                made.number_format = "yyyy-mm-dd"
            elif isinstance(value, Decimal):
                made.number_format = "#,##0.00"
        if head:
            made.font = Font(bold=True)
        if end:
            made.alignment = Alignment(horizontal="right")
        return made

    sheet.append([cell(column, head=True, end=at in right) for at, column in enumerate(table.columns)])
    for row in table.rows:
        sheet.append([cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
