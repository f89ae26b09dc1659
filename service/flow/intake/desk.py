"""The desk: which documents wait for a person, and who has which of them before them at this moment.

A place at the desk is soft: it keeps two people from being given the same document, it hinders nobody from opening one, and
it ends by itself when its holder has left.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake import verification as rules
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.common.guard import listing, load_document, require
from service.flow.common.sight import visible
from service.flow.common.values import OPEN
from service.flow.intake.pages import LOOK_AT
from service.house import House
from service.records import audit
from service.records.tables import Desk, Document

SPAN = timedelta(minutes=10)
#: Why a document waits: somebody must look, two people disagree, one has confirmed its key values, nobody has, any of these.
VIEWS = ("look", "disputed", "second", "unconfirmed", "all")
_AT_ONCE = 50
#: What an export of the list has of each document, and of how many at most.
EXPORTED = (
    "id",
    "title",
    "filename",
    "category",
    "status",
    "error",
    "review_reasons",
    "verification",
    "pages",
    "received_at",
    "received_by",
    "channel",
)
MAX_EXPORT = 20_000


@dataclass(frozen=True)
class Want:
    """Which of the waiting documents. reason: one of VIEWS or a code of `review_reasons`; "" does not narrow."""

    reason: str = "look"
    category: str = ""
    batch: str = ""


@dataclass(frozen=True)
class Place:
    """Where a document stands among those that wait. position from 1; 0: it is not among them."""

    position: int
    total: int


@dataclass(frozen=True)
class Holder:
    """Who has a document before them, and until when unless they go on. mine: it is the one who asks."""

    name: str
    until: datetime
    mine: bool


def _holds(column: object, item: str) -> ColumnElement[bool]:
    """Whether a JSON list of texts has an item that begins with `item`. Both databases keep the list as its text."""
    return cast(column, String).contains(json.dumps(item)[:-1], autoescape=True)


def _for_me(actor: Actor) -> ColumnElement[bool]:
    return ~cast(Document.checked_by, String).contains(json.dumps(actor.name), autoescape=True)


def _conditions(actor: Actor) -> dict[str, ColumnElement[bool]]:
    # Each says of which status it is: said of all together, a database walks through everything that was ever stored.
    mine = and_(Document.status.in_(OPEN), _for_me(actor))
    disputed = and_(Document.verification == rules.DISPUTED, mine)
    found = {
        "look": or_(Document.status.in_(LOOK_AT), disputed),
        "disputed": disputed,
        "second": and_(Document.verification == rules.ONCE, mine),
        "unconfirmed": and_(Document.verification == rules.UNCONFIRMED, mine),
    }
    return {**found, "all": or_(*found.values())}


def waiting(actor: Actor, want: Want | None = None) -> Select[Document]:
    """Return a query over the documents that wait for this person. Raises BadInput for a reason that is none."""
    want = want or Want()
    known = _conditions(actor)
    query = visible(select(Document), actor)
    if want.reason in known:
        query = query.where(known[want.reason])
    elif want.reason.isidentifier():
        query = query.where(Document.status.in_(LOOK_AT), _holds(Document.review_reasons, want.reason))
    else:
        raise BadInput("reason: there is no such reason", {"reason": "there is no such reason"})
    if want.category:
        query = query.where(Document.category == ("" if want.category == "none" else want.category))
    if want.batch:
        query = query.where(Document.batch == want.batch)
    return query


def count(session: Session, query: Select[Document]) -> int:
    """Return how many documents a query finds."""
    return session.scalar(query.with_only_columns(func.count(Document.id), maintain_column_froms=True)) or 0


def counts(house: House, actor: Actor, want: Want) -> dict[str, int]:
    """Return how many documents wait in each of VIEWS, narrowed by category and batch: one walk over what waits."""
    require(actor, "document.correct")
    query = waiting(actor, Want("all", want.category, want.batch))
    sums = [func.sum(case((condition, 1), else_=0)) for condition in _conditions(actor).values()]
    with house.database.read() as session:
        row = session.execute(query.with_only_columns(*sums, maintain_column_froms=True)).one()
    return {view: int(number or 0) for view, number in zip(_conditions(actor), row, strict=True)}


def list_waiting(
    house: House, actor: Actor, want: Want, *, limit: int, offset: int = 0, total: int | None = None
) -> tuple[int, list[tuple[Document, Holder | None]]]:
    """Return (how many in all, one page of what waits, the oldest first, with who has it before them).

    total: how many in all, for who has counted them already.
    """
    require(actor, "document.correct")
    query = waiting(actor, want)
    now = house.clock.now()
    with listing(house, actor, "document") as session:
        total = count(session, query) if total is None else total
        ids = _in_order(session, query, limit, offset)
        rows = session.scalars(select(Document).where(Document.id.in_(ids)))
        documents = sorted(rows, key=lambda document: ids.index(document.id))
        held = select(Desk).where(Desk.document_id.in_([d.id for d in documents]), Desk.until > now)
        desks = {desk.document_id: desk for desk in session.scalars(held)}
    return total, [(document, _holder(desks.get(document.id), actor)) for document in documents]


def export_waiting(house: House, actor: Actor, want: Want, form: str) -> list[Any]:
    """Return all that waits, the oldest first, as rows with `EXPORTED`, and note who took the list out. form: csv or xlsx.

    Raises BadInput (no such reason, more than `MAX_EXPORT` documents), NotAllowed.
    """
    require(actor, "document.correct")
    columns = [getattr(Document, name) for name in EXPORTED]
    query = waiting(actor, want).with_only_columns(*columns, maintain_column_froms=True)
    with house.database.write() as session:
        rows = list(session.execute(query.order_by(Document.received_at, Document.id).limit(MAX_EXPORT + 1)))
        if len(rows) > MAX_EXPORT:
            raise BadInput(f"more than {MAX_EXPORT} rows: narrow what is exported")
        audit.append(
            session, actor.name, "document.export", "documents", {"form": form, "rows": len(rows), **asdict(want)}
        )
        return rows


def _holder(desk: Desk | None, actor: Actor) -> Holder | None:
    return Holder(desk.holder, desk.until, mine=desk.holder == actor.name) if desk else None


def batches(house: House, actor: Actor) -> list[str]:
    """Return the batches from which something waits, the latest first."""
    require(actor, "document.correct")
    query = waiting(actor, Want("all")).where(Document.batch != "")
    found = query.with_only_columns(Document.batch, Document.received_at, maintain_column_froms=True).subquery()
    last = func.max(found.c.received_at)
    with house.database.read() as session:
        rows = select(found.c.batch).group_by(found.c.batch).order_by(last.desc()).limit(50)
        return list(session.scalars(rows))


def place_of(house: House, actor: Actor, document: Document, want: Want) -> Place:
    """Return where a document stands among those that wait."""
    query = waiting(actor, want)
    with house.database.read() as session:
        total = count(session, query)
        here = count(session, query.where(Document.id == document.id))
        ahead = count(session, query.where(_before(document))) if here else 0
    return Place(ahead + 1 if here else 0, total)


def _before(document: Document) -> ColumnElement[bool]:
    same = Document.received_at == document.received_at
    return or_(Document.received_at < document.received_at, and_(same, Document.id < document.id))


def sit_down(house: House, actor: Actor, document_id: str) -> Holder:
    """Take a document before oneself, or go on with it; returns who has it, who may be another.

    Nobody has two: with another one the one before is given free. Raises NotFound, NotAllowed.
    """
    now = house.clock.now()
    with house.database.write() as session:
        load_document(session, actor, document_id, "document.correct")
        if _take(session, actor, document_id, now):
            session.execute(delete(Desk).where(Desk.holder == actor.name, Desk.document_id != document_id))
            return Holder(actor.name, now + SPAN, mine=True)
        desk = session.get(Desk, document_id)
        return _holder(desk, actor) or Holder(actor.name, now, mine=True)


def get_up(house: House, actor: Actor, document_id: str) -> None:
    """Give a document free again, if it was one's own. Raises NotFound, NotAllowed."""
    require(actor, "document.correct")
    with house.database.write() as session:
        load_document(session, actor, document_id, "document.correct")
        session.execute(delete(Desk).where(Desk.document_id == document_id, Desk.holder == actor.name))


def take_next(house: House, actor: Actor, want: Want, after: str | None = None) -> str | None:
    """Give the person the next document that waits and that nobody else has, and take back `after`; None: there is none.

    After the last one it begins again with the first. Raises NotAllowed, BadInput.
    """
    require(actor, "document.correct")
    now = house.clock.now()
    query = waiting(actor, want).outerjoin(Desk, Desk.document_id == Document.id)
    query = query.where(or_(Desk.document_id.is_(None), Desk.until <= now))
    with house.database.write() as session:
        last = session.get(Document, after) if after else None
        session.execute(delete(Desk).where(Desk.holder == actor.name))
        if last is None:
            return _first(session, actor, query, now)
        query = query.where(Document.id != last.id)
        parts = (query.where(~_before(last)), query.where(_before(last)))
        return next((found for part in parts if (found := _first(session, actor, part, now))), None)


def _in_order(session: Session, query: Select[Document], limit: int, offset: int) -> Sequence[str]:
    """Return ids, the oldest first: sorting thousands of bare ids costs less than sorting what the documents carry along."""
    bare = query.with_only_columns(Document.id, maintain_column_froms=True)
    return session.scalars(bare.order_by(Document.received_at, Document.id).limit(limit).offset(offset)).all()


def _first(session: Session, actor: Actor, query: Select[Document], now: datetime) -> str | None:
    ids = _in_order(session, query, _AT_ONCE, 0)
    return next((document_id for document_id in ids if _take(session, actor, document_id, now)), None)


def _take(session: Session, actor: Actor, document_id: str, now: datetime) -> bool:
    """Take the place unless somebody else has it; of two who try at once, one gets it."""
    free = or_(Desk.holder == actor.name, Desk.until <= now)
    taken = update(Desk).where(Desk.document_id == document_id, free).values(holder=actor.name, until=now + SPAN)
    if session.execute(taken).rowcount:  # type: ignore[attr-defined]  # a CursorResult
        return True
    if session.scalar(select(Desk.holder).where(Desk.document_id == document_id)) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(Desk(document_id=document_id, holder=actor.name, until=now + SPAN))
    except IntegrityError:
        return False
    return True
