"""Half-year statistics (RULES B4): the figures, who owes which report, and what is late."""

from datetime import date

from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from retention.errors import BadPeriod
from retention.statistics import KINDS, periods_due, report_period
from service.access.policy import Actor
from service.errors import BadInput, NotFound
from service.flow.archive import statistics, submissions
from service.flow.common.counted import Standing
from service.flow.common.guard import allowed, require
from service.flow.credit.analysis import outlook
from service.reports import report_files
from service.reports.analysis_report import analysis_chart, analysis_report
from service.reports.charts import svg
from service.reports.papers import Form, to_pdf
from service.reports.sheets import FORMATS
from service.web import words
from service.web.context import act, actor, house, refused
from service.web.download import download
from service.web.filters import moment
from service.web.site import web
from service.web.text import gettext


def _periods(today: date) -> list[tuple[str, str]]:
    """Return the periods a report can be made of, the latest first, with the one that runs."""
    ended = [period.code for period in periods_due("contracts", date(today.year - 3, 1, 1), today)]
    running = str(today.year) if today.month > 6 else f"{today.year}-H1"
    return [(code, words.period(code)) for code in (running, *reversed(ended))]


def _asked() -> tuple[str, str]:
    periods = _periods(house().clock.today())
    kind = request.values.get("kind", "contracts")
    return kind if kind in statistics.COUNTED else "contracts", request.values.get("period") or periods[1][0]


def statistics_page(*, empty: bool = False) -> str:
    """Return the page of a period. empty: without figures, where what was asked for is wrong."""
    kind, code = _asked()
    me, today = actor(), house().clock.today()
    late = bool(request.args.get("late"))
    found = None if empty else statistics.report(house(), me, kind, code)
    columns, rows = statistics.table_of(found) if found else ([], [])
    owed = submissions.duties(house(), me, "" if late or empty else code, late=late)
    units = [line.unit for line in found.lines] if found else []
    return render_template(
        "statistics.html",
        kind=kind,
        period=None if empty else report_period(code),
        code=code,
        columns=columns,
        rows=rows,
        standing=found.standing if found else Standing(),
        there=found is not None and found.counted,
        duties=owed,
        late=late,
        ended=found is not None and found.period.last < today,
        periods=_periods(today),
        me=me.name,
        may_work=allowed(me, "statistics.work"),
        units=[(f"{u.kind}:{u.code}", f"{u.code} {u.name}") for u in units if may_work_for(me, u)],
        kinds=[(k, words.named(words.REPORTS, k)) for k in KINDS if not (k == "analysis" and code.endswith("-H1"))],
        may_work_for=lambda unit: may_work_for(me, unit),
        may_receive=allowed(me, "statistics.receive"),
    )


def may_work_for(who: Actor, unit: statistics.Unit) -> bool:
    """Return whether this person prepares, signs and submits reports of a unit."""
    return statistics.sees_unit(who, unit, "statistics.work")


@web.get("/statistics", endpoint="statistics")
def show() -> ResponseReturnValue:
    """Show the figures of a period, the register of submissions, and what is late."""
    require(actor(), "statistics.read")
    try:
        return statistics_page()
    except (BadInput, BadPeriod) as error:
        return refused(error, lambda: statistics_page(empty=True), url_for("web.statistics"))


@web.post("/statistics/counts")
def count_statistics() -> ResponseReturnValue:
    """Have the figures of a period counted anew."""
    kind, code = _asked()
    to = g.page = url_for("web.statistics", kind=kind, period=code)
    done = gettext("已安排重新统计，由后台进行。")
    return act(lambda: statistics.count_anew(house(), actor(), kind, code), statistics_page, done=done, to=to)


@web.get("/statistics/export.<form>")
def export_statistics(form: str) -> ResponseReturnValue:
    """Send the figures as a spreadsheet or as the form that is signed."""
    if form not in (*FORMATS, "pdf"):
        raise NotFound(f"there is no export as {form}")
    kind, code = _asked()
    found = statistics.report(house(), actor(), kind, code)
    statistics.note_export(house(), actor(), found, form)
    columns, rows = statistics.table_of(found)
    heads = [gettext("单位"), gettext("代码"), gettext("名称"), *(words.figure(name, of) for name, of in columns)]
    shown = [[words.named(words.UNITS, row[0]), *row[1:]] for row in rows]
    title = f"{words.named(words.REPORTS, kind)} {words.period(code)}"
    if form != "pdf":
        return download(title, heads, shown, form)
    sub = gettext("期间 %(first)s 至 %(last)s，%(due)s 前报送；金额按币种", first=found.period.first, last=found.period.last,
                  due=found.period.due_on)  # fmt: skip
    if found.standing.kept:
        sub += gettext("；统计于 %(at)s", at=moment(found.standing.kept.at))
    signs = (gettext("制表人（签字、日期）"), gettext("审核人（签字、日期）"), gettext("负责人（签字、日期）"))
    widths = [2, 2, 4, *([2.4] * len(columns))]
    pdf = to_pdf(Form(title, heads, widths, shown, sub, signs))
    answer = Response(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"{title}.pdf"})
    return answer


@web.post("/statistics/submissions")
def prepare_submission() -> ResponseReturnValue:
    """Prepare a report, to be signed off by somebody else."""
    form = request.form
    unit, _colon, code = form.get("unit", "").partition(":")
    period = form.get("period", "")
    g.page = url_for("web.statistics", period=period)

    def step() -> None:
        kind, note = form.get("report", ""), form.get("note", "")
        submissions.prepare(house(), actor(), kind, unit, code, period, note)

    done = gettext("报表已编好，由另一人签署。")
    return act(step, statistics_page, done=done, to=url_for("web.statistics", period=period))


@web.post("/statistics/submissions/<submission_id>/<step>")
def submission_step(submission_id: str, step: str) -> ResponseReturnValue:
    """Sign off, submit or return a report."""
    steps = {
        "sign": (lambda: submissions.sign(house(), actor(), submission_id), gettext("报表已签署。")),
        "submit": (lambda: submissions.submit(house(), actor(), submission_id), gettext("报表已报送。")),
        "return": (
            lambda: submissions.send_back(house(), actor(), submission_id, request.form.get("reason", "")),
            gettext("报表已退回，期限不变。"),
        ),
    }
    if step not in steps:
        raise NotFound(f"there is no step {step}")
    to = url_for("web.statistics", period=request.form.get("period", ""))
    return act(steps[step][0], statistics_page, done=steps[step][1], to=to)


@web.get("/statistics/analysis")
def analysis() -> ResponseReturnValue:
    """Show the figures of a unit's yearly analysis, and a first text to go on from."""
    unit, _colon, code = request.args.get("unit", "").partition(":")
    period = report_period(request.args.get("period", ""))
    figures, text = outlook(house(), actor(), unit, code, period)
    rows = [(*_split(name), value) for name, value in figures.items()]
    chart = analysis_chart(words.named(words.REPORTS, "credit"), figures)
    return render_template(
        "analysis.html",
        unit=f"{unit}:{code}",
        unit_name=code,
        period=period,
        figures=rows,
        text=text,
        chart=chart,
        svg=svg,
    )


@web.get("/statistics/submissions/<submission_id>/export.<form>")
def export_submission(submission_id: str, form: str) -> ResponseReturnValue:
    """Send a report as it was prepared, as PDF to sign or as a workbook with charts."""
    if form not in ("pdf", "xlsx"):
        raise NotFound(f"there is no report as {form}")
    row, unit = submissions.get_submission(house(), actor(), submission_id)
    parts = row.figures if row.kind == "analysis" else {row.kind: row.figures}
    title = f"{words.named(words.REPORTS, row.kind)} {words.period(row.period)}"
    signs = (gettext("制表人（签字、日期）"), gettext("审核人（签字、日期）"), gettext("负责人（签字、日期）"))
    heads = (gettext("项目"), gettext("数"))
    lines = [f"{unit.code} {unit.name}", f"SHA-256 {row.digest}"]
    made = analysis_report(
        title, lines, row.note, parts, lambda kind: words.named(words.REPORTS, kind), words.figure, heads, signs
    )
    data = report_files.to_pdf(made) if form == "pdf" else report_files.to_xlsx(made)
    answer = Response(data, content_type="application/pdf" if form == "pdf" else FORMATS["xlsx"])
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"{title}.{form}"})
    return answer


@web.get("/statistics/submissions/<submission_id>")
def submission(submission_id: str) -> ResponseReturnValue:
    """Show a report as it was prepared and signed."""
    row, unit = submissions.get_submission(house(), actor(), submission_id)
    parts = row.figures.items() if row.kind == "analysis" else [(row.kind, row.figures)]
    figures = [(kind, [(*_split(name), value) for name, value in of.items()]) for kind, of in parts]
    return render_template("submission_print.html", row=row, unit=unit, figures=figures)


def _split(name: str) -> tuple[str, str]:
    figure, _colon, of = name.partition(":")
    return figure, of
