"""Templates of archive numbers: drafted with a preview, activated by a second person; numbers that were given stay as they are."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.number_templates import DEFAULTS, Levels, demand, levels, number, prefix, problems
from retention.why import Why
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import require
from service.house import House
from service.records import audit
from service.records.counters import next_serial
from service.records.tables import CaseFile, Counter, Department, NumberTemplate

#: kind of file -> 档案门类代码
CATEGORY_CODES = {"contract": "HT", "credit": "XY"}


@dataclass(frozen=True)
class Preview:
    """What a template would give next. problems: what is wrong with it; numbers: the next three of an example department, none then."""

    kind: str
    by: str
    template: str
    problems: tuple[Why, ...]
    numbers: tuple[str, ...]


def template_of(house: House, session: Session, kind: str) -> str:
    """Return the template that counts for a kind of file: the active one, or the form of DA/T 13 the settings choose."""
    active = session.scalar(
        select(NumberTemplate.template).where(NumberTemplate.kind == kind, NumberTemplate.state == "active")
    )
    return active or DEFAULTS[house.settings.archive_by]


def all_templates(house: House, session: Session) -> list[str]:
    """Return every template a number may have been given by, those of today first."""
    kept = session.execute(
        select(NumberTemplate.template, NumberTemplate.state).where(NumberTemplate.state != "draft")
    ).all()
    own = [row.template for row in sorted(kept, key=lambda row: row.state != "active")]
    return list(dict.fromkeys([*own, DEFAULTS[house.settings.archive_by]]))


def levels_of(house: House, session: Session, file: CaseFile) -> dict[str, str]:
    """Return the levels of a file's archive number; where it has none that can be read, those it would have today.

    What is printed beside a number, and kept for ever, says what the number says.
    """
    today = {"fonds": file.department.fonds, "department": file.department.code, "retention": file.retention or ""}
    return today | levels(all_templates(house, session), file.archive_number or "")


def give_number(house: House, session: Session, file: CaseFile) -> str:
    """Return the next archive number for a file, which takes it in this transaction. Raises BadNumber."""
    template = template_of(house, session, file.kind)
    contract = file.contract
    levels = Levels(
        fonds=file.department.fonds,
        category=CATEGORY_CODES[file.kind],
        year=contract.year if contract is not None else house.clock.today().year,
        retention=file.retention or "",
        department=file.department.code,
    )
    return number(template, levels, next_serial(session, prefix(template, levels)))


def preview(house: House, actor: Actor, kind: str, by: str, template: str) -> Preview:
    """Return what is wrong with a template, or the numbers it would give next; nothing is given. Raises BadInput, NotAllowed."""
    require(actor, "numbers.read")
    if kind not in CATEGORY_CODES:
        raise BadInput("kind: one of contract, credit", {"kind": "one of contract, credit"})
    wrong = tuple(problems(template, by))
    if wrong:
        return Preview(kind, by, template, wrong, ())
    with house.database.read() as session:
        department = session.scalar(select(Department).order_by(Department.code).limit(1))
        fonds, code = (department.fonds, department.code) if department else (house.settings.fonds, "XS")
        levels = Levels(fonds, CATEGORY_CODES[kind], house.clock.today().year, "D30", code)
        last = session.scalar(select(Counter.value).where(Counter.prefix == prefix(template, levels))) or 0
    return Preview(kind, by, template, (), tuple(number(template, levels, last + n) for n in (1, 2, 3)))


def save_template(house: House, actor: Actor, kind: str, by: str, template: str) -> NumberTemplate:
    """Keep a draft of a template. Raises BadInput, BadNumber naming all that is wrong, NotAllowed."""
    require(actor, "numbers.template")
    if kind not in CATEGORY_CODES:
        raise BadInput("kind: one of contract, credit", {"kind": "one of contract, credit"})
    demand(template.strip(), by)
    with house.database.write() as session:
        row = NumberTemplate(
            kind=kind,
            by=by,
            template=template.strip(),
            state="draft",
            edited_by=actor.name,
            edited_at=house.clock.now(),
        )
        session.add(row)
        session.flush()
        detail = {"kind": kind, "by": by, "template": row.template}
        audit.append(session, actor.name, "numbers.template", f"template:{row.id}", detail)
        return row


def activate_template(house: House, actor: Actor, template_id: str) -> None:
    """Let a draft count for what is archived from now on, as a second person. Raises NotFound, NotAllowed, RuleRefused."""
    require(actor, "numbers.template")
    with house.database.write() as session:
        audit.lock(session)
        row = session.get(NumberTemplate, template_id)
        if row is None:
            raise NotFound(f"there is no template {template_id}")
        if row.state != "draft":
            raise RuleRefused("the template is not a draft any more")
        if row.edited_by == actor.name:
            raise RuleRefused("you wrote this template; a second person activates it")
        old = select(NumberTemplate).where(NumberTemplate.kind == row.kind, NumberTemplate.state == "active")
        for one in session.scalars(old):
            one.state = "replaced"
        row.state, row.activated_by, row.activated_at = "active", actor.name, house.clock.now()
        detail = {"kind": row.kind, "template": row.template, "edited_by": row.edited_by}
        audit.append(session, actor.name, "numbers.activate", f"template:{row.id}", detail)


def templates(house: House, actor: Actor) -> list[NumberTemplate]:
    """Return all templates, those that count first, then the newest; note the reading. Raises NotAllowed."""
    require(actor, "numbers.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "numbers.list", "templates")
        rows = session.scalars(select(NumberTemplate).order_by(NumberTemplate.edited_at.desc(), NumberTemplate.id))
        return sorted(rows, key=lambda row: row.state != "active")


def in_force(house: House, actor: Actor) -> dict[str, str]:
    """Return the template that counts, by kind of file. Raises NotAllowed."""
    require(actor, "numbers.read")
    with house.database.read() as session:
        return {kind: template_of(house, session, kind) for kind in CATEGORY_CODES}


def template_as_json(row: NumberTemplate) -> dict[str, Any]:
    """Return a template as plain JSON values."""
    return {
        "id": row.id,
        "kind": row.kind,
        "by": row.by,
        "template": row.template,
        "state": row.state,
        "edited_by": row.edited_by,
        "edited_at": row.edited_at.isoformat(),
        "activated_by": row.activated_by,
        "activated_at": row.activated_at.isoformat() if row.activated_at else None,
    }


def preview_as_json(found: Preview) -> dict[str, Any]:
    """Return a preview as plain JSON values."""
    wrong = [{"zh": why.zh, "en": why.en} for why in found.problems]
    return {"template": found.template, "problems": wrong, "numbers": list(found.numbers)}
