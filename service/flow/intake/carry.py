"""Carry: what people said of a document, its category and its values, goes with its pages when these become another document.

A value stands on a page; the document that holds the page now gets the value, with who entered and who confirmed it. The
category goes with the first page. A new scan of a page is the same paper: its values stay, without their places, and are to be
looked at again. So is what stood on a page that nobody kept, and what cannot be told.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake import verification as rules
from intake.batches.said import paper_of
from service.flow.common import values
from service.flow.common.heritage import USUAL, Paper, hold_up, keep_up, paper_in
from service.records import audit
from service.records.tables import BatchPart, Document, DocumentField, FieldCorrection

LOOK_AGAIN = "look_again"
_COLUMNS = tuple(c.name for c in DocumentField.__table__.columns if c.name not in ("document_id", "position"))


class _Sheets:
    """Which paper the pages of a part are on. scans: page -> the page it is a new scan of."""

    def __init__(self, scans: Mapping[str, str]) -> None:
        self._scans = scans

    def of(self, part: BatchPart) -> list[tuple[str, str]]:
        """Return of each page of a part its paper, named by the first scan, and which scan of it, turned how."""
        return [(paper_of(_bare(page), self._scans), page) for page in part.pages]


def carry(
    session: Session, actor_name: str, old: Sequence[BatchPart], new: Sequence[BatchPart], gone: Collection[str]
) -> list[str]:
    """Give what people said of the documents `gone` to those of `new` that hold their pages, in the caller's transaction.

    gone: those that the batch lets go; one that stays with others keeps what was said, too. Returns the new documents. What is said of a document as a whole they have since they were made (`heritage`).
    """
    known = {part.document_id for part in old}
    fresh = [part for part in new if part.document_id not in known and not part.duplicate]
    documents = _lock(session, fresh)
    paper = paper_in(session, next((part.batch for part in new), ""))
    sheets = _Sheets(paper.scans)
    for part in old:
        if part.document_id not in gone:
            continue
        rows = session.scalars(select(DocumentField).where(DocumentField.document_id == part.document_id))
        for row in sorted(rows, key=lambda row: row.position):
            if rules.state_of(values.stand_of(row)) != rules.UNCONFIRMED:
                _carry_one(session, row, part, [p for p in fresh if p.document_id in documents], documents, sheets)
    leaving = [part for part in old if part.document_id in gone]
    _carry_categories(session, actor_name, leaving, fresh, documents, sheets)
    for part in fresh:
        if part.document_id in documents:
            document = documents[part.document_id]
            for name in keep_up(session, paper, part.pages, document):
                _again(document, name)
    for document in documents.values():
        _note(session, actor_name, document)
    again = [part for part in new if part.document_id not in known and part.duplicate]
    return [*documents, *_hold_up(session, actor_name, paper, again)]


def _hold_up(session: Session, actor_name: str, paper: Paper, parts: Sequence[BatchPart]) -> list[str]:
    """Let documents that were here before be as confidential as what they now stand for; returns those that were raised."""
    documents, raised = _lock(session, parts), []
    for part in parts:
        document = documents.get(part.document_id)
        if document is not None and hold_up(session, paper, part.pages, document):
            detail = {"tier": document.tier}
            audit.append(session, actor_name, "document.carry", f"document:{document.id}", detail)
            raised.append(document.id)
    return raised


def _lock(session: Session, parts: Sequence[BatchPart]) -> dict[str, Document]:
    documents = {}
    for document_id in sorted({part.document_id for part in parts}):
        found = session.get(Document, document_id, with_for_update={"of": Document})
        if found is not None:
            session.refresh(found)
            documents[document_id] = found
    return documents


def _note(session: Session, actor_name: str, document: Document) -> None:
    """Let a document that took something over stand as it now does, and say in the trail what it was."""
    said = sorted(f.name for f in document.fields if f.entered_by != rules.MACHINE or f.confirmed_by or f.rival)
    again = [reason.partition(":")[2] for reason in document.review_reasons if reason.startswith(LOOK_AGAIN)]
    if said or again:
        values.settle(document)
    whole: dict[str, Any] = {"tier": document.tier} if document.tier != USUAL else {}
    whole |= {"original": True} if document.is_original else {}
    if said or again or whole:
        detail = {"fields": said, "again": again, **whole}
        audit.append(session, actor_name, "document.carry", f"document:{document.id}", detail)


def _carry_one(
    session: Session,
    row: DocumentField,
    part: BatchPart,
    fresh: Sequence[BatchPart],
    documents: dict[str, Document],
    sheets: _Sheets,
) -> None:
    here = sheets.of(part)
    on, scan = here[row.page - 1] if 0 < row.page <= len(here) else ("", "")
    heirs = [to for to in fresh if {paper for paper, _ in sheets.of(to)} & {paper for paper, _ in here}]
    if not heirs:
        return
    on_page = [to for to in heirs if on in {paper for paper, _ in sheets.of(to)}]
    if on and not on_page:
        _again(documents[heirs[0].document_id], row.name)  # the page it stood on was left out
        return
    to = (on_page or heirs)[0]
    document, pages = documents[to.document_id], sheets.of(to)
    spot: dict[str, Any] = {}
    sure = True
    if on:
        number = [paper for paper, _ in pages].index(on)
        now = pages[number][1]
        # A page that was turned or scanned again has its pixels elsewhere: the page is known, the place on it no more.
        spot = {"page": number + 1, "box": list(row.box) if now == scan else []}
        sure = _bare(now) == _bare(scan)
    elif {paper for paper, _ in here} - {paper for paper, _ in pages}:
        # Typed without a place, and the document fell apart: where it belongs nobody knows.
        spot, sure = {"page": 0, "box": []}, False
    if not (_put(session, document, row, spot) and sure):
        _again(document, row.name)


def _carry_categories(
    session: Session,
    actor_name: str,
    old: Sequence[BatchPart],
    fresh: Sequence[BatchPart],
    documents: dict[str, Document],
    sheets: _Sheets,
) -> None:
    """Give the category that people chose for a document to the one that begins with its pages; what else holds some is looked at."""
    home = {paper: part.document_id for part in old for paper, _ in sheets.of(part)}
    unsure = list[tuple[Document, str]]()
    for part in old:
        was = session.get_one(Document, part.document_id)
        if not was.categorised_by:
            continue
        here = [paper for paper, _ in sheets.of(part)]
        heirs = dict.fromkeys(
            to.document_id for paper in here for to in fresh if paper in {other for other, _ in sheets.of(to)}
        )
        for at, document_id in enumerate(name for name in heirs if name in documents):
            to = next(to for to in fresh if to.document_id == document_id)
            begins = next((home[paper] for paper, _ in sheets.of(to) if paper in home), "")
            if at == 0 and begins == part.document_id:
                _put_category(session, actor_name, documents[document_id], was)
            else:
                unsure.append((documents[document_id], was.category))
    for document, category in unsure:
        if document.category != category:
            _again(document, "kind")


def _put_category(session: Session, actor_name: str, document: Document, was: Document) -> None:
    before, document.category, document.categorised_by = document.category, was.category, was.categorised_by
    if document.status in ("stored", "needs_review") and before != was.category:
        # It was read as what the machine took it for: the sweep lets it be read as what it is.
        document.status = "received"
        document.review_reasons = [reason for reason in document.review_reasons if reason.startswith(LOOK_AGAIN)]
    detail = {"from": before, "to": was.category, "by": was.categorised_by}
    audit.append(session, actor_name, "document.categorise", f"document:{document.id}", detail)


def _bare(page: str) -> str:
    """Return the name of a page without how it is turned."""
    return page.partition("@")[0]


def _put(session: Session, document: Document, row: DocumentField, spot: dict[str, Any]) -> bool:
    """Put a value into its new document; False where people already say another thing there."""
    kept = {name: getattr(row, name) for name in _COLUMNS} | spot
    if kept["rival"]:
        kept["rival"] = {name: kept["rival"][name] for name in ("value", "by") if name in kept["rival"]}
    there = values.find(document, row.name)
    if there is None:
        document.fields.append(DocumentField(position=len(document.fields), **kept))
    elif rules.state_of(values.stand_of(there)) != rules.UNCONFIRMED:
        return there.value == row.value
    else:
        for name, value in kept.items():
            setattr(there, name, value)
    document.review_reasons = rules.reasons_left(document.review_reasons, [row.name])
    of_it = (FieldCorrection.document_id == row.document_id) & (FieldCorrection.field == row.name)
    session.flush()
    session.execute(update(FieldCorrection).where(of_it).values(document_id=document.id))
    return True


def _again(document: Document, name: str) -> None:
    reason = f"{LOOK_AGAIN}:{name}"
    if reason not in document.review_reasons:
        document.review_reasons = [*document.review_reasons, reason]
