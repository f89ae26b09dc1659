"""How every flow asks the one access decision, and notes what was listed."""

import contextlib
from collections.abc import Iterator

from sqlalchemy.orm import Session, joinedload

from service.access.policy import TIERS, Actor, Reach, decide
from service.errors import NotAllowed, NotFound
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Document

_WORDS = {
    "role_missing": "no role of yours may do this",
    "scope_missing": "the token has not the scope for this",
    "other_department": "it belongs to another department",
    "tier_too_high": "its confidentiality tier is above your clearance",
    "agreement_missing": "it is classified, and no confidentiality agreement signed by you is on record",
    "agreement_expired": "it is classified, and your confidentiality agreement has expired",
    "qualification_missing": "your role does not work: a qualification it needs is not on record",
    "qualification_expired": "your role does not work: a qualification it needs has expired",
}


def require(actor: Actor, action: str, reach: Reach | None = None) -> None:
    """Raise NotAllowed, saying why, unless the decision is yes."""
    decision = decide(actor, action, reach)
    if not decision.allowed:
        raise NotAllowed(f"{action}: {_WORDS[decision.reason]}")


def allowed(actor: Actor, action: str, reach: Reach | None = None) -> bool:
    """Return the decision alone, for showing or hiding a way."""
    return decide(actor, action, reach).allowed


def reach_of(document: Document) -> Reach:
    """What the access decision needs to know of a document: a filed one lies where its file lies, the higher tier counts."""
    file, itself = document.case_file, f"document:{document.id}"
    if file is not None:
        tier = max(file.tier, document.tier, key=TIERS.index)
        return Reach(file.department_id, tier, document.received_by, (itself, *_things_of(file)))
    return Reach(document.department_id, document.tier, document.received_by, (itself,))


def _things_of(file: CaseFile) -> tuple[str, ...]:
    """What a grant may name to open a file."""
    return (f"file:{file.id}", *((f"customer:{file.customer_id}",) if file.customer_id else ()))


@contextlib.contextmanager
def listing(house: House, actor: Actor, what: str) -> Iterator[Session]:
    """A session to read a list in; that the list was read is noted once it was. what: the noun, as in `contract.list`."""
    with house.database.write() as session:
        yield session
        audit.append(session, actor.name, f"{what}.list", f"{what}s")


def note(house: House, actor: Actor, action: str, subject: str) -> None:
    """Note a reading that elsewhere is part of a page, and here stands for itself."""
    with house.database.write() as session:
        audit.append(session, actor.name, action, subject)


def reach_of_file(file: CaseFile) -> Reach:
    """What the access decision needs to know of a case file."""
    return Reach(file.department_id, file.tier, things=_things_of(file))


def load_document(session: Session, actor: Actor, document_id: str, action: str = "document.read") -> Document:
    """Return a document the actor may act on. What a person may not read does not exist for them: NotFound.

    Its file comes with it in one question: a second one would tell by the time it takes that there is something to hide.
    """
    document = session.get(Document, document_id, options=[joinedload(Document.case_file)])
    if document is None or document.status == "receiving":
        raise NotFound(f"there is no document {document_id}")
    if not allowed(actor, "document.read", reach_of(document)):
        raise NotFound(f"there is no document {document_id}")
    require(actor, action, reach_of(document))
    return document


def lock_file(session: Session, file: CaseFile) -> None:
    """Lock a case file until the commit and read it again: a destruction waits for us, or we see what it has done."""
    session.refresh(file, with_for_update={"of": CaseFile})


def load_file(session: Session, actor: Actor, case_file_id: str, action: str = "file.read") -> CaseFile:
    """Return a case file the actor may act on. Raises NotFound, NotAllowed as `load_document` does."""
    file = session.get(CaseFile, case_file_id)
    if file is None or not allowed(actor, "file.read", reach_of_file(file)):
        raise NotFound(f"there is no case file {case_file_id}")
    require(actor, action, reach_of_file(file))
    return file
