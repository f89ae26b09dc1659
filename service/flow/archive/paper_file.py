"""The paper of a case file (RULES B1, B5): where it stands, how many originals and copies lie in it, and the sheets printed for it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from retention.completeness import Completeness
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.archive.filing import file_completeness
from service.flow.common.guard import load_file, lock_file
from service.flow.common.sight import visible
from service.flow.intake.categories import CATEGORIES
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Document, FilePlace, FormerNumber, PaperCount

MAX_COUNT = 9999
PLACE = ("room", "shelf", "box")


@dataclass(frozen=True)
class PaperFile:
    """What is known of a file on paper. counts: (originals, copies) by category; former: numbers it had before, by kind."""

    file: CaseFile
    place: FilePlace | None
    counts: dict[str, tuple[int, int]]
    former: tuple[tuple[str, str], ...]
    completeness: Completeness
    documents: tuple[Document, ...]


def paper_file(house: House, actor: Actor, case_file_id: str, what: str = "") -> PaperFile:
    """Return what is known of a file on paper. what: the sheet that is printed of it, noted. Raises NotFound."""
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id)
        if what:
            audit.append(session, actor.name, "file.print", f"file:{case_file_id}", {"sheet": what})
        counts = session.scalars(select(PaperCount).where(PaperCount.case_file_id == case_file_id))
        former = session.scalars(select(FormerNumber).where(FormerNumber.case_file_id == case_file_id))
        inside = (Document.case_file_id == case_file_id, Document.status != "destroyed")
        query = visible(select(Document).where(*inside), actor).options(selectinload(Document.fields))
        documents = session.scalars(query)
        return PaperFile(
            file=file,
            place=session.get(FilePlace, case_file_id),
            counts={row.category: (row.originals, row.copies) for row in counts},
            former=tuple((row.kind, row.number) for row in former),
            completeness=file_completeness(session, file),
            documents=tuple(
                sorted(documents, key=lambda d: ([int(n) for n in d.category.split(".") if n.isdigit()], d.received_at))
            ),
        )


def paper_of(session: Session, case_file_id: str) -> dict[str, Any]:
    """Return how many originals and copies of a file lie on paper, and where; {} when none do, as far as anybody counted."""
    counts = list(session.scalars(select(PaperCount).where(PaperCount.case_file_id == case_file_id)))
    originals, copies = sum(row.originals for row in counts), sum(row.copies for row in counts)
    if not originals and not copies:
        return {}
    place = session.get(FilePlace, case_file_id)
    where = f"{place.room} {place.shelf} {place.box}" if place else ""
    return {"originals": originals, "copies": copies, "place": where}


def _living(session: Session, actor: Actor, case_file_id: str) -> CaseFile:
    file = load_file(session, actor, case_file_id, "file.place")
    lock_file(session, file)
    if file.state == "destroyed":
        raise RuleRefused("the file was destroyed; only its stub remains")
    return file


def set_place(house: House, actor: Actor, case_file_id: str, room: str, shelf: str, box: str) -> None:
    """Say where the paper of a file stands; it may be said anew. Raises BadInput, NotFound, NotAllowed, RuleRefused (destroyed)."""
    given = dict(zip(PLACE, (room.strip(), shelf.strip(), box.strip()), strict=True))
    why = "is needed, at most 60 characters"
    wrong = {name: why for name, text in given.items() if not text or len(text) > 60}
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name in wrong), wrong)
    with house.database.write() as session:
        _living(session, actor, case_file_id)
        row = session.get(FilePlace, case_file_id)
        before = {name: getattr(row, name) for name in PLACE} if row else {}
        if row is None:
            row = FilePlace(case_file_id=case_file_id)
            session.add(row)
        for name, text in given.items():
            setattr(row, name, text)
        row.set_by, row.set_at = actor.name, house.clock.now()
        audit.append(session, actor.name, "file.place", f"file:{case_file_id}", {"from": before, "to": given})


def count_papers(house: House, actor: Actor, case_file_id: str, category: str, originals: int, copies: int) -> None:
    """Say how many originals and copies of a category lie in the file on paper. Raises BadInput, NotFound, NotAllowed, RuleRefused."""
    wrong = {
        name: f"0 to {MAX_COUNT}"
        for name, count in (("originals", originals), ("copies", copies))
        if not 0 <= count <= MAX_COUNT
    }
    with house.database.write() as session:
        file = _living(session, actor, case_file_id)
        if category not in CATEGORIES or not category.startswith("1." if file.kind == "contract" else "5."):
            wrong["category"] = "is not of this file"
        if wrong:
            raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
        row = session.get(PaperCount, (case_file_id, category))
        before = [row.originals, row.copies] if row else [0, 0]
        if row is None:
            row = PaperCount(case_file_id=case_file_id, category=category)
            session.add(row)
        row.originals, row.copies = originals, copies
        row.counted_by, row.counted_at = actor.name, house.clock.now()
        detail = {"category": category, "from": before, "to": [originals, copies]}
        audit.append(session, actor.name, "file.count", f"file:{case_file_id}", detail)
