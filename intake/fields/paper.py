"""A document as the readers of fields see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from intake.fields.labels import Regions, Spot, find_labels, unbroken
from intake.layout import Run, Sheet, flow, sheet
from intake.model import PageText


@dataclass(frozen=True)
class Paper:
    """The pages of one document, by geometry and as running text."""

    sheets: tuple[Sheet, ...]
    headline: Run | None = None

    @classmethod
    def of(cls, pages: Sequence[PageText]) -> "Paper":
        """Return the paper that `pages` make."""
        return cls(tuple(sheet(p) for p in pages))

    @cached_property
    def flow(self) -> Run:
        """The running text of all pages."""
        return flow(self.sheets)

    def place(self, run: Run) -> tuple[int, int]:
        """Return the sheet and the row (both from 0) where `run` begins."""
        first = run.inked[0]
        for s, leaf in enumerate(self.sheets):
            for r, row in enumerate(leaf.rows):
                if leaf.number == first.page and any(g is first for g in row.run.glyphs):
                    return s, r
        return 0, 0

    def labelled(self, labels: Mapping[str, Sequence[str]]) -> "Labelled":
        """Find these labels on the paper; the headline holds none (法定代表人授权书)."""
        paper = replace(self, sheets=unbroken(self.sheets, labels))
        spots = find_labels(paper.sheets, labels)
        if self.headline and self.headline.inked:
            title = self.place(self.headline)
            left, _, right, _ = self.headline.box  # a number or a day may stand beside it
            spots = [s for s in spots if (s.sheet, s.row) != title or not left <= s.x0 < right]
        return Labelled(paper, spots)


class Labelled:
    """The labels found on a paper and what stands at them. paper: the labels of narrow cells in one piece."""

    def __init__(self, paper: Paper, spots: Sequence[Spot]) -> None:
        self.spots = spots
        self.paper = paper
        self._regions = Regions(paper.sheets, spots)

    def named(self, *names: str) -> list[Spot]:
        """Return the spots with these names, in order of the page."""
        return [s for s in self.spots if s.name in names]

    def beside(self, spot: Spot) -> Run:
        """Return what stands right of the label, in its row."""
        return self._regions.beside(spot)

    def across(self, spot: Spot) -> list[Run]:
        """Return all chunks right of the label in its row: the cells of a table's row."""
        return self.paper.sheets[spot.sheet].rows[spot.row].run.cut(spot.end).chunks()

    def block(self, spot: Spot) -> Run:
        """Return the whole value of the label: its row, wrapped lines, or what stands below."""
        return self._regions.block(spot)

    def label_text(self, spot: Spot) -> str:
        """Return the label as matched, with its brackets, as in 甲方(买方)."""
        return self.paper.sheets[spot.sheet].rows[spot.row].run.key[spot.start : spot.end]

    def is_closed(self, spot: Spot) -> bool:
        """Tell whether a colon or a gap sets the label apart from its value."""
        key = self.paper.sheets[spot.sheet].rows[spot.row].run.key
        return ":" in key[spot.start : spot.end + 1] or key[spot.end : spot.end + 1] in ("", "\t")
