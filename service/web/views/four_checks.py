"""The four checks: run them, except a failure, see the yearly samples."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow.archive import check_samples, four_checks
from service.flow.common.guard import allowed, require
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext
from service.web.views.archive import file_page


@web.post("/files/<case_file_id>/checks")
def run_checks(case_file_id: str) -> ResponseReturnValue:
    """Run the four checks of the file."""
    return act(
        lambda: four_checks.check_file(house(), actor(), case_file_id),
        lambda: file_page(case_file_id),
        done=gettext("四性检测已做，结果在下面。"),
        to=url_for("web.case_file", case_file_id=case_file_id, _anchor="checks"),
    )


@web.post("/files/<case_file_id>/check-exceptions")
def ask_exception(case_file_id: str) -> ResponseReturnValue:
    """Ask that the file be archived in spite of what the checks found."""
    return act(
        lambda: four_checks.ask_exception(house(), actor(), case_file_id, request.form.get("reason", "")),
        lambda: file_page(case_file_id),
        done=gettext("例外已申请，由另一个人批准。"),
        to=url_for("web.case_file", case_file_id=case_file_id, _anchor="checks"),
    )


@web.post("/files/<case_file_id>/check-exceptions/<exception_id>/approve")
def approve_exception(case_file_id: str, exception_id: str) -> ResponseReturnValue:
    """Approve an exception, as a second person."""
    return act(
        lambda: four_checks.approve_exception(house(), actor(), case_file_id, exception_id),
        lambda: file_page(case_file_id),
        done=gettext("例外已批准，案卷可以归档。"),
        to=url_for("web.case_file", case_file_id=case_file_id, _anchor="checks"),
    )


def _page() -> str:
    may_draw = allowed(actor(), "check.sample")
    found = check_samples.samples(house(), actor())
    this_year = house().clock.today().year
    drawn = any(view.sample.year == this_year for view in found)
    standing = check_samples.drawing(house())
    return render_template(
        "check_samples.html",
        samples=found,
        standing=standing,
        checking=any(view.sample.finished_at is None for view in found),
        may_draw=may_draw and not drawn and not standing.going,
        year=this_year,
    )


@web.get("/check-samples")
def check_sample_list() -> ResponseReturnValue:
    """Show the yearly samples and what they found."""
    require(actor(), "check.read")
    return _page()


@web.post("/check-samples")
def draw_sample() -> ResponseReturnValue:
    """Draw this year's sample."""
    percent = request.form.get("percent", 0, type=int)
    return act(
        lambda: check_samples.ask_draw(house(), actor(), percent),
        _page,
        done=gettext("抽样以后由后台逐卷检测。"),
        to=url_for("web.check_sample_list"),
    )
