"""Holds: what must not be destroyed, and why."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from search.errors import BadQuery, IndexUnavailable
from service.errors import KNOWN_ERRORS
from service.flow.archive import holds as flow
from service.flow.common.guard import allowed
from service.flow.intake import pages
from service.typed import CONTROL
from service.web.context import act, actor, house, refused
from service.web.site import web
from service.web.text import gettext

LISTED = 200


def _page(matched: flow.Matching | None = None) -> str:
    found = flow.list_holds(house(), actor())
    covered = pages.files_on_hold(house(), actor())
    given = request.form if request.method == "POST" else request.args
    files = {hold.id: covered.get(hold.id, (0, [])) for hold in found}
    most = None if request.args.get("all") else LISTED
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", given.get("text", "").strip())
    return render_template("holds.html", holds=found, files=files, text=text, matched=matched, most=most)


def _looked() -> ResponseReturnValue:
    """Show the page with what the words typed match now; what of them cannot be understood is said on it."""
    text = (request.form if request.method == "POST" else request.args).get("text", "").strip()
    if not text or not allowed(actor(), "hold.place"):
        return _page()
    try:
        matched = flow.matching(house(), actor(), text)
    except KNOWN_ERRORS as error:
        return refused(error, _page, url_for("web.holds"))
    return _page(matched)


@web.get("/holds")
def holds() -> ResponseReturnValue:
    """Show all holds, standing ones first."""
    return _looked()


@web.post("/holds")
def place_on_query() -> ResponseReturnValue:
    """Freeze what the words typed match now."""
    form = request.form
    try:
        _, count = flow.place_on_query(
            house(), actor(), form.get("matter", ""), form.get("reason", ""), form.get("text", "")
        )
    except (BadQuery, IndexUnavailable) as error:
        return refused(error, _page, url_for("web.holds"))
    except KNOWN_ERRORS as error:
        return refused(error, _looked, url_for("web.holds"))
    said = gettext("已冻结查到的 %(count)s 卷；以后再有符合的，须另行冻结。", count=count)
    flash(said, "done")
    return redirect(url_for("web.holds"), 303)


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
