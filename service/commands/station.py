"""`juanzong station`: what stands beside the scanner. Takes files and paper in and loses neither."""

import contextlib
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from intake.adapters.watched_folder import Arrival, WatchedFolder
from intake.channels.arrivals import Patience
from intake.channels.endings import Ending
from service import below as words
from service.commands.common import json_option, out_json, plain
from service.commands.handing_in import Target, batch_of, delivery_options, said_of, split_options
from service.commands.scanning import devices, discard, resume, scan, spool
from service.errors import BadInput
from service.settings import Settings, load

if TYPE_CHECKING:
    from intake.glance import Below

_COLOURS = {"received": "green", "duplicate": "cyan", "waiting": "yellow", "skipped": "yellow", "rejected": "red"}
_CODES = {"rejected": 3, "skipped": 3, "waiting": 5}
_LONGEST_LOOK = 2.0


@click.group()
def station() -> None:
    """The scanning station: hot folder and scanner."""


@station.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--done", type=click.Path(path_type=Path), help="Where files go that were taken in (FOLDER/done).")
@click.option("--subfolders", is_flag=True, help="Look into the folders inside FOLDER, too.")
@click.option(
    "--settle",
    default=Patience.whole,
    show_default=True,
    type=click.FloatRange(min=0.1, max=3600),
    help="Seconds a complete file must lie unchanged.",
)
@click.option("--once", is_flag=True, help="Take in what is there, then end.")
@split_options
@delivery_options
@json_option
@words.telling()
def watch(
    folder: Path,
    done: Path | None,
    subfolders: bool,
    settle: float,
    once: bool,
    split: bool,
    sides: int,
    page_order: str,
    target: Target,
    as_json: bool,
) -> int:
    """Take in every complete file that appears in FOLDER; put it into `done`, or into `refused` with the reason beside it."""
    from service.channels import watched

    settings = load()
    if not folder.is_dir():
        raise BadInput(words.say("no_folder", folder=folder))
    if done is not None and done.resolve() == folder.resolve():
        raise click.UsageError("--done must be another directory than the watched one")
    patience = Patience(settle)
    how = None
    if split:
        from service.flow.intake.stacks import How

        how = How(sides=2 if page_order == "two_pass" else sides, order=page_order)
    with (
        target.open(settings, "station", how, split=split) as delivery,
        contextlib.closing(_Glances(settings, as_json)) as glances,
    ):
        watcher = watched(
            settings,
            folder,
            delivery,
            done=done and done.absolute(),
            patience=patience,
            subfolders=subfolders,
            glance=glances,
        )
        try:
            with _told_to_stop():
                return _look(watcher, patience, once=once, as_json=as_json)
        finally:
            watcher.close()


class _Glances:
    """Looks at every file before it is handed in, and says at once which pages are to be scanned again."""

    def __init__(self, settings: Settings, quiet: bool) -> None:
        from intake.glance import Glance
        from service.bootstrap import without_settings

        self._glance, self._quiet = Glance(settings.limits, without_settings()), quiet

    def look(self, copy: Path, path: Path) -> "Sequence[Below]":
        """Return the pages below the line, and tell of them."""
        found = self._glance.look(copy)
        for page in () if self._quiet else found:
            line = "  ".join([click.style("rescan", fg="yellow"), plain(path), words.said(page)])
            click.echo(line)
        return found

    def note(self, below: "Sequence[Below]") -> str:
        """Return what is to lie beside the file about them."""
        return words.note(below)

    def close(self) -> None:
        """End the process that looks."""
        self._glance.close()


@contextlib.contextmanager
def _told_to_stop() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the watching, also where whoever started us had them ignored; the next start takes up the rest."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _look(watcher: WatchedFolder, patience: Patience, *, once: bool, as_json: bool) -> int:
    """Look until told to stop; with `once`, until nothing that is there will be complete soon."""
    code = 0
    last = time.monotonic()
    while True:
        for arrival in watcher.poll():
            tell(arrival, as_json=as_json)
            code = max(code, _CODES.get(arrival.status, 0))
            last = time.monotonic()
        still = time.monotonic() - last > 2 * patience.of(Ending.UNMARKED)
        if once and (still or not watcher.settling):
            for path in watcher.incomplete:
                tell(Arrival(path, "waiting", error=words.say("incomplete", "en" if as_json else "")), as_json=as_json)
            return code
        time.sleep(min(patience.whole / 2, _LONGEST_LOOK))


def tell(arrival: Arrival, *, as_json: bool) -> None:
    """Print what became of one file."""
    receipt = arrival.receipt
    if as_json:
        out_json(
            {
                "path": str(arrival.path),
                "status": arrival.status,
                "document_id": (receipt and receipt.document_id) or None,
                "sha256": receipt and receipt.sha256,
                "error": arrival.error or None,
            }
            | batch_of(receipt)
            | words.plain(arrival.below)
        )
        return
    from service.channels import refusal

    if receipt:
        what = said_of(receipt)
    elif arrival.status == "rejected":
        what = plain(refusal(arrival.code, arrival.error, words.language()))
    else:
        what = plain(words.error(arrival.code, arrival.error, arrival.about))
    click.echo("  ".join([click.style(arrival.status, fg=_COLOURS[arrival.status]), plain(arrival.path), what]))


for command in (devices, scan, resume, discard, spool):
    station.add_command(command)
