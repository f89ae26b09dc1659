"""`juanzong ingest --split`: a stack in, a line for every document of it."""

import secrets
from collections.abc import Generator, Iterator
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
    batch = _name(house)
    fronts: tuple[Path, str | None] | None = None
    for number, path in enumerate(paths):
        way = ("fronts", "backs")[number % 2] if order == "fronts-backs" else order.replace("-", "_")
        how = How(sheets if number == 0 else None, sides or 0, way, drop_blanks=not keep_blanks)
        if way == "backs" and fronts is not None:
            first, taken = fronts
            if taken is None:  # it would be put together with whatever else waits
                why_not = f"not taken in, for its first pass was not: {first}; scan both again"
                yield empty_line(path) | {"error": why_not}, Rejected("no_first_pass", why_not)
            elif (yield from _stack(house, actor, path, taken, department_id, how)) is None:
                batch = _name(house)  # there the first pass waits: the next paper must not come between
            fronts = None
            continue
        got = yield from _stack(house, actor, path, batch, department_id, how)
        fronts = (path, got) if way == "fronts" else None


def _name(house: House) -> str:
    return f"B-{house.clock.today():%Y%m%d}-{secrets.token_hex(3)}"


def _stack(
    house: House, actor: Actor, path: Path, batch: str, department_id: str | None, how: How
) -> Generator[Line, None, str | None]:
    """Take one stack in and yield its lines. Returns the batch it lies in; None when it was refused."""
    line = empty_line(path)
    try:
        got = receive_stack(
            house, actor, path, path.name, batch=batch, channel="cli", department_id=department_id, how=how
        )
    except Rejected as error:
        if error.code == "no_stack":
            taken = take_one(house, actor, path, batch, department_id)
            yield taken
            return batch if taken[0]["document_id"] else None
        yield line | {"error": str(error)}, error
        return None
    except Exception as error:
        if stops(error):
            raise
        yield line | {"error": why(error)}, error
        return None
    line |= {"batch": got.batch}
    if not got.documents:
        yield line | {"sha256": got.sha256, "pages": got.pages} | _nothing(got, how), None
    for part, made in enumerate(got.documents, 1):
        with house.database.read() as session:
            document = session.get_one(Document, made.document_id)
        one = line | {"part": part, "contract": made.contract or None, "customer": made.customer or None}
        one |= {"sha256": document.sha256, "pages": document.pages}
        yield finished(house, actor, one, path, made.document_id, duplicate=made.duplicate)
    return got.batch


def _nothing(got: StackReceived, how: How) -> dict[str, Any]:
    """What a stack without a document says."""
    if not got.done:
        waits = f"waits in batch {got.batch} for the file with its backs"
        words = waits if how.order == "fronts" else "received; it will be cut later"
        return {"status": "received", "error": words}
    return {
        "status": "duplicate" if got.duplicate else "needs_review",
        "error": f"only separator sheets and blank pages; they are kept in batch {got.batch}",
    }
