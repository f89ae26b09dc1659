"""Invoices, receipts, credit notes and orders from the company's books: judged line by line, entered by their own numbers.

An entry is known by kind and number: what comes twice is unchanged, what comes with other values replaces what stood. A line that is wrong
is refused with its reason and holds up no other. The report of each import is kept: what came, what changed, what was refused.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import listing, require
from service.flow.common.ledger_sheet import MAX_ROWS, SheetRow
from service.flow.common.table_files import MAX_BYTES, read_table
from service.flow.credit.receivables import KINDS, cents_typed, from_cents, rates_on, settle_accounts
from service.house import House
from service.records import audit
from service.records.tables import CurrencyRate, Customer, ReceivableEntry, ReceivableImport, new_id
from service.typed import day_of

_IMPORT_LOCK = 0x4A5C  # PostgreSQL; beside those of the audit chain and of migrations
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "kind": ("类型", "单据类型"),
    "number": ("单号", "单据号", "发票号", "收款单号"),
    "customer": ("客户", "客户名称", "客户编号", "信用代码", "统一社会信用代码"),
    "on": ("日期", "开票日期", "收款日期"),
    "due_on": ("到期日", "付款到期日"),
    "amount": ("金额",),
    "currency": ("币种",),
    "invoice": ("对应单号", "对应发票", "对应订单"),
    "status": ("状态",),
    "note": ("备注", "摘要"),
}
NEEDED = ("kind", "number", "customer", "on", "amount")
_KIND_WORDS = {
    **dict.fromkeys(("invoice", "发票", "应收"), "invoice"),
    **dict.fromkeys(("payment", "receipt", "收款", "回款"), "payment"),
    **dict.fromkeys(("credit_note", "credit note", "贷项", "红字", "贷项通知单"), "credit_note"),
    **dict.fromkeys(("order", "订单"), "order"),
}
_VOID_WORDS = {"": False, "valid": False, "有效": False, "正常": False, "void": True, "作废": True}
OUTCOMES = ("new", "changed", "unchanged", "refused")


@dataclass
class Line:
    """One line of an import and what became of it. outcome: new, changed, unchanged, refused. why: what is wrong, by field.

    notes: what a person should know of a line that was taken. before: the values it replaced.
    """

    line: int
    given: Mapping[str, str]
    outcome: str = "refused"
    values: dict[str, Any] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What an import did, or would do. id: of the kept report, None for a trial. digest: the SHA-256 of what was sent."""

    id: str | None
    lines: tuple[Line, ...]
    digest: str

    @property
    def counts(self) -> dict[str, int]:
        """How many lines came to each outcome."""
        found = Counter(line.outcome for line in self.lines)
        return {outcome: found[outcome] for outcome in OUTCOMES}


def read_file(filename: str, data: bytes) -> list[SheetRow]:
    """Return the rows of an XLSX or CSV file (UTF-8 or GB 18030). Raises BadInput."""
    return read_table(filename, data, HEADINGS, NEEDED)


def bring_in_file(house: House, actor: Actor, filename: str, data: bytes, *, apply: bool) -> Report:
    """Judge a file or, with `apply`, enter what is right in it. Raises BadInput (no such file), NotAllowed."""
    require(actor, "receivable.import")
    return _bring_in(house, actor, read_file(filename, data), hashlib.sha256(data).hexdigest(), filename, apply=apply)


def bring_in(house: House, actor: Actor, entries: Sequence[Mapping[str, str]], *, apply: bool) -> Report:
    """Judge entries that a program sends or, with `apply`, enter what is right. Keys: of `HEADINGS`. Raises BadInput, NotAllowed."""
    require(actor, "receivable.import")
    if not 1 <= len(entries) <= MAX_ROWS:
        raise BadInput(f"entries: 1 to {MAX_ROWS}", {"entries": f"1 to {MAX_ROWS}"})
    digest = hashlib.sha256(json.dumps(entries, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    rows = [SheetRow(at, {k: v for k, v in given.items() if v}) for at, given in enumerate(entries, 1)]
    return _bring_in(house, actor, rows, digest, "", apply=apply)


def _bring_in(
    house: House, actor: Actor, rows: Sequence[SheetRow], digest: str, filename: str, *, apply: bool
) -> Report:
    from service.flow.credit.warning_desk import lock_customers
    from service.flow.credit.warnings import look_at_all

    if not rows:
        raise BadInput("file: has no rows", {"file": "has no rows"})
    if not apply:
        with house.database.read() as session:
            return Report(None, tuple(_judge(session, rows, house.clock.today())[0]), digest)
    with house.database.write() as session:
        _one_at_a_time(session)
        lines, customers = _judge(session, rows, house.clock.today())
        lock_customers(session, customers)
        kept = _enter(house, session, actor, lines, digest, filename)
        settle_accounts(session, customers, house.clock.today())
        detail = {"import": kept.id, "sha256": digest, **kept.counts}
        audit.append(session, actor.name, "receivable.import", f"import:{kept.id}", detail)
        look_at_all(house, session, customers)
        return Report(kept.id, tuple(lines), digest)


def _one_at_a_time(session: Session) -> None:
    """Let two imports wait for one another: both may bring the same new number. On SQLite one writes at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})


@dataclass
class _Known:
    """What lines are held against: looked up once. customers: every word one is found by -> ids."""

    customers: dict[str, set[str]]
    standing: dict[tuple[str, str], ReceivableEntry]
    rates: dict[str, Decimal]
    today: date


def _judge(session: Session, rows: Sequence[SheetRow], today: date) -> tuple[list[Line], set[str]]:
    """Return the lines with their outcome, and the customers whose accounts change."""
    known = _Known(_customers(session, rows), _standing(session, rows), rates_on(session, today), today)
    lines = [_line(row, known) for row in rows]
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        key = line.values.get("kind", ""), line.values.get("number", "")
        if key in seen and not line.why:
            line.outcome, line.why = "refused", {"number": f"stands in row {seen[key]}, too"}
        elif not line.why:
            seen[key] = line.line
    good = [line for line in lines if line.outcome != "refused"]
    _note_what_is_beyond(session, good)
    touched = {line.values["customer_id"] for line in good if line.outcome in ("new", "changed")}
    return lines, touched


def _customers(session: Session, rows: Sequence[SheetRow]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for some in _slices({row.values.get("customer", "") for row in rows}):
        for column in (Customer.number, Customer.code, Customer.name):
            for word, key in session.execute(select(column, Customer.id).where(column.in_(some))):
                found[str(word)].add(key)
    return found


def _standing(session: Session, rows: Sequence[SheetRow]) -> dict[tuple[str, str], ReceivableEntry]:
    found = {}
    for some in _slices({row.values.get("number", "") for row in rows}):
        for entry in session.scalars(select(ReceivableEntry).where(ReceivableEntry.number.in_(some))):
            found[entry.kind, entry.number] = entry
    return found


def _slices(words: set[str]) -> list[list[str]]:
    ordered = sorted(words)
    return [ordered[at : at + 500] for at in range(0, len(ordered), 500)]


def _line(row: SheetRow, known: _Known) -> Line:
    line = Line(row.line, row.values)
    given, wrong = row.values.get, line.why
    kind = _KIND_WORDS.get((given("kind") or "").strip().lower())
    if kind is None:
        wrong["kind"] = "invoice, payment, credit_note or order"
    number = (given("number") or "").strip()
    if not number or len(number) > 80:
        wrong["number"] = "is needed, at most 80 characters"
    owners = known.customers.get((given("customer") or "").strip(), set())
    if len(owners) != 1:
        wrong["customer"] = (
            "several customers have this name; give the number or the code"
            if owners
            else "there is no customer of this number, code or name"
        )
    on, due_on = _days(wrong, kind, row.values)
    currency = (given("currency") or "CNY").strip().upper()
    if currency not in known.rates:
        wrong["currency"] = f"there is no rate for {currency[:10]}: enter one first"
    voided = _VOID_WORDS.get((given("status") or "").strip().lower())
    if voided is None:
        wrong["status"] = "valid or void"
    invoice, note = (given("invoice") or "").strip(), (given("note") or "").strip()
    if len(invoice) > 80:
        wrong["invoice"] = "at most 80 characters"
    cents = 0
    try:
        cents = cents_typed(given("amount", ""))
    except ValueError as error:
        wrong["amount"] = str(error)
    line.values = {
        "kind": kind or "",
        "number": number,
        "customer_id": next(iter(owners)) if len(owners) == 1 else "",
        "on": on,
        "due_on": due_on,
        "cents": cents,
        "currency": currency,
        "invoice": invoice,
        "note": note[:300],
        "voided": bool(voided),
    }
    if not wrong:
        _compare(line, known.standing.get((line.values["kind"], number)))
    return line


def _compare(line: Line, standing: ReceivableEntry | None) -> None:
    if standing is None:
        line.outcome = "new"
        return
    if standing.customer_id != line.values["customer_id"]:
        line.why["customer"] = "the entry belongs to another customer"
        return
    line.before = {
        name: _shown(name, getattr(standing, name))
        for name, value in line.values.items()
        if getattr(standing, name) != value
    }
    line.outcome = "changed" if line.before else "unchanged"


def _shown(name: str, value: Any) -> str:
    return str(from_cents(value)) if name == "cents" else "" if value is None else str(value)


def _days(wrong: dict[str, str], kind: str | None, values: Mapping[str, str]) -> tuple[date | None, date | None]:
    on = _day(wrong, "on", values.get("on", ""))
    due_on = _day(wrong, "due_on", values["due_on"]) if values.get("due_on") else None
    if kind == "invoice" and due_on is None:
        wrong.setdefault("due_on", "is needed for an invoice")
    elif due_on and on and due_on < on:
        wrong["due_on"] = "lies before the date of the entry"
    return on, due_on


def _day(wrong: dict[str, str], name: str, typed: str) -> date | None:
    try:
        return day_of(typed.strip().replace("/", "-"))
    except ValueError:
        wrong[name] = "a date YYYY-MM-DD"
        return None


_Bills = dict[str, tuple[str, str, int]]
_Money = dict[str, dict[tuple[str, str], int]]


def _note_what_is_beyond(session: Session, lines: Sequence[Line]) -> None:
    """Note at money for one invoice what will not pay it: there is none, it is another currency's or customer's, or too much came."""
    aimed = [line for line in lines if line.values["kind"] in ("payment", "credit_note") and line.values["invoice"]]
    bills, money = _aimed_at(session, lines, {line.values["invoice"] for line in aimed})
    for line in aimed:
        value = line.values
        key, wanted = (value["kind"], value["number"]), value["invoice"]
        money[wanted].pop(key, None)
        if value["voided"]:
            continue
        bill = bills.get(wanted)
        if bill is None or bill[:2] != (value["customer_id"], value["currency"]):
            line.notes.append(f"there is no invoice {wanted} in {value['currency']}: it pays the oldest debt")
            continue
        over = value["cents"] - max(bill[2] - sum(money[wanted].values()), 0)
        if over > 0:
            beyond = f"{from_cents(over)} more than invoice {wanted} leaves open"
            line.notes.append(f"{beyond}: unapplied, it pays the oldest debt")
        money[wanted][key] = value["cents"]


def _aimed_at(session: Session, lines: Sequence[Line], numbers: set[str]) -> tuple[_Bills, _Money]:
    """Return the invoices of these numbers as they will be, and the money for each that is on record."""
    bills: _Bills = {}
    money: _Money = defaultdict(dict)
    entry = ReceivableEntry
    own = select(entry).where(entry.voided.is_(False))
    for some in _slices(numbers):
        for row in session.scalars(own.where(entry.kind == "invoice", entry.number.in_(some))):
            bills[row.number] = (row.customer_id, row.currency, row.cents)
        for row in session.scalars(own.where(entry.kind.in_(("payment", "credit_note")), entry.invoice.in_(some))):
            money[row.invoice][row.kind, row.number] = row.cents
    for value in (line.values for line in lines if line.values["kind"] == "invoice"):
        bills[value["number"]] = (value["customer_id"], value["currency"], value["cents"])
        if value["voided"]:
            del bills[value["number"]]
    return bills, money


def _enter(
    house: House, session: Session, actor: Actor, lines: Sequence[Line], digest: str, filename: str
) -> ReceivableImport:
    kept = ReceivableImport(
        id=new_id(),
        source="file" if filename else "api",
        filename=filename[:255],
        sha256=digest,
        counts=dict(Report(None, tuple(lines), digest).counts),
        lines=[line_as_json(line) for line in lines if line.outcome != "unchanged" or line.notes],
        made_by=actor.name,
        made_at=house.clock.now(),
    )
    session.add(kept)
    standing = _standing(session, [SheetRow(line.line, {"number": line.values.get("number", "")}) for line in lines])
    for line in lines:
        if line.outcome not in ("new", "changed"):
            continue
        entry = standing.get((line.values["kind"], line.values["number"]))
        if entry is None:
            entry = ReceivableEntry(open_cents=0)
            session.add(entry)
        for name, value in line.values.items():
            setattr(entry, name, value)
        if entry.voided:
            entry.open_cents = 0
        entry.import_id, entry.entered_by, entry.entered_at = kept.id, actor.name, house.clock.now()
    session.flush()
    return kept


def list_imports(house: House, actor: Actor) -> list[ReceivableImport]:
    """Return the last hundred imports, newest first. Raises NotAllowed."""
    require(actor, "receivable.import")
    with listing(house, actor, "import") as session:
        query = select(ReceivableImport).order_by(ReceivableImport.made_at.desc(), ReceivableImport.id)
        return list(session.scalars(query.limit(100)))


def get_import(house: House, actor: Actor, import_id: str) -> ReceivableImport:
    """Return the report of an import and note the reading. Raises NotFound, NotAllowed."""
    require(actor, "receivable.import")
    with house.database.write() as session:
        found = session.get(ReceivableImport, import_id)
        if found is None:
            raise NotFound(f"there is no import {import_id}")
        audit.append(session, actor.name, "import.view", f"import:{import_id}")
        return found


def list_rates(house: House, actor: Actor) -> list[CurrencyRate]:
    """Return all rates, by currency, the newest first. Raises NotAllowed."""
    require(actor, "receivable.read")
    with house.database.read() as session:
        query = select(CurrencyRate).order_by(CurrencyRate.currency, CurrencyRate.valid_from.desc())
        return list(session.scalars(query))


def set_rate(house: House, actor: Actor, currency: str, valid_from: date, rate: str) -> CurrencyRate:
    """Put on record what one unit of a currency is worth in yuan from a day on.

    Raises BadInput, NotAllowed, RuleRefused (a rate of that day is on record: a rate that was counted with is not changed).
    """
    require(actor, "receivable.import")
    currency = currency.strip().upper()
    wrong = {}
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or currency == "CNY":
        wrong["currency"] = "a currency code such as USD"
    try:
        number = Decimal(rate.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    exponent = number.as_tuple().exponent
    if not number.is_finite() or not 0 < number < Decimal(10) ** 6 or not isinstance(exponent, int) or exponent < -8:
        wrong["rate"] = "yuan for one unit, above 0, with at most 8 digits after the point"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    from service.flow.credit.warnings import look_again

    today = house.clock.today()
    with house.database.write() as session:
        if valid_from <= today:
            look_again(session, today)  # whoever owes in this currency owes more now, or less
        audit.lock(session)
        if session.get(CurrencyRate, (currency, valid_from)) is not None:
            raise RuleRefused(f"a rate for {currency} from {valid_from} on is on record already")
        row = CurrencyRate(
            currency=currency, valid_from=valid_from, rate=f"{number:f}", set_by=actor.name, set_at=house.clock.now()
        )
        session.add(row)
        detail = {"valid_from": valid_from.isoformat(), "rate": row.rate}
        audit.append(session, actor.name, "rate.set", f"currency:{currency}", detail)
        return row


def line_as_json(line: Line) -> dict[str, Any]:
    """Return a line of a report as plain JSON values."""
    return {
        "line": line.line,
        "kind": line.values.get("kind") or line.given.get("kind", ""),
        "number": line.values.get("number", ""),
        "customer": line.given.get("customer", ""),
        "amount": line.given.get("amount", ""),
        "currency": line.values.get("currency", ""),
        "outcome": line.outcome,
        "why": line.why,
        "notes": line.notes,
        "before": line.before,
    }


def report_as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain JSON values; lines that are unchanged are counted only."""
    lines = [line_as_json(line) for line in report.lines if line.outcome != "unchanged" or line.notes]
    return {"id": report.id, "sha256": report.digest, "counts": report.counts, "lines": lines}


__all__ = ["HEADINGS", "KINDS", "MAX_BYTES", "NEEDED", "Line", "Report", "bring_in", "bring_in_file", "read_file"]
