"""A report of several parts as PDF for paper and as XLSX with charts of the workbook's own. Pure: the same report, the same bytes in PDF."""

import io
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from intake.batches.sheets import new_pdf, words
from service.reports import charts
from service.reports.papers import FOOT, MARGIN, draw_row, height_of, lines_of, shown
from service.reports.parts import Part, Report
from service.reports.sheets import Cell, cell_text

if TYPE_CHECKING:
    from fpdf import FPDF

_WIDTH, _BOTTOM, _CHART = 210.0 - 2 * MARGIN, 297.0 - FOOT, 62.0
_LINE = 5.2


def to_pdf(report: Report) -> bytes:
    """Return the report on upright A4 pages, numbered, with lines to sign at its end."""
    with new_pdf() as document:
        document.set_line_width(0.15)
        document.add_page()
        words(document, report.title, MARGIN, 18, _WIDTH, 16, middle=True)
        y = 26.0
        for line in report.lines:
            words(document, line, MARGIN, y, _WIDTH, 9)
            y += _LINE
        for sentence in report.summary:
            y = _sentence(document, sentence, y + 1)
        for part in report.parts:
            y = _part(document, part, y + 7)
        if report.signs:
            y = _room(document, y, 18)
            wide = _WIDTH / len(report.signs)
            for at, sign in enumerate(report.signs):
                words(document, sign, MARGIN + at * wide, y + 12, wide - 4, 10)
        pages = document.page
        for number in range(1, pages + 1):
            document.page = number
            words(document, f"{number} / {pages}", MARGIN, _BOTTOM + 14, _WIDTH, 8, middle=True)
        document.page = pages
        return bytes(document.output())


def _room(document: "FPDF", y: float, needed: float) -> float:
    """Return where to go on: here, or at the top of a new page where what comes has no room."""
    if y + needed <= _BOTTOM:
        return y
    document.add_page()
    return 18.0


def _sentence(document: "FPDF", text: str, y: float) -> float:
    lines = lines_of(document, text, _WIDTH)
    y = _room(document, y, len(lines) * _LINE)
    for line in lines:
        words(document, line, MARGIN, y + 4, _WIDTH, 9)
        y += _LINE
    return y


def _part(document: "FPDF", part: Part, y: float) -> float:
    y = _room(document, y, 24 + (_CHART if part.chart and part.rows else 0))
    words(document, part.title, MARGIN, y + 4, _WIDTH, 11.5)
    y += 7
    if part.note:
        y = _sentence(document, part.note, y - 1)
    if not part.rows:
        words(document, part.empty, MARGIN, y + 5, _WIDTH, 9)
        return y + 7
    if part.chart:
        charts.draw(document, part.chart, MARGIN, y, _WIDTH, _CHART)
        y += _CHART + 2
    widths = part.widths or [1.0] * len(part.columns)
    across = [w * _WIDTH / sum(widths) for w in widths]
    right = part.right
    y = _head(document, part, across, y)
    for row in part.rows:
        cells = [lines_of(document, shown(cell), w) for cell, w in zip(row, across, strict=True)]
        height = height_of(cells)
        if y + height > _BOTTOM:
            document.add_page()
            y = _head(document, part, across, 18.0)
        draw_row(document, cells, across, y, height, right)
        y += height
    return y


def _head(document: "FPDF", part: Part, across: Sequence[float], y: float) -> float:
    head = [lines_of(document, column, w) for column, w in zip(part.columns, across, strict=True)]
    height = height_of(head)
    document.set_fill_color(240, 238, 232)
    document.rect(MARGIN, y, _WIDTH, height, style="F")
    draw_row(document, head, across, y, height, part.right)
    return y + height


def to_xlsx(report: Report) -> bytes:
    """Return a workbook: what the report is, then a sheet for each part with its chart beside the table."""
    from openpyxl import Workbook

    book = Workbook()
    first: Any = book.active
    first.title = _name(report.title, [])
    for line in (report.title, *report.lines, "", *report.summary):
        first.append([""])
        _put(first.cell(first.max_row, 1), line)
    first.column_dimensions["A"].width = 110
    names = [first.title]
    for part in report.parts:
        sheet = book.create_sheet(_name(part.title, names))
        names.append(sheet.title)
        _fill(sheet, part)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _name(title: str, taken: Sequence[str]) -> str:
    """Return a name for a sheet: what Excel takes, and none twice."""
    bare = re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:28] or "-"
    found, n = bare, 2
    while found.casefold() in (name.casefold() for name in taken):
        found, n = f"{bare} {n}", n + 1
    return found


def _put(cell: Any, value: Cell) -> None:
    """Write a value that is never a formula."""
    if isinstance(value, str):
        cell.value, cell.quotePrefix = cell_text(value)
        cell.data_type = "s"
    else:
        cell.value = value
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd"
        elif isinstance(value, Decimal):
            cell.number_format = "#,##0.00"


def _fill(sheet: Any, part: Part) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    flush = Alignment(horizontal="right")
    for at, column in enumerate(part.columns, 1):
        cell = sheet.cell(1, at)
        _put(cell, column)
        cell.font = Font(bold=True)
        if at - 1 in part.right:
            cell.alignment = flush
        longest = max([len(column), *(len(shown(row[at - 1])) for row in part.rows)])
        sheet.column_dimensions[get_column_letter(at)].width = min(max(longest * 1.6, 9), 48)
    for down, row in enumerate(part.rows, 2):
        for at, value in enumerate(row, 1):
            cell = sheet.cell(down, at)
            _put(cell, value)
            if at - 1 in part.right:
                cell.alignment = flush
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = 9, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    foot = len(part.rows) + 3
    for line in (part.note, "" if part.rows else part.empty):
        if line:
            _put(sheet.cell(foot, 1), line)
            foot += 1
    if part.chart and part.rows:
        _chart(sheet, part.chart, len(part.columns) + 2)


def _chart(sheet: Any, chart: charts.Chart, column: int) -> None:
    """Put the chart beside the table, over figures that stand in the sheet, further right."""
    from openpyxl.chart import BarChart, LineChart, Reference
    from openpyxl.utils import get_column_letter

    data = column + 12
    _put(sheet.cell(1, data), chart.title)
    for n, (name, _) in enumerate(chart.series, 1):
        _put(sheet.cell(1, data + n), name)
    for down, label in enumerate(chart.labels, 2):
        _put(sheet.cell(down, data), label)
        for n, (_, values) in enumerate(chart.series, 1):
            _put(sheet.cell(down, data + n), values[down - 2])
    drawn: Any = LineChart() if chart.kind == "lines" else BarChart()
    if chart.kind == "stacked":
        drawn.grouping, drawn.overlap = "stacked", 100
    drawn.title, drawn.width, drawn.height = chart.title, 20, 9
    last = len(chart.labels) + 1
    drawn.add_data(
        Reference(sheet, min_col=data + 1, max_col=data + len(chart.series), min_row=1, max_row=last),
        titles_from_data=True,
    )
    drawn.set_categories(Reference(sheet, min_col=data, min_row=2, max_row=last))
    for n, series in enumerate(drawn.series):
        colour = charts.COLOURS[n % len(charts.COLOURS)].lstrip("#")
        series.graphicalProperties.solidFill = colour
        series.graphicalProperties.line.solidFill = colour
    drawn.x_axis.delete = drawn.y_axis.delete = False
    sheet.add_chart(drawn, f"{get_column_letter(column)}2")
