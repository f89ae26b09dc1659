"""What to ask of a scanner: the operator's few words, turned into the options that this device offers. Pure rules."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from intake.errors import NotOffered, PagesMissing

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
    sheets; sides: of a sheet, 0 when the rest says it. page_order: as_scanned, two_pass (all fronts, then all backs).
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

    def lies_on(self, page: int) -> tuple[int, str]:
        """Return on which sheet of the stack (from 1) a page is, and on which side: front, back, or "" where only one is scanned."""
        if self.source == "Duplex":
            return (page + 1) // 2, "front" if page % 2 else "back"
        if self.page_order == "two_pass" and self.sheets:  # the backs begin with the last
            return (page, "front") if page <= self.sheets else (2 * self.sheets - page + 1, "back")
        return page, ""

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
        raise NotOffered("this is no name of a scanner; `juanzong station devices` lists those there are")
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
        raise NotOffered(f"the scanner has no {what} {wanted}; it has: {', '.join(_values(text))}")
    return found


def _resolution(dpi: int, offer: Mapping[str, str]) -> str:
    text = offer.get("--resolution", "")
    limits = _RANGE.search(text)
    if limits and not float(limits[1]) <= dpi <= float(limits[2]):
        raise NotOffered(f"the scanner has no resolution {dpi}; it has {limits[1]} to {limits[2]} dpi")
    if text and not limits:
        _choose(str(dpi), text, "resolution", lambda v: v == str(dpi))
    return f"--resolution={dpi}"


def _source(source: str, offer: Mapping[str, str]) -> list[str]:
    if "--source" not in offer:
        if source == "Flatbed" or (source == "ADF" and "--adf-mode" in offer):
            return []
        raise NotOffered(f"the scanner has no source {source}; it has only one")
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


def check_count(pages: int, expect: int) -> None:
    """Raise PagesMissing unless as many pages were scanned as were counted on paper; 0 counts nothing."""
    if expect and pages != expect:
        trouble = "are missing" if pages < expect else "are too many"
        raise PagesMissing(
            f"{pages} pages were scanned, {expect} were counted on paper: {abs(pages - expect)} {trouble}"
        )
