"""Who is asking: the session cookie, the way in, and what happens to a form whose session ended."""

from flask import Response, current_app, g, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from service.access import people
from service.errors import NotSignedIn
from service.web.context import here, house, local_path

COOKIE = "juanzong"
_OPEN = frozenset({"web.sign_in", "web.sign_in_submit", "web.invite", "web.invite_submit", "web.language", "web.keys"})
_KEPT_BYTES = 64 * 1024


def authenticate() -> ResponseReturnValue | None:
    """Put the actor into `g`, or send to the sign-in page. Runs before a body is read, so nobody uploads unknown."""
    g.actor = g.person = None
    if request.blueprint != "web":
        return None
    secret = request.cookies.get(COOKIE)
    if secret:
        try:
            g.person = people.person_of_session(house(), secret)
            g.actor = people.to_actor(g.person)
        except NotSignedIn:
            g.ended = True
    if g.actor is not None or request.endpoint in _OPEN:
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
        COOKIE,
        secret,
        max_age=house().settings.session_hours * 3600,
        httponly=True,
        samesite="Lax",
        secure=house().settings.base_url.startswith("https:"),
    )
    return response


def safe_next() -> str:
    """Return where to go after signing in: only ever a page of this site."""
    path = local_path(request.values.get("next"))
    return "/" if path.startswith(("/sign-", "/invite")) else path
