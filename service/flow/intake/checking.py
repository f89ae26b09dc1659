"""Checking: a person goes through the values of a document beside its pages, saves at once what they found, and may undo it."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from intake import verification as rules
from intake.capitals import Capital
from intake.model import PageText, Word
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.common import values
from service.flow.common.checks import Sheets
from service.flow.common.guard import allowed, load_document, reach_of
from service.flow.common.index import index_soon
from service.flow.credit.fact_documents import follow
from service.flow.intake import desk
from service.flow.intake.categories import put_category, reread, sheets_of
from service.flow.intake.documents import lock_document, sheets_before
from service.flow.intake.typed_values import said_of
from service.house import House
from service.records import audit
from service.records.tables import Document, DocumentField, FieldCorrection, LastSave

_COLUMNS = tuple(column.name for column in DocumentField.__table__.columns if column.name != "document_id")
_OF_DOCUMENT = ("status", "category", "categorised_by", "kind", "title", "review_reasons")


@dataclass(frozen=True)
class Given:
    """What a person says of a document. entries: values they typed; seen: the value shown of each field they confirm.

    decided: which value of a disagreement, by field. finish: everything else on the page is right, too. dismissed: the reasons
    of the pages that they settled, on the paper or otherwise; no other goes away by `finish`. as_printed: what of `seen` they
    confirm by itself; finishing does not confirm without it what something speaks against (`checks.AGAINST`). leaf: the page before
    them, 0 for none: what they typed is looked for there first.
    """

    entries: Sequence[values.Entry] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    decided: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    finish: bool = False
    dismissed: Collection[str] = ()
    as_printed: Collection[str] = ()
    leaf: int = 0


@dataclass(frozen=True)
class Left:
    """What a save leaves to be done. pages: the reasons of its pages that stay.

    values: fields that finishing did not confirm, with what speaks against each (`checks.AGAINST`), or that it was not among
    `seen` (`values.UNSEEN`); the document is not finished then.
    """

    values: Mapping[str, str]
    pages: Sequence[str]


@dataclass(frozen=True)
class Before:
    """A document as it lies before a person. sheets: those pages kept of which a value or the leaf shown is one.

    holder: who else has it before them. undoable: the person's own last save can be taken back.
    """

    document: Document
    sheets: Sheets
    holder: desk.Holder | None
    may_correct: bool
    undoable: bool

    @property
    def pages(self) -> Mapping[int, PageText]:
        """The pages by number."""
        return self.sheets.pages

    @property
    def capitals(self) -> tuple[Capital, ...]:
        """The sums in capitals on them."""
        return self.sheets.capitals


def look(house: House, actor: Actor, document_id: str, leaf: int = 1) -> Before:
    """Return a document with its pages for checking, take it before the person, and note the reading. Raises NotFound."""
    # The pages come from the store before anything is locked: a slow store keeps nobody else from writing.
    with house.database.read() as session:
        document = load_document(session, actor, document_id)
        sheets = sheets_of(house, session, document, [leaf])
        last = session.get(LastSave, document_id)
        undoable = last is not None and last.by == actor.name and last.after == _digest(_state(document))
        may_correct = document.status in values.OPEN and allowed(actor, "document.correct", reach_of(document))
    with house.database.write() as session:
        load_document(session, actor, document_id)
        detail = {"pages": sorted(sheets.pages)}
        audit.append(session, actor.name, "document.view", f"document:{document_id}", detail)
    holder = desk.sit_down(house, actor, document_id) if may_correct else None
    return Before(document, sheets, holder, may_correct, undoable)


def unsure_words(page: PageText, box: Sequence[int], line: float) -> list[tuple[Word, bool]]:
    """Return the words of a page whose middle lies in `box`, in reading order, each with whether its confidence is below `line`."""
    if len(box) != 4:
        return []
    x0, y0, x1, y1 = box
    words = (word for text in page.lines for word in text.words)
    return [
        (word, word.confidence < line)
        for word in words
        if x0 <= (word.box[0] + word.box[2]) / 2 <= x1 and y0 <= (word.box[1] + word.box[3]) / 2 <= y1
    ]


def save(house: House, actor: Actor, document_id: str, given: Given) -> Left:
    """Keep all that a person said of a document or, when one thing is refused, nothing.

    Raises BadInput with a sentence for every field that is refused, RuleRefused, NotFound, NotAllowed, StoreUnavailable.
    """
    reading = reread(house, actor, document_id, given.category) if given.category is not None else None
    # A typed sum may stand on any page. What finishing confirms is held against the page it stands on.
    typed = {entry.name: entry.text for entry in given.entries if entry.place is None and not entry.not_here}
    pages = said_of(
        house, actor, document_id, typed, given.leaf, [*(entry.name for entry in given.entries), *given.decided]
    )
    sheets = sheets_before(house, actor, document_id) if given.finish else Sheets()
    now = house.clock.now()
    with house.database.write() as session:
        document = lock_document(session, actor, document_id, "document.correct")
        values.demand_open(document)
        before, corrections, wrong = _state(document), list[str](), dict[str, str]()
        if given.category is not None and given.category != document.category:
            put_category(session, actor, document, given.category, reading)
        for entry in given.entries:
            found = pages.spots.get(entry.name)
            whole = replace(entry, capitals=pages.capitals, spots=found, leaf=given.leaf)
            try:
                made = values.enter(session, actor, document, whole, now)
            except BadInput as error:
                wrong |= error.fields
            else:
                corrections += [made] if made else []
        for name, value in given.decided.items():
            try:
                values.decide(session, actor, document, values.Entry(name, value, capitals=pages.capitals))
            except BadInput as error:
                wrong |= error.fields
        if wrong:
            raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
        held = _confirm(session, actor, document, given, sheets)
        values.settle(document)
        _remember(session, actor, document, before, corrections, house)
        left = Left(held, rules.page_reasons(document.review_reasons))
    index_soon(house, [document_id])
    follow(house, [document_id])
    return left


def _confirm(session: Session, actor: Actor, document: Document, given: Given, sheets: Sheets) -> dict[str, str]:
    spoken = {entry.name for entry in given.entries} | set(given.decided)
    seen: dict[str, str | None] = {name: value for name, value in given.seen.items() if name not in spoken}
    left = dict[str, str]()
    if given.finish:
        held = values.held_back(document, actor.name, sheets, {*given.seen, *spoken})
        alone = set(given.as_printed) & set(given.seen)
        left = {name: word for name, word in held.items() if name not in spoken | alone}
        may = set(values.confirmable(document, actor.name)) - spoken - set(left)
        seen = {name: value for name, value in seen.items() if name in may}
        given = replace(given, finish=not left)
    if seen or given.finish:
        values.confirm(session, actor, document, seen)
    values.dismiss(session, actor, document, given.dismissed, finish=given.finish)
    return left


def _state(document: Document) -> dict[str, Any]:
    fields = [{name: getattr(row, name) for name in _COLUMNS} for row in document.fields]
    return {**{name: getattr(document, name) for name in _OF_DOCUMENT}, "fields": fields}


def _digest(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def _remember(
    session: Session, actor: Actor, document: Document, before: dict[str, Any], corrections: list[str], house: House
) -> None:
    after = _digest(_state(document))
    if after == _digest(before):
        return
    row = session.get(LastSave, document.id)
    if row is None:
        row = LastSave(document_id=document.id)
        session.add(row)
    row.by, row.at, row.before, row.after = actor.name, house.clock.now(), before, after
    row.corrections = corrections


def undo(house: House, actor: Actor, document_id: str) -> None:
    """Take the person's own last save back, as long as nothing has changed since. Raises RuleRefused, NotFound, NotAllowed."""
    with house.database.write() as session:
        document = lock_document(session, actor, document_id, "document.correct")
        values.demand_open(document)
        last = session.get(LastSave, document_id)
        if last is None or last.by != actor.name:
            raise RuleRefused("there is nothing of yours to undo on this document")
        if last.after != _digest(_state(document)):
            raise RuleRefused("the document was changed since; what you saved can no longer be undone")
        kept = last.before
        if kept["category"] != document.category:
            put_category(session, actor, document, kept["category"] or document.category)
        rows = {row.name: row for row in document.fields}
        document.fields = [_restored(rows.get(old["name"]), old) for old in kept["fields"]]
        for name in _OF_DOCUMENT:
            setattr(document, name, kept[name])
        session.execute(delete(FieldCorrection).where(FieldCorrection.id.in_(last.corrections)))
        session.delete(last)
        values.settle(document)
        fields = sorted({old["name"] for old in kept["fields"]} | set(rows))
        audit.append(session, actor.name, "document.undo", f"document:{document_id}", {"fields": fields})
    index_soon(house, [document_id])
    follow(house, [document_id])


def _restored(row: DocumentField | None, old: Mapping[str, Any]) -> DocumentField:
    row = row or DocumentField(name=old["name"])
    for name in _COLUMNS:
        setattr(row, name, old[name])
    return row
