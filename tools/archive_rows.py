"""A whole archive for measurements: case files with contracts, events, deadlines, periods, holds, loans and what was destroyed.

Of a hundred files six are due, ten were destroyed, six are not archived yet, the others are kept; one in seven is a credit file.
Numbers are as the archive itself gives them: the number check finds no fault.
"""

import random
from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from retention.appraisal import Outcome, Review, destroy
from retention.number_templates import DEFAULTS, Levels, number, prefix
from retention.numbers import contract_number, contract_prefix
from retention.schedule import default_schedule, due_on, years_of
from retention.schedule_text import rows_of
from retention.transfer import handler_deadline
from retention.why import because
from service.access import people
from service.access.papers import KINDS, PaperGiven
from service.access.policy import Actor
from service.flow.archive.review_sight import summary_of
from service.house import House
from service.records import tables
from tools.bench_credit import analyze
from tools.bulk import put

OWNER = Actor("cli:bench", owner=True)
GROUP, APPROVER, SUPERVISORS = ("first", "second", "third"), "chief", ("fourth", "fifth")
VERSION = "bench"
_PIECE = 20_000
_OLD_REVIEW = 10_000
_TIERS = ("internal",) * 90 + ("secret",) * 9 + ("core",)
_CATEGORIES = {"contract": ("HT", "contract"), "credit": ("XY", "credit")}


def staff(house: House, departments: int = 20) -> dict[str, Actor]:
    """Make departments with a handler and a head each, and those who work for all of them; returns them by login."""
    papers = [PaperGiven(kind, date(2020, 1, 1), None, "人事档案") for kind in KINDS]
    found: dict[str, Actor] = {}

    def hire(login: str, role: str, where: str, clearance: str) -> None:
        secret = people.invite(house, OWNER, login, login, [role], where, clearance, papers)
        found[login] = people.actor_of_person(house, people.invited_person(house, secret))

    for n in range(departments):
        department = people.create_department(house, OWNER, f"D{n:02}", f"部门{n:02}")
        hire(f"handler{n:02}", "handler", department.id, "internal")
        hire(f"head{n:02}", "department_head", department.id, "internal")
    for login in (*GROUP, APPROVER, *SUPERVISORS):
        hire(login, "department_head", department.id, "core")
    for login, role in (("archivist", "archivist"), ("administrator", "credit_administrator"), ("auditor", "auditor")):
        hire(login, role, department.id, "core")
    hire("clerk", "archivist", department.id, "internal")
    return found


@dataclass
class _Made:
    """What was given out while files are made."""

    rng: random.Random
    today: date
    why: str
    template: str
    contract_template: str
    departments: list[tuple[str, str, str]]  # id, code, fonds
    handlers: list[str]
    serials: Tally[str] = field(default_factory=Tally)
    destroyed: list[tuple[str, date]] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)

    def key(self) -> str:
        """Return a fresh identifier, the same in every run."""
        h = f"{self.rng.getrandbits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def day(self, first: int, last: int) -> date:
        """Return a day of these years."""
        return date(self.rng.randint(first, last), self.rng.randint(1, 12), self.rng.randint(1, 28))


Rows = dict[Any, list[dict[str, Any]]]


def fill(house: House, actors: dict[str, Actor], files: int, seed: int = 1) -> None:
    """Put the files and all that belongs to them into an archive that has `staff`."""
    rng, today = random.Random(seed), house.clock.today()
    with house.database.read() as session:
        found = session.query(tables.Department).order_by(tables.Department.code).all()
        departments = [(d.id, d.code, d.fonds) for d in found]
    handlers = [actors[f"handler{n:02}"].person_id or "" for n in range(len(departments))]
    why = handler_deadline("signed", today, house.calendar, house.settings.roll_over).why.to_json()
    template = DEFAULTS[house.settings.archive_by]
    made = _Made(rng, today, why, template, house.settings.contract_template, departments, handlers)
    schedule = default_schedule(house.settings.major_amount, house.settings.minor_amount)
    version = {"version": VERSION, "state": "active", "rules": rows_of(schedule), "edited_by": "cli:bench"}
    put(house, {_table(tables.ScheduleVersion): [version | {"edited_at": datetime(2026, 1, 1, tzinfo=UTC)}]})
    for first in range(0, files, _PIECE):
        rows: Rows = {table: [] for table in (*_PARTS, tables.HoldFile)}
        for n in range(first, min(first + _PIECE, files)):
            _file(made, rows, n)
        rows.pop(tables.HoldFile)
        put(house, {_table(table): some for table, some in rows.items()})
    _old_reviews(house, made)
    _holds(house, made)
    counters = [{"prefix": p, "value": value} for p, value in made.serials.items()]
    put(house, {_table(tables.Counter): counters})
    analyze(house)


_PARTS = (
    *(tables.Contract, tables.CaseFile, tables.ContractEvent, tables.Transfer, tables.Document),
    tables.AccessRequest,
)


def _table(model: Any) -> Any:
    return model.__table__


def _file(made: _Made, rows: Rows, n: int) -> None:
    rng, lot = made.rng, n % 100
    kind = "credit" if n % 7 == 0 else "contract"
    at = rng.randrange(len(made.departments))
    department_id, code, fonds = made.departments[at]
    closed, retention = _life(made, lot)
    signed = closed - timedelta(rng.randrange(200, 900)) if closed else _begun(made, n)
    created = datetime(signed.year, signed.month, signed.day, n % 24, n % 60, n % 59, n % 1_000_000, tzinfo=UTC)
    state = "open" if closed is None else "destroyed" if 6 <= lot < 16 else "archived"
    file_id = made.key()
    file: dict[str, Any] = {
        "id": file_id,
        "kind": kind,
        "title": f"{code} 设备采购与服务合同 第 {n} 号",
        "department_id": department_id,
        "state": state,
        "tier": rng.choice(_TIERS),
        "schedule": VERSION,
        "created_at": created,
        **dict.fromkeys(("contract_id", "archive_number", "archived_on", "closed_on", "retention", "due_on")),
        "retention_why": "",
    }
    if kind == "contract":
        ended = "performed" if closed else "performing"
        file["contract_id"] = _contract(made, rows, at, n, signed, closed, ended)
        _transfers(made, rows, file, at, signed, open_=closed is None)
    if closed is not None:
        file |= _archived(made, (fonds, code, kind), closed, retention)
    rows[tables.CaseFile].append(file)
    if state == "destroyed":
        made.destroyed.append((file_id, file["due_on"]))
    elif n % 4 == 1:
        rows[tables.Document].append(_document(made, file_id, n, created))
    if state == "archived" and n % 200 in (3, 40):
        made.holds.append(file_id)
    if state == "archived" and n % 50 == 25:
        rows[tables.AccessRequest].append(_loan(made, file_id, n))


def _life(made: _Made, lot: int) -> tuple[date | None, str]:
    """Return when what a file is about ended, None while it runs, and how long it is kept."""
    if lot < 6:
        return made.day(2013, 2015), "D10"
    if lot < 16:
        return made.day(2003, 2012), "D10"
    if lot < 22:
        return None, ""
    retention = ("D10", "D30", "D30", "D30", "Y")[lot % 5]
    return made.day(2016, 2024) if retention == "D10" else made.day(1998, 2024), retention


def _begun(made: _Made, n: int) -> date:
    """Return when a running contract was signed: of ten one some time ago, so that what follows is late."""
    return made.today - timedelta(made.rng.randrange(40, 500) if n % 10 == 0 else made.rng.randrange(1, 31))


def _contract(
    made: _Made, rows: Rows, at: int, n: int, signed: date, closed: date | None, status: str
) -> str:  # fmt: skip
    department_id, code, _fonds = made.departments[at]
    counted = contract_prefix(made.contract_template, code, signed.year)
    made.serials[counted] += 1
    contract_id, serial = made.key(), made.serials[counted]
    moment = datetime(signed.year, signed.month, signed.day, tzinfo=UTC)
    rows[tables.Contract].append(
        {
            "id": contract_id,
            "number": contract_number(made.contract_template, code, signed.year, serial),
            "department_id": department_id,
            "year": signed.year,
            "serial": serial,
            "title": f"设备采购与服务 第 {n} 号",
            "counterparty": f"乙方 {n % 50_000:05} 有限公司",
            "amount": made.rng.randrange(1_000, 90_000_000),
            "signed_on": signed,
            "handler_id": made.handlers[at],
            "status": status,
            "ended_on": closed,
            "created_at": moment,
        }
    )
    event = {"contract_id": contract_id, "recorded_by": "system", "recorded_at": moment}
    rows[tables.ContractEvent].append(event | {"id": made.key(), "kind": "signed", "finished_on": signed})
    if closed is not None:
        rows[tables.ContractEvent].append(event | {"id": made.key(), "kind": "performed", "finished_on": closed})
    elif n % 5 == 0:
        rows[tables.ContractEvent].append(event | {"id": made.key(), "kind": "amended", "finished_on": signed})
    return contract_id


def _transfers(made: _Made, rows: Rows, file: dict[str, Any], at: int, signed: date, *, open_: bool) -> None:
    one: dict[str, Any] = {name: file[name] for name in ("department_id", "tier")}
    one |= {"case_file_id": file["id"], "event_kind": "signed", "event_on": signed, "why": made.why}
    one |= {"state": "pending", "responsible_id": None}
    one |= dict.fromkeys(("handed_over_by", "handed_over_on", "decided_by", "decided_on"))
    due = signed + timedelta(30)
    handler = {**one, "id": made.key(), "stage": "handler", "nominal_on": due, "due_on": due}
    handler |= {"responsible_id": made.handlers[at], "tell_on": signed if open_ else None}
    given = {"handed_over_by": "person:someone", "handed_over_on": due - timedelta(3)}
    stands = made.rng.random()
    if open_ and stands < 0.85:
        handler |= given | {"state": "handed_over"} if stands > 0.7 else {}
        rows[tables.Transfer].append(handler)
        return
    taken = {"decided_by": "person:administrator", "decided_on": due - timedelta(1), "state": "accepted"}
    rows[tables.Transfer].append(handler | given | taken | {"tell_on": None})
    second = due + timedelta(29)
    archive = {**one, "id": made.key(), "stage": "archive", "nominal_on": second, "due_on": second}
    done = given | taken if not open_ else given | {"state": "handed_over"}
    rows[tables.Transfer].append(archive | done | {"tell_on": due if open_ else None})


def _archived(made: _Made, where: tuple[str, str, str], closed: date, retention: str) -> dict[str, Any]:
    fonds, code, kind = where
    levels = Levels(fonds, _CATEGORIES[kind][0], closed.year, retention, code)
    counted = prefix(made.template, levels)
    made.serials[counted] += 1
    return {
        "archive_number": number(made.template, levels, made.serials[counted]),
        "archived_on": closed + timedelta(60),
        "closed_on": closed,
        "retention": retention,
        "retention_why": because("permanent").to_json() if retention == "Y" else "",
        "due_on": due_on(closed, retention) if years_of(retention) else None,
    }


def _document(made: _Made, file_id: str, n: int, at: datetime) -> dict[str, Any]:
    return {
        "id": made.key(),
        "sha256": f"{made.rng.getrandbits(256):064x}",
        "filename": f"{n}.pdf",
        "media_type": "application/pdf",
        "size": 200_000,
        "pages": 1 + n % 9,
        "status": "stored",
        "indexed": True,
        "preservation": "kept",
        "category": "1.9",
        "case_file_id": file_id,
        "received_by": "system",
        "received_at": at,
    }


def _loan(made: _Made, file_id: str, n: int) -> dict[str, Any]:
    """Return a loan: of ten one is out, of a hundred one long overdue."""
    out = n % 500 == 25
    lent = made.today - timedelta(90 if n % 5000 == 25 else 5) if out else made.day(2018, 2025)
    return {
        "id": made.key(),
        "case_file_id": file_id,
        "reader_id": made.handlers[n % len(made.handlers)],
        "purpose": "核对",
        "state": "lent" if out else "returned",
        "asked_on": lent,
        "lent_on": lent,
        "due_back": lent + timedelta(14),
        "returned_on": None if out else lent + timedelta(10),
    }


def _old_reviews(house: House, made: _Made) -> None:
    """The reviews by which files were destroyed, with their stubs."""
    destroyed = sorted(made.destroyed, key=lambda pair: (pair[1], pair[0]))
    for first in range(0, len(destroyed), _OLD_REVIEW):
        some = destroyed[first : first + _OLD_REVIEW]
        begun = some[-1][1] + timedelta(30)
        review = _carried_out(f"{begun.year}-{first // _OLD_REVIEW + 60}", [file_id for file_id, _due in some], begun)
        review_id = made.key()
        record: dict[str, Any] = {
            "id": review_id,
            "number": review.number,
            "state": review.state,
            "proposed_by": review.proposer,
        }
        record |= {"created_on": begun, "data": review.to_dict(), "summary": summary_of(review), "version": 1}
        at = datetime(begun.year, begun.month, begun.day, tzinfo=UTC) + timedelta(14)
        rows = [{"review_id": review_id, "case_file_id": file_id, "outcome": "destroyed"} for file_id, _ in some]
        stubs = [
            _stub(review_id, file_id, n, at + timedelta(seconds=n)) for n, (file_id, _due) in enumerate(some, first)
        ]
        models = {tables.ReviewRecord: [record], tables.ReviewFile: rows, tables.Stub: stubs}
        put(house, {_table(model): given for model, given in models.items()})


def _carried_out(name: str, files: Sequence[str], begun: date) -> Review:
    people_of = {login: f"person:{login}" for login in ("archivist", *GROUP, APPROVER, *SUPERVISORS)}
    group, supervisors = [people_of[login] for login in GROUP], [people_of[login] for login in SUPERVISORS]
    review = Review.propose(name, people_of["archivist"], files, begun)
    review.open(group, begun)
    review.appoint(people_of[APPROVER], supervisors, begun)
    said = destroy("期满，无争议")
    review.opinions = {file_id: dict.fromkeys(group, said) for file_id in files}
    review.decide(group[0], begun)
    review.approve(people_of[APPROVER], begun)
    last = begun + timedelta(14)
    for person in supervisors:
        review.confirm_before(person, last)
    review.begin(people_of["archivist"], last)
    review.finish(people_of["archivist"], dict.fromkeys(files, Outcome("destroyed")), last)
    for person in supervisors:
        review.confirm_after(person, last)
    review.certify("system", last)
    return review


def _stub(review_id: str, file_id: str, n: int, at: datetime) -> dict[str, Any]:
    name = f"旧案卷 {n}"
    row = {"serial": 1, "title": name, "year": 2010, "archive_number": f"D-{n}", "retention": "10 年"}
    row |= {"kept": "11 年", "pages": 9, "remark": "期满"}
    proof = {"objects_left": 0, "keys_left": 0, "index_entries": 0, "columns_left": 0, "ok": True}
    return {
        "case_file_id": file_id,
        "review_id": review_id,
        "archive_number": f"D-{n}",
        "title": name,
        "register_row": row,
        "documents": {"documents": []},
        "proof": proof,
        "destroyed_at": at,
    }


def _holds(house: House, made: _Made) -> None:
    """Fifty matters, each over its share of the files that are held."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    holds: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    for n in range(min(50, len(made.holds))):
        hold_id = made.key()
        holds.append({"id": hold_id, "matter": f"（2026）{n} 号", "reason": "诉讼", "placed_by": "person:clerk"})
        holds[-1]["placed_at"] = now
        files += [{"hold_id": hold_id, "case_file_id": file_id} for file_id in made.holds[n::50]]
    put(house, {_table(tables.Hold): holds, _table(tables.HoldFile): files})
