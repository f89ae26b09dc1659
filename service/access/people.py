"""Accounts: invitations, passwords (Argon2id), web sessions and API tokens. Secrets are shown once and kept only as hashes."""

import re
import secrets
from base64 import b64encode
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from service.access import hashes, sessions, throttle, tokens
from service.access import papers as paper_rules
from service.access.policy import ROLES, SCOPES, STATION, THREE_ADMINISTRATORS, TIERS, Actor, decide
from service.errors import BadInput, NotAllowed, NotFound, NotSignedIn, RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import ApiToken, Department, Invitation, Paper, Person, WebSession

INVITATION_DAYS = 7
LEAST_PASSWORD = 10
digest = hashes.digest
_hasher = PasswordHasher()


def _nobodys() -> str:
    """Return a hash of no password, checked when the login does not exist, so that both answers take the same time."""
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, hashed = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (_hasher.salt_len, _hasher.hash_len)
    )
    return f"$argon2id$v=19${costs}${salt}${hashed}"


_NOBODY = _nobodys()


def demand(actor: Actor, action: str) -> None:
    """Raise NotAllowed, saying why, unless the decision is yes."""
    decision = decide(actor, action)
    if not decision.allowed:
        raise NotAllowed(f"{actor.name} may not do {action}: {decision.reason}")


def actor_of_person(house: House, person: Person) -> Actor:
    """Return the actor a person is today: with the roles that work and what was opened to them."""
    with house.database.read() as session:
        return paper_rules.with_standing(house, session, to_actor(person), person)


def to_actor(person: Person) -> Actor:
    """Return the actor a person is by their account alone; what they may do today is `actor_of_person`."""
    return Actor(
        name=f"person:{person.login}",
        person_id=person.id,
        display=person.name,
        roles=frozenset(person.roles),
        department_id=person.department_id,
        clearance=person.clearance,
    )


def wrong_in(
    session: Session,
    name: str,
    roles: list[str],
    department_id: str | None,
    clearance: str,
    *,
    moved: bool = True,
    roles_later: bool = False,
    known_roles: Collection[str] = ROLES,
) -> dict[str, str]:
    """Return what is wrong with an account, by field. moved: the person comes into this department by it.

    roles_later: whether it may begin without a role, which the security administrator gives.
    """
    wrong: dict[str, str] = {}
    if not name.strip() or len(name) > 120:
        wrong["name"] = "is needed, at most 120 characters"
    if not (roles or roles_later) or not set(roles) <= set(known_roles):
        wrong["roles"] = f"one or more of {', '.join(known_roles)}"
    if len(THREE_ADMINISTRATORS & set(roles)) > 1:
        wrong["roles"] = "administrator, security administrator and auditor exclude one another"
    department = session.get(Department, department_id) if department_id else None
    if department_id and department is None:
        wrong["department_id"] = "there is no such department"
    elif moved and department is not None and department.closed_at is not None:
        wrong["department_id"] = "the department is closed"
    if clearance not in TIERS:
        wrong["clearance"] = f"one of {', '.join(TIERS)}"
    return wrong


def wrong_login(session: Session, login: str) -> dict[str, str]:
    """Return what is wrong with the name of a new account."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,63}", login):
        return {"login": "2 to 64 of a-z 0-9 . _ -, beginning with a letter or digit"}
    if session.scalar(select(Person.id).where(Person.login == login)):
        return {"login": "is taken"}
    return {}


def demand_papers(
    house: House, session: Session, roles: Iterable[str], kept: Collection[Paper | paper_rules.PaperGiven]
) -> None:
    """Raise RuleRefused for a role that needs qualifications which are not among what is `kept`, valid today (RULES B7, B8)."""
    if not paper_rules.are_demanded(house, session):
        return
    for role in sorted(set(roles)):
        states = paper_rules.lacking(kept, role, house.clock.today())
        if states:
            lacks = ", ".join(f"{kind} ({state})" for kind, state in states.items())
            raise RuleRefused(f"the role {role} cannot be given: on record and valid must be {lacks}")


def invite(
    house: House,
    actor: Actor,
    login: str,
    name: str,
    roles: list[str],
    department_id: str | None = None,
    clearance: str = "internal",
    papers: Collection[paper_rules.PaperGiven] = (),
) -> str:
    """Create an account without a password and return the secret of its one-time link. papers: entered with it.

    Raises BadInput, NotAllowed, RuleRefused (a role whose qualifications are not among the papers).
    """
    demand(actor, "people.manage")
    if roles or clearance != "internal":
        demand(actor, "rights.give")
    if papers:
        demand(actor, "paper.keep")
    with house.database.write() as session:
        later = house.settings.separated_administrators
        wrong = wrong_in(session, name, roles, department_id, clearance, roles_later=later)
        for paper in papers:
            wrong |= paper_rules.wrong_with(paper, house.clock.today())
        wrong |= wrong_login(session, login)
        if wrong:
            raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
        demand_papers(house, session, roles, papers)
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
        for paper in papers:
            paper_rules.enter(house, session, actor, person, paper)
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
        if person.kind == STATION:
            raise RuleRefused("a station has no password; it has tokens")
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


def spend_links(session: Session, person_id: str, now: datetime) -> None:
    """Void every one-time link of a person that is still open, within the caller's transaction."""
    unused = Invitation.used_at.is_(None)
    for link in session.scalars(select(Invitation).where(Invitation.person_id == person_id, unused)):
        link.used_at = now


def demand_password(password: str) -> None:
    """Raise BadInput for a password that is too short or too long."""
    if len(password) < LEAST_PASSWORD or len(password) > 200:
        why = f"{LEAST_PASSWORD} to 200 characters"
        raise BadInput(f"password: {why}", {"password": why})


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return _hasher.hash(password)


def set_password(house: House, secret: str, password: str) -> Person:
    """Set the password with a one-time link, which is spent by it, as are all others of this person. Raises NotFound, BadInput."""
    demand_password(password)
    hashed = hash_password(password)
    with house.database.write() as session:
        _, person = _invited(session, secret, house.clock.now())
        spend_links(session, person.id, house.clock.now())
        person.password_hash = hashed
        throttle.unlock(session, person.id)
        sessions.end_all(session, person.id)
        audit.append(session, f"person:{person.login}", "person.set_password", f"person:{person.login}")
        return person


def sign_in(
    house: House, login: str, password: str, user_agent: str = "", address: str = "", *, before: str = ""
) -> str:
    """Return the secret of a new web session, which may still want a second factor (`sessions.half_open`).

    before: the cookie this browser had; that session ends. Raises NotSignedIn, with the same words whatever was wrong;
    TooManyRequests, whoever's name it was.
    """
    visitor = sessions.Visitor(address, user_agent)
    refused = NotSignedIn("the name or the password is wrong, or the account is locked for a few minutes")
    person, good = _tried(house, login, password, visitor)
    with house.database.write() as session:
        person = session.get(Person, person.id) if person else None
        who = "nobody" if person is None else f"person:{login}"
        usable = person is not None and not person.disabled_at
        now = house.clock.now()
        if person is not None and usable:
            usable = not throttle.is_blocked(session, person.id, visitor.place, now)
        if person is not None and usable and good:
            old = session.get(WebSession, digest(before)) if before else None
            if old is not None:
                session.delete(old)
            return sessions.open_for(house, session, person, visitor)
        # An unknown name is not written down: what stands in that field may be a password, typed in the wrong place.
        audit.append(
            session, who, "session.refuse", "session" if person is None else who, {"address": visitor.address[:64]}
        )
        throttle.count_failure(session, person.id if person and usable else None, visitor.place, now)
    raise refused


def _tried(house: House, login: str, password: str, visitor: sessions.Visitor) -> tuple[Person | None, bool]:
    """Return whose name it is and whether it is their password; hashed in any case, so that the answer takes as long."""
    with house.database.read() as session:
        throttle.demand_place(session, visitor.place, house.clock.now())
        person = session.scalar(select(Person).where(Person.login == login))
    return person, _matches(person.password_hash if person else None, password)


def is_password_of(house: House, login: str, password: str, address: str = "") -> bool:
    """Return whether this is the person's password; wrong ones are counted, and too many lock the account as signing in does."""
    visitor = sessions.Visitor(address)
    person, good = _tried(house, login, password, visitor)
    if person is None or person.disabled_at:
        return False
    with house.database.write() as session:
        now = house.clock.now()
        if throttle.is_blocked(session, person.id, visitor.place, now):
            return False
        if not good:
            audit.append(session, f"person:{login}", "person.refuse_password", f"person:{login}")
            throttle.count_failure(session, person.id, visitor.place, now)
        return good


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def sign_out(house: House, secret: str) -> str:
    """End a web session; returns by what it was opened, password or company. "" and silent when it has ended already."""
    with house.database.write() as session:
        found = session.get(WebSession, digest(secret))
        if found is not None:
            person = session.get_one(Person, found.person_id)
            session.delete(found)
            audit.append(session, f"person:{person.login}", "session.close", f"person:{person.login}")
        return found.method if found is not None else ""


def person_of_session(house: House, secret: str, *, acts: bool = False) -> Person:
    """Return who is signed in with this cookie. acts: see `sessions.person_of`. Raises NotSignedIn."""
    return sessions.person_of(house, secret, acts=acts)


def actor_of_session(house: House, secret: str) -> Actor:
    """Return the actor signed in with this cookie. Raises NotSignedIn."""
    return actor_of_person(house, person_of_session(house, secret))


def create_token(
    house: House,
    actor: Actor,
    login: str,
    name: str,
    days: int | None = 365,
    *,
    scopes: Collection[str] | None = None,
    networks: Collection[str] = (),
) -> str:
    """Return a new bearer token: one's own, or a station's made by the administrator. scopes: all that the account may have.

    networks: from which addresses it works, as 10.1.2.3 or 10.1.0.0/16; none for everywhere. Raises NotFound, NotAllowed, BadInput,
    RuleRefused (another person's: who has a person's token is that person).
    """
    own = actor.name == f"person:{login}"
    demand(actor, "account.own" if own else "people.manage")
    if days is not None and days < 1:
        raise BadInput("days must be 1 or more", {"days": "1 or more"})
    bound = tokens.networks_of(networks)
    now = house.clock.now()
    secret = "jz_" + secrets.token_urlsafe(32)
    with house.database.write() as session:
        person = session.scalar(select(Person).where(Person.login == login))
        if person is None:
            raise NotFound(f"there is no account {login}")
        if person.disabled_at is not None:
            raise RuleRefused(f"the account {login} is disabled; open it again first")
        if not own and not actor.owner and person.kind != STATION:
            raise RuleRefused("a person makes their own tokens; the administrator makes those of stations")
        given = tokens.scopes_of(scopes, (tokens.STATION_SCOPES if person.kind == STATION else SCOPES), actor.scopes)
        session.add(
            ApiToken(
                person_id=person.id,
                name=name[:120],
                secret_hash=digest(secret),
                created_at=now,
                expires_at=now + timedelta(days=days) if days else None,
                scopes=given,
                networks=bound,
            )
        )
        detail = {"name": name[:120], "scopes": given, "networks": bound, "days": days}
        audit.append(session, actor.name, "token.create", f"person:{login}", detail)
    return secret


_OF_TOKEN = (  # made once: it is asked at every request
    select(ApiToken, Person)
    .join(Person, Person.id == ApiToken.person_id)
    .where(ApiToken.secret_hash == bindparam("shown"))
)


def actor_of_token(house: House, secret: str, address: str = "") -> Actor:
    """Return the actor a bearer token stands for, with its scopes. address: whence it was shown. Raises NotSignedIn."""
    now = house.clock.now()
    with house.database.read() as session:
        token, person = session.execute(_OF_TOKEN, {"shown": digest(secret)}).first() or (None, None)
        if token is None or person is None or token.revoked_at or (token.expires_at and token.expires_at < now):
            raise NotSignedIn("the token is unknown, expired or revoked")
        if not tokens.is_from(address, token.networks):
            raise NotSignedIn("the token does not work from this address")
        if person.disabled_at:
            raise NotSignedIn("the account is disabled")
        actor = paper_rules.with_standing(house, session, to_actor(person), person)
    if token.last_used_at is None or token.last_used_at + tokens.USED < now:
        with house.database.write() as session:
            used = session.get_one(ApiToken, token.id)
            used.last_used_at, used.last_address = now, address[:64]
    return replace(actor, scopes=frozenset(token.scopes))


def list_tokens(house: House, actor: Actor, login: str | None = None) -> list[tuple[ApiToken, str]]:
    """Return tokens (never their secrets) with the login of their person, oldest first. Raises NotAllowed, NotFound."""
    demand(actor, "account.own" if actor.name == f"person:{login}" else "people.manage")
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
        mine = mine and decide(actor, "account.own").allowed
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
        spend_links(session, person.id, now)
        detail = {"sessions": len(sessions), "tokens": len(tokens)}
        audit.append(session, actor.name, "person.disable", f"person:{login}", detail)


def list_people(house: House, actor: Actor) -> list[Person]:
    """Return all accounts by name. Raises NotAllowed."""
    demand(actor, "people.read")
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
        department = Department(
            code=code, name=name.strip(), fonds=fonds or house.settings.fonds, created_at=house.clock.now()
        )
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
