"""The register as a spreadsheet: customers in, judged row by row without a change and then entered all or none; customers out in the same form.

A row is a customer known by its number, its code or exactly its name, or a new one. What it says becomes facts with the sheet as their
source: nobody confirmed them yet, and what is on record already and says otherwise becomes a correction or a disagreement as if typed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.fact_kinds import Kind
from intake.verification import Stand
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.archive.ledger import CUSTOMERS, checked_code
from service.flow.common.guard import require
from service.flow.common.index import index_soon
from service.flow.common.ledger_sheet import Finding, SheetRow, read_xlsx
from service.flow.common.sheet_import import JudgedSheet, demand_importable
from service.flow.common.sight import customers_in_sight
from service.flow.credit import collected
from service.flow.credit.customer_profile import CONTACTS
from service.flow.credit.duplicates import compare
from service.flow.credit.fact_duties import renew
from service.flow.credit.fact_entry import Desk, Sourced, enter_value, hold_customers, read_value
from service.flow.credit.fact_kinds import kinds_of
from service.house import House
from service.records import audit
from service.records.counters import hold_counter, next_serial
from service.records.tables import Customer, CustomerContact, CustomerFact, new_id

#: Fields of a row that are facts, by their kind.
FACTS = (
    *("legal_representative", "valid_until", "type", "registered_capital", "established_on", "address", "scope"),
    *("controller", "industry", "turnover", "net_assets", "overdue_debt", "lawsuits"),
)
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "number": ("客户号", "客户编号"),
    "name": ("名称", "客户名称", "单位名称"),
    "code": ("统一社会信用代码", "信用代码"),
    "legal_representative": ("法定代表人", "法人代表"),
    "valid_until": ("执照有效期至", "营业期限至"),
    "type": ("企业类型", "类型"),
    "registered_capital": ("注册资本",),
    "established_on": ("成立日期",),
    "address": ("住所", "地址"),
    "scope": ("经营范围",),
    "controller": ("实际控制人",),
    "industry": ("所属行业", "行业"),
    "turnover": ("年营业收入",),
    "net_assets": ("净资产",),
    "overdue_debt": ("逾期欠款",),
    "lawsuits": ("诉讼",),
    "contact": ("联系人",),
    "phone": ("联系电话", "电话"),
    "email": ("电子邮箱", "邮箱"),
    "bank": ("开户银行",),
    "account": ("银行账号", "账号"),
}
NEEDED = ("name",)
MAX_EXPORT = 100_000
_LONGEST = {"name": 200, "contact": 120, "phone": 60, "email": 120, "bank": 120, "account": 60}
_IN_ONE_QUERY = 500


@dataclass(frozen=True)
class Entry:
    """A row that can be entered. customer_id: "" for a new one. facts: value by kind, as it is kept."""

    line: int
    customer_id: str
    name: str
    code: str
    facts: Mapping[str, str]
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged(JudgedSheet[Entry]):
    """What an import would do. new: customers that are not in the register yet."""

    new: int


@dataclass
class _Register:
    """The register as rows are held against it: looked up once."""

    by_number: dict[str, Customer] = field(default_factory=dict)
    by_code: dict[str, Customer] = field(default_factory=dict)
    by_name: dict[str, list[Customer]] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)


def check_import(house: House, actor: Actor, data: bytes) -> Judged:
    """Return what an import of this workbook would do, and change nothing. Raises BadInput (no such workbook), NotAllowed."""
    require(actor, "customer.import")
    rows = read_xlsx(data, HEADINGS, NEEDED)
    with house.database.read() as session:
        return _judge(session, rows, data)


def _register(session: Session) -> _Register:
    found = _Register(kinds=kinds_of(session))
    for customer in session.scalars(select(Customer).where(Customer.merged_into.is_(None))):
        found.by_number[customer.number] = customer
        found.by_name.setdefault(customer.name, []).append(customer)
        if customer.code:
            found.by_code[customer.code] = customer
    return found


def _judge(session: Session, rows: list[SheetRow], data: bytes) -> Judged:
    register = _register(session)
    findings: list[Finding] = []
    entries = []
    seen: dict[str, int] = {}
    for row in rows:
        wrong: dict[str, str] = {}
        entry = _entry(row, register, wrong)
        same = [word for word in (entry.customer_id, entry.code, f"name:{entry.name}") if word and word in seen]
        if same and (entry.customer_id or entry.code or not wrong):
            wrong.setdefault("name", f"stands in row {seen[same[0]]}, too")
        for word in (entry.customer_id, entry.code, "" if entry.code else f"name:{entry.name}"):
            seen.setdefault(word, row.line)
        findings += [Finding(row.line, name, why) for name, why in wrong.items()]
        if not wrong:
            entries.append(entry)
    new = sum(not entry.customer_id for entry in entries)
    ordered = tuple(sorted(findings, key=lambda f: (f.line, f.field)))
    return Judged(len(rows), tuple(entries), ordered, hashlib.sha256(data).hexdigest(), new)


def _entry(row: SheetRow, register: _Register, wrong: dict[str, str]) -> Entry:
    value = row.values.get
    name, number, code = value("name", ""), value("number", ""), ""
    try:
        code = checked_code(value("code", ""))
    except BadInput:
        wrong["code"] = "is no unified social credit code: a character is wrong or missing"
    for heading, longest in _LONGEST.items():
        if len(value(heading, "")) > longest or (heading in NEEDED and not value(heading)):
            wrong[heading] = (
                f"is needed, at most {longest} characters" if heading in NEEDED else f"at most {longest} characters"
            )
    customer = _known(register, number, name, code, wrong)
    facts = {}
    for kind in FACTS:
        if value(kind):
            try:
                facts[kind] = read_value(register.kinds[kind], value(kind, ""))
            except BadInput as error:
                wrong[kind] = next(iter(error.fields.values()), str(error))
    said = {heading: value(heading, "") for heading in ("contact", "phone", "email", "bank", "account")}
    if (said["phone"] or said["email"]) and not said["contact"]:
        wrong["contact"] = "is needed, at most 120 characters"
    return Entry(row.line, customer.id if customer else "", name, code, facts, said)


def _known(register: _Register, number: str, name: str, code: str, wrong: dict[str, str]) -> Customer | None:
    if number:
        customer = register.by_number.get(number)
        if customer is None:
            wrong["number"] = "there is no customer of this number; leave it empty for a new one"
            return None
    else:
        named = [c for c in register.by_name.get(name, ()) if not (code and c.code and c.code != code)]
        customer = register.by_code.get(code) or (named[0] if named else None)
        if len(named) > 1 and customer is named[0]:
            wrong["name"] = "several customers have this name; give the number"
    if customer is not None and code and customer.code and customer.code != code:
        wrong["code"] = "the register has another code for this customer"
    elif code and register.by_code.get(code) not in (None, customer):
        wrong["code"] = "is another customer's"
    return customer


def apply_import(house: House, actor: Actor, data: bytes) -> Judged:
    """Enter all rows of a workbook in one transaction. Raises BadInput naming every wrong row, RuleRefused (entered before), NotAllowed."""
    require(actor, "customer.import")
    rows = read_xlsx(data, HEADINGS, NEEDED)
    ids: list[str] = []
    with house.database.write() as session:
        hold_counter(session, CUSTOMERS)  # from here on nobody else makes a customer
        judged = _judge(session, rows, data)
        hold_customers(session, {entry.customer_id for entry in judged.entries if entry.customer_id})
        audit.lock(session)
        demand_importable(session, judged, "customer.import")
        kinds = kinds_of(session)
        compared: list[str] = []
        for entry in judged.entries:
            ids += _put(house, session, actor, entry, kinds, judged.digest, compared)
        compare(session, compared)
        detail = {"rows": judged.rows, "new": judged.new, "sha256": judged.digest}
        audit.append(session, actor.name, "customer.import", "customers", detail)
    index_soon(house, ids)
    return judged


def _put(
    house: House,
    session: Session,
    actor: Actor,
    entry: Entry,
    kinds: Mapping[str, Kind],
    digest: str,
    compared: list[str],
) -> list[str]:
    today = house.clock.today()
    customer = session.get(Customer, entry.customer_id) if entry.customer_id else None
    where = Sourced("third_party", None, 0, f"XLSX {digest[:12]}", actor.name, today)
    facts = {**entry.facts, "name": entry.name, **({"code": entry.code} if entry.code else {})}
    new = customer is None
    if customer is None:
        number = f"KH-{today.year}-{next_serial(session, f'KH-{today.year}'):04}"
        customer = Customer(id=new_id(), number=number, name=entry.name, code=entry.code or None)
        customer.created_at = house.clock.now()
        session.add(customer)
        session.flush()
    elif entry.code and not customer.code:
        customer.code = entry.code
    compared.append(customer.id)
    _contact(house, session, actor, customer.id, entry.said)
    detail = {"number": customer.number, "row": entry.line, "kinds": sorted(facts)}
    audit.append(
        session, actor.name, "customer.create" if new else "customer.update", f"customer:{customer.id}", detail
    )
    if new:
        _first_facts(house, session, actor, customer, facts, kinds, where)
        return []
    desk = Desk(house, session, actor, customer)
    for kind, value in facts.items():
        standing = desk.history.at(kind, today)
        if standing is None or standing.fact.value != value:
            try:
                enter_value(desk, kinds[kind], value, today, None, where)
            except RuleRefused as error:
                raise BadInput(f"row {entry.line} {kind}: {error}", {f"row {entry.line} {kind}": str(error)}) from error
    return desk.finish()


def _first_facts(
    house: House,
    session: Session,
    actor: Actor,
    customer: Customer,
    facts: Mapping[str, str],
    kinds: Mapping[str, Kind],
    where: Sourced,
) -> None:
    """The facts of a customer nobody knew: the same rows as the desk makes, without asking for what cannot be there."""
    now = house.clock.now()
    rows: dict[str, list[CustomerFact]] = {}
    for kind, value in facts.items():
        stand = Stand(value, actor.name)
        fact = CustomerFact(id=new_id(), customer_id=customer.id, kind=kind, seq=1, value=value, valid_until=None)
        fact.valid_from, fact.known_at, fact.source, fact.note = where.collected_on, now, where.source, where.note
        fact.document_id, fact.page, fact.collected_by = None, 0, where.collected_by
        fact.collected_on, fact.entered_by, fact.backed_by, fact.heard = where.collected_on, stand.entered_by, [], []
        rows[kind] = [fact]
    session.add_all(fact for some in rows.values() for fact in some)
    session.flush()
    renew(house, session, customer.id, collected.History(rows, {}), [kinds[kind] for kind in rows])


def _contact(house: House, session: Session, actor: Actor, customer_id: str, said: Mapping[str, str]) -> None:
    for kind, name in zip(CONTACTS, (said["contact"], said["bank"]), strict=True):
        if not name:
            continue
        fields = {"phone": said["phone"], "email": said["email"]} if kind == "person" else {"account": said["account"]}
        known = select(CustomerContact.id).where(
            CustomerContact.customer_id == customer_id,
            CustomerContact.kind == kind,
            CustomerContact.name == name,
            CustomerContact.ended_on.is_(None),
            *(getattr(CustomerContact, column) == value for column, value in fields.items()),
        )
        if session.scalar(known) is None:
            row = CustomerContact(customer_id=customer_id, kind=kind, name=name, **fields)
            row.entered_by, row.entered_at = actor.name, house.clock.now()
            session.add(row)


def export_customers(house: House, actor: Actor, form: str) -> list[tuple[Any, ...]]:
    """Return all customers in sight as rows in the order of `HEADINGS`, and note who took them out and how.

    Facts are left out for who may not read them. Raises BadInput (more than `MAX_EXPORT`), NotAllowed.
    """
    require(actor, "customer.read")
    from service.flow.common.guard import allowed

    with house.database.write() as session:
        query = select(Customer).where(Customer.merged_into.is_(None), customers_in_sight(actor))
        customers = list(session.scalars(query.order_by(Customer.number).limit(MAX_EXPORT + 1)))
        if len(customers) > MAX_EXPORT:
            raise BadInput(f"more than {MAX_EXPORT} rows: narrow what is exported")
        rows = list(_rows(session, customers, house.clock.today(), facts=allowed(actor, "fact.read")))
        audit.append(session, actor.name, "customer.export", "customers", {"form": form, "rows": len(rows)})
        return rows


def _rows(session: Session, customers: list[Customer], today: date, *, facts: bool) -> Iterable[tuple[Any, ...]]:
    for start in range(0, len(customers), _IN_ONE_QUERY):
        some = customers[start : start + _IN_ONE_QUERY]
        ids = [customer.id for customer in some]
        known = _facts(session, ids, today) if facts else {}
        contacts: dict[tuple[str, str], CustomerContact] = {}
        if facts:
            query = select(CustomerContact).where(
                CustomerContact.customer_id.in_(ids), CustomerContact.ended_on.is_(None)
            )
            for row in session.scalars(query.order_by(CustomerContact.entered_at, CustomerContact.id)):
                contacts.setdefault((row.customer_id, row.kind), row)
        for customer in some:
            person, bank = contacts.get((customer.id, "person")), contacts.get((customer.id, "bank"))
            said: dict[str, Any] = {
                **known.get(customer.id, {}),
                "number": customer.number,
                "name": customer.name,
                "code": customer.code,
                "contact": person.name if person else None,
                "phone": person.phone if person else None,
                "email": person.email if person else None,
                "bank": bank.name if bank else None,
                "account": bank.account if bank else None,
            }
            yield tuple(said.get(name) or None for name in HEADINGS)


def _facts(session: Session, ids: list[str], today: date) -> dict[str, dict[str, str]]:
    """Return the values in force of some customers, by customer and kind."""
    facts: dict[str, dict[str, list[CustomerFact]]] = {}
    query = select(CustomerFact).where(CustomerFact.customer_id.in_(ids), CustomerFact.kind.in_(FACTS))
    for fact in session.scalars(query.order_by(CustomerFact.known_at, CustomerFact.seq)):
        facts.setdefault(fact.customer_id, {}).setdefault(fact.kind, []).append(fact)
    found: dict[str, dict[str, str]] = {}
    for customer_id, by_kind in facts.items():
        history = collected.History(by_kind, {})
        for kind in by_kind:
            known = history.at(kind, today)
            if known is not None:
                found.setdefault(customer_id, {})[kind] = known.fact.value
    return found


def judged_as_json(judged: Judged, *, applied: bool) -> dict[str, Any]:
    """Return what an import does or did as plain JSON values."""
    return {
        "rows": judged.rows,
        "new": judged.new,
        "sound": judged.rows - judged.wrong_rows,
        "wrong": judged.wrong_rows,
        "sha256": judged.digest,
        "applied": applied,
        "findings": [{"row": f.line, "field": f.field, "why": f.why} for f in judged.findings],
    }
