"""Where scanned pages lie until the archive has them: one directory a stack, with its manifest, that survives a crash."""

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from PIL import Image, TiffImagePlugin

from intake.adapters.scanner import keep_on_disk, pages_in
from intake.batches.tiff import NotCopiable, copy_pages, deflate_page
from intake.channels.scanning import ScanOrder
from intake.errors import NoSuchScan, ScannerUnavailable

_NAME = re.compile(r"\d{8}-\d{6}(-\d+)?")
_DOCUMENT = "document.tiff"
_PACKED = "packed"
_LARGEST = (1 << 32) - (1 << 26)  # bytes: places in a TIFF are numbers of 32 bits
_MOST_PAGES = 2000  # of one file, as archives take them
_GAP = 512  # bytes that a page may take beyond its own file: what is said of all pages
_ASIDE = "again.old"  # pages that others were put in the place of
_PLACES, _SIZES = 273, 279  # of a page's strips
_UNPACKING = (
    258,
    259,
    262,
    266,
    277,
    278,
    282,
    283,
    284,
    296,
    317,
)  # what tells how they are unpacked, and how large a dot is
_SOFTWARE, _DATE_TIME, _ARTIST, _DOCUMENT_NAME, _MODEL = 305, 306, 315, 269, 272  # TIFF 6.0, section 8


@dataclass(frozen=True)
class Bound:
    """A file of a stack, and which of its pages (from 1) are in it, both included."""

    path: Path
    first: int
    last: int


class Scan:
    """One stack in the spool. Only its lock's holder changes it; a scanner still at work holds the lock, too."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.name

    @property
    def order(self) -> ScanOrder:
        """What was asked. Raises NoSuchScan when the manifest was never finished."""
        try:
            return ScanOrder.from_plain(json.loads((self.folder / "scan.json").read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            why = f"scan {self.name} has no readable manifest; its pages lie in {self.folder}"
            raise NoSuchScan(why, "no_manifest", name=self.name, folder=str(self.folder)) from error

    @property
    def pages(self) -> list[Path]:
        """The pages, in the order of the paper."""
        return pages_in(self.folder)

    @property
    def again(self) -> Path:
        """An empty folder for pages that are scanned a second time; what a killed scan left in it is removed."""
        folder = self.folder / "again"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    def exchange(self, fresh: Mapping[int, Path]) -> None:
        """Put each of these pages in the place that its number (from 1) says; what stood there lies aside until the scan is removed.

        Each is replaced at once or not at all.
        """
        pages = self.pages
        for number, page in fresh.items():
            self._keep_aside(pages[number - 1])
            page.replace(pages[number - 1])
        keep_on_disk(self.folder)

    def drop(self, numbers: Iterable[int], when: str) -> None:
        """Take these pages (from 1) out; they lie aside until the scan is removed, and those behind them move up.

        Which, and when (ISO 8601), is kept first: none goes without a trace. Broken off anywhere, `close_up` brings it to its end.
        """
        pages = self.pages
        numbers = sorted(set(numbers))
        self.write(self.order.without(numbers, when, [pages[number - 1].name for number in numbers]))
        self.close_up()

    def close_up(self) -> None:
        """Take out what is to go, then number the pages without a gap, in the order they have: the next scan would fill it, or overwrite a page.

        What goes is moved, which takes no room on the disk, and all of it has gone before another page has its name.
        """
        order = self.order
        if order.leaving:
            (self.folder / _ASIDE).mkdir(mode=0o700, exist_ok=True)
            for name in order.leaving:
                if (page := self.folder / name).exists():
                    page.rename(self._aside(page))
            keep_on_disk(self.folder / _ASIDE, self.folder)
            self.write(replace(order, leaving=()))
        for number, page in enumerate(self.pages, 1):
            place = page.with_name(f"p{number:05d}.tiff")
            if page != place:
                page.rename(place)
        keep_on_disk(self.folder)

    def _keep_aside(self, page: Path) -> None:
        """Keep a second copy of a page aside."""
        (self.folder / _ASIDE).mkdir(mode=0o700, exist_ok=True)
        copy = self._aside(page)
        shutil.copyfile(page, copy)
        keep_on_disk(copy, copy.parent, self.folder)

    def _aside(self, page: Path) -> Path:
        """Return where a page lies aside, beside those that stood in its place before."""
        folder = self.folder / _ASIDE
        return folder / f"{page.stem}-{len(list(folder.glob(f'{page.stem}-*'))) + 1}.tiff"

    def write(self, order: ScanOrder) -> None:
        """Keep what was asked, whole or not at all."""
        part = self.folder / "scan.json.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump(order.to_plain(), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / "scan.json")
        keep_on_disk(self.folder)

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the scan. Gives the lock's file descriptor. Raises ScannerUnavailable while another process holds it."""
        with (self.folder / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                why = f"scan {self.name} is still at work in another process"
                raise ScannerUnavailable(why, "at_work", name=self.name) from error
            yield lock.fileno()

    def pack(self, page: Path) -> Path:
        """Return a page as it goes into a file: packed without loss. What was packed before is not packed again.

        It is called by what was scanned and what was written, so that neither another scan in its place nor a page that moved up is
        taken for it, and one that is no longer what it was compared as counts for nothing. Raises ScannerUnavailable, and the page is
        kept, where its pixels do not come back.
        """
        folder, scanned = self.folder / _PACKED, _digest(page)
        for packed in folder.glob(f"{scanned}-*.tiff"):
            if packed.stem == f"{scanned}-{_digest(packed)}":
                return packed
        folder.mkdir(mode=0o700, exist_ok=True)
        part = folder / f"{page.stem}.part"
        try:
            with part.open("wb") as file:
                deflate_page(page, file)
        except NotCopiable:
            with Image.open(page, formats=("TIFF",)) as image:
                packing = "group4" if image.mode == "1" else "tiff_adobe_deflate"
                image.save(part, "TIFF", compression=packing, dpi=image.info.get("dpi"))
        if _pixels(part) != _pixels(page):
            part.unlink()
            raise self._not_bound()
        keep_on_disk(part)
        packed = folder / f"{scanned}-{_digest(part)}.tiff"
        part.replace(packed)
        return packed

    def bind(self, most: int = 0) -> "list[Bound]":
        """Return all pages as one TIFF, pixel for pixel as they were scanned, or as several where one would have more than `most` bytes.

        most: 0 for as many as a TIFF can have. A file has one page at least, whatever that takes, and 2000 at most. The same pages give the same
        bytes, so that what was handed in before a crash is known again; no two files of a stack have the same.
        """
        for left in self.folder.glob(f"{_DOCUMENT}*"):
            left.unlink()
        most = min(most or _LARGEST, _LARGEST)
        files, size = list[list[Path]](), 0
        for page in self.pages:
            packed = self.pack(page)
            room = packed.stat().st_size + _GAP
            if not files or size + room > most or len(files[-1]) == _MOST_PAGES:
                files.append([])
                size = 0
            files[-1].append(packed)
            size += room
        bound, first = list[Bound](), 1
        for number, pages in enumerate(files, 1):
            path = self.folder / (f"{_DOCUMENT}-{number}" if number > 1 else _DOCUMENT)
            self._write(path, pages, number)
            bound.append(Bound(path, first, first + len(pages) - 1))
            first += len(pages)
        return bound

    def _write(self, target: Path, pages: Sequence[Path], number: int) -> None:
        """Write a file of these packed pages, whole or not at all. Raises ScannerUnavailable unless it holds what they do."""
        order, part = self.order, target.with_name(f"{target.name}.part")
        said = {
            _SOFTWARE: "juanzong",
            _MODEL: order.device,
            _DOCUMENT_NAME: (order.batch or self.name) + (f" ({number})" if number > 1 else ""),
            _DATE_TIME: order.started[:19].replace("-", ":").replace("T", " "),
            _ARTIST: order.operator,
        }
        with part.open("wb") as file:
            copy_pages([(page, 1, 0) for page in pages], file, said=said)
        if not _holds(part, pages):
            part.unlink()
            raise self._not_bound()
        keep_on_disk(part)
        part.replace(target)

    def _not_bound(self) -> ScannerUnavailable:
        why = f"the pages of scan {self.name} could not be bound without loss; they are kept"
        return ScannerUnavailable(why, "not_bound", name=self.name)

    def remove(self) -> None:
        """Remove the scan: the archive has it, or a person gave it up."""
        gone = self.folder.with_name(f".{self.name}.gone")
        self.folder.rename(gone)
        shutil.rmtree(gone)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pixels(path: Path) -> tuple[str, tuple[int, int], str]:
    """Return how the pixels of the one page of a file are kept, how many they are, and their digest: one page is in memory at a time."""
    with Image.open(path, formats=("TIFF",)) as page:
        return page.mode, page.size, hashlib.sha256(page.tobytes()).hexdigest()


def _holds(bound: Path, pages: Sequence[Path]) -> bool:
    """Return whether a file holds these pages alone, each with the packed data that it has, and what tells how to unpack it."""
    with bound.open("rb") as file, TiffImagePlugin.TiffImageFile(file) as document:
        if document.n_frames != len(pages):
            return False
        for number, path in enumerate(pages):
            document.seek(number)
            with path.open("rb") as packed, TiffImagePlugin.TiffImageFile(packed) as page:
                same = (page.mode, page.size) == (document.mode, document.size)
                same = same and all(page.tag_v2.get(tag) == document.tag_v2.get(tag) for tag in _UNPACKING)
                if not same or any(
                    one != other for one, other in zip_longest(_data(page, path), _data(document, bound))
                ):
                    return False
    return True


def _data(page: TiffImagePlugin.TiffImageFile, path: Path) -> Iterator[bytes]:
    """Yield the packed strips of the page that a file is turned to."""
    with path.open("rb") as file:
        for place, size in zip(page.tag_v2[_PLACES], page.tag_v2[_SIZES], strict=True):
            file.seek(place)
            yield file.read(size)


def new_scan(home: Path, order: ScanOrder) -> Scan:
    """Return a new, empty scan below `home`, named by when it was started."""
    name = order.started[:19].replace("-", "").replace(":", "").replace("T", "-")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in range(1, 1000):
        folder = home / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        scan = Scan(folder)
        scan.write(order)
        keep_on_disk(home)
        return scan
    why = f"too many scans lie in {home}: resume or discard them"
    raise ScannerUnavailable(why, "too_many_scans", folder=str(home))


def scans(home: Path) -> list[Scan]:
    """Return the scans that wait below `home`, the oldest first, and remove what a killed removal left."""
    for left in home.glob(".*.gone"):
        shutil.rmtree(left, ignore_errors=True)
    return [Scan(folder) for folder in sorted(home.glob("*")) if _NAME.fullmatch(folder.name)]


def find(home: Path, name: str) -> Scan:
    """Return the scan of this name. Raises NoSuchScan."""
    scan = next((scan for scan in scans(home) if scan.name == name), None)
    if scan is None:
        why = f"there is no scan {name}; `juanzong station spool` lists those that wait"
        raise NoSuchScan(why, "no_scan", name=name)
    return scan
