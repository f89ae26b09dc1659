"""Half-year statistics and the register of their submissions (RULES B4)."""

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field
from werkzeug.http import dump_options_header

from retention.statistics import report_period
from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.archive import statistics, submissions
from service.flow.common.counted import standing_as_json
from service.flow.credit import analysis
from service.house import House
from service.reports.papers import Form, to_pdf
from service.reports.sheets import FORMATS, Table, write

operation = Operations("statistics")

Period = Annotated[str, Field(max_length=8)]


class AskReport(Input):
    """Which figures of which period: ``2025`` or ``2026-H1``."""

    kind: Literal["contracts", "archives"] = "contracts"
    period: Period


@operation("GET", "/statistics", "Half-year figures per department, company and group", query=AskReport)
def show_statistics(house: House, actor: Actor, given: AskReport) -> dict[str, Any]:
    """Return the figures of every unit the caller may see; amounts by currency, as decimal text.

    Where there is much they are counted in the background: counted_at says when, `run` how far it is with the next; before the first
    there are no units.
    """
    found = statistics.report(house, actor, given.kind, given.period)
    return {
        "kind": found.kind,
        "period": found.period.code,
        "from": found.period.first.isoformat(),
        "until": found.period.last.isoformat(),
        "due_on": found.period.due_on.isoformat(),
        "units": [
            {
                "unit": line.unit.kind,
                "code": line.unit.code,
                "name": line.unit.name,
                "figures": statistics.figures_as_json(line.figures),
            }
            for line in found.lines
        ],
        "group": None if found.whole is None else statistics.figures_as_json(found.whole),
        "counted": found.counted,
        **standing_as_json(found.standing),
    }


@operation("POST", "/statistics/counts", "Have half-year figures counted anew", body=AskReport, status=202)
def count_statistics(house: House, actor: Actor, given: AskReport) -> dict[str, Any]:
    """Count them, many in the background; `GET /statistics` tells how far it is and, then, the figures."""
    return standing_as_json(statistics.count_anew(house, actor, given.kind, given.period))


class ExportReport(AskReport):
    """Which figures, and as what."""

    form: Literal["csv", "xlsx", "pdf"] = "xlsx"


@operation(
    "GET",
    "/statistics/export",
    "The figures as a file",
    query=ExportReport,
    answer="application/octet-stream",
    problems=(409,),
)
def export_statistics(house: House, actor: Actor, given: ExportReport) -> Response:
    """Send the figures with the names and codes of this API; the export is noted."""
    found = statistics.report(house, actor, given.kind, given.period)
    statistics.note_export(house, actor, found, given.form)
    columns, rows = statistics.table_of(found)
    heads = ["unit", "code", "name", *(f"{name}:{of}" if of else name for name, of in columns)]
    return sheet_or_pdf(f"{given.kind}-{given.period}", heads, rows, given.form)


def sheet_or_pdf(name: str, heads: list[str], rows: list[list[Any]], form: str) -> Response:
    """Return a table as a file to save."""
    if form == "pdf":
        answer = Response(to_pdf(Form(name, heads, [1] * len(heads), rows)), content_type="application/pdf")
    else:
        answer = Response(write(Table(name, heads, rows), form), content_type=FORMATS[form])
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"{name}.{form}"})
    return answer


class AskDuties(Input):
    """Which reports that are owed. late: only those that were not, or not in time, with the group."""

    period: Period = ""
    late: bool = False


@operation("GET", "/statistics/submissions", "What is owed, and what was submitted", query=AskDuties)
def list_submissions(house: House, actor: Actor, given: AskDuties) -> dict[str, Any]:
    """Return the register of submissions; with `late`, the list of late and missing ones."""
    found = submissions.duties(house, actor, given.period, late=given.late)
    return {"duties": [submissions.duty_as_json(duty) for duty in found]}


class Prepare(Input):
    """Whose report of which period. note: the text of an analysis, a remark elsewhere."""

    kind: Literal["contracts", "archives", "analysis"]
    unit: Literal["department", "company"] = "department"
    code: Annotated[str, Field(max_length=16)]
    period: Period
    note: Annotated[str, Field(max_length=submissions.MAX_NOTE)] = ""


@operation("POST", "/statistics/submissions", "Prepare a report", body=Prepare, status=201, problems=(404, 409))
def prepare_submission(house: House, actor: Actor, given: Prepare) -> dict[str, Any]:
    """Count the figures of a unit and keep them, to be signed off by somebody else."""
    made = submissions.prepare(house, actor, given.kind, given.unit, given.code, given.period, given.note)
    return submissions.submission_as_json(made)


@operation("GET", "/statistics/submissions/{submission_id}", "A report as it was prepared")
def show_submission(house: House, actor: Actor, submission_id: str) -> dict[str, Any]:
    """Return a report with its figures and who signed it."""
    return submissions.submission_as_json(submissions.get_submission(house, actor, submission_id)[0])


class AskAnalysis(Input):
    """Of which unit and year."""

    unit: Literal["department", "company"] = "department"
    code: Annotated[str, Field(max_length=16)]
    period: Period


@operation(
    "GET", "/statistics/analysis", "Figures and a first text of a yearly analysis", query=AskAnalysis, problems=(404,)
)
def show_analysis(house: House, actor: Actor, given: AskAnalysis) -> dict[str, Any]:
    """Return the credit figures of a unit and a text drafted from them, in Chinese, to prepare the report from."""
    figures, text = analysis.outlook(house, actor, given.unit, given.code, report_period(given.period))
    return {"figures": figures, "draft": text}


@operation("POST", "/statistics/submissions/{submission_id}/signature", "Sign a report off", problems=(409,))
def sign_submission(house: House, actor: Actor, submission_id: str) -> dict[str, Any]:
    """Sign a report off; who prepared it does not."""
    return submissions.submission_as_json(submissions.sign(house, actor, submission_id))


@operation("POST", "/statistics/submissions/{submission_id}/submission", "Submit a signed report", problems=(409,))
def submit_submission(house: House, actor: Actor, submission_id: str) -> dict[str, Any]:
    """Submit a report to the group's credit body."""
    return submissions.submission_as_json(submissions.submit(house, actor, submission_id))


class SendBack(Input):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


@operation("POST", "/statistics/submissions/{submission_id}/return", "Return a report", body=SendBack, problems=(409,))
def return_submission(house: House, actor: Actor, submission_id: str, given: SendBack) -> dict[str, Any]:
    """Return a report with a reason; its last day stays."""
    return submissions.submission_as_json(submissions.send_back(house, actor, submission_id, given.reason))
