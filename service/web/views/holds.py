"""Holds: what must not be destroyed, and why."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow.archive import holds as flow
from service.flow.common.guard import allowed
from service.flow.intake import pages
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext


def _page() -> str:
    found = flow.list_holds(house(), actor())
    covered = pages.files_on_hold(house(), actor())
    given = request.form if request.method == "POST" else request.args
    text = given.get("text", "").strip()
    matched = flow.matching(house(), actor(), text) if text and allowed(actor(), "hold.place") else []
    files = {hold.id: covered.get(hold.id, (0, [])) for hold in found}
    return render_template("holds.html", holds=found, files=files, text=text, matched=matched)


@web.get("/holds")
def holds() -> ResponseReturnValue:
    """Show all holds, standing ones first."""
    return _page()


@web.post("/holds")
def place_on_query() -> ResponseReturnValue:
    """Freeze what the words typed match now."""
    form = request.form
    return act(
        lambda: flow.place_on_query(
            house(), actor(), form.get("matter", ""), form.get("reason", ""), form.get("text", "")
        ),
        _page,
        done=gettext("已冻结查到的案卷；以后再有符合的，须另行冻结。"),
        to=url_for("web.holds"),
    )


@web.post("/holds/<hold_id>/ask")
def ask_release(hold_id: str) -> ResponseReturnValue:
    """Ask for the release, with a reason."""
    return act(
        lambda: flow.ask_release(house(), actor(), hold_id, request.form.get("reason", "")),
        _page,
        done=gettext("已申请解除，由第二个人解除。"),
        to=url_for("web.holds"),
    )


@web.post("/holds/<hold_id>/release")
def release(hold_id: str) -> ResponseReturnValue:
    """Release, as the second person."""
    return act(
        lambda: flow.release(house(), actor(), hold_id), _page, done=gettext("已解除冻结。"), to=url_for("web.holds")
    )
