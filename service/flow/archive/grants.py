"""Grants: one document, case file or customer opened to one person for a time, for reading, beyond department and clearance."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from service.access.policy import ACTIONS, TIERS, Actor
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.common.guard import allowed, load_document, load_file, reach_of, reach_of_file, require
from service.flow.common.index import index_soon
from service.flow.common.sight import sees_customer
from service.house import House
from service.records import audit
from service.records.tables import AccessRequest, CaseFile, Contract, Customer, Document, Grant, Person, new_id

KINDS = ("document", "file", "customer")
MAX_REASON = 500
_LIVING = ("stored", "needs_review", "failed")
_READERS = ACTIONS["document.read"]
# Looked for in the place of a grant that is not there, so that both answers take the same time.
_NONE = Grant(kind="document", subject_id="", given_by="")


def give_grant(
    house: House, actor: Actor, login: str, kind: str, subject_id: str, until: date, reason: str, tier: str = ""
) -> Grant:
    """Open something to a person until the end of a day. tier: the highest it opens; "" for that of the thing today.

    subject_id: its id or address; of a file its archive number or its contract's number, too, of a customer its code.

    Who may read by their own role gives only what they may read; the security administrator reads nothing and may give all.
    Nobody opens what lies above their own clearance, nor anything to themselves. Raises BadInput, NotFound, NotAllowed, RuleRefused.
    """
    require(actor, "grant.give")
    wrong = _wrong(house, kind, until, reason, tier)
    if wrong:
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
    if actor.name == f"person:{login}":
        raise RuleRefused("nobody opens anything to themselves; someone else does it")
    with house.database.write() as session:
        subject_id = _id_of(session, kind, subject_id.strip())
        up_to = tier or _tier_of(session, actor, kind, subject_id)
        if tier:
            _tier_of(session, actor, kind, subject_id)
        person = session.scalar(select(Person).where(Person.login == login))
        if person is None or person.disabled_at:
            raise NotFound(f"there is no account {login}")
        if not actor.owner and TIERS.index(up_to) > TIERS.index(actor.clearance):
            raise NotAllowed("grant.give: its confidentiality tier is above your clearance")
        grant, ids = _open(house, session, actor, person, kind, subject_id, up_to, until, reason.strip())
    index_soon(house, ids)
    return grant


def _open(
    house: House,
    session: Session,
    actor: Actor,
    person: Person,
    kind: str,
    subject_id: str,
    tier: str,
    until: date,
    reason: str,
    grant_id: str | None = None,
) -> tuple[Grant, list[str]]:
    grant = Grant(
        id=grant_id or new_id(),
        person_id=person.id,
        kind=kind,
        subject_id=subject_id,
        tier=tier,
        until=until,
        reason=reason,
        given_by=actor.name,
        given_at=house.clock.now(),
    )
    session.add(grant)
    ids = _mark(session, kind, subject_id)
    session.flush()
    detail = {"grant": grant.id, "person": person.login, "tier": tier, "until": until.isoformat(), "reason": reason}
    audit.append(session, actor.name, "grant.give", f"{kind}:{subject_id}", detail)
    session.refresh(grant)
    return grant, ids


def open_for_loan(house: House, session: Session, actor: Actor, loan: AccessRequest, until: date) -> list[str]:
    """Open a file that is lent in electronic form to its reader, under the loan's own id; returns the documents to index anew.

    Whoever lends has decided that they may; it opens no more than the tier the file has today.
    """
    file, reason = loan.case_file, loan.purpose[:MAX_REASON]
    return _open(house, session, actor, loan.reader, "file", file.id, file.tier, until, reason, loan.id)[1]


def close_for_loan(house: House, session: Session, actor_name: str, loan: AccessRequest) -> None:
    """Close what a loan in electronic form opened; silent for one on paper, and for what ended already."""
    grant = session.get(Grant, loan.id, with_for_update={"of": Grant})
    if grant is not None and grant.ended_at is None:
        _close(house, session, actor_name, grant)


def is_electronic() -> ColumnElement[bool]:
    """Whether a file was lent in electronic form: then there is a grant under the loan's own id."""
    return select(Grant.id).where(Grant.id == AccessRequest.id).exists()


def _wrong(house: House, kind: str, until: date, reason: str, tier: str) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if kind not in KINDS:
        wrong["kind"] = f"one of {', '.join(KINDS)}"
    if until < house.clock.today():
        wrong["until"] = "lies in the past"
    if not reason.strip() or len(reason) > MAX_REASON:
        wrong["reason"] = f"is needed, at most {MAX_REASON} characters"
    if tier and tier not in TIERS:
        wrong["tier"] = f"one of {', '.join(TIERS)}"
    return wrong


def _id_of(session: Session, kind: str, said: str) -> str:
    """Return the id of what somebody names; what nothing is called comes back as it is."""
    if "/" in said and kind in ("document", "file", "customer"):  # an address out of the browser
        said = said.partition("?")[0].rstrip("/").rpartition("/")[2] if said.startswith(("http", "/")) else said
    found = None
    if kind == "file":
        query = select(CaseFile.id).outerjoin(Contract, Contract.id == CaseFile.contract_id)
        found = session.scalar(query.where(or_(CaseFile.archive_number == said, Contract.number == said)).limit(1))
    elif kind == "customer":
        found = session.scalar(select(Customer.id).where(Customer.code == said).limit(1))
    return found or said


def names(house: House, actor: Actor, grants: Iterable[Grant]) -> dict[str, str]:
    """Return by the id of a grant what it opens is called, for those that the actor may read themselves; the rest stays without a name."""
    found: dict[str, str] = {}
    with house.database.read() as session:
        for grant in grants:
            if grant.kind == "document":
                document = session.get(Document, grant.subject_id)
                if document is not None and allowed(actor, "document.read", reach_of(document)):
                    found[grant.id] = document.title or document.filename
            elif grant.kind == "file":
                file = session.get(CaseFile, grant.subject_id)
                if file is not None and allowed(actor, "file.read", reach_of_file(file)):
                    found[grant.id] = " ".join(filter(None, (file.archive_number, file.title)))
            elif sees_customer(session, actor, grant.subject_id):
                found[grant.id] = session.get_one(Customer, grant.subject_id).name
    return found


def _tier_of(session: Session, actor: Actor, kind: str, subject_id: str) -> str:
    """Return the tier of what a grant names, a customer's being internal. Raises NotFound: missing, or out of the giver's sight."""
    reads = actor.owner or bool(actor.roles & _READERS)
    if kind == "document":
        document = load_document(session, actor, subject_id) if reads else session.get(Document, subject_id)
        if document is None or document.status == "receiving":
            raise NotFound(f"there is no document {subject_id}")
        return reach_of(document).tier
    if kind == "file":
        file = load_file(session, actor, subject_id) if reads else session.get(CaseFile, subject_id)
        if file is None:
            raise NotFound(f"there is no case file {subject_id}")
        return file.tier
    customer = session.get(Customer, subject_id)
    if customer is None or (reads and not sees_customer(session, actor, subject_id)):
        raise NotFound(f"there is no customer {subject_id}")
    return "internal"


def _mark(session: Session, kind: str, subject_id: str) -> list[str]:
    """Mark the documents a grant opens for a fresh index entry: those of an earlier release do not say yet what may open them."""
    query = select(Document).where(Document.status.in_(_LIVING))
    if kind == "document":
        query = query.where(Document.id == subject_id)
    else:
        named = CaseFile.id if kind == "file" else CaseFile.customer_id
        query = query.where(Document.case_file_id.in_(select(CaseFile.id).where(named == subject_id)))
    ids = []
    for document in session.scalars(query):
        document.indexed = False
        ids.append(document.id)
    return ids


def end_grant(house: House, actor: Actor, grant_id: str) -> None:
    """Close a grant at once. Silent when it ended already. Raises NotFound, NotAllowed."""
    require(actor, "grant.give")
    with house.database.write() as session:
        grant = session.get(Grant, grant_id, with_for_update={"of": Grant})
        if not _may_see(session, actor, grant or _NONE) or grant is None:
            raise NotFound(f"there is no grant {grant_id}")
        if grant.ended_at is None:
            _close(house, session, actor.name, grant)


def _close(house: House, session: Session, actor_name: str, grant: Grant) -> None:
    grant.ended_by, grant.ended_at = actor_name, house.clock.now()
    audit.append(session, actor_name, "grant.end", f"{grant.kind}:{grant.subject_id}", {"grant": grant.id})


def _may_see(session: Session, actor: Actor, grant: Grant) -> bool:
    """Whether a grant exists for this person: they gave it, or may read what it opens, or give rights without reading."""
    if actor.owner or grant.given_by == actor.name or not actor.roles & _READERS:
        return True
    if grant.kind == "document":
        document = session.get(Document, grant.subject_id)
        return document is not None and allowed(actor, "document.read", reach_of(document))
    if grant.kind == "file":
        file = session.get(CaseFile, grant.subject_id)
        return file is not None and allowed(actor, "file.read", reach_of_file(file))
    return sees_customer(session, actor, grant.subject_id)


def list_grants(house: House, actor: Actor, login: str | None = None) -> list[Grant]:
    """Return the grants the actor may see, open ones first: one's own, or those one could give. Raises NotAllowed."""
    require(actor, "account.own" if actor.name == f"person:{login}" else "grant.give")
    query = select(Grant).join(Person, Grant.person_id == Person.id).order_by(Grant.given_at.desc(), Grant.id)
    if login is not None:
        query = query.where(Person.login == login)
    with house.database.write() as session:
        audit.append(session, actor.name, "grant.list", "grants")
        own = actor.name == f"person:{login}"
        found = [grant for grant in session.scalars(query).all() if own or _may_see(session, actor, grant)]
        return sorted(found, key=lambda grant: not is_open(house, grant))


def is_open(house: House, grant: Grant) -> bool:
    """Return whether a grant counts today."""
    return grant.ended_at is None and house.clock.today() <= grant.until


def as_json(house: House, grant: Grant) -> dict[str, Any]:
    """Return a grant as plain JSON values. It never says what the thing is called."""
    return {
        "id": grant.id,
        "login": grant.person.login,
        "kind": grant.kind,
        "subject_id": grant.subject_id,
        "tier": grant.tier,
        "until": grant.until.isoformat(),
        "reason": grant.reason,
        "given_by": grant.given_by,
        "given_at": grant.given_at.isoformat(),
        "ended_by": grant.ended_by,
        "ended_at": grant.ended_at.isoformat() if grant.ended_at else None,
        "open": is_open(house, grant),
    }
