"""The group and its companies: each with a code and a fonds number (全宗号), one above another; departments belong to one of them.

A department numbers its files under its company's fonds number from the moment it belongs to it; numbers that were given stay.
"""

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access import people
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import Company, Department, OrganisationChange

_CODE = re.compile(r"[A-Z0-9]{1,16}")
_FONDS = re.compile(r"[A-Z0-9]{4}")


def _find(session: Session, code: str) -> Company:
    found = session.scalar(select(Company).where(Company.code == code).with_for_update())
    if found is None:
        raise NotFound(f"there is no company {code}")
    return found


def _keep(
    house: House, session: Session, actor: Actor, row: Company | Department, what: str, old: str, new: str
) -> None:
    kind = "company" if isinstance(row, Company) else "department"
    session.add(
        OrganisationChange(
            kind=kind,
            subject_id=row.id,
            what=what,
            old=old,
            new=new,
            happened_on=house.clock.today(),
            changed_by=actor.name,
            changed_at=house.clock.now(),
        )
    )
    audit.append(session, actor.name, f"{kind}.{what}", f"{kind}:{row.code}", {"from": old, "to": new})


def _said(name: str | None, fonds: str | None) -> dict[str, str]:
    """Return what is wrong with a name and a fonds number; None is not looked at."""
    wrong = {}
    if name is not None and (not name.strip() or len(name) > 120):
        wrong["name"] = "is needed, at most 120 characters"
    if fonds is not None and not _FONDS.fullmatch(fonds):
        wrong["fonds"] = "4 capital letters or digits"
    return wrong


def create_company(house: House, actor: Actor, code: str, name: str, fonds: str, above: str = "") -> Company:
    """Make a company. above: the code of the company it belongs to, "" for the group itself. Raises BadInput, NotFound, NotAllowed."""
    people.demand(actor, "people.manage")
    wrong = _said(name, fonds)
    if not _CODE.fullmatch(code):
        wrong["code"] = "1 to 16 capital letters or digits"
    with house.database.write() as session:
        audit.lock(session)  # of two who take the same code or fonds number the second is told
        if session.scalar(select(Company.id).where(Company.code == code)):
            wrong.setdefault("code", "is taken")
        if session.scalar(select(Company.id).where(Company.fonds == fonds)):
            wrong.setdefault("fonds", "is taken")
        if wrong:
            raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
        parent = _find(session, above) if above else None
        row = Company(
            code=code,
            name=name.strip(),
            fonds=fonds,
            parent_id=parent.id if parent else None,
            created_at=house.clock.now(),
        )
        session.add(row)
        session.flush()
        _keep(house, session, actor, row, "create", "", row.name)
        return row


def change_company(
    house: House,
    actor: Actor,
    code: str,
    *,
    name: str | None = None,
    fonds: str | None = None,
    above: str | None = None,
) -> Company:
    """Rename a company, give it another fonds number, or put it under another; None leaves what is.

    Files that are archived from then on have the new fonds number. Raises BadInput (a circle, taken), NotFound, NotAllowed.
    """
    people.demand(actor, "people.manage")
    wrong = _said(name, fonds)
    with house.database.write() as session:
        audit.lock(session)
        row = _find(session, code)
        if fonds is not None and session.scalar(select(Company.id).where(Company.fonds == fonds, Company.id != row.id)):
            wrong.setdefault("fonds", "is taken")
        parent = _find(session, above) if above else None
        if parent is not None and row.id in _line(session, parent):
            wrong["above"] = "a company is not below itself"
        if wrong:
            raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
        if name is not None and name.strip() != row.name:
            _keep(house, session, actor, row, "rename", row.name, name.strip())
            row.name = name.strip()
        if fonds is not None and fonds != row.fonds:
            _keep(house, session, actor, row, "fonds", row.fonds, fonds)
            row.fonds = fonds
            for department in session.scalars(select(Department).where(Department.company_id == row.id)):
                department.fonds = fonds
        if above is not None and row.parent_id != (parent.id if parent else None):
            old = session.get(Company, row.parent_id) if row.parent_id else None
            _keep(house, session, actor, row, "move", old.code if old else "", above)
            row.parent_id = parent.id if parent else None
        return row


def _line(session: Session, company: Company) -> set[str]:
    """Return a company and all above it, by id."""
    found: set[str] = set()
    at: Company | None = company
    while at is not None and at.id not in found:
        found.add(at.id)
        at = session.get(Company, at.parent_id) if at.parent_id else None
    return found


def close_company(house: House, actor: Actor, code: str) -> None:
    """Close a company; silent when it is closed. Raises NotFound, NotAllowed, RuleRefused (open departments or companies under it, which are named)."""
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        row = _find(session, code)
        if row.closed_at is not None:
            return
        below = select(Company.code).where(Company.parent_id == row.id, Company.closed_at.is_(None))
        inside = select(Department.code).where(Department.company_id == row.id, Department.closed_at.is_(None))
        still = sorted([*session.scalars(below), *session.scalars(inside)])
        if still:
            raise RuleRefused(f"company {code} has open parts: {', '.join(still)}; close them or move them first")
        row.closed_at = house.clock.now()
        _keep(house, session, actor, row, "close", "", "")


def move_department(house: House, actor: Actor, department: str, company: str) -> Department:
    """Let a department belong to a company, "" for none; its files are numbered under that company's fonds number from then on.

    Raises NotFound, NotAllowed, RuleRefused (the company is closed).
    """
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        row = session.scalar(select(Department).where(Department.code == department).with_for_update(of=Department))
        if row is None:
            raise NotFound(f"there is no department {department}")
        new = _find(session, company) if company else None
        if new is not None and new.closed_at is not None:
            raise RuleRefused(f"company {company} is closed; nothing is moved into it")
        if row.company_id != (new.id if new else None):
            old = session.get(Company, row.company_id) if row.company_id else None
            _keep(house, session, actor, row, "move", old.code if old else "", company)
            row.company_id = new.id if new else None
            row.fonds = new.fonds if new else house.settings.fonds
        return row


def companies(house: House, actor: Actor) -> list[dict[str, Any]]:
    """Return all companies with what is above and inside, by code. Raises NotAllowed."""
    people.demand(actor, "directory.read")
    with house.database.read() as session:
        rows = list(session.scalars(select(Company).order_by(Company.code)))
        codes = {row.id: row.code for row in rows}
        inside: dict[str, list[str]] = {}
        for code, company_id in session.execute(
            select(Department.code, Department.company_id).order_by(Department.code)
        ):
            inside.setdefault(company_id or "", []).append(code)
    return [
        {
            "code": row.code,
            "name": row.name,
            "fonds": row.fonds,
            "above": codes.get(row.parent_id or ""),
            "departments": inside.get(row.id, []),
            "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        }
        for row in rows
    ]
