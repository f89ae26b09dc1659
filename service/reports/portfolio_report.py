"""The report on all customers in sight: what `flow/credit/report_facts.py` counted, as parts with tables and charts (RULES A5.1)."""

from collections.abc import Mapping

from credit.reports import COLUMNS, UNGRADED, Concentration, share
from service.records.credit_facts import PortfolioFacts
from service.reports.charts import Chart
from service.reports.credit_words import WARNING_KINDS, Said, ageing_part, overdue_part
from service.reports.parts import Part, Report
from service.reports.sheets import Cell


def portfolio_report(found: PortfolioFacts, language: str, maker: str) -> Report:
    """Return the report on all customers in sight (客户信用组合分析报告)."""
    say = Said(language)
    graded = found.customers - found.grades[UNGRADED]
    said = [
        say(
            f"客户 {found.customers} 家，已评 {graded} 家（{share(graded, found.customers)} %），评估逾期 {len(found.late)} 家。",
            f"{found.customers} customers, {graded} graded ({share(graded, found.customers)} %), {len(found.late)} assessments late.",
        ),
        say(
            f"一年来升级 {found.moved.up} 家，降级 {found.moved.down} 家，不变 {found.moved.same} 家。",
            f"Over a year {found.moved.up} rose, {found.moved.down} fell, {found.moved.same} stayed.",
        ),
    ]
    for currency, rows in found.standings.items():
        last = rows[-1]
        said.append(
            say(
                f"应收 {last.open:,.2f} {currency}，逾期 {last.overdue:,.2f}（{last.overdue_share} %）。",
                f"Receivables {last.open:,.2f} {currency}, overdue {last.overdue:,.2f} ({last.overdue_share} %).",
            )
        )
    parts = [
        _spread(say, found),
        _moved(say, found),
        ageing_part(say, found.standings),
        overdue_part(say, found.standings),
    ]
    parts += [_most(say, found.owed, found, owed=True), _most(say, found.bound, found, owed=False)]
    parts += [_answered(say, found), _late(say, found)]
    return Report(
        say("客户信用组合分析报告", "Credit portfolio analysis"),
        [
            say(
                f"期间 {found.first} 至 {found.as_of}，编制 {maker}",
                f"{found.first} to {found.as_of}, made for {maker}",
            )
        ],
        said,
        parts,
        (
            say("编制（签字、日期）", "Made by (signature, date)"),
            say("负责人（签字、日期）", "In charge (signature, date)"),
        ),
    )


def _spread(say: Said, found: PortfolioFacts) -> Part:
    rows: list[list[Cell]] = [[say.code(g), n, share(n, found.customers)] for g, n in found.grades.items()]
    chart = Chart(
        "bars",
        say("等级分布（家）", "Customers by grade"),
        [say.code(g) for g in found.grades],
        [(say("客户", "Customers"), list(found.grades.values()))],
    )
    return Part(
        say("等级分布", "Grades"),
        [say("等级", "Grade"), say("客户", "Customers"), say("比例 %", "Share %")],
        rows,
        chart=chart,
    )


def _moved(say: Said, found: PortfolioFacts) -> Part:
    used = [g for g in COLUMNS if any(g in cell for cell in found.moved.cells)]
    rows: list[list[Cell]] = [[say.code(a), *(found.moved.cells.get((a, b), 0) for b in used)] for a in used]
    return Part(
        say("等级迁移（行：一年前；列：现在）", "Migration (rows: a year earlier; columns: now)"),
        [say("等级", "Grade"), *(say.code(g) for g in used)],
        rows,
        empty=say("没有客户。", "There are no customers."),
    )


def _most(say: Said, of: Mapping[str, Concentration], found: PortfolioFacts, *, owed: bool) -> Part:
    rows: list[list[Cell]] = []
    notes: list[str] = []
    for currency, row in of.items():
        notes.append(
            say(
                f"{currency}：前 {len(row.largest)} 家占 {row.top} %，赫芬达尔指数 {row.index}",
                f"{currency}: the {len(row.largest)} largest hold {row.top} %, Herfindahl index {row.index}",
            )
        )
        for customer, amount, part in row.largest:
            number, name = found.names.get(customer, ("", say("（不可见）", "(not in sight)")))
            rows.append([number, name, amount, currency, part])
    return Part(
        say("应收集中度", "Concentration of receivables")
        if owed
        else say("履行中合同集中度", "Concentration of running contracts"),
        [
            say("客户号", "Number"),
            say("名称", "Name"),
            say("金额", "Amount"),
            say("币种", "Currency"),
            say("比例 %", "Share %"),
        ],
        rows,
        note=say("；", "; ").join(notes),
        empty=say("没有金额。", "There is no amount."),
        widths=(2, 5, 2.6, 1, 1.2),
    )


def _answered(say: Said, found: PortfolioFacts) -> Part:
    it = found.response
    rows: list[list[Cell]] = [
        [say("提出", "Raised"), str(it.raised)],
        [say("关闭", "Closed"), str(it.closed)],
        [say("期末未关闭", "Open at the end"), str(it.open)],
        [say("逐级上报过", "Went up a level"), str(it.escalated)],
        [say("到确认的天数（中位数）", "Days to acknowledge (median)"), say.days(it.to_acknowledge)],
        [say("到关闭的天数（中位数）", "Days to close (median)"), say.days(it.to_close)],
        [say("未关闭最久", "Longest open"), say.days(it.longest_open)],
    ]
    for kind, count in it.kinds.items():
        rows.append([f"{say('其中', 'Of these')} {say.code(kind, WARNING_KINDS)}", str(count)])
    chart = Chart(
        "bars",
        say("预警种类（条）", "Warnings by kind"),
        [say.code(k, WARNING_KINDS) for k in it.kinds],
        [(say("预警", "Warnings"), list(it.kinds.values()))],
    )
    return Part(
        say("预警与响应", "Warnings and response"),
        [say("项目", "Figure"), say("数", "Count")],
        rows,
        chart=chart if it.kinds else None,
        widths=(4, 2),
        figures=(1,),
    )


def _late(say: Said, found: PortfolioFacts, most: int = 50) -> Part:
    rows: list[list[Cell]] = [list(found.names[c]) for c in found.late[:most]]
    more = len(found.late) - most
    return Part(
        say("评估逾期的客户（至少每年一次）", "Customers whose yearly assessment is late"),
        [say("客户号", "Number"), say("名称", "Name")],
        rows,
        note=say(f"另有 {more} 家未列出。", f"{more} more are not listed.") if more > 0 else "",
        empty=say("没有逾期的评估。", "No assessment is late."),
        widths=(2, 6),
    )
