"""The second factor: the step after the password, and one's own page on which it is added, renewed and removed."""

from collections.abc import Callable

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.access import people, second_factor, sessions
from service.errors import KNOWN_ERRORS, BadInput, NotSignedIn
from service.web.context import act, house, local_path, refused
from service.web.sessions import (
    arrive,
    close_session,
    cookie,
    enrolment,
    kept_fields,
    open_session,
    safe_next,
    second_page,
    visitor,
)
from service.web.site import web
from service.web.text import gettext


@web.get("/sign-in/second")
def second_step() -> ResponseReturnValue:
    """Show what is still wanted after the password."""
    try:
        person, stage = sessions.half_open(house(), cookie())
    except NotSignedIn:
        return redirect(url_for("web.sign_in", next=safe_next()), 303)
    return second_page(person, stage, safe_next(), [], "")


@web.post("/sign-in/second")
def second_step_submit() -> ResponseReturnValue:
    """Take a code; the whole session has another cookie than the half one."""
    code, target = request.form.get("code", ""), safe_next()
    try:
        person, stage = sessions.half_open(house(), cookie())
    except NotSignedIn:
        return redirect(url_for("web.sign_in", next=target), 303)
    try:
        if stage == "enrol":
            codes = second_factor.confirm(house(), person, code)
            secret = sessions.enrolled(house(), cookie(), visitor())
            page = render_template("second_step.html", person=person, stage=stage, next=target, codes=codes)
            return open_session(make_response(page), secret, clear=False)
        return arrive(sessions.complete(house(), cookie(), code, visitor()), target)
    except (NotSignedIn, BadInput) as error:
        wrong = next(iter(getattr(error, "fields", {}).values()), str(error))
        page = second_page(person, stage, target, kept_fields(), local_path(request.form.get("kept.to"), ""), wrong)
        return page, 401


@web.post("/sign-in/leave")
def leave_second_step() -> ResponseReturnValue:
    """Give up between the password and the code."""
    people.sign_out(house(), cookie())
    return close_session(make_response(redirect(url_for("web.sign_in"), 303)))


def _page(codes: list[str] | None = None) -> str:
    g.page = url_for("web.own_second_factor")
    stand = second_factor.standing(house(), g.person)
    begun = stand.since is None and request.endpoint in ("web.begin_second_factor", "web.confirm_second_factor")
    wrong_password = request.endpoint == "web.begin_second_factor" and g.get("refusal") is not None
    return render_template(
        "second_factor.html",
        stand=stand,
        required=second_factor.is_required(house(), g.person),
        new=enrolment(g.person) if begun and not wrong_password else None,
        codes=codes,
    )


@web.get("/me/second")
def own_second_factor() -> ResponseReturnValue:
    """Show how one stands with it."""
    return _page()


@web.post("/me/second/begin")
def begin_second_factor() -> ResponseReturnValue:
    """Show the picture for the phone, to whoever knows the password."""
    if g.person.password_hash:
        known = people.is_password_of(house(), g.person.login, request.form.get("password", ""), visitor().address)
        if not known:
            why = "the password is wrong, or the account is locked for a few minutes"
            return refused(BadInput(f"password: {why}", {"password": why}), _page, url_for("web.own_second_factor"))
    return _page()


def _shown(step: Callable[[], list[str]]) -> ResponseReturnValue:
    """Do `step` and show the recovery codes it returns, in the answer itself: they are kept nowhere."""
    try:
        codes = step()
    except KNOWN_ERRORS as error:
        return refused(error, _page, url_for("web.own_second_factor"))
    return _page(codes)


@web.post("/me/second/confirm")
def confirm_second_factor() -> ResponseReturnValue:
    """Take the first code; the recovery codes are shown once."""
    return _shown(lambda: second_factor.confirm(house(), g.person, request.form.get("code", "")))


@web.post("/me/second/codes")
def renew_recovery_codes() -> ResponseReturnValue:
    """Make fresh recovery codes."""
    return _shown(lambda: second_factor.renew_codes(house(), g.person, request.form.get("code", "")))


@web.post("/me/second/remove")
def remove_second_factor() -> ResponseReturnValue:
    """Do without it."""
    return act(
        lambda: second_factor.remove(house(), g.person, request.form.get("code", "")),
        _page,
        done=gettext("第二重验证已关闭。"),
        to=url_for("web.own_second_factor"),
    )
