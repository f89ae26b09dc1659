"""What is said of a document as a whole, and which of it a document inherits that is made anew of the same paper: pure functions.

A paper is named by the page of its first scan: a new scan of a page is the same paper.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """tier: how confidential, as a place among the tiers, 0 for the lowest. department: its id, None for none.

    original: whether the paper is the original. letters: the messages it was attached to. own: whether the document belongs to
    the batch; one that only holds the same bytes has a department and a paper of its own.
    """

    tier: int
    department: str | None
    original: bool
    letters: tuple[str, ...] = ()
    own: bool = True


@dataclass(frozen=True)
class Inherited:
    """As `Said`; department and original are None where no document says them. unsure: which of the two the documents say differently."""

    tier: int
    department: str | None
    original: bool | None
    letters: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


def paper_of(page: str, scans: Mapping[str, str]) -> str:
    """Return the page of the first scan of the same paper. scans: page -> the page it is a new scan of."""
    while page in scans:
        page = scans[page]
    return page


def inherit(
    papers: Iterable[str], documents: Sequence[tuple[Collection[str], Said]], left: Mapping[str, int], usual: int
) -> Inherited:
    """Return what a document made of `papers` inherits from the documents that hold them: the highest tier of all, never a lower one.

    documents: each with the papers it holds. left: the tier of papers that no document holds any more. usual: the tier of a
    paper of which nothing was said yet. A department, and whether it is the original, is inherited where all say the same.
    """
    wanted = list(papers)
    holders = [said for held, said in documents if not set(held).isdisjoint(wanted)]
    held_at_all = {paper for held, _said in documents for paper in held}
    tiers = [said.tier for said in holders]
    tiers += [left.get(paper, usual) for paper in wanted if paper not in held_at_all]
    own = [said for said in holders if said.own]
    departments, originals = {said.department for said in own}, {said.original for said in own}
    unsure = [name for name, words in (("department", departments), ("original", originals)) if len(words) > 1]
    return Inherited(
        tier=max(tiers, default=usual),
        department=departments.pop() if len(departments) == 1 else None,
        original=originals.pop() if len(originals) == 1 else None,
        letters=tuple(dict.fromkeys(letter for said in own for letter in said.letters)),
        unsure=tuple(unsure),
    )
