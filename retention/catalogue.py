"""The file catalogue (卷内目录): what its customary form says of each document, from what is known of it.

Source: GB/T 9705-2008 文书档案案卷格式 (顺序号、文号、责任者、题名、日期、页号、备注); DA/T 22-2015 归档文件整理规则 (dates in eight digits).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

# Who made a paper, the first that is named on it: who issued, sent or granted it; otherwise those between whom it is.
_MAKERS = ("authority", "sender", "principal", "guarantor")
_PARTIES = ("party_a", "party_b")
_NUMBERS = ("document_number", "contract_number")
_DAYS = ("signed_on", "issued_on")


@dataclass(frozen=True)
class Paper:
    """One document of a file, in the order of the file. values: read or typed, by field; unsure: not verified by two people; pages: 0 for none."""

    category: str
    title: str
    original: bool
    pages: int
    values: Mapping[str, str]
    unsure: bool


@dataclass(frozen=True)
class Entry:
    """A row of the catalogue. What is not known is "". formed_on: eight digits; pages: the number of its first page, of the last document `first-last`."""

    number: str
    responsible: str
    title: str
    formed_on: str
    pages: str
    remark: str


def entries(papers: Sequence[Paper]) -> list[Entry]:
    """Return the rows of a catalogue; the pages of a file are numbered through, from 1."""
    numbers = list(_page_numbers([paper.pages for paper in papers]))
    return [
        Entry(
            number=_first(paper.values, _NUMBERS),
            responsible=responsible(paper.values),
            title=paper.title,
            formed_on=_formed_on(paper.values),
            pages=pages,
            remark=_remark(paper),
        )
        for paper, pages in zip(papers, numbers, strict=True)
    ]


def responsible(values: Mapping[str, str]) -> str:
    """Return the party responsible for a document (责任者), "" where nobody is known; of a contract both parties."""
    parties = "、".join(dict.fromkeys(values[name] for name in _PARTIES if values.get(name)))
    return _first(values, _MAKERS) or parties


def _first(values: Mapping[str, str], names: Sequence[str]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _formed_on(values: Mapping[str, str]) -> str:
    try:
        return f"{date.fromisoformat(_first(values, _DAYS)):%Y%m%d}"
    except ValueError:
        return ""


def _page_numbers(pages: Sequence[int]) -> Iterator[str]:
    last = max((at for at, count in enumerate(pages) if count), default=-1)
    first = 1
    for at, count in enumerate(pages):
        end = first + count - 1
        yield "" if not count else f"{first}-{end}" if at == last and count > 1 else str(first)
        first += count


def _remark(paper: Paper) -> str:
    said = (f"类目{paper.category}" if paper.category else "", "原件" if paper.original else "复印件")
    return " ".join(filter(None, (*said, "未经核验" if paper.unsure else "")))
