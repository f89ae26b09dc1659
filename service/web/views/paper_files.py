"""The paper of a case file: place, counts, and its sheets as PDF."""

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from service.flow.archive import paper_file
from service.flow.archive.case_prints import SHEETS, sheet_of
from service.reports.case_sheets import DRAWN
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext
from service.web.views.archive import file_page


@web.post("/files/<case_file_id>/place")
def set_place(case_file_id: str) -> ResponseReturnValue:
    """Say where the paper of the file stands."""
    room, shelf, box = (request.form.get(name, "") for name in paper_file.PLACE)
    return act(
        lambda: paper_file.set_place(house(), actor(), case_file_id, room, shelf, box),
        lambda: file_page(case_file_id),
        done=gettext("存放位置已记下。"),
        to=url_for("web.case_file", case_file_id=case_file_id),
    )


@web.post("/files/<case_file_id>/papers")
def count_papers(case_file_id: str) -> ResponseReturnValue:
    """Say how many originals and copies of a category lie in the file."""
    form = request.form
    originals, copies = (form.get(name, -1, type=int) for name in ("originals", "copies"))
    return act(
        lambda: paper_file.count_papers(house(), actor(), case_file_id, form.get("category", ""), originals, copies),
        lambda: file_page(case_file_id),
        done=gettext("份数已记下。"),
        to=url_for("web.case_file", case_file_id=case_file_id),
    )


@web.get("/files/<case_file_id>/sheets/<sheet>.pdf")
def file_sheet(case_file_id: str, sheet: str) -> ResponseReturnValue:
    """Send a sheet of the file as a PDF."""
    told = sheet_of(house(), actor(), case_file_id, sheet)
    pdf = DRAWN[sheet](*told)
    answer = Response(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = dump_options_header("inline", {"filename": f"{SHEETS[sheet]}.pdf"})
    return answer
