"""The four checks (四性检测): of a file, the exceptions, and the yearly sample."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.archive import check_samples, four_checks
from service.flow.common.counted import standing_as_json
from service.flow.common.guard import note
from service.house import House

operation = Operations("files")


@operation("GET", "/files/{file_id}/checks", "What the four checks of a file found")
def list_checks(house: House, actor: Actor, file_id: str) -> dict[str, Any]:
    """Return all runs, the newest first, each check with result and evidence, and the exceptions."""
    found = four_checks.checks_of(house, actor, file_id)
    note(house, actor, "file.view", f"file:{file_id}")
    return {
        "runs": [four_checks.run_as_json(checked) for checked in found.runs],
        "exceptions": [four_checks.exception_as_json(exception) for exception in found.exceptions],
    }


@operation("POST", "/files/{file_id}/checks", "Run the four checks of a file", status=201, problems=(409,))
def run_file_checks(house: House, actor: Actor, file_id: str) -> dict[str, Any]:
    """Open, inspect and scan every document anew, and keep what was found."""
    return four_checks.run_as_json(four_checks.check_file(house, actor, file_id))


class AskException(Input):
    """Why the file is archived in spite of what the newest checks found."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


@operation(
    "POST",
    "/files/{file_id}/check-exceptions",
    "Ask that a file be archived in spite of a failed check",
    body=AskException,
    status=201,
    problems=(409,),
)
def ask_check_exception(house: House, actor: Actor, file_id: str, given: AskException) -> dict[str, Any]:
    """Ask for an exception for the failures of the newest run; a second person approves it."""
    return four_checks.exception_as_json(four_checks.ask_exception(house, actor, file_id, given.reason))


@operation(
    "POST",
    "/files/{file_id}/check-exceptions/{exception_id}/approval",
    "Approve an exception, as a second person",
    status=204,
    problems=(409,),
)
def approve_check_exception(house: House, actor: Actor, file_id: str, exception_id: str) -> None:
    """Approve an exception."""
    four_checks.approve_exception(house, actor, file_id, exception_id)


@operation("GET", "/check-samples", "The yearly samples of the four checks")
def list_check_samples(house: House, actor: Actor) -> dict[str, Any]:
    """Return the samples, the newest first, with how far they came and what was found; run: how far the drawing of this year's is."""
    found = [check_samples.sample_as_json(view) for view in check_samples.samples(house, actor)]
    return {"samples": found, "run": standing_as_json(check_samples.drawing(house))["run"]}


class DrawSample(Input):
    """How many of a hundred archived files; at least ten files are drawn."""

    percent: Annotated[int, Field(ge=1, le=100)] = check_samples.PERCENT


@operation("POST", "/check-samples", "Draw this year's sample", body=DrawSample, status=202, problems=(409,))
def draw_check_sample(house: House, actor: Actor, given: DrawSample) -> dict[str, Any]:
    """Have the sample drawn, of many files in the background (`run`); the worker checks its files. `GET /check-samples` tells how far it is."""
    return {"run": standing_as_json(check_samples.ask_draw(house, actor, given.percent))["run"]}
