"""Contract and archive numbers: are they without a gap, and which are void."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.archive import number_check, number_templates
from service.house import House

operation = Operations("numbers")


@operation("GET", "/numbers/check", "What the last check of all numbers found")
def check_numbers(house: House, actor: Actor) -> dict[str, Any]:
    """Return gaps and numbers given twice, who asked for the check and when it was done, and how far the next one is (`run`).

    ok: null before the first one.
    """
    return number_check.standing_as_json(number_check.latest_check(house, actor))


@operation("POST", "/numbers/check", "Have all numbers checked", status=202)
def order_number_check(house: House, actor: Actor) -> dict[str, Any]:
    """Check them, many in the background; return as the last check is read, which is the address to ask again."""
    return number_check.standing_as_json(number_check.ask_check(house, actor))


class VoidIt(Input):
    """Which archive number no file gets, and why."""

    number: Annotated[str, Field(min_length=1, max_length=80)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@operation("POST", "/numbers/void", "Put an archive number on record as void", body=VoidIt, status=204, problems=(409,))
def void_number(house: House, actor: Actor, given: VoidIt) -> None:
    """Record a void number; it is never given."""
    number_check.void_number(house, actor, given.number, given.reason)


class AskPreview(Input):
    """kind: contract, credit; by: item, file; template: levels in braces, {serial:04} last."""

    kind: Annotated[str, Field(max_length=8)]
    by: Annotated[str, Field(max_length=4)]
    template: Annotated[str, Field(min_length=1, max_length=200)]


@operation("GET", "/numbers/templates", "The templates of archive numbers")
def list_number_templates(house: House, actor: Actor) -> dict[str, Any]:
    """Return the templates there are and were, and the one that counts for each kind of file."""
    found = [number_templates.template_as_json(row) for row in number_templates.templates(house, actor)]
    return {"templates": found, "in_force": number_templates.in_force(house, actor)}


@operation("GET", "/numbers/templates/preview", "What a template would give", query=AskPreview)
def preview_number_template(house: House, actor: Actor, given: AskPreview) -> dict[str, Any]:
    """Return what is wrong with a template, or the next numbers by it; nothing is given."""
    found = number_templates.preview(house, actor, given.kind, given.by, given.template)
    return number_templates.preview_as_json(found)


@operation("POST", "/numbers/templates", "Keep a draft of a template", body=AskPreview, status=201, problems=(409,))
def save_number_template(house: House, actor: Actor, given: AskPreview) -> dict[str, Any]:
    """Keep a draft; a second person activates it."""
    row = number_templates.save_template(house, actor, given.kind, given.by, given.template)
    return number_templates.template_as_json(row)


@operation(
    "POST",
    "/numbers/templates/{template_id}/activation",
    "Let a template count, as a second person",
    status=204,
    problems=(409,),
)
def activate_number_template(house: House, actor: Actor, template_id: str) -> None:
    """Activate a draft; numbers that were given stay as they are."""
    number_templates.activate_template(house, actor, template_id)
