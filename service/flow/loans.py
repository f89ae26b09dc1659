"""Loans: access requests for case files (RULES B6)."""

from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.guard import allowed, load_file, reach_of_file, require
from service.house import House
from service.records import audit
from service.records.tables import AccessRequest

OPEN = ("asked", "lent")


def ask(house: House, actor: Actor, case_file_id: str, purpose: str) -> AccessRequest:
    """Ask to read a file: reader, customer (the file's), purpose. Raises BadInput, NotFound, RuleRefused."""
    purpose = purpose.strip()
    if not purpose or len(purpose) > 500:
        raise BadInput("purpose: is needed, at most 500 characters", {"purpose": "is needed, at most 500 characters"})
    if actor.person_id is None:
        raise NotAllowed("loan.ask: only a person with an account can borrow a file")
    with house.database.write() as session:
        require(actor, "loan.ask")
        file = load_file(session, actor, case_file_id)
        if file.state == "destroyed":
            raise RuleRefused("the file was destroyed; only its stub remains")
        request = AccessRequest(
            case_file_id=case_file_id, reader_id=actor.person_id, purpose=purpose, asked_on=house.clock.today()
        )
        session.add(request)
        session.flush()
        audit.append(session, actor.name, "loan.ask", f"file:{case_file_id}", {"request": request.id})
        session.refresh(request)
        return request


def _load(session: Session, request_id: str) -> AccessRequest:
    request = session.get(AccessRequest, request_id, with_for_update={"of": AccessRequest})
    if request is None:
        raise NotFound(f"there is no access request {request_id}")
    return request


def decide_loan(
    house: House, actor: Actor, request_id: str, *, grant: bool, due_back: str = "", reason: str = ""
) -> None:
    """Lend until `due_back`, or refuse with a reason. Nobody decides on their own request. Raises BadInput, RuleRefused."""
    today = house.clock.today()
    back: date | None = None
    if grant:
        try:
            back = date.fromisoformat(due_back)
        except ValueError:
            raise BadInput("due_back: a date YYYY-MM-DD", {"due_back": "a date YYYY-MM-DD"}) from None
        if back < today:
            raise BadInput("due_back: lies in the past", {"due_back": "lies in the past"})
    elif not reason.strip():
        raise BadInput("reason: say why it is refused", {"reason": "say why it is refused"})
    with house.database.write() as session:
        request = _load(session, request_id)
        require(actor, "loan.decide", reach_of_file(request.case_file))
        if request.reader_id == actor.person_id:
            raise RuleRefused("nobody decides on their own request")
        if request.state != "asked":
            raise RuleRefused(f"the request is {request.state} already")
        if request.case_file.state == "destroyed":
            raise RuleRefused("the file was destroyed; only its stub remains")
        request.decided_by = actor.name
        if grant:
            request.state, request.lent_on, request.due_back = "lent", today, back
        else:
            request.state, request.refusal = "refused", reason.strip()[:500]
        detail = {"request": request_id, "state": request.state}
        audit.append(session, actor.name, "loan.decide", f"file:{request.case_file_id}", detail)


def give_back(house: House, actor: Actor, request_id: str) -> None:
    """Record that the file came back. Raises RuleRefused: a return before the loan."""
    with house.database.write() as session:
        request = _load(session, request_id)
        require(actor, "loan.decide", reach_of_file(request.case_file))
        if request.state != "lent":
            raise RuleRefused(f"the request is {request.state}; only what is lent can come back")
        request.state, request.returned_on = "returned", house.clock.today()
        audit.append(session, actor.name, "loan.return", f"file:{request.case_file_id}", {"request": request_id})


def list_loans(house: House, actor: Actor) -> list[AccessRequest]:
    """Return the requests the actor may see: their own, and all for whoever decides; open ones first."""
    require(actor, "loan.read")
    query = select(AccessRequest)
    if not allowed(actor, "loan.decide"):
        query = query.where(or_(AccessRequest.reader_id == actor.person_id))
    with house.database.read() as session:
        found = session.scalars(query.order_by(AccessRequest.asked_on.desc()).limit(500))
        return sorted(found, key=lambda r: (r.state not in OPEN, r.due_back or r.asked_on))


def as_json(request: AccessRequest) -> dict[str, Any]:
    """Return a request as plain JSON values."""
    return {
        "id": request.id,
        "file_id": request.case_file_id,
        "reader": request.reader.login,
        "purpose": request.purpose,
        "state": request.state,
        "asked_on": request.asked_on.isoformat(),
        "lent_on": request.lent_on.isoformat() if request.lent_on else None,
        "due_back": request.due_back.isoformat() if request.due_back else None,
        "returned_on": request.returned_on.isoformat() if request.returned_on else None,
        "refusal": request.refusal or None,
    }
