"""Reports that are kept (RULES A5.1): made with the rights of whom they are for, sealed as documents, listed and opened again.

That of a customer lies in the customer's credit file and goes with it; that of a portfolio belongs to the person it was made for.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service.access import people
from service.access.policy import TIERS, Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.filing import credit_file
from service.flow.common.facts import demand_no_review
from service.flow.common.guard import allowed, load_document, lock_file, reach_of, reach_of_file, require
from service.flow.common.index import load_key
from service.flow.common.kept import read_kept
from service.flow.common.long_runs import Stopped, Told, finish, is_mine
from service.flow.common.notices import notify
from service.flow.common.objects import original_of
from service.flow.common.schedule import recompute_retention
from service.flow.common.sight import sees_customer
from service.flow.credit import credit_reports
from service.flow.credit.report_facts import customer_facts, portfolio_facts
from service.flow.intake.categories import withdraw_mark
from service.flow.intake.made import Made, keep_made, sheet_in
from service.house import SYSTEM, House
from service.records import audit
from service.records.credit_facts import CustomerFacts, PortfolioFacts
from service.records.tables import (
    CaseFile,
    Contract,
    CreditReport,
    Customer,
    Department,
    Document,
    LongRun,
    Person,
)

#: Where the report of a customer lies in the credit file (RULES B5): 授信资料.
CATEGORY = "5.6"
#: (what was gathered, language, for whom) -> title, PDF, XLSX
Draw = Callable[[CustomerFacts | PortfolioFacts, str, str], tuple[str, bytes, bytes]]
#: kind -> what it is called, in Chinese and in English
TITLES = {
    "customer": ("客户信用分析报告", "the credit analysis"),
    "portfolio": ("客户信用组合分析报告", "the report on all customers"),
}
#: kind -> what its reader must be allowed
RIGHTS = {"customer": "credit_report.read", "portfolio": "portfolio.read"}


@dataclass(frozen=True)
class Order:
    """A report that is to be made now. code: of its period; first, last: the days it speaks of."""

    kind: str
    customer_id: str | None
    person_id: str
    schedule_id: str | None
    code: str
    first: date
    last: date


@dataclass(frozen=True)
class Ordered:
    """A report that a long run makes. told: how far it is."""

    house: House
    run_id: str
    told: Told

    def hold(self, session: Session) -> LongRun:
        """Lock the run. Raises Stopped when it is not going any more, or another worker has it: then nothing is kept."""
        run = session.get(LongRun, self.run_id, with_for_update=True)
        if run is None or run.state != "running" or not is_mine(run):
            raise Stopped
        return run

    def end(self, session: Session, run: LongRun, row: CreditReport, person: Person) -> None:
        """Let the run be over and tell whom the report is for, in the transaction that keeps it."""
        run.done, run.total = max(run.done, run.total, 1), max(run.total, 1)
        finish(self.house, session, run, row.id)
        zh, en = TITLES[row.kind]
        said = (f"{zh}（{row.period}）已做好", f"{en} ({row.period}) is there")
        if row.why:
            said = (f"{zh}（{row.period}）没有做：没有权限", f"{en} ({row.period}) was not made: {row.why}")
        notify(self.house, session, "report.ready", f"report:{row.id}", said, "/reports", [person])


def subject_of(kind: str, customer_id: str | None) -> str:
    """Return what the trail says a report is about."""
    return f"customer:{customer_id}" if kind == "customer" else "portfolio"


def names_of(session: Session, customer_ids: list[str | None]) -> list[str]:
    """Return the customers' names, "" for none."""
    wanted = [customer_id for customer_id in customer_ids if customer_id]
    query = select(Customer.id, Customer.name).where(Customer.id.in_(wanted))
    names: dict[str, str] = dict(session.execute(query).all())
    return [names.get(customer_id or "", "") for customer_id in customer_ids]


def customer_numbered(house: House, number: str) -> str:
    """Return the id of the customer of a number or a credit code. Raises NotFound."""
    with house.database.read() as session:
        query = select(Customer.id).where(or_(Customer.number == number, Customer.code == number.upper()))
        found = session.scalar(query)
    if found is None:
        raise NotFound(f"there is no customer {number}")
    return found


def keep_now(house: House, actor: Actor, draw: Draw, kind: str, customer_id: str = "") -> CreditReport:
    """Make a report of today and keep it, for oneself. draw: makes the files of it. Raises BadInput, NotFound, NotAllowed, RuleRefused, StoreUnavailable."""
    if kind not in credit_reports.KINDS:
        why = f"one of {', '.join(credit_reports.KINDS)}"
        raise BadInput(f"kind: {why}", {"kind": why})
    require(actor, RIGHTS[kind])
    if not actor.person_id:
        raise RuleRefused("a report is kept for a person; the command line writes it to a file")
    today = house.clock.today()
    if kind == "portfolio":
        with house.database.read() as session:
            credit_reports.demand_few(session, actor)
    if kind == "customer":
        with house.database.read() as session:
            if not sees_customer(session, actor, customer_id):
                raise NotFound(f"there is no customer {customer_id}")
    of = customer_id if kind == "customer" else None
    return make(house, draw, order_today(kind, of, actor.person_id, today), actor.name)


def order_today(kind: str, customer_id: str | None, person_id: str, today: date) -> Order:
    """Return what a report of today speaks of: warnings of the year up to it."""
    return Order(kind, customer_id, person_id, None, today.isoformat(), today - timedelta(days=364), today)


def make(house: House, draw: Draw, order: Order, maker: str, run: "Ordered | None" = None) -> CreditReport:
    """Make a report with the rights of whom it is for, and keep it. Who may not read it any more gets none, and the row says why.

    run: the long run it is made by; told how far it is, and ended in the transaction that keeps the report. Raises Stopped.
    """
    with house.database.read() as session:
        person = session.get_one(Person, order.person_id)
    reader = people.actor_of_person(house, person)
    row = CreditReport(
        kind=order.kind,
        customer_id=order.customer_id,
        person_id=order.person_id,
        schedule_id=order.schedule_id,
        period=order.code,
        as_of=order.last,
        made_by=maker,
        made_at=house.clock.now(),
    )
    file: CaseFile | None = None
    refused = _refusal(house, reader, person, order)
    if not refused and order.customer_id:
        file = credit_file(house, _of_latest_contract(house, order.customer_id), order.customer_id)
        if not allowed(reader, "document.read", reach_of_file(file)):
            refused = "the customer's credit file is not open to this person"
    if refused:
        row.why = refused
        with house.database.write() as session:
            ended = run.hold(session) if run else None
            session.add(row)
            _note(session, row, maker, person)
            if run and ended:
                run.end(session, ended, row, person)
        return row
    found, tier = _found(house, order, reader, file, run.told if run else None)
    title, pdf, sheet = draw(found, person.locale, f"{person.name}（{order.code}）")

    def also(session: Session, document: Document) -> None:
        ended = run.hold(session) if run else None
        row.document_id = document.id
        session.add(row)
        session.flush()
        if file is not None:
            _put_into(house, session, document, session.get_one(CaseFile, file.id))
        _note(session, row, maker, person)
        if run and ended:
            run.end(session, ended, row, person)

    name = f"{title}-{order.code}-{_mark(order)}"
    keep_made(house, Made(pdf, sheet, name, f"{title} {order.code}", reader.name, tier), also)
    return row


def _mark(order: Order) -> str:
    """Return what tells reports of the same name apart: for whom they are, shortened."""
    return (order.schedule_id or order.person_id)[:8]


def _refusal(house: House, reader: Actor, person: Person, order: Order) -> str:
    if person.disabled_at is not None:
        return "the account is disabled"
    if not allowed(reader, RIGHTS[order.kind]):
        return "this person may not read such a report any more"
    with house.database.read() as session:
        if order.customer_id and not sees_customer(session, reader, order.customer_id):
            return "the customer is not in sight of this person any more"
    return ""


def _of_latest_contract(house: House, customer_id: str) -> Actor:
    """Return the archive as acting for the department that had the last contract with a customer: there the credit file is opened."""
    query = select(Contract.department_id).where(Contract.customer_id == customer_id)
    with house.database.read() as session:
        department = session.scalar(query.order_by(Contract.created_at.desc()).limit(1))
        department = department or session.scalar(select(Department.id).order_by(Department.code).limit(1))
    return replace(SYSTEM, department_id=department)


def _found(
    house: House, order: Order, reader: Actor, file: CaseFile | None, told: Told | None
) -> tuple[CustomerFacts | PortfolioFacts, str]:
    """Return what a report holds, and its tier. What lies in a credit file speaks of nothing that who reads the file may not see."""
    with house.database.read() as session:
        if file is None or order.customer_id is None:
            return portfolio_facts(session, reader, order.first, order.last, told), "internal"
        customer = session.get_one(Customer, order.customer_id)
        beside = replace(
            reader,
            name="report",
            person_id=None,
            roles=frozenset({"department_head"}),
            department_id=file.department_id,
            grants=(),
        )
        of = customer_facts(session, beside, customer, order.last)
        return of, max(of.tier, file.tier, key=TIERS.index)


def _put_into(house: House, session: Session, document: Document, file: CaseFile) -> None:
    lock_file(session, file)
    if file.state == "destroyed":
        raise RuleRefused(f"file {file.archive_number} was destroyed; only its stub remains")
    demand_no_review(session, file)
    document.case_file_id, document.category, document.department_id = file.id, CATEGORY, file.department_id
    withdraw_mark(session, SYSTEM, file, CATEGORY, document.id)
    session.flush()
    if file.archive_number:
        recompute_retention(house, session, file)


def _note(session: Session, row: CreditReport, maker: str, person: Person) -> None:
    session.flush()
    detail = {
        "report": row.id,
        "kind": row.kind,
        "period": row.period,
        "for": person.login,
        "document": row.document_id,
    }
    detail |= {"why": row.why} if row.why else {}
    audit.append(session, maker, "report.make", subject_of(row.kind, row.customer_id), detail)


def list_reports(
    house: House, actor: Actor, *, customer_id: str = "", limit: int = 100
) -> list[tuple[CreditReport, str, bool]]:
    """Return the reports made so far, the latest first, each with the customer's name and whether its document is still there.

    One's own; all of them for the credit administrator. Raises NotAllowed.
    """
    require(actor, "credit_report.read")
    query = select(CreditReport, Document.status).outerjoin(Document, Document.id == CreditReport.document_id)
    if not (actor.owner or "credit_administrator" in actor.roles):
        query = query.where(CreditReport.person_id == actor.person_id)
    if customer_id:
        query = query.where(CreditReport.customer_id == customer_id)
    with house.database.write() as session:
        audit.append(session, actor.name, "report.list", "reports")
        rows = session.execute(query.order_by(CreditReport.made_at.desc(), CreditReport.id).limit(limit)).all()
        names = names_of(session, [row.customer_id for row, _ in rows])
    return [(row, name, status not in (None, "destroyed")) for (row, status), name in zip(rows, names, strict=True)]


def open_report(house: House, actor: Actor, report_id: str, form: str) -> tuple[bytes, str]:
    """Return (a kept report as `pdf` or `xlsx`, the name it was kept under) and note the reading.

    Raises NotFound (also when its document was destroyed, or lies beyond one's department or tier), NotAllowed, ObjectDamaged.
    """
    require(actor, "credit_report.read")
    if form not in credit_reports.FORMS:
        raise NotFound(f"there is no report as {form}")
    with house.database.write() as session:
        row = session.get(CreditReport, report_id)
        mine = row is not None and (
            actor.owner or row.person_id == actor.person_id or "credit_administrator" in actor.roles
        )
        if row is None or not mine or row.document_id is None:
            raise NotFound(f"there is no report {report_id}")
        document = load_document(session, actor, row.document_id)
        if document.status == "destroyed":
            raise NotFound(f"there is no report {report_id}")
        if row.person_id != actor.person_id:
            require(actor, "original.read", reach_of(document))
        original, key = original_of(session, document.id), load_key(house, session, document.id)
        detail = {"report": row.id, "document": document.id, "form": form}
        audit.append(session, actor.name, "report.open", subject_of(row.kind, row.customer_id), detail)
    pdf = read_kept(house, original, key)
    return pdf if form == "pdf" else sheet_in(pdf), f"{document.filename.removesuffix('.pdf')}.{form}"


def report_as_json(row: CreditReport, customer: str, *, there: bool) -> dict[str, Any]:
    """Return a kept report as plain JSON values."""
    return {
        "id": row.id,
        "kind": row.kind,
        "customer_id": row.customer_id,
        "customer": customer or None,
        "login": row.person.login,
        "period": row.period,
        "as_of": row.as_of.isoformat(),
        "document_id": row.document_id,
        "kept": there,
        "why": row.why or None,
        "made_by": row.made_by,
        "made_at": row.made_at.isoformat(),
    }
