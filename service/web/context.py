"""What a view has at hand: the house, who acts, and how an action ends."""

from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from flask import current_app, flash, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, outcome
from service.house import House

# Refusals that the page itself explains; everything else has an error page.
_SHOWN = (400, 409, 422)
_LAST_PAGE = 1_000_000


def house() -> House:
    """Return the house this application serves."""
    return cast("House", current_app.extensions["juanzong"])


def actor() -> Actor:
    """Return who is signed in; only reached after `authenticate`."""
    return cast("Actor", g.actor)


def local_path(text: str | None, otherwise: str = "/") -> str:
    """Return `text` when it is a path on this site, else `otherwise`: no redirect ever leaves it."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")) or "\\" in text or not text.isprintable():
        return otherwise
    parts = urlsplit(text)
    return otherwise if parts.scheme or parts.netloc else text


def act(
    step: Callable[[], object], page: Callable[[], ResponseReturnValue], *, done: object, to: str
) -> ResponseReturnValue:
    """Do `step`, then go to `to` saying `done`; a refusal shows `page` again, what was typed kept, with its reason."""
    try:
        step()
    except KNOWN_ERRORS as error:
        return refused(error, page, to)
    flash(str(done), "done")
    return redirect(to, 303)


def refused(error: Exception, page: Callable[[], ResponseReturnValue], to: str = "/") -> ResponseReturnValue:
    """Show `page` with the reason of a refusal on it. An error that is no refusal goes on to its error page."""
    status = outcome(error).http_status
    if status not in _SHOWN:
        raise error
    g.refusal, g.page = error, to
    response = make_response(page())
    response.status_code = status
    return response


def here() -> str:
    """Return the address of this page for coming back to it; after a refused post, of the page the form stands on."""
    if request.method == "GET":
        return request.full_path if request.query_string else request.path
    return cast("str", g.get("page", "/"))


def offset_of(page_size: int) -> int:
    """Return the offset of `?page=n` (from 1); beyond any list there is only an empty page."""
    return (min(max(request.args.get("page", 1, type=int), 1), _LAST_PAGE) - 1) * page_size
