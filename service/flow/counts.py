"""Counts: what waits in each room, for the column of rooms and for monitoring."""

from sqlalchemy import func, select

from service.access.policy import Actor
from service.flow.archive.loans import loans_in_sight
from service.flow.archive.review_sight import reviews_in_sight
from service.flow.archive.transfers import count_open
from service.flow.common.guard import allowed
from service.flow.common.sight import visible
from service.flow.credit.deliveries import count_unread
from service.flow.credit.plan_lists import count_own
from service.flow.credit.warning_acts import count_open as count_open_warnings
from service.flow.intake import desk
from service.house import House
from service.records.tables import AccessRequest, Document, FactDuty, ReviewRecord

_DONE = ("certified", "stopped", "verified")


def document_counts(house: House) -> dict[str, int]:
    """Return how many documents are in each status."""
    with house.database.read() as session:
        rows = session.execute(select(Document.status, func.count()).group_by(Document.status))
        return {row[0]: row[1] for row in rows}


def waiting(house: House, actor: Actor) -> dict[str, int]:
    """Return what waits for this person, per room; a room they may not enter is not named."""
    found: dict[str, int] = {}

    def may(action: str) -> bool:
        return allowed(actor, action)

    with house.database.read() as session:
        if may("document.read"):
            reading = visible(select(Document).where(Document.status.in_(("received", "reading"))), actor)
            found |= {"needs_review": desk.count(session, desk.waiting(actor)), "reading": desk.count(session, reading)}
        if may("transfer.read"):
            found["transfers"] = count_open(session, actor)
        if may("review.read"):
            running = select(ReviewRecord).where(ReviewRecord.state.not_in(_DONE))
            found["reviews"] = len(reviews_in_sight(session, actor, running))
        if may("fact.read"):
            late = (FactDuty.responsible_id == actor.person_id, FactDuty.due_on < house.clock.today())
            found["stale"] = session.scalar(select(func.count()).select_from(FactDuty).where(*late)) or 0
        if may("assessment.read"):
            found["assessments"] = count_own(session, actor, house.clock.today())
        if may("loan.read"):
            loans = select(func.count()).select_from(AccessRequest).where(AccessRequest.state.in_(("asked", "lent")))
            loans = loans.where(loans_in_sight(actor))
            found["loans"] = session.scalar(loans) or 0
        if may("warning.read"):
            found["open_warnings"] = count_open_warnings(session, actor)
        if may("inbox.read"):
            found["unread"] = count_unread(session, actor)
    return found
