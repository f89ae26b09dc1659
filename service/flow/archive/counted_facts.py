"""What the half-year statistics are counted from (RULES B4), a million contracts and files at once.

The database puts together what counts alike in a period, and the rule counts each kind once, with how many there are: of a day it
matters only whether it lies before the period, in it or after it. So each kind is told with a day that stands for all such days.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, or_, select
from sqlalchemy.orm import Session

from retention.statistics import ArchiveFacts, ContractFacts, ReportPeriod
from service.clock import CHINA
from service.flow.archive.leaving import left
from service.flow.common.long_runs import Told, unheard
from service.records.tables import AccessRequest, CaseFile, Contract, ContractEvent, Document, Stub, Transfer

_BEFORE, _IN, _AFTER = 0, 1, 2


def _when(column: Any, first: Any, last: Any) -> ColumnElement[Any]:
    """Where a day lies, seen from the period: 0 before, 1 in it, 2 after; NULL for none."""
    return case((column < first, _BEFORE), (column <= last, _IN), (column > last, _AFTER), else_=None)


def _day(when: int | None, period: ReportPeriod) -> date | None:
    """Return the day that stands for all that lie there."""
    if when is None:
        return None
    return {_BEFORE: period.first - timedelta(1), _IN: period.first, _AFTER: period.last + timedelta(1)}[when]


def contract_facts(session: Session, period: ReportPeriod, tell: Told = unheard) -> Iterator[ContractFacts]:
    """Yield what is counted of the contracts; whose one is says its file, which goes with a merger. tell: of how many questions."""
    asked = (_lives, _cancelled, _amended, _handed)
    for done, ask in enumerate(asked):
        tell(done, len(asked))
        yield from ask(session, period)


def _lives(session: Session, period: ReportPeriod) -> Iterator[ContractFacts]:
    signed, ended = (_when(c, period.first, period.last) for c in (Contract.signed_on, Contract.ended_on))
    ended_as = case((Contract.status.in_(("performed", "terminated")), Contract.status), else_="")
    key = (CaseFile.department_id, Contract.currency, Contract.amount.is_(None), signed, ended, ended_as)
    # Whole cents: SQLite keeps amounts as binary fractions, and a million of those do not add up.
    cents = func.sum(cast(func.round(Contract.amount * 100), BigInteger))
    query = select(*key, func.count(), cents).join(CaseFile, CaseFile.contract_id == Contract.id)
    query = query.where(Contract.status != "cancelled").group_by(*key)
    for unit, currency, unpriced, signed_when, ended_when, how, many, amount in session.execute(query):
        yield ContractFacts(
            unit=unit,
            entered_on=period.first,
            currency=currency,
            amount=None if unpriced else Decimal(amount).scaleb(-2),
            signed_on=_day(signed_when, period),
            ended_on=_day(ended_when, period),
            ended_as=how,
            count=many,
        )


def _cancelled(session: Session, _period: ReportPeriod) -> Iterator[ContractFacts]:
    query = select(CaseFile.department_id, Contract.created_at, Contract.year)
    query = query.join(CaseFile, CaseFile.contract_id == Contract.id).where(Contract.status == "cancelled")
    for unit, created_at, year in session.execute(query):
        yield ContractFacts(unit, _entered_on(created_at, year), "", None, None, cancelled=True)


def _entered_on(created_at: datetime, year: int) -> date:
    """Return when a contract got its number; of one that an import brought, only the year of the number is known."""
    entered = created_at.astimezone(CHINA).date()
    return entered if entered.year <= year else date(year, 12, 31)


def _amended(session: Session, period: ReportPeriod) -> Iterator[ContractFacts]:
    query = select(CaseFile.department_id, func.count()).select_from(ContractEvent)
    query = query.join(Contract, Contract.id == ContractEvent.contract_id)
    query = query.join(CaseFile, CaseFile.contract_id == Contract.id)
    inside = ContractEvent.finished_on.between(period.first, period.last)
    query = query.where(ContractEvent.kind == "amended", inside, Contract.status != "cancelled")
    for unit, many in session.execute(query.group_by(CaseFile.department_id)):
        yield ContractFacts(unit, period.first, "", None, None, amended_on=(period.first,), count=many)


def _handed(session: Session, period: ReportPeriod) -> Iterator[ContractFacts]:
    """Of duties due before the period only those count that were open at its end, of those in it how they were done."""
    done = case((Transfer.state.in_(("pending", "returned")), None), else_=Transfer.handed_over_on)
    left = or_(done.is_(None), done > period.last)
    how = case((left, 0), (done <= Transfer.due_on, 1), else_=2)
    query = select(CaseFile.department_id, how, func.count()).select_from(Transfer)
    query = query.join(CaseFile, CaseFile.id == Transfer.case_file_id)
    query = query.join(Contract, Contract.id == CaseFile.contract_id).where(
        Transfer.stage == "handler",
        Transfer.due_on <= period.last,
        or_(Transfer.due_on >= period.first, left),
        Contract.status != "cancelled",
    )
    days = {0: None, 1: period.first, 2: period.first + timedelta(1)}
    for unit, done_how, many in session.execute(query.group_by(CaseFile.department_id, how)):
        handed = ((period.first, days[done_how]),)
        yield ContractFacts(unit, period.first, "", None, None, handed=handed, count=many)


def archive_facts(session: Session, period: ReportPeriod, tell: Told = unheard) -> Iterator[ArchiveFacts]:
    """Yield what is counted of the files that were ever archived; of one that is gone its documents and pages are not. tell: as above."""
    asked = (_held, _documents, _loans)
    for done, ask in enumerate(asked):
        tell(done, len(asked))
        yield from ask(session, period)


def _midnights(period: ReportPeriod) -> tuple[datetime, datetime]:
    """Return when a period begins and ends in China."""
    first, end = (datetime(d.year, d.month, d.day, tzinfo=CHINA) for d in (period.first, period.last + timedelta(1)))
    return first, end


def _held(session: Session, period: ReportPeriod) -> Iterator[ArchiveFacts]:
    midnight = _midnights(period)
    archived = _when(CaseFile.archived_on, period.first, period.last)
    gone_when = case(
        (Stub.destroyed_at < midnight[0], _BEFORE),
        (Stub.destroyed_at < midnight[1], _IN),
        (Stub.destroyed_at >= midnight[1], _AFTER),
        else_=None,
    )
    key = (CaseFile.department_id, CaseFile.retention, archived, gone_when, CaseFile.id.in_(left()))
    query = select(*key, func.count()).outerjoin(Stub, Stub.case_file_id == CaseFile.id)
    for unit, code, when, gone, transferred, many in session.execute(
        query.where(CaseFile.archived_on.is_not(None)).group_by(*key)
    ):
        on = _day(when, period) or period.first
        yield ArchiveFacts(unit, on, code or "", _day(gone, period), bool(transferred), count=many)


def _documents(session: Session, period: ReportPeriod) -> Iterator[ArchiveFacts]:
    _first, end = _midnights(period)
    query = select(CaseFile.department_id, func.count(), func.coalesce(func.sum(Document.pages), 0))
    query = query.select_from(Document).join(CaseFile, CaseFile.id == Document.case_file_id)
    query = query.outerjoin(Stub, Stub.case_file_id == CaseFile.id).where(
        Document.status != "destroyed",
        CaseFile.archived_on <= period.last,
        or_(Stub.destroyed_at.is_(None), Stub.destroyed_at >= end),
    )
    for unit, documents, pages in session.execute(query.group_by(CaseFile.department_id)):
        yield ArchiveFacts(unit, period.first, "", documents=documents, pages=int(pages), count=0)


def _loans(session: Session, period: ReportPeriod) -> Iterator[ArchiveFacts]:
    lent: dict[str, list[tuple[date, date | None, date | None]]] = defaultdict(list)
    columns = (AccessRequest.lent_on, AccessRequest.due_back, AccessRequest.returned_on)
    query = select(CaseFile.department_id, *columns).join(CaseFile, CaseFile.id == AccessRequest.case_file_id)
    query = query.where(CaseFile.archived_on.is_not(None), AccessRequest.lent_on.is_not(None))
    for unit, lent_on, due_back, returned_on in session.execute(query):
        if lent_on is not None:
            lent[unit].append((lent_on, due_back, returned_on))
    for unit, loans in lent.items():
        yield ArchiveFacts(unit, period.first, "", loans=tuple(loans), count=0)
