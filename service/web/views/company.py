"""The company's sign-in: the way there, back, and what is linked to an account."""

from flask import Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.access import company
from service.access.oidc import Claims
from service.errors import KNOWN_ERRORS, CompanySignInUnavailable, NotSignedIn
from service.web.context import act, actor, house, local_path
from service.web.refusals import of
from service.web.sessions import arrive, cookie, is_secure, safe_next, visitor
from service.web.site import web
from service.web.text import gettext
from service.web.views import people as account_pages

_WAY = "juanzong_way"


def _way_name() -> str:
    return f"__Host-{_WAY}" if is_secure() else _WAY


def _set_out(target: str, person_id: str | None = None) -> Response:
    address, browser = company.set_out(house(), target, person_id)
    response = make_response(redirect(address, 303))
    seconds = int(company.WAY.total_seconds())
    response.set_cookie(_way_name(), browser, max_age=seconds, httponly=True, samesite="Lax", secure=is_secure())
    return response


def _sign_in_page(error: Exception, target: str, status: int) -> Response:
    if g.actor is not None:  # signed in already: the shell stays, and says what went wrong
        page = render_template(
            "error.html",
            status=status,
            title=gettext("没有办成"),
            message=of(error),
            advice=gettext("什么都没有改变。"),
        )
    else:
        page = render_template("sign_in.html", problem=of(error), next=target)
    response = make_response(page, status)
    response.delete_cookie(_way_name(), httponly=True, samesite="Lax", secure=is_secure())
    return response


@web.get("/sign-in/company")
def company_sign_in() -> ResponseReturnValue:
    """Send the browser to the company's sign-in."""
    try:
        return _set_out(safe_next())
    except CompanySignInUnavailable as error:
        return _sign_in_page(error, safe_next(), 503)


@web.get("/sign-in/company/back")
def company_sign_in_back() -> ResponseReturnValue:
    """Take who comes back from there."""
    target = "/"
    try:
        claims, kept, person_id = company.come_back(house(), request.cookies.get(_way_name(), ""), request.args)
        target = local_path(kept)
        if person_id is None:
            response = arrive(company.enter(house(), claims, visitor(), before=cookie()), target)
        else:
            response = _link_own(claims, person_id)
    except CompanySignInUnavailable as error:
        return _sign_in_page(error, target, 503)
    except NotSignedIn as error:
        return _sign_in_page(error, target, 401)
    response.delete_cookie(_way_name(), httponly=True, samesite="Lax", secure=is_secure())
    return response


def _link_own(claims: Claims, person_id: str) -> Response:
    """Link what came back to the account that set out; who signed in as somebody else meanwhile links nothing."""
    if g.actor is None or g.actor.person_id != person_id:
        raise NotSignedIn("please sign in")
    company.link_own(house(), actor(), claims)
    flash(gettext("已关联公司账户。"), "done")
    return make_response(redirect(url_for("web.me"), 303))


@web.get("/me/company")
def link_company() -> ResponseReturnValue:
    """Go to the company's sign-in and come back with the account there, which is linked to one's own."""
    return _set_out(url_for("web.me"), actor().person_id)


@web.post("/people/<login>/company")
def link_person(login: str) -> ResponseReturnValue:
    """Link an account to a subject of the company's sign-in."""
    return act(
        lambda: company.link(house(), actor(), login, request.form.get("subject", "")),
        lambda: account_pages.page_of(login),
        done=gettext("已关联公司账户。"),
        to=account_pages.address_of(login),
    )


@web.post("/people/<login>/company/remove")
def unlink_person(login: str) -> ResponseReturnValue:
    """Undo a link."""
    return act(
        lambda: company.unlink(house(), actor(), login, request.form.get("subject", "")),
        lambda: account_pages.page_of(login),
        done=gettext("关联已取消。"),
        to=account_pages.address_of(login),
    )


def leaving() -> str | None:
    """Return where to sign out of the company's sign-in, too; None where that is not to be had now."""
    try:
        return company.provider(house()).leaving(house().settings.base_url + url_for("web.sign_in"))
    except KNOWN_ERRORS:
        return None
