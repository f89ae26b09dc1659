"""Holds (冻结): no path leads to destruction while one stands; a release needs a reason and a second person."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from retention import holds as rules
from search.syntax import And, FieldMatch, Node, Not, Or, Phrase, Word
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.former import formerly
from service.flow.common.guard import listing, load_file, lock_file, require
from service.flow.common.locks import lock_soon
from service.flow.common.sight import visible, visible_files
from service.flow.search.find import digest_of, read
from service.flow.search.find_all import find_all
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Customer, Document, Hold, HoldFile

MOST_MATCHED = 5000
_GONE = ("receiving", "destroyed")
# The fields of the query language that the register of files knows itself, whether or not a file has documents.
_KNOWN: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "title": (CaseFile.title,),
    "number": (CaseFile.archive_number, Contract.number),
    "archive_number": (CaseFile.archive_number,),
    "contract_number": (Contract.number,),
    "customer": (Customer.name,),
    "party": (Customer.name,),
}
_BETWEEN = "\x1f"
_WITH_FORMER = ("number", "archive_number", "contract_number")


@dataclass(frozen=True)
class Matching:
    """What a query matches now, oldest file first.

    documents: of how many documents of a file, by its id, the pages or what is known of them match; a file that is not named there was
    found by its own title, numbers or customer. unread: documents in files in sight whose pages search does not know (yet).
    """

    files: tuple[CaseFile, ...]
    documents: Mapping[str, int]
    unread: int


def matching(house: House, actor: Actor, text: str) -> Matching:
    """Return the living files that a query of the search's language finds, of those the actor may see, and note the reading.

    By their title, numbers (former ones, too) and customer, and by the pages of the documents in them that the actor may read.
    Raises NotAllowed, BadQuery, BadInput: no text, or more than `MOST_MATCHED` files or documents match; IndexUnavailable.
    """
    require(actor, "hold.place")
    text = text.strip()
    if not text:
        raise BadInput("query: is needed", {"query": "is needed"})
    query = read(text)
    documents = find_all(house, actor, query)
    with listing(house, actor, "file") as session:
        found_in = _files_of(session, actor, documents)
        files = _living(actor).outerjoin(Contract, Contract.id == CaseFile.contract_id)
        files = files.outerjoin(Customer, Customer.id == CaseFile.customer_id)
        files = files.where(or_(_by_register(query), CaseFile.id.in_(list(found_in))))
        found = tuple(session.scalars(files.order_by(CaseFile.created_at, CaseFile.id).limit(MOST_MATCHED + 1)))
        unread = _unread(session, actor)
        detail = {"query_sha256": digest_of(text), "total": len(documents)}
        audit.append(session, actor.name, "search", "index", detail)
    if len(found) > MOST_MATCHED:
        raise BadInput(
            f"query: more than {MOST_MATCHED} files match", {"query": f"more than {MOST_MATCHED} files match"}
        )
    seen = {file.id for file in found}
    return Matching(found, {key: count for key, count in found_in.items() if key in seen}, unread)


def _living(actor: Actor) -> Select[CaseFile]:
    return visible_files(actor).where(CaseFile.state != "destroyed")


def _files_of(session: Session, actor: Actor, documents: Sequence[str]) -> dict[str, int]:
    """Return the files in which documents lie that the actor may read, and how many. The index may lag behind the database."""
    query = select(Document).where(Document.id.in_(documents), Document.status.not_in(_GONE))
    filed = visible(query, actor).where(Document.case_file_id.is_not(None)).with_only_columns(Document.case_file_id)
    return dict(Counter(session.scalars(filed)))


def _unread(session: Session, actor: Actor) -> int:
    """Return how many documents in living files in sight could not be read, or are not in the index as they are now."""
    unknown = or_(~Document.indexed, Document.status == "failed")
    query = visible(select(Document).where(unknown, Document.status.not_in(_GONE)), actor)
    query = query.where(Document.case_file_id.in_(_living(actor).with_only_columns(CaseFile.id)))
    return session.scalar(query.with_only_columns(func.count(Document.id))) or 0


def _by_register(node: Node) -> ColumnElement[bool]:
    """Whether a file's own title, numbers and customer are as a query says; what asks for pages or read values they never are."""
    match node:
        case And():
            return and_(*map(_by_register, node.parts))
        case Or():
            return or_(*map(_by_register, node.parts))
        case Not():
            return not_(_by_register(node.part))
        case Word() | Phrase():
            columns = (*_KNOWN["title"], *_KNOWN["number"], *_KNOWN["customer"])
            return or_(_hold(columns, node.text), CaseFile.id.in_(formerly(node.text)))
        case FieldMatch() if node.field in _KNOWN:
            text = node.value.text
            former = [CaseFile.id.in_(formerly(text))] if node.field in _WITH_FORMER else []
            return or_(_hold(_KNOWN[node.field], text), *former)
    return false()


def _hold(columns: Iterable[InstrumentedAttribute[Any]], text: str) -> ColumnElement[bool]:
    # One condition a word: two hundred names fill a query, and SQLite takes a thousand. No text has the character between the columns;
    # what is empty holds nothing, so that it holds nothing of what must not be there, either.
    together = reduce(add, (func.coalesce(column, "") + _BETWEEN for column in columns))
    return together.icontains(text, autoescape=True)


def place_on_query(house: House, actor: Actor, matter: str, reason: str, text: str) -> tuple[Hold, int]:
    """Freeze what a query matches now; the hold stays on that, whatever matches later. Returns the hold and how many files.

    Raises as `matching` and `place_hold`; BadInput when nothing matches. All files are frozen, or none.
    """
    ids = [file.id for file in matching(house, actor, text).files]
    if not ids:
        raise BadInput("query: no file matches", {"query": "no file matches"})
    return place_hold(house, actor, matter, reason, ids, query=text.strip()), len(ids)


def place_hold(
    house: House, actor: Actor, matter: str, reason: str, case_file_ids: Sequence[str], *, query: str = ""
) -> Hold:
    """Freeze files for a matter.

    query: by which they were found. The trail has its hash: who reads a file's history may not be one who may read the page with
    these words, and they could be the last trace of it.
    Raises BadInput, NotFound, RuleRefused (a file is destroyed already).
    """
    matter, reason = matter.strip(), reason.strip()
    wrong = {name: "is needed" for name, value in (("matter", matter), ("reason", reason)) if not value}
    if not case_file_ids:
        wrong["case_files"] = "choose at least one file"
    if wrong:
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
    with house.database.write() as session:
        hold = Hold(matter=matter[:200], reason=reason, placed_by=actor.name, placed_at=house.clock.now())
        session.add(hold)
        session.flush()
        # All files are locked, in one order, before the trail is: whoever destroys one of them locks the file first, too.
        for case_file_id in sorted(set(case_file_ids)):
            file = load_file(session, actor, case_file_id, "hold.place")
            lock_file(session, file)
            if file.state == "destroyed":
                raise RuleRefused(f"file {file.archive_number} was destroyed; a hold comes too late")
        for case_file_id in dict.fromkeys(case_file_ids):
            session.add(HoldFile(hold_id=hold.id, case_file_id=case_file_id))
            detail = {"hold": hold.id, "matter": matter} | ({"query_sha256": digest_of(query)} if query else {})
            audit.append(session, actor.name, "hold.place", f"file:{case_file_id}", detail)
    lock_soon(house, case_file_ids)
    return hold


def _load(session: Session, actor: Actor, hold_id: str) -> Hold:
    require(actor, "hold.place")
    # Both are asked whatever the first answers: what is not there and what is out of sight take the same work.
    hold = session.get(Hold, hold_id, with_for_update=True)
    seen = session.scalar(_visible(actor).where(Hold.id == hold_id))
    if hold is None or seen is None:
        raise NotFound(f"there is no hold {hold_id}")
    return hold


def _as_rule(hold: Hold) -> rules.Hold:
    return rules.Hold(
        matter=hold.matter,
        reason=hold.reason,
        placed_by=hold.placed_by,
        placed_on=hold.placed_at.astimezone(CHINA).date(),
        release_reason=hold.release_reason,
        release_asked_by=hold.release_asked_by,
        released_by=hold.released_by,
        released_on=hold.released_at.astimezone(CHINA).date() if hold.released_at else None,
    )


def ask_release(house: House, actor: Actor, hold_id: str, reason: str) -> None:
    """Ask that a hold be released, with a reason. Raises NotFound, TransitionRefused."""
    with house.database.write() as session:
        hold = _load(session, actor, hold_id)
        step = _as_rule(hold).ask_release(actor.name, reason)
        hold.release_asked_by, hold.release_reason = step.release_asked_by, step.release_reason
        audit.append(session, actor.name, "hold.ask_release", f"hold:{hold_id}")


def release(house: House, actor: Actor, hold_id: str) -> None:
    """Release a hold as the second person. Raises TransitionRefused when nobody asked, or the same person did."""
    with house.database.write() as session:
        hold = _load(session, actor, hold_id)
        now = house.clock.now()  # as `placed_at`: moments are real even where the calendar was moved
        hold.released_by = _as_rule(hold).release(actor.name, now.astimezone(CHINA).date()).released_by
        hold.released_at = now
        freed = []
        for row in session.scalars(select(HoldFile).where(HoldFile.hold_id == hold_id)):
            audit.append(session, actor.name, "hold.release", f"file:{row.case_file_id}", {"hold": hold_id})
            freed.append(row.case_file_id)
    lock_soon(house, freed)


def _visible(actor: Actor) -> Select[Hold]:
    """Return a query over the holds in sight: for a head of department their own, and those on files they may see."""
    if actor.owner or actor.roles & {"credit_administrator", "archivist", "auditor"}:
        return select(Hold)
    # Correlated, so that the files of these holds are looked at and not a million others.
    seen = visible_files(actor).with_only_columns(CaseFile.id).join(HoldFile, HoldFile.case_file_id == CaseFile.id)
    seen = seen.where(HoldFile.hold_id == Hold.id).correlate(Hold)
    return select(Hold).where(or_(Hold.placed_by == actor.name, seen.exists()))


def list_holds(house: House, actor: Actor) -> list[Hold]:
    """Return the holds the actor may see, standing ones first, and note the reading. Raises NotAllowed."""
    require(actor, "hold.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "hold.list", "holds")
        found = session.scalars(_visible(actor).order_by(Hold.placed_at.desc()))
        return sorted(found, key=lambda hold: hold.released_at is not None)


def files_of(house: House, actor: Actor, hold_id: str) -> list[str]:
    """Return the ids of the files a hold covers. Raises NotAllowed."""
    require(actor, "hold.read")
    with house.database.read() as session:
        if session.scalar(_visible(actor).where(Hold.id == hold_id)) is None:
            return []
        return list(session.scalars(select(HoldFile.case_file_id).where(HoldFile.hold_id == hold_id)))


def as_json(hold: Hold) -> dict[str, Any]:
    """Return a hold as plain JSON values."""
    return {
        "id": hold.id,
        "matter": hold.matter,
        "reason": hold.reason,
        "placed_by": hold.placed_by,
        "placed_at": hold.placed_at.isoformat(),
        "release_asked_by": hold.release_asked_by,
        "released_by": hold.released_by,
        "released_at": hold.released_at.isoformat() if hold.released_at else None,
    }
