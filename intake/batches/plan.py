"""From the pages of a stack to documents, and whether the paper is accounted for.

A page is named by a key such as ``2.5``: page 5 of the batch's second stack.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from intake.batches.payload import Separator
from intake.errors import Rejected

Kind = Literal["page", "separator", "blank", "replaced"]


@dataclass(frozen=True)
class Seen:
    """One page as it was looked at. ink: the inked share, 0..1. separator: what its mark says; a label's page is a page."""

    key: str
    kind: Kind
    ink: float = 0.0
    separator: Separator | None = None


@dataclass(frozen=True)
class Part:
    """A document to be: its pages in order as (key, degrees clockwise it is turned), and what its separator said."""

    pages: tuple[tuple[str, int], ...]
    contract: str = ""
    customer: str = ""
    category: str = ""


@dataclass(frozen=True)
class Manifest:
    """The account of a batch in page sides. sheets: how many sheets of paper, None when nobody counted. sides: 1 or 2.

    received: pages of all stacks, those of a second scan of the same page (replaced) included.
    """

    sheets: int | None
    sides: int
    received: int
    kept: int
    blanks: int
    separators: int
    replaced: int = 0

    @property
    def expected(self) -> int | None:
        """Page sides that went through the scanner."""
        return None if self.sheets is None else self.sheets * self.sides

    @property
    def accounted(self) -> int:
        """Page sides of which it is known where they are."""
        return self.kept + self.blanks + self.separators

    @property
    def balances(self) -> bool:
        """Whether every page received has a place and the paper gives just as many."""
        return self.expected == self.accounted and self.accounted + self.replaced == self.received


def interleave(fronts: Sequence[str], backs: Sequence[str]) -> list[str]:
    """Return the pages of a double-sided stack scanned in two passes in reading order; the second pass began with the last back.

    Raises Rejected(passes_differ) when the two passes are not equally long: a sheet was pulled in twice, or not at all.
    """
    if len(fronts) != len(backs):
        raise Rejected(
            "passes_differ",
            f"The first pass has {len(fronts)} pages, the second {len(backs)}: scan the stack again.",
        )
    return [key for pair in zip(fronts, reversed(backs), strict=True) for key in pair]


def split(pages: Iterable[Seen]) -> list[Part]:
    """Return the documents of a stack, in order; a document without a page is none.

    What a sheet says of contract and customer when it begins a file holds until the next file begins; a sheet that begins
    a document can say otherwise for that one.
    """
    parts: list[Part] = []
    file = Separator()
    current = Part(())
    for page in pages:
        if page.separator is not None:
            said = page.separator
            file = said if said.starts == "file" else file
            parts.append(current)
            same = not (said.contract or said.customer)
            current = Part(
                (),
                contract=file.contract if same else said.contract,
                customer=file.customer if same else said.customer,
                category=said.category,
            )
        if page.kind == "page":
            current = replace(current, pages=(*current.pages, (page.key, 0)))
    return [part for part in (*parts, current) if part.pages]


@dataclass
class Account:
    """Counts the pages of a batch by where they went."""

    kept: int = 0
    blanks: int = 0
    separators: int = 0
    replaced: int = 0
    lost: list[str] = field(default_factory=list)


def account(pages: Iterable[tuple[str, Kind]], kept: Iterable[str]) -> Account:
    """Return where every page went; `lost` are pages that no document holds and that are neither blank nor a separator.

    A page that stands in a document is kept, whatever it was taken for.
    """
    found, in_documents = Account(), set(kept)
    for key, kind in pages:
        if key in in_documents:
            found.kept += 1
        elif kind == "blank":
            found.blanks += 1
        elif kind == "separator":
            found.separators += 1
        elif kind == "replaced":
            found.replaced += 1
        else:
            found.lost.append(key)
    return found


def left_out(pages: Iterable[tuple[str, Mapping[str, Any]]], kept: Collection[str]) -> list[str]:
    """Return the pages of a stack that would be lost if its bytes went: no document holds them, and no machine found nothing on them.

    pages: by key what was seen of each and what a person made of it (kind, measured, by). A page that a person dropped or
    replaced is wanted, should the same bytes be sent again.
    """
    return [key for key, page in pages if key not in kept and not _is_nothing(page)]


def _is_nothing(page: Mapping[str, Any]) -> bool:
    kind = page.get("kind")
    return kind == "separator" or (kind == "blank" and (page.get("measured") == "blank" or "by" not in page))
