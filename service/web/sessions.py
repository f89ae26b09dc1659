"""Who is asking: the session cookie, the way in, and what happens to a form whose session ended."""

from collections.abc import Callable

from flask import Response, current_app, g, jsonify, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from service.access import people, second_factor
from service.access.sessions import Visitor, half_open
from service.caller import address_of
from service.errors import NotSignedIn
from service.records.tables import Person
from service.web.context import here, house, local_path
from service.web.security import LONGEST_FORM
from service.web.text import gettext

#: The session's cookie where there is no TLS; with it the name begins with __Host-, which no other site of the domain can set.
COOKIE = "juanzong"
_OPEN = frozenset(
    {
        "web.sign_in",
        "web.sign_in_submit",
        "web.invite",
        "web.invite_submit",
        "web.language",
        "web.keys",
        "web.calendar_feed",
    }
    | {
        "web.second_step",
        "web.second_step_submit",
        "web.leave_second_step",
        "web.company_sign_in",
        "web.company_sign_in_back",
    }
)
_KEPT_BYTES = 64 * 1024
_KEPT = "kept-"


def is_secure() -> bool:
    """Return whether people reach this archive over TLS."""
    return house().settings.base_url.startswith("https:")


def cookie_name() -> str:
    """Return what the session's cookie is called here."""
    return f"__Host-{COOKIE}" if is_secure() else COOKIE


def cookie() -> str:
    """Return the secret of the session that this browser has, "" when it has none."""
    return request.cookies.get(cookie_name(), "")


def visitor() -> Visitor:
    """Return whence this request comes."""
    return Visitor(address_of(request, house().settings.proxies), request.user_agent.string)


def _acts() -> bool:
    """Return whether somebody does something; a page that asks by itself how far things are keeps nobody signed in."""
    return request.method != "GET" or request.accept_mimetypes.best != "application/json"


def authenticate() -> ResponseReturnValue | None:
    """Put the actor into `g`, or send to the sign-in page. Runs before a body is read, so nobody uploads unknown."""
    g.actor = g.person = None
    if request.blueprint != "web":
        return None
    secret = cookie()
    if secret:
        try:
            g.person = people.person_of_session(house(), secret, acts=_acts())
            g.actor = people.actor_of_person(house(), g.person)
        except NotSignedIn:
            g.ended = True
    if g.actor is not None:
        return None
    if request.endpoint in _OPEN:
        request.max_content_length = LONGEST_FORM  # whoever it is: no files
        return None
    return _turned_away()


def _turned_away() -> ResponseReturnValue:
    if request.accept_mimetypes.best == "application/json":
        return jsonify(error="not_signed_in"), 401
    if request.method == "GET":
        return redirect(url_for("web.sign_in", next=here()), 303)
    if request.mimetype == "application/x-www-form-urlencoded" and (request.content_length or 0) <= _KEPT_BYTES:
        # Only a form of ours is carried on: the token says so.
        csrf: CSRFProtect = current_app.extensions["csrf"]
        csrf.protect()
        kept = [(key, value) for key, value in request.form.items(multi=True) if key != "csrf_token"]
        return render_template("sign_in.html", kept=kept, target=request.path), 401
    return redirect(url_for("web.sign_in"), 303)


def open_session(response: Response, secret: str, *, clear: bool = True) -> Response:
    """Set the session cookie; everything known of the visitor before is forgotten."""
    if clear:
        session.clear()
    response.set_cookie(
        cookie_name(),
        secret,
        max_age=house().settings.session_hours * 3600,
        httponly=True,
        samesite="Lax",
        secure=is_secure(),
    )
    return response


def close_session(response: Response) -> Response:
    """Take the session's cookie back; everything known of the visitor is forgotten."""
    session.clear()
    response.delete_cookie(cookie_name(), httponly=True, samesite="Lax", secure=is_secure())
    return response


def kept_fields() -> list[tuple[str, str]]:
    """Return the fields of a form that an ended session interrupted."""
    return [
        (name.removeprefix(_KEPT), value) for name, value in request.form.items(multi=True) if name.startswith(_KEPT)
    ]


def arrive(secret: str, target: str) -> Response:
    """Go on with a session just opened: ask for what it still wants, offer the interrupted form again, or go to `target`."""
    kept, kept_to = kept_fields(), local_path(request.form.get("kept.to"), "")
    try:
        g.person = people.person_of_session(house(), secret)
    except NotSignedIn:
        person, stage = half_open(house(), secret)
        page = _begin_anew(lambda: second_page(person, stage, target, kept, kept_to))
        return open_session(make_response(page), secret, clear=False)
    if kept and kept_to:
        g.actor = people.actor_of_person(house(), g.person)
        page = _begin_anew(lambda: render_template("resume.html", kept=kept, target=kept_to))
        return open_session(make_response(page), secret, clear=False)
    return open_session(make_response(redirect(target, 303)), secret)


def _begin_anew(render: Callable[[], str]) -> str:
    """Render a page that belongs to the new session: its form token is none that was known before."""
    session.clear()
    g.pop("csrf_token", None)
    return render()


def second_page(
    person: Person, stage: str, target: str, kept: list[tuple[str, str]], kept_to: str, wrong: str = ""
) -> str:
    """Return the page that asks for the one-time code or, where the role must have it, has a second factor added."""
    picture = enrolment(person) if stage == "enrol" else None
    return render_template(
        "second_step.html", person=person, stage=stage, next=target, kept=kept, target=kept_to, wrong=wrong, new=picture
    )


def enrolment(person: Person) -> dict[str, str]:
    """Return what somebody needs to put their second factor into a phone: the picture, and the secret for typing."""
    from intake.batches.sheets import qr_code

    secret = second_factor.begin(house(), person)
    path, size = qr_code(second_factor.uri_of(secret, person.login))
    return {"path": path, "size": str(size), "secret": second_factor.spelled(secret)}


def company_name() -> str:
    """Return what the company's sign-in is called on the pages; "" where there is none."""
    settings = house().settings
    return (settings.oidc_name or gettext("公司账户")) if settings.oidc_issuer else ""


def safe_next() -> str:
    """Return where to go after signing in: only ever a page of this site."""
    path = local_path(request.values.get("next"))
    return "/" if path.startswith(("/sign-", "/invite")) else path
