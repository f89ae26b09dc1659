"""Departments: renamed and closed. A code is part of numbers that never change, so it stays, and so does a closed department."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access import people
from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.house import House
from service.records import audit
from service.records.tables import Department


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
            department.name = name
            audit.append(session, actor.name, "department.rename", f"department:{code}", detail)
        return department


def close_department(house: House, actor: Actor, code: str) -> Department:
    """Close a department: no new contract and no new account in it. What it has goes on, and its people still read it.

    Silent when it is closed. Raises NotFound, NotAllowed.
    """
    return _set_closed(house, actor, code, closed=True)


def open_department(house: House, actor: Actor, code: str) -> Department:
    """Open a closed department again. Silent when it is open. Raises NotFound, NotAllowed."""
    return _set_closed(house, actor, code, closed=False)


def _set_closed(house: House, actor: Actor, code: str, *, closed: bool) -> Department:
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        department = _find(session, code)
        if (department.closed_at is not None) != closed:
            department.closed_at = house.clock.now() if closed else None
            action = "department.close" if closed else "department.open"
            audit.append(session, actor.name, action, f"department:{code}")
        return department
