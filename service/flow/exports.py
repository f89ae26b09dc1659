"""Exports: the lists that leave the house as a file, each noted before it leaves: who took what, in which form, how many rows."""

from typing import Any

from service.access.policy import Actor
from service.flow import destroy, reviews, transfers
from service.house import House
from service.records import audit

CANDIDATE_COLUMNS = ("archive_number", "title", "department", "retention", "archived_on", "closed_on", "due_on")
TRANSFER_COLUMNS = (
    *("number", "archive_number", "title", "stage", "event", "event_on", "due_on", "days", "state", "responsible"),
    *("handed_over_by", "handed_over_on"),
)
REGISTER_COLUMNS = (
    *("serial", "title", "year", "archive_number", "retention", "kept", "pages", "remark", "destroyed_at"),
)

Rows = list[tuple[Any, ...]]


def _note(house: House, actor: Actor, what: str, form: str, rows: Rows) -> Rows:
    with house.database.write() as session:
        audit.append(session, actor.name, f"{what}.export", what, {"form": form, "rows": len(rows)})
    return rows


def candidates(house: House, actor: Actor, form: str) -> Rows:
    """Return the files whose retention has ended, in the order of `CANDIDATE_COLUMNS`. Raises NotAllowed."""
    rows: Rows = [
        (f.archive_number, f.title, f.department.code, f.retention, f.archived_on, f.closed_on, f.due_on)
        for f in reviews.candidates(house, actor)
    ]
    return _note(house, actor, "candidates", form, rows)


def open_transfers(house: House, actor: Actor, form: str, *, mine: bool = False, stage: str | None = None) -> Rows:
    """Return the open transfers the actor may see, in the order of `TRANSFER_COLUMNS`, the most urgent first. Raises NotAllowed."""
    rows: Rows = []
    for item in transfers.list_transfers(house, actor, mine=mine, stage=stage, limit=None):
        row, file = item.transfer, item.transfer.case_file
        number = file.contract.number if file.contract else None
        responsible = row.responsible.name if row.responsible else None
        when = (row.stage, row.event_kind, row.event_on, row.due_on, item.days, row.state)
        handed = (row.handed_over_by, row.handed_over_on)
        rows.append((number, file.archive_number, file.title, *when, responsible, *handed))
    return _note(house, actor, "transfers", form, rows)


def register(house: House, actor: Actor, form: str) -> Rows:
    """Return the destruction register (销毁清册), in the order of `REGISTER_COLUMNS`. Raises NotAllowed."""
    rows: Rows = [tuple(row[name] for name in REGISTER_COLUMNS) for row in destroy.register(house, actor)]
    return _note(house, actor, "register", form, rows)
