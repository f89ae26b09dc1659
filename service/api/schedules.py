"""The versions of the retention schedule (保管期限表)."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.archive import schedules
from service.house import House

operation = Operations("retention")


@operation("GET", "/retention/schedules", "The versions of the retention schedule")
def list_schedules(house: House, actor: Actor) -> dict[str, Any]:
    """Return all versions with their rules and what is wrong with them, the one that counts first."""
    return {"schedules": [schedules.version_as_json(view) for view in schedules.versions(house, actor)]}


class Draft(Input):
    """The rules of a draft, each an object: name, kind, amount_from, amount_below, unknown_amount, categories, events, documents, and period with trigger, or follows."""

    rules: Annotated[list[dict[str, Any]], Field(max_length=200)]
    note: Annotated[str, Field(max_length=500)] = ""


@operation("PUT", "/retention/schedules/{version}", "Keep a draft of the schedule", body=Draft, problems=(409,))
def save_schedule(house: House, actor: Actor, version: str, given: Draft) -> dict[str, Any]:
    """Keep a draft, with all that is wrong with it: holes, circles, periods that are none."""
    return schedules.version_as_json(schedules.save_draft(house, actor, version, given.rules, given.note))


class AskWhatIf(Input):
    """How many of the files that would change are named."""

    limit: Annotated[int, Field(ge=0, le=10_000)] = 200


@operation(
    "GET",
    "/retention/schedules/{version}/what-if",
    "What a version would change",
    query=AskWhatIf,
    problems=(409,),
)
def show_what_if(house: House, actor: Actor, version: str, given: AskWhatIf) -> dict[str, Any]:
    """Return which archived files would be kept longer, and which stay though the version says shorter; nothing is changed."""
    return schedules.what_if_as_json(schedules.what_if(house, actor, version, given.limit))


@operation(
    "POST",
    "/retention/schedules/{version}/activation",
    "Let a draft count, as a second person",
    status=204,
    problems=(409,),
)
def activate_schedule(house: House, actor: Actor, version: str) -> None:
    """Activate a draft; what it lengthens is applied in the background."""
    schedules.activate(house, actor, version)
