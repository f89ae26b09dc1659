"""The API's blueprint, its OpenAPI document, and the addresses that machines watch."""

from functools import cache
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, jsonify, request

from service.access.policy import decide
from service.api import (
    archive,
    batches,
    checking,
    companies,
    courses,
    credit,
    credit_reports,
    customers,
    directory,
    documents,
    facts,
    four_checks,
    identity,
    incidents,
    milestones,
    numbers,
    outside,
    paper,
    people,
    receivables,
    regulations,
    rights,
    runs,
    saved,
    schedules,
    scorecards,
    statistics,
    storage,
    trail,
    uploads,
    wall,
    warnings,
)
from service.api.openapi import document
from service.api.operations import authenticate, build, problem
from service.errors import KNOWN_ERRORS, NotSignedIn
from service.house import House

GROUPS = (
    documents.operation,
    documents.search_operation,
    saved.operation,
    *checking.GROUPS,
    batches.operation,
    batches.separators,
    uploads.operation,
    *archive.GROUPS,
    milestones.operation,
    outside.operation,
    incidents.operation,
    paper.operation,
    four_checks.operation,
    schedules.operation,
    numbers.operation,
    statistics.operation,
    *credit.GROUPS,
    credit_reports.operation,
    runs.operation,
    courses.operation,
    regulations.operation,
    wall.operation,
    *customers.GROUPS,
    *facts.GROUPS,
    *warnings.GROUPS,
    *receivables.GROUPS,
    *scorecards.GROUPS,
    *trail.GROUPS,
    *people.GROUPS,
    *identity.GROUPS,
    *rights.GROUPS,
    directory.directory,
    companies.operation,
    *storage.GROUPS,
)


@cache
def _specification() -> dict[str, Any]:
    return document(GROUPS, version("juanzong"))


def blueprint(house: House) -> Blueprint:
    """Return the blueprint for /api/v1. It takes bearer tokens only, so it needs no CSRF protection."""
    api = build(house, GROUPS, name="api", prefix="/api/v1")
    uploads.install(api, house)

    @api.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(_specification())

    @api.route("/<path:_rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def nothing(_rest: str) -> Response:
        return problem(404, "there is no such address; see /api/v1/openapi.json")

    return api


def watch(house: House) -> Blueprint:
    """Return /healthz (the process lives), /readyz (its services answer) and /metrics (Prometheus)."""
    ops = Blueprint("watch", __name__)

    @ops.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    def check_index() -> None:
        house.index.check()  # opened here, not before: a wrong index is one part that is down

    @ops.get("/readyz")
    def readyz() -> tuple[dict[str, Any], int]:
        parts: dict[str, str] = {}
        checks = {
            "database": house.database.check,
            "objects": house.vault.store.check,
            "search": check_index,
        }
        for name, check in checks.items():
            try:
                check()
                parts[name] = "ok"
            except KNOWN_ERRORS:
                parts[name] = "down"
        good = all(state == "ok" for state in parts.values())
        return {"status": "ok" if good else "degraded", **parts}, 200 if good else 503

    @ops.get("/metrics")
    def metrics() -> Response:
        if not (_is_near() or _may_watch(house)):
            return problem(403, "only from this machine, or with the bearer token of an administrator or auditor")
        from service.flow.counts import document_counts

        lines = ["# HELP juanzong_documents Documents by status.", "# TYPE juanzong_documents gauge"]
        lines += [
            f'juanzong_documents{{status="{status}"}} {n}' for status, n in sorted(document_counts(house).items())
        ]
        return Response("\n".join([*lines, ""]), content_type="text/plain; version=0.0.4")

    return ops


def _is_near() -> bool:
    """Whether the caller is a program on this machine, and not someone whom a proxy on this machine speaks for."""
    forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"))
    try:
        return not forwarded and ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _may_watch(house: House) -> bool:
    try:
        return decide(authenticate(house), "settings.read").allowed
    except NotSignedIn:
        return False
