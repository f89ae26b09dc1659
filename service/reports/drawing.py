"""Credit reports drawn: from what was gathered to a report, to a file, to plain values."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from service.records.credit_facts import CustomerFacts, PortfolioFacts
from service.reports.customer_report import customer_report
from service.reports.parts import Part, Report
from service.reports.portfolio_report import portfolio_report
from service.reports.report_files import to_pdf, to_xlsx
from service.reports.sheets import XLSX_TYPE

#: form -> media type, and how it is made
_FORMS = {"pdf": ("application/pdf", to_pdf), "xlsx": (XLSX_TYPE, to_xlsx)}
TYPES = {form: media_type for form, (media_type, _make) in _FORMS.items()}


def report_of(found: CustomerFacts | PortfolioFacts, language: str, maker: str) -> Report:
    """Return what was gathered as a report, in `zh` or `en`. maker: for whom it is made."""
    if isinstance(found, CustomerFacts):
        return customer_report(found, language, maker)
    return portfolio_report(found, language, maker)


def drawn(found: CustomerFacts | PortfolioFacts, language: str, maker: str) -> tuple[str, bytes, bytes]:
    """Return (title, PDF, XLSX) of a report that is kept."""
    report = report_of(found, language, maker)
    return report.title, to_pdf(report), to_xlsx(report)


def as_file(report: Report, form: str) -> tuple[bytes, str]:
    """Return (a report as `pdf` or `xlsx`, its media type). Raises KeyError for another form."""
    media_type, make = _FORMS[form]
    return make(report), media_type


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain JSON values; amounts and shares as decimal text."""
    return {
        "title": report.title,
        "lines": list(report.lines),
        "summary": list(report.summary),
        "parts": [_part_as_json(part) for part in report.parts],
    }


def _part_as_json(part: Part) -> dict[str, Any]:
    return {
        "title": part.title,
        "note": part.note,
        "columns": list(part.columns),
        "rows": [list(_plain(row)) for row in part.rows],
    }


def _plain(row: Iterable[object]) -> Iterable[object]:
    for cell in row:
        yield cell.isoformat() if isinstance(cell, date) else str(cell) if isinstance(cell, Decimal) else cell
