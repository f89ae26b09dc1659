"""Departments: renamed, merged and closed. A code is part of numbers that never change, so it stays, and so does a closed department."""

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from service.access import people
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import Batch, CaseFile, Department, Document, OrganisationChange, Person, Transfer
from service.typed import day_of

_NAMED = 50  # open files that a refusal names
_LONGEST_SOURCE = 200


def _find(session: Session, code: str) -> Department:
    found = session.scalar(select(Department).where(Department.code == code))
    if found is None:
        raise NotFound(f"there is no department {code}")
    return found


def rename_department(house: House, actor: Actor, code: str, name: str) -> Department:
    """Give a department another name; its code stays. Raises BadInput, NotFound, NotAllowed."""
    people.demand(actor, "people.manage")
    name = name.strip()
    if not name or len(name) > 120:
        why = "is needed, at most 120 characters"
        raise BadInput(f"name: {why}", {"name": why})
    with house.database.write() as session:
        department = _find(session, code)
        if department.name != name:
            detail = {"from": department.name, "to": name}
            _keep(house, session, actor, department, "rename", department.name, name)
            department.name = name
            audit.append(session, actor.name, "department.rename", f"department:{code}", detail)
        return department


def close_department(house: House, actor: Actor, code: str) -> Department:
    """Close a department: no new contract and no new account in it. Its archived files stay, and its people still read them.

    Silent when it is closed. Raises NotFound, NotAllowed, RuleRefused (it has open files, which are named: archive them, or merge it
    into another department).
    """
    return _set_closed(house, actor, code, closed=True)


def open_department(house: House, actor: Actor, code: str) -> Department:
    """Open a closed department again. Silent when it is open. Raises NotFound, NotAllowed."""
    return _set_closed(house, actor, code, closed=False)


def open_files(session: Session, department_id: str) -> list[str]:
    """Return what still has to be done in a department: the numbers of open contracts, the titles of open credit files.

    A file that was archived is among them while something of it is still to be handed over.
    """
    owed = select(Transfer.id).where(Transfer.case_file_id == CaseFile.id, Transfer.state != "accepted")
    query = select(CaseFile).where(
        CaseFile.department_id == department_id, or_(CaseFile.state == "open", owed.exists())
    )
    living = [f for f in session.scalars(query) if f.contract is None or f.contract.status != "cancelled"]
    return sorted(f.contract.number if f.contract else f.title for f in living)


def _demand_no_open_file(session: Session, department: Department) -> None:
    found = open_files(session, department.id)
    if found:
        named = ", ".join(found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
        raise RuleRefused(f"department {department.code} has {len(found)} open files: {named}")


def merge_department(house: House, actor: Actor, code: str, into: str) -> Department:
    """Let another department take over all that one has: files, papers not yet filed, people, open duties; then close it.

    Numbers that were given stay as they are: contract and archive numbers of before name the old department for ever. Raises BadInput
    (into itself, or into a closed one), NotFound, NotAllowed, RuleRefused (closed already).
    """
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        old, new = _find(session, code), _find(session, into)
        if old.id == new.id or new.closed_at is not None:
            why = "another department that is open"
            raise BadInput(f"into: {why}", {"into": why})
        if old.closed_at is not None:
            raise RuleRefused(f"department {code} is closed already")
        files = select(CaseFile.id).where(CaseFile.department_id == old.id)
        # Who may find a document is part of the index; the sweeper puts it right from this mark.
        anew = or_(Document.department_id == old.id, Document.case_file_id.in_(files))
        session.execute(update(Document).where(anew).values(indexed=False))
        moved: dict[str, int] = {}
        for table in (Document, CaseFile, Transfer, Person, Batch):
            done = session.execute(update(table).where(table.department_id == old.id).values(department_id=new.id))
            moved[table.__tablename__] = done.rowcount  # type: ignore[attr-defined]  # an UPDATE's result has it
        old.closed_at, old.merged_into = house.clock.now(), new.id
        _keep(house, session, actor, old, "merge", old.code, new.code)
        audit.append(session, actor.name, "department.merge", f"department:{code}", {"into": into, **moved})
        return old


def demand_approval(house: House, actor: Actor, code: str, since: str, source: str) -> Department:
    """Demand that contracts of a department are approved before they are signed, from a day on; since "" ends the demand.

    source: the internal rule that says so. What was signed before that day is carried on as it is. Raises BadInput, NotFound, NotAllowed.
    """
    people.demand(actor, "contract.demand")
    source = source.strip()
    wrong = {}
    day = None
    try:
        day = day_of(since) if since else None
    except ValueError:
        wrong["since"] = "a date YYYY-MM-DD"
    if since and not 0 < len(source) <= _LONGEST_SOURCE:
        wrong["source"] = f"is needed, at most {_LONGEST_SOURCE} characters: the rule that says so"
    if wrong:
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
    with house.database.write() as session:
        department = _find(session, code)
        before = f"{department.approval_from or ''} {department.approval_source}".strip()
        department.approval_from, department.approval_source = day, source if day else ""
        after = f"{day or ''} {department.approval_source}".strip()
        if before != after:
            _keep(house, session, actor, department, "approval", before[:120], after[:120])
            audit.append(
                session, actor.name, "department.approval", f"department:{code}", {"from": before, "to": after}
            )
        return department


def approval_rules(house: House, actor: Actor) -> list[Department]:
    """Return the open departments, with what each demands before a contract is signed, and note the reading. Raises NotAllowed."""
    people.demand(actor, "contract.read")
    with house.database.write() as session:
        audit.append(session, actor.name, "department.list", "departments")
        query = select(Department).where(Department.closed_at.is_(None))
        return list(session.scalars(query.order_by(Department.code)))


def history(house: House, actor: Actor) -> list[OrganisationChange]:
    """Return what became of the departments, the latest first. Raises NotAllowed."""
    people.demand(actor, "directory.read")
    with house.database.read() as session:
        return list(session.scalars(select(OrganisationChange).order_by(OrganisationChange.changed_at.desc())))


def _keep(house: House, session: Session, actor: Actor, department: Department, what: str, old: str, new: str) -> None:
    session.add(
        OrganisationChange(
            kind="department",
            subject_id=department.id,
            what=what,
            old=old,
            new=new,
            happened_on=house.clock.today(),
            changed_by=actor.name,
            changed_at=house.clock.now(),
        )
    )


def _set_closed(house: House, actor: Actor, code: str, *, closed: bool) -> Department:
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        department = _find(session, code)
        if (department.closed_at is not None) != closed:
            if closed:
                _demand_no_open_file(session, department)
            department.closed_at = house.clock.now() if closed else None
            department.merged_into = None
            _keep(house, session, actor, department, "close" if closed else "open", "", "")
            action = "department.close" if closed else "department.open"
            audit.append(session, actor.name, action, f"department:{code}")
        return department
