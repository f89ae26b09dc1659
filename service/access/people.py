"""Accounts: invitations, passwords (Argon2id), web sessions and API tokens. Secrets are shown once and kept only as hashes."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import ROLES, TIERS, Actor, decide
from service.errors import BadInput, NotAllowed, NotFound, NotSignedIn, RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import ApiToken, Department, Invitation, Person, WebSession

INVITATION_DAYS = 7
LEAST_PASSWORD = 10
_LOCK_AFTER = 5
_LOCK = timedelta(minutes=5)
_hasher = PasswordHasher()
# Checked when the login does not exist, so that both answers take the same time.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def demand(actor: Actor, action: str) -> None:
    """Raise NotAllowed, saying why, unless the decision is yes."""
    decision = decide(actor, action)
    if not decision.allowed:
        raise NotAllowed(f"{actor.name} may not do {action}: {decision.reason}")


def to_actor(person: Person) -> Actor:
    """Return the actor a person is."""
    return Actor(
        name=f"person:{person.login}",
        person_id=person.id,
        display=person.name,
        roles=frozenset(person.roles),
        department_id=person.department_id,
        clearance=person.clearance,
    )


def wrong_in(
    session: Session, name: str, roles: list[str], department_id: str | None, clearance: str, *, moved: bool = True
) -> dict[str, str]:
    """Return what is wrong with an account, by field. moved: the person comes into this department by it."""
    wrong: dict[str, str] = {}
    if not name.strip() or len(name) > 120:
        wrong["name"] = "is needed, at most 120 characters"
    if not roles or not set(roles) <= set(ROLES):
        wrong["roles"] = f"one or more of {', '.join(ROLES)}"
    if {"administrator", "auditor"} <= set(roles):
        wrong["roles"] = "administrator and auditor exclude one another"
    department = session.get(Department, department_id) if department_id else None
    if department_id and department is None:
        wrong["department_id"] = "there is no such department"
    elif moved and department is not None and department.closed_at is not None:
        wrong["department_id"] = "the department is closed"
    if clearance not in TIERS:
        wrong["clearance"] = f"one of {', '.join(TIERS)}"
    return wrong


def invite(
    house: House,
    actor: Actor,
    login: str,
    name: str,
    roles: list[str],
    department_id: str | None = None,
    clearance: str = "internal",
) -> str:
    """Create an account without a password and return the secret of its one-time link. Raises BadInput, NotAllowed."""
    demand(actor, "people.manage")
    with house.database.write() as session:
        wrong = wrong_in(session, name, roles, department_id, clearance)
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,63}", login):
            wrong["login"] = "2 to 64 of a-z 0-9 . _ -, beginning with a letter or digit"
        elif session.scalar(select(Person.id).where(Person.login == login)):
            wrong["login"] = "is taken"
        if wrong:
            raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
        person = Person(
            login=login,
            name=name.strip(),
            roles=sorted(set(roles)),
            department_id=department_id,
            clearance=clearance,
            created_at=house.clock.now(),
        )
        session.add(person)
        session.flush()
        secret = invite_again(session, person, house.clock.now())
        audit.append(session, actor.name, "person.invite", f"person:{login}", {"roles": person.roles})
    return secret


def invite_again(session: Session, person: Person, now: datetime) -> str:
    """Return the secret of a fresh one-time link, within the caller's transaction."""
    secret = secrets.token_urlsafe(32)
    session.add(
        Invitation(secret_hash=digest(secret), person_id=person.id, expires_at=now + timedelta(days=INVITATION_DAYS))
    )
    return secret


def renew_invitation(house: House, actor: Actor, login: str) -> str:
    """Return a fresh one-time link secret for an account (also after a forgotten password). Raises NotFound, RuleRefused."""
    demand(actor, "people.manage")
    with house.database.write() as session:
        person = session.scalar(select(Person).where(Person.login == login))
        if person is None:
            raise NotFound(f"there is no account {login}")
        if person.disabled_at is not None:
            raise RuleRefused(f"the account {login} is disabled; open it again first")
        secret = invite_again(session, person, house.clock.now())
        audit.append(session, actor.name, "person.invite_again", f"person:{login}")
    return secret


def invited_person(house: House, secret: str) -> Person:
    """Return whom a one-time link is for. Raises NotFound when it is used, expired or unknown."""
    with house.database.read() as session:
        return _invited(session, secret, house.clock.now())[1]


def _invited(session: Session, secret: str, now: datetime) -> tuple[Invitation, Person]:
    invitation = session.get(Invitation, digest(secret))
    person = session.get(Person, invitation.person_id) if invitation else None
    if invitation is None or person is None or invitation.used_at or invitation.expires_at < now:
        raise NotFound("this link was used or has expired; ask the administrator for a new one")
    return invitation, person


def demand_password(password: str) -> None:
    """Raise BadInput for a password that is too short or too long."""
    if len(password) < LEAST_PASSWORD or len(password) > 200:
        why = f"{LEAST_PASSWORD} to 200 characters"
        raise BadInput(f"password: {why}", {"password": why})


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return _hasher.hash(password)


def set_password(house: House, secret: str, password: str) -> Person:
    """Set the password with a one-time link, which is spent by it. Raises NotFound, BadInput."""
    demand_password(password)
    hashed = hash_password(password)
    with house.database.write() as session:
        invitation, person = _invited(session, secret, house.clock.now())
        invitation.used_at = house.clock.now()
        person.password_hash = hashed
        person.failed_sign_ins, person.locked_until = 0, None
        for old in session.scalars(select(WebSession).where(WebSession.person_id == person.id)):
            session.delete(old)
        audit.append(session, f"person:{person.login}", "person.set_password", f"person:{person.login}")
        return person


def sign_in(house: House, login: str, password: str, user_agent: str = "") -> str:
    """Return the secret of a new web session. Raises NotSignedIn, with the same words whatever was wrong."""
    now = house.clock.now()
    refused = NotSignedIn("the name or the password is wrong, or the account is locked for a few minutes")
    with house.database.read() as session:
        person = session.scalar(select(Person).where(Person.login == login))
    good = _matches(person.password_hash if person else None, password)
    with house.database.write() as session:
        person = session.scalar(select(Person).where(Person.login == login))
        usable = (
            person is not None and not person.disabled_at and not (person.locked_until and person.locked_until > now)
        )
        if person is not None and usable and good:
            person.failed_sign_ins, person.locked_until = 0, None
            secret = secrets.token_urlsafe(32)
            session.add(
                WebSession(
                    id=digest(secret),
                    person_id=person.id,
                    created_at=now,
                    expires_at=now + timedelta(hours=house.settings.session_hours),
                    user_agent=user_agent[:200],
                )
            )
            audit.append(session, f"person:{login}", "session.open", f"person:{login}")
            return secret
        if person is not None and usable:
            _count_failure(person, now)
        # An unknown name is not written down: what stands in that field may be a password, typed in the wrong place.
        who = "nobody" if person is None else f"person:{login}"
        audit.append(session, who, "session.refuse", "session" if person is None else who)
    raise refused


def _count_failure(person: Person, now: datetime) -> None:
    person.failed_sign_ins += 1
    if person.failed_sign_ins >= _LOCK_AFTER:
        person.locked_until, person.failed_sign_ins = now + _LOCK, 0


def is_password_of(house: House, login: str, password: str) -> bool:
    """Return whether this is the person's password; wrong ones are counted, and too many lock the account as signing in does."""
    now = house.clock.now()
    with house.database.read() as session:
        person = session.scalar(select(Person).where(Person.login == login))
    good = _matches(person.password_hash if person else None, password)
    with house.database.write() as session:
        person = session.scalar(select(Person).where(Person.login == login))
        if person is None or person.disabled_at or (person.locked_until and person.locked_until > now):
            return False
        if not good:
            _count_failure(person, now)
            audit.append(session, f"person:{login}", "person.refuse_password", f"person:{login}")
            return False
        person.failed_sign_ins = 0
        return True


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def sign_out(house: House, secret: str) -> None:
    """End a web session. Silent when it has ended already."""
    with house.database.write() as session:
        found = session.get(WebSession, digest(secret))
        if found is not None:
            person = session.get_one(Person, found.person_id)
            session.delete(found)
            audit.append(session, f"person:{person.login}", "session.close", f"person:{person.login}")


def person_of_session(house: House, secret: str) -> Person:
    """Return who is signed in with this cookie. Raises NotSignedIn."""
    with house.database.read() as session:
        found = session.get(WebSession, digest(secret))
        person = session.get(Person, found.person_id) if found and found.expires_at > house.clock.now() else None
        if person is None or person.disabled_at:
            raise NotSignedIn("please sign in")
        return person


def actor_of_session(house: House, secret: str) -> Actor:
    """Return the actor signed in with this cookie. Raises NotSignedIn."""
    return to_actor(person_of_session(house, secret))


def create_token(house: House, actor: Actor, login: str, name: str, days: int | None = 365) -> str:
    """Return a new bearer token of a person, for themselves or made by the administrator. Raises NotFound, NotAllowed."""
    if actor.name != f"person:{login}":
        demand(actor, "people.manage")
    if days is not None and days < 1:
        raise BadInput("days must be 1 or more", {"days": "1 or more"})
    now = house.clock.now()
    secret = "jz_" + secrets.token_urlsafe(32)
    with house.database.write() as session:
        person = session.scalar(select(Person).where(Person.login == login))
        if person is None:
            raise NotFound(f"there is no account {login}")
        if person.disabled_at is not None:
            raise RuleRefused(f"the account {login} is disabled; open it again first")
        session.add(
            ApiToken(
                person_id=person.id,
                name=name[:120],
                secret_hash=digest(secret),
                created_at=now,
                expires_at=now + timedelta(days=days) if days else None,
            )
        )
        audit.append(session, actor.name, "token.create", f"person:{login}", {"name": name[:120]})
    return secret


def actor_of_token(house: House, secret: str) -> Actor:
    """Return the actor a bearer token stands for. Raises NotSignedIn."""
    with house.database.read() as session:
        token = session.scalar(select(ApiToken).where(ApiToken.secret_hash == digest(secret)))
        now = house.clock.now()
        if token is None or token.revoked_at or (token.expires_at and token.expires_at < now):
            raise NotSignedIn("the token is unknown, expired or revoked")
        person = session.get_one(Person, token.person_id)
        if person.disabled_at:
            raise NotSignedIn("the account is disabled")
        return to_actor(person)


def list_tokens(house: House, actor: Actor, login: str | None = None) -> list[tuple[ApiToken, str]]:
    """Return tokens (never their secrets) with the login of their person, oldest first. Raises NotAllowed, NotFound."""
    if login is None or actor.name != f"person:{login}":
        demand(actor, "people.manage")
    query = select(ApiToken, Person.login).join(Person, Person.id == ApiToken.person_id)
    if login is not None:
        query = query.where(Person.login == login)
    with house.database.read() as session:
        if login is not None and session.scalar(select(Person.id).where(Person.login == login)) is None:
            raise NotFound(f"there is no account {login}")
        return [(token, name) for token, name in session.execute(query.order_by(ApiToken.created_at, ApiToken.id))]


def revoke_token(house: House, actor: Actor, token_id: str) -> None:
    """Revoke a token at once, one's own or as the administrator. Silent when it was revoked already. Raises NotFound."""
    with house.database.write() as session:
        token = session.get(ApiToken, token_id)
        mine = token is not None and token.person_id == actor.person_id
        if not mine and not decide(actor, "people.manage").allowed:
            raise NotFound(f"there is no token {token_id}")
        if token is None:
            raise NotFound(f"there is no token {token_id}")
        if token.revoked_at is None:
            person = session.get_one(Person, token.person_id)
            token.revoked_at = house.clock.now()
            audit.append(session, actor.name, "token.revoke", f"person:{person.login}", {"token": token_id})


def disable(house: House, actor: Actor, login: str) -> None:
    """Close an account at once: its sessions end, its tokens and open links are void. What it did stays under its name.

    Silent when it is closed already. Raises NotFound, NotAllowed.
    """
    demand(actor, "people.manage")
    with house.database.write() as session:
        person = session.scalar(select(Person).where(Person.login == login))
        if person is None:
            raise NotFound(f"there is no account {login}")
        if person.disabled_at is not None:
            return
        now = person.disabled_at = house.clock.now()
        sessions = list(session.scalars(select(WebSession).where(WebSession.person_id == person.id)))
        for found in sessions:
            session.delete(found)
        living = select(ApiToken).where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
        tokens = list(session.scalars(living))
        for token in tokens:
            token.revoked_at = now
        for link in session.scalars(
            select(Invitation).where(Invitation.person_id == person.id, Invitation.used_at.is_(None))
        ):
            link.used_at = now
        detail = {"sessions": len(sessions), "tokens": len(tokens)}
        audit.append(session, actor.name, "person.disable", f"person:{login}", detail)


def list_people(house: House, actor: Actor) -> list[Person]:
    """Return all accounts by name. Raises NotAllowed."""
    demand(actor, "people.manage")
    with house.database.read() as session:
        return list(session.scalars(select(Person).order_by(Person.login)))


def create_department(house: House, actor: Actor, code: str, name: str, fonds: str | None = None) -> Department:
    """Create a department. Its code becomes part of contract and archive numbers. Raises BadInput, NotAllowed."""
    demand(actor, "people.manage")
    if not re.fullmatch(r"[A-Z0-9]{1,8}", code):
        raise BadInput("code: 1 to 8 capital letters or digits", {"code": "1 to 8 capital letters or digits"})
    if not name.strip() or len(name) > 120:
        why = "is needed, at most 120 characters"
        raise BadInput(f"name: {why}", {"name": why})
    if fonds and not re.fullmatch(r"[A-Z0-9]{4}", fonds):
        raise BadInput("fonds: 4 capital letters or digits", {"fonds": "4 capital letters or digits"})
    with house.database.write() as session:
        if session.scalar(select(Department.id).where(Department.code == code)):
            raise BadInput(f"code: {code} is taken", {"code": "is taken"})
        department = Department(code=code, name=name.strip(), fonds=fonds or house.settings.fonds)
        session.add(department)
        session.flush()
        audit.append(session, actor.name, "department.create", f"department:{code}")
        return department


def list_departments(house: House, *, closed: bool = True) -> list[Department]:
    """Return the departments by code. closed: those that were closed, too."""
    query = select(Department).order_by(Department.code)
    with house.database.read() as session:
        return list(session.scalars(query if closed else query.where(Department.closed_at.is_(None))))


def department_by_code(house: House, code: str) -> Department:
    """Return the department of this code. Raises NotFound."""
    with house.database.read() as session:
        found = session.scalar(select(Department).where(Department.code == code))
        if found is None:
            raise NotFound(f"there is no department {code}")
        return found
