"""How files are used (RULES B6): asked, lent, refused, returned late, still out, by department and by reader; and the out card."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.ledger import typed_date
from service.flow.common.guard import allowed, listing, reach_of_file, require
from service.flow.common.sight import visible_files
from service.house import House
from service.records import audit
from service.records.tables import AccessRequest, CaseFile, Department, FilePlace, Grant, Incident, Person

FIGURES = ("asked", "refused", "lent", "returned", "late", "out", "overdue", "days")


@dataclass(frozen=True)
class Loan:
    """What is counted of one request. department, reader, file: as they are called."""

    department: str
    reader: str
    file: str
    state: str
    asked_on: date
    lent_on: date | None
    due_back: date | None
    returned_on: date | None


@dataclass(frozen=True)
class Line:
    """The figures of one department, reader or file. days: how long a loan that came back lasted on average, one place."""

    name: str
    asked: int
    refused: int
    lent: int
    returned: int
    late: int
    out: int
    overdue: int
    days: float


def line_of(name: str, loans: Iterable[Loan], today: date) -> Line:
    """Return the figures of some requests. late: came back after their day; overdue: out and past it; the day itself is in time."""
    mine = list(loans)
    lent = [one for one in mine if one.lent_on is not None]
    back = [one for one in lent if one.returned_on is not None]
    out = [one for one in lent if one.returned_on is None]
    spans = [(one.returned_on - one.lent_on).days for one in back if one.returned_on and one.lent_on]
    return Line(
        name=name,
        asked=len(mine),
        refused=sum(one.state == "refused" for one in mine),
        lent=len(lent),
        returned=len(back),
        late=sum(bool(one.due_back and one.returned_on and one.returned_on > one.due_back) for one in back),
        out=len(out),
        overdue=sum(bool(one.due_back and one.due_back < today) for one in out),
        days=round(sum(spans) / len(spans), 1) if spans else 0.0,
    )


@dataclass(frozen=True)
class Use:
    """How files were used between two days of asking. files: the most asked for; incidents: by kind."""

    first: date
    last: date
    whole: Line
    departments: tuple[Line, ...]
    readers: tuple[Line, ...]
    files: tuple[Line, ...]
    incidents: dict[str, int]


def use(house: House, actor: Actor, first: str = "", last: str = "") -> Use:
    """Return how the files the actor may see were used; this year where no days are given. Raises BadInput, NotAllowed."""
    require(actor, "incident.read")
    today = house.clock.today()
    wrong: dict[str, str] = {}
    since = typed_date(wrong, "first", first) or date(today.year, 1, 1)
    until = typed_date(wrong, "last", last) or today
    if until < since:
        wrong["last"] = "lies before the first day"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with listing(house, actor, "loan") as session:
        query = (
            visible_files(actor)
            .join(AccessRequest, AccessRequest.case_file_id == CaseFile.id)
            .join(Department, Department.id == CaseFile.department_id)
            .join(Person, Person.id == AccessRequest.reader_id)
            .where(AccessRequest.asked_on >= since, AccessRequest.asked_on <= until)
            .with_only_columns(
                *(Department.code, Department.name, Person.name, CaseFile.archive_number, CaseFile.title),
                *(AccessRequest.state, AccessRequest.asked_on, AccessRequest.lent_on, AccessRequest.due_back),
                AccessRequest.returned_on,
            )
        )
        loans = [
            Loan(f"{code} {name}", reader, number or title, *rest)
            for code, name, reader, number, title, *rest in session.execute(query)
        ]
        happened = (
            visible_files(actor)
            .join(Incident, Incident.case_file_id == CaseFile.id)
            .where(Incident.happened_on >= since, Incident.happened_on <= until)
            .with_only_columns(Incident.kind)
        )
        kinds = list(session.scalars(happened))
    return Use(
        since,
        until,
        line_of("", loans, today),
        _grouped(loans, "department", today),
        _grouped(loans, "reader", today)[:20],
        _grouped(loans, "file", today)[:20],
        {kind: kinds.count(kind) for kind in sorted(set(kinds))},
    )


def _grouped(loans: list[Loan], by: str, today: date) -> tuple[Line, ...]:
    groups: dict[str, list[Loan]] = defaultdict(list)
    for one in loans:
        groups[getattr(one, by)].append(one)
    lines = [line_of(name, mine, today) for name, mine in groups.items()]
    return tuple(sorted(lines, key=lambda line: (-line.asked, line.name)))


def use_as_json(found: Use) -> dict[str, Any]:
    """Return the figures as plain JSON values."""
    return {
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "whole": vars(found.whole),
        "departments": [vars(line) for line in found.departments],
        "readers": [vars(line) for line in found.readers],
        "files": [vars(line) for line in found.files],
        "incidents": found.incidents,
    }


def out_card(house: House, actor: Actor, request_id: str) -> dict[str, str]:
    """Return what stands on the card that lies on the shelf in the file's place, and note the print.

    Raises NotFound, NotAllowed, RuleRefused (it is not lent).
    """
    with house.database.write() as session:
        loan = session.get(AccessRequest, request_id)
        if loan is None or not allowed(actor, "loan.decide", reach_of_file(loan.case_file)):
            require(actor, "loan.decide")
            raise NotFound(f"there is no access request {request_id}")
        file = loan.case_file
        if loan.state != "lent":
            raise RuleRefused("the file is not lent; an out card is for what is lent")
        if session.get(Grant, loan.id) is not None:
            raise RuleRefused("the file is lent in electronic form; an out card stands for paper")
        place = session.get(FilePlace, file.id)
        decided = session.scalar(select(Person.name).where("person:" + Person.login == loan.decided_by))
        audit.append(session, actor.name, "loan.print", f"file:{file.id}", {"request": request_id})
        return {
            "number": file.archive_number or (file.contract.number if file.contract else file.id),
            "title": file.title,
            "place": f"{place.room} {place.shelf} {place.box}" if place else "",
            "reader": loan.reader.name,
            "department": loan.reader.department.name if loan.reader.department else "",
            "purpose": loan.purpose,
            "lent_on": str(loan.lent_on),
            "due_back": str(loan.due_back),
            "lent_by": decided or (loan.decided_by or ""),
        }
