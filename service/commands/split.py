"""`juanzong ingest --split`: a stack in, a line for every document of it."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from intake.errors import Rejected
from service.access.policy import Actor
from service.commands.intake import empty_line, finished, stops, take_one, why
from service.flow.intake.stacks import How, StackReceived, receive_stack
from service.house import House
from service.records.tables import Document

Line = tuple[dict[str, Any], Exception | None]


def lines_of(
    house: House,
    actor: Actor,
    paths: Iterator[Path],
    department_id: str | None,
    *,
    sheets: int | None,
    sides: int | None,
    order: str,
    keep_blanks: bool,
) -> Iterator[Line]:
    """Take stacks in as one batch and yield a line for every document, each when it is searchable."""
    batch = f"B-{house.clock.today():%Y%m%d}-{secrets.token_hex(3)}"
    for number, path in enumerate(paths):
        way = ("fronts", "backs")[number % 2] if order == "fronts-backs" else order.replace("-", "_")
        how = How(sheets if number == 0 else None, sides or 0, way, drop_blanks=not keep_blanks)
        yield from _stack(house, actor, path, batch, department_id, how)


def _stack(house: House, actor: Actor, path: Path, batch: str, department_id: str | None, how: How) -> Iterator[Line]:
    line = empty_line(path)
    try:
        got = receive_stack(
            house, actor, path, path.name, batch=batch, channel="cli", department_id=department_id, how=how
        )
    except Rejected as error:
        if error.code == "no_stack":
            yield take_one(house, actor, path, batch, department_id)
        else:
            yield line | {"error": str(error)}, error
        return
    except Exception as error:
        if stops(error):
            raise
        yield line | {"error": why(error)}, error
        return
    line |= {"batch": got.batch}
    if not got.documents:
        yield line | {"sha256": got.sha256, "pages": got.pages} | _nothing(got, how), None
    for part, made in enumerate(got.documents, 1):
        with house.database.read() as session:
            document = session.get_one(Document, made.document_id)
        one = line | {"part": part, "contract": made.contract or None, "customer": made.customer or None}
        one |= {"sha256": document.sha256, "pages": document.pages}
        yield finished(house, actor, one, path, made.document_id, duplicate=made.duplicate)


def _nothing(got: StackReceived, how: How) -> dict[str, Any]:
    """What a stack without a document says."""
    if not got.done:
        words = "waits for the file with its backs" if how.order == "fronts" else "received; it will be cut later"
        return {"status": "received", "error": words}
    return {
        "status": "duplicate" if got.duplicate else "needs_review",
        "error": f"only separator sheets and blank pages; they are kept in batch {got.batch}",
    }
