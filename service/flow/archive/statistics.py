"""Half-year statistics (RULES B4), counted from the ledger and the archive room: per department, per company, for the group.

Where there is little they are counted when they are asked for; where there is much by a worker, all units at once, and kept
(`flow/common/counted.py`). Having been looked at is what makes kept figures that have aged be counted anew.

They are sums over everything of a unit, whatever its tier: a report that left classified contracts out would be wrong. No row
of it names a contract, a file or a customer.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.statistics import (
    ARCHIVE_FIGURES,
    CONTRACT_FIGURES,
    DIVIDED,
    Figures,
    ReportPeriod,
    archive_figures,
    contract_figures,
    report_period,
    total,
)
from service.access.policy import Actor, Reach
from service.clock import CHINA
from service.errors import BadInput, RuleRefused
from service.flow.archive.counted_facts import archive_facts, contract_facts
from service.flow.common import counted
from service.flow.common.counted import Counting, Standing
from service.flow.common.guard import allowed, require
from service.flow.common.long_runs import Told, unheard
from service.house import House
from service.records import audit
from service.records.tables import (
    Company,
    Department,
)

COUNTED = ("contracts", "archives")
#: The kind of the runs that count: there is one for each report and period.
KIND = "statistics"
#: Kept figures older than this are counted anew when somebody looks at them, and no report is prepared from them.
OLDEST = timedelta(hours=12)
_NOW = Standing()


@dataclass(frozen=True)
class Unit:
    """Who reports. kind: department, company. departments: the ids of those it is the sum of."""

    kind: str
    id: str
    code: str
    name: str
    departments: tuple[str, ...]
    company: str = ""
    created_on: date | None = None
    closed_on: date | None = None


@dataclass(frozen=True)
class Line:
    """The figures of one unit."""

    unit: Unit
    figures: Figures


@dataclass(frozen=True)
class Report:
    """What was counted. lines: departments by company, each company after its own; whole: the group, None unless all of it is seen.

    standing: of what moment kept figures are and how far those are that come; empty where it was counted just now. counted: whether there
    are figures yet.
    """

    kind: str
    period: ReportPeriod
    lines: tuple[Line, ...]
    whole: Figures | None
    standing: Standing = _NOW
    counted: bool = True


def units_of(session: Session, *, closed: bool = True) -> list[Unit]:
    """Return the departments by company and code, each company after its departments; those of no company come last."""
    companies = {c.id: c for c in session.scalars(select(Company).order_by(Company.code))}
    by_company: dict[str, list[Department]] = defaultdict(list)
    for department in session.scalars(select(Department).order_by(Department.code)):
        if closed or department.closed_at is None:
            by_company[department.company_id or ""].append(department)
    found: list[Unit] = []
    for company_id in [*companies, ""]:
        inside = by_company.get(company_id, [])
        company = companies.get(company_id)
        code = company.code if company else ""
        found += [Unit("department", d.id, d.code, d.name, (d.id,), code, *_between(d)) for d in inside]
        if company is not None and (closed or company.closed_at is None):
            below = _below(companies, company.id)
            under = tuple(d.id for id_ in below for d in by_company.get(id_, []))
            found.append(Unit("company", company.id, company.code, company.name, under, code, *_between(company)))
    return found


def _between(row: Company | Department) -> tuple[date | None, date | None]:
    """Return the days on which a unit began and was closed."""
    first, last = (at.astimezone(CHINA).date() if at else None for at in (row.created_at, row.closed_at))
    return first, last


def _below(companies: Mapping[str, Company], company_id: str) -> list[str]:
    """Return a company and all under it."""
    found = [company_id]
    for one in found:
        found += [c.id for c in companies.values() if c.parent_id == one and c.id not in found]
    return found


def sees_unit(actor: Actor, unit: Unit, action: str = "statistics.read") -> bool:
    """Return whether a person does this for a unit: for their own department and its company, or for all."""
    if unit.kind == "department":
        return allowed(actor, action, Reach(unit.id, "public"))
    return allowed(
        actor, action, Reach(actor.department_id if actor.department_id in unit.departments else "-", "public")
    )


def report(house: House, actor: Actor, kind: str, code: str, *, here: bool = False) -> Report:
    """Return the figures of a period for every unit the actor may see, and note the reading.

    here: count them now, however long it takes. Raises BadInput, BadPeriod, NotAllowed, RuleRefused (here, and another is at it).
    """
    require(actor, "statistics.read")
    period = _demand(kind, code)
    if here and not _few(house):
        counted.find_here(house, actor, KIND, _once(kind, period), _given(kind, period), COUNTING)
    figures, standing = figures_of(house, actor, kind, period)
    with house.database.write() as session:
        units = units_of(session)
        audit.append(session, actor.name, "statistics.view", "statistics", {"kind": kind, "period": code})
    if figures is None:
        return Report(kind, period, (), None, standing, counted=False)
    lines = [Line(unit, total(figures.get(id_, {}) for id_ in unit.departments)) for unit in units]
    seen = tuple(line for line in lines if sees_unit(actor, line.unit))
    whole = total(figures.values()) if len(seen) == len(lines) else None
    return Report(kind, period, seen, whole, standing)


def count_anew(house: House, actor: Actor, kind: str, code: str) -> Standing:
    """Have the figures of a period counted anew, at once where there is little, and return where it stands. Raises BadInput, BadPeriod, NotAllowed."""
    require(actor, "statistics.read")
    period = _demand(kind, code)
    return counted.ask_now(house, actor, KIND, _once(kind, period), _given(kind, period), COUNTING)


def figures_of(
    house: House, actor: Actor, kind: str, period: ReportPeriod
) -> tuple[dict[str, Figures] | None, Standing]:
    """Return (the figures of every department by its id, of what moment they are): counted now, or as they are kept; None before they are.

    Asks for kept ones that have aged, and for the first.
    """
    once = _once(kind, period)
    with house.database.read() as session:
        if counted.few(session):
            return count(session, kind, period), _NOW
        found = counted.standing(session, once)
    if found.line is None or (found.line.state == "done" and not _is_fresh(house, found, period)):
        found = count_anew(house, actor, kind, period.code)
    return (_read(found.kept.found) if found.kept else None), found


def settled_figures(house: House, actor: Actor, kind: str, period: ReportPeriod) -> dict[str, Figures]:
    """Return the figures of a period that has ended, to prepare a report from.

    Raises RuleRefused (they are being counted; asked for by this).
    """
    figures, found = figures_of(house, actor, kind, period)
    if figures is None or (found.kept and not _is_fresh(house, found, period)):
        if not found.going:
            count_anew(house, actor, kind, period.code)
        raise RuleRefused(f"the figures of {period.code} are being counted; go on when they are there")
    return figures


def _few(house: House) -> bool:
    with house.database.read() as session:
        return counted.few(session)


def _is_fresh(house: House, found: Standing, period: ReportPeriod) -> bool:
    """Whether kept figures are of today, or nearly so, and not of before the end of a period that has ended."""
    if found.kept is None or found.kept.at < house.clock.now() - OLDEST:
        return False
    return not found.kept.day <= period.last < house.clock.today()


def _once(kind: str, period: ReportPeriod) -> str:
    return f"{KIND}:{kind}:{period.code}"


def _given(kind: str, period: ReportPeriod) -> dict[str, Any]:
    return {"of": kind, "period": period.code}


def _find(house: House, given: dict[str, Any], tell: Told) -> dict[str, Any]:
    """Count what a run is for: the figures of each department, as they are kept."""
    with house.database.read() as session:
        figures = count(session, given["of"], report_period(given["period"]), tell)
    return {department: figures_as_json(some) for department, some in figures.items()}


def _read(kept: dict[str, Any]) -> dict[str, Figures]:
    """Return figures as they were before they were kept."""
    return {department: Figures(dict(map(_figure, some.items()))) for department, some in kept.items()}


def _figure(kept: tuple[str, str]) -> tuple[tuple[str, str], Any]:
    name, _colon, of = kept[0].partition(":")
    return (name, of), Decimal(kept[1]) if name.endswith("_amount") else int(kept[1])


COUNTING = Counting(_find)


def note_export(house: House, actor: Actor, found: Report, form: str) -> None:
    """Note that a report leaves the house. Raises RuleRefused (there is nothing counted yet)."""
    if not found.counted:
        raise RuleRefused(f"the figures of {found.period.code} are being counted; go on when they are there")
    detail = {"kind": found.kind, "period": found.period.code, "form": form, "rows": len(found.lines)}
    with house.database.write() as session:
        audit.append(session, actor.name, "statistics.export", "statistics", detail)


def _demand(kind: str, code: str) -> ReportPeriod:
    if kind not in COUNTED:
        why = f"one of {', '.join(COUNTED)}"
        raise BadInput(f"kind: {why}", {"kind": why})
    return report_period(code)


def count(session: Session, kind: str, period: ReportPeriod, tell: Told = unheard) -> dict[str, Figures]:
    """Return the figures of every department that has any, by its id. tell: how many of all questions were asked."""
    if kind == "contracts":
        return contract_figures(contract_facts(session, period, tell), period)
    return archive_figures(archive_facts(session, period, tell), period)


def figures_as_json(figures: Mapping[tuple[str, str], Any]) -> dict[str, str]:
    """Return figures as they are kept and sent: ``signed`` or ``signed_amount:CNY``; amounts and counts as decimal text."""
    named = {f"{name}:{of}" if of else name: str(value) for (name, of), value in figures.items() if value}
    return dict(sorted(named.items()))


def table_of(found: Report) -> tuple[list[tuple[str, str]], list[list[Any]]]:
    """Return the figures that have a column, each with what it is about, and a row for every unit and for the group.

    A row: unit (department, company or group), code, name, figures as numbers. Divided figures have a column for each currency or
    retention code that occurs.
    """
    keys = {key for line in found.lines for key, value in line.figures.items() if value}
    columns: list[tuple[str, str]] = []
    for name in CONTRACT_FIGURES if found.kind == "contracts" else ARCHIVE_FIGURES:
        divided = sorted(of for figure, of in keys if figure == name) if name in DIVIDED else [""]
        columns += [(name, of) for of in divided]
    rows = [[x.unit.kind, x.unit.code, x.unit.name, *(x.figures[c] for c in columns)] for x in found.lines]
    if found.whole is not None:
        rows.append(["group", "", "", *(found.whole[c] for c in columns)])
    return columns, rows
