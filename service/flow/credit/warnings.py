"""Warnings: a look at one customer when something changes, at all of them every day, and one level up when nobody answers (RULES A4).

A look compares what the facts give with what is on record and writes the difference, all of it in one transaction per customer or
some hundreds of them, under a lock on each: looked at twice, or by two at once, nothing comes twice; killed in between, the next look makes
up for it.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from credit.major_events import event_of_warning
from credit.warning_life import TOP_LEVEL, Change, Kept, compare, rank, respond_by
from credit.warnings import RiskWarning, Severity, warnings_for
from service.flow.common import claims
from service.flow.common.long_runs import watched
from service.flow.credit import blocks
from service.flow.credit.assessment_plan import renew_plan
from service.flow.credit.credit_events import found_event
from service.flow.credit.deliveries import News, tell
from service.flow.credit.receivables import settle_due
from service.flow.credit.warning_desk import LOCKED_AT_ONCE, Desk, add_step, lock_customers
from service.flow.credit.warning_settings import Watch, watch_of
from service.flow.credit.warning_states import states_of
from service.house import SYSTEM, House
from service.records import audit
from service.records.many import among
from service.records.tables import (
    Customer,
    ReceivableAccount,
    WarningRecord,
    WarningRun,
    WarningTask,
    new_id,
)

#: Customers compared at once, and those whose changes are written in one transaction.
LOOKED_AT_ONCE, WRITTEN_AT_ONCE = LOCKED_AT_ONCE, 100
_CLAIM = timedelta(minutes=5)


def look_at(house: House, session: Session, customer_id: str) -> int:
    """Look at one customer in the caller's transaction, after something of it changed; returns how many warnings were opened.

    Who has written to the audit trail before must have locked the customer before that (`lock_customers`): the chain's lock comes last.
    """
    return look_at_all(house, session, [customer_id])


def look_at_all(house: House, session: Session, customer_ids: Iterable[str]) -> int:
    """As `look_at`, for many customers, in the caller's transaction."""
    session.flush()
    customers = lock_customers(session, set(customer_ids))
    ids, opened, desk = list(customers), 0, Desk(house, session)
    for start in range(0, len(ids), LOOKED_AT_ONCE):
        some = ids[start : start + LOOKED_AT_ONCE]
        settle_due(session, some, house.clock.today())
        watches, changes = _changes(house, session, some)
        for customer_id, found in changes.items():
            opened += _write(desk, customers[customer_id], watches[customer_id], found)
    session.flush()
    if desk.to_plan:
        renew_plan(session, sorted(desk.to_plan))
    return opened


def _changes(
    house: House, session: Session, customer_ids: Collection[str]
) -> tuple[dict[str, Watch], dict[str, list[Change]]]:
    """Return what holds for each customer, and what is to be written; who needs nothing is left out."""
    today = house.clock.today()
    watches = watch_of(session, customer_ids)
    states = states_of(session, customer_ids, today)
    kept = _kept(session, customer_ids)
    found = {}
    for key in customer_ids:
        changes = compare(kept.get(key, {}), warnings_for(watches[key].lines, states[key], today), today)
        if changes:
            found[key] = changes
    return watches, found


def _kept(session: Session, customer_ids: Collection[str]) -> dict[str, dict[tuple[str, str], Kept]]:
    """Return the latest warning of every trouble on record."""
    row = WarningRecord
    query = select(row.customer_id, row.kind, row.subject, row.severity, row.state, row.holds, row.seen_on)
    # The one that is not closed is the latest; a closed one whose trouble is gone says nothing any more.
    query = query.where(among(session, row.customer_id, customer_ids), or_(row.holds.is_(True), row.state != "closed"))
    found: dict[str, dict[tuple[str, str], Kept]] = {}
    for key, kind, subject, severity, state, holds, seen_on in session.execute(
        query.order_by(row.state == "closed").order_by(row.opened_at)
    ):
        mine = found.setdefault(key, {})
        trouble = (kind, subject)
        if state == "closed" and trouble in mine and not mine[trouble].closed:
            continue
        mine[trouble] = Kept(cast("Severity", severity), closed=state == "closed", holds=holds, seen_on=seen_on)
    return found


def _write(desk: Desk, customer: Customer, watch: Watch, changes: Iterable[Change]) -> int:
    """Write what changed at a customer that is locked; returns how many warnings were opened."""
    opened = 0
    for change in changes:
        if change.what == "open" and change.found is not None:
            _open(desk, customer, watch, change.found)
            opened += 1
        else:
            for row in _rows(desk.session, customer.id, change.key):
                _go_on(desk, customer, watch, row, change)
    return opened


def _rows(session: Session, customer_id: str, key: tuple[str, str]) -> list[WarningRecord]:
    """Return the warnings of a trouble that a change speaks of: the one that is not closed, and closed ones that still hold."""
    row = WarningRecord
    query = select(row).where(row.customer_id == customer_id, row.kind == key[0], row.subject == key[1])
    return list(session.scalars(query.where(or_(row.holds.is_(True), row.state != "closed"))))


def _open(desk: Desk, customer: Customer, watch: Watch, found: RiskWarning) -> None:
    """Open a warning with its tasks, block credit where its plan says so, and tell who is concerned."""
    house, session = desk.house, desk.session
    today, now = house.clock.today(), house.clock.now()
    for old in _rows(session, customer.id, (found.kind, found.subject)):
        old.holds = False  # closed before, and grown more severe: the new one stands for the trouble now
    warning = WarningRecord(
        id=new_id(),
        customer_id=customer.id,
        kind=found.kind,
        subject=found.subject,
        severity=found.severity,
        state="open",
        standing=f"{customer.id}:{found.kind}:{found.subject}",
        why_zh=found.why.zh,
        why_en=found.why.en,
        holds=True,
        opened_on=today,
        opened_at=now,
        seen_on=today,
        level=0,
        respond_by=respond_by(watch.lines, found.severity, now),
    )
    session.add(warning)
    session.flush()
    _step(session, warning, now, "open", found.why.zh)
    plan = desk.plans[found.kind]
    for place, task in enumerate(plan.tasks, 1):
        owner = desk.owner(customer.id, task.owner)
        session.add(
            WarningTask(
                warning_id=warning.id,
                place=place,
                action=task.action,
                what=task.what,
                role=task.owner,
                owner_id=owner.id if owner else None,
                due_on=today + timedelta(days=task.days),
            )
        )
    told = _tell(desk, customer, warning, watch, "warning.opened", f"{warning.id}:open", 0)
    detail: dict[str, Any] = {"warning": warning.id, "kind": warning.kind, "severity": warning.severity, "told": told}
    audit.append(session, SYSTEM.name, "warning.open", f"customer:{customer.id}", detail)
    _note_event(desk, customer, found)
    if plan.block and rank(found.severity) >= rank("high"):
        blocks.set_block(
            house, session, customer, found.why.zh, SYSTEM.name, people=desk.about_block(customer.id), warning=warning
        )


def _go_on(desk: Desk, customer: Customer, watch: Watch, row: WarningRecord, change: Change) -> None:
    """Write what became of a trouble that has a warning already."""
    house, session = desk.house, desk.session
    today, now = house.clock.today(), house.clock.now()
    if change.found is None:
        row.holds = False
        if row.state != "closed":
            _step(session, row, now, "gone")
        return
    row.holds, row.seen_on = True, max(row.seen_on, today)
    if row.state == "closed":
        return
    row.why_zh, row.why_en = change.found.why.zh, change.found.why.en
    if change.what == "back":
        _step(session, row, now, "back", row.why_zh)
    elif change.what == "worse":
        # Whoever acknowledged it, or put it off, spoke of a lesser trouble.
        row.severity, row.state, row.level = change.found.severity, "open", 0
        row.acknowledged_by = row.acknowledged_at = row.snoozed_until = row.close_asked_by = None
        row.respond_by = respond_by(watch.lines, change.found.severity, now)
        _step(session, row, now, "worse", row.why_zh)
        told = _tell(desk, customer, row, watch, "warning.worse", f"{row.id}:worse:{row.severity}", 0)
        detail = {"warning": row.id, "kind": row.kind, "severity": row.severity, "told": told}
        audit.append(session, SYSTEM.name, "warning.worse", f"customer:{customer.id}", detail)
        _note_event(desk, customer, change.found)
        if desk.plans[row.kind].block and rank(change.found.severity) >= rank("high"):
            blocks.set_block(
                house, session, customer, row.why_zh, SYSTEM.name, people=desk.about_block(customer.id), warning=row
            )


def _note_event(desk: Desk, customer: Customer, found: RiskWarning) -> None:
    """A warning that shows a major event makes the re-assessment due at once (RULES A1.2)."""
    kind = event_of_warning(found)
    if kind is not None:
        found_event(desk.house, desk.session, customer.id, kind, note=found.why.zh, plan=False)
        desk.to_plan.add(customer.id)


def _step(session: Session, warning: WarningRecord, at: datetime, what: str, note: str = "") -> None:
    add_step(session, warning, at, SYSTEM.name, what, note)


def _tell(
    desk: Desk, customer: Customer, warning: WarningRecord, watch: Watch, event: str, event_id: str, level: int
) -> list[str]:
    data = {"warning": {"id": warning.id, "kind": warning.kind, "severity": warning.severity, "level": level}}
    news = News(
        event=event,
        event_id=event_id,
        customer=customer,
        zh=warning.why_zh,
        en=warning.why_en,
        path=f"/customers/{customer.id}/warnings/{warning.id}",
        data=data,
        warning_id=warning.id,
    )
    return tell(desk.house, desk.session, news, desk.told_at(customer.id, level), watch.addresses)


def escalate(house: House) -> int:
    """Take every warning that nobody acknowledged in time one level up (RULES A4.3); returns how many.

    Can be run at any time, and twice: each level is told once.
    """
    now, row = house.clock.now(), WarningRecord
    due = select(row.id, row.customer_id).where(row.state == "open", row.respond_by <= now, row.level < TOP_LEVEL)
    with house.database.read() as session:
        late = session.execute(due.order_by(row.respond_by, row.id).limit(1000)).all()
    return sum(_one_level_up(house, warning_id, customer_id) for warning_id, customer_id in late)


def _one_level_up(house: House, warning_id: str, customer_id: str) -> bool:
    now = house.clock.now()
    with house.database.write() as session:
        customer = lock_customers(session, [customer_id])[customer_id]
        row = session.get_one(WarningRecord, warning_id)
        if row.state != "open" or row.level >= TOP_LEVEL or row.respond_by is None or row.respond_by > now:
            return False
        desk, watch = Desk(house, session), watch_of(session, [customer_id])[customer_id]
        row.level += 1
        row.respond_by = respond_by(watch.lines, cast("Severity", row.severity), now)
        _step(session, row, now, "escalate", str(row.level))
        told = _tell(
            desk, customer, row, watch, "warning.escalated", f"{row.id}:level:{row.level}:{row.severity}", row.level
        )
        detail = {"warning": row.id, "level": row.level, "told": told}
        audit.append(session, SYSTEM.name, "warning.escalate", f"customer:{customer_id}", detail)
        return True


@dataclass(frozen=True)
class Looked:
    """What a look at all customers did. done: whether it came to the last one."""

    customers: int
    opened: int
    done: bool


def run_daily(house: House, go_on: Callable[[], bool] = lambda: True, *, again: bool = False) -> Looked:
    """Look at all customers if today's look is not finished, until `go_on` says no; the next call goes on where this one ended.

    again: whether or not it is finished. Any number of workers may call it: one at a time does the work.
    """
    today = house.clock.today()
    run = None if not again and _nothing_to_do(house, today) else _claim(house, today, again=again)
    if run is None:
        return Looked(0, 0, done=True)
    at, looked, opened, done, ours = run.at_customer, 0, 0, False, True
    with watched(house, WarningRun, today, "warnings"):
        while ours and not done and (looked == 0 or go_on()):
            ids, new = _look_at_some(house, at)
            looked, opened = looked + len(ids), opened + new
            ours = _note_run(house, today, at, ids, new)
            done = ours and len(ids) < LOOKED_AT_ONCE
            at = ids[-1] if ids else at
    if ours and not done:
        _let_go(house, today)
    return Looked(looked, opened, done=done)


def look_again(session: Session, today: date) -> None:
    """Let the worker look at all customers at once, after a change to many of them. In the caller's transaction."""
    run = session.get(WarningRun, today, with_for_update=True)
    if run is not None:
        run.finished_at, run.at_customer, run.looked, run.trouble = None, "", 0, ""
        run.claimed_until = run.begun_at  # who is at it sees that it begins anew, and leaves it


def _nothing_to_do(house: House, today: date) -> bool:
    """Return whether today's look is finished, or another worker has it in hand; asked often, so without a lock."""
    with house.database.read() as session:
        run = session.get(WarningRun, today)
        return run is not None and (run.finished_at is not None or _is_held(run, house.clock.now()))


def _is_held(run: WarningRun, now: datetime) -> bool:
    return run.claimed_until > now and not claims.reaches_too_far(run.claimed_until, now)


def _claim(house: House, today: date, *, again: bool) -> WarningRun | None:
    """Take today's look up; None when it is finished, or another worker has it in hand."""
    now = house.clock.now()
    with house.database.write() as session:
        run = session.get(WarningRun, today, with_for_update=True)
        if run is None:
            audit.lock(session)  # two that make the row at once: one after the other
            if session.get(WarningRun, today) is not None:
                return None
            run = WarningRun(day=today, begun_at=now, claimed_until=now + _CLAIM, at_customer="", looked=0, opened=0)
            run.failures = 0
            run.total = session.scalar(select(func.count()).select_from(Customer)) or 0
            session.add(run)
        elif again:
            run.at_customer, run.finished_at, run.claimed_until = "", None, now + _CLAIM
            run.looked, run.trouble = 0, ""
        elif run.finished_at is not None or _is_held(run, now):
            return None
        else:
            run.claimed_until = now + _CLAIM
        return run


def _note_run(house: House, today: date, at: str, ids: list[str], opened: int) -> bool:
    """Note how far a look came that was at a customer before; returns whether it is still ours: nobody stopped it or let it begin anew."""
    now = house.clock.now()
    with house.database.write() as session:
        run = session.get_one(WarningRun, today, with_for_update=True)
        run.opened += opened
        if run.at_customer != at:
            return False
        run.at_customer, run.looked = ids[-1] if ids else at, run.looked + len(ids)
        if run.finished_at is not None:
            return False
        run.claimed_until, run.failures, run.trouble = now + _CLAIM, 0, ""
        if len(ids) < LOOKED_AT_ONCE:
            run.finished_at = now
            detail = {"day": today.isoformat(), "customers": run.looked, "opened": run.opened}
            audit.append(session, SYSTEM.name, "warning.run", "warnings", detail)
        return True


def _let_go(house: House, today: date) -> None:
    """Let any worker go on with today's look at once."""
    with house.database.write() as session:
        session.get_one(WarningRun, today).claimed_until = house.clock.now()


def _look_at_some(house: House, after: str) -> tuple[list[str], int]:
    """Look at the next customers; returns their ids and how many warnings were opened. Only what changed is written, and locked."""
    today = house.clock.today()
    with house.database.read() as session:
        ids = list(
            session.scalars(select(Customer.id).where(Customer.id > after).order_by(Customer.id).limit(LOOKED_AT_ONCE))
        )
        account = ReceivableAccount
        dated = select(account.customer_id).where(
            among(session, account.customer_id, ids), or_(account.next_on <= today, account.settled_on > today)
        )
        wanted = set(session.scalars(dated))
        _watches, changes = _changes(house, session, ids)
    still: list[tuple[str, Change]] = []
    for key, found in changes.items():
        if all(change.what == "still" for change in found):
            still += [(key, change) for change in found]
        else:
            wanted.add(key)
    _still(house, still)
    opened, todo = 0, sorted(wanted)
    for start in range(0, len(todo), WRITTEN_AT_ONCE):
        with house.database.write() as session:
            opened += look_at_all(house, session, todo[start : start + WRITTEN_AT_ONCE])
    return ids, opened


def _still(house: House, seen: list[tuple[str, Change]]) -> None:
    """Note of troubles that go on that they were seen today, and how they stand now."""
    if not seen:
        return
    today, row = house.clock.today(), WarningRecord
    said = {(key, *change.key): change.found for key, change in seen}
    with house.database.write() as session:
        query = select(row.id, row.customer_id, row.kind, row.subject, row.state).where(
            among(session, row.customer_id, {key for key, _change in seen}), row.holds.is_(True), row.seen_on < today
        )
        days, whys = [], []
        for key, customer_id, kind, subject, state in session.execute(query):
            found = said.get((customer_id, kind, subject))
            if found is not None:
                days.append({"id": key, "seen_on": today})
                if state != "closed":
                    whys.append({"id": key, "why_zh": found.why.zh, "why_en": found.why.en})
        for some in (days, whys):
            if some:
                session.execute(update(row), some)
