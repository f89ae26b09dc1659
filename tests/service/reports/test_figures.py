"""Figures in reports stand flush right, on paper and in workbooks (RULES A5.1)."""

import io
from decimal import Decimal

import pypdfium2
from openpyxl import load_workbook

from service.reports import papers, sheets
from service.reports.parts import Part, Report
from service.reports.report_files import to_pdf, to_xlsx

ROWS = [["CNY", Decimal("1234567.89"), 3, "12.5"], ["USD", None, 12345, "领先"], ["EUR", Decimal("-88.10"), 7, "3"]]
PART = Part("应收", ["币种", "金额", "家数", "取值"], ROWS, figures=(3,))


def edges(pdf: bytes) -> dict[str, tuple[float, float]]:
    """Where each piece of text begins and ends, on the first page."""
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    boxes = [page.get_rect(at) for at in range(page.count_rects())]
    return {page.get_text_bounded(*box).strip(): (box[0], box[2]) for box in boxes}


def test_A5_1_a_column_is_of_figures_when_all_in_it_are_numbers_or_it_says_so():
    assert PART.right == {1, 2, 3}
    assert sheets.figure_columns([["a", None, ""]]) == frozenset()
    assert sheets.figure_columns([[1, "2"], [2, "x"]]) == {0}
    assert sheets.figure_columns([]) == frozenset()


def test_A5_1_figures_end_at_one_line_on_paper_and_words_begin_at_one():
    for pdf in (
        to_pdf(Report("报告", (), (), [PART])),
        papers.to_pdf(papers.Form("表", PART.columns, (1, 1, 1, 1), [[*row[:3], ""] for row in ROWS], landscape=False)),
    ):
        at = edges(pdf)
        ends = [at[text][1] for text in ("1,234,567.89", "-88.10", "金额")]
        assert max(ends) - min(ends) < 1.5, at
        begins = [at[text][0] for text in ("CNY", "USD", "币种")]
        assert max(begins) - min(begins) < 1.5, at


def test_A5_1_figures_stand_flush_right_in_the_workbook_with_their_heads():
    sheet = load_workbook(io.BytesIO(to_xlsx(Report("报告", (), (), [PART])))).worksheets[1]
    assert [[cell.alignment.horizontal for cell in row] for row in sheet.iter_rows(max_row=3)] == [
        [None, "right", "right", "right"]
    ] * 3
    table = load_workbook(io.BytesIO(sheets.to_xlsx(sheets.Table("表", PART.columns, ROWS)))).worksheets[0]
    assert [cell.alignment.horizontal for cell in table[1]] == [None, "right", "right", None]
