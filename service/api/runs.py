"""Long runs: how far each is, and how one is stopped or begun again; reports that are made in the background."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.common import long_runs
from service.flow.credit import report_runs
from service.house import House

operation = Operations("runs")


class AskRuns(Input):
    """How many."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50


@operation("GET", "/runs", "The latest long runs", query=AskRuns)
def list_long_runs(house: House, actor: Actor, given: AskRuns) -> dict[str, Any]:
    """Return reports, re-assessments, what-ifs, daily looks and comparisons: those that are going on, or failed, first."""
    return {"runs": [long_runs.line_as_json(line) for line in long_runs.list_runs(house, actor, given.limit)]}


@operation("GET", "/runs/{run_id}", "A report, a comparison or today's look at all customers")
def show_long_run(house: House, actor: Actor, run_id: str) -> dict[str, Any]:
    """Return how far it is; report_id: what came of it."""
    return long_runs.line_as_json(long_runs.get_run(house, actor, run_id))


@operation("DELETE", "/runs/{run_id}", "Stop a report, a comparison or today's look", problems=(409,))
def stop_long_run(house: House, actor: Actor, run_id: str) -> dict[str, Any]:
    """Stop it; nothing of it is kept, but what the daily look (known by its day) has found. Runs over the portfolio are stopped at their own address."""
    return long_runs.line_as_json(long_runs.stop(house, actor, run_id))


@operation("POST", "/runs/{run_id}/again", "Begin a run again that failed or was stopped", problems=(409,))
def begin_run_again(house: House, actor: Actor, run_id: str) -> dict[str, Any]:
    """Let workers take it up anew."""
    return long_runs.line_as_json(long_runs.again(house, actor, run_id))


@operation("POST", "/reports/runs", "Have the report on all customers made", status=202, problems=(409,))
def order_credit_report(house: House, actor: Actor) -> dict[str, Any]:
    """Make it in the background and keep it; the caller is told when it is there."""
    return long_runs.line_as_json(report_runs.order_report(house, actor))
