"""Credit reports (RULES A5.1): of a customer, of the portfolio, on a schedule, and those that were kept."""

from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from credit.periods import LENGTHS
from service.errors import BadInput, RuleRefused
from service.flow.credit import credit_reports as flow
from service.flow.credit import report_keeping, report_schedules
from service.records.credit_facts import CustomerFacts, PortfolioFacts
from service.reports import charts, drawing
from service.reports.parts import Report
from service.web import words
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext, language


def _sent(data: bytes, name: str, media_type: str) -> Response:
    answer = Response(data, content_type=media_type)
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return answer


def _shown(report: Report | None, **more: object) -> str:
    return render_template(
        "report.html",
        report=report,
        svg=charts.svg,
        on=request.args.get("on", ""),
        since=request.args.get("since", ""),
        **more,
    )


def _list_page() -> str:
    me, today = actor(), house().clock.today()
    kept = report_keeping.list_reports(house(), me)
    planned = report_schedules.list_schedules(house(), me)
    return render_template(
        "credit_reports.html",
        kept=kept,
        planned=[(row, name, report_schedules.next_on(row, today)) for row, name in planned],
        paces=[(every, words.named(words.PACES, every)) for every in LENGTHS],
        for_others=me.owner or "credit_administrator" in me.roles,
        me=me,
    )


@web.get("/reports")
def credit_reports_list() -> ResponseReturnValue:
    """Show the reports that were kept, and those that are made by themselves."""
    return _list_page()


def _asked(name: str) -> str:
    return request.args.get(name, "").strip()


@web.get("/reports/portfolio")
def portfolio_report() -> ResponseReturnValue:
    """Show the report on all customers in sight."""
    own = url_for("web.portfolio_report")
    try:
        report = _drawn(flow.portfolio_analysis(house(), actor(), since=_asked("since"), on=_asked("on")))
    except BadInput as error:
        return refused(error, lambda: _shown(None, kind="portfolio", customer_id=""), own)
    except RuleRefused:  # too many to be counted while somebody waits
        return _shown(None, kind="portfolio", customer_id="", many=flow.MOST_AT_ONCE)
    return _shown(report, kind="portfolio", customer_id="")


@web.get("/reports/portfolio/export.<form>")
def export_portfolio(form: str) -> ResponseReturnValue:
    """Send the report on all customers in sight as PDF or XLSX."""
    flow.demand_form(form)
    found = flow.portfolio_analysis(house(), actor(), since=_asked("since"), on=_asked("on"), form=form)
    return _file(_drawn(found), form)


def _drawn(found: CustomerFacts | PortfolioFacts) -> Report:
    return drawing.report_of(found, language(), flow.maker_of(actor()))


def _file(report: Report, form: str) -> Response:
    data, media_type = drawing.as_file(report, form)
    return _sent(data, f"{report.title}-{house().clock.today():%Y%m%d}.{form}", media_type)


@web.get("/customers/<customer_id>/report")
def customer_report(customer_id: str) -> ResponseReturnValue:
    """Show the credit analysis of a customer."""
    on = request.args.get("on", "").strip()
    own = url_for("web.customer_report", customer_id=customer_id)
    try:
        report = _drawn(flow.customer_analysis(house(), actor(), customer_id, on=on))
    except BadInput as error:
        return refused(error, lambda: _shown(None, kind="customer", customer_id=customer_id), own)
    return _shown(report, kind="customer", customer_id=customer_id)


@web.get("/customers/<customer_id>/report/export.<form>")
def export_customer_report(customer_id: str, form: str) -> ResponseReturnValue:
    """Send the credit analysis of a customer as PDF or XLSX."""
    on = request.args.get("on", "").strip()
    flow.demand_form(form)
    return _file(_drawn(flow.customer_analysis(house(), actor(), customer_id, on=on, form=form)), form)


@web.post("/reports")
def keep_report() -> ResponseReturnValue:
    """Make a report of today and keep it in the archive."""
    g.page = url_for("web.credit_reports_list")
    kind, customer_id = request.form.get("kind", ""), request.form.get("customer_id", "")
    return act(
        lambda: report_keeping.keep_now(house(), actor(), drawing.drawn, kind, customer_id),
        _list_page,
        done=gettext("报告已做好并保存在档案里。"),
        to=url_for("web.credit_reports_list"),
    )


@web.post("/reports/schedules")
def plan_report() -> ResponseReturnValue:
    """Have a report made by itself after each month, quarter or year."""
    form = request.form
    g.page = url_for("web.credit_reports_list")
    given = (form.get("kind", ""), form.get("every", ""), form.get("login", "").strip(), form.get("customer_id", ""))
    return act(
        lambda: report_schedules.add_schedule(house(), actor(), *given),
        _list_page,
        done=gettext("已定期；每期结束以后自动做好。"),
        to=url_for("web.credit_reports_list"),
    )


@web.post("/reports/schedules/<schedule_id>/stop")
def stop_report(schedule_id: str) -> ResponseReturnValue:
    """Have no more of a report made."""
    g.page = url_for("web.credit_reports_list")
    return act(
        lambda: report_schedules.stop_schedule(house(), actor(), schedule_id),
        _list_page,
        done=gettext("不再自动做这份报告；已做的留着。"),
        to=url_for("web.credit_reports_list"),
    )


@web.get("/reports/<report_id>/file.<form>")
def kept_report(report_id: str, form: str) -> ResponseReturnValue:
    """Send a report as it was kept."""
    data, name = report_keeping.open_report(house(), actor(), report_id, form)
    return _sent(data, name, drawing.TYPES[form])
