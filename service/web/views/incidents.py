"""Incidents with files, how files are used, and the out card."""

from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from service.errors import BadInput
from service.flow.archive import incidents as flow
from service.flow.archive import loan_statistics
from service.flow.common.guard import allowed, reach_of_file
from service.reports.case_sheets import out_card
from service.web.context import act, actor, house, offset_of, refused
from service.web.site import web
from service.web.text import gettext
from service.web.views.archive import file_page

PAGE = 50
LINES = 4  # how many persons responsible the form has room for


@web.get("/incidents")
def incident_list() -> ResponseReturnValue:
    """Show the incidents, open ones first."""
    total, found = flow.incidents(house(), actor(), limit=PAGE, offset=offset_of(PAGE))
    return render_template("incidents.html", total=total, incidents=found, size=PAGE)


def _page(incident_id: str) -> str:
    row, file = flow.incident(house(), actor(), incident_id)
    reach = reach_of_file(file)
    may_work = allowed(actor(), "incident.work", reach) and row.state != "closed"
    return render_template("incident.html", incident=row, file=file, may_work=may_work, lines=LINES)


@web.get("/incidents/<incident_id>")
def incident(incident_id: str) -> ResponseReturnValue:
    """Show one incident."""
    return _page(incident_id)


@web.post("/files/<case_file_id>/incidents")
def report_incident(case_file_id: str) -> ResponseReturnValue:
    """Report an incident with a file."""
    form = request.form
    kind, day, text = form.get("kind", ""), form.get("happened_on", "").strip(), form.get("description", "")
    return act(
        lambda: flow.report(house(), actor(), case_file_id, kind, day, text),
        lambda: file_page(case_file_id),
        done=gettext("事故已报告，由档案管理员调查。"),
        to=url_for("web.case_file", case_file_id=case_file_id),
    )


@web.post("/incidents/<incident_id>/examine")
def examine_incident(incident_id: str) -> ResponseReturnValue:
    """Record persons responsible, findings and measures."""
    form = request.form
    names, parts = form.getlist("name"), form.getlist("part")
    people = list(zip(names, parts, strict=False))
    return act(
        lambda: flow.examine(house(), actor(), incident_id, people, form.get("findings", ""), form.get("measures", "")),
        lambda: _page(incident_id),
        done=gettext("调查结果已登记，由另一个人结案。"),
        to=url_for("web.incident", incident_id=incident_id),
    )


@web.post("/incidents/<incident_id>/close")
def close_incident(incident_id: str) -> ResponseReturnValue:
    """Close an incident with its outcome."""
    return act(
        lambda: flow.close(house(), actor(), incident_id, request.form.get("outcome", "")),
        lambda: _page(incident_id),
        done=gettext("事故已结案。"),
        to=url_for("web.incident", incident_id=incident_id),
    )


@web.get("/loans/statistics")
def loan_figures() -> ResponseReturnValue:
    """Show how files are used."""
    args = request.args
    g.page = url_for("web.loan_figures")
    try:
        found = loan_statistics.use(house(), actor(), args.get("first", "").strip(), args.get("last", "").strip())
    except BadInput as error:
        return refused(error, lambda: _figures(loan_statistics.use(house(), actor())), g.page)
    return _figures(found)


def _figures(found: loan_statistics.Use) -> str:
    return render_template("loan_statistics.html", found=found)


@web.get("/loans/<loan_id>/out-card.pdf")
def print_out_card(loan_id: str) -> ResponseReturnValue:
    """Send the out card of a file that is lent."""
    answer = Response(out_card(loan_statistics.out_card(house(), actor(), loan_id)), content_type="application/pdf")
    answer.headers["Content-Disposition"] = dump_options_header("inline", {"filename": f"{gettext('代卷卡')}.pdf"})
    return answer
