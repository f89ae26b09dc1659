"""Labels to print: self-adhesive A4 sheets in the usual cuts, each label with a code and words for people.

A label sticks on the first page of a document and says what a separator sheet would; the page itself is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from intake.batches.payload import Separator
from intake.batches.sheets import areas, modules, new_pdf, words

#: Three pixels of a scan of 300 dpi: a bar that is narrower is not told from its neighbours with certainty.
FINEST_MM = 0.25
_EDGE = 3.0


@dataclass(frozen=True)
class Cut:
    """How a sheet is cut: labels across and down, the size of one, the first one's corner, from one to the next; millimetres."""

    across: int
    down: int
    width: float
    height: float
    left: float
    top: float
    step: float

    @property
    def count(self) -> int:
        """How many labels a sheet has."""
        return self.across * self.down


#: By the maker's number (Avery Zweckform), which others use alike.
CUTS = {
    "L7160": Cut(3, 7, 63.5, 38.1, 7.25, 15.15, 66.04),
    "L7163": Cut(2, 7, 99.1, 38.1, 4.65, 15.15, 101.6),
    "L7173": Cut(2, 5, 99.1, 57.0, 4.65, 6.0, 101.6),
}
CODES = ("qr", "code128")


@dataclass(frozen=True)
class Label:
    """One label: what its code says, and lines of words beside it."""

    separator: Separator
    lines: tuple[str, ...] = ()


class TooLong(Exception):
    """The bar code of a label would be finer than scanners resolve."""

    def __init__(self, label: Label, cut: str) -> None:
        said = label.separator.contract or label.separator.customer
        super().__init__(f"the bar code of {said or 'a label'} does not fit on a label {cut}; take the square code")


def as_pdf(labels: Sequence[Label], cut: str, code: str = "qr", *, used: int = 0) -> bytes:
    """Return the labels as a PDF of A4 pages; `used`: how many labels of the first sheet are gone already.

    cut: one of CUTS; code: one of CODES. The same labels give the same bytes. Raises TooLong.
    """
    form = CUTS[cut]
    with new_pdf() as document:
        for place, label in enumerate(labels, used % form.count):
            at = place % form.count
            if at == 0 or document.page == 0:
                document.add_page()
            row, column = divmod(at, form.across)
            left, top = form.left + column * form.step + _EDGE, form.top + row * form.height + _EDGE
            width, height = form.width - 2 * _EDGE, form.height - 2 * _EDGE
            dark = modules(label.separator, code)
            if code == "qr" and dark is not None:
                cell = height / dark.shape[1]
                areas(document, dark, left, top, cell, cell)
                left, width, y = left + height + _EDGE, width - height - _EDGE, top + 4.0
            else:
                if dark is None or width / dark.shape[1] < FINEST_MM:
                    raise TooLong(label, cut)
                cell = min(width / dark.shape[1], 0.5)
                areas(document, dark, left + (width - cell * dark.shape[1]) / 2, top, cell, height * 0.55)
                y = top + height * 0.55 + 4.5
            for line in label.lines:
                if y > top + height:
                    break
                words(document, line, left, y, width, 9)
                y += 4.4
        return bytes(document.output())
