"""Warning lines and contingency plans as data: per company, each change kept with who made it, when and why (RULES A4.1, A4.2)."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from credit.contingency import DEFAULT_PLANS, Plan, TaskTemplate
from credit.errors import CreditError
from credit.shipped import as_kept, in_english
from credit.warnings import KINDS, WarningLines
from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.common.guard import require
from service.flow.credit.deliveries import demand_address
from service.house import House
from service.records import audit
from service.records.many import among
from service.records.tables import CaseFile, Company, Contract, Department, PlanTemplate, WarningSettings

MOST_ADDRESSES = 20
_MOST = Decimal(10) ** 15
#: Lines that can be switched off; all others always have a number.
OPTIONAL = frozenset(
    {
        "score_below",
        "score_drop",
        "overdue_days",
        "overdue_amount",
        "line_used",
        "expiry_days",
        "stale_days",
        "score_severe",
        "overdue_days_severe",
    }
)
DECIMALS = frozenset({"score_below", "score_drop", "overdue_amount", "line_used", "score_severe"})
NAMES = tuple(one.name for one in fields(WarningLines))
_AT_LEAST_ONE = frozenset({"drop_days"})


@dataclass(frozen=True)
class Watch:
    """What holds for a customer: the lines, and the e-mail addresses told beside the people concerned."""

    lines: WarningLines
    addresses: tuple[str, ...] = ()


def lines_as_text(lines: WarningLines) -> dict[str, str]:
    """Return the lines as text by name, "" for one that is off."""
    values = asdict(lines)
    return {name: "" if values[name] is None else str(values[name]) for name in NAMES}


def lines_of(given: Mapping[str, str]) -> WarningLines:
    """Return the lines that a form or a program gives; what is left out is as it ships. Raises BadInput, naming every wrong one."""
    wrong = {name: "there is no such line" for name in given if name not in NAMES}
    values: dict[str, Any] = {}
    for name in (name for name in NAMES if name in given):
        text = given[name].strip()
        if not text and name in OPTIONAL:
            values[name] = None
            continue
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        least = 1 if name in _AT_LEAST_ONE else 0
        whole = name not in DECIMALS
        if not number.is_finite() or not least <= number < _MOST or (whole and number != number.to_integral_value()):
            wrong[name] = f"a {'whole ' if whole else ''}number from {least} on"
        elif not whole and number != number.quantize(Decimal("0.0001")):
            wrong[name] = "at most four digits after the point"
        elif whole and number > 36500:
            wrong[name] = "at most 36500"
        else:
            values[name] = int(number) if whole else number
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    return WarningLines(**values)


def _watch(row: WarningSettings) -> Watch:
    return Watch(lines_of(row.lines), tuple(row.addresses))


def _newest(session: Session) -> dict[str | None, WarningSettings]:
    """Return the settings that count, by company."""
    query = select(WarningSettings).order_by(WarningSettings.version)
    return {row.company_id: row for row in session.scalars(query)}


def watch_of(session: Session, customer_ids: Collection[str]) -> dict[str, Watch]:
    """Return what holds for each of these customers: of the company that keeps its credit file or has its latest contract.

    Where that company has no lines of its own, those of the company above count, in the end those for all.
    """
    newest = _newest(session)
    general = _watch(newest[None]) if None in newest else Watch(WarningLines())
    own = {key: _watch(row) for key, row in newest.items() if key is not None}
    if not own:
        return dict.fromkeys(customer_ids, general)
    above = {str(key): parent for key, parent in session.execute(select(Company.id, Company.parent_id))}

    def of(company: str | None) -> Watch:
        seen: set[str] = set()
        while company is not None and company not in seen:
            if company in own:
                return own[company]
            seen.add(company)
            company = above.get(company)
        return general

    companies = companies_of(session, customer_ids)
    return {key: of(companies.get(key)) for key in customer_ids}


def companies_of(session: Session, customer_ids: Collection[str]) -> dict[str, str | None]:
    """Return the company of each customer: of the department of its credit file, else of its latest contract."""
    contracts = (
        select(Contract.customer_id, Department.company_id)
        .join(Department, Department.id == Contract.department_id)
        .where(among(session, Contract.customer_id, customer_ids))
        .order_by(Contract.created_at, Contract.number)
    )
    found: dict[str, str | None] = {str(key): company for key, company in session.execute(contracts)}
    files = select(CaseFile.customer_id, Department.company_id).join(
        Department, Department.id == CaseFile.department_id
    )
    own = files.where(
        CaseFile.kind == "credit", CaseFile.superseded_by.is_(None), among(session, CaseFile.customer_id, customer_ids)
    )
    return found | {str(key): company for key, company in session.execute(own.order_by(CaseFile.created_at))}


@dataclass(frozen=True)
class CompanyLines:
    """The settings of a company as a page shows them. code: "" for all companies. row: None while what ships counts."""

    code: str
    name: str
    lines: WarningLines
    addresses: tuple[str, ...]
    row: WarningSettings | None


def list_lines(house: House, actor: Actor) -> list[CompanyLines]:
    """Return the settings for all, then those of each company. Raises NotAllowed."""
    require(actor, "warning.read")
    with house.database.read() as session:
        newest = _newest(session)
        companies = list(session.scalars(select(Company).order_by(Company.code)))
    general = newest.get(None)
    first = _watch(general) if general else Watch(WarningLines())
    found = [CompanyLines("", "", first.lines, first.addresses, general)]
    for company in companies:
        row = newest.get(company.id)
        if row is not None or company.closed_at is None:
            watch = _watch(row) if row else first
            found.append(CompanyLines(company.code, company.name, watch.lines, watch.addresses, row))
    return found


def history_of_lines(house: House, actor: Actor) -> list[WarningSettings]:
    """Return the last hundred changes, newest first. Raises NotAllowed."""
    require(actor, "warning.read")
    with house.database.read() as session:
        query = select(WarningSettings).order_by(WarningSettings.version.desc())
        return list(session.scalars(query.limit(100)))


def set_lines(
    house: House,
    actor: Actor,
    given: Mapping[str, str],
    *,
    company: str = "",
    addresses: Collection[str] = (),
    reason: str = "",
) -> WarningSettings:
    """Set the lines of a company (by its code; "" for all) from now on. Raises BadInput, NotFound, NotAllowed.

    The worker looks at all customers by them at once; that look can be stopped.
    """
    from service.flow.credit.warnings import look_again

    require(actor, "warning.rule")
    lines = lines_of(given)
    addresses = list(dict.fromkeys(address.strip() for address in addresses if address.strip()))
    for address in addresses:
        demand_address(address, "addresses")
    if len(addresses) > MOST_ADDRESSES:
        raise BadInput(f"addresses: at most {MOST_ADDRESSES}", {"addresses": f"at most {MOST_ADDRESSES}"})
    if not reason.strip():
        raise BadInput("reason: say why the lines change", {"reason": "say why the lines change"})
    with house.database.write() as session:
        found = session.scalar(select(Company).where(Company.code == company)) if company else None
        if company and found is None:
            raise NotFound(f"there is no company {company}")
        look_again(session, house.clock.today())
        row = WarningSettings(
            version=_next(session, WarningSettings.version),
            company_id=found.id if found else None,
            lines=lines_as_text(lines),
            addresses=addresses,
            reason=reason.strip()[:500],
            changed_by=actor.name,
            changed_at=house.clock.now(),
        )
        session.add(row)
        detail = {"company": company or None, "lines": row.lines, "reason": row.reason}
        audit.append(session, actor.name, "warning.lines", f"company:{company or '*'}", detail)
        return row


def _next(session: Session, version: InstrumentedAttribute[int]) -> int:
    """Return the number of the next version; two who change at once come one after the other."""
    audit.lock(session)
    return (session.scalar(select(func.max(version))) or 0) + 1


def plans(session: Session) -> dict[str, Plan]:
    """Return the plan that counts for each kind of warning."""
    found = dict(DEFAULT_PLANS)
    for row in session.scalars(select(PlanTemplate).order_by(PlanTemplate.version)):
        found[row.kind] = Plan(row.kind, tuple(TaskTemplate(**task) for task in row.tasks), row.block)
    return found


@dataclass(frozen=True)
class KeptPlan:
    """A plan with the version it stands in; row: None while the one that ships counts."""

    plan: Plan
    row: PlanTemplate | None


def list_plans(house: House, actor: Actor) -> list[KeptPlan]:
    """Return the plan of each kind of warning. Raises NotAllowed."""
    require(actor, "warning.read")
    with house.database.read() as session:
        current = plans(session)
        query = select(PlanTemplate).order_by(PlanTemplate.version)
        rows = {row.kind: row for row in session.scalars(query)}
    return [KeptPlan(current[kind], rows.get(kind)) for kind in KINDS]


def set_plan(house: House, actor: Actor, kind: str, tasks: Collection[Mapping[str, Any]], *, block: bool) -> KeptPlan:
    """Set the plan of a kind from now on; warnings that are open keep their tasks. Raises BadInput, NotFound, NotAllowed."""
    require(actor, "warning.rule")
    if kind not in KINDS:
        raise NotFound(f"there is no warning of the kind {kind}")
    try:
        plan = Plan(
            kind, tuple(TaskTemplate(**{**task, "what": as_kept(str(task["what"]).strip())}) for task in tasks), block
        )
    except CreditError as error:
        raise BadInput(f"tasks: {error}", {"tasks": str(error)}) from error
    with house.database.write() as session:
        row = PlanTemplate(
            version=_next(session, PlanTemplate.version),
            kind=kind,
            block=block,
            tasks=[asdict(task) for task in plan.tasks],
            changed_by=actor.name,
            changed_at=house.clock.now(),
        )
        session.add(row)
        audit.append(session, actor.name, "warning.plan", f"plan:{kind}", {"tasks": len(plan.tasks), "block": block})
        return KeptPlan(plan, row)


def plan_as_json(kept: KeptPlan) -> dict[str, Any]:
    """Return a plan as plain JSON values."""
    return {
        "kind": kept.plan.kind,
        "block": kept.plan.block,
        "tasks": [asdict(task) | {"what_en": in_english(task.what)} for task in kept.plan.tasks],
        "changed_by": kept.row.changed_by if kept.row else None,
        "changed_at": kept.row.changed_at.isoformat() if kept.row else None,
    }


def lines_as_json(found: CompanyLines) -> dict[str, Any]:
    """Return the settings of a company as plain JSON values; numbers as text, None for a line that is off."""
    return {
        "company": found.code or None,
        "lines": {name: text or None for name, text in lines_as_text(found.lines).items()},
        "addresses": list(found.addresses),
        "changed_by": found.row.changed_by if found.row else None,
        "changed_at": found.row.changed_at.isoformat() if found.row else None,
    }
