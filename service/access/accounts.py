"""Accounts after the invitation: change, close, open again; what a person is signed in with; one's own password."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access import people, second_factor, sessions, throttle
from service.access.papers import papers_of
from service.access.policy import ROLES, STATION, Actor
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
    people.demand(actor, "people.read")
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
    people.demand(actor, "people.read")
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
            people.demand(actor, "rights.give")
        if "name" in changed:
            people.demand(actor, "people.manage")
        fixed = person.kind == STATION
        if fixed and {"roles", "clearance"} & changed.keys():
            raise RuleRefused("a station hands in and nothing else; its role and clearance stay")
        known = (STATION,) if fixed else ROLES
        wrong = people.wrong_in(session, **wanted, moved="department_id" in changed, known_roles=known)
        if wrong:
            raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
        added = set(wanted["roles"]) - set(person.roles)
        people.demand_papers(house, session, added, papers_of(session, person.id))
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
    """Open a closed account and return the secret of a one-time link, "" for a station: the old password does not come back.

    Raises NotFound, NotAllowed, RuleRefused (it is open).
    """
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        person = _find(session, login)
        if person.disabled_at is None:
            raise RuleRefused(f"the account {login} is open")
        person.disabled_at = person.password_hash = None
        sessions.end_all(session, person.id)
        secret = "" if person.kind == STATION else people.invite_again(session, person, house.clock.now())
        audit.append(session, actor.name, "person.enable", f"person:{login}")
        return secret


def list_sessions(house: House, actor: Actor, login: str) -> list[WebSession]:
    """Return where a person is signed in, the latest first: one's own or, for the administrator, anyone's.

    Raises NotAllowed, NotFound.
    """
    _own_or_manage(actor, login)
    with house.database.read() as session:
        person = _find(session, login)
        query = select(WebSession).where(WebSession.person_id == person.id, WebSession.stage == "")
        found = session.scalars(query.order_by(WebSession.created_at.desc()))
        return [row for row in found if sessions.is_living(house, row, house.clock.now())]


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


def change_password(house: House, actor: Actor, old: str, new: str, cookie: str = "", address: str = "") -> None:
    """Set one's own password; every other browser is signed out, open links are void, tokens stay. cookie: the session that goes on.

    Raises BadInput (the new one is too short), NotSignedIn (the old one is wrong, or too often was), NotAllowed (no person).
    """
    if actor.person_id is None:
        raise NotAllowed("password: only a person with an account has one")
    people.demand(actor, "account.own")
    people.demand_password(new)
    login = actor.name.removeprefix("person:")
    if not people.is_password_of(house, login, old, address):
        raise NotSignedIn("the old password is wrong, or the account is locked for a few minutes")
    hashed = people.hash_password(new)
    with house.database.write() as session:
        person = session.get_one(Person, actor.person_id)
        person.password_hash = hashed
        people.spend_links(session, person.id, house.clock.now())
        sessions.end_all(session, person.id, but=cookie)
        audit.append(session, actor.name, "person.change_password", actor.name)


def _own_or_manage(actor: Actor, login: str) -> None:
    people.demand(actor, "account.own" if actor.name == f"person:{login}" else "people.manage")


def create_station(house: House, actor: Actor, login: str, name: str, department_id: str | None = None) -> Person:
    """Make the account of a scanning station: it hands in, sees its own receipts, and never signs in. Raises BadInput, NotAllowed."""
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        wrong = people.wrong_in(session, name, [STATION], department_id, "internal", known_roles=(STATION,))
        wrong |= people.wrong_login(session, login)
        if wrong:
            raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
        person = Person(
            login=login,
            name=name.strip(),
            kind=STATION,
            roles=[STATION],
            department_id=department_id,
            created_at=house.clock.now(),
        )
        session.add(person)
        session.flush()
        audit.append(session, actor.name, "station.create", f"person:{login}")
        session.refresh(person)
        return person


def locked(house: House, actor: Actor, login: str) -> list[throttle.Locked]:
    """Return from where an account does not answer at this moment, after wrong attempts. Raises NotAllowed, NotFound."""
    people.demand(actor, "people.read")
    with house.database.read() as session:
        return throttle.locked(session, _find(session, login).id, house.clock.now())


def locked_people(house: House, actor: Actor) -> frozenset[str]:
    """Return the ids of the people whose account does not answer to some place now. Raises NotAllowed."""
    people.demand(actor, "people.read")
    with house.database.read() as session:
        return throttle.locked_people(session, house.clock.now())


def unlock(house: House, actor: Actor, login: str) -> None:
    """Let an account answer again at once, wherever from. Silent when it does. Raises NotAllowed, NotFound."""
    people.demand(actor, "people.manage")
    with house.database.write() as session:
        person = _find(session, login)
        if throttle.unlock(session, person.id):
            audit.append(session, actor.name, "person.unlock", f"person:{login}")


def reset_second_factor(house: House, actor: Actor, login: str) -> None:
    """Take a person's second factor away, whose phone and recovery codes are lost; they are signed out everywhere.

    Raises NotAllowed, NotFound, RuleRefused (one's own, or there is none).
    """
    people.demand(actor, "people.manage")
    _of_others(actor, login, "takes away their own second factor")
    with house.database.write() as session:
        person = _find(session, login)
        if not second_factor.forget(session, person.id):
            raise RuleRefused("there is no second factor")
        sessions.end_all(session, person.id)
        audit.append(session, actor.name, "second_factor.reset", f"person:{login}")


def person_as_json(person: Person) -> Mapping[str, Any]:
    """Return an account as plain JSON values."""
    return {
        "login": person.login,
        "kind": person.kind,
        "name": person.name,
        "roles": list(person.roles),
        "department": person.department.code if person.department else None,
        "clearance": person.clearance,
        "disabled": person.disabled_at is not None,
        "has_password": person.password_hash is not None,
        "created_at": person.created_at.isoformat(),
    }
