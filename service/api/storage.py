"""The sealed objects: the result of their last verification, and another key for a document's."""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.trust import fixity as flow
from service.flow.trust import renew
from service.house import House

operation = Operations("fixity")
keys = Operations("keys")
GROUPS = (operation, keys)


class Why(Input):
    """Why the key is renewed."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


@operation("GET", "/fixity", "Result of the last verification of all objects")
def show_fixity(house: House, actor: Actor) -> dict[str, Any]:
    """Return when it ended and what it found, documents by id; `verified` is null before the first came to its end."""
    report = flow.last_seen(house, actor)
    if report is None or report.finished_at is None:
        return {"verified": None}
    found = {name: getattr(report, name) for name in ("damaged", "missing", "copies", "repaired")}
    return {
        "verified": report.finished_at.isoformat(),
        "checked": report.checked,
        "ok": report.ok,
        **found,
        "orphans": report.orphans,
        "unfinished": report.unfinished,
        "note": report.note,
    }


@keys("POST", "/documents/{document_id}/key", "Give a document a new file key; its objects are sealed anew", body=Why)
def renew_key(house: House, actor: Actor, document_id: str, given: Why) -> dict[str, Any]:
    """Renew the key; `objects` are sealed under it now. `removed`: whether the old ones have gone already, else the worker removes them."""
    return asdict(renew.renew(house, actor, document_id, given.reason))
