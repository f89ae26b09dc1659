"""Accounts after the invitation: change, close, open again; what a person is signed in with; one's own password."""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access import people
from service.access.policy import Actor
from service.errors import BadInput, NotAllowed, NotFound, NotSignedIn, RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import Person, WebSession


def _of_others(actor: Actor, login: str, what: str) -> None:
    """Nobody gives themselves rights or takes the last key out of the house: another administrator does it."""
    if actor.name == f"person:{login}":
        raise RuleRefused(f"nobody {what}; another administrator does it")


def _find(session: Session, login: str) -> Person:
    person = session.scalar(select(Person).where(Person.login == login))
    if person is None:
        raise NotFound(f"there is no account {login}")
    return person


def get_person(house: House, actor: Actor, login: str) -> Person:
    """Return an account. Raises NotAllowed, NotFound."""
    people.demand(actor, "people.manage")
    with house.database.read() as session:
        return _find(session, login)


def change_person(
    house: House,
    actor: Actor,
    login: str,
    *,
    name: str | None = None,
    roles: list[str] | None = None,
    department_id: str | None = None,
    clearance: str | None = None,
) -> Person:
    """Change what is given of an account; it takes effect with the person's next click. department_id: "" for none.

    Raises BadInput, NotFound, NotAllowed, RuleRefused (one's own roles, department or clearance).
    """
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        person = _find(session, login)
        wanted: dict[str, Any] = {
            "name": person.name if name is None else name.strip(),
            "roles": person.roles if roles is None else sorted(set(roles)),
            "department_id": person.department_id if department_id is None else department_id or None,
            "clearance": person.clearance if clearance is None else clearance,
        }
        changed = {key: value for key, value in wanted.items() if getattr(person, key) != value}
        if not changed:
            raise BadInput("nothing was changed")
        if set(changed) - {"name"}:
            _of_others(actor, login, "changes their own roles, department or clearance")
        wrong = people.wrong_in(session, **wanted, moved="department_id" in changed)
        if wrong:
            raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
        detail = {key: [getattr(person, key), value] for key, value in changed.items()}
        for key, value in changed.items():
            setattr(person, key, value)
        audit.append(session, actor.name, "person.change", f"person:{login}", detail)
        session.flush()
        session.refresh(person)
        return person


def close_account(house: House, actor: Actor, login: str) -> None:
    """Close an account at once, not one's own; see `people.disable`."""
    people.demand(actor, "people.manage")
    _of_others(actor, login, "closes their own account")
    people.disable(house, actor, login)


def open_again(house: House, actor: Actor, login: str) -> str:
    """Open a closed account and return the secret of a one-time link: the old password does not come back.

    Raises NotFound, NotAllowed, RuleRefused (it is open).
    """
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        person = _find(session, login)
        if person.disabled_at is None:
            raise RuleRefused(f"the account {login} is open")
        person.disabled_at = person.password_hash = None
        _end_sessions(session, person, but="")
        secret = people.invite_again(session, person, house.clock.now())
        audit.append(session, actor.name, "person.enable", f"person:{login}")
        return secret


def list_sessions(house: House, actor: Actor, login: str) -> list[WebSession]:
    """Return where a person is signed in, the latest first: one's own or, for the administrator, anyone's.

    Raises NotAllowed, NotFound.
    """
    _own_or_manage(actor, login)
    with house.database.read() as session:
        person = _find(session, login)
        query = select(WebSession).where(WebSession.person_id == person.id, WebSession.expires_at > house.clock.now())
        return list(session.scalars(query.order_by(WebSession.created_at.desc())))


def end_session(house: House, actor: Actor, login: str, session_id: str) -> None:
    """Sign a person out of one browser at once. Silent when it has ended. Raises NotAllowed, NotFound."""
    _own_or_manage(actor, login)
    with house.database.write() as session:
        person = _find(session, login)
        found = session.get(WebSession, session_id)
        if found is not None and found.person_id == person.id:
            session.delete(found)
            audit.append(
                session, actor.name, "session.end", f"person:{login}", {"opened": found.created_at.isoformat()}
            )


def change_password(house: House, actor: Actor, old: str, new: str, cookie: str = "") -> None:
    """Set one's own password; every other browser is signed out, tokens stay. cookie: the session that goes on.

    Raises BadInput (the new one is too short), NotSignedIn (the old one is wrong, or too often was), NotAllowed (no person).
    """
    if actor.person_id is None:
        raise NotAllowed("password: only a person with an account has one")
    people.demand_password(new)
    login = actor.name.removeprefix("person:")
    if not people.is_password_of(house, login, old):
        raise NotSignedIn("the old password is wrong, or the account is locked for a few minutes")
    hashed = people.hash_password(new)
    with house.database.write() as session:
        person = session.get_one(Person, actor.person_id)
        person.password_hash = hashed
        _end_sessions(session, person, but=cookie)
        audit.append(session, actor.name, "person.change_password", actor.name)


def _own_or_manage(actor: Actor, login: str) -> None:
    if actor.name != f"person:{login}":
        people.demand(actor, "people.manage")


def _end_sessions(session: Session, person: Person, *, but: str) -> None:
    kept = people.digest(but) if but else ""
    for found in session.scalars(select(WebSession).where(WebSession.person_id == person.id)):
        if not secrets.compare_digest(found.id, kept):
            session.delete(found)


def person_as_json(person: Person) -> Mapping[str, Any]:
    """Return an account as plain JSON values."""
    return {
        "login": person.login,
        "name": person.name,
        "roles": list(person.roles),
        "department": person.department.code if person.department else None,
        "clearance": person.clearance,
        "disabled": person.disabled_at is not None,
        "has_password": person.password_hash is not None,
        "created_at": person.created_at.isoformat(),
    }
