"""Spreadsheets: what was written is what is read, and nothing in them is ever a formula."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from service.reports.sheets import Table, to_csv, to_xlsx, write

EVIL = [
    "=1+1",
    "+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =cmd|' /C calc'!A0",
    "＝1+1",
    '=HYPERLINK("http://evil.example")',
]


def table(*cells: object) -> Table:
    return Table("台账", ("合同号", "=head"), [(cell, 1) for cell in cells])  # type: ignore[arg-type]


def sheet_of(data: bytes):
    return load_workbook(io.BytesIO(data)).active


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(table(text)).decode("utf-8-sig"), newline="")))
    assert rows[1][0] == f"'{text}"
    assert rows[0][1] == "'=head"
    sheet = sheet_of(to_xlsx(table(text)))
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert sheet["A2"].value.replace("_x000D_", "\r") == text
    assert sheet["A2"].quotePrefix


@pytest.mark.parametrize("text", ["苏州云岭新材料科技有限公司", "HT-XS-2026-0001", "a=b", "3-4 层", ""])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(table(text)).decode("utf-8-sig"), newline="")))
    assert rows[1] == [text, "1"]
    assert (sheet_of(to_xlsx(table(text)))["A2"].value or "") == text


def test_dates_and_amounts_are_values_and_lines_and_commas_survive() -> None:
    cells = (date(2026, 11, 2), Decimal("-32000000.50"), "甲,乙\n“丙”", None)
    given = Table("t", ("a", "b", "c", "d"), [cells])
    assert list(csv.reader(io.StringIO(to_csv(given).decode("utf-8-sig"), newline="")))[1] == [
        "2026-11-02",
        "-32000000.50",
        "甲,乙\n“丙”",
        "",
    ]
    sheet = sheet_of(to_xlsx(given))
    assert sheet["A2"].value.date() == date(2026, 11, 2)
    assert (sheet["B2"].value, sheet["B2"].number_format) == (-32000000.5, "#,##0.00")
    assert sheet["C2"].value == "甲,乙\n“丙”"
    assert sheet.print_title_rows == "$1:$1"


def test_what_xml_cannot_hold_and_what_is_too_long_does_not_break_the_export() -> None:
    sheet = sheet_of(to_xlsx(Table("a/b:c*d?e[f]" * 5, ("x",), [("a\x00b\x1fc\ud800",), ("长" * 40_000,)])))
    assert sheet["A2"].value == "a�b�c�"
    assert len(sheet["A3"].value) == 32_767
    assert to_csv(Table("t", ("x",), [("a\ud800",)])).decode("utf-8-sig") == "x\r\na?\r\n"


def test_a_table_without_rows_is_its_head() -> None:
    assert sheet_of(write(Table("t", ("甲",), []), "xlsx")).max_row == 1
    assert write(Table("t", ("甲",), []), "csv").decode("utf-8-sig") == "甲\r\n"
    with pytest.raises(KeyError):
        write(Table("t", ("甲",), []), "pdf")
