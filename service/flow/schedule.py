"""Schedule: apply the retention schedule to a file; an applied period is never shortened by itself."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.schedule import PERMANENT, Facts, default_schedule, due_on, kept_longer, never_shorter
from retention.why import Why
from service.house import House
from service.records.tables import CaseFile, Document

# RULES B1: copies of vouchers lie in a contract's file. Only the original voucher is an accounting record of its own.
_VOUCHERS = "1.11"


def _documents(session: Session, file: CaseFile) -> frozenset[str]:
    """Return the kinds of documents in the file that bring a period of their own."""
    query = select(Document.id).where(Document.case_file_id == file.id, Document.status != "destroyed")
    originals = query.where(Document.category == _VOUCHERS, Document.is_original)
    return frozenset({"accounting_voucher"} if session.scalar(originals.limit(1)) else ())


@dataclass(frozen=True)
class Period:
    """The period of a file, why it is that, and the first day on which it can be destroyed (None: never, or not known yet)."""

    code: str
    why: Why
    due_on: date | None


def period_of(
    house: House,
    session: Session,
    file: CaseFile,
    *,
    events: frozenset[str] | None = None,
    closed_on: date | None = None,
) -> Period:
    """Return the period the file has by the facts as they stand in this session: the schedule's, or the one applied before.

    An applied period is never shortened by itself (RULES, Retention); then the reason says what the schedule says now.
    events, closed_on: what they would be, in place of the file's.
    """
    settings = house.settings
    contract = file.contract
    amount = contract.amount if contract is not None and contract.currency == "CNY" else None
    schedule = default_schedule(settings.major_amount, settings.minor_amount)
    decision = schedule.retention_for(
        Facts(
            kind=file.kind,
            amount=amount,
            events=frozenset(file.events) if events is None else events,
            documents=_documents(session, file),
        )
    )
    ended_on = closed_on or file.closed_on
    code = never_shorter(file.retention, decision.code)
    why = decision.why if code == decision.code else kept_longer(file.retention_why, decision.code)
    due = due_on(ended_on, code) if ended_on else None
    if code != PERMANENT and file.due_on is not None and (due is None or due < file.due_on):
        due = file.due_on
    return Period(code, why, due)


def recompute_retention(house: House, session: Session, file: CaseFile) -> None:
    """Set the file's period, its reason and, once what it is about has ended, its due date. Never earlier than before."""
    period = period_of(house, session, file)
    file.retention, file.retention_why, file.due_on = period.code, period.why.to_json(), period.due_on
    session.flush()
