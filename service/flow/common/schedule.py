"""Schedule: apply the retention schedule that counts to a file; an applied period is never shortened by itself."""

import json
from datetime import date
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.schedule import MAJOR, Facts, Schedule, default_schedule, settle
from retention.schedule import Settled as Period
from retention.schedule_text import to_schedule
from service.flow.common.facts import dealings
from service.house import House
from service.records.tables import CaseFile, Document, ScheduleVersion

# RULES B1: copies of vouchers lie in a contract's file. Only the original voucher is an accounting record of its own.
VOUCHERS = "1.11"

__all__ = ["VOUCHERS", "Period", "current_schedule", "facts_of", "period_of", "recompute_retention"]


def current_schedule(house: House, session: Session) -> Schedule:
    """Return the schedule that counts: the active version, or the default with the settings' amounts before there is one."""
    active = session.execute(
        select(ScheduleVersion.version, ScheduleVersion.rules).where(ScheduleVersion.state == "active")
    ).first()
    if active is None:
        return default_schedule(house.settings.major_amount, house.settings.minor_amount)
    return _made(active.version, json.dumps(active.rules, sort_keys=True))


@lru_cache(maxsize=8)
def _made(version: str, rules: str) -> Schedule:
    return to_schedule(version, json.loads(rules))


def facts_of(
    kind: str,
    amount: Decimal | None,
    events: frozenset[str],
    documents: frozenset[str],
    categories: frozenset[str],
) -> Facts:
    """Return what the rules look at of a file. amount: yuan. events: what happened to it, or it was said to be (a major contract)."""
    return Facts(kind, amount, events & {MAJOR}, events, documents, categories)


def _documents(session: Session, file: CaseFile) -> tuple[frozenset[str], frozenset[str]]:
    """Return the kinds of documents in the file that bring a period of their own, and the categories it holds."""
    query = select(Document.category, Document.is_original).where(
        Document.case_file_id == file.id, Document.status != "destroyed"
    )
    found = {(category, original) for category, original in session.execute(query.distinct())}
    vouchers = {"accounting_voucher"} if (VOUCHERS, True) in found else set[str]()
    return frozenset(vouchers), frozenset(category for category, _original in found if category)


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
    return _period(current_schedule(house, session), session, file, events, closed_on)


def _period(
    schedule: Schedule, session: Session, file: CaseFile, events: frozenset[str] | None, closed_on: date | None
) -> Period:
    contract = file.contract
    documents, categories = _documents(session, file)
    amount = contract.amount if contract is not None and contract.currency == "CNY" else None
    happened = frozenset(file.events) if events is None else events
    decision = schedule.retention_for(facts_of(file.kind, amount, happened, documents, categories))
    ended_on = closed_on or file.closed_on
    again = None if ended_on is None else _dealt_until(session, file)
    return settle(decision, file.retention, file.retention_why, file.due_on, ended_on, again)


def _dealt_until(session: Session, file: CaseFile) -> date | None:
    """Return the day on which the last contract with the customer of a credit file ended, None for other files."""
    if file.kind != "credit" or file.customer_id is None:
        return None
    found = dealings(session, [file.customer_id]).get(file.customer_id)
    return found.last_end if found else None


def recompute_retention(house: House, session: Session, file: CaseFile) -> None:
    """Set the file's period, its reason and, once what it is about has ended, its due date. Never earlier than before."""
    schedule = current_schedule(house, session)
    period = _period(schedule, session, file, None, None)
    file.retention, file.retention_why, file.due_on = period.code, period.why.to_json(), period.due_on
    file.schedule = schedule.version
    session.flush()
