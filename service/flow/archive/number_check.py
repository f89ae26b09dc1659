"""Are the numbers without a gap and none given twice? Contract numbers (RULES B2) and archive numbers (DA/T 13-2022), from the database.

A number that no file has or will have is put on record as void, with a reason; nothing is ever renumbered.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from retention.errors import BadNumber
from retention.number_templates import parse_any
from retention.numbers import contract_prefix
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.archive.number_templates import all_templates
from service.flow.common import counted
from service.flow.common.counted import Counting, Standing
from service.flow.common.guard import listing, require
from service.flow.common.long_runs import Told
from service.house import House
from service.records import audit
from service.records.counters import count_to, last_serial
from service.records.tables import CaseFile, Contract, Counter, Department, VoidNumber

MAX_REASON = 500
#: So many faults of a check are kept, and of each so many numbers.
MOST_FAULTS, MOST_NUMBERS = 1000, 100
_SLICE = 50_000


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


#: The kind of the run that checks all numbers, and what it makes: there is one.
KIND = ONCE = "numbers"


def check_numbers(house: House, actor: Actor) -> Checked:
    """Check all numbers here and now, keep what was found, and return all of it. Raises NotAllowed, RuleRefused (another is at it)."""
    require(actor, "numbers.read")
    whole = list[Checked]()

    def find(house: House, _given: dict[str, Any], tell: Told) -> dict[str, Any]:
        whole.append(look(house, tell))
        return checked_as_json(whole[0])

    counted.find_here(house, actor, KIND, ONCE, {}, Counting(find, _note))
    return whole[0]


def ask_check(house: House, actor: Actor) -> Standing:
    """Have the numbers checked, at once where they are few, and return where it stands. Raises NotAllowed."""
    require(actor, "numbers.read")
    return counted.ask_now(house, actor, KIND, ONCE, {}, COUNTING)


def latest_check(house: House, actor: Actor) -> Standing:
    """Return what the last check found (`checked_as_json`), who asked for it and when, and how far the next one is; noted.

    Raises NotAllowed.
    """
    require(actor, "numbers.read")
    with listing(house, actor, "numbers") as session:
        return counted.standing(session, ONCE)


def look(house: House, tell: Told) -> Checked:
    """Return what is found, told how many of all numbers are looked at.

    Numbers are counted where they lie; those of a row that does not come out even are read one by one.
    """
    with house.database.read() as session:
        counters = {c.prefix: c.value for c in session.scalars(select(Counter))}
        total = sum(
            session.scalar(select(func.count(column))) or 0 for column in (Contract.id, CaseFile.archive_number)
        )
        contracts, contract_rows = _contracts(house, session, counters)
        tell(contracts, total)
        void = list(session.scalars(select(VoidNumber)))
        seen = partial(_seen, tell, contracts, total)
        archived, archive_rows, misshapen = _archived(house, session, counters, void, seen)
    faults = [*misshapen, *_faults(contract_rows, counters), *_faults(archive_rows, counters)]
    return Checked(contracts, archived, len(void), tuple(sorted(faults, key=lambda f: (f.prefix, f.kind))))


def _seen(tell: Told, before: int, total: int, archived: int) -> None:
    tell(min(before + archived, total), total)


def _note(session: Session, by: str, found: dict[str, Any]) -> None:
    detail = {"contracts": found["contracts"], "archived": found["archived"], "faults": found["wrong"]}
    audit.append(session, by, "numbers.check", "numbers", detail)


COUNTING = Counting(lambda house, _given, tell: checked_as_json(look(house, tell)), _note)


#: Of each prefix that does not come out even: every serial with its number.
_Numbers = dict[str, list[tuple[int, str]]]


@dataclass
class _Row:
    """How the numbers of one prefix come out: how many there are, the least and the greatest, and where they lie."""

    count: int = 0
    least: int = 0
    greatest: int = 0
    lots: list[Any] = field(default_factory=list)

    def add(self, count: int, least: int, greatest: int, lot: Any) -> None:
        """Take in numbers that all differ."""
        self.least = min(self.least, least) if self.count else least
        self.count, self.greatest = self.count + count, max(self.greatest, greatest)
        self.lots.append(lot)

    def even(self, last: int) -> bool:
        """Whether it is certain that every serial from 1 to the last one given is there once: one lot of different ones, as many as that."""
        return len(self.lots) == 1 and self.least == 1 and self.count == self.greatest == last


def _contracts(house: House, session: Session, counters: Mapping[str, int]) -> tuple[int, _Numbers]:
    """Return how many contracts there are, and the numbers of the rows that do not come out even."""
    of = (Department.code, Contract.year)
    query = select(*of, func.count(), func.min(Contract.serial), func.max(Contract.serial), Contract.department_id)
    query = query.join(Department, Contract.department_id == Department.id).group_by(*of, Contract.department_id)
    rows: dict[str, _Row] = defaultdict(_Row)
    for code, year, count, least, greatest, department_id in session.execute(query):
        prefix = contract_prefix(house.settings.contract_template, code, year)
        rows[prefix].add(count, least, greatest, (department_id, year))  # unique by department, year and serial
    found: _Numbers = defaultdict(list)
    for prefix, row in rows.items():
        if not row.even(counters.get(prefix, 0)):
            for department_id, year in row.lots:
                mine = (Contract.department_id == department_id, Contract.year == year)
                found[prefix] += [
                    (s, n) for s, n in session.execute(select(Contract.serial, Contract.number).where(*mine))
                ]
    return sum(row.count for row in rows.values()), found


def _archived(
    house: House, session: Session, counters: Mapping[str, int], void: Sequence[VoidNumber], seen: Callable[[int], None]
) -> tuple[int, _Numbers, list[Fault]]:
    """Return how many archive numbers there are, those of rows that do not come out even, and those of no known form.

    Numbers that differ in nothing but as many last digits are of one form and one prefix, and all are different (they are unique).
    """
    templates = all_templates(house, session)
    number = CaseFile.archive_number
    stem, size = func.rtrim(number, literal_column("'0123456789'")), func.length(number)
    rows: dict[str, _Row] = defaultdict(_Row)
    misshapen, single = list[str](), defaultdict[str, list[tuple[int, str]]](list)
    lots = _lots(session, stem, size, seen)
    for (text, length), (count, first, last) in lots.items():
        lot = (stem == text, size == length)
        least, greatest = _parsed(templates, first), _parsed(templates, last)
        if least is None or greatest is None or not _ends_with(first, least[1]) or least[0] != greatest[0]:
            for one in session.scalars(select(number).where(*lot)):
                parsed = _parsed(templates, one or "")
                if parsed is None:
                    misshapen.append(one or "")
                else:
                    single[parsed[0]].append((parsed[1], one or ""))
        else:
            rows[least[0]].add(count, least[1], greatest[1], lot)
    for gone in void:
        single[gone.prefix].append((gone.serial, gone.number))
    found: _Numbers = defaultdict(list, single)
    for prefix, row in rows.items():
        if prefix in single or not row.even(counters.get(prefix, 0)):
            for lot in row.lots:
                found[prefix] += [
                    (parse_any(templates, n or "")[1], n or "") for n in session.scalars(select(number).where(*lot))
                ]
    faults = [Fault("form", "", tuple(sorted(misshapen)))] if misshapen else []
    return sum(count for count, _first, _last in lots.values()), found, faults


def _lots(
    session: Session, stem: Any, size: Any, seen: Callable[[int], None]
) -> dict[tuple[str, int], tuple[int, str, str]]:
    """Return of all archive numbers that differ in as many last digits alone how many there are, the least and the greatest.

    They are counted in the order of their index, some thousand at a time; seen: is told how many were looked at.
    """
    number, found, done = CaseFile.archive_number, dict[tuple[str, int], tuple[int, str, str]](), 0
    after: str | None = ""
    query = select(stem, size, func.count(), func.min(number), func.max(number)).group_by(stem, size)
    while after is not None:
        begins = number > after
        end = session.scalar(select(number).where(begins).order_by(number).offset(_SLICE - 1).limit(1))
        some = query.where(begins) if end is None else query.where(begins, number <= end)
        for text, length, count, first, last in session.execute(some):
            before = found.get((text, length), (0, first, last))
            found[text, length] = (before[0] + count, min(before[1], first), max(before[2], last))
            done += count
        seen(done)
        after = end
    return found


def _parsed(templates: Sequence[str], number: str) -> tuple[str, int] | None:
    try:
        return parse_any(templates, number)
    except BadNumber:
        return None


def _ends_with(number: str, serial: int) -> bool:
    """Whether the last digits of a number are its serial, so that the greatest text is the greatest serial."""
    digits = number[len(number.rstrip("0123456789")) :]
    return digits.isascii() and digits.isdigit() and int(digits) == serial


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
    """Return what a check found as plain JSON values, as it is kept: of very many faults some, and how many there are (`wrong`, `more`)."""
    return {
        "contracts": found.contracts,
        "archived": found.archived,
        "void": found.void,
        "ok": not found.faults,
        "wrong": len(found.faults),
        "faults": [
            {
                "kind": fault.kind,
                "prefix": fault.prefix,
                "numbers": list(fault.numbers[:MOST_NUMBERS]),
                "more": max(0, len(fault.numbers) - MOST_NUMBERS),
            }
            for fault in found.faults[:MOST_FAULTS]
        ],
    }


def standing_as_json(found: Standing) -> dict[str, Any]:
    """Return where the check stands as plain JSON values: what was found last, "ok" None before there was any; the run that finds more."""
    said = found.kept.found if found.kept else {"ok": None, "faults": []}
    return {**said, **counted.standing_as_json(found)}
