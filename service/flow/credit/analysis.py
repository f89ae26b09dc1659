"""Figures of the yearly analysis of credit management (RULES B4, 信用管理情况分析报告): of one unit, over its departments.

A customer belongs to every department that has a contract with it. As with the other statistics, sums hold everything of a unit, whatever its tier, and
no row names a customer.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit import reports as rules
from credit.reports import UNGRADED
from retention.statistics import ReportPeriod
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import NotFound
from service.flow.archive.statistics import sees_unit, units_of
from service.flow.common.guard import require
from service.flow.credit.report_facts import raised_of, rated_of, settled_of
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Customer

#: in the order in which they are shown; what stands before a colon in the keys
CREDIT_FIGURES = (
    *("customers", "graded", "ungraded", "rose", "fell", "assessed", "assessment_late"),
    *("owed", "overdue", "overdue_share", "warnings_raised", "warnings_closed", "warnings_open", "days_to_close"),
)


def credit_figures(session: Session, departments: Sequence[str], period: ReportPeriod) -> dict[str, str]:
    """Return the figures of a unit as they are kept: ``customers``, ``graded:AAA``, ``owed:CNY``; counts, amounts and days as decimal text."""
    query = (
        select(Customer.id, Customer.created_at)
        .join(Contract, Contract.customer_id == Customer.id)
        .join(CaseFile, CaseFile.contract_id == Contract.id)
        .where(CaseFile.department_id.in_(departments), Contract.status != "cancelled")
        .distinct()
    )
    known = {id_: created_at.astimezone(CHINA).date() for id_, created_at in session.execute(query)}
    since = {id_: day for id_, day in known.items() if day <= period.last}
    ids = sorted(since)
    rated, assessed = rated_of(session, None, period.last)
    now = {c: row.grade for c, row in rules.grades_on(rated, period.last).items() if c in since}
    before = {c: row.grade for c, row in rules.grades_on(rated, period.first - timedelta(days=1)).items() if c in since}
    moved = rules.migration(ids, before, now)
    grades = rules.count_grades(ids, now)
    answered = rules.response(raised_of(session, ids, period.last), period.first, period.last)
    last = {c: day for c, day in assessed.items() if c in since}
    found: dict[str, Decimal | int | None] = {
        "customers": len(ids),
        **{f"graded:{grade}": count for grade, count in grades.items() if grade != UNGRADED},
        "ungraded": grades[UNGRADED],
        "rose": moved.up,
        "fell": moved.down,
        "assessed": sum(period.holds(day) for day in last.values()),
        "assessment_late": len(rules.late_assessments(since, last, period.last)),
        "warnings_raised": answered.raised,
        "warnings_closed": answered.closed,
        "warnings_open": answered.open,
        "days_to_close": answered.to_close,
    }
    ledgers = settled_of(session, ids, period.last)
    for currency, rows in rules.trend(ledgers.values(), [period.last]).items():
        found |= {f"owed:{currency}": rows[0].open, f"overdue:{currency}": rows[0].overdue}
        found[f"overdue_share:{currency}"] = rows[0].overdue_share
    return {name: str(value) for name, value in found.items() if value}


def draft(figures: Mapping[str, str], period: ReportPeriod) -> str:
    """Return a first text of the analysis (分析报告的正文), in Chinese, from the figures of a unit; whoever prepares it goes on from there."""
    get = figures.get
    graded = [(key.partition(":")[2], n) for key, n in figures.items() if key.startswith("graded:")]
    lines = [
        f"一、客户与等级：{period.last.year} 年末有客户 {get('customers', '0')} 家，"
        + ("，".join(f"{grade} 级 {n} 家" for grade, n in graded) + "，" if graded else "")
        + f"未评 {get('ungraded', '0')} 家。本年升级 {get('rose', '0')} 家，降级 {get('fell', '0')} 家。",
        f"二、评估：本年评估 {get('assessed', '0')} 家，年末逾期未评 {get('assessment_late', '0')} 家。",
    ]
    owed = [key.partition(":")[2] for key in figures if key.startswith("owed:")]
    said = "；".join(
        f"应收 {Decimal(figures[f'owed:{c}']):,.2f} {c}，逾期 {Decimal(get(f'overdue:{c}', '0')):,.2f}"
        f"（{get(f'overdue_share:{c}', '0.00')} %）"
        for c in owed
    )
    lines.append(f"三、应收账款：{said or '没有应收账款记录'}。")
    closing = f"，关闭用时中位数 {figures['days_to_close']} 天" if "days_to_close" in figures else ""
    lines.append(
        f"四、风险预警：本年提出 {get('warnings_raised', '0')} 条，关闭 {get('warnings_closed', '0')} 条，"
        f"年末未关闭 {get('warnings_open', '0')} 条{closing}。"
    )
    lines.append("五、存在的问题与下一年的措施：")
    return "\n".join(lines)


def outlook(house: House, actor: Actor, unit: str, code: str, period: ReportPeriod) -> tuple[dict[str, str], str]:
    """Return (the credit figures of a unit, a first text), to prepare an analysis from. Raises NotFound, NotAllowed."""
    require(actor, "statistics.work")
    with house.database.read() as session:
        whose = next((u for u in units_of(session) if (u.kind, u.code) == (unit, code)), None)
        if whose is None or not sees_unit(actor, whose, "statistics.work"):
            raise NotFound(f"there is no {unit} {code} for you to report for")
        figures = credit_figures(session, whose.departments, period)
    with house.database.write() as session:
        audit.append(session, actor.name, "statistics.view", "statistics", {"kind": "analysis", "period": period.code})
    return figures, draft(figures, period)
