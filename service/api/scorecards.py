"""Scorecards as data, runs over the portfolio, statements and what is due (RULES A1.1, A1.2)."""

import base64
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.errors import BadInput
from service.flow.credit import (
    assessment_plan,
    comparison,
    due_assessments,
    plan_lists,
    portfolio,
    scorecards,
    statements,
)
from service.house import House
from service.typed import day_of

cards = Operations("scorecards")
runs = Operations("assessments")
figures = Operations("customers")

_Version = Annotated[str, Field(max_length=40)]


@cards("GET", "/scorecards", "All versions of the scorecard")
def list_scorecards(house: House, actor: Actor) -> dict[str, Any]:
    """Return the versions, the active one first."""
    return {"scorecards": [scorecards.scorecard_as_json(row) for row in scorecards.list_scorecards(house, actor)]}


class NewScorecard(Input):
    """scorecard: what it says, as an export gives it; every number is decimal text."""

    scorecard: dict[str, Any]


@cards("POST", "/scorecards", "Keep or import a scorecard as a draft", body=NewScorecard, status=201, problems=(409,))
def create_scorecard(house: House, actor: Actor, given: NewScorecard) -> dict[str, Any]:
    """Keep a new version; every fault is named at its place."""
    return scorecards.scorecard_as_json(scorecards.create_scorecard(house, actor, given.scorecard), whole=True)


@cards("GET", "/scorecards/{version}", "A version of the scorecard")
def show_scorecard(house: House, actor: Actor, version: str) -> dict[str, Any]:
    """Return what a version says and how it was tested."""
    return scorecards.scorecard_as_json(scorecards.get_scorecard(house, actor, version)[0], whole=True)


class ChangedScorecard(NewScorecard):
    """revision: the one that was read; another meanwhile is refused."""

    revision: int | None = None


@cards("PUT", "/scorecards/{version}", "Change a draft", body=ChangedScorecard, problems=(409,))
def change_scorecard(house: House, actor: Actor, version: str, given: ChangedScorecard) -> dict[str, Any]:
    """Change a draft; a tested one is a draft again."""
    row = scorecards.change_scorecard(house, actor, version, given.scorecard, revision=given.revision)
    return scorecards.scorecard_as_json(row, whole=True)


@cards("POST", "/scorecards/{version}/activation", "Put a tested scorecard into use", problems=(409,))
def activate_scorecard(house: House, actor: Actor, version: str) -> dict[str, Any]:
    """Let it take the place of the active one; a second person does."""
    return scorecards.scorecard_as_json(scorecards.activate_scorecard(house, actor, version))


@cards("DELETE", "/scorecards/{version}", "Put a draft or a challenger away", problems=(409,))
def retire_scorecard(house: House, actor: Actor, version: str) -> dict[str, Any]:
    """Retire a version that is not in use; what it says stays."""
    return scorecards.scorecard_as_json(scorecards.retire_scorecard(house, actor, version))


@cards("POST", "/scorecards/{version}/what-if", "See what would move under a scorecard", status=202, problems=(409,))
def start_what_if(house: House, actor: Actor, version: str) -> dict[str, Any]:
    """Begin a run over the whole portfolio; a draft is tested once it is done."""
    return portfolio.run_as_json(portfolio.start_run(house, actor, "what_if", version))


class AskComparison(Input):
    """versions: of scorecards, comma-separated; "" takes the active one and its challengers. on: the day customers were scored as of."""

    versions: Annotated[str, Field(max_length=400)] = ""
    on: Annotated[str, Field(max_length=10)] = ""


@cards("GET", "/scorecard-comparison", "Champion and challengers against what then happened", query=AskComparison)
def compare_scorecards(house: House, actor: Actor, given: AskComparison) -> dict[str, Any]:
    """Return the back test of each scorecard: rank order, Gini and KS against the defaults that became known within a year."""
    try:
        on = day_of(given.on) if given.on else None
    except ValueError as error:
        raise BadInput("on: a date YYYY-MM-DD", {"on": "a date YYYY-MM-DD"}) from error
    versions = [version.strip() for version in given.versions.split(",") if version.strip()]
    return comparison.tests_as_json(comparison.back_tests(house, actor, versions, on))


class AskDue(Input):
    """until: due until this day; "" is today. A page of the list."""

    until: Annotated[str, Field(max_length=10)] = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0


def _day(text: str) -> date | None:
    try:
        return day_of(text) if text else None
    except ValueError as error:
        raise BadInput("until: a date YYYY-MM-DD", {"until": "a date YYYY-MM-DD"}) from error


@runs("GET", "/assessments/due", "Whose re-assessment is due, and why", query=AskDue)
def list_due_assessments(house: House, actor: Actor, given: AskDue) -> dict[str, Any]:
    """Return who is due (RULES A1.2): never assessed, a year passed, or a major event."""
    until = _day(given.until)
    total, found = due_assessments.list_due(house, actor, until=until, limit=given.limit, offset=given.offset)
    return {"total": total, "due": [due_assessments.due_as_json(due) for due in found]}


@runs("GET", "/assessments/plan", "The yearly plan: who assesses how many customers in which month")
def show_yearly_plan(house: House, actor: Actor) -> dict[str, Any]:
    """Return the plan by person; login null for what nobody does."""
    return plan_lists.plan_as_json(plan_lists.yearly_plan(house, actor))


class AskPlan(Input):
    """login: whose; empty for everybody's, - for what nobody does. until: due until this day, empty for all."""

    login: Annotated[str, Field(max_length=64)] = ""
    until: Annotated[str, Field(max_length=10)] = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0


@runs("GET", "/assessments/plan/customers", "The yearly plan, customer by customer", query=AskPlan)
def list_yearly_plan(house: House, actor: Actor, given: AskPlan) -> dict[str, Any]:
    """Return the customers of the plan, what is due first at the top."""
    until = _day(given.until)
    total, found = plan_lists.list_plan(
        house, actor, login=given.login, until=until, limit=given.limit, offset=given.offset
    )
    return {"total": total, "customers": [plan_lists.planned_as_json(row) for row in found]}


class Assessor(Input):
    """login: of a credit administrator; empty for whom the department gives."""

    login: Annotated[str, Field(max_length=64)] = ""


@figures("PUT", "/customers/{customer_id}/assessor", "Name who assesses a customer", body=Assessor, status=204)
def name_assessor(house: House, actor: Actor, customer_id: str, given: Assessor) -> None:
    """Name them in the yearly plan; they are told of what is due."""
    assessment_plan.name_assessor(house, actor, customer_id, given.login)


class NewRun(Input):
    """only_due: assess those that are due, and nobody else."""

    only_due: bool = False


@runs("POST", "/assessments/runs", "Assess the whole portfolio anew", body=NewRun, status=202, problems=(409,))
def start_reassessment(house: House, actor: Actor, given: NewRun) -> dict[str, Any]:
    """Begin a full re-assessment; what it finds waits for a second person."""
    return portfolio.run_as_json(portfolio.start_run(house, actor, "reassess", only_due=given.only_due))


@runs("GET", "/assessments/runs", "The latest runs over the portfolio")
def list_portfolio_runs(house: House, actor: Actor) -> dict[str, Any]:
    """Return the runs, newest first."""
    return {"runs": [portfolio.run_as_json(run) for run in portfolio.list_runs(house, actor)]}


class AskRun(Input):
    """refused: those it could not assess instead of those it moved."""

    refused: bool = False
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0


@runs("GET", "/assessments/runs/{run_id}", "A run with its progress and what it moved", query=AskRun)
def show_portfolio_run(house: House, actor: Actor, run_id: str, given: AskRun) -> dict[str, Any]:
    """Return how far a run is, the migration matrix, and a page of the customers it moved."""
    view = portfolio.get_run(house, actor, run_id, refused=given.refused, limit=given.limit, offset=given.offset)
    rows = [portfolio.row_as_json(row, customer) for row, customer in view.rows]
    forms = portfolio.forms_as_json(view.forms)
    return {**portfolio.run_as_json(view.run), "forms": forms, "total_rows": view.total, "rows": rows}


class RunDecision(Input):
    """approve: whether what it found takes effect. reason: needed for a refusal."""

    approve: bool
    reason: Annotated[str, Field(max_length=500)] = ""


@runs("POST", "/assessments/runs/{run_id}/decision", "Decide on a re-assessment", body=RunDecision, problems=(409,))
def decide_portfolio_run(house: House, actor: Actor, run_id: str, given: RunDecision) -> dict[str, Any]:
    """Let all that the run found take effect, or none of it."""
    return portfolio.run_as_json(portfolio.decide_run(house, actor, run_id, approve=given.approve, reason=given.reason))


@runs("DELETE", "/assessments/runs/{run_id}", "Stop a run", problems=(409,))
def stop_portfolio_run(house: House, actor: Actor, run_id: str) -> dict[str, Any]:
    """Stop a run that is going on."""
    return portfolio.run_as_json(portfolio.stop_run(house, actor, run_id))


@figures("GET", "/customers/{customer_id}/statements", "A customer's financial statements")
def list_statements(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the figures of each year and what they give."""
    _customer, rows = statements.statements_of(house, actor, customer_id)
    return {"statements": [statements.statement_as_json(house, row) for row in rows]}


_Amount = Annotated[str, Field(max_length=40)]


class NewStatement(Input):
    """figures: yuan as decimal text, by name: total_assets, current_assets, inventory, total_debts and so on."""

    year: Annotated[str, Field(max_length=4)]
    figures: Annotated[dict[Annotated[str, Field(max_length=40)], _Amount], Field(max_length=20)]
    document_id: Annotated[str, Field(max_length=36)] = ""
    note: Annotated[str, Field(max_length=1000)] = ""


@figures("POST", "/customers/{customer_id}/statements", "Enter a year's statements", body=NewStatement, status=201)
def enter_statement(house: House, actor: Actor, customer_id: str, given: NewStatement) -> dict[str, Any]:
    """Enter figures, held against what must agree; a correction keeps those it replaces."""
    row = statements.enter_statement(
        house,
        actor,
        customer_id,
        given.year,
        given.figures,
        document_id=given.document_id,
        note=given.note,
    )
    return statements.statement_as_json(house, row)


@figures(
    "POST",
    "/customers/{customer_id}/statements/{statement_id}/confirmation",
    "Confirm a year's statements",
    problems=(409,),
)
def confirm_statement(house: House, actor: Actor, customer_id: str, statement_id: str) -> dict[str, Any]:
    """Say that the figures are those of the document; never who entered them."""
    return statements.statement_as_json(house, statements.confirm_statement(house, actor, customer_id, statement_id))


class StatementSheet(Input):
    """xlsx: the workbook, base64. apply: enter the rows; without it they are only judged."""

    xlsx: Annotated[str, Field(max_length=1_000_000)]
    apply: bool = False


@figures("POST", "/statements/import", "Import statements from a workbook", body=StatementSheet)
def import_statements(house: House, actor: Actor, given: StatementSheet) -> dict[str, Any]:
    """Judge the rows or enter all of them or none."""
    try:
        data = base64.b64decode(given.xlsx, validate=True)
    except ValueError as error:  # binascii.Error is one, and so is what is no ASCII
        raise BadInput("xlsx: is not base64", {"xlsx": "is not base64"}) from error
    done = statements.import_statements(house, actor, data, apply=given.apply)
    return {
        "rows": done.rows,
        "wrong": [{"row": w.line, "field": w.field, "why": w.why} for w in done.wrong],
        "applied": given.apply and not done.wrong,
    }


GROUPS = (cards, runs, figures)
