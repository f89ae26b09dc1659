"""The files whose retention has ended: what may get onto a review (鉴定), one page or all of it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, extract, func, literal_column, or_, select
from sqlalchemy.orm import Session

from retention.blockers import candidate_blocks
from retention.schedule import PERMANENT
from service.access.policy import Actor
from service.flow.common.facts import CLOSED_REVIEWS, ENDED, IN_FORCE, facts_by_id
from service.flow.common.guard import listing, require
from service.flow.common.keyset import Part, counted, page
from service.flow.common.sight import visible_files
from service.house import House
from service.records.tables import CaseFile, Contract, Department, ReviewFile, ReviewRecord

#: The most files that one review takes.
MOST = 50_000
#: So far the list is counted: each one costs a look whether it stands on a review, and whether its contract runs.
_COUNTED = 2_000
_ORDER = (CaseFile.due_on, CaseFile.archive_number)
_KINDS = (date, str)
# Written out here and below, not as parameters: only so a database knows that an index over what runs, or is archived, will do.
_IS_RUNNING = Contract.status.not_in([literal_column(f"'{status}'") for status in ENDED])


def _query(actor: Actor, today: date) -> Select[CaseFile]:
    """Return a query over the candidates in sight: `retention.blockers.candidate_blocks` said in SQL, so that it can be counted and paged."""
    taken = (
        select(ReviewFile.case_file_id)
        .join(ReviewRecord, ReviewRecord.id == ReviewFile.review_id)
        .where(ReviewRecord.state.not_in(CLOSED_REVIEWS), ReviewFile.case_file_id == CaseFile.id)
    )
    running = select(Contract.id).where(Contract.id == CaseFile.contract_id, _IS_RUNNING)
    return visible_files(actor).where(
        CaseFile.state == literal_column("'archived'"),
        CaseFile.due_on <= today,
        CaseFile.archive_number != "",
        CaseFile.retention != PERMANENT,
        _ended_by(today),
        or_(CaseFile.kind != "credit", ~_still_dealing(today).exists()),
        ~taken.exists(),
        ~running.exists(),
    )


def _ended_by(today: date) -> ColumnElement[bool]:
    """Whether the day that follows from the facts, where the trigger is known, has come as well (`retention.schedule.due_on`)."""
    return or_(CaseFile.closed_on.is_(None), extract("year", CaseFile.closed_on) + 1 + years_of_file() <= today.year)


def years_of_file() -> ColumnElement[int]:
    """Return how many years a file is kept, 9999 for ever."""
    return cast(case((CaseFile.retention.like("D%"), func.substr(CaseFile.retention, 2)), else_="9999"), Integer)


def _still_dealing(today: date) -> Select[str]:
    """Return the query for contracts with the customer of a credit file that are in force, or ended too late for its period to be over."""
    theirs = select(Contract.id).where(Contract.customer_id == CaseFile.customer_id)
    late = and_(CaseFile.closed_on.is_not(None), extract("year", Contract.ended_on) + 1 + years_of_file() > today.year)
    return theirs.where(or_(Contract.status.in_(IN_FORCE), late)).correlate(CaseFile)


def candidates(house: House, actor: Actor) -> list[CaseFile]:
    """Return the files whose retention has ended and which stand on no open review. Raises NotAllowed."""
    require(actor, "review.read")
    today = house.clock.today()
    with listing(house, actor, "candidate") as session:
        found = list(session.scalars(_query(actor, today).order_by(*_ORDER)))
        sure = _sure(session, [file.id for file in found], today)
        return [file for file in found if file.id in sure]


def candidate_page(house: House, actor: Actor, *, after: str = "", limit: int = 50) -> Part[CaseFile]:
    """Return one page of the candidates, what fell due first first, and how many there are. after: a cursor.

    Raises NotAllowed, BadInput.
    """
    require(actor, "review.read")
    today = house.clock.today()
    query = _query(actor, today)
    with listing(house, actor, "candidate") as session:
        part = page(
            session,
            query.with_only_columns(*_ORDER, CaseFile.id),
            _ORDER,
            _KINDS,
            after,
            limit,
            count=lambda: counted(session, query.with_only_columns(CaseFile.id), _COUNTED),
        )
        ids = [row.id for row in part.rows]
        sure = _sure(session, ids, today)
        files = {file.id: file for file in session.scalars(select(CaseFile).where(CaseFile.id.in_(ids)))}
        rows = [files[file_id] for file_id in ids if file_id in sure]
        return part.of(rows)


def _sure(session: Session, ids: Sequence[str], today: date) -> set[str]:
    """Return those on which the rules themselves agree: what SQL says of them is there to count and page, not to decide."""
    return {file_id for file_id, facts in facts_by_id(session, ids).items() if not candidate_blocks(facts, today)}


def candidate_rows(house: House, actor: Actor, columns: Sequence[Any]) -> list[Sequence[Any]]:
    """Return these columns (of the file or its department) of all candidates, in their order; the reading is noted. Raises NotAllowed."""
    require(actor, "review.read")
    today = house.clock.today()
    query = _query(actor, today).join(Department, Department.id == CaseFile.department_id)
    with listing(house, actor, "candidate") as session:
        rows = session.execute(query.with_only_columns(CaseFile.id, *columns).order_by(*_ORDER)).all()
        sure = _sure(session, [row[0] for row in rows], today)
        return [row[1:] for row in rows if row[0] in sure]


def any_candidate(session: Session, actor: Actor, today: date) -> bool:
    """Return whether there is a candidate that the actor may see."""
    return session.scalar(_query(actor, today).with_only_columns(CaseFile.id).limit(1)) is not None


def all_ids(session: Session, actor: Actor, today: date, most: int = MOST) -> list[str]:
    """Return the candidates a review would take when it takes all: what fell due first first, at most `most`."""
    return list(session.scalars(_query(actor, today).with_only_columns(CaseFile.id).order_by(*_ORDER).limit(most)))
