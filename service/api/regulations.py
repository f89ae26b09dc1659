"""The register of regulations (RULES A6.2): versions, what changed, the internal rules that must follow."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.credit import regulations as flow
from service.house import House

operation = Operations("regulations")

Login = Annotated[str, Field(max_length=64)]
Day = Annotated[str, Field(max_length=10)]


@operation("GET", "/regulations", "The register of regulations")
def list_regulations(house: House, actor: Actor) -> dict[str, Any]:
    """Return each with its version in force and how many tasks are open."""
    found = flow.list_regulations(house, actor)
    return {"regulations": [flow.regulation_as_json(*line) for line in found]}


class NewRegulation(Input):
    """A regulation. watcher: who follows its changes."""

    title: Annotated[str, Field(max_length=200)]
    issuer: Annotated[str, Field(max_length=120)]
    watcher: Login
    number: Annotated[str, Field(max_length=80)] = ""


@operation("POST", "/regulations", "Enter a regulation", body=NewRegulation, status=201, problems=(409,))
def add_regulation(house: House, actor: Actor, given: NewRegulation) -> dict[str, Any]:
    """Put a regulation into the register; its versions come next."""
    row = flow.add_regulation(house, actor, given.title, given.issuer, given.watcher, given.number)
    return flow.regulation_as_json(row, None, 0)


@operation("GET", "/regulations/{regulation_id}", "A regulation with its versions and tasks")
def show_regulation(house: House, actor: Actor, regulation_id: str) -> dict[str, Any]:
    """Return everything on a regulation, the latest version first."""
    view = flow.get_regulation(house, actor, regulation_id)
    waiting = sum(task.done_on is None for _, tasks in view.versions for task in tasks)
    versions = [
        {**flow.version_as_json(version), "tasks": [flow.task_as_json(task) for task in tasks]}
        for version, tasks in view.versions
    ]
    return {**flow.regulation_as_json(view.regulation, view.current, waiting), "versions": versions}


class Watch(Input):
    """Who follows it from now on."""

    watcher: Login


@operation("POST", "/regulations/{regulation_id}/watcher", "Give a watch over", body=Watch, status=204)
def hand_watch(house: House, actor: Actor, regulation_id: str, given: Watch) -> None:
    """Let another person follow a regulation."""
    flow.hand_watch(house, actor, regulation_id, given.watcher)


class End(Input):
    """From when it is no longer in force."""

    ended_on: Day


@operation(
    "POST",
    "/regulations/{regulation_id}/end",
    "A regulation is no longer in force",
    body=End,
    status=204,
    problems=(409,),
)
def end_regulation(house: House, actor: Actor, regulation_id: str, given: End) -> None:
    """Record the end of a regulation; it stays in the register."""
    flow.end_regulation(house, actor, regulation_id, given.ended_on)


class NewVersion(Input):
    """A version. changed: what it changes; document_id: its text in the archive."""

    version: Annotated[str, Field(max_length=40)]
    in_force_on: Day
    changed: Annotated[str, Field(max_length=20_000)]
    document_id: Annotated[str, Field(max_length=36)] = ""


@operation(
    "POST", "/regulations/{regulation_id}/versions", "Enter a version", body=NewVersion, status=201, problems=(409,)
)
def add_regulation_version(house: House, actor: Actor, regulation_id: str, given: NewVersion) -> dict[str, Any]:
    """Record a version and what it changes."""
    row = flow.add_version(
        house, actor, regulation_id, given.version, given.in_force_on, given.changed, given.document_id
    )
    return flow.version_as_json(row)


class NewTask(Input):
    """An internal rule that must follow."""

    internal_rule: Annotated[str, Field(max_length=200)]
    task: Annotated[str, Field(max_length=5000)]
    owner: Login
    due_on: Day


@operation("POST", "/regulation-versions/{version_id}/tasks", "Give a task", body=NewTask, status=201)
def add_regulation_task(house: House, actor: Actor, version_id: str, given: NewTask) -> dict[str, Any]:
    """Say which internal rule must follow, who sees to it and by when."""
    row = flow.add_task(house, actor, version_id, given.internal_rule, given.task, given.owner, given.due_on)
    return flow.task_as_json(row)


class Outcome(Input):
    """What was done."""

    outcome: Annotated[str, Field(max_length=5000)]


@operation("POST", "/regulation-tasks/{task_id}/outcome", "A task is done", body=Outcome, problems=(409,))
def finish_regulation_task(house: House, actor: Actor, task_id: str, given: Outcome) -> dict[str, Any]:
    """Record what was done, as the task's owner or as who keeps the register."""
    return flow.task_as_json(flow.finish_task(house, actor, task_id, given.outcome))


class AskTasks(Input):
    """late: only those past their day; mine: only one's own."""

    late: bool = False
    mine: bool = False


@operation("GET", "/regulation-tasks", "The tasks that are not done", query=AskTasks)
def list_regulation_tasks(house: House, actor: Actor, given: AskTasks) -> dict[str, Any]:
    """Return them, the most urgent first."""
    found = flow.list_tasks(house, actor, late=given.late, mine=given.mine)
    rows = [
        {
            **flow.task_as_json(line.task),
            "regulation_id": line.regulation.id,
            "regulation": line.regulation.title,
            "version": line.version.version,
            "state": line.state,
            "days": line.days,
        }
        for line in found
    ]
    return {"tasks": rows}
