"""What people do about a warning: acknowledge it, take it in hand, put it off, do its tasks, close it as two (RULES A4.2, A4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from credit.shipped import in_english
from credit.warning_life import MOST_SNOOZE_DAYS, demand_second, demand_snooze, next_state, respond_by
from credit.warnings import SEVERITIES, Severity
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import listing, require
from service.flow.common.sight import customers_in_sight, sees_customer
from service.flow.credit.blocks import blocks_of, locked_customer
from service.flow.credit.deliveries import News, tell
from service.flow.credit.warning_desk import add_step
from service.flow.credit.warning_settings import watch_of
from service.house import House
from service.records import audit
from service.records.tables import (
    CreditBlock,
    Customer,
    Delivery,
    Person,
    WarningRecord,
    WarningTask,
)

STATES = ("open", "acknowledged", "in_hand", "closed")
_LONGEST = 1000


@dataclass(frozen=True)
class WarningView:
    """A warning with what was told of it. owners: person id -> name, of its tasks."""

    warning: WarningRecord
    deliveries: tuple[Delivery, ...]
    owners: Mapping[str, str]


def _in_sight(actor: Actor) -> Select[WarningRecord]:
    return (
        select(WarningRecord).join(Customer, Customer.id == WarningRecord.customer_id).where(customers_in_sight(actor))
    )


def _severity_order() -> Any:
    ranks = {severity: -place for place, severity in enumerate(SEVERITIES)}
    return case(ranks, value=WarningRecord.severity)


def list_warnings(
    house: House,
    actor: Actor,
    *,
    state: str = "",
    kind: str = "",
    severity: str = "",
    customer_id: str = "",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[WarningRecord]]:
    """Return (how many in all, one page) of the warnings in sight: the most severe first, then those to be answered soonest.

    state: one of `STATES`, "" for all that are not closed. Raises NotAllowed, BadInput.
    """
    require(actor, "warning.read")
    query = _in_sight(actor)
    if state and state not in STATES:
        raise BadInput(f"state: one of {', '.join(STATES)}", {"state": f"one of {', '.join(STATES)}"})
    query = query.where(WarningRecord.state == state if state else WarningRecord.state != "closed")
    for column, value in (
        (WarningRecord.kind, kind),
        (WarningRecord.severity, severity),
        (WarningRecord.customer_id, customer_id),
    ):
        if value:
            query = query.where(column == value)
    with listing(house, actor, "warning") as session:
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        answer = func.coalesce(WarningRecord.respond_by, WarningRecord.opened_at)
        order = (_severity_order(), answer, WarningRecord.id)
        return total, list(session.scalars(query.order_by(*order).limit(limit).offset(offset)))


def unanswered(actor: Actor) -> Select[tuple[str]]:
    """Return a query for the warnings in sight that nobody has acknowledged yet."""
    return _in_sight(actor).where(WarningRecord.state == "open").with_only_columns(WarningRecord.id)


@dataclass(frozen=True)
class CustomerWarnings:
    """All that was ever warned of a customer, newest first, and the blocks of its credit."""

    customer: Customer
    warnings: tuple[WarningRecord, ...]
    blocks: tuple[CreditBlock, ...]


def warnings_of(house: House, actor: Actor, customer_id: str) -> CustomerWarnings:
    """Return the warnings and blocks of a customer and note the reading. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        customer = session.get(Customer, customer_id)
        if not sees_customer(session, actor, customer_id) or customer is None:
            raise NotFound(f"there is no customer {customer_id}")
        require(actor, "warning.read")
        query = select(WarningRecord).where(WarningRecord.customer_id == customer_id)
        rows = tuple(session.scalars(query.order_by(WarningRecord.opened_at.desc(), WarningRecord.id)))
        audit.append(session, actor.name, "warning.list", f"customer:{customer_id}")
        return CustomerWarnings(customer, rows, tuple(blocks_of(session, customer_id)))


def get_warning(house: House, actor: Actor, customer_id: str, warning_id: str) -> WarningView:
    """Return one warning with its tasks, steps and deliveries, and note the reading. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        if not sees_customer(session, actor, customer_id):
            raise NotFound(f"there is no customer {customer_id}")
        require(actor, "warning.read")
        warning = _warning(session, customer_id, warning_id)
        _ = warning.steps
        query = select(Delivery).where(Delivery.warning_id == warning_id)
        told = tuple(session.scalars(query.order_by(Delivery.created_at, Delivery.channel, Delivery.target)))
        ids = {task.owner_id for task in warning.tasks if task.owner_id}
        ids |= {row.person_id for row in told if row.person_id}
        names = select(Person.id, Person.name).where(Person.id.in_(ids))
        owners = {str(key): str(name) for key, name in session.execute(names)}
        audit.append(session, actor.name, "warning.view", f"customer:{customer_id}", {"warning": warning_id})
        return WarningView(warning, told, owners)


def _warning(session: Session, customer_id: str, warning_id: str) -> WarningRecord:
    warning = session.get(WarningRecord, warning_id)
    if warning is None or warning.customer_id != customer_id:
        raise NotFound(f"there is no warning {warning_id}")
    return warning


def _text(name: str, given: str) -> str:
    if not given.strip() or len(given) > _LONGEST:
        why = f"say it, in at most {_LONGEST} characters"
        raise BadInput(f"{name}: {why}", {name: why})
    return given.strip()


@dataclass(frozen=True)
class _Step:
    """One step of a person on one warning, within a transaction that holds the customer's lock."""

    house: House
    session: Session
    actor: Actor
    customer: Customer
    warning: WarningRecord

    def done(self, what: str, note: str = "", **detail: Any) -> None:
        """Write the step down, with the warning and in the trail."""
        now = self.house.clock.now()
        add_step(self.session, self.warning, now, self.actor.name, what, note)
        detail = {"warning": self.warning.id, **detail} | ({"reason": note} if note else {})
        audit.append(self.session, self.actor.name, f"warning.{what}", f"customer:{self.customer.id}", detail)


def _begin(house: House, session: Session, actor: Actor, customer_id: str, warning_id: str) -> _Step:
    customer = locked_customer(session, actor, customer_id, "warning.handle")
    warning = _warning(session, customer_id, warning_id)
    if warning.state == "closed":
        raise RuleRefused("this warning is closed; if the trouble comes back there will be a new one")
    return _Step(house, session, actor, customer, warning)


def acknowledge(house: House, actor: Actor, customer_id: str, warning_id: str) -> None:
    """Note that somebody saw a warning and answers for it: it goes no level up any more. Raises as all steps, CreditError."""
    with house.database.write() as session:
        step = _begin(house, session, actor, customer_id, warning_id)
        _see(step, next_state("acknowledge", step.warning.state))
        step.done("acknowledge")


def take_in_hand(house: House, actor: Actor, customer_id: str, warning_id: str) -> None:
    """Note that the plan is being worked on."""
    with house.database.write() as session:
        step = _begin(house, session, actor, customer_id, warning_id)
        _see(step, next_state("take_in_hand", step.warning.state))
        step.done("take_in_hand")


def _see(step: _Step, state: str) -> None:
    warning = step.warning
    if warning.acknowledged_by is None:
        warning.acknowledged_by, warning.acknowledged_at = step.actor.name, step.house.clock.now()
    warning.state, warning.respond_by = state, None


def snooze(house: House, actor: Actor, customer_id: str, warning_id: str, until: date, reason: str) -> None:
    """Put a warning off until the end of a day, with a reason; after it the time for acknowledging it runs anew.

    Raises as all steps, CreditError (a day that is none of the next 90).
    """
    reason = _text("reason", reason)
    with house.database.write() as session:
        step = _begin(house, session, actor, customer_id, warning_id)
        demand_snooze(until, house.clock.today())
        warning = step.warning
        warning.snoozed_until, warning.snooze_reason = until, reason
        # It waits: afterwards it is open again, and somebody has to answer.
        warning.state, warning.acknowledged_by, warning.acknowledged_at = "open", None, None
        lines = watch_of(session, [customer_id])[customer_id].lines
        ends = datetime.combine(until + timedelta(days=1), datetime.min.time(), CHINA)
        warning.respond_by = respond_by(lines, cast("Severity", warning.severity), ends)
        step.done("snooze", reason, until=until.isoformat())


def ask_close(house: House, actor: Actor, customer_id: str, warning_id: str, reason: str) -> None:
    """Ask for a warning to be closed; a second person does. Every task has an outcome before. Raises as all steps, CreditError."""
    reason = _text("reason", reason)
    with house.database.write() as session:
        step = _begin(house, session, actor, customer_id, warning_id)
        next_state("close", step.warning.state)
        left = [task for task in step.warning.tasks if task.state == "open"]
        if left:
            raise RuleRefused(f"{len(left)} tasks of the plan have no outcome yet")
        if step.warning.close_asked_by is not None:
            raise RuleRefused("closing was asked for already; a second person decides")
        step.warning.close_asked_by, step.warning.close_reason = actor.name, reason
        step.done("ask_close", reason)


def decide_close(house: House, actor: Actor, customer_id: str, warning_id: str, *, close: bool, note: str = "") -> None:
    """Close a warning as the second person, or send it back with a note. Raises as all steps, CreditError (one's own)."""
    if not close:
        note = _text("note", note)
    with house.database.write() as session:
        step = _begin(house, session, actor, customer_id, warning_id)
        warning = step.warning
        demand_second(warning.close_asked_by, actor.name)
        if close:
            warning.state = next_state("close", warning.state)
            warning.standing = warning.respond_by = None
            warning.closed_by, warning.closed_at = actor.name, house.clock.now()
        else:
            warning.close_asked_by = None
        step.done("close" if close else "keep_open", note)


def finish_task(
    house: House, actor: Actor, customer_id: str, warning_id: str, task_id: str, outcome: str, *, needed: bool = True
) -> None:
    """Record the outcome of a task. needed: False where it need not be done, and why. Raises as all steps, RuleRefused (done already)."""
    outcome = _text("outcome", outcome)
    with house.database.write() as session:
        step = _begin(house, session, actor, customer_id, warning_id)
        task = _task(step, task_id)
        task.state, task.outcome = "done" if needed else "not_needed", outcome
        task.done_by, task.done_at = actor.name, house.clock.now()
        if step.warning.state != "in_hand":
            _see(step, "in_hand")
        step.done("task_done" if needed else "task_not_needed", f"{task.what}：{outcome}", task=task.id)


def add_task(
    house: House, actor: Actor, customer_id: str, warning_id: str, what: str, login: str, due_on: date
) -> WarningTask:
    """Add a task to a warning beside those of its plan. Raises as all steps, BadInput."""
    what = _text("what", what)
    if due_on < house.clock.today():
        raise BadInput("due_on: a day that has not passed", {"due_on": "a day that has not passed"})
    with house.database.write() as session:
        step = _begin(house, session, actor, customer_id, warning_id)
        owner = _person(session, login)
        place = max((task.place for task in step.warning.tasks), default=0) + 1
        task = WarningTask(
            warning_id=warning_id, place=place, action="other", what=what, role="", owner_id=owner.id, due_on=due_on
        )
        session.add(task)
        session.flush()
        _tell_owner(step, task, owner)
        step.done("add_task", what, task=task.id, owner=login)
        return task


def assign_task(house: House, actor: Actor, customer_id: str, warning_id: str, task_id: str, login: str) -> None:
    """Give a task to somebody else, who is told. Raises as all steps, BadInput (nobody of this login)."""
    with house.database.write() as session:
        step = _begin(house, session, actor, customer_id, warning_id)
        task, owner = _task(step, task_id), _person(session, login)
        task.owner_id = owner.id
        _tell_owner(step, task, owner)
        step.done("assign_task", f"{task.what} → {owner.name}", task=task.id, owner=login)


def _task(step: _Step, task_id: str) -> WarningTask:
    task = next((task for task in step.warning.tasks if task.id == task_id), None)
    if task is None:
        raise NotFound(f"there is no task {task_id}")
    if task.state != "open":
        raise RuleRefused("this task has its outcome already")
    return task


def _person(session: Session, login: str) -> Person:
    query = select(Person).where(Person.login == login, Person.disabled_at.is_(None), Person.kind == "person")
    person = session.scalar(query)
    if person is None:
        raise BadInput("login: there is no person of this login", {"login": "there is no person of this login"})
    return person


def _tell_owner(step: _Step, task: WarningTask, owner: Person) -> None:
    news = News(
        event="task.assigned",
        event_id=f"{task.id}:{owner.id}",
        customer=step.customer,
        zh=f"给你的任务：{task.what}（{task.due_on} 前）",
        en=f"a task for you, until {task.due_on}: {in_english(task.what)}",
        path=f"/customers/{step.customer.id}/warnings/{step.warning.id}",
        data={"task": {"id": task.id, "due_on": task.due_on.isoformat()}},
        warning_id=step.warning.id,
    )
    tell(step.house, step.session, news, [owner])


@dataclass(frozen=True)
class MyTask:
    """An open task of mine, with the warning it belongs to."""

    task: WarningTask
    warning: WarningRecord


def my_tasks(house: House, actor: Actor) -> list[MyTask]:
    """Return the open tasks of a person on customers in sight, the most urgent first. Raises NotAllowed."""
    require(actor, "warning.read")
    query = (
        select(WarningTask, WarningRecord)
        .join(WarningRecord, WarningRecord.id == WarningTask.warning_id)
        .join(Customer, Customer.id == WarningRecord.customer_id)
        .where(WarningTask.owner_id == (actor.person_id or ""), WarningTask.state == "open")
        .where(WarningRecord.state != "closed", customers_in_sight(actor))
    )
    with house.database.read() as session:
        rows = session.execute(query.order_by(WarningTask.due_on, WarningTask.id).limit(200))
        return [MyTask(task, warning) for task, warning in rows]


def warning_as_json(row: WarningRecord, *, whole: bool = False) -> dict[str, Any]:
    """Return a warning as plain JSON values; whole: with its tasks and steps."""
    found: dict[str, Any] = {
        "id": row.id,
        "customer_id": row.customer_id,
        "customer": row.customer.name,
        "kind": row.kind,
        "subject": row.subject,
        "severity": row.severity,
        "state": row.state,
        "holds": row.holds,
        "why": {"zh": row.why_zh, "en": row.why_en},
        "opened_at": row.opened_at.isoformat(),
        "level": row.level,
        "respond_by": row.respond_by.isoformat() if row.respond_by else None,
        "acknowledged_by": row.acknowledged_by,
        "acknowledged_at": row.acknowledged_at.isoformat() if row.acknowledged_at else None,
        "snoozed_until": row.snoozed_until.isoformat() if row.snoozed_until else None,
        "close_asked_by": row.close_asked_by,
        "close_reason": row.close_reason or None,
        "closed_by": row.closed_by,
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
    }
    if whole:
        found["tasks"] = [task_as_json(task) for task in row.tasks]
        found["steps"] = [
            {
                "at": step.at.isoformat(),
                "by": step.by,
                "what": step.what,
                "note": step.note or None,
                "note_en": in_english(step.note) or None,
            }
            for step in row.steps
        ]
    return found


def task_as_json(task: WarningTask) -> dict[str, Any]:
    """Return a task as plain JSON values."""
    return {
        "id": task.id,
        "action": task.action,
        "what": task.what,
        "what_en": in_english(task.what),
        "owner_id": task.owner_id,
        "due_on": task.due_on.isoformat(),
        "state": task.state,
        "outcome": task.outcome or None,
        "done_by": task.done_by,
    }


__all__ = ["MOST_SNOOZE_DAYS", "STATES", "CustomerWarnings", "MyTask", "WarningView"]
