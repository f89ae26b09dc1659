"""Milestones of contracts: what is to be performed or paid, by when."""

from typing import Annotated, Any, Literal

from pydantic import Field

from service.access.policy import Actor
from service.api.archive import Amount, Cancel, Day, Id, Paging
from service.api.operations import Input, Operations
from service.flow.archive import milestones
from service.flow.common.guard import note
from service.house import House

operation = Operations("contracts")


class ListMilestones(Paging):
    """late: only what is overdue."""

    late: bool = False


@operation("GET", "/milestones", "Open milestones of all contracts, the most urgent first", query=ListMilestones)
def list_milestones(house: House, actor: Actor, given: ListMilestones) -> dict[str, Any]:
    """Return one page of what is to be performed or paid."""
    total, found = milestones.list_milestones(house, actor, late=given.late, limit=given.limit, offset=given.offset)
    return {"total": total, "milestones": [milestones.as_json(item) for item in found]}


@operation("GET", "/contracts/{contract_id}/milestones", "The milestones of a contract")
def contract_milestones(house: House, actor: Actor, contract_id: str) -> dict[str, Any]:
    """Return the milestones of one contract by their dates, settled ones too."""
    found = milestones.milestones_of(house, actor, contract_id)
    note(house, actor, "contract.view", f"contract:{contract_id}")
    return {"milestones": [milestones.as_json(item) for item in found]}


class NewMilestone(Input):
    """What is due, and when; amount: of a payment, decimal yuan."""

    kind: Literal["performance", "payment"]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    due_on: Day
    amount: Amount = ""


@operation(
    "POST",
    "/contracts/{contract_id}/milestones",
    "Note what is to be performed or paid",
    body=NewMilestone,
    status=201,
    problems=(409,),
)
def add_milestone(house: House, actor: Actor, contract_id: str, given: NewMilestone) -> dict[str, Any]:
    """Add a milestone."""
    row = milestones.add_milestone(house, actor, contract_id, given.kind, given.title, given.due_on, given.amount)
    return {"id": row.id}


class Done(Input):
    """When it was done; document_id: a paper in the contract's file that shows it."""

    done_on: Day
    document_id: Id = ""


@operation("POST", "/milestones/{milestone_id}/done", "A milestone was reached", body=Done, status=204, problems=(409,))
def finish_milestone(house: House, actor: Actor, milestone_id: str, given: Done) -> None:
    """Note that it was performed or paid."""
    milestones.finish_milestone(house, actor, milestone_id, given.done_on, given.document_id)


@operation(
    "POST",
    "/milestones/{milestone_id}/drop",
    "A milestone is not due any more",
    body=Cancel,
    status=204,
    problems=(409,),
)
def drop_milestone(house: House, actor: Actor, milestone_id: str, given: Cancel) -> None:
    """Drop it, with the reason."""
    milestones.drop_milestone(house, actor, milestone_id, given.reason)
