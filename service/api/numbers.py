"""Contract and archive numbers: are they without a gap, and which are void."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.archive import number_check, number_templates
from service.house import House

operation = Operations("numbers")


@operation("GET", "/numbers/check", "Find numbers given twice and gaps")
def check_numbers(house: House, actor: Actor) -> dict[str, Any]:
    """Return what was looked at and every fault."""
    return number_check.checked_as_json(number_check.check_numbers(house, actor))


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
