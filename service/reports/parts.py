"""A report of several parts, each a table with what it says and, where it helps, a chart: for the page, for paper, for a workbook."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from service.reports.charts import Chart
from service.reports.sheets import Cell, figure_columns


@dataclass(frozen=True)
class Part:
    """One table. widths: of its columns on paper, in any unit; note: one line on where the figures come from; empty: said where there is no row.

    figures: the columns that hold figures as text, flush right as those of numbers are.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    empty: str = ""
    chart: Chart | None = None
    widths: Sequence[float] = field(default=())
    figures: Collection[int] = ()

    @property
    def right(self) -> frozenset[int]:
        """The columns that are set flush right."""
        return figure_columns(self.rows, self.figures)


@dataclass(frozen=True)
class Report:
    """title, then lines that say of whom and of which day, a summary in sentences, and the parts."""

    title: str
    lines: Sequence[str]
    summary: Sequence[str]
    parts: Sequence[Part]
    signs: Sequence[str] = ()
