"""Files that go to an outside archive: what was decided, the package, both signatures, and the removal."""

from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from service.errors import KNOWN_ERRORS, NotFound, RuleRefused
from service.flow.archive import outside, outside_lists, outside_receipts
from service.partial import packed
from service.reports import destruction_register as report
from service.reports.outside_list import of_transfer
from service.web import words
from service.web.context import act, actor, house, offset_of, refused
from service.web.site import web
from service.web.text import gettext, language

PAGE = 50


@web.get("/outside")
def outside_transfers() -> ResponseReturnValue:
    """Show the files on their way to an outside archive, and those that are there."""
    total, rows = outside.transfers_out(house(), actor(), limit=PAGE, offset=offset_of(PAGE))
    return render_template("outside_transfers.html", total=total, rows=rows, size=PAGE)


def _page(outside_id: str) -> str:
    g.page = url_for("web.outside_transfer", outside_id=outside_id)
    view = outside.transfer_out(house(), actor(), outside_id)
    statement = view.record.statement
    return render_template(
        "outside_transfer.html",
        view=view,
        transfer=view.transfer,
        statement=statement,
        intact=outside_receipts.statement_holds(statement) if statement else None,
        state=words.state(words.OUTSIDE_STATES, view.transfer.state),
        chinese=language() == "zh",
    )


@web.get("/outside/<outside_id>")
def outside_transfer(outside_id: str) -> ResponseReturnValue:
    """Show one transfer with its steps."""
    return _page(outside_id)


@web.get("/outside/<outside_id>/list.<form>")
def outside_list(outside_id: str, form: str) -> ResponseReturnValue:
    """Send the list that both sides sign, as PDF or workbook."""
    if form not in report.FORMS:
        raise NotFound(f"a list is sent as {' or '.join(report.FORMS)}")
    found = outside_lists.outside_list(house(), actor(), outside_id, form)
    answer = Response(report.written(of_transfer(found), form), content_type=report.FORMS[form])
    name = f"{gettext('移交清单')}-{found.transfer.number}.{form}"
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return answer


@web.post("/outside/<outside_id>/package")
def pack_outside(outside_id: str) -> ResponseReturnValue:
    """Make the package for the archive that is named, and send it."""
    form = request.form
    name = gettext("档案包") + f"-{outside_id}.zip"
    try:
        return packed(
            house(),
            lambda file: outside.pack(
                house(), actor(), outside_id, form.get("recipient", ""), form.get("key", ""), file
            ),
            name,
        )
    except KNOWN_ERRORS as error:
        return refused(error, lambda: _page(outside_id), url_for("web.outside_transfer", outside_id=outside_id))


def _receipt(outside_id: str) -> None:
    file = request.files.get("receipt")
    if file is None or not file.filename:
        raise RuleRefused("choose the receipt the other archive signed")
    outside.enter_receipt(house(), actor(), outside_id, file.stream.read(outside_receipts.LARGEST_RECEIPT + 1))


@web.post("/outside/<outside_id>/<step>")
def outside_step(outside_id: str, step: str) -> ResponseReturnValue:
    """Do one step of a transfer."""
    form, at, me = request.form, house(), actor()
    paper = {name: form.get(name, "") for name in ("manifest", "by", "on", "number", "document_id")}
    doing = {
        "hand-over": (
            lambda: outside.hand_over(at, me, outside_id, with_paper=form.get("with_paper") == "1"),
            gettext("已签移交，等对方的回执。"),
        ),
        "receipt": (lambda: _receipt(outside_id), gettext("回执已登记，由另一人核验。")),
        "paper-receipt": (
            lambda: outside.enter_paper_receipt(at, me, outside_id, **paper),
            gettext("回执已登记，由另一人核验。"),
        ),
        "refuse": (
            lambda: outside.refuse(at, me, outside_id, form.get("reason", "")),
            gettext("回执已退回，请对方重出。"),
        ),
        "verify": (lambda: outside.verify(at, me, outside_id), gettext("回执已核验，可以清除本馆的电子件。")),
        "remove": (lambda: outside.remove(at, me, outside_id), gettext("电子件已清除，存根留存。")),
        "cancel": (
            lambda: outside.cancel(at, me, outside_id, form.get("reason", "")),
            gettext("移交已撤销，案卷继续保管。"),
        ),
    }
    if step not in doing:
        raise NotFound(f"there is no step {step}")
    run, done = doing[step]
    to = url_for("web.outside_transfer", outside_id=outside_id)
    return act(run, lambda: _page(outside_id), done=done, to=to)
