"""What to ask of a scanner: the operator's few words, turned into the options that this device offers. Pure rules."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from intake.errors import NotOffered

MODES = {
    "Gray": ("gray", "grayscale", "true gray", "8-bit gray"),
    "Color": ("color", "colour", "24bit color", "24-bit color"),
    "Lineart": ("lineart", "binary", "black & white", "threshold", "monochrome"),
}
SOURCES = ("ADF", "Duplex", "Flatbed")
PAPERS = {
    "A3": (297, 420),
    "A4": (210, 297),
    "A5": (148, 210),
    "B5": (176, 250),
    "Letter": (216, 279),
    "Legal": (216, 356),
}

_OPTION = re.compile(r"^ {4}(--?[\w-]+)(?:\[=\(([^)]*)\)\]| (.+?)) \[(?!inactive\])[^\]]*\]$", re.MULTILINE)
_RANGE = re.compile(r"(-?[\d.]+)\.\.(-?[\d.]+)")
_DUPLEX = re.compile(r"duplex|both sides", re.IGNORECASE)
_FEEDER = re.compile(r"adf|feeder", re.IGNORECASE)
_FLATBED = re.compile(r"flatbed|platen|normal", re.IGNORECASE)


@dataclass(frozen=True)
class ScanOrder:
    """One stack to scan. resolution: dpi. expect: page images counted on paper, 0 when nobody counted.

    batch: what the operator calls the stack. operator, started (ISO 8601): who scanned and when. split: cut it at its separator
    sheets; sides: of a sheet, 0 when the rest says it. page_order: as_scanned, two_pass (all fronts, then all backs). fronts: of a
    stack in two passes, how many were in when the paper was turned over; 0 when it was not. dropped: the pages that were taken out,
    as they were numbered then; dropped_at (ISO 8601): when the last was; leaving: their files, until all of them have gone.
    serial: by which the archive knows it again, hexadecimal digits that no other has; empty until it is handed in; told_dropped: how
    many of the pages that were taken out the archive was told of. sent: the pages as they were when the archive last took a file of
    it, by their numbers now, 0 for those taken out since. alone: of how many of these, from the first, the archive says that it has
    them by themselves, -1 before: once all of them are out, what is left is handed in as a scan of its own (`first`: the serial
    before that).
    server, token_file (a path), department (a code): where it is to be handed in; all empty: to the archive on this machine.
    """

    device: str
    resolution: int = 300
    mode: str = "Gray"
    source: str = "ADF"
    paper: str = "A4"
    expect: int = 0
    batch: str = ""
    operator: str = ""
    started: str = ""
    split: bool = False
    sides: int = 0
    page_order: str = "as_scanned"
    fronts: int = 0
    dropped: Sequence[int] = ()
    dropped_at: str = ""
    leaving: Sequence[str] = ()
    serial: str = ""
    told_dropped: int = 0
    sent: Sequence[int] = ()
    alone: int = -1
    first: str = ""
    server: str = ""
    token_file: str = ""
    department: str = ""

    @property
    def sides_scanned(self) -> int:
        """How many sides of each sheet are in the stack: 1 or 2."""
        return self.sides or (2 if self.source == "Duplex" or self.page_order == "two_pass" else 1)

    @property
    def sheets(self) -> int | None:
        """How many sheets of paper were counted; None when nobody counted."""
        return self.expect // self.sides_scanned if self.expect else None

    def fed_for(self, pages: Iterable[int]) -> list[int]:
        """Return which pages (from 1) come out of the feeder when these are to be scanned once more: a duplex feeder gives both sides."""
        if self.source != "Duplex":
            return sorted(set(pages))
        return [
            side for sheet in sorted({(page - 1) // 2 for page in pages}) for side in (2 * sheet + 1, 2 * sheet + 2)
        ]

    def feeds(self, pages: Iterable[int]) -> list[list[int]]:
        """Return these pages (from 1), parted into those that can be scanned once more in one go.

        One page lies on the glass at a time, and of a sheet in a feeder for one side one side is scanned.
        """
        numbers = sorted(set(pages))
        if self.source == "Flatbed":
            return [[page] for page in numbers]
        fronts = [page for page in numbers if self.lies_on(page)[1] == "front"]
        backs = [page for page in numbers if page not in fronts]
        twice = {self.lies_on(page)[0] for page in fronts} & {self.lies_on(page)[0] for page in backs}
        return [fronts, backs] if twice and self.source != "Duplex" else [numbers]

    def lies_on(self, page: int) -> tuple[int, str]:
        """Return on which sheet of the stack (from 1) a page is, and on which side: front, back, or "" where only one is scanned.

        Of a stack of which `unsure` says something it cannot be known.
        """
        if self.source == "Duplex":
            return (page + 1) // 2, "front" if page % 2 else "back"
        if self.page_order == "two_pass" and self.sheets:  # the backs begin with the last
            return (page, "front") if page <= self.sheets else (2 * self.sheets - page + 1, "back")
        return page, ""

    def half_sheet(self, count: int) -> bool:
        """Return whether of some sheet one side alone is among `count` pages: a duplex feeder was broken off between its two sides."""
        return self.source == "Duplex" and count % 2 == 1

    def fronts_of(self, count: int) -> int:
        """Return how many of `count` pages of a stack in two passes are fronts: all, as long as no page came after it was turned over."""
        return self.fronts if 0 < self.fronts < count else count

    def off(self, count: int) -> str:
        """Return how `count` pages are not those that were counted on paper: few, many, or empty; 0 counts nothing.

        Of a stack in two passes also fronts_few, fronts_many, fronts_in (all of them, and no back), uneven (not as many backs as
        fronts): its count is of both sides, and must not balance with fronts alone.
        """
        if not self.expect:
            return ""
        if self.page_order == "two_pass":
            fronts, sheets = self.fronts_of(count), self.sheets or 0
            if fronts == count:
                return "fronts_in" if fronts == sheets else "fronts_few" if fronts < sheets else "fronts_many"
            if count == self.expect and fronts != sheets:
                return "uneven"
        return "" if count == self.expect else "few" if count < self.expect else "many"

    def may_drop(self, pages: Iterable[int], count: int) -> bool:
        """Return whether these of `count` pages (from 1) may be taken out: no more than are too many, of two passes of each.

        So what is said twice takes nothing out twice. Also the last side of a duplex stack, when it is without its other side.
        """
        numbers = set(pages)
        if self.half_sheet(count) and numbers == {count}:
            return True
        if not self.expect:
            return False
        if self.page_order != "two_pass":
            return len(numbers) <= count - self.expect
        fronts, sheets = self.fronts_of(count), self.sheets or 0
        of_fronts = len([number for number in numbers if number <= fronts])
        return of_fronts <= max(0, fronts - sheets) and len(numbers) - of_fronts <= max(0, count - fronts - sheets)

    def without(self, pages: Iterable[int], when: str, files: Sequence[str]) -> "ScanOrder":
        """Return the order once these pages (from 1) are taken out, which it keeps. when: ISO 8601. files: of the pages."""
        numbers = sorted(set(pages))
        fronts = self.fronts - len([number for number in numbers if number <= self.fronts])
        sent = [0 if one in numbers else one - len([gone for gone in numbers if gone < one]) for one in self.sent]
        return replace(
            self, fronts=fronts, dropped=[*self.dropped, *numbers], dropped_at=when, leaving=files, sent=sent
        )

    @property
    def may_come_alone(self) -> bool:
        """Whether what the archive has by itself is all taken out, so that the rest is another scan to it."""
        return self.alone >= 0 and bool(self.sent) and not any(self.sent[: self.alone])

    def unsure(self, count: int) -> str:
        """Return why it is not known which paper each of `count` pages is on: half_sheet, or what is `off` in two passes; empty: it is."""
        if self.half_sheet(count):
            return "half_sheet"
        off = self.off(count) if self.page_order == "two_pass" else ""
        return "" if off == "fronts_in" else off

    def to_plain(self) -> dict[str, Any]:
        """Return the order as plain values, for a manifest."""
        return asdict(self)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "ScanOrder":
        """Return the order that `to_plain` gave."""
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})


def offered(description: str) -> dict[str, str]:
    """Return what a device offers, option to values as printed, from the text of `scanimage --all-options`."""
    return {m[1]: m[2] or m[3] for m in _OPTION.finditer(description)}


def check_device(name: str) -> str:
    """Return the device's name when it can be one. Raises NotOffered: it stands in a command's arguments."""
    if not name or name.startswith("-") or not name.isprintable() or len(name) > 500:
        why = "this is no name of a scanner; `juanzong station devices` lists those there are"
        raise NotOffered(why, "no_scanner_name")
    return name


def arguments(order: ScanOrder, offer: Mapping[str, str]) -> list[str]:
    """Return the options for the device, each one word of a command line. Raises NotOffered, naming what there is."""
    words = [_resolution(order.resolution, offer), *_source(order.source, offer)]
    if "--mode" in offer:
        wanted = MODES.get(order.mode, (order.mode,))
        words.append(f"--mode={_choose(order.mode, offer['--mode'], 'mode', lambda v: v.lower() in wanted)}")
    if order.source == "Flatbed":
        words.append("--batch-count=1")
    # Many devices scan American paper unless told: the foot of an A4 page would be missing. scanimage keeps within the device.
    width, height = PAPERS[order.paper]
    sizes = {"--page-width": width, "--page-height": height, "-x": width, "-y": height}
    for name, millimetres in sizes.items():
        if name in offer:
            words += [f"{name}={millimetres}"] if name.startswith("--") else [name, str(millimetres)]
    return words


def _values(text: str) -> list[str]:
    """Return the values of an option; the unit behind the last one of a list of numbers is no part of it."""
    return [
        re.sub(r"(?<=\d)(dpi|mm|pel|us|%)$", "", value)
        for value in re.sub(r" \(in steps of .*\)$", "", text).split("|")
    ]


def _choose(wanted: str, text: str, what: str, fits: Callable[[str], object]) -> str:
    found = next((value for value in _values(text) if fits(value)), None)
    if found is None:
        has = ", ".join(_values(text))
        raise NotOffered(f"the scanner has no {what} {wanted}; it has: {has}", f"no_{what}", wanted=wanted, has=has)
    return found


def _resolution(dpi: int, offer: Mapping[str, str]) -> str:
    text = offer.get("--resolution", "")
    limits = _RANGE.search(text)
    if limits and not float(limits[1]) <= dpi <= float(limits[2]):
        has = f"{limits[1]} to {limits[2]} dpi"
        why = f"the scanner has no resolution {dpi}; it has {has}"
        raise NotOffered(why, "no_resolution", wanted=str(dpi), has=has.replace(" to ", "–"))
    if text and not limits:
        _choose(str(dpi), text, "resolution", lambda v: v == str(dpi))
    return f"--resolution={dpi}"


def _source(source: str, offer: Mapping[str, str]) -> list[str]:
    if "--source" not in offer:
        if source == "Flatbed" or (source == "ADF" and "--adf-mode" in offer):
            return []
        raise NotOffered(f"the scanner has no source {source}; it has only one", "one_source", wanted=source)
    text = offer["--source"]
    if source == "Flatbed":
        return [f"--source={_choose(source, text, 'source', _FLATBED.search)}"]
    if (
        source == "Duplex"
        and not any(_DUPLEX.search(v) for v in _values(text))
        and "Duplex" in offer.get("--adf-mode", "")
    ):
        return [f"--source={_choose(source, text, 'source', _FEEDER.search)}", "--adf-mode=Duplex"]
    if source == "Duplex":
        return [f"--source={_choose(source, text, 'source', _DUPLEX.search)}"]
    return [f"--source={_choose(source, text, 'source', lambda v: _FEEDER.search(v) and not _DUPLEX.search(v))}"]
