"""Credit reports (RULES A5.1): on demand, on a schedule, and those that were kept."""

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field
from werkzeug.http import dump_options_header

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.credit import credit_reports as flow
from service.flow.credit import report_keeping, report_schedules
from service.house import House
from service.reports import drawing
from service.reports.parts import Report

operation = Operations("reports")

Day = Annotated[str, Field(max_length=10)]
Id = Annotated[str, Field(max_length=36)]
Form = Literal["json", "pdf", "xlsx"]


class AskCustomer(Input):
    """As of which day (today without one), in which language, as what."""

    on: Day = ""
    language: Literal["zh", "en"] = "zh"
    form: Form = "json"


class AskPortfolio(AskCustomer):
    """since: from when warnings count; a year before without it."""

    since: Day = ""


def _sent(report: Report, form: Form, name: str) -> Response | dict[str, Any]:
    if form == "json":
        return drawing.as_json(report)
    data, media_type = drawing.as_file(report, form)
    return _file(data, f"{name}.{form}", media_type)


def _file(data: bytes, name: str, media_type: str) -> Response:
    answer = Response(data, content_type=media_type)
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return answer


@operation("GET", "/customers/{customer_id}/report", "The credit analysis of a customer", query=AskCustomer)
def customer_credit_report(
    house: House, actor: Actor, customer_id: str, given: AskCustomer
) -> Response | dict[str, Any]:
    """Return the report as far as the caller may see it, as JSON values or as a file."""
    form = "" if given.form == "json" else given.form
    found = flow.customer_analysis(house, actor, customer_id, on=given.on, form=form)
    report = drawing.report_of(found, given.language, flow.maker_of(actor))
    return _sent(report, given.form, f"credit-analysis-{customer_id}")


@operation("GET", "/reports/portfolio", "The report on all customers in sight", query=AskPortfolio)
def portfolio_credit_report(house: House, actor: Actor, given: AskPortfolio) -> Response | dict[str, Any]:
    """Return grades, migration, ageing, concentration, overdue trend, warnings and response times."""
    form = "" if given.form == "json" else given.form
    found = flow.portfolio_analysis(house, actor, since=given.since, on=given.on, form=form)
    report = drawing.report_of(found, given.language, flow.maker_of(actor))
    return _sent(report, given.form, "credit-portfolio")


class ListReports(Input):
    """Of one customer, or of all."""

    customer_id: Id = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


@operation("GET", "/reports", "The reports that were kept", query=ListReports)
def list_credit_reports(house: House, actor: Actor, given: ListReports) -> dict[str, Any]:
    """Return one's own, the latest first; all of them for the credit administrator."""
    found = report_keeping.list_reports(house, actor, customer_id=given.customer_id, limit=given.limit)
    return {"reports": [report_keeping.report_as_json(row, name, there=there) for row, name, there in found]}


class KeepReport(Input):
    """Which: of a customer, or of the portfolio."""

    kind: Literal["customer", "portfolio"]
    customer_id: Id = ""


@operation("POST", "/reports", "Make a report of today and keep it", body=KeepReport, status=201, problems=(404, 409))
def keep_credit_report(house: House, actor: Actor, given: KeepReport) -> dict[str, Any]:
    """Make the report as the caller may see it; it becomes a document of the archive."""
    row = report_keeping.keep_now(house, actor, drawing.drawn, given.kind, given.customer_id)
    return {"id": row.id, "document_id": row.document_id, "why": row.why or None}


class AskKept(Input):
    """As what."""

    form: Literal["pdf", "xlsx"] = "pdf"


@operation(
    "GET", "/reports/{report_id}/file", "A report as it was kept", query=AskKept, answer="application/octet-stream"
)
def kept_credit_report(house: House, actor: Actor, report_id: str, given: AskKept) -> Response:
    """Send the very bytes that were kept, or the workbook they carry."""
    data, name = report_keeping.open_report(house, actor, report_id, given.form)
    return _file(data, name, drawing.TYPES[given.form])


class NewSchedule(Input):
    """Which report, how often, for whom (login; left out: for oneself)."""

    kind: Literal["customer", "portfolio"]
    every: Literal["month", "quarter", "year"]
    login: Annotated[str, Field(max_length=64)] = ""
    customer_id: Id = ""


@operation(
    "POST", "/report-schedules", "Have a report made by itself", body=NewSchedule, status=201, problems=(404, 409)
)
def plan_credit_report(house: House, actor: Actor, given: NewSchedule) -> dict[str, Any]:
    """Have a report made once after each period, the first after the one that runs."""
    row = report_schedules.add_schedule(house, actor, given.kind, given.every, given.login, given.customer_id)
    return report_schedules.schedule_as_json(row, "", house.clock.today())


@operation("GET", "/report-schedules", "The reports that are made by themselves")
def list_report_schedules(house: House, actor: Actor) -> dict[str, Any]:
    """Return those that run: one's own, or all for the credit administrator."""
    today = house.clock.today()
    found = report_schedules.list_schedules(house, actor)
    return {"schedules": [report_schedules.schedule_as_json(row, name, today) for row, name in found]}


@operation("DELETE", "/report-schedules/{schedule_id}", "Have no more of a report made", status=204)
def stop_credit_report(house: House, actor: Actor, schedule_id: str) -> None:
    """Stop a schedule; what was made stays."""
    report_schedules.stop_schedule(house, actor, schedule_id)
