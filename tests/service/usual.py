"""The usual sample, read once in a test process, and stacks, looked at once: they are the same in every set-up that takes them in.

Only `Office.take_in` recalls the sample, which prepares what a test is about; whatever calls the flows itself reads it anew. How
pages are looked at is tested in `tests/intake/batches`; what becomes of a look, here.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from intake.batches.apart import Look, look
from intake.batches.own_labels import OwnLabel
from intake.model import Inspection, Limits, PageText, ReadPage, Understanding
from intake.ports import PageReader
from intake.templates import Template
from service.flow.intake import looks
from service.house import House

_read: dict[object, list[ReadPage]] = {}
_understood: dict[object, Understanding] = {}
_looked: dict[object, list[Look]] = {}
#: What tells one PDF from another of the same pages.
_NUMBER = re.compile(rb"/ID \[<[0-9a-f]{32}><[0-9a-f]{32}>\]")


class _Recalls:
    """The reader, which is asked once for the pages of a file."""

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader
        self.look = reader.look
        self.understand = _recalling(reader.understand)

    def read(self, path: Path, inspection: Inspection, limits: Limits) -> Iterator[ReadPage]:
        """Yield the pages of a file with this digest."""
        key = self._reader, inspection, limits
        if key not in _read:
            pages = list(self._reader.read(path, inspection, limits))
            if any(page.trouble for page in pages):  # of the machine: the next test has better luck
                yield from pages
                return
            _read[key] = pages
        yield from _read[key]


def _recalling(understand: Callable[..., Understanding]) -> Callable[..., Understanding]:
    def understood(
        pages: Sequence[PageText], ours: Sequence[str], templates: Sequence[Template], category: str = ""
    ) -> Understanding:
        if templates:
            return understand(pages, ours, templates, category)
        key = understand, tuple(pages), tuple(ours), category
        if key not in _understood:
            _understood[key] = understand(pages, ours, templates, category)
        return replace(_understood[key], fields=dict(_understood[key].fields))

    return understood


@contextmanager
def recalled(house: House) -> Iterator[None]:
    """Recall what was read of a file before, unless the house has another reader than archives have."""
    reader = house.reader
    if house.make_reader() is not reader:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house, "reader", _Recalls(reader))
        yield


def _recalled_look(path: Path, kind: str, pages: int, limits: Limits, own: tuple[OwnLabel, ...]) -> Iterator[Look]:
    data = path.read_bytes()
    key = hashlib.sha256(data if b"/Encrypt" in data else _NUMBER.sub(b"", data)).digest(), kind, pages, limits, own
    if key not in _looked:
        seen = []
        for one in look(path, kind, pages, limits, own):
            seen.append(one)
            yield one
        if all(one.thumbnail for one in seen):  # else it may have been the machine
            _looked[key] = seen
        return
    yield from _looked[key]


def recall_looks(patch: pytest.MonkeyPatch) -> None:
    """Let no stack be looked at twice in this process, whatever number of archives take it in."""
    patch.setattr(looks, "look", _recalled_look)
