"""Incidents with files (RULES B6): reported, examined with the persons responsible, closed with an outcome by another person.

A loan that is thirty days overdue becomes one by itself.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from retention import incidents as rules
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.grants import is_electronic
from service.flow.archive.ledger import typed_date
from service.flow.common.guard import allowed, listing, load_file, reach_of_file, require
from service.flow.common.sight import visible_files
from service.house import SYSTEM, House
from service.records import audit
from service.records.counters import next_serial
from service.records.tables import AccessRequest, CaseFile, Incident

MAX_TEXT, MAX_PEOPLE = 2000, 20
_AT_ONCE = 500


def _texts(**given: str) -> dict[str, str]:
    """Return the texts, stripped; all are needed. Raises BadInput, all that is wrong at once."""
    why = f"is needed, at most {MAX_TEXT} characters"
    wrong = {name: why for name, text in given.items() if not text.strip() or len(text) > MAX_TEXT}
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name in wrong), wrong)
    return {name: text.strip() for name, text in given.items()}


def report(
    house: House, actor: Actor, case_file_id: str, kind: str, happened_on: str, description: str, request_id: str = ""
) -> Incident:
    """Report an incident with a file. request_id: the loan it happened in. Raises BadInput, NotFound, NotAllowed, RuleRefused."""
    wrong: dict[str, str] = {}
    day = typed_date(wrong, "happened_on", happened_on)
    if kind not in rules.KINDS:
        wrong["kind"] = f"one of {', '.join(rules.KINDS)}"
    if day is None or day > house.clock.today():
        wrong.setdefault("happened_on", "a date YYYY-MM-DD, not in the future")
    if wrong or day is None:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    text = _texts(description=description)["description"]
    with house.database.write() as session:
        load_file(session, actor, case_file_id, "incident.report")
        if request_id:
            loan = session.get(AccessRequest, request_id)
            if loan is None or loan.case_file_id != case_file_id:
                raise BadInput("request_id: is no loan of this file", {"request_id": "is no loan of this file"})
        return open_incident(house, session, actor.name, case_file_id, kind, day, text, request_id or None)


def open_incident(
    house: House,
    session: Session,
    name: str,
    case_file_id: str,
    kind: str,
    day: Any,
    description: str,
    request_id: str | None,
) -> Incident:
    """Write an incident down within `session`, with its entry of the trail; kind, day and description are checked already."""
    year = house.clock.today().year
    row = Incident(
        number=f"SG-{year}-{next_serial(session, f'SG-{year}'):03}",
        kind=kind,
        case_file_id=case_file_id,
        request_id=request_id,
        state="open",
        happened_on=day,
        description=description,
        responsible=[],
        reported_by=name,
        reported_at=house.clock.now(),
    )
    session.add(row)
    session.flush()
    detail = {"incident": row.number, "kind": kind, "request": request_id}
    audit.append(session, name, "incident.report", f"file:{case_file_id}", detail)
    return row


def _load(session: Session, actor: Actor, incident_id: str, action: str) -> tuple[Incident, CaseFile]:
    row = session.get(Incident, incident_id, with_for_update=True)
    file = session.get(CaseFile, row.case_file_id) if row is not None else None
    if row is None or file is None or not allowed(actor, "file.read", reach_of_file(file)):
        require(actor, action)
        raise NotFound(f"there is no incident {incident_id}")
    require(actor, action, reach_of_file(file))
    return row, file


def examine(
    house: House, actor: Actor, incident_id: str, responsible: Sequence[tuple[str, str]], findings: str, measures: str
) -> None:
    """Record who is responsible (name and part), what was found, what is done about it; may be done anew before the end.

    Raises BadInput, NotFound, NotAllowed, TransitionRefused (closed).
    """
    people = [(name.strip(), part.strip()) for name, part in responsible if name.strip() or part.strip()]
    if not 0 < len(people) <= MAX_PEOPLE or any(
        not name or not part or len(name) > 120 or len(part) > 200 for name, part in people
    ):
        why = f"1 to {MAX_PEOPLE} people, each with the part they had"
        raise BadInput(f"responsible: {why}", {"responsible": why})
    texts = _texts(findings=findings, measures=measures)
    with house.database.write() as session:
        row, _file = _load(session, actor, incident_id, "incident.work")
        rules.demand_examinable(row.state)
        row.state, row.examined_by, row.examined_at = "examined", actor.name, house.clock.now()
        row.responsible = [{"name": name, "part": part} for name, part in people]
        row.findings, row.measures = texts["findings"], texts["measures"]
        detail = {"incident": row.number, "responsible": [name for name, _part in people]}
        audit.append(session, actor.name, "incident.examine", f"file:{row.case_file_id}", detail)


def close(house: House, actor: Actor, incident_id: str, outcome: str) -> None:
    """Close an incident with its outcome, as another person than who examined it. Raises BadInput, NotFound, NotAllowed, TransitionRefused."""
    text = _texts(outcome=outcome)["outcome"]
    with house.database.write() as session:
        row, _file = _load(session, actor, incident_id, "incident.work")
        loan = session.get(AccessRequest, row.request_id) if row.request_id else None
        out = row.kind == "overdue" and loan is not None and loan.state == "lent"
        rules.demand_closable(row.state, row.examined_by, actor.name, still_out=out)
        row.state, row.outcome = "closed", text
        row.closed_by, row.closed_at = actor.name, house.clock.now()
        audit.append(session, actor.name, "incident.close", f"file:{row.case_file_id}", {"incident": row.number})


def open_overdue(house: House) -> int:
    """Open an incident for every loan that is long overdue, once for each; returns how many. Can be run at any time and twice."""
    made = 0
    while (some := _open_some(house)) == _AT_ONCE:
        made += some
    return made + some


def _open_some(house: House) -> int:
    """Open them for some loans, in one transaction: killed in between, the next run goes on with the others."""
    today = house.clock.today()
    line = today - timedelta(days=house.settings.overdue_loan_days)
    with house.database.write() as session:
        known = select(Incident.id).where(Incident.request_id == AccessRequest.id, Incident.kind == "overdue")
        query = select(AccessRequest).where(
            AccessRequest.state == "lent", AccessRequest.due_back < line, ~known.exists(), ~is_electronic()
        )
        some = query.order_by(AccessRequest.id).limit(_AT_ONCE).with_for_update(of=AccessRequest)
        late = list(session.scalars(some))
        for loan in late:
            days = (today - loan.due_back).days if loan.due_back else 0
            text = f"{loan.reader.name}借出 {loan.lent_on}，应还 {loan.due_back}，逾期 {days} 天未还"
            open_incident(house, session, SYSTEM.name, loan.case_file_id, "overdue", loan.due_back, text, loan.id)
        return len(late)


def _query(actor: Actor) -> Select[Any]:
    return visible_files(actor).join(Incident, Incident.case_file_id == CaseFile.id)


def incidents(
    house: House, actor: Actor, *, open_only: bool = False, limit: int = 50, offset: int = 0
) -> tuple[int, list[tuple[Incident, CaseFile]]]:
    """Return the number of incidents with files the actor may see, and one page of them, open ones first. Raises NotAllowed."""
    require(actor, "incident.read")
    query = _query(actor)
    if open_only:
        query = query.where(Incident.state != "closed")
    with listing(house, actor, "incident") as session:
        total = session.scalar(select(func.count()).select_from(query.with_only_columns(Incident.id).subquery())) or 0
        page = query.with_only_columns(Incident, CaseFile).order_by(
            Incident.state == "closed", Incident.reported_at.desc(), Incident.id
        )
        return total, [(row, file) for row, file in session.execute(page.limit(limit).offset(offset)).unique()]


def incident(house: House, actor: Actor, incident_id: str) -> tuple[Incident, CaseFile]:
    """Return one incident with its file, and note the reading. Raises NotFound, NotAllowed."""
    require(actor, "incident.read")
    with house.database.write() as session:
        row, file = _load(session, actor, incident_id, "incident.read")
        audit.append(session, actor.name, "incident.view", f"file:{row.case_file_id}", {"incident": row.number})
        return row, file


def demand_not_lost(session: Session, file: CaseFile) -> None:
    """Raise RuleRefused while the file is reported lost: what is lost is not lent."""
    lost = select(Incident.number).where(
        Incident.case_file_id == file.id, Incident.kind == "lost", Incident.state != "closed"
    )
    number = session.scalar(lost.limit(1))
    if number is not None:
        raise RuleRefused(f"the file is reported lost, incident {number}")


def as_json(row: Incident, file: CaseFile) -> dict[str, Any]:
    """Return an incident as plain JSON values."""
    return {
        "id": row.id,
        "number": row.number,
        "kind": row.kind,
        "state": row.state,
        "file_id": row.case_file_id,
        "archive_number": file.archive_number,
        "request_id": row.request_id,
        "happened_on": row.happened_on.isoformat(),
        "description": row.description,
        "responsible": row.responsible,
        "findings": row.findings or None,
        "measures": row.measures or None,
        "outcome": row.outcome or None,
        "reported_by": row.reported_by,
        "examined_by": row.examined_by,
        "closed_by": row.closed_by,
    }
