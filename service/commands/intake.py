"""`juanzong ingest`: take files in and return when each is searchable."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from intake.errors import Rejected
from service.access.policy import Actor
from service.commands.common import json_option, out_json, plain, with_house
from service.errors import KNOWN_ERRORS, AttachmentBusy, BadSetting, NotAllowed, NotInitialised, ServiceError, outcome
from service.flow.intake.attached import attached_to
from service.flow.intake.page_quality import of_document
from service.flow.intake.process import process, process_waiting, read_again
from service.flow.intake.receive import receive
from service.house import House
from service.records.tables import Document, new_id

_SETTLED = ("stored", "needs_review", "failed")
_PATIENCE = 3600.0  # seconds for a page that another process reads


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path))
@click.option("--department", help="The code of the department the documents belong to.")
@click.option("--split", is_flag=True, help="Cut stacks (PDF, TIFF) at separator sheets, a document each.")
@click.option("--sheets", type=click.IntRange(min=1), help="With --split: how many sheets of paper were fed.")
@click.option("--sides", type=click.IntRange(1, 2), help="With --split: sides of a sheet that were scanned.")
@click.option(
    "--order",
    type=click.Choice(["as-scanned", "two-pass", "fronts-backs"]),
    default="as-scanned",
    help="With --split, double-sided paper in two passes: both in one file, or PATHS by turns fronts and backs.",
)
@click.option("--keep-blanks", is_flag=True, help="With --split: leave blank pages in the documents.")
@json_option
@with_house
def ingest(
    house: House, actor: Actor, paths: tuple[Path, ...], department: str | None, as_json: bool, **scanned: Any
) -> int:
    """Take PATHS in (files of the formats in docs/intake.md; a directory with all in it): seal, read, index."""
    from service.access.people import department_by_code

    department_id = department_by_code(house, department).id if department else None
    _finish_earlier(house)
    if scanned.pop("split"):
        from service.commands.split import lines_of

        lines = lines_of(house, actor, _files(paths), department_id, **scanned)
    else:
        _refuse_without_split(scanned)
        batch = new_id()
        lines = _each(house, actor, paths, batch, department_id)
    troubled = False
    for line, trouble in lines:
        if as_json:
            out_json(line)
        else:
            _say(line)
        if trouble is not None and stops(trouble):
            raise trouble
        troubled |= trouble is not None
    return 3 if troubled else 0


def _each(
    house: House, actor: Actor, paths: tuple[Path, ...], batch: str, department_id: str | None
) -> Iterator[tuple[dict[str, Any], Exception | None]]:
    """Take every file in; what was attached to a message follows it, each a line of its own."""
    for path in _files(paths):
        line, trouble = take_one(house, actor, path, batch, department_id)
        yield line, trouble
        if line["document_id"] and trouble is None:
            for attached_id, name in attached_to(house, actor, line["document_id"]):
                inside = path / name
                yield finished(
                    house, actor, empty_line(inside) | _known(house, attached_id), inside, attached_id, duplicate=False
                )


def _known(house: House, document_id: str) -> dict[str, Any]:
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        return {"sha256": document.sha256, "pages": document.pages}


def _refuse_without_split(scanned: dict[str, Any]) -> None:
    given = scanned["sheets"] or scanned["sides"] or scanned["keep_blanks"] or scanned["order"] != "as-scanned"
    if given:
        raise click.UsageError("--sheets, --sides, --order and --keep-blanks go with --split")


def stops(error: Exception) -> bool:
    """Whether the next file would fare no better: a service is down, a right or a setting is wrong, memory is used up."""
    return outcome(error).exit_code == 5 or isinstance(error, BadSetting | NotAllowed | NotInitialised | MemoryError)


def _finish_earlier(house: House) -> None:
    """Finish what a killed process left before new work begins; one damaged document must not keep new ones out."""
    try:
        process_waiting(house)
    except Exception as error:
        if stops(error):
            raise
        click.echo(f"juanzong: earlier work is not finished, see `juanzong doctor`: {why(error)}", err=True)


def why(error: Exception) -> str:
    """Return what a person is told of an error."""
    known = isinstance(error, KNOWN_ERRORS)
    return plain(error if known else f"unexpected {type(error).__name__}: {error}")


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Yield every file below `paths`, in order; a directory that cannot be read is yielded itself, to be refused by name."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        locked: list[OSError] = []
        empty = True
        for folder, folders, names in os.walk(path, onerror=locked.append):
            folders.sort()
            empty = empty and not names
            yield from (Path(folder) / name for name in sorted(names))
        yield from (Path(error.filename) for error in locked)
        if empty and not locked:
            click.echo(f"juanzong: nothing to take in in {plain(path)}", err=True)


def take_one(
    house: House, actor: Actor, path: Path, batch: str, department_id: str | None
) -> tuple[dict[str, Any], Exception | None]:
    """Take one file in. Returns its line, and what kept it from being taken in or from being finished."""
    line = empty_line(path)
    try:
        received = receive(house, actor, path, path.name, channel="cli", batch=batch, department_id=department_id)
    except Rejected as error:
        return line | {"error": str(error)}, error
    except Exception as error:
        if stops(error):
            raise
        return line | {"error": why(error)}, error
    line |= {"sha256": received.inspection.sha256, "pages": received.inspection.pages}
    return finished(house, actor, line, path, received.document_id, duplicate=received.duplicate)


def empty_line(path: Path) -> dict[str, Any]:
    """Return the line of a file that was not taken in."""
    line: dict[str, Any] = {"path": str(path), "status": "rejected", "document_id": None, "sha256": None, "pages": None}
    return line | {"category": None, "confidence": None, "fields": {}, "quality": [], "error": None}


def finished(
    house: House, actor: Actor, line: dict[str, Any], path: Path, document_id: str, *, duplicate: bool
) -> tuple[dict[str, Any], Exception | None]:
    """Wait until a received document is searchable. Returns its line, and what kept it from being finished."""
    line |= {"document_id": document_id}
    try:
        if duplicate:
            _try_again(house, actor, document_id)
        _until_searchable(house, document_id, path)
    except Exception as error:  # noqa: BLE001 - handed on with the line: `ingest` raises what stops the batch
        # It is durable: the caller must learn its id, and that it needs not be sent again.
        status = "duplicate" if duplicate else "received"
        return line | {"status": status, "error": f"received; it will be finished later: {why(error)}"}, error
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        fields = {
            f.name: {"value": f.value, "page": f.page, "box": f.box, "confidence": round(f.confidence, 4)}
            for f in document.fields
        }
    status = "needs_review" if document.status == "failed" else document.status
    line |= {
        "status": "duplicate" if duplicate else status,
        "category": document.category or None,
        "confidence": round(document.confidence, 4),
        "fields": fields,
        "quality": of_document(house, document_id),
        "error": document.error or None,
    }
    return line, None


def _try_again(house: House, actor: Actor, document_id: str) -> None:
    """Who gives a file again whose reading failed wants it read: what failed it may have been a machine that was switched off."""
    with house.database.read() as session:
        failed = session.get_one(Document, document_id).status == "failed"
    if failed:
        read_again(house, actor, document_id)


def _until_searchable(house: House, document_id: str, path: Path) -> None:
    """Process the document here, or wait for the worker that was faster: as long as it goes on from page to page."""
    last, pages_read = time.monotonic() + _PATIENCE, 0
    while True:
        with contextlib.suppress(AttachmentBusy):
            process(house, document_id, _bar(path))
        with house.database.read() as session:
            document = session.get_one(Document, document_id)
        if document.status in _SETTLED and document.indexed:
            return
        if document.pages_read != pages_read:
            last, pages_read = time.monotonic() + _PATIENCE, document.pages_read
        if time.monotonic() > last:
            raise ServiceError(f"{path}: a worker is still reading document {document_id}; `juanzong show` tells when")
        time.sleep(0.5)


def _bar(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Progress or None
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\r" if done < total else "\r\x1b[K"
        click.echo(f"  {plain(path.name)}: page {done} of {total}\x1b[K{end}", err=True, nl=False)

    return show


def _say(line: dict[str, Any]) -> None:
    words = {"stored": "green", "needs_review": "yellow", "duplicate": "cyan", "received": "cyan", "rejected": "red"}
    status = click.style(line["status"], fg=words.get(line["status"]))
    what = [line["category"] or "-", line["document_id"]] if line["document_id"] else []
    what += [plain(line["error"])] if line["error"] else []
    click.echo("  ".join([status, plain(line["path"]), *what]))
