"""`juanzong station scan` and what belongs to it: paper to a document, with every page counted before it is handed in."""

import getpass
import re
import secrets
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intake.channels.scanning import MODES, PAPERS, SOURCES, ScanOrder
from intake.errors import IntakeError, PagesBelow, PagesMissing, Rejected
from intake.inspect import safe_name
from service import below as words
from service.commands.common import json_option, out_json, plain, table
from service.commands.handing_in import Target, batch_of, delivery_options, said_of, split_options
from service.errors import KNOWN_ERRORS, BadInput
from service.settings import Settings, load

if TYPE_CHECKING:
    from intake.adapters.scan_spool import Bound, Scan
    from intake.glance import Below
    from intake.model import Quality, Receipt
    from service.flow.intake.stacks import How

#: What the archive says where fewer pages in one file might do: the malware scanner has a limit of its own.
_TOO_LARGE = ("too_large", "malware_unchecked")
#: Why none of its files is taken: no page is to blame.
_OF_THE_SCAN = ("batch_refuses", "scan_is_in")
_LONGEST_BATCH = 36  # characters, as the archive keeps it
_LONGEST_DEVICE = 120  # the same
_LONGEST_SETTING = 40  # the same


@click.command()
@json_option
@words.telling()
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
    type=click.IntRange(0, 100_000),
    help="Pages counted on paper (sides, when both are scanned); 0: nobody counted. At a terminal it is asked for.",
)
@click.option("--batch", default="", help="What this stack is called.")
@click.option(
    "--hold", is_flag=True, help="Keep the stack here while a page of it is too poor, for another scan of it."
)
@split_options
@delivery_options
@json_option
@words.telling()
def scan(target: Target, *, expect: int | None, hold: bool, as_json: bool, **order: Any) -> int:
    """Scan a stack and hand it in, when as many pages came through as were counted: as one document, or cut (--split)."""
    from intake.adapters.scan_spool import new_scan

    settings = load()
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    asked = ScanOrder(**order, expect=expect or 0, operator=getpass.getuser(), started=started)
    _check_batch(asked.batch)
    _check_sides(asked)
    if expect is None and asked.source != "Flatbed" and not as_json and sys.stdin.isatty():
        sheets = words.ask_sheets(must=asked.page_order == "two_pass")
        asked = replace(asked, expect=sheets * asked.sides_scanned)
    _check_counted(asked)
    asked = ScanOrder.from_plain(asked.to_plain() | target.to_plain())
    made = new_scan(_home(settings), asked)
    with made.locked() as lock, _keeping(made):
        poor = _feed(settings, made, lock, quiet=as_json)
        poor = _decide(settings, made, lock, poor, hold=hold, quiet=as_json)
        return _hand_in(settings, made, target, poor, as_json=as_json)


@click.command()
@click.argument("name")
@click.option(
    "--scan", "more", is_flag=True, help="Scan the pages that are still in the feeder first, behind those there are."
)
@click.option(
    "--expect", type=click.IntRange(0, 100_000), help="Another count of the pages on paper; 0 takes those there are."
)
@click.option(
    "--page",
    "pages",
    multiple=True,
    type=click.IntRange(1),
    help="Scan this page once more, in its place; repeatable. Of a duplex stack the whole sheet goes in.",
)
@click.option(
    "--drop",
    multiple=True,
    type=click.IntRange(1),
    help="Take this page out, as the pages are numbered now, when there are too many; repeatable. Those behind it move up.",
)
@click.option("--batch", help="Another name for the batch, where the archive takes nothing into that of before.")
@click.option("--hold", is_flag=True, help="Keep the stack here while a page just scanned is too poor.")
@delivery_options
@json_option
@words.telling()
def resume(
    name: str,
    target: Target,
    *,
    more: bool,
    expect: int | None,
    pages: tuple[int, ...],
    drop: tuple[int, ...],
    batch: str | None,
    hold: bool,
    as_json: bool,
) -> int:
    """Go on with the scan NAME: scan the rest or pages of it once more, or hand in what is there as it is."""
    from intake.adapters.scan_spool import find

    settings = load()
    waiting = find(_home(settings), name)
    with waiting.locked() as lock, _keeping(waiting):
        target = _whither(waiting, target)
        waiting.close_up()  # where taking a page out was broken off
        order = waiting.order if expect is None else replace(waiting.order, expect=expect)
        if batch is not None and batch != order.batch:
            _check_batch(batch)
            order = replace(order, batch=batch, told_dropped=0)  # in that batch nothing of it is yet
        _check_sides(order)
        _check_counted(order)
        if drop:
            _check_drop(waiting, order, drop, pages)
        if order != waiting.order:
            waiting.write(order)
        if drop:
            waiting.drop(drop, datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
        poor = _feed_again(settings, waiting, lock, sorted(set(pages)), quiet=as_json) if pages else []
        if more:
            _turned_over(waiting)
            poor += _feed(settings, waiting, lock, quiet=as_json)
        poor = _decide(settings, waiting, lock, poor, hold=hold, quiet=as_json)
        return _hand_in(settings, waiting, target, poor, as_json=as_json)


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask, at a terminal.")
@json_option
@words.telling()
def discard(name: str, *, yes: bool, as_json: bool) -> int:
    """Throw the pages of the scan NAME away: the paper will be scanned again."""
    from intake.adapters.scan_spool import find

    waiting = find(_home(load()), name)
    with waiting.locked():
        count = len(waiting.pages)
        if not yes and not as_json and sys.stdin.isatty():
            click.confirm(words.say("ask_gone", name=name, count=count), abort=True, err=True)
        waiting.remove()
    if as_json:
        out_json({"scan": name, "pages": count})
    else:
        click.echo(words.say("gone", count=count, name=name))
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
        row = {"scan": waiting.name, "pages": len(waiting.pages), "expect": order.expect, "batch": order.batch}
        rows.append(row | {"server": order.server, "department": order.department})
    if as_json:
        for row in rows:
            out_json(row)
        return 0
    names = ("scan", "pages", "expect", "batch", "server", "department")
    table(names, [[str(value) for value in row.values()] for row in rows])
    return 0


def _check_drop(scan: "Scan", order: ScanOrder, numbers: Sequence[int], again: Sequence[int]) -> None:
    """Refuse to take pages out where it is not clear which, where none would be left, or where there are not too many."""
    count = len(scan.pages)
    if again:
        raise BadInput(words.say("drop_and_again"))
    if max(numbers) > count:
        raise BadInput(words.say("only", page=max(numbers), name=scan.name, count=count))
    if len(set(numbers)) == count:
        raise BadInput(words.say("none_left", name=scan.name))
    if not order.may_drop(numbers, count):
        raise BadInput(words.no_drop(scan.name, count, order))


def _whither(scan: "Scan", target: Target) -> Target:
    """Return where a scan goes: where is said now, and kept for the next time, or else where it was going."""
    order, said = scan.order, target.to_plain()
    if order.server and said["department"]:
        raise BadInput(words.say("department_of_token", server=order.server))
    if any(said.values()):
        scan.write(ScanOrder.from_plain(order.to_plain() | said | {"told_dropped": 0}))
        return target
    return Target(order.server or None, Path(order.token_file) if order.token_file else None, order.department or None)


def _home(settings: Settings) -> Path:
    return settings.home / "station" / "scans"


def _check_batch(batch: str) -> None:
    """Refuse a name that cannot become a file's name before any paper moves."""
    if len(batch) > _LONGEST_BATCH:
        raise BadInput(words.say("batch_long", characters=len(batch), most=_LONGEST_BATCH))
    if batch:
        try:
            safe_name(batch)
        except Rejected as error:
            from service.channels import refusal

            why = refusal(error.code, str(error), words.language())
            raise BadInput(words.say("batch_name", why=why)) from error


def _check_sides(order: ScanOrder) -> None:
    """Refuse a count of pages that no number of sheets gives, before any paper moves."""
    if order.split and order.source == "Duplex" and order.sides == 1:
        raise BadInput(words.say("one_side"))
    if order.source == "Duplex" and order.page_order == "two_pass":
        raise BadInput(words.say("both_at_once"))
    if order.expect % order.sides_scanned:
        raise BadInput(words.say("odd", expect=order.expect))


def _check_counted(order: ScanOrder) -> None:
    """Refuse a stack in two passes that nobody counted: the fronts alone would pass for all of it."""
    if order.page_order == "two_pass" and not order.expect:
        raise BadInput(words.say("two_pass_counts"))


def _turned_over(scan: "Scan") -> None:
    """Keep, before the backs of a stack in two passes are scanned, how many fronts there are. Raises PagesMissing when there are too many."""
    order, count = scan.order, len(scan.pages)
    off = order.off(count)
    if off == "fronts_many":
        raise PagesMissing(words.miscounted(scan.name, count, order))
    if off == "fronts_in":
        scan.write(replace(order, fronts=count))


def _feed(settings: Settings, scan: "Scan", lock: int, *, quiet: bool) -> "list[Below]":
    """Scan what is in the feeder, telling of every page at once; returns those that are to be scanned again.

    Each is packed while the next ones are fed. Where that fails it is done once more when they are bound, which says why.
    """
    from concurrent.futures import ThreadPoolExecutor

    from intake.adapters import scanner
    from intake.glance import below, of_scan

    judged: list[tuple[int, Quality]] = []

    def tell(number: int) -> None:
        page = scan.pages[number - 1]
        packer.submit(scan.pack, page)
        if not quiet:
            click.echo(words.say("page", page=number), err=True)
        quality = of_scan(page, settings.limits)
        if quality is not None:
            judged.append((number, quality))
            _tell(below([(number, quality)], whole=False), quiet=quiet)

    before = len(scan.pages)
    with ThreadPoolExecutor(1, "packer") as packer:
        scanner.scan(scan.order, scan.folder, keep_open=(lock,), on_page=tell)
    poor = below(judged, whole=before == 0)
    _tell((page for page in poor if page.why == ("blank",)), quiet=quiet)  # which is known at the end alone
    return poor


def _feed_again(settings: Settings, scan: "Scan", lock: int, pages: Sequence[int], *, quiet: bool) -> "list[Below]":
    """Scan these pages once more, in this order, and put them in their places; returns those that are no better."""
    from intake.glance import below, of_scan

    order, count = scan.order, len(scan.pages)
    if pages[-1] > count:
        raise BadInput(words.say("only", page=pages[-1], name=scan.name, count=count))
    if order.unsure(count):
        raise BadInput(words.unsure(scan.name, count, order))
    feeds = order.feeds(pages)
    if len(feeds) > 1 and (quiet or not sys.stdin.isatty()):
        raise BadInput(words.one_at_a_time(feeds, order))
    for feed in feeds:
        if len(feeds) > 1:
            words.ask_paper(feed, order)
        _put_in_place(scan, lock, feed)
    judged = [(number, of_scan(scan.pages[number - 1], settings.limits)) for number in pages]
    poor = below([(number, quality) for number, quality in judged if quality is not None], whole=False)
    _tell(poor, quiet=quiet)
    return poor


def _put_in_place(scan: "Scan", lock: int, pages: Sequence[int]) -> None:
    """Scan the sheets of these pages and exchange these pages alone. Raises BadInput, and nothing is changed, where not every side came."""
    from intake.adapters import scanner

    order, folder = scan.order, scan.again
    sides = order.fed_for(pages)
    scanner.scan(order, folder, keep_open=(lock,), most=len(sides))
    came = scanner.pages_in(folder)
    if len(came) != len(sides):
        raise BadInput(words.say("not_all_came", came=len(came), sides=len(sides), paper=words.paper(pages, order)))
    scan.exchange({number: page for number, page in zip(sides, came, strict=True) if number in pages})


def _tell(poor: "Iterable[Below]", *, quiet: bool) -> None:
    for page in () if quiet else poor:
        click.secho(words.said(page), fg="yellow", err=True)


def _decide(
    settings: Settings, scan: "Scan", lock: int, poor: "list[Below]", *, hold: bool, quiet: bool
) -> "list[Below]":
    """Ask the operator at a terminal what is to become of pages that are too poor; returns those that stay so.

    Raises PagesBelow, with `hold`, or when the operator wants it: the stack is kept.
    """
    while poor and not hold and not quiet and sys.stdin.isatty():
        pages = [page.page for page in poor]
        answer = words.ask(pages, scan.order, len(scan.pages), scan.name)
        if answer == "hand-in":
            break
        if answer == "keep":
            hold = True
        else:
            poor = _feed_again(settings, scan, lock, pages, quiet=quiet)
    if poor and hold:
        raise PagesBelow(words.say("then").join(words.said(page) for page in poor))
    return poor


@contextmanager
def _keeping(scan: "Scan") -> Iterator[None]:
    """Whatever goes wrong, say that the pages are kept and how to go on; a scan without a page is nothing to keep."""
    try:
        yield
    except KNOWN_ERRORS as error:
        refused = isinstance(error, Rejected) and error.code == "batch_refuses"
        words.translate(error)
        count = len(scan.pages)
        if count and refused:
            error.args = (words.then(str(error), words.say("other_batch", name=scan.name)),)
        if count:
            error.args = (words.then(str(error), _kept(scan, count)),)
        elif scan.folder.exists():
            scan.remove()
        raise
    except BaseException:
        click.echo(f"juanzong: {_kept(scan, len(scan.pages))}", err=True)
        raise


def _kept(scan: "Scan", count: int) -> str:
    try:
        order = scan.order
    except IntakeError:  # its manifest cannot be read, which has been said
        order = ScanOrder("")
    return words.kept(scan.name, count, order)


def _how(order: ScanOrder) -> "How":
    """Return the manifest of the paper, which the archive keeps with what it becomes: a batch, or one document."""
    from service.flow.intake.stacks import How

    settings = {"resolution": str(order.resolution), "mode": order.mode, "source": order.source, "paper": order.paper}
    settings["operator"] = re.sub(r"[^\w .-]", "-", order.operator)[:40]  # as the archive takes settings
    if order.dropped:
        pages = textwrap.shorten(" ".join(map(str, order.dropped)), _LONGEST_SETTING, placeholder=" ...")
        settings |= {"dropped": str(len(order.dropped)), "dropped_pages": pages, "dropped_at": order.dropped_at}
    device = order.device[:_LONGEST_DEVICE]  # of a longer name the paper would be scanned, and then refused
    return How(order.sheets, order.sides_scanned, order.page_order, device=device, settings=settings)


def _deliver(settings: Settings, scan: "Scan", target: Target, *, quiet: bool) -> "Receipt":
    """Hand a scan in: as one file, or as several where the archive takes none so large. Raises Rejected, DeliveryFailed."""
    order, pages = scan.order, len(scan.pages)
    most: int | None = None
    files: list[Bound] = []
    while True:
        try:
            with target.open(settings, "scanner", _how(order), split=order.split) as delivery:
                files = scan.bind(delivery.most() if most is None else most)
                alone = len(files) == 1 and not order.split
                if alone and order.serial and pages > 1:  # what came before of more files is to count no more
                    files = scan.bind(files[0].path.stat().st_size // 2)
                if len(files) == 1 and not order.split:
                    return delivery.deliver(files[0].path, _filename(scan, order), batch=order.batch)
            return _deliver_portions(settings, scan, target, files, quiet=quiet)
        except Rejected as error:
            if error.code not in _TOO_LARGE or len(files) in (0, pages):
                raise
        # What the archive takes could not be found out beforehand.
        most = max(file.path.stat().st_size for file in files) // 2


def _deliver_portions(
    settings: Settings, scan: "Scan", target: Target, files: "Sequence[Bound]", *, quiet: bool
) -> "Receipt":
    """Hand in the files of a stack one after the other, with the serial of its scan; the archive puts them together.

    All of them, also those that were handed in before: sent twice a file counts once, and one that was given up meanwhile, on the
    page of its batch, is wanted again. Raises Rejected, which says the pages of the file that is not taken.
    """
    from intake.batches.portions import Portion

    order = scan.order
    if order.may_come_alone:
        order = replace(order, serial="", first=order.first or order.serial, sent=(), alone=-1)
    order = replace(order, serial=order.serial or secrets.token_hex(8), sent=order.sent or _numbers(scan), alone=-1)
    scan.write(order)
    told = len(files) > 1 and not quiet
    if told:
        click.echo(words.say("in_files", count=len(files)), err=True)
    # What is one document goes into a batch of its own, which no other paper can have closed or counted otherwise.
    batch = order.batch if order.split else ""
    batch = batch or f"{order.batch[:10]}-{scan.name}-{(order.first or order.serial)[:4]}".lstrip("-")
    receipt = None
    for number, file in enumerate(files, 1):
        portion = str(Portion(order.serial, number, len(files)))
        how = _how_portion(order, portion, number)
        with _naming(file, number, len(files)), target.open(settings, "scanner", how, split=True) as delivery:
            try:
                receipt = delivery.deliver(file.path, _filename(scan, order), batch=batch)
            except Rejected as error:
                if error.code == "cut_alone":
                    scan.write(replace(order, alone=_pages_said(error)))
                raise
        taken = replace(order, told_dropped=len(order.dropped), sent=_numbers(scan))
        if taken != order:
            order = taken
            scan.write(order)
        if told:
            click.echo(words.say("file_in", number=number, count=len(files)), err=True)
    assert receipt is not None  # noqa: S101 - the last one was handed in
    return receipt


def _numbers(scan: "Scan") -> list[int]:
    return list(range(1, len(scan.pages) + 1))


def _pages_said(error: Rejected) -> int:
    """Return how many pages the archive says are in already, of files that were cut as they are: the first of a scan come first."""
    said = re.search(r"take its (\d+) pages", str(error))
    return int(said[1]) if said else 1


@contextmanager
def _naming(file: "Bound", number: int, count: int) -> Iterator[None]:
    """Say of a file of a stack that is refused which one it is and what pages it has: these can be left out or scanned again."""
    try:
        yield
    except Rejected as error:
        if count > 1 and error.code not in (*_TOO_LARGE, *_OF_THE_SCAN):
            words.translate(error)
            pages = str(file.first) if file.first == file.last else f"{file.first}–{file.last}"
            error.args = (words.say("file_refused", number=number, count=count, pages=pages, why=str(error)),)
        raise


def _how_portion(order: ScanOrder, portion: str, number: int) -> "How":
    """Return the manifest that goes with a file of a stack in several: its paper is counted with the first.

    The pages that were taken out go with the first file after that.
    """
    how = _how(replace(order, dropped=order.dropped[order.told_dropped :]))
    sheets = how.sheets if number == 1 else None
    return replace(how, portion=portion, order=how.order if order.split else "as_one", sheets=sheets)


def _filename(scan: "Scan", order: ScanOrder) -> str:
    return f"{order.batch or 'scan'}-{scan.name}.tiff"


def _hand_in(settings: Settings, scan: "Scan", target: Target, poor: "list[Below]", *, as_json: bool) -> int:
    """Count, bind, hand in, and only then remove the pages. Raises PagesMissing; whatever is raised, the pages are kept."""
    order, count = scan.order, len(scan.pages)
    if not count:
        raise BadInput(words.say("no_page"))
    if order.off(count):
        raise PagesMissing(words.miscounted(scan.name, count, order))
    receipt = _deliver(settings, scan, target, quiet=as_json)
    scan.remove()
    if as_json:
        out_json(
            {
                "scan": scan.name,
                "status": receipt.status,
                "document_id": receipt.document_id or None,
                "sha256": receipt.sha256,
                "pages": count,
                "expect": order.expect or None,
            }
            | batch_of(receipt)
            | words.plain(poor)
        )
    else:
        counted = words.say("counted" if order.expect else "uncounted", count=count, expect=order.expect)
        click.echo(
            f"{click.style(receipt.status, fg='green')}  {plain(order.batch or scan.name)}  {counted}  {said_of(receipt)}"
        )
    return 0
