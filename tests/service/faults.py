"""What goes wrong in the fault test: files to lose, processes to kill, a disk to fill; every moment follows from a seed."""

import hashlib
import io
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pikepdf
from PIL import Image, ImageDraw, ImageFont, TiffImagePlugin

from intake.batches import sheets
from intake.batches.payload import Separator

ROOT = Path(__file__).parents[2]
#: Stands in every file many times over, so that a piece of any of them is known wherever it lies in the clear.
MARK = hashlib.sha256(b"this is in the clear").digest()
Found = TypeVar("Found")
_BLOCK = 32 * 1024
_TAG = 65000  # a private one
_TEXT = (
    "Delivery note to the framework contract between both parties.",
    "The goods listed below have been received complete and in order.",
    "Place of delivery: warehouse number four, northern entrance.",
    "This sheet belongs to the file of the contract and is kept with it.",
)


@dataclass(frozen=True)
class Sheet:
    """A file that is sent. word: stands on its first page and in no other file."""

    path: Path
    sha256: str
    pages: int
    word: str


@dataclass(frozen=True)
class SentStack:
    """A stack that is cut at its separator sheets. parts: of each document it becomes, the pages (from 1) and the word on the first."""

    path: Path
    sha256: str
    parts: tuple[tuple[tuple[int, ...], str], ...]


def make_sheet(folder: Path, name: str, chance: random.Random, *, tiff: bool, pages: int = 0) -> Sheet:
    """Write a document of some MiB that is soon read: a PDF with a text layer, or a TIFF of few words. pages: 0 for one to three."""
    word, pages = _word(chance), pages or chance.randint(1, 3)
    load = _load(chance, chance.randint(24, 96) // (pages if tiff else 1))  # a TIFF has it on each page
    path = folder / f"{name}.{'tif' if tiff else 'pdf'}"
    (_write_tiff if tiff else _write_pdf)(path, word, pages, load)
    return Sheet(path, hashlib.sha256(path.read_bytes()).hexdigest(), pages, word)


def make_stack(folder: Path, name: str, chance: random.Random) -> SentStack:
    """Write a stack of three documents, as PDF, that a printed separator sheet parts from each other. Each page has its own load."""
    path, parts = folder / f"{name}.pdf", list[tuple[tuple[int, ...], str]]()
    separator = io.BytesIO(sheets.as_pdf([sheets.Sheet(Separator(), "分隔页")]))
    with pikepdf.new() as pdf, pikepdf.open(separator) as printed:
        for pages in (2, 1, 2):
            if parts:
                pdf.pages.append(printed.pages[0])
            first, word = len(pdf.pages) + 1, _word(chance)
            _add_pages(pdf, word, pages)
            parts.append((tuple(range(first, first + pages)), word))
            for number in parts[-1][0]:
                pdf.pages[number - 1].obj.Load = pdf.make_stream(_load(chance, 12))
        pdf.save(path)
    return SentStack(path, hashlib.sha256(path.read_bytes()).hexdigest(), tuple(parts))


def page_bytes(path: Path) -> list[list[bytes]]:
    """Return of each page of a PDF what is drawn on it, and its load, as they stand in the file; a separator sheet has none."""
    with pikepdf.open(path) as pdf:
        return [[found.read_raw_bytes() for found in _streams(page)] for page in pdf.pages]


def _streams(page: pikepdf.Page) -> list[pikepdf.Object]:
    return [page.obj.Contents, page.obj.Load] if "/Load" in page.obj else []


def _word(chance: random.Random) -> str:
    return str(chance.randrange(10**9, 10**10))


def _load(chance: random.Random, blocks: int) -> bytes:
    return b"".join(MARK + chance.randbytes(_BLOCK - len(MARK)) for _ in range(blocks))


def _write_pdf(path: Path, word: str, pages: int, load: bytes) -> None:
    with pikepdf.new() as pdf:
        pdf.Root.Load = pdf.make_stream(load)
        _add_pages(pdf, word, pages)
        pdf.save(path)


def _add_pages(pdf: pikepdf.Pdf, word: str, pages: int) -> None:
    font = pdf.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for number in range(1, pages + 1):
        lines = (f"Number {word}" if number == 1 else f"Sheet {number}", *_TEXT)
        drawn = "".join(f"BT /F 12 Tf 72 {760 - 24 * n} Td ({line}) Tj ET\n" for n, line in enumerate(lines))
        page = pdf.add_blank_page()
        page.Contents = pdf.make_stream(drawn.encode())
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))


def _write_tiff(path: Path, word: str, pages: int, load: bytes) -> None:
    frames = []
    for number in range(1, pages + 1):
        frame = Image.new("L", (1000, 700), 255)
        said = f"Number {word}" if number == 1 else f"Sheet {number}"
        ImageDraw.Draw(frame).text((80, 120), said, fill=0, font=ImageFont.load_default(56))
        frames.append(frame)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[_TAG], tags.tagtype[_TAG] = load, 7
    frames[0].save(path, save_all=True, append_images=frames[1:], tiffinfo=tags, dpi=(150, 150), compression="raw")


def below(pid: int) -> list[int]:
    """Return the children of a process, none when it is gone."""
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _words(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


class Kept:
    """A command that is started anew whenever it has ended, as an init system does."""

    def __init__(self, words: Sequence[str], env: dict[str, str], log: Path) -> None:
        self._words = [sys.executable, "-m", "service", *words]
        self._env, self._log, self._ending = {**os.environ, **env}, log, threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.begun: list[int] = []
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        while not self._ending.is_set():
            if self.process is None or self.process.poll() is not None:
                with self._log.open("ab") as log:
                    self.process = subprocess.Popen(
                        self._words, env=self._env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
                    )
                self.begun.append(self.process.pid)
            self._ending.wait(0.5)

    def members(self) -> list[int]:
        """Return the process and all below it, as they are now."""
        found = [self.process.pid] if self.process and self.process.poll() is None else []
        for pid in found:
            found += below(pid)
        return found

    def child(self, word: str) -> int | None:
        """Return the child whose command has `word` in it."""
        found = [pid for pid in self.members() if word in _words(pid)]
        return found[0] if found else None

    def end(self) -> None:
        """Start it no more, stop what runs, and wait for that."""
        self._ending.set()
        self._keeper.join()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(120)
        for pid in self.begun:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


class SmallDisk:
    """A file system of its own for `home`: full when told to be. Only root mounts one."""

    def __init__(self, home: Path, mib: int) -> None:
        self._home, self._ballast = home, home / "ballast"
        home.mkdir(mode=0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "none", home], check=False)
        self.mounted = done.returncode == 0

    def fill(self, _pids: Sequence[int]) -> None:
        """Leave not one byte."""
        block = bytes(1 << 20)
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(block)

    def free(self, _pids: Sequence[int]) -> None:
        """Take the ballast away."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it."""
        if self.mounted:
            subprocess.run(["umount", "-l", self._home], check=True)


class SmallFiles:
    """What a full disk looks like without root: no file of these processes grows beyond 64 KiB."""

    def fill(self, pids: Sequence[int]) -> None:
        """Let every write beyond that fail (EFBIG: Python ignores the signal)."""
        self._limit(pids, 64 * 1024)

    def free(self, pids: Sequence[int]) -> None:
        """Let them grow again."""
        self._limit(pids, resource.RLIM_INFINITY)

    def _limit(self, pids: Sequence[int], size: int) -> None:
        for pid in pids:
            with suppress(OSError):
                _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size == resource.RLIM_INFINITY else size, hard))

    def close(self) -> None:
        """Nothing is left of it."""


class Trouble(threading.Thread):
    """Lets one thing after another go wrong, in an order and at moments that the seed decides.

    worker, web, serve: SIGKILL to that process of `juanzong serve`; plug: to all of them at once; station: to the watcher
    of the hot folder; disk: full for some seconds. Counted as done is what hit: a worker that was reading, a disk that a sender
    was told of (`met`: how often so far). What missed is done again.
    """

    def __init__(
        self,
        plan: dict[str, int],
        chance: random.Random,
        serve: Kept,
        station: Kept,
        disk: SmallDisk | SmallFiles,
        reads: Callable[[], bool],
        serves: Callable[[], bool],
        met: Callable[[], int],
    ) -> None:
        super().__init__(daemon=True)
        self._events = [event for event, times in plan.items() for _ in range(times)]
        chance.shuffle(self._events)
        self._chance, self._serve, self._station, self._disk = chance, serve, station, disk
        self._reads, self._serves, self._met = reads, serves, met
        self.done: Counter[str] = Counter()

    def run(self) -> None:
        """Go through all of it."""
        for event in self._events:
            time.sleep(self._chance.uniform(0.2, 2.5))
            hit = self._fill if event == "disk" else partial(self._kill, event)
            patiently(hit, 300)
            self.done[event] += 1

    def _fill(self) -> bool:
        """Let the disk be full until a sender was told so, and for some seconds at least; returns whether one was."""
        patiently(self._serves, 300)
        before, pids = self._met(), [*self._serve.members(), *self._station.members()]
        self._disk.fill(pids)
        try:
            time.sleep(self._chance.uniform(2.0, 3.5))
            last = time.monotonic() + 15
            while self._met() == before and time.monotonic() < last:
                time.sleep(0.2)
        finally:
            self._disk.free(pids)
        return self._met() > before

    def _kill(self, event: str) -> bool:
        """Kill a process; returns whether it was there to be killed, and a worker had something in hand to lose."""
        found: dict[str, Callable[[], int | None]] = {
            "worker": lambda: self._serve.child("service.worker"),
            "web": lambda: next(iter(below(self._serve.child("gunicorn") or 0)), None),
            "serve": lambda: next(iter(self._serve.members()), None),
            "plug": lambda: next(iter(self._serve.members()), None),
            "station": lambda: next(iter(self._station.members()), None),
        }
        pid = patiently(found[event], 300)
        if event == "worker":
            patiently(self._reads, 300, every=0.02)
        try:
            (os.killpg if event == "plug" else os.kill)(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return event != "worker" or self._reads()  # what it had begun is still so: the next one takes a while to start


def patiently(check: Callable[[], Found | None], seconds: float, every: float = 0.2) -> Found:
    """Return what `check` finds, once it finds something; fail after `seconds`."""
    last = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < last, "it did not come about in time"
        time.sleep(every)


def answers(address: str) -> bool:
    """Tell whether a server answers."""
    try:
        urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
    except OSError:
        return False
    return True
