"""The yearly analysis of credit management as it was prepared and signed (RULES B4), as parts with charts: for paper and as a workbook."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from credit.scorecard import GRADES
from service.reports.charts import Chart
from service.reports.parts import Part, Report
from service.reports.sheets import Cell


def analysis_report(
    title: str,
    lines: Sequence[str],
    note: str,
    figures: Mapping[str, Mapping[str, Any]],
    say: Callable[[str], str],
    named: Callable[[str, str], str],
    heads: tuple[str, str],
    signs: Sequence[str] = (),
) -> Report:
    """Return a prepared report with all its figures. figures: kind of figures -> key -> decimal text; what no grade or currency divides has no colon.

    say: what a kind of figures is called; named: what a figure is called, by name and what it is about; heads: of the two columns.
    """
    parts = []
    for kind, of in figures.items():
        rows: list[list[Cell]] = [[named(*_split(key)), value] for key, value in of.items()]
        parts.append(
            Part(say(kind), heads, rows, empty="—", chart=analysis_chart(say(kind), of), widths=(4, 2), figures=(1,))
        )
    return Report(title, lines, note.splitlines(), parts, signs)


def _split(key: str) -> tuple[str, str]:
    name, _colon, of = key.partition(":")
    return name, of


def analysis_chart(title: str, of: Mapping[str, Any]) -> Chart | None:
    """Return the customers by grade; None where the figures say nothing of grades."""
    counts = [int(Decimal(of.get(f"graded:{grade}", "0"))) for grade in GRADES]
    return Chart("bars", title, list(GRADES), [(title, counts)]) if any(counts) else None
