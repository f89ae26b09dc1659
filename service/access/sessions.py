"""Web sessions: opened by a password or at the company's sign-in, completed by a second factor, ended by time or by hand.

The cookie holds a random secret, the table its hash. A session that still wants something has a stage: `code` (a one-time code) or
`enrol` (a second factor must be added first); it opens nothing else, and whatever completes it makes a new one in its place.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.access import second_factor, throttle
from service.access.hashes import digest
from service.errors import NotSignedIn
from service.house import House
from service.records import audit
from service.records.tables import Person, WebSession

#: How long somebody may take between the password and the code, and before a second factor is added.
HALF_OPEN = {"code": timedelta(minutes=5), "enrol": timedelta(minutes=30)}
#: That somebody is there is written down no more often than this.
SEEN = timedelta(minutes=1)
#: What an identity provider says of how a person was authenticated (RFC 8176), when that was more than a password.
_STRONG = frozenset({"mfa", "otp", "hwk", "swk", "sc", "fpt", "face"})


@dataclass(frozen=True)
class Visitor:
    """Whence somebody comes: the address as it is kept, and what their browser says it is."""

    address: str = ""
    user_agent: str = ""

    @property
    def place(self) -> str:
        """Under what wrong attempts from there are counted."""
        return throttle.place_of(self.address)


def open_for(
    house: House, session: Session, person: Person, visitor: Visitor, *, method: str = "password", amr: object = ()
) -> str:
    """Return the secret of a new session within the caller's transaction, with what is still wanted of the person as its stage.

    method: password or company. amr: how the company's sign-in authenticated the person, as it says.
    """
    strong = isinstance(amr, list) and bool(_STRONG & {str(word) for word in amr})
    stage = ""
    if not strong:
        enrolled = second_factor.is_enrolled(session, person.id)
        stage = "code" if enrolled else "enrol" if second_factor.is_required(house, person) else ""
    return _add(house, session, person, visitor, method=method, stage=stage)


def _add(
    house: House, session: Session, person: Person, visitor: Visitor, *, method: str, stage: str = "", factor: str = ""
) -> str:
    now, secret = house.clock.now(), secrets.token_urlsafe(32)
    session.execute(delete(WebSession).where(WebSession.person_id == person.id, WebSession.expires_at <= now))
    lives = HALF_OPEN.get(stage, timedelta(hours=house.settings.session_hours))
    session.add(
        WebSession(
            id=digest(secret),
            person_id=person.id,
            created_at=now,
            seen_at=now,
            expires_at=now + lives,
            user_agent=visitor.user_agent[:200],
            address=visitor.address[:64],
            stage=stage,
            method=method,
        )
    )
    if not stage:
        who = f"person:{person.login}"
        detail = {"method": method, "address": visitor.address[:64]} | ({"second_factor": factor} if factor else {})
        audit.append(session, who, "session.open", who, detail)
        throttle.count_success(session, person.id, visitor.place, now)
    return secret


def is_living(house: House, found: WebSession, now: datetime) -> bool:
    """Return whether a session is within both of its times: since it was opened, and since the person last did something."""
    idle = timedelta(minutes=house.settings.session_idle_minutes)
    return found.expires_at > now and (found.seen_at or found.created_at) + idle > now


def _found(house: House, session: Session, secret: str) -> tuple[WebSession, Person]:
    found = session.get(WebSession, digest(secret))
    person = session.get(Person, found.person_id) if found and is_living(house, found, house.clock.now()) else None
    if found is None or person is None or person.disabled_at:
        raise NotSignedIn("please sign in")
    return found, person


def person_of(house: House, secret: str, *, acts: bool = False) -> Person:
    """Return who is signed in with this cookie. acts: they do something now, which keeps the session alive. Raises NotSignedIn."""
    with house.database.read() as session:
        found, person = _found(house, session, secret)
        if found.stage:
            raise NotSignedIn("please sign in")
    now = house.clock.now()
    if acts and (found.seen_at or found.created_at) + SEEN < now:
        with house.database.write() as session:
            still = session.get(WebSession, found.id)
            if still is not None:
                still.seen_at = now
    return person


def half_open(house: House, secret: str) -> tuple[Person, str]:
    """Return who is on their way in, and what is still wanted of them. Raises NotSignedIn."""
    with house.database.read() as session:
        found, person = _found(house, session, secret)
        if not found.stage:
            raise NotSignedIn("please sign in")
        return person, found.stage


def complete(house: House, secret: str, code: str, visitor: Visitor) -> str:
    """Return the secret of the whole session, for the half-open one and a one-time or recovery code.

    Raises NotSignedIn; wrong codes are counted as wrong passwords are. Raises TooManyRequests.
    """
    now = house.clock.now()
    with house.database.read() as session:
        throttle.demand_place(session, visitor.place, now)
    with house.database.write() as session:
        found, person = _found(house, session, secret)
        if found.stage != "code":
            raise NotSignedIn("please sign in")
        session.get(Person, person.id, with_for_update={"of": Person})
        blocked = throttle.is_blocked(session, person.id, visitor.place, now)
        factor = "" if blocked else second_factor.check(house, session, person.id, code)
        if factor:
            session.delete(found)
            return _add(house, session, person, visitor, method=found.method, factor=factor)
        who = f"person:{person.login}"
        audit.append(session, who, "session.refuse", who, {"second_factor": True, "address": visitor.address[:64]})
        if not blocked:
            throttle.count_failure(session, person.id, visitor.place, now)
    raise NotSignedIn("too many wrong codes; wait a few minutes" if blocked else second_factor.WRONG)


def enrolled(house: House, secret: str, visitor: Visitor) -> str:
    """Return the secret of the whole session, for the half-open one of somebody who has just added a second factor."""
    with house.database.write() as session:
        found, person = _found(house, session, secret)
        if found.stage != "enrol" or not second_factor.is_enrolled(session, person.id):
            raise NotSignedIn("please sign in")
        session.delete(found)
        return _add(house, session, person, visitor, method=found.method, factor="code")


def end_all(session: Session, person_id: str, *, but: str = "") -> int:
    """End a person's sessions, but for the one with this cookie, within the caller's transaction; returns how many."""
    kept = digest(but) if but else ""
    found = [
        row for row in session.scalars(select(WebSession).where(WebSession.person_id == person_id)) if row.id != kept
    ]
    for row in found:
        session.delete(row)
    return len(found)
