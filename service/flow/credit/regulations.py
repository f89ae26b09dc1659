"""The register of regulations (RULES A6.2): versions, what changed, which internal rules must follow, who sees to it by when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import allowed, listing, load_document, require
from service.flow.common.sight import visible
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import Document, Person, Regulation, RegulationTask, RegulationVersion
from service.typed import day_of


@dataclass(frozen=True)
class RegulationView:
    """A regulation with its versions, the latest first, each with its tasks. current: the one in force today.

    titles: of the texts in the archive that the reader may see, by document.
    """

    regulation: Regulation
    versions: tuple[tuple[RegulationVersion, tuple[RegulationTask, ...]], ...]
    current: RegulationVersion | None
    titles: Mapping[str, str]


@dataclass(frozen=True)
class TaskLine:
    """A task with what it is about. days: until its last day, negative afterwards."""

    task: RegulationTask
    version: RegulationVersion
    regulation: Regulation
    days: int

    @property
    def state(self) -> str:
        """Return done, late, soon (within a week) or open."""
        return "done" if self.task.done_on else "late" if self.days < 0 else "soon" if self.days <= 7 else "open"


def _texts(given: Mapping[str, tuple[str, int]], optional: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return what is wrong with texts, by field. given: name -> (text, its greatest length)."""
    return {
        name: f"is needed, at most {most} characters" if name not in optional else f"at most {most} characters"
        for name, (text, most) in given.items()
        if len(text) > most or (not text.strip() and name not in optional)
    }


def _refuse(wrong: Mapping[str, str]) -> None:
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), dict(wrong))


def _day(text: str, wrong: dict[str, str], name: str) -> date:
    try:
        return day_of(text)
    except ValueError:
        wrong[name] = "a date YYYY-MM-DD"
        return date.min


def _person(session: Session, login: str, field: str) -> Person:
    person = session.scalar(select(Person).where(Person.login == login.strip(), Person.disabled_at.is_(None)))
    if person is None:
        raise BadInput(f"{field}: there is no such account", {field: "there is no such account"})
    return person


def add_regulation(house: House, actor: Actor, title: str, issuer: str, watcher: str, number: str = "") -> Regulation:
    """Enter a regulation. watcher: the login of who follows its changes. Raises BadInput, NotAllowed, RuleRefused (it is there)."""
    require(actor, "regulation.keep")
    texts = {"title": (title, 200), "issuer": (issuer, 120), "number": (number, 80)}
    _refuse(_texts(texts, frozenset({"number"})))
    with house.database.write() as session:
        hold_counter(session, "regulations")
        who = _person(session, watcher, "watcher")
        same = (Regulation.title == title.strip(), Regulation.number == number.strip())
        if session.scalar(select(Regulation.id).where(*same)):
            raise RuleRefused("this regulation is in the register; add a version to it")
        row = Regulation(
            title=title.strip(),
            number=number.strip(),
            issuer=issuer.strip(),
            watcher_id=who.id,
            made_by=actor.name,
            made_at=house.clock.now(),
        )
        session.add(row)
        session.flush()
        session.refresh(row)
        detail = {"title": row.title, "watcher": who.login}
        audit.append(session, actor.name, "regulation.create", f"regulation:{row.id}", detail)
        return row


def hand_watch(house: House, actor: Actor, regulation_id: str, watcher: str) -> None:
    """Give the watch over a regulation to another person. Raises BadInput, NotFound, NotAllowed."""
    require(actor, "regulation.keep")
    with house.database.write() as session:
        row = _load(session, regulation_id)
        who = _person(session, watcher, "watcher")
        row.watcher_id = who.id
        audit.append(session, actor.name, "regulation.watch", f"regulation:{row.id}", {"watcher": who.login})


def _load(session: Session, regulation_id: str) -> Regulation:
    row = session.get(Regulation, regulation_id)
    if row is None:
        raise NotFound(f"there is no regulation {regulation_id}")
    return row


def end_regulation(house: House, actor: Actor, regulation_id: str, ended_on: str) -> None:
    """Record that a regulation is no longer in force from a day on. Raises BadInput, NotFound, NotAllowed, RuleRefused."""
    require(actor, "regulation.keep")
    wrong: dict[str, str] = {}
    day = _day(ended_on, wrong, "ended_on")
    _refuse(wrong)
    with house.database.write() as session:
        row = _load(session, regulation_id)
        if row.ended_on is not None:
            raise RuleRefused("this regulation was ended already")
        row.ended_on = day
        audit.append(session, actor.name, "regulation.end", f"regulation:{row.id}", {"ended_on": day.isoformat()})


def add_version(
    house: House, actor: Actor, regulation_id: str, version: str, in_force_on: str, changed: str, document_id: str = ""
) -> RegulationVersion:
    """Enter a version: from when it holds, what changed. document_id: its text in the archive, "" for none.

    Raises BadInput, NotFound (also a document the caller may not read), NotAllowed, RuleRefused (the version is there).
    """
    require(actor, "regulation.keep")
    wrong = _texts({"version": (version, 40), "changed": (changed, 20_000)})
    day = _day(in_force_on, wrong, "in_force_on")
    _refuse(wrong)
    with house.database.write() as session:
        row = _load(session, regulation_id)
        hold_counter(session, f"regulation:{row.id}")
        same = (RegulationVersion.regulation_id == row.id, RegulationVersion.version == version.strip())
        if session.scalar(select(RegulationVersion.id).where(*same)):
            raise RuleRefused("this version is in the register already")
        document = load_document(session, actor, document_id.strip()) if document_id.strip() else None
        made = RegulationVersion(
            regulation_id=row.id,
            version=version.strip(),
            in_force_on=day,
            changed=changed.strip(),
            document_id=document.id if document else None,
            entered_by=actor.name,
            entered_at=house.clock.now(),
        )
        session.add(made)
        session.flush()
        detail = {"version": made.version, "in_force_on": day.isoformat()}
        audit.append(session, actor.name, "regulation.version", f"regulation:{row.id}", detail)
        return made


def add_task(
    house: House, actor: Actor, version_id: str, internal_rule: str, task: str, owner: str, due_on: str
) -> RegulationTask:
    """Say which internal rule must follow a version, what is to be done, by whom (login) and until when.

    Raises BadInput (also a day that has passed), NotFound, NotAllowed.
    """
    require(actor, "regulation.keep")
    wrong = _texts({"internal_rule": (internal_rule, 200), "task": (task, 5000)})
    day = _day(due_on, wrong, "due_on")
    if "due_on" not in wrong and day < house.clock.today():
        wrong["due_on"] = "lies in the past"
    _refuse(wrong)
    with house.database.write() as session:
        version = session.get(RegulationVersion, version_id)
        if version is None:
            raise NotFound(f"there is no version {version_id}")
        who = _person(session, owner, "owner")
        made = RegulationTask(
            version_id=version.id,
            internal_rule=internal_rule.strip(),
            task=task.strip(),
            owner_id=who.id,
            due_on=day,
            given_by=actor.name,
            given_at=house.clock.now(),
        )
        session.add(made)
        session.flush()
        session.refresh(made)
        detail = {"task": made.id, "owner": who.login, "due_on": day.isoformat()}
        audit.append(session, actor.name, "regulation.task", f"regulation:{version.regulation_id}", detail)
        return made


def finish_task(house: House, actor: Actor, task_id: str, outcome: str) -> RegulationTask:
    """Record what was done. By its owner, or by who keeps the register. Raises BadInput, NotFound, NotAllowed, RuleRefused (done already)."""
    require(actor, "regulation.answer")
    _refuse(_texts({"outcome": (outcome, 5000)}))
    with house.database.write() as session:
        task = session.get(RegulationTask, task_id, with_for_update={"of": RegulationTask})
        if task is None or (task.owner_id != actor.person_id and not allowed(actor, "regulation.keep")):
            raise NotFound(f"there is no task {task_id}")
        if task.done_on is not None:
            raise RuleRefused("this task is done already")
        task.done_on, task.done_by, task.outcome = house.clock.today(), actor.name, outcome.strip()
        version = session.get_one(RegulationVersion, task.version_id)
        detail = {"task": task.id, "late": house.clock.today() > task.due_on}
        audit.append(session, actor.name, "regulation.finish", f"regulation:{version.regulation_id}", detail)
        return task


def list_regulations(house: House, actor: Actor) -> list[tuple[Regulation, RegulationVersion | None, int]]:
    """Return the register: each with its version in force today and how many tasks are open; those no longer in force last. Raises NotAllowed."""
    require(actor, "regulation.read")
    today = house.clock.today()
    with listing(house, actor, "regulation") as session:
        rows = session.scalars(select(Regulation).order_by(Regulation.title)).all()
        current: dict[str, RegulationVersion] = {}
        query = select(RegulationVersion).where(RegulationVersion.in_force_on <= today)
        for version in session.scalars(query.order_by(RegulationVersion.in_force_on, RegulationVersion.entered_at)):
            current[version.regulation_id] = version
        waiting = select(RegulationVersion.regulation_id).join(
            RegulationTask, RegulationTask.version_id == RegulationVersion.id
        )
        open_ones = list(session.scalars(waiting.where(RegulationTask.done_on.is_(None))))
    found = [(row, current.get(row.id), open_ones.count(row.id)) for row in rows]
    return sorted(found, key=lambda line: line[0].ended_on is not None and line[0].ended_on <= today)


def get_regulation(house: House, actor: Actor, regulation_id: str) -> RegulationView:
    """Return a regulation with everything on it. Raises NotFound, NotAllowed."""
    require(actor, "regulation.read")
    today = house.clock.today()
    with house.database.write() as session:
        row = _load(session, regulation_id)
        audit.append(session, actor.name, "regulation.view", f"regulation:{row.id}")
        query = select(RegulationVersion).where(RegulationVersion.regulation_id == row.id)
        order = (RegulationVersion.in_force_on.desc(), RegulationVersion.entered_at.desc())
        versions = session.scalars(query.order_by(*order)).all()
        ids = [version.id for version in versions]
        tasks = session.scalars(
            select(RegulationTask).where(RegulationTask.version_id.in_(ids)).order_by(RegulationTask.due_on)
        ).all()
        papers = [version.document_id for version in versions if version.document_id]
        living = select(Document).where(Document.id.in_(papers), Document.status != "destroyed")
        titles = {d.id: d.title or d.filename for d in session.scalars(visible(living, actor))}
    of = {version.id: tuple(task for task in tasks if task.version_id == version.id) for version in versions}
    current = next((version for version in versions if version.in_force_on <= today), None)
    return RegulationView(row, tuple((version, of[version.id]) for version in versions), current, titles)


def list_tasks(house: House, actor: Actor, *, late: bool = False, mine: bool = False) -> list[TaskLine]:
    """Return the tasks that are not done, the most urgent first; late: only those past their day. Raises NotAllowed."""
    require(actor, "regulation.read")
    with listing(house, actor, "regulation") as session:
        return _tasks(session, house.clock.today(), late=late, owner_id=actor.person_id or "-" if mine else None)


def own_tasks(house: House, actor: Actor) -> list[TaskLine]:
    """Return what the caller has to do, for the page where their day begins."""
    require(actor, "regulation.read")
    with house.database.read() as session:
        return _tasks(session, house.clock.today(), late=False, owner_id=actor.person_id or "-")


def _tasks(session: Session, today: date, *, late: bool, owner_id: str | None) -> list[TaskLine]:
    query = (
        select(RegulationTask, RegulationVersion, Regulation)
        .join(RegulationVersion, RegulationVersion.id == RegulationTask.version_id)
        .join(Regulation, Regulation.id == RegulationVersion.regulation_id)
        .where(RegulationTask.done_on.is_(None))
    )
    if late:
        query = query.where(RegulationTask.due_on < today)
    if owner_id is not None:
        query = query.where(RegulationTask.owner_id == owner_id)
    rows = session.execute(query.order_by(RegulationTask.due_on, RegulationTask.id)).all()
    return [TaskLine(task, version, row, (task.due_on - today).days) for task, version, row in rows]


def regulation_as_json(row: Regulation, current: RegulationVersion | None, open_tasks: int) -> dict[str, Any]:
    """Return a line of the register as plain JSON values."""
    return {
        "id": row.id,
        "title": row.title,
        "number": row.number,
        "issuer": row.issuer,
        "watcher": row.watcher.login,
        "ended_on": row.ended_on.isoformat() if row.ended_on else None,
        "version": current.version if current else None,
        "open_tasks": open_tasks,
    }


def version_as_json(row: RegulationVersion) -> dict[str, Any]:
    """Return a version as plain JSON values."""
    return {
        "id": row.id,
        "version": row.version,
        "in_force_on": row.in_force_on.isoformat(),
        "changed": row.changed,
        "document_id": row.document_id,
        "entered_by": row.entered_by,
    }


def task_as_json(row: RegulationTask) -> dict[str, Any]:
    """Return a task as plain JSON values."""
    return {
        "id": row.id,
        "version_id": row.version_id,
        "internal_rule": row.internal_rule,
        "task": row.task,
        "owner": row.owner.login,
        "due_on": row.due_on.isoformat(),
        "done_on": row.done_on.isoformat() if row.done_on else None,
        "done_by": row.done_by,
        "outcome": row.outcome or None,
    }
