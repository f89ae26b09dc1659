"""Exports: the lists that leave the house as a file, each noted before it leaves: who took what, in which form, how many rows."""

from typing import Any

from service.access.policy import Actor
from service.flow.archive import destroy
from service.flow.archive.candidates import candidate_rows
from service.flow.archive.deadlines import transfer_rows
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Department, Person, Transfer

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
    file = CaseFile
    columns = (file.archive_number, file.title, Department.code, file.retention, file.archived_on, file.closed_on)
    rows: Rows = [tuple(row) for row in candidate_rows(house, actor, (*columns, file.due_on))]
    return _note(house, actor, "candidates", form, rows)


def open_transfers(house: House, actor: Actor, form: str, *, mine: bool = False, stage: str | None = None) -> Rows:
    """Return the open transfers the actor may see, in the order of `TRANSFER_COLUMNS`, the most urgent first. Raises NotAllowed."""
    today = house.clock.today()
    row, file = Transfer, CaseFile
    columns = (
        *(Contract.number, file.archive_number, file.title, row.stage, row.event_kind, row.event_on, row.due_on),
        *(row.state, Person.name, row.handed_over_by, row.handed_over_on),
    )
    rows: Rows = []
    for found in transfer_rows(house, actor, columns, mine=mine, stage=stage):
        due_on = found[6]
        rows.append((*found[:7], (due_on - today).days, *found[7:]))
    return _note(house, actor, "transfers", form, rows)


def register(house: House, actor: Actor, form: str) -> Rows:
    """Return the destruction register (销毁清册), in the order of `REGISTER_COLUMNS`. Raises NotAllowed."""
    rows: Rows = [tuple(row[name] for name in REGISTER_COLUMNS) for row in destroy.register(house, actor)]
    return _note(house, actor, "register", form, rows)
