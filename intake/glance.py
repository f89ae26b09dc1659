"""A glance at pages before they are handed in: which are to be scanned again, while the paper is still there. No reading.

The archive judges the same pages by the same rules when it has them (`quality.py`); here it is known a minute or a day earlier.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from intake import memory
from intake.child_handle import Child, Dead, Late
from intake.codec import quality_of
from intake.errors import Rejected
from intake.formats.opening import open_pages
from intake.formats.signatures import OFFICE, RECORDINGS, kind_of
from intake.model import Limits, Quality
from intake.patience import Patience
from intake.quality import UNSHOWN, of_picture

_SECONDS = 30.0  # for a page
_MOST_LOST = 3  # pages of a file that may kill or hold up who looks at them
_NOT_SCANNED = (*OFFICE, *RECORDINGS, "eml")


@dataclass(frozen=True)
class Below:
    """A page below the line. why: findings of its quality, `blank` only where every page is."""

    page: int
    quality: Quality
    why: tuple[str, ...]


def below(judged: Iterable[tuple[int, Quality]], *, whole: bool = True) -> list[Below]:
    """Return which of the scanned pages (number from 1, quality) fall below the line.

    A blank page is none: backs are blank. A whole stack of blank pages lay on its face. whole: whether these are all pages.
    """
    pages = list(judged)
    blank = whole and bool(pages) and all("blank" in quality.findings for _, quality in pages)
    found = []
    for number, quality in pages:
        why = tuple(finding for finding in quality.findings if blank or finding != "blank")
        if why:
            found.append(Below(number, quality, why))
    return found


def of_scan(path: Path, limits: Limits) -> Quality | None:
    """Return how good the one page is that our own scanner wrote (TIFF)."""
    try:
        with open_pages(path, "tiff", limits) as pages:
            return of_picture(pages.picture(0))
    except (Rejected, OSError):
        return UNSHOWN


class Glance:
    """Judges files in a child of its own, where a hostile one harms nobody. environment: of the child's variables."""

    def __init__(self, limits: Limits, environment: Mapping[str, str] | None = None) -> None:
        self._limits, self._environment = limits, dict(environment or {})
        self._child: Child | None = None

    def look(self, path: Path) -> list[Below]:
        """Return the pages below the line; none of a file that is no scan, or cannot be looked at: the archive says why."""
        try:
            with path.open("rb") as file:
                kind = kind_of(file)
                if kind in _NOT_SCANNED:
                    return []
                return below(self._judged(file.fileno(), kind))
        except (Rejected, OSError, Dead, Late):
            self.close()
            return []

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.close()
        self._child = None

    def _judged(self, file: int, kind: str) -> list[tuple[int, Quality]]:
        """Judge page after page; one that cannot be shown, or kills who looks at it, is told, and the others are judged all the same."""
        judged: list[tuple[int, Quality]] = []
        pages, lost = self._open(file, kind), 0
        for number in range(1, pages + 1):
            try:
                if self._child is None:
                    self._open(file, kind)
                answer = self._ask({"do": "judge", "number": number, "seconds": _SECONDS})
            except (Dead, Late) as error:
                self.close()
                lost += 1
                if isinstance(error, Dead):  # one that takes long need not be bad
                    judged.append((number, UNSHOWN))
                if lost == _MOST_LOST:
                    break
                continue
            quality = quality_of(answer["quality"]) if "quality" in answer else UNSHOWN
            if quality is not None:
                judged.append((number, quality))
        return judged

    def _open(self, file: int, kind: str) -> int:
        """Have the file opened; returns its pages. Raises Rejected."""
        if self._child is None or not self._child.alive:
            self._child = Child(self._environment)
            self._ask({"do": "begin", "engine": "auto", "threads": 1, "memory": memory.LOOKING})
        request = {"do": "look", "kind": kind, "limits": asdict(self._limits), "seconds": _SECONDS}
        answer = self._ask(request | {"file": True}, file)
        if "pages" not in answer:
            raise Rejected("unreadable", "The pages cannot be looked at.")
        return int(answer["pages"])

    def _ask(self, request: dict[str, Any], *files: int) -> dict[str, Any]:
        assert self._child is not None  # noqa: S101 - opened above
        self._child.send(request, *files)
        return self._child.receive(Patience(_SECONDS, self._child.pid))
