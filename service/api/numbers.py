"""Contract and archive numbers: are they without a gap, and which are void."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow import number_check
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
