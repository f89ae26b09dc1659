"""Import of a ledger that was kept elsewhere (RULES B2): judged row by row without a change, then entered in one transaction or not at all.

A number of the form this archive gives is kept, and those of a department and year must follow one another without a gap: a
cancelled contract has its row, too. Any other number becomes a former one, and the contract gets a new one.
"""

import hashlib
from collections import Counter as Tally
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.contract_life import lacks_approval
from retention.errors import BadNumber
from retention.numbers import contract_prefix, parse_contract_number
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.archive.ledger import (
    ContractInput,
    against_handler,
    checked_code,
    read_entry,
    rule_of,
    typed_date,
)
from service.flow.archive.ledger_entering import enter_all
from service.flow.common.guard import require
from service.flow.common.ledger_sheet import Finding, SheetRow, read_ledger
from service.flow.common.sheet_import import JudgedSheet, demand_importable
from service.house import House
from service.records import audit
from service.records.counters import count_to, last_serial
from service.records.tables import (
    Counter,
    Department,
    FormerNumber,
    Person,
)

STATES = {
    "": "",
    **dict.fromkeys(("draft", "草拟", "未签"), "draft"),
    **dict.fromkeys(("approved", "已批准", "已审批"), "approved"),
    **dict.fromkeys(("signed", "已签订", "履行中", "在履行", "正常"), "signed"),
    **dict.fromkeys(("amended", "已变更"), "amended"),
    **dict.fromkeys(("performed", "履行完毕", "已履行", "已完成"), "performed"),
    **dict.fromkeys(("terminated", "已解除", "解除"), "terminated"),
    **dict.fromkeys(("cancelled", "已作废", "作废"), "cancelled"),
}
_ENDED = ("performed", "terminated")


@dataclass(frozen=True)
class Entry:
    """A row that can be entered. given: as for a contract; kept: (year, serial) of a number that stays, None for a new one."""

    line: int
    department: Department
    handler: Person
    values: dict[str, Any]
    code: str
    status: str
    ended_on: date | None
    approved_on: date | None
    kept: tuple[int, int] | None
    number: str
    former_archive: str


Judged: TypeAlias = JudgedSheet[Entry]


def check_import(house: House, actor: Actor, data: bytes) -> Judged:
    """Return what an import of this workbook would do, and change nothing. Raises BadInput (no such workbook), NotAllowed."""
    require(actor, "contract.import")
    rows = read_ledger(data)
    with house.database.read() as session:
        return _judge(house, session, rows, data, held=False)


def apply_import(house: House, actor: Actor, data: bytes) -> Judged:
    """Enter all rows of a workbook in one transaction. Raises BadInput naming every wrong row, RuleRefused (entered before), NotAllowed.

    Contracts whose file has a former archive number go to the archive room within a month (RULES B3): the import is their
    verification. The clocks of all others run from their own dates.
    """
    require(actor, "contract.import")
    rows = read_ledger(data)
    with house.database.write() as session:
        judged = _judge(house, session, rows, data, held=True)
        demand_importable(session, judged, "ledger.import")
        for (department_id, year), last in _last_kept(judged.entries).items():
            count_to(session, _prefix(house, session.get_one(Department, department_id), year), last)
        enter_all(house, session, actor, sorted(judged.entries, key=lambda e: (e.kept is None, e.line)))
        detail = {"rows": judged.rows, "sha256": judged.digest}
        audit.append(session, actor.name, "ledger.import", "ledger", detail)
        return judged


def _prefix(house: House, department: Department, year: int) -> str:
    return contract_prefix(house.settings.contract_template, department.code, year)


def _last_kept(entries: tuple[Entry, ...]) -> dict[tuple[str, int], int]:
    last: dict[tuple[str, int], int] = {}
    for entry in entries:
        if entry.kept:
            key = (entry.department.id, entry.kept[0])
            last[key] = max(last.get(key, 0), entry.kept[1])
    return last


@dataclass
class _Known:
    """What rows are held against: looked up once, not for each."""

    departments: dict[str, Department]
    people: dict[str, list[Person]]
    former: set[tuple[str, str]]
    today: date
    template: str
    kept: dict[tuple[str, int], list[tuple[int, int]]]  # by department and year: (serial, line), of wrong rows, too


def _judge(house: House, session: Session, rows: list[SheetRow], data: bytes, *, held: bool) -> Judged:
    departments = list(session.scalars(select(Department)))
    people: dict[str, list[Person]] = defaultdict(list)
    for person in session.scalars(select(Person)):
        people[person.login].append(person)
        people[person.name].append(person)
    by_word = {word: d for d in departments for word in (d.name, d.code)}
    former = {(f.kind, f.number) for f in session.scalars(select(FormerNumber))}
    known = _Known(by_word, people, former, house.clock.today(), house.settings.contract_template, defaultdict(list))
    findings: list[Finding] = []
    entries = [entry for row in rows if (entry := _entry(row, known, findings)) is not None]
    findings += _twice(rows)
    findings += _gaps(house, session, known, held=held)
    ordered = tuple(sorted(findings, key=lambda f: (f.line, f.field)))
    return Judged(len(rows), tuple(entries), ordered, hashlib.sha256(data).hexdigest())


def _entry(row: SheetRow, known: _Known, findings: list[Finding]) -> Entry | None:
    """Return a row as it can be entered; None, and what is wrong in `findings`, when it cannot."""
    wrong: dict[str, str] = {}
    value = row.values.get
    department = known.departments.get(value("department", ""))
    if department is None:
        wrong["department"] = "there is no department of this code or name"
    elif department.closed_at is not None:
        wrong["department"] = "the department is closed"
    handler = _handler(known, value("handler", ""), department, wrong)
    status = STATES.get(value("status", ""))
    if status is None:
        wrong["status"] = "draft, approved, signed, amended, performed, terminated or cancelled"
    status = status or ("signed" if value("signed_on") else "draft")
    given = ContractInput(
        department_id="",
        title=value("title", ""),
        counterparty=value("counterparty", ""),
        handler_id="",
        amount=value("amount", ""),
        currency=value("currency", "CNY"),
        signed_on=value("signed_on", ""),
        term_from=value("term_from", ""),
        term_until="" if value("term_until") in ("长期", "long-term") else value("term_until", ""),
        printed_number=value("printed_number", ""),
    )
    values = read_entry(given, known.today, wrong)
    ended_on = typed_date(wrong, "ended_on", value("ended_on", ""))
    _demand_dates(status, values["signed_on"], ended_on, known.today, wrong)
    approved_on = typed_date(wrong, "approved_on", value("approved_on", ""))
    if status == "approved" and approved_on is None:
        wrong.setdefault("approved_on", "is needed for a contract that is approved")
    status = "approved" if status == "draft" and approved_on else status
    _demand_approval(row, department, values["signed_on"], approved_on, known.today, wrong)
    code = ""
    try:
        code = checked_code(value("counterparty_code", ""))
    except BadInput as error:
        wrong.update(error.fields)
    number = value("number", "")
    kept = _kept(row.line, number, department, known, wrong)
    former = value("former_archive_number", "")
    if former and (("archive", former) in known.former or len(former) > 100):
        wrong["former_archive_number"] = "is another file's already, or longer than 100 characters"
    if wrong or department is None or handler is None:
        findings += [Finding(row.line, name, why) for name, why in wrong.items()]
        return None
    return Entry(row.line, department, handler, values, code, status, ended_on, approved_on, kept, number, former)


def _demand_approval(
    row: SheetRow,
    department: Department | None,
    signed: date | None,
    approved: date | None,
    today: date,
    wrong: dict[str, str],
) -> None:
    """Note what is wrong with the approval of a row: it is needed where the department demands it by the day of signing."""
    if approved is not None and approved > today:
        wrong.setdefault("approved_on", "lies in the future")
    elif approved is not None and signed is not None and approved > signed:
        wrong.setdefault("approved_on", "lies after the signing")
    elif signed is not None and department is not None:
        rule = rule_of(department)
        lacking = lacks_approval(row.values.get("number", str(row.line)), signed, approved, rule)
        if lacking:
            wrong.setdefault("approved_on", lacking)


def _handler(known: _Known, word: str, department: Department | None, wrong: dict[str, str]) -> Person | None:
    found = known.people.get(word, [])
    mine = [p for p in found if department is not None and not against_handler(p, department.id)]
    if len({p.id for p in mine}) == 1:
        return mine[0]
    if mine:
        wrong["handler"] = "several people have this name; give the login"
    elif found and department is not None:
        wrong["handler"] = against_handler(found[0], department.id)
    elif not found:
        wrong["handler"] = "there is no person of this login or name"
    return None


def _demand_dates(status: str, signed: date | None, ended: date | None, today: date, wrong: dict[str, str]) -> None:
    if status in ("draft", "approved", "cancelled"):
        if signed:
            wrong.setdefault("signed_on", f"a contract that is {status} was not signed")
    elif signed is None:
        wrong.setdefault("signed_on", f"is needed for a contract that is {status}")
    if status in _ENDED and ended is None:
        wrong.setdefault("ended_on", f"is needed for a contract that is {status}")
    elif status not in _ENDED and ended is not None:
        wrong.setdefault("ended_on", f"a contract that is {status} has not ended")
    elif ended is not None and (ended > today or (signed is not None and ended < signed)):
        wrong.setdefault("ended_on", "lies in the future or before the signing")


def _kept(
    line: int, number: str, department: Department | None, known: _Known, wrong: dict[str, str]
) -> tuple[int, int] | None:
    """Return (year, serial) of a number that can stay; None for none or a foreign one, which becomes a former number."""
    if not number:
        return None
    try:
        code, year, serial = parse_contract_number(known.template, number)
    except BadNumber:
        if ("contract", number) in known.former or len(number) > 100:
            wrong["number"] = "is another contract's already, or longer than 100 characters"
        return None
    if department is not None and code != department.code:
        wrong["number"] = f"names department {code}, the row {department.code}"
    else:  # of a row that is wrong elsewhere, too: the numbers after it leave no gap because of that
        known.kept[code, year].append((serial, line))
    return year, serial


def _twice(rows: list[SheetRow]) -> list[Finding]:
    found = []
    for name in ("number", "former_archive_number"):
        counted = Tally(row.values[name] for row in rows if name in row.values)
        seen: dict[str, int] = {}
        for row in rows:
            text = row.values.get(name, "")
            if counted[text] > 1 and text in seen:
                found.append(Finding(row.line, name, f"stands in row {seen[text]}, too"))
            seen.setdefault(text, row.line)
    return found


def _gaps(house: House, session: Session, known: _Known, *, held: bool) -> list[Finding]:
    """Return what is wrong with the numbers that are kept: each follows the last one given, without a gap."""
    found = []
    for (code, year), mine in sorted(known.kept.items()):
        prefix = contract_prefix(house.settings.contract_template, code, year)
        before = last_serial(session, prefix) if held else _last_given(session, prefix)
        expected = before + 1
        for serial, line in sorted(mine):
            if serial <= before:
                found.append(Finding(line, "number", "was given here already"))
            elif serial > expected:
                gap = str(expected) if serial == expected + 1 else f"{expected} to {serial - 1}"
                found.append(Finding(line, "number", f"serial {gap} is missing before it; a cancelled one has a row"))
            expected = max(expected, serial + 1)
    return found


def _last_given(session: Session, prefix: str) -> int:
    return session.scalar(select(Counter.value).where(Counter.prefix == prefix)) or 0


def judged_as_json(judged: Judged, *, applied: bool) -> dict[str, Any]:
    """Return what an import does or did as plain JSON values."""
    return {
        "rows": judged.rows,
        "sound": judged.rows - judged.wrong_rows,
        "wrong": judged.wrong_rows,
        "sha256": judged.digest,
        "applied": applied,
        "findings": [{"row": f.line, "field": f.field, "why": f.why} for f in judged.findings],
    }
