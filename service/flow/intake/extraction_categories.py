"""Extraction, the category: what documents were taken for by the machine, and what people left or made of it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from sqlalchemy import String, cast, func, literal, or_, select, union
from sqlalchemy.orm import Session

from intake.confidence import Band, bands
from service.flow.intake.made import CHANNEL
from service.records.tables import AuditEntry, BatchPart, Document

_MADE_HERE = (CHANNEL, "form")  # what the archive itself made is no guess of the machine
_AFTER_THE_KIND = len("document:") + 1


Judged = tuple[
    str, str, float, int
]  # the machine's category, the one it is now, how sure the machine was, of how many documents


@dataclass(frozen=True)
class CategoryRow:
    """How many documents were taken for one category and are, as people say, of another or the same. read_as: "" where none was found."""

    read_as: str
    category: str
    documents: int

    @property
    def right(self) -> bool:
        """Whether the machine's category stayed."""
        return self.read_as == self.category


def category_rows(judged: Iterable[Judged]) -> tuple[CategoryRow, ...]:
    """Return what became of the machine's categories, in the order of those."""
    found: Counter[tuple[str, str]] = Counter()
    for before, now, _sure, number in judged:
        found[(before, now)] += number
    return tuple(CategoryRow(*pair, number) for pair, number in sorted(found.items(), key=lambda item: _order(item[0])))


def category_bands(judged: Iterable[Judged]) -> tuple[Band, ...]:
    """Return how far the machine's confidence in a category can be believed."""
    # Where it named none there is nothing to believe; what came from another archive brought its category along.
    named = ((sure, before == now, number) for before, now, sure, number in judged if before and sure)
    return bands(said for sure, right, number in named for said in repeat((sure, right), number))


def judged(session: Session, where: Sequence[Any] = ()) -> Iterator[Judged]:
    """Yield what the machine made of documents, and people in the end.

    Counted are documents whose values a person has checked, whose category a person changed, or that were destroyed (two people had
    reviewed them), narrowed by conditions on Document. A category counts as changed by what it is in the end: a change that was taken
    back is none. What a separator sheet said counts as said by people.
    """
    # The trail keeps what was read and outlives destruction: it holds categories, and nothing that was printed.
    said = select(func.substr(AuditEntry.subject, _AFTER_THE_KIND)).where(AuditEntry.action == "document.categorise")
    by_sheet = select(BatchPart.document_id).where(BatchPart.category != "", BatchPart.wanted.is_(False))
    moved = union(said, by_sheet).subquery()
    is_moved = Document.id.in_(select(moved.c[0]))
    checked = or_(cast(Document.checked_by, String) != "[]", Document.status == "destroyed")
    theirs = (*where, Document.channel.not_in(_MADE_HERE))
    alike = (Document.category, Document.confidence)
    for name, sure, number in session.execute(
        select(*alike, func.count()).where(*theirs, checked, ~is_moved).group_by(*alike)
    ):
        yield name, name, sure, number
    read = AuditEntry.subject == literal("document:").concat(Document.id)
    changed = (
        select(Document.id, Document.category, checked, Document.id.in_(said), AuditEntry.detail)
        .join(AuditEntry, read)
        .where(*theirs, is_moved, AuditEntry.action == "document.read")
        .order_by(AuditEntry.seq)
    )
    last = {row[0]: row for row in session.execute(changed)}
    for _id, now, is_checked, by_person, detail in last.values():
        told = json.loads(detail)
        before = told.get("category", "")
        if is_checked or (by_person and before != now):
            yield before, now, told.get("confidence", 0.0), 1


def read_as(session: Session, document_id: str) -> str:
    """Return the category that the machine read last in a document, "" where it found none or has not read it."""
    query = select(AuditEntry.detail).where(
        AuditEntry.subject == f"document:{document_id}", AuditEntry.action == "document.read"
    )
    detail = session.scalar(query.order_by(AuditEntry.seq.desc()).limit(1))
    return str(json.loads(detail).get("category", "")) if detail else ""


def _order(pair: tuple[str, str]) -> tuple[list[int], bool, list[int]]:
    read_as, category = ([int(part) for part in name.split(".") if part.isdecimal()] for name in pair)
    return read_as, read_as != category, category
