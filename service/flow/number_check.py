"""Are the numbers without a gap and none given twice? Contract numbers (RULES B2) and archive numbers (DA/T 13-2022), from the database.

A number that no file has or will have is put on record as void, with a reason; nothing is ever renumbered.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.errors import BadNumber
from retention.number_templates import parse_any
from retention.numbers import contract_prefix
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.guard import require
from service.flow.number_templates import all_templates
from service.house import House
from service.records import audit
from service.records.counters import count_to, last_serial
from service.records.tables import CaseFile, Contract, Counter, Department, VoidNumber

MAX_REASON = 500


@dataclass(frozen=True)
class Fault:
    """Something wrong with numbers. kind: gap, twice, beyond (a serial the counter does not know of), form. prefix: what is counted.

    numbers: the serials that are missing, as text (``5`` or ``5-9``), or the numbers concerned.
    """

    kind: str
    prefix: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """What was looked at, and what is wrong. void: how many numbers are on record as void."""

    contracts: int
    archived: int
    void: int
    faults: tuple[Fault, ...]


def gaps(serials: Iterable[int], last: int) -> tuple[str, ...]:
    """Return the serials from 1 to `last` that are not there, runs as ``5-9``."""
    missing, there, start = [], sorted({*serials, last + 1}), 1
    for serial in there:
        if serial > last + 1:
            break
        if serial > start:
            missing.append(str(start) if serial == start + 1 else f"{start}-{serial - 1}")
        start = serial + 1
    return tuple(missing)


def check_numbers(house: House, actor: Actor) -> Checked:
    """Return what was found, and note the check. Raises NotAllowed."""
    require(actor, "numbers.read")
    with house.database.write() as session:
        counters = {c.prefix: c.value for c in session.scalars(select(Counter))}
        rows = session.execute(
            select(Contract.number, Contract.year, Contract.serial, Department.code).join(
                Department, Contract.department_id == Department.id
            )
        )
        contracts: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for number, year, serial, code in rows:
            contracts[contract_prefix(house.settings.contract_template, code, year)].append((serial, number))
        archived, faults = _archived(house, session)
        void = list(session.scalars(select(VoidNumber)))
        for row in void:
            archived[row.prefix].append((row.serial, row.number))
        faults += _faults(contracts, counters) + _faults(archived, counters)
        found = Checked(
            sum(map(len, contracts.values())),
            sum(map(len, archived.values())) - len(void),
            len(void),
            tuple(sorted(faults, key=lambda f: (f.prefix, f.kind))),
        )
        detail = {"contracts": found.contracts, "archived": found.archived, "faults": len(found.faults)}
        audit.append(session, actor.name, "numbers.check", "numbers", detail)
        return found


def _archived(house: House, session: Session) -> tuple[dict[str, list[tuple[int, str]]], list[Fault]]:
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    faults = []
    templates = all_templates(house, session)
    for number in session.scalars(select(CaseFile.archive_number).where(CaseFile.archive_number.is_not(None))):
        try:
            prefix, serial = parse_any(templates, number or "")
        except BadNumber:
            faults.append(Fault("form", "", (number or "",)))
            continue
        found[prefix].append((serial, number or ""))
    return found, faults


def _faults(numbers: Mapping[str, list[tuple[int, str]]], counters: Mapping[str, int]) -> list[Fault]:
    faults = []
    for prefix, mine in numbers.items():
        last = counters.get(prefix, 0)
        counted = Tally(serial for serial, _number in mine)
        twice = tuple(number for serial, number in mine if counted[serial] > 1)
        beyond = tuple(number for serial, number in mine if serial > last)
        found = (("gap", gaps(counted, max([last, *counted]))), ("twice", twice), ("beyond", beyond))
        faults += [Fault(kind, prefix, which) for kind, which in found if which]
    return faults


def void_number(house: House, actor: Actor, number: str, reason: str) -> VoidNumber:
    """Put an archive number on record as void: a gap, or the next one, which nothing gets then.

    Raises BadInput (no archive number, no reason), NotAllowed, RuleRefused (a file has it; it is void already; those before it are not given).
    """
    require(actor, "numbers.void")
    if not reason.strip() or len(reason) > MAX_REASON:
        why = f"is needed, at most {MAX_REASON} characters"
        raise BadInput(f"reason: {why}", {"reason": why})
    whole = number.strip()
    with house.database.write() as session:
        try:
            prefix, serial = parse_any(all_templates(house, session), whole)
        except BadNumber as error:
            raise BadInput(f"number: {error}", {"number": str(error)}) from error
        last = last_serial(session, prefix)
        if session.scalar(select(CaseFile.id).where(CaseFile.archive_number == whole)):
            raise RuleRefused(f"a file has the number {whole}; it keeps it for ever")
        if session.get(VoidNumber, whole):
            raise RuleRefused(f"the number {whole} is void already")
        if serial > last + 1:
            raise RuleRefused(f"the number {whole} is not the next one; {last + 1} is")
        count_to(session, prefix, serial)
        row = VoidNumber(
            number=whole,
            prefix=prefix,
            serial=serial,
            reason=reason.strip(),
            voided_by=actor.name,
            voided_at=house.clock.now(),
        )
        session.add(row)
        audit.append(session, actor.name, "numbers.void", f"number:{whole}", {"reason": reason.strip()})
        return row


def checked_as_json(found: Checked) -> dict[str, Any]:
    """Return what a check found as plain JSON values."""
    return {
        "contracts": found.contracts,
        "archived": found.archived,
        "void": found.void,
        "ok": not found.faults,
        "faults": [{"kind": f.kind, "prefix": f.prefix, "numbers": list(f.numbers)} for f in found.faults],
    }
