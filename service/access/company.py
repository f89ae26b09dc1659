"""Signing in with the company's account: linked to ours by issuer and subject, never by an e-mail address, which may change hands.

Roles, department and clearance stay those of our account. The way there is written down before the browser leaves, bound to a cookie
of that browser, and deleted by the first that comes back, so that no answer counts twice or in another browser.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.access import people, sessions
from service.access.hashes import digest
from service.access.oidc import Claims, Provider
from service.access.policy import STATION, Actor
from service.errors import BadInput, NotFound, NotSignedIn, RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import CompanySignIn, Identity, Person, WebSession

WAY = timedelta(minutes=10)


class NotLinked(NotSignedIn):
    """Somebody the company knows, and we do not. subject: what the administrator links."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"no account here is linked to {subject} at the company's sign-in")
        self.subject = subject


def provider(house: House) -> Provider:
    """Return the company's sign-in. Raises NotFound where the settings have none."""
    if house.company_sign_in is None:
        raise NotFound("there is no company's sign-in here")
    return house.company_sign_in


def set_out(house: House, target: str, person_id: str | None = None) -> tuple[str, str]:
    """Return where to send the browser, and the secret of the cookie it must bring back. person_id: whose account to link.

    Raises NotFound, CompanySignInUnavailable.
    """
    browser, state, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), house.clock.now()
    address = provider(house).address(state, _made_of(browser, "nonce"), _made_of(browser, "verifier"))
    with house.database.write() as session:
        session.execute(delete(CompanySignIn).where(CompanySignIn.expires_at <= now))
        way = CompanySignIn(
            state_hash=_bound(browser, state), target=target[:2000], person_id=person_id, expires_at=now + WAY
        )
        session.add(way)
    return address, browser


def _made_of(browser: str, purpose: str) -> str:
    """Return a secret of one attempt: 43 characters, as PKCE asks; the database never has it."""
    return hmac.digest(browser.encode(), purpose.encode(), "sha256").hex()


def _bound(browser: str, state: str) -> str:
    return digest(f"{browser}.{state}")


def come_back(house: House, browser: str, answer: Mapping[str, str]) -> tuple[Claims, str, str | None]:
    """Return who came back, where they wanted to go, and whose account is to be linked. It counts once.

    Raises NotSignedIn, CompanySignInUnavailable.
    """
    with house.database.write() as session:
        way = session.get(CompanySignIn, _bound(browser, answer.get("state", "")), with_for_update=True)
        if way is not None:
            session.delete(way)
    if way is None or way.expires_at <= house.clock.now():
        raise NotSignedIn("this attempt at the company's sign-in is over, or is of another browser: begin again")
    claims = provider(house).claims(answer, _made_of(browser, "nonce"), _made_of(browser, "verifier"))
    return claims, way.target, way.person_id


def enter(house: House, claims: Claims, visitor: sessions.Visitor, *, before: str = "") -> str:
    """Return the secret of a new web session for whoever is linked. before: the cookie this browser had.

    Raises NotLinked, NotSignedIn (the account is disabled).
    """
    with house.database.write() as session:
        found = session.get(Identity, (claims.issuer, claims.subject))
        person = session.get(Person, found.person_id) if found else None
        refused: NotSignedIn | None = None
        if person is None:
            refused = NotLinked(claims.subject)
        elif person.disabled_at is not None:
            refused = NotSignedIn("the account is disabled")
        else:
            old = session.get(WebSession, digest(before)) if before else None
            if old is not None:
                session.delete(old)
            return sessions.open_for(house, session, person, visitor, method="company", amr=claims.amr)
        who = "nobody" if person is None else f"person:{person.login}"
        detail = {"address": visitor.address[:64], "issuer": claims.issuer, "subject": claims.subject}
        audit.append(session, who, "session.refuse", "session" if person is None else who, detail)
    raise refused


def link_own(house: House, actor: Actor, claims: Claims) -> None:
    """Link the company's account that came back to one's own. Raises RuleRefused, NotAllowed."""
    people.demand(actor, "account.own")
    with house.database.write() as session:
        person = session.get(Person, actor.person_id) if actor.person_id else None
        if person is None:
            raise RuleRefused("only a person with an account can be linked")
        _link(house, session, actor, person, claims.issuer, claims.subject)


def link(house: House, actor: Actor, login: str, subject: str) -> None:
    """Link an account to a subject of the company's sign-in, as its administrator says it. Raises BadInput, NotFound, RuleRefused."""
    people.demand(actor, "people.manage")
    subject = subject.strip()
    if not subject or len(subject) > 255:
        why = "is needed, at most 255 characters"
        raise BadInput(f"subject: {why}", {"subject": why})
    issuer = provider(house).issuer
    if actor.name == f"person:{login}":
        raise RuleRefused("nobody links their own account by hand; another administrator does it")
    with house.database.write() as session:
        _link(house, session, actor, _find(session, login), issuer, subject)


def _link(house: House, session: Session, actor: Actor, person: Person, issuer: str, subject: str) -> None:
    if person.kind == STATION:
        raise RuleRefused("a station has no password; it has tokens")
    taken = session.get(Identity, (issuer, subject), with_for_update=True)
    if taken is not None and taken.person_id != person.id:
        raise RuleRefused("this account of the company's sign-in is linked to somebody else here")
    if taken is None:
        now = house.clock.now()
        session.add(Identity(issuer=issuer, subject=subject, person_id=person.id, linked_by=actor.name, linked_at=now))
        detail = {"issuer": issuer, "subject": subject}
        audit.append(session, actor.name, "identity.link", f"person:{person.login}", detail)


def linked(house: House, actor: Actor, login: str) -> list[Identity]:
    """Return what is linked to an account, one's own or for the administrator. Raises NotAllowed, NotFound."""
    people.demand(actor, "account.own" if actor.name == f"person:{login}" else "people.read")
    with house.database.read() as session:
        query = select(Identity).where(Identity.person_id == _find(session, login).id)
        return list(session.scalars(query.order_by(Identity.linked_at, Identity.subject)))


def unlink(house: House, actor: Actor, login: str, subject: str) -> None:
    """Undo a link; sessions it opened end. Silent when there is none. Raises NotAllowed, NotFound, RuleRefused (no other way in)."""
    own = actor.name == f"person:{login}"
    people.demand(actor, "account.own" if own else "people.manage")
    with house.database.write() as session:
        person = _find(session, login)
        query = select(Identity).where(Identity.person_id == person.id, Identity.subject == subject)
        found = list(session.scalars(query))
        if not found:
            return
        if own and person.password_hash is None:
            raise RuleRefused("there is no password: without the link there would be no way in")
        for identity in found:
            session.delete(identity)
        for row in session.scalars(
            select(WebSession).where(WebSession.person_id == person.id, WebSession.method == "company")
        ):
            session.delete(row)
        audit.append(session, actor.name, "identity.unlink", f"person:{login}", {"subject": subject})


def _find(session: Session, login: str) -> Person:
    person = session.scalar(select(Person).where(Person.login == login))
    if person is None:
        raise NotFound(f"there is no account {login}")
    return person
