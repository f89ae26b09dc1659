"""Warnings and what follows from them: lines, plans, steps of people, credit blocks, what was told."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from credit.contingency import LONGEST, MOST_DAYS, MOST_TASKS, Action
from credit.contingency import Owner as OwnerRole
from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.credit import blocks, deliveries, warning_acts, warning_settings
from service.house import House

warnings = Operations("warnings")
credit = Operations("credit")
told = Operations("deliveries")

Id = Annotated[str, Field(max_length=36)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Word = Annotated[str, Field(max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Limit = Annotated[int, Field(ge=1, le=200)]
Offset = Annotated[int, Field(ge=0, le=1_000_000)]


class ListWarnings(Input):
    """Which warnings. state: open, acknowledged, in_hand or closed; left out, all that are not closed."""

    state: Literal["", "open", "acknowledged", "in_hand", "closed"] = ""
    kind: Annotated[str, Field(max_length=24)] = ""
    severity: Literal["", "low", "medium", "high"] = ""
    customer_id: Annotated[str, Field(max_length=36)] = ""
    limit: Limit = 50
    offset: Offset = 0


@warnings("GET", "/warnings", "Warnings, the most severe first", query=ListWarnings)
def list_warnings(house: House, actor: Actor, given: ListWarnings) -> dict[str, Any]:
    """Return the warnings of customers in sight."""
    total, found = warning_acts.list_warnings(house, actor, **given.model_dump())
    return {"total": total, "warnings": [warning_acts.warning_as_json(row) for row in found]}


@warnings("GET", "/customers/{customer_id}/warnings", "All that was ever warned of a customer")
def customer_warnings(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the warnings of a customer, newest first, closed ones too."""
    found = warning_acts.warnings_of(house, actor, customer_id)
    return {"warnings": [warning_acts.warning_as_json(row) for row in found.warnings]}


@warnings("GET", "/customers/{customer_id}/warnings/{warning_id}", "One warning with its tasks and its history")
def show_warning(house: House, actor: Actor, customer_id: str, warning_id: str) -> dict[str, Any]:
    """Return a warning, its tasks, its steps, and who was told."""
    view = warning_acts.get_warning(house, actor, customer_id, warning_id)
    found = [deliveries.delivery_as_json(row) for row in view.deliveries]
    return {**warning_acts.warning_as_json(view.warning, whole=True), "told": found}


_ONE = "/customers/{customer_id}/warnings/{warning_id}"


@warnings("POST", f"{_ONE}/acknowledgement", "Acknowledge a warning", status=204, problems=(409,))
def acknowledge_warning(house: House, actor: Actor, customer_id: str, warning_id: str) -> None:
    """Note that you saw it and answer for it; it goes no level up any more."""
    warning_acts.acknowledge(house, actor, customer_id, warning_id)


@warnings("POST", f"{_ONE}/work", "Take a warning in hand", status=204, problems=(409,))
def take_warning_in_hand(house: House, actor: Actor, customer_id: str, warning_id: str) -> None:
    """Note that the plan is being worked on."""
    warning_acts.take_in_hand(house, actor, customer_id, warning_id)


class Snooze(Input):
    """until: the last day it is silent, at most 90 days ahead."""

    until: date
    reason: Reason


@warnings("POST", f"{_ONE}/snooze", "Put a warning off, with a reason", body=Snooze, status=204, problems=(409,))
def snooze_warning(house: House, actor: Actor, customer_id: str, warning_id: str, given: Snooze) -> None:
    """Put it off; after that day the time for acknowledging it runs anew."""
    warning_acts.snooze(house, actor, customer_id, warning_id, given.until, given.reason)


class Why(Input):
    """Why."""

    reason: Reason


@warnings("POST", f"{_ONE}/closing", "Ask for a warning to be closed", body=Why, status=204, problems=(409,))
def ask_to_close_warning(house: House, actor: Actor, customer_id: str, warning_id: str, given: Why) -> None:
    """Ask, with a reason; every task has an outcome before, and a second person decides (RULES A4.2)."""
    warning_acts.ask_close(house, actor, customer_id, warning_id, given.reason)


class DecideClose(Input):
    """close: whether it is closed. note: needed where it is sent back."""

    close: bool
    note: Annotated[str, Field(max_length=500)] = ""


@warnings(
    "POST",
    f"{_ONE}/closing/decision",
    "Close a warning as the second person",
    body=DecideClose,
    status=204,
    problems=(409,),
)
def decide_to_close_warning(house: House, actor: Actor, customer_id: str, warning_id: str, given: DecideClose) -> None:
    """Close it, or send it back."""
    warning_acts.decide_close(house, actor, customer_id, warning_id, close=given.close, note=given.note)


class NewTask(Input):
    """What is to be done, by whom, until when."""

    what: Text
    login: Word
    due_on: date


@warnings("POST", f"{_ONE}/tasks", "Add a task to a warning", body=NewTask, status=201, problems=(409,))
def add_warning_task(house: House, actor: Actor, customer_id: str, warning_id: str, given: NewTask) -> dict[str, Any]:
    """Add a task beside those of the plan; its owner is told."""
    task = warning_acts.add_task(house, actor, customer_id, warning_id, given.what, given.login, given.due_on)
    return warning_acts.task_as_json(task)


class Outcome(Input):
    """What came of it; needed: false where it need not be done, with the reason as the outcome."""

    outcome: Text
    needed: bool = True


@warnings(
    "POST",
    f"{_ONE}/tasks/{{task_id}}/outcome",
    "Record the outcome of a task",
    body=Outcome,
    status=204,
    problems=(409,),
)
def finish_warning_task(
    house: House, actor: Actor, customer_id: str, warning_id: str, task_id: str, given: Outcome
) -> None:
    """Record what came of a task."""
    warning_acts.finish_task(house, actor, customer_id, warning_id, task_id, given.outcome, needed=given.needed)


class Owner(Input):
    """Who does it."""

    login: Word


@warnings("POST", f"{_ONE}/tasks/{{task_id}}/owner", "Give a task to somebody", body=Owner, status=204, problems=(409,))
def assign_warning_task(
    house: House, actor: Actor, customer_id: str, warning_id: str, task_id: str, given: Owner
) -> None:
    """Give a task to somebody, who is told."""
    warning_acts.assign_task(house, actor, customer_id, warning_id, task_id, given.login)


@warnings("GET", "/warning-lines", "The warning lines, for all and per company")
def list_warning_lines(house: House, actor: Actor) -> dict[str, Any]:
    """Return the lines in force, and who set them when."""
    return {"lines": [warning_settings.lines_as_json(found) for found in warning_settings.list_lines(house, actor)]}


class NewLines(Input):
    """lines: what is left out is as it ships; "" switches one off. company: its code, left out for all. addresses: told by e-mail, too."""

    lines: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=24)]]
    company: Annotated[str, Field(max_length=16)] = ""
    addresses: Annotated[tuple[Annotated[str, Field(max_length=254)], ...], Field(max_length=20)] = ()
    reason: Reason


@warnings("PUT", "/warning-lines", "Set the warning lines of a company", body=NewLines)
def set_warning_lines(house: House, actor: Actor, given: NewLines) -> dict[str, Any]:
    """Set them from now on, with a reason."""
    row = warning_settings.set_lines(
        house, actor, given.lines, company=given.company, addresses=given.addresses, reason=given.reason
    )
    return {"company": given.company or None, "lines": {name: text or None for name, text in row.lines.items()}}


@warnings("GET", "/contingency-plans", "The contingency plans, one for each kind of warning")
def list_plans(house: House, actor: Actor) -> dict[str, Any]:
    """Return the plans in force."""
    return {"plans": [warning_settings.plan_as_json(kept) for kept in warning_settings.list_plans(house, actor)]}


class PlannedTask(Input):
    """A task of a plan. owner: the role that does it; days: its time limit from the opening on."""

    action: Action
    what: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    owner: OwnerRole
    days: Annotated[int, Field(ge=0, le=MOST_DAYS)]


class NewPlan(Input):
    """block: whether credit is blocked when such a warning of high severity opens."""

    tasks: Annotated[tuple[PlannedTask, ...], Field(min_length=1, max_length=MOST_TASKS)]
    block: bool = False


@warnings("PUT", "/contingency-plans/{kind}", "Set the contingency plan of a kind of warning", body=NewPlan)
def set_plan(house: House, actor: Actor, kind: str, given: NewPlan) -> dict[str, Any]:
    """Set it from now on; open warnings keep their tasks."""
    tasks = [task.model_dump() for task in given.tasks]
    return warning_settings.plan_as_json(warning_settings.set_plan(house, actor, kind, tasks, block=given.block))


@credit("GET", "/customers/{customer}/credit-status", "May we deliver? Grade, line, exposure, block and why")
def customer_credit_status(house: House, actor: Actor, customer: str) -> dict[str, Any]:
    """Return the credit status of a customer by id, number or unified social credit code, for other systems."""
    return blocks.status_as_json(blocks.credit_status(house, actor, customer))


@credit(
    "POST", "/customers/{customer_id}/credit-block", "Block a customer's credit", body=Why, status=201, problems=(409,)
)
def block_credit(house: House, actor: Actor, customer_id: str, given: Why) -> dict[str, Any]:
    """Block it at once."""
    block = blocks.block_customer(house, actor, customer_id, given.reason)
    return {"id": block.id, "reason": block.reason, "since": block.set_at.isoformat()}


@credit(
    "POST",
    "/customers/{customer_id}/credit-block/lifting",
    "Ask for a credit block to be lifted",
    body=Why,
    status=204,
    problems=(409,),
)
def ask_to_lift_block(house: House, actor: Actor, customer_id: str, given: Why) -> None:
    """Ask, with a reason; a second person lifts it."""
    blocks.ask_lift(house, actor, customer_id, given.reason)


class DecideLift(Input):
    """lift: whether it is lifted, or stands."""

    lift: bool


@credit(
    "POST",
    "/customers/{customer_id}/credit-block/lifting/decision",
    "Lift a credit block as the second person",
    body=DecideLift,
    status=204,
    problems=(409,),
)
def decide_to_lift_block(house: House, actor: Actor, customer_id: str, given: DecideLift) -> None:
    """Lift it, or let it stand."""
    blocks.decide_lift(house, actor, customer_id, lift=given.lift)


class Page(Input):
    """Which part of the list."""

    limit: Limit = 50
    offset: Offset = 0


@told("GET", "/deliveries", "What was told to whom, and how it went", query=Page)
def list_deliveries(house: House, actor: Actor, given: Page) -> dict[str, Any]:
    """Return the deliveries, newest first, with every attempt."""
    total, found = deliveries.list_deliveries(house, actor, limit=given.limit, offset=given.offset)
    tries = deliveries.attempts_of(house, actor, [row.id for row in found])
    return {
        "total": total,
        "deliveries": [
            {
                **deliveries.delivery_as_json(row),
                "tries": [{"at": t.at.isoformat(), "ok": t.ok, "answer": t.answer} for t in tries.get(row.id, [])],
            }
            for row in found
        ],
    }


@told("POST", "/deliveries/{delivery_id}/again", "Try a delivery again that was given up", status=204, problems=(409,))
def send_delivery_again(house: House, actor: Actor, delivery_id: str) -> None:
    """Let it be tried anew, under the same id."""
    deliveries.send_again(house, actor, delivery_id)


@told("GET", "/inbox", "What I was told", query=Page)
def show_inbox(house: House, actor: Actor, given: Page) -> dict[str, Any]:
    """Return one's own messages, newest first."""
    total, found = deliveries.inbox_of(house, actor, limit=given.limit, offset=given.offset)
    return {"total": total, "messages": [deliveries.delivery_as_json(row) for row in found]}


class Seen(Input):
    """Which message; left out, all."""

    id: Id | None = None


@told("POST", "/inbox/read", "Mark messages as read", body=Seen, problems=(404,))
def mark_inbox_read(house: House, actor: Actor, given: Seen) -> dict[str, Any]:
    """Note that they were seen."""
    return {"marked": deliveries.mark_read(house, actor, given.id)}


class Address(Input):
    """Where to. address: an e-mail address, "" for nowhere."""

    address: Annotated[str, Field(max_length=300)]


@told("GET", "/inbox/address", "Where I am told by e-mail")
def show_mail_address(house: House, actor: Actor) -> dict[str, Any]:
    """Return one's own address, "" where there is none; sends: whether this archive sends e-mail at all."""
    return {"address": deliveries.mail_address_of(house, actor), "sends": house.settings.smtp is not None}


@told("PUT", "/inbox/address", "Say where I want to be told by e-mail", body=Address, status=204)
def set_mail_address(house: House, actor: Actor, given: Address) -> None:
    """Note it in place of the one there was."""
    deliveries.set_mail_address(house, actor, given.address)


GROUPS = (warnings, credit, told)
