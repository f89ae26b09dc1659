"""What is collected about customers (RULES A2): facts, what people say of them, who answers for them, and what is due."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.archive import Day, Id, Paging, Reason
from service.api.operations import Input, Operations
from service.flow.common.guard import require
from service.flow.credit import fact_documents, fact_duties, fact_entry, fact_kinds, fact_views, freshness_board
from service.house import House

facts = Operations("facts")

Value = Annotated[str, Field(max_length=2000)]
KindCode = Annotated[str, Field(max_length=40)]
Note = Annotated[str, Field(max_length=500)]
Login = Annotated[str, Field(max_length=64)]


class AsOf(Input):
    """on: the day asked about, "" for today. known_at: a day or moment whose knowledge counts, "" for now."""

    on: Day = ""
    known_at: Annotated[str, Field(max_length=40)] = ""


@facts(
    "GET", "/customers/{customer_id}/facts", "What is known of a customer on a day, as known at a moment", query=AsOf
)
def customer_facts(house: House, actor: Actor, customer_id: str, given: AsOf) -> dict[str, Any]:
    """Return the facts in force, each with its evidence and how far it is verified."""
    return fact_views.sheet_as_json(
        fact_views.get_sheet(house, actor, customer_id, on=given.on, known_at=given.known_at)
    )


class NewFact(Input):
    """A piece of information with its source. valid_from, collected_on: "" for today; note: needed where there is no document."""

    kind: KindCode
    value: Value
    source: Annotated[str, Field(max_length=20)]
    valid_from: Day = ""
    valid_until: Day = ""
    document_id: Id = ""
    page: Annotated[int, Field(ge=0, le=100_000)] = 0
    note: Note = ""
    collected_by: Login = ""
    collected_on: Day = ""


@facts(
    "POST", "/customers/{customer_id}/facts", "Enter a piece of information", body=NewFact, status=201, problems=(409,)
)
def record_fact(house: House, actor: Actor, customer_id: str, given: NewFact) -> dict[str, Any]:
    """Enter a fact; the answer says what that was: record, recheck, confirm, correct, dispute or decide."""
    return {"act": fact_entry.record_fact(house, actor, customer_id, fact_entry.FactGiven(**given.model_dump()))}


class Past(Input):
    """known_at: as it was known at the end of a day or at a moment, "" for now."""

    known_at: Annotated[str, Field(max_length=40)] = ""


@facts("GET", "/customers/{customer_id}/facts/{kind}/history", "The history of one kind of information", query=Past)
def fact_history(house: House, actor: Actor, customer_id: str, kind: str, given: Past) -> dict[str, Any]:
    """Return the stretches of days, and every entry that was ever made with what was said of it."""
    return fact_views.past_as_json(fact_views.get_past(house, actor, customer_id, kind, known_at=given.known_at))


class Seen(Input):
    """seen: the value that was looked at."""

    seen: Value


@facts(
    "POST",
    "/customers/{customer_id}/facts/{fact_id}/confirmation",
    "Confirm a value as somebody who did not enter it",
    body=Seen,
    status=204,
    problems=(409,),
)
def confirm_fact(house: House, actor: Actor, customer_id: str, fact_id: str, given: Seen) -> None:
    """Confirm; two different people make it verified (RULES A2.2)."""
    fact_entry.confirm_fact(house, actor, customer_id, fact_id, given.seen)


class Contradiction(Input):
    """value: what is right; reason: why."""

    value: Value
    reason: Reason
    seen: Value


@facts(
    "POST",
    "/customers/{customer_id}/facts/{fact_id}/contradiction",
    "Say that a value is another, or decide between two as the third person",
    body=Contradiction,
    problems=(409,),
)
def contradict_fact(house: House, actor: Actor, customer_id: str, fact_id: str, given: Contradiction) -> dict[str, Any]:
    """The answer says what that was: dispute, decide, correct or confirm."""
    act = fact_entry.contradict_fact(house, actor, customer_id, fact_id, given.value, given.reason, given.seen)
    return {"act": act}


class Why(Input):
    """reason: why."""

    reason: Reason


@facts(
    "POST",
    "/customers/{customer_id}/facts/{fact_id}/withdrawal",
    "Take back what was entered by mistake",
    body=Why,
    status=204,
    problems=(409,),
)
def withdraw_fact(house: House, actor: Actor, customer_id: str, fact_id: str, given: Why) -> None:
    """Withdraw one's own entry; it stays in the history."""
    fact_entry.withdraw_fact(house, actor, customer_id, fact_id, given.reason)


class Checked(Input):
    """note: what showed that it still holds; day: when, "" for today."""

    note: Reason
    day: Day = ""


@facts(
    "POST",
    "/customers/{customer_id}/facts/{fact_id}/recheck",
    "Say that a value was looked at again and still holds",
    body=Checked,
    status=204,
    problems=(409,),
)
def recheck_fact(house: House, actor: Actor, customer_id: str, fact_id: str, given: Checked) -> None:
    """Begin the period of freshness anew (RULES A2.3)."""
    fact_entry.recheck_fact(house, actor, customer_id, fact_id, given.note, given.day)


class Change(Input):
    """kind: what changed; note: what is known of it; day: since when it is known, "" for today."""

    kind: KindCode
    note: Reason
    day: Day = ""


@facts(
    "POST",
    "/customers/{customer_id}/facts/changes",
    "Report that something changed: a task with a time limit",
    body=Change,
    status=204,
    problems=(409,),
)
def report_change(house: House, actor: Actor, customer_id: str, given: Change) -> None:
    """Open the task for who answers for this information."""
    fact_entry.report_change(house, actor, customer_id, given.kind, given.note, given.day)


class FromDocument(Input):
    """document_id: a licence in a file of the customer."""

    document_id: Id


@facts(
    "POST",
    "/customers/{customer_id}/facts/take-over",
    "Take what a licence says as facts, without typing",
    body=FromDocument,
    problems=(409,),
)
def take_facts_over(house: House, actor: Actor, customer_id: str, given: FromDocument) -> dict[str, Any]:
    """Return the kinds of information that changed."""
    return {"kinds": fact_documents.take_over(house, actor, customer_id, given.document_id)}


class DueList(Paging):
    """view: stale, changed, unverified, disputed, all. login: whose, "-" for nobody's; mine: one's own."""

    view: Annotated[str, Field(max_length=12)] = "stale"
    login: Login = ""
    kind: KindCode = ""
    mine: bool = False


@facts("GET", "/facts/due", "Information that must be renewed or verified", query=DueList)
def due_facts(house: House, actor: Actor, given: DueList) -> dict[str, Any]:
    """Return one page, the longest overdue first (RULES A2.3). total: counted up to 10,000; 10,001 says that there are more."""
    login = actor.name.removeprefix("person:") if given.mine else given.login
    total, rows = fact_duties.list_due(
        house, actor, view=given.view, login=login, kind=given.kind, limit=given.limit, offset=given.offset
    )
    return {"total": total, "due": [fact_duties.due_as_json(row) for row in rows]}


@facts("GET", "/facts/freshness", "How everybody's information stands")
def fact_freshness(house: House, actor: Actor) -> dict[str, Any]:
    """Return a line a responsible person, the most overdue first; login null: nobody answers for it.

    counted_at: of what moment the figures are, where there are too many to count them at every call; null for now.
    """
    board = freshness_board.board_of(house, actor)
    return {
        "counted_at": board.counted_at.isoformat() if board.counted_at else None,
        "people": [
            {
                "login": row.login or None,
                "name": row.name or None,
                "total": row.total,
                "stale": row.stale,
                "stale_key": row.stale_key,
                "soon": row.soon,
                "unverified": row.unverified,
            }
            for row in board.rows
        ],
    }


class Responsible(Input):
    """login: who answers, "" for nobody. customer_id, kind: "" for all."""

    login: Login = ""
    customer_id: Id = ""
    kind: KindCode = ""


@facts(
    "PUT", "/facts/responsible", "Say who answers for collecting what", body=Responsible, status=204, problems=(404,)
)
def set_fact_responsible(house: House, actor: Actor, given: Responsible) -> None:
    """The narrowest that was said counts (RULES A2.1)."""
    fact_duties.set_responsible(house, actor, given.login, customer_id=given.customer_id, kind=given.kind)


@facts("GET", "/facts/kinds", "The catalogue of kinds of information")
def list_fact_kinds(house: House, actor: Actor) -> dict[str, Any]:
    """Return every kind with what a right value looks like and how long it holds."""
    require(actor, "customer.read")
    days = house.settings.refresh_days
    return {
        "kinds": [
            {
                "code": kind.code,
                "zh": kind.zh,
                "en": kind.en,
                "form": kind.form,
                "key": kind.key,
                "refresh_days": kind.refresh_days or days,
            }
            for kind in fact_kinds.list_kinds(house).values()
        ]
    }


class NewKind(Input):
    """form: text, date, money, code. refresh_days: null for the setting."""

    zh: Annotated[str, Field(max_length=60)]
    en: Annotated[str, Field(max_length=60)] = ""
    form: Annotated[str, Field(max_length=8)] = "text"
    key: bool = False
    refresh_days: Annotated[int, Field(ge=1, le=3650)] | None = None


@facts("PUT", "/facts/kinds/{kind}", "Add or change a kind of information", body=NewKind, status=204)
def set_fact_kind(house: House, actor: Actor, kind: str, given: NewKind) -> None:
    """What is due of it is counted anew."""
    days = "" if given.refresh_days is None else str(given.refresh_days)
    fact_kinds.set_kind(
        house, actor, fact_kinds.KindGiven(kind, given.zh, given.en, given.form, given.key, refresh_days=days)
    )


GROUPS = (facts,)
