"""Scanners through SANE's own program `scanimage`: it knows some thousand models, and a crash of a driver is not ours."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from intake.channels.scanning import ScanOrder, arguments, check_device, offered
from intake.errors import ScannerUnavailable

_ANSWER_SECONDS = 120  # a scanner on the network is looked for, and wakes up
_PAGE_SECONDS = 300  # the longest pause between two pages: A3 at 1200 dpi over a slow line
_LOOK_SECONDS = 0.2
_ENDING = ("received signal", "trying to stop scanner", "aborting")  # what scanimage says when it is told to end
_NO_DOCS = 7  # SANE_STATUS_NO_DOCS, with which scanimage ends where the feeder is empty before as many pages came as it was to scan


@dataclass(frozen=True)
class Device:
    """A scanner as SANE names and describes it."""

    name: str
    vendor: str
    model: str
    kind: str


def devices() -> list[Device]:
    """Return the scanners that SANE finds. Raises ScannerUnavailable."""
    listing = _answer(["--formatted-device-list=%d\t%v\t%m\t%t%n"])
    rows = [line.split("\t") for line in listing.splitlines()]
    return [Device(*row) for row in rows if len(row) == 4]


def pages_in(folder: Path) -> list[Path]:
    """Return the pages that lie in `folder`, in the order of the paper. scanimage gives a page its name when it is whole."""
    return sorted(folder.glob("p[0-9][0-9][0-9][0-9][0-9].tiff"))


def keep_on_disk(*paths: Path) -> None:
    """Return when what these files hold, and which names are in these folders, outlasts a power cut."""
    for path in paths:
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def scan(
    order: ScanOrder,
    folder: Path,
    *,
    keep_open: Sequence[int] = (),
    on_page: Callable[[int], None] | None = None,
    most: int = 0,
) -> None:
    """Scan until the feeder is empty (one page from glass), behind the pages that lie in `folder` already.

    most: how many pages are fed at most, 0 for all; fewer in the feeder are no fault. keep_open: files that the program holds while
    it runs, so that a lock outlives us. on_page is called with the number of pages there are, when the last of them is on the disk.
    Raises NotOffered, ScannerUnavailable (a jam, a cable, no such device); the pages that came through stay in `folder`.
    """
    device = f"--device-name={check_device(order.device)}"
    options = arguments(order, offered(_answer([device, "--all-options"])))
    if most and order.source != "Flatbed":
        options.append(f"--batch-count={most}")
    before = len(
        pages_in(folder)
    )  # counted before the scanner starts: a fast one has pages there when it is first looked for
    words = [*_program(), device, "--format=tiff", "--batch=p%05d.tiff", f"--batch-start={before + 1}", *options]
    log = folder / "scanimage.log"
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - a list of words, the device's name checked; no shell reads them
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            pass_fds=tuple(keep_open), start_new_session=True,
        )  # fmt: skip
        try:
            _follow(process, folder, before, on_page)
        except BaseException:
            _end(process)
            raise
    if process.returncode and not (most and process.returncode == _NO_DOCS):  # so many pages may not have been there
        why = _last_words(log)
        raise ScannerUnavailable(f"the scanner stopped: {why}", "stopped", detail=why)


def _follow(process: subprocess.Popen[bytes], folder: Path, there: int, on_page: Callable[[int], None] | None) -> None:
    """Wait for the end, telling of every page behind those that were `there`; a scanner that hangs is ended."""
    last = time.monotonic()
    while True:
        ended = process.poll() is not None
        pages = pages_in(folder)
        now = len(pages)
        for number in range(there + 1, now + 1):
            last = time.monotonic()
            keep_on_disk(pages[number - 1], folder)
            if on_page:
                on_page(number)
        there = now
        if ended:
            return
        if time.monotonic() - last > _PAGE_SECONDS:
            raise ScannerUnavailable(f"the scanner gave no page for {_PAGE_SECONDS} seconds", "no_page")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGINT lets scanimage finish its line and let go of the device; then it is killed."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answer(words: list[str]) -> str:
    """Return what scanimage says. Raises ScannerUnavailable."""
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, the device's name checked; no shell reads them
            [*_program(), *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=_ANSWER_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        why = f"the scanner does not answer within {_ANSWER_SECONDS} seconds"
        raise ScannerUnavailable(why, "no_answer") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = _plain(said[-1]) if said else "scanimage failed"
        raise ScannerUnavailable(f"no scanner answers: {why}", "not_found", detail=why)
    return done.stdout.decode("utf-8", "replace")


def _program() -> list[str]:
    """Return the words that call scanimage, in English, whatever the operator's language. Raises ScannerUnavailable."""
    found = shutil.which("scanimage")
    if found is None:
        raise ScannerUnavailable("scanimage is not installed: apt-get install sane-utils", "no_program")
    return ["env", "LC_ALL=C", found]


def _last_words(log: Path) -> str:
    said = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("scanimage: ")]
    # What feeds it may lose its pipe after the reason was told; that it did, and what it does about it, is no reason.
    said = [line for line in said if not any(word in line for word in _ENDING)] or said
    return _plain(said[-1]) if said else "scanimage ended"


def _plain(line: str) -> str:
    return "".join(c for c in line.removeprefix("scanimage: ") if c.isprintable())
