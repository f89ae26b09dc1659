"""Whether the sealed objects are what was sealed: the result of the last verification."""

from typing import Any

from service.access.policy import Actor
from service.api.operations import Operations
from service.flow import fixity as flow
from service.house import House

operation = Operations("fixity")


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
