"""Papers on record: entered, taken back, listed; and who lacks what (RULES B7 to B9)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access import papers as rules
from service.access import people
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import Paper, Person


@dataclass(frozen=True)
class Lack:
    """What one person lacks: kind of paper -> missing or expired. For the agreement, too."""

    login: str
    name: str
    states: dict[str, str]


def _find(session: Session, login: str) -> Person:
    person = session.scalar(select(Person).where(Person.login == login))
    if person is None:
        raise NotFound(f"there is no account {login}")
    return person


def add_paper(house: House, actor: Actor, login: str, paper: rules.PaperGiven) -> Paper:
    """Put a paper of a person on record; it counts at once. Raises BadInput, NotFound, NotAllowed, RuleRefused (one's own)."""
    people.demand(actor, "paper.keep")
    _demand_other(actor, login)
    wrong = rules.wrong_with(paper, house.clock.today())
    if wrong:
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
    with house.database.write() as session:
        return rules.enter(house, session, actor, _find(session, login), paper)


def _demand_other(actor: Actor, login: str) -> None:
    if actor.name == f"person:{login}":
        raise RuleRefused("nobody keeps the record of their own papers; someone else does it")


def revoke_paper(house: House, actor: Actor, login: str, paper_id: str, reason: str) -> None:
    """Take a paper off the record, with a reason; the entry stays readable. Silent when it was. Raises BadInput, NotFound."""
    people.demand(actor, "paper.keep")
    _demand_other(actor, login)
    if not reason.strip() or len(reason) > 500:
        raise BadInput("reason: is needed, at most 500 characters", {"reason": "is needed, at most 500 characters"})
    with house.database.write() as session:
        person = _find(session, login)
        paper = session.get(Paper, paper_id)
        if paper is None or paper.person_id != person.id:
            raise NotFound(f"there is no paper {paper_id}")
        if paper.revoked_at is None:
            paper.revoked_at, paper.revoked_by = house.clock.now(), actor.name
            paper.revoke_reason = reason.strip()
            detail = {"paper": paper_id, "kind": paper.kind, "reason": paper.revoke_reason}
            audit.append(session, actor.name, "paper.revoke", f"person:{login}", detail)


def list_papers(house: House, actor: Actor, login: str) -> list[Paper]:
    """Return what is on record of a person, one's own or as whoever keeps it. Raises NotAllowed, NotFound."""
    people.demand(actor, "account.own" if actor.name == f"person:{login}" else "paper.keep")
    with house.database.read() as session:
        return rules.papers_of(session, _find(session, login).id)


def who_lacks(house: House, actor: Actor) -> tuple[date | None, list[Lack]]:
    """Return (from when papers are demanded, None for always; everyone who lacks one for a role of theirs or the agreement).

    Raises NotAllowed.
    """
    people.demand(actor, "paper.keep")
    today = house.clock.today()
    found = []
    with house.database.read() as session:
        query = select(Person).where(Person.disabled_at.is_(None)).order_by(Person.login)
        for person in session.scalars(query).all():
            kept = rules.papers_of(session, person.id)
            states = {"agreement": rules.state_of(kept, "agreement", today)}
            for role in person.roles:
                states |= rules.lacking(kept, role, today)
            states = {kind: state for kind, state in states.items() if state != "valid"}
            if states:
                found.append(Lack(person.login, person.name, states))
        return rules.demanded_from(house, session), found


def as_json(paper: Paper) -> dict[str, Any]:
    """Return a paper as plain JSON values."""
    return {
        "id": paper.id,
        "kind": paper.kind,
        "valid_from": paper.valid_from.isoformat(),
        "valid_until": paper.valid_until.isoformat() if paper.valid_until else None,
        "note": paper.note,
        "entered_by": paper.entered_by,
        "entered_at": paper.entered_at.isoformat(),
        "revoked_by": paper.revoked_by,
        "revoked_at": paper.revoked_at.isoformat() if paper.revoked_at else None,
        "revoke_reason": paper.revoke_reason or None,
    }
