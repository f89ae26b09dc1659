"""`juanzong station scan` and what belongs to it: paper to a document, with every page counted before it is handed in."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intake.channels.scanning import MODES, PAPERS, SOURCES, ScanOrder, check_count
from intake.errors import IntakeError, Rejected
from intake.inspect import safe_name
from service.commands.common import json_option, out_json, plain, table
from service.commands.handing_in import Target, batch_of, delivery_options, said_of, split_options
from service.errors import KNOWN_ERRORS, BadInput
from service.settings import Settings, load

if TYPE_CHECKING:
    from intake.adapters.scan_spool import Scan
    from service.flow.stacks import How

_LONGEST_BATCH = 36  # characters, as the archive keeps it


@click.command()
@json_option
def devices(*, as_json: bool) -> int:
    """List the scanners that can be reached from here."""
    from intake.adapters import scanner

    found = scanner.devices()
    if as_json:
        for device in found:
            out_json(vars(device))
        return 0
    table(("device", "vendor", "model", "kind"), [(d.name, d.vendor, d.model, d.kind) for d in found])
    return 0


@click.command()
@click.option("--device", required=True, help="The scanner, as `station devices` names it.")
@click.option("--resolution", default=300, show_default=True, type=click.IntRange(50, 4800), help="Dots per inch.")
@click.option("--mode", default="Gray", show_default=True, type=click.Choice(tuple(MODES), case_sensitive=False))
@click.option("--source", default="ADF", show_default=True, type=click.Choice(SOURCES, case_sensitive=False))
@click.option("--paper", default="A4", show_default=True, type=click.Choice(tuple(PAPERS), case_sensitive=False))
@click.option(
    "--expect",
    default=0,
    type=click.IntRange(0, 100_000),
    help="Pages counted on paper (sides, when both are scanned).",
)
@click.option("--batch", default="", help="What this stack is called.")
@split_options
@delivery_options
@json_option
def scan(target: Target, *, as_json: bool, **order: Any) -> int:
    """Scan a stack and hand it in, when as many pages came through as were counted: as one document, or cut (--split)."""
    from intake.adapters.scan_spool import new_scan

    settings = load()
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    asked = ScanOrder(**order, operator=getpass.getuser(), started=started)
    _check_batch(asked.batch)
    _check_sides(asked)
    made = new_scan(_home(settings), asked)
    with made.locked() as lock, _keeping(made):
        _feed(made, lock, quiet=as_json)
        return _hand_in(settings, made, target, as_json=as_json)


@click.command()
@click.argument("name")
@click.option(
    "--scan", "more", is_flag=True, help="Scan the pages that are still in the feeder first, behind those there are."
)
@click.option(
    "--expect", type=click.IntRange(0, 100_000), help="Another count of the pages on paper; 0 takes those there are."
)
@delivery_options
@json_option
def resume(name: str, target: Target, *, more: bool, expect: int | None, as_json: bool) -> int:
    """Go on with the scan NAME that was interrupted or did not balance: scan the rest, or hand in what is there."""
    from intake.adapters.scan_spool import find

    settings = load()
    waiting = find(_home(settings), name)
    with waiting.locked() as lock, _keeping(waiting):
        if expect is not None:
            _check_sides(replace(waiting.order, expect=expect))
            waiting.expect(expect)
        if more:
            _feed(waiting, lock, quiet=as_json)
        return _hand_in(settings, waiting, target, as_json=as_json)


@click.command()
@click.argument("name")
@json_option
def discard(name: str, *, as_json: bool) -> int:
    """Throw the pages of the scan NAME away: the paper will be scanned again."""
    from intake.adapters.scan_spool import find

    waiting = find(_home(load()), name)
    with waiting.locked():
        count = len(waiting.pages)
        waiting.remove()
    if as_json:
        out_json({"scan": name, "pages": count})
    else:
        click.echo(f"{count} pages of scan {name} are gone")
    return 0


@click.command()
@json_option
def spool(*, as_json: bool) -> int:
    """List the scans that are not in the archive yet."""
    from intake.adapters.scan_spool import scans

    rows = []
    for waiting in scans(_home(load())):
        try:
            order = waiting.order
        except IntakeError:  # killed before the manifest was written: no page was fed
            order = ScanOrder("")
        rows.append({"scan": waiting.name, "pages": len(waiting.pages), "expect": order.expect, "batch": order.batch})
    if as_json:
        for row in rows:
            out_json(row)
        return 0
    table(("scan", "pages", "expect", "batch"), [[str(value) for value in row.values()] for row in rows])
    return 0


def _home(settings: Settings) -> Path:
    return settings.home / "station" / "scans"


def _check_batch(batch: str) -> None:
    """Refuse a name that cannot become a file's name before any paper moves."""
    if len(batch) > _LONGEST_BATCH:
        raise BadInput(f"--batch has {len(batch)} characters; at most {_LONGEST_BATCH} are kept")
    if batch:
        try:
            safe_name(batch)
        except Rejected as error:
            raise BadInput(f"--batch: {error}") from error


def _check_sides(order: ScanOrder) -> None:
    """Refuse a count of pages that no number of sheets gives, before any paper moves."""
    if order.split and order.source == "Duplex" and order.sides == 1:
        raise BadInput("--source Duplex scans both sides of a sheet: --sides 2")
    if order.split and order.expect % order.sides_scanned:
        raise BadInput(f"--expect {order.expect}: both sides of every sheet are scanned, so it must be an even number")


def _feed(scan: "Scan", lock: int, *, quiet: bool) -> None:
    from intake.adapters import scanner

    def tell(number: int) -> None:
        if not quiet:
            click.echo(f"page {number}", err=True)

    scanner.scan(scan.order, scan.folder, keep_open=(lock,), on_page=tell)


@contextmanager
def _keeping(scan: "Scan") -> Iterator[None]:
    """Whatever goes wrong, say that the pages are kept and how to go on; a scan without a page is nothing to keep."""
    hint = (
        f"kept as scan {scan.name}: `juanzong station resume {scan.name}` (--scan, --expect N) or `discard {scan.name}`"
    )
    try:
        yield
    except KNOWN_ERRORS as error:
        count = len(scan.pages)
        if count:
            error.args = (f"{error}; {count} pages are {hint}",)
        elif scan.folder.exists():
            scan.remove()
        raise
    except BaseException:
        click.echo(f"juanzong: {len(scan.pages)} pages are {hint}", err=True)
        raise


def _how(order: ScanOrder) -> "How | None":
    """Return what a batch keeps of the scan; None for a stack that is one document."""
    if not order.split:
        return None
    from service.flow.stacks import How

    settings = {"resolution": str(order.resolution), "mode": order.mode, "source": order.source, "paper": order.paper}
    return How(order.sheets, order.sides_scanned, order.page_order, device=order.device, settings=settings)


def _hand_in(settings: Settings, scan: "Scan", target: Target, *, as_json: bool) -> int:
    """Count, bind, hand in, and only then remove the pages. Raises PagesMissing; whatever is raised, the pages are kept."""
    order, count = scan.order, len(scan.pages)
    if not count:
        raise BadInput("no page came through: is there paper in the feeder?")
    check_count(count, order.expect)
    with target.open(settings, "scanner", _how(order)) as delivery:
        receipt = delivery.deliver(scan.bind(), f"{order.batch or 'scan'}-{scan.name}.tiff", batch=order.batch)
    scan.remove()
    if as_json:
        out_json(
            {
                "scan": scan.name,
                "status": receipt.status,
                "document_id": receipt.document_id or None,
                "sha256": receipt.sha256,
                "pages": count,
            }
            | batch_of(receipt)
        )
    else:
        click.echo(
            f"{click.style(receipt.status, fg='green')}  {plain(order.batch or scan.name)}  {count} pages  {said_of(receipt)}"
        )
    return 0
