"""The sentences on the wall (RULES A7)."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.credit import wall as flow
from service.house import House

operation = Operations("wall")

Sentences = Annotated[list[Annotated[str, Field(max_length=flow.LONGEST)]], Field(max_length=10)]


@operation("GET", "/wall", "The sentences on the wall, and every version before")
def show_wall(house: House, actor: Actor) -> dict[str, Any]:
    """Return the five sentences in both languages; version 0 is what ships."""
    now, before = flow.wall(house, actor)
    return {**flow.wall_as_json(now), "versions": [flow.wall_as_json(row) for row in before]}


class NewWall(Input):
    """Five sentences in each language."""

    zh: Sentences
    en: Sentences


@operation("PUT", "/wall", "Put other sentences on the wall", body=NewWall)
def set_wall(house: House, actor: Actor, given: NewWall) -> dict[str, Any]:
    """Change the wall; the version before stays on record."""
    return flow.wall_as_json(flow.set_wall(house, actor, given.zh, given.en))
