"""The report on one customer: what `flow/credit/report_facts.py` gathered, as parts with tables and charts (RULES A5.1)."""

from collections.abc import Mapping
from decimal import Decimal

from credit.fact_kinds import SHIPPED
from credit.reports import Standing
from service.records.credit_facts import CustomerFacts, day_in_effect, state_on
from service.reports.charts import Chart
from service.reports.credit_words import WARNING_KINDS, Said, ageing_part, overdue_part
from service.reports.parts import Part, Report
from service.reports.sheets import Cell


def customer_report(found: CustomerFacts, language: str, maker: str) -> Report:
    """Return the credit analysis of a customer (客户信用分析报告). maker: who had it made."""
    say = Said(language)
    who = found.customer
    lines = [
        say(f"客户 {who.number} {who.name}", f"Customer {who.number} {who.name}"),
        say(f"统一社会信用代码 {who.code or '—'}", f"Unified social credit code {who.code or '—'}"),
        say(f"截至 {found.as_of}，编制 {maker}", f"As of {found.as_of}, made for {maker}"),
    ]
    owed = {c: rows[-1] for c, rows in found.standings.items()}
    parts = [_history(say, found), _indicators(say, found)]
    parts += [ageing_part(say, found.standings), overdue_part(say, found.standings)]
    parts += [_warned(say, found), _facts(say, found), _contracts(say, found), _documents(say, found)]
    return Report(
        say("客户信用分析报告", "Customer credit analysis"),
        lines,
        _summary(say, found, owed),
        parts,
        (
            say("编制（签字、日期）", "Made by (signature, date)"),
            say("审核（签字、日期）", "Reviewed by (signature, date)"),
        ),
    )


def _summary(say: Said, found: CustomerFacts, owed: Mapping[str, Standing]) -> list[str]:
    now, said = found.current, []
    if now is None:
        said.append(say("还没有生效的信用评估。", "No assessment has taken effect yet."))
    else:
        line = "" if now.line is None else say(f"，授信额度 {now.line:,.2f} 元", f", credit line {now.line:,.2f} yuan")
        said.append(
            say(
                f"现行等级 {now.grade}，信用分 {now.score}（{now.assessed_on} 评估）{line}。",
                f"Grade {now.grade}, score {now.score} (assessed on {now.assessed_on}){line}.",
            )
        )
        if now.grade != now.score_grade:
            said.append(
                say(
                    f"按分数应为 {now.score_grade}，由人改定：{now.set_reason}",
                    f"By its score it would be {now.score_grade}; set by a person: {now.set_reason}",
                )
            )
    why = "；".join(r.zh for r in found.due.reasons), "; ".join(r.en for r in found.due.reasons)
    late = found.due.overdue
    said.append(
        say(
            f"下次评估 {found.due.due}{'，已逾期' if late else ''}（{why[0]}）。",
            f"Next assessment due {found.due.due}{', overdue' if late else ''} ({why[1]}).",
        )
    )
    for currency, row in owed.items():
        said.append(
            say(
                f"应收 {row.open:,.2f} {currency}，其中逾期 {row.overdue:,.2f}（{row.overdue_share} %）。",
                f"Receivables {row.open:,.2f} {currency}, of which overdue {row.overdue:,.2f} ({row.overdue_share} %).",
            )
        )
    for currency, habit in found.habits.items():
        if habit.days_beyond_terms is not None:
            said.append(
                say(
                    f"近一年加权平均逾期 {habit.days_beyond_terms} 天（{currency}）。",
                    f"Paid {habit.days_beyond_terms} days beyond terms on average over a year ({currency}).",
                )
            )
    still = sum(state_on(w, found.as_of) != "closed" for w in found.warnings)
    said.append(say(f"未关闭的预警 {still} 条。", f"{still} warnings are not closed."))
    return said


def _history(say: Said, found: CustomerFacts) -> Part:
    rows: list[list[Cell]] = [
        [
            row.assessed_on,
            day_in_effect(row),
            row.score,
            row.grade,
            row.scorecard,
            _person(found, row.made_by),
            _person(found, row.decided_by),
        ]
        for row in reversed(found.rated)
    ]
    labels = [str(row.assessed_on) for row in found.rated]
    score = say("信用分", "Score")
    chart = Chart(
        "lines", say("信用分的变化", "Score over time"), labels, [(score, [row.score for row in found.rated])]
    )
    return Part(
        say("等级与信用分历史", "Grades and scores over time"),
        [
            say("评估日", "Assessed on"),
            say("生效日", "In effect from"),
            score,
            say("等级", "Grade"),
            say("评分卡", "Scorecard"),
            say("评估人", "Assessed by"),
            say("决定人", "Decided by"),
        ],
        rows,
        empty=say("没有生效的评估。", "No assessment has taken effect."),
        chart=chart if len(rows) > 1 else None,
        widths=(2, 2, 1.2, 1, 2, 2, 2),
    )


def _person(found: CustomerFacts, name: str | None) -> str:
    return found.people.get(name or "", (name or "—").removeprefix("person:"))


def _indicators(say: Said, found: CustomerFacts) -> Part:
    now = found.current
    rows: list[list[Cell]] = []
    labels: list[str] = []
    for line in now.lines if now else []:
        known = (now.scorecard if now else "", line["code"])
        name = say(*found.indicators.get(known, (line["code"], line["code"])))
        value = say.code("missing") if line["value"] is None else say.code(str(line["value"]))
        proof = "、".join(found.evidence.get(id_, say("（不可见）", "(not in sight)")) for id_ in line["evidence"])
        points = [Decimal(line[key]) for key in ("points", "weight", "contribution")]
        rows.append([name, value, *points, proof])
        labels.append(name.partition("（")[0].partition(" (")[0])
    chart = Chart(
        "bars",
        say("各指标得分（0–100）", "Points by indicator (0 to 100)"),
        labels,
        [(say("得分", "Points"), [Decimal(str(row[2])) for row in rows])],
    )
    return Part(
        say("各指标得分", "Score by indicator"),
        [
            say("指标", "Indicator"),
            say("取值", "Value"),
            say("得分", "Points"),
            say("权重 %", "Weight %"),
            say("计入", "Contribution"),
            say("依据", "Evidence"),
        ],
        rows,
        note=say("综合分 = Σ 得分 × 权重 ÷ 100。", "The score is the sum of points x weight / 100.") if rows else "",
        empty=say("没有生效的评估。", "No assessment has taken effect."),
        chart=chart if rows else None,
        widths=(4, 2, 1.2, 1.2, 1.4, 4),
        figures=(1,),
    )


def _warned(say: Said, found: CustomerFacts) -> Part:
    rows: list[list[Cell]] = [
        [
            row.opened_on,
            say.code(row.kind, WARNING_KINDS),
            say.code(row.severity),
            say(row.why_zh, row.why_en),
            say.code(state_on(row, found.as_of)),
            _person(found, row.closed_by) if state_on(row, found.as_of) == "closed" else "",
        ]
        for row in found.warnings
    ]
    return Part(
        say("风险预警", "Warnings"),
        [
            say("日期", "Day"),
            say("种类", "Kind"),
            say("轻重", "Severity"),
            say("原因", "Why"),
            say("状态", "State"),
            say("关闭人", "Closed by"),
        ],
        rows,
        empty=say("没有预警。", "There are no warnings."),
        widths=(2, 2.4, 1, 5, 1.4, 1.6),
    )


def _facts(say: Said, found: CustomerFacts) -> Part:
    rows: list[list[Cell]] = []
    for fact in found.facts:
        kind = SHIPPED.get(fact.kind)
        name = say(kind.zh, kind.en) if kind else fact.kind
        fresh = say("已过期", "stale") if fact.due_on < found.as_of else say("有效", "fresh")
        rows.append([name, fact.value, say.code(fact.state), fact.checked_on, fact.due_on, fresh, fact.responsible])
    return Part(
        say("收集的信息与时效", "Collected information and how fresh it is"),
        [
            say("信息", "Information"),
            say("内容", "Value"),
            say("核验", "Verification"),
            say("核对日", "Checked on"),
            say("更新期限", "Renew by"),
            say("时效", "Freshness"),
            say("责任人", "Responsible"),
        ],
        rows,
        empty=say("没有收集信息。", "No information is collected."),
        widths=(2.4, 4, 1.8, 1.8, 1.8, 1.2, 1.8),
    )


def _contracts(say: Said, found: CustomerFacts) -> Part:
    rows: list[list[Cell]] = [
        [c.number, c.title, c.department, c.signed_on, c.amount, c.currency, say.code(c.status)]
        for c in found.contracts
    ]
    return Part(
        say("合同", "Contracts"),
        [
            say("合同号", "Number"),
            say("题名", "Title"),
            say("部门", "Department"),
            say("签订", "Signed on"),
            say("金额", "Amount"),
            say("币种", "Currency"),
            say("状态", "Status"),
        ],
        rows,
        empty=say("没有可见的合同。", "No contract is in sight."),
        figures=(4,),
        widths=(2.4, 4, 1.6, 1.8, 2.4, 1, 1.4),
    )


def _documents(say: Said, found: CustomerFacts) -> Part:
    rows: list[list[Cell]] = [
        [title, category, say.code(verification) if verification else "", came]
        for title, category, verification, came in found.documents
    ]
    return Part(
        say("依据文件", "Evidence"),
        [say("文件", "Document"), say("类目", "Category"), say("核验", "Verification"), say("收到", "Received")],
        rows,
        empty=say("没有可见的文件。", "No document is in sight."),
        widths=(6, 1, 2, 2),
    )
