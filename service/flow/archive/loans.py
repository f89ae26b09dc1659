"""Loans: access requests for case files (RULES B6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from retention import lending as rules
from service.access.policy import Actor
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive.grants import close_for_loan, is_electronic, open_for_loan
from service.flow.archive.incidents import MAX_TEXT, demand_not_lost, open_incident
from service.flow.common.facts import demand_staying
from service.flow.common.former import formerly
from service.flow.common.guard import allowed, listing, load_file, lock_file, reach_of_file, require
from service.flow.common.index import index_soon
from service.flow.common.sight import visible_files
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import AccessRequest, CaseFile, Contract, Grant
from service.typed import day_of

OPEN = ("asked", "lent")
_MOST = 500


def ask(house: House, actor: Actor, case_file_id: str, purpose: str) -> AccessRequest:
    """Ask to read a file: reader, customer (the file's), purpose. Raises BadInput, NotFound, RuleRefused.

    case_file_id: of a file in sight; of any file its archive number or its contract's number, which stand on papers and in lists: that
    somebody asks for a file they may not read is what access requests are for, and asking opens nothing.
    """
    purpose = purpose.strip()
    if not purpose or len(purpose) > 500:
        raise BadInput("purpose: is needed, at most 500 characters", {"purpose": "is needed, at most 500 characters"})
    if actor.person_id is None:
        raise NotAllowed("loan.ask: only a person with an account can borrow a file")
    with house.database.write() as session:
        require(actor, "loan.ask")
        file = _named(session, case_file_id.strip()) or load_file(session, actor, case_file_id)
        lock_file(session, file)
        if file.state == "destroyed":
            raise RuleRefused("the file was destroyed; only its stub remains")
        demand_staying(file)
        request = AccessRequest(
            case_file_id=file.id, reader_id=actor.person_id, purpose=purpose, asked_on=house.clock.today()
        )
        session.add(request)
        session.flush()
        audit.append(session, actor.name, "loan.ask", f"file:{file.id}", {"request": request.id})
        session.refresh(request)
        return request


def _named(session: Session, number: str) -> CaseFile | None:
    query = select(CaseFile).outerjoin(Contract, Contract.id == CaseFile.contract_id)
    found = or_(CaseFile.archive_number == number, Contract.number == number)
    return session.scalar(query.where(found).limit(1)) or session.scalar(
        select(CaseFile).where(CaseFile.id.in_(formerly(number, whole=True))).order_by(CaseFile.id).limit(1)
    )


def _load(session: Session, actor: Actor, request_id: str) -> AccessRequest:
    request = session.get(AccessRequest, request_id, with_for_update={"of": AccessRequest})
    mine = request is not None and request.reader_id == actor.person_id
    if request is None or not (mine or allowed(actor, "loan.decide", reach_of_file(request.case_file))):
        require(actor, "loan.decide")
        raise NotFound(f"there is no access request {request_id}")
    return request


def decide_loan(
    house: House,
    actor: Actor,
    request_id: str,
    *,
    grant: bool,
    due_back: str = "",
    reason: str = "",
    electronic: bool = False,
) -> None:
    """Lend until `due_back`, or refuse with a reason. Nobody decides on their own request.

    electronic: the file is opened to the reader for that time, every page with a watermark, and closes by itself; else its paper is
    handed out. Raises BadInput, TransitionRefused, RuleRefused.
    """
    today, ids = house.clock.today(), list[str]()
    back: date | None = None
    if grant:
        try:
            back = day_of(due_back)
        except ValueError:
            raise BadInput("due_back: a date YYYY-MM-DD", {"due_back": "a date YYYY-MM-DD"}) from None
    elif not reason.strip():
        raise BadInput("reason: say why it is refused", {"reason": "say why it is refused"})
    with house.database.write() as session:
        row = _load(session, actor, request_id)
        require(actor, "loan.decide", reach_of_file(row.case_file))
        lock_file(session, row.case_file)
        if row.case_file.state == "destroyed":
            raise RuleRefused("the file was destroyed; only its stub remains")
        rule = _as_rule(row)
        if back is not None:
            demand_staying(row.case_file)
            if not electronic:
                demand_not_lost(session, row.case_file)
            step = rule.grant(actor.name, today).lend(today, back)
            if electronic:
                ids = open_for_loan(house, session, actor, row, back)
        else:
            step = rule.refuse(actor.name, reason.strip()[:500], today)
        _store(row, step)
        detail = {"request": request_id, "state": row.state} | ({"electronic": True} if back and electronic else {})
        audit.append(session, actor.name, "loan.decide", f"file:{row.case_file_id}", detail)
    index_soon(house, ids)


def give_back(house: House, actor: Actor, request_id: str, found: str, note: str = "") -> str | None:
    """Record that the file came back, and what the check found: whole, or damaged or lost with a note of what.

    What was lent in electronic form is closed to its reader; of it nothing is damaged or lost. Returns the number of the incident that
    what is not whole opens. Raises TransitionRefused: a return before the loan, no note.
    """
    if len(note) > MAX_TEXT:
        raise BadInput(f"note: at most {MAX_TEXT} characters", {"note": f"at most {MAX_TEXT} characters"})
    with house.database.write() as session:
        row = _load(session, actor, request_id)
        require(actor, "loan.decide", reach_of_file(row.case_file))
        today = house.clock.today()
        _store(row, _as_rule(row).give_back(today, found, note))
        if found != "whole" and session.get(Grant, row.id) is not None:
            raise RuleRefused("the file was lent in electronic form; nothing of it is damaged or lost")
        close_for_loan(house, session, actor.name, row)
        detail = {"request": request_id, "found": found, "note": row.return_note}
        audit.append(session, actor.name, "loan.return", f"file:{row.case_file_id}", detail)
        if found == "whole":
            return None
        said = row.return_note
        return open_incident(house, session, actor.name, row.case_file_id, found, today, said, row.id).number


def end_electronic(house: House) -> int:
    """Note the end of loans in electronic form whose last day has passed; returns how many. Can be run at any time and twice.

    Reading ended with the day itself, whenever this is noted.
    """
    today, done = house.clock.today(), 0
    late = select(AccessRequest).where(AccessRequest.state == "lent", AccessRequest.due_back < today, is_electronic())
    while True:
        with house.database.write() as session:
            rows = list(session.scalars(late.order_by(AccessRequest.id).limit(_MOST).with_for_update(of=AccessRequest)))
            for row in rows:
                _store(row, _as_rule(row).lapse(today))
                detail = {"request": row.id, "found": "lapsed"}
                audit.append(session, SYSTEM.name, "loan.return", f"file:{row.case_file_id}", detail)
        done += len(rows)
        if len(rows) < _MOST:
            return done


@dataclass(frozen=True)
class Shown:
    """Of some requests, by id: which are lent in electronic form, and of which the actor may read the file's name."""

    electronic: frozenset[str]
    named: frozenset[str]


def shown(house: House, actor: Actor, rows: Sequence[AccessRequest]) -> Shown:
    """Return what a list says of requests beside what they are; part of a page that is noted itself."""
    with house.database.read() as session:
        electronic = frozenset(session.scalars(select(Grant.id).where(Grant.id.in_([row.id for row in rows]))))
    named = frozenset(row.id for row in rows if allowed(actor, "file.read", reach_of_file(row.case_file)))
    return Shown(electronic, named)


def _as_rule(row: AccessRequest) -> rules.AccessRequest:
    customer = row.case_file.customer
    return rules.AccessRequest(
        reader=f"person:{row.reader.login}",
        customer=customer.name if customer else row.case_file.title,
        purpose=row.purpose,
        asked_on=row.asked_on,
        state=row.state,  # type: ignore[arg-type]  # the column holds only what the rules wrote
        decided_by=row.decided_by,
        refusal=row.refusal,
        lent_on=row.lent_on,
        due_back=row.due_back,
        returned_on=row.returned_on,
        returned_as=row.returned_as,
        return_note=row.return_note or "",
    )


def _store(row: AccessRequest, step: rules.AccessRequest) -> None:
    row.state, row.decided_by, row.refusal = step.state, step.decided_by, step.refusal
    row.lent_on, row.due_back, row.returned_on = step.lent_on, step.due_back, step.returned_on
    row.returned_as, row.return_note = step.returned_as, step.return_note


def loans_in_sight(actor: Actor) -> ColumnElement[bool]:
    """Whether a request exists for the actor: their own, and those for files they may read where they decide."""
    own: ColumnElement[bool] = AccessRequest.reader_id == actor.person_id
    if not allowed(actor, "loan.decide"):
        return own
    # Correlated, so that the files of these requests are looked at and not a million others.
    file = visible_files(actor).with_only_columns(CaseFile.id).where(CaseFile.id == AccessRequest.case_file_id)
    return or_(own, file.correlate(AccessRequest).exists())


def list_loans(house: House, actor: Actor, *, only_open: bool = False, most: int = _MOST) -> list[AccessRequest]:
    """Return the requests the actor may see, their own, and all for whoever decides: open ones first, those due first before the others.

    Of what is done, the latest. Raises NotAllowed.
    """
    require(actor, "loan.read")
    newest = (AccessRequest.asked_on.desc(), AccessRequest.id.desc())
    due = func.coalesce(AccessRequest.due_back, AccessRequest.asked_on)
    query = select(AccessRequest.id).where(loans_in_sight(actor))
    open_ = query.where(AccessRequest.state.in_(OPEN)).order_by(due, AccessRequest.id)
    done = query.where(AccessRequest.state.not_in(OPEN)).order_by(*newest)
    with listing(house, actor, "loan") as session:
        ids = list(session.scalars(open_.limit(most)))
        if not only_open:
            ids += session.scalars(done.limit(most - len(ids)))
        found = session.scalars(select(AccessRequest).where(AccessRequest.id.in_(ids)).order_by(*newest))
        return sorted(found, key=lambda r: (r.state not in OPEN, r.due_back or r.asked_on))


def as_json(request: AccessRequest, *, electronic: bool = False) -> dict[str, Any]:
    """Return a request as plain JSON values. It never says what the file is called."""
    return {
        "id": request.id,
        "file_id": request.case_file_id,
        "reader": request.reader.login,
        "purpose": request.purpose,
        "electronic": electronic,
        "state": request.state,
        "asked_on": request.asked_on.isoformat(),
        "lent_on": request.lent_on.isoformat() if request.lent_on else None,
        "due_back": request.due_back.isoformat() if request.due_back else None,
        "returned_on": request.returned_on.isoformat() if request.returned_on else None,
        "returned_as": request.returned_as,
        "return_note": request.return_note or None,
        "refusal": request.refusal or None,
    }
