"""The check of contract and archive numbers, and the void ones."""

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.flow import number_check
from service.flow.guard import allowed, require
from service.web.context import act, actor, house
from service.web.site import web
from service.web.text import gettext


def _page() -> str:
    g.page = url_for("web.numbers")
    found = number_check.check_numbers(house(), actor())
    return render_template("numbers.html", found=found, may_void=allowed(actor(), "numbers.void"))


@web.get("/numbers")
def numbers() -> ResponseReturnValue:
    """Check the numbers and show what was found."""
    require(actor(), "numbers.read")
    return _page()


@web.post("/numbers/void")
def void_number() -> ResponseReturnValue:
    """Put an archive number on record as void."""
    form = request.form
    return act(
        lambda: number_check.void_number(house(), actor(), form.get("number", ""), form.get("reason", "")),
        _page,
        done=gettext("已登记为作废号，不再使用。"),
        to=url_for("web.numbers"),
    )
