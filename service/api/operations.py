"""How the API is declared: each operation says its path, its input and its answer once; routing, parsing and OpenAPI follow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable

from service.access.hashes import digest
from service.access.people import actor_of_token
from service.access.policy import Actor
from service.access.throttle import place_of
from service.caller import STRANGERS_PER_MINUTE, Limiter, Tallies, address_of
from service.errors import KNOWN_ERRORS, BadInput, NotSignedIn, TooManyRequests, Unconfirmed, outcome
from service.flow.common.room import is_full, plainly
from service.house import House
from service.typed import demand_text
from vault.streams import read_exactly

MAX_JSON = 1 << 20


class Input(BaseModel):
    """What a caller sends; unknown names are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    #: Texts with a reader of their own, who says where in them something is wrong.
    said_elsewhere: ClassVar[frozenset[str]] = frozenset()


class Nothing(Input):
    """No input."""


View = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """One operation. `view` gets (house, actor, path arguments…, input) and returns JSON values or a Response."""

    method: str
    path: str
    summary: str
    view: View
    query: type[Input] | None = None
    body: type[Input] | None = None
    multipart: bool = False
    status: int = 200
    answer: str = "application/json"
    problems: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The operation's id in the OpenAPI document."""
        return self.view.__name__


@dataclass
class Operations:
    """The list of all operations of one resource."""

    tag: str
    found: list[Operation] = field(default_factory=list)

    def __call__(self, method: str, path: str, summary: str, **more: Any) -> Callable[[View], View]:
        """Declare the decorated function as an operation."""

        def keep(view: View) -> View:
            self.found.append(Operation(method, path, summary, view, **more))
            return view

        return keep


def problem(status: int, title: str, **more: Any) -> Response:
    """Return an RFC 9457 answer. Its title says what is wrong and what to do."""
    body = {"type": "about:blank", "status": status, "title": title, **more}
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json")


class Limits:
    """How often may be called: with one token, and from one address with tokens that are none, or without.

    All web processes of a machine count together, in the file `tallies`.
    """

    def __init__(self, per_minute: int, tallies: Path) -> None:
        together = Tallies(tallies) if per_minute else None
        self.calls = Limiter(per_minute, together, kind="token")
        self.strangers = Limiter(STRANGERS_PER_MINUTE if per_minute else 0, together, kind="address")


def authenticate(house: House, limits: Limits | None = None) -> Actor:
    """Return who calls, by bearer token. Raises NotSignedIn, TooManyRequests."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret, address = secret.strip() if scheme.lower() == "bearer" else "", address_of(request, house.settings.proxies)
    try:
        actor = actor_of_token(house, secret, address)
    except NotSignedIn as error:
        if limits:
            limits.strangers.demand(place_of(address) or address)
        if not secret:
            raise NotSignedIn("send a bearer token: Authorization: Bearer jz_…") from error
        raise
    if limits:
        limits.calls.demand(digest(secret))
    return actor


def _errors(error: ValidationError) -> dict[str, str]:
    return {".".join(str(part) for part in e["loc"]) or "body": e["msg"] for e in error.errors()}


def _parse(operation: Operation) -> Input | None:
    try:
        if operation.query is not None:
            return operation.query.model_validate(request.args.to_dict())
        if operation.body is not None and operation.multipart:
            # What stands beside a file may as well stand in the address: ?split=true.
            return operation.body.model_validate({**request.args.to_dict(), **request.form.to_dict()})
        if operation.body is not None:
            return operation.body.model_validate_json(_json_sent() or b"{}")
    except ValidationError as error:
        wrong = _errors(error)
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong) from error
    return None


def _json_sent() -> bytes:
    """Return the body; one that comes in chunks has no length before it ends. Raises BadInput, having read no more than is taken."""
    sent = (
        b""
        if (request.content_length or 0) > MAX_JSON
        else read_exactly(cast("BinaryIO", request.stream), MAX_JSON + 1)
    )
    if (request.content_length or len(sent)) > MAX_JSON:
        raise BadInput(f"the body is larger than {MAX_JSON} bytes")
    return sent


def _bind(house: House, limits: Limits, operation: Operation) -> Callable[..., Response]:
    def call(**path: Any) -> Response:
        actor = authenticate(house, limits)
        demand_text(path)
        given = _parse(operation)
        if given is not None:
            demand_text(given.model_dump(exclude=set(given.said_elsewhere)))
        arguments = [given] if given is not None else []
        result = operation.view(house, actor, *path.values(), *arguments)
        if isinstance(result, Response):
            return result
        if operation.status == 204:
            return Response(status=204)
        text = json.dumps(result, ensure_ascii=False)
        return Response(text, operation.status, content_type="application/json")

    return call


def build(house: House, groups: Iterable[Operations], *, name: str, prefix: str) -> Blueprint:
    """Return the blueprint that serves all operations, every known error as problem+json."""
    blueprint = Blueprint(name, __name__, url_prefix=prefix)
    limits = Limits(house.settings.api_per_minute, house.settings.home / "tmp" / "calls")
    for group in groups:
        for operation in group.found:
            rule = re.sub(r"\{(\w+)\}", r"<\1>", operation.path)
            blueprint.add_url_rule(rule, operation.name, _bind(house, limits, operation), methods=[operation.method])

    for known in KNOWN_ERRORS:
        blueprint.register_error_handler(known, _known)
    blueprint.register_error_handler(HTTPException, _http)
    blueprint.register_error_handler(OSError, _refused_by_disk)
    return blueprint


def _refused_by_disk(error: OSError) -> Response:
    """A body that came whole, and found no room."""
    if not is_full(error):
        raise error
    return _known(error)


def _known(error: Exception) -> Response:
    error = plainly(error)
    more: dict[str, Any] = {}
    if isinstance(error, BadInput) and error.fields:
        more["errors"] = error.fields
    if isinstance(error, Unconfirmed):
        more["confirm"] = {error.field: error.value}
    for name in ("code", "position"):
        if hasattr(error, name):
            more[name] = getattr(error, name)
    answer = problem(outcome(error).http_status, str(error), **more)
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if answer.status_code == 503:
        answer.headers["Retry-After"] = "10"
    if isinstance(error, TooManyRequests):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _http(error: HTTPException) -> Response:
    answer = problem(error.code or 500, error.description or error.name)
    if isinstance(error, RequestedRangeNotSatisfiable):
        answer.headers["Content-Range"] = f"bytes */{error.length}"
    return answer
