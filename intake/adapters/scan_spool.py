"""Where scanned pages lie until the archive has them: one directory a stack, with its manifest, that survives a crash."""

import fcntl
import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PIL import Image, TiffImagePlugin

from intake.adapters.scanner import keep_on_disk, pages_in
from intake.channels.scanning import ScanOrder
from intake.errors import NoSuchScan, ScannerUnavailable

_NAME = re.compile(r"\d{8}-\d{6}(-\d+)?")
_DOCUMENT = "document.tiff"
_LARGEST = (1 << 32) - (1 << 20)  # bytes: places in a TIFF are numbers of 32 bits
_MOST_PAGES = 2000  # of one file, as archives take them
_GAP = 64  # bytes between two pages of a file
_ASIDE = "again.old"  # pages that others were put in the place of
_SOFTWARE, _DATE_TIME, _ARTIST, _DOCUMENT_NAME, _MODEL = 305, 306, 315, 269, 272  # TIFF 6.0, section 8


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

    def bind(self, most: int = 0) -> list[Path]:
        """Return all pages as one TIFF, pixel for pixel as they were scanned, or as several where one would have more than `most` bytes.

        most: 0 for as many as a TIFF can have. A file has one page at least, whatever that takes, and 2000 at most. The same pages give the same
        bytes, so that what was handed in before a crash is known again; no two files of a stack have the same.
        """
        for left in self.folder.glob(f"{_DOCUMENT}*"):
            left.unlink()
        pages, bound, first = self.pages, list[Path](), 0
        while first < len(pages):
            target = self.folder / (f"{_DOCUMENT}-{len(bound) + 1}" if bound else _DOCUMENT)
            part = target.with_name(f"{target.name}.part")
            count = self._write(part, pages[first:], len(bound) + 1, min(most or _LARGEST, _LARGEST))
            self._compare(part, pages[first : first + count])
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(target)
            bound.append(target)
            first += count
        return bound

    def _write(self, target: Path, pages: Sequence[Path], number: int, most: int) -> int:
        """Write as many of these pages as go into `most` bytes, the first one always, and return how many that is."""
        order, count = self.order, 0
        name = (order.batch or self.name) + (f" ({number})" if number > 1 else "")
        tags = {_SOFTWARE: "juanzong", _MODEL: order.device, _DOCUMENT_NAME: name}
        tags |= {_DATE_TIME: order.started[:19].replace("-", ":").replace("T", " "), _ARTIST: order.operator}
        # Deflate without a predictor: with one (horizontal differencing) a page takes 2 to 3 times as long, and is from 23 % smaller
        # to 10 % larger, as the noise of the scanner is.
        with TiffImagePlugin.AppendingTiffWriter(target, new=True) as file:
            for path in pages:
                packed = io.BytesIO()
                with Image.open(path, formats=("TIFF",)) as page:
                    packing = "group4" if page.mode == "1" else "tiff_adobe_deflate"
                    page.save(packed, "TIFF", compression=packing, dpi=page.info.get("dpi"), tiffinfo=_info(tags))
                if count and (count == _MOST_PAGES or file.f.tell() + len(packed.getvalue()) + _GAP > most):
                    break
                file.write(packed.getvalue())
                file.newFrame()
                count += 1
        return count

    def _compare(self, bound: Path, pages: Sequence[Path]) -> None:
        """Raise ScannerUnavailable unless every page of the bound file has the pixels that were scanned."""
        with Image.open(bound, formats=("TIFF",)) as document:
            same = getattr(document, "n_frames", 1) == len(pages)
            for number, path in enumerate(pages):
                with Image.open(path, formats=("TIFF",)) as page:
                    document.seek(number)
                    same = same and (page.mode, page.size) == (document.mode, document.size)
                    same = same and page.tobytes() == document.tobytes()
        if not same:
            bound.unlink()
            why = f"the pages of scan {self.name} could not be bound without loss; they are kept"
            raise ScannerUnavailable(why, "not_bound", name=self.name)

    def remove(self) -> None:
        """Remove the scan: the archive has it, or a person gave it up."""
        gone = self.folder.with_name(f".{self.name}.gone")
        self.folder.rename(gone)
        shutil.rmtree(gone)


def _info(tags: dict[int, str]) -> TiffImagePlugin.ImageFileDirectory_v2:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        if value:
            info[tag] = value.encode()  # TIFF asks for ASCII; readers of today take UTF-8
    return info


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
