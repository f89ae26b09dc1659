"""Counts: what waits in each room, for the column of rooms and for monitoring."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from service.access.policy import Actor
from service.flow.archive.loans import loans_in_sight
from service.flow.archive.review_sight import reviews_in_sight
from service.flow.archive.transfers import count_open
from service.flow.common.counting import count_up_to
from service.flow.common.guard import allowed
from service.flow.credit.deliveries import unread
from service.flow.credit.plan_lists import own
from service.flow.credit.warning_acts import unanswered
from service.flow.intake import batches, desk
from service.house import House
from service.records.tables import AccessRequest, Document, FactDuty, ReviewRecord

#: Nobody is told of more than this and one.
MOST = 999
_DONE = ("certified", "stopped", "verified")


def document_counts(house: House) -> dict[str, int]:
    """Return how many documents are in each status."""
    with house.database.read() as session:
        rows = session.execute(select(Document.status, func.count()).group_by(Document.status))
        return {row[0]: row[1] for row in rows}


def waiting(house: House, actor: Actor) -> dict[str, int]:
    """Return what waits for this person, per room, counted to `MOST` and one; a room they may not enter is not named.

    Every page asks for it: where much waits, no more of it is read than can be shown.
    """
    with house.database.read() as session:
        found = {
            room: count_up_to(session, query(), MOST)
            for room, action, query in _rooms(actor, house.clock.today())
            if allowed(actor, action)
        }
        if allowed(actor, "transfer.read"):
            found["transfers"] = count_open(session, actor)
        if allowed(actor, "review.read"):
            running = select(ReviewRecord).where(ReviewRecord.state.not_in(_DONE))
            found["reviews"] = len(reviews_in_sight(session, actor, running))
    return found


def _rooms(actor: Actor, today: date) -> Iterator[tuple[str, str, Callable[[], Select[Any]]]]:
    """Yield rooms with what one must be allowed to do in them, and the query for what waits there."""

    def documents(query: Select[Document]) -> Select[Any]:
        return query.with_only_columns(Document.id, maintain_column_froms=True)

    stale = select(FactDuty.kind).where(FactDuty.responsible_id == actor.person_id, FactDuty.due_on < today)
    loans = select(AccessRequest.id).where(AccessRequest.state.in_(("asked", "lent")))
    yield "needs_review", "document.read", lambda: documents(desk.waiting(actor))
    yield "batches", "batch.read", lambda: batches.waiting(actor)
    yield "stale", "fact.read", lambda: stale
    yield "assessments", "assessment.read", lambda: own(actor, today)
    yield "loans", "loan.read", lambda: loans.where(loans_in_sight(actor))
    yield "open_warnings", "warning.read", lambda: unanswered(actor)
    yield "unread", "inbox.read", lambda: unread(actor)
