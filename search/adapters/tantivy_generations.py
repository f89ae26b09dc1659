"""Generations of the embedded index: a directory each, and a file that names the one that answers.

A rebuild fills the next generation beside the one that answers; what changes meanwhile is written to that one and noted in a file of
the next, which takes it over between two batches: whoever changes something never waits for a batch. One rename of the file `current`
makes the next one answer; then the old one is removed. Killed at any moment, one whole generation answers, and a rebuild goes on.
"""

import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from search import projection as p
from search.adapters.tantivy import LOCK, TantivyIndex
from search.errors import IndexUnavailable
from search.model import Candidate, IndexedPage, Reader, Results
from search.orders import RELEVANCE, Anchor
from search.syntax import Node

_CURRENT, _NEXT = "current", "next"
_CHANGED = "changed"  # in the next generation: what changed in the other since it was begun, an id a line
_AT_ONCE = 1000  # of those that are taken over in one commit
_FEW = 20  # of those that may still be taken over while changes wait
_NAME = re.compile(r"v(\d+)-(\d{6})")
_SEGMENT = re.compile(r"[0-9a-f]{32}\..+")  # a file with entries; a generation without any has none
_Answer = TypeVar("_Answer")
_log = logging.getLogger("juanzong.search")


class TantivyGenerations:
    """A SearchIndex in `path`, made at first use, which can be rebuilt while it answers."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._root = TantivyIndex(self._path)  # only its lock is used: one writer of all generations
        self._known: dict[str, TantivyIndex] = {}

    # --- what every index does ---

    def replace(self, document: str, pages: Sequence[IndexedPage]) -> None:
        """Make `pages` all there is of `document`; findable and durable on return."""
        self.replace_many({document: pages})

    def replace_many(self, documents: Mapping[str, Sequence[IndexedPage]]) -> None:
        """As `replace`, in one commit; a generation that is being built gets them later."""
        if documents:
            with self._root.exclusive():
                self._note(documents)
                self._current().replace_many(documents)

    def remove(self, document: str) -> None:
        """Leave nothing of `document`, neither in answers nor in the files."""
        self.remove_many([document])

    def remove_many(self, documents: Iterable[str]) -> None:
        """As `remove`; the files are rewritten once for all of them."""
        gone = list(documents)
        with self._root.exclusive():
            self._note(gone)
            self._current().remove_many(gone)
        self._also(lambda files: files.remove_many(gone))

    def purge(self) -> None:
        """Drop from the files what was replaced and is only hidden so far."""
        with self._root.exclusive():
            self._current().purge()
        self._also(lambda files: files.purge())

    def search(
        self,
        query: Node,
        reader: Reader,
        *,
        limit: int = 20,
        offset: int = 0,
        filters: Mapping[str, str] | None = None,
        order: str = RELEVANCE,
        after: Anchor | None = None,
        facets: bool = True,
    ) -> Results:
        """Return the documents that match, in an order, only those `reader` may see."""
        return self._ask(
            lambda files: files.search(
                query,
                reader,
                limit=limit,
                offset=offset,
                filters=filters,
                order=order,
                after=after,
                facets=facets,
            )
        )

    def likeliest(
        self, query: Node, reader: Reader, *, limit: int, filters: Mapping[str, str] | None = None
    ) -> list[Candidate]:
        """Return those documents that match a query which allows near-misses, of the `limit` likeliest that may."""
        return self._ask(lambda files: files.likeliest(query, reader, limit=limit, filters=filters))

    def contains(self, document: str) -> bool:
        """Return whether anything of `document` is in the files of any generation, hidden entries included."""
        if self._ask(lambda files: files.contains(document)):
            return True
        building = self._building()
        return building is not None and building.contains(document)

    def documents(self) -> Iterator[str]:
        """Yield the ids of all indexed documents, each once."""
        return self._ask(lambda files: files.documents())

    def states(self) -> Iterator[tuple[str, str]]:
        """Yield (document, stamp) of all indexed documents."""
        return self._ask(lambda files: files.states())

    def clear(self) -> None:
        """Begin an empty generation and remove everything else, also what is damaged."""
        with self._root.exclusive():
            for files in self._known.values():
                with suppress(IndexUnavailable):
                    files.settle()
            self._known.clear()
            name = self._fresh()
            self._point(_CURRENT, name)
            self._sweep({name})

    def check(self) -> None:
        """Raise IndexUnavailable unless the index can be opened and answers."""
        self._ask(lambda files: files.check())

    # --- rebuilding ---

    def begin(self) -> None:
        """Begin the next generation, or go on with one that was begun. Raises IndexUnavailable."""
        with self._root.exclusive():
            self._current()
            building = self._building()
            if building is not None:
                with suppress(IndexUnavailable):
                    building.check()
                    return
            name = self._fresh()
            self._point(_NEXT, name)
            self._sweep({name, self._name(_CURRENT)})

    def begun(self) -> bool:
        """Return whether a rebuild was begun and is not finished."""
        return bool(self._name(_NEXT))

    def fill(self, documents: Mapping[str, Sequence[IndexedPage]]) -> None:
        """Write documents to the next generation alone; what could not be written is told by the next call, or by `filled` and `finish`."""
        self._next().replace_many(documents, behind=True)

    def filled(self) -> Iterator[tuple[str, str]]:
        """Yield (document, stamp) of what the next generation holds, with what changed in the other until now."""
        building = self._next()
        building.settle()
        self._take_over(building)
        return building.states()

    def drop(self, documents: Iterable[str]) -> None:
        """Remove documents from the next generation alone."""
        self._next().remove_many(documents)

    def finish(self) -> None:
        """Let the next generation answer from now on, and remove the old one."""
        building = self._next()
        building.settle()
        while self._take_over(building) > _FEW:
            pass
        with self._root.exclusive():
            building = self._next()
            self._take_over(building)
            building.check()
            name = self._name(_NEXT)
            self._point(_CURRENT, name)
            self._path.joinpath(_NEXT).unlink(missing_ok=True)
            self._path.joinpath(name, _CHANGED).unlink(missing_ok=True)
            self._sweep({name})

    # --- generations ---

    def _ask(self, question: Callable[[TantivyIndex], _Answer]) -> _Answer:
        """Ask the generation that answers; once more when it was replaced in that moment."""
        files = self._current()
        try:
            return question(files)
        except IndexUnavailable:
            if self._current() is files:
                raise
            return question(self._current())

    def _note(self, documents: Iterable[str]) -> None:
        """Note what is about to change in the generation that answers, for the next one to take over; the lock is held."""
        if not (name := self._name(_NEXT)):
            return
        try:
            with (self._path / name / _CHANGED).open("a", encoding="ascii") as file:
                file.writelines(f"{json.dumps(document)}\n" for document in documents)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._give_up(error)

    def _also(self, change: Callable[[TantivyIndex], None]) -> None:
        """Make a change in the next generation, too, as soon as no batch is written there."""
        try:
            if building := self._building():
                change(building)
        except IndexUnavailable as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Remove the next generation: a rebuild can be begun anew, and a change must not wait for that."""
        _log.warning("the rebuild of the search index is given up: %s", error)
        with self._root.exclusive():
            self._path.joinpath(_NEXT).unlink(missing_ok=True)
            self._sweep({self._name(_CURRENT)})

    def _take_over(self, building: TantivyIndex) -> int:
        """Write to the next generation what was noted; returns how many changes that were.

        What is noted was written to the generation that answers before the lock was let go, and that is read again: a page that a batch
        brought from an older state of the database is overtaken here.
        """
        with self._root.exclusive():
            noted = self._noted()
        changed = list(dict.fromkeys(map(json.loads, noted.splitlines())))
        for start in range(0, len(changed), _AT_ONCE):
            building.take_over(self._current(), changed[start : start + _AT_ONCE])
        if noted:
            with self._root.exclusive():
                self._put(self._changed(), self._noted()[len(noted) :])
        return len(changed)

    def _noted(self) -> bytes:
        try:
            return self._changed().read_bytes()
        except FileNotFoundError:
            return b""

    def _changed(self) -> Path:
        return self._path / self._name(_NEXT) / _CHANGED

    def _current(self) -> TantivyIndex:
        name = self._name(_CURRENT)
        if not name:
            with self._root.exclusive():
                name = self._name(_CURRENT) or self._first()
        found = _NAME.fullmatch(name)
        if found is None:
            raise IndexUnavailable(self._unusable("it does not say which of its generations answers"))
        if int(found[1]) != p.VERSION:
            raise IndexUnavailable(self._unusable("it was made by another version of the program"))
        return self._files(name)

    def _first(self) -> str:
        """Make the first generation of an empty place. Whatever lies there already was an index, and is not taken for none."""
        others = [entry.name for entry in self._path.iterdir() if entry.name != LOCK]
        if any(name == "meta.json" for name in others):
            raise IndexUnavailable(self._unusable("it was made by another version of the program"))
        begun = [name for name in others if _NAME.fullmatch(name)]
        if any(_SEGMENT.fullmatch(entry.name) for name in begun for entry in (self._path / name).iterdir()):
            raise IndexUnavailable(self._unusable("the file that names its generation is missing"))
        if begun:  # the process that made the first one was killed before it said so: nothing was written to it
            self._sweep(set())
        name = self._fresh()
        self._point(_CURRENT, name)
        return name

    def _building(self) -> TantivyIndex | None:
        name = self._name(_NEXT)
        found = _NAME.fullmatch(name)
        return self._files(name) if found and int(found[1]) == p.VERSION else None

    def _next(self) -> TantivyIndex:
        if (building := self._building()) is None:
            raise IndexUnavailable("the rebuild of the search index was given up; `juanzong reindex` begins it anew")
        return building

    def _files(self, name: str) -> TantivyIndex:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = TantivyIndex(self._path / name, fresh=False)
        return known

    def _fresh(self) -> str:
        """Make an empty generation under a number of its own; returns its name."""
        numbers = [int(found[2]) for entry in self._path.iterdir() if (found := _NAME.fullmatch(entry.name))]
        name = f"v{p.VERSION}-{max(numbers, default=0) + 1:06}"
        TantivyIndex(self._path / name).check()
        return name

    def _sweep(self, kept: set[str]) -> None:
        """Remove every generation but `kept`, and what an older version left."""
        for entry in self._path.iterdir():
            if entry.name in {LOCK, _CURRENT, *kept} or (entry.name == _NEXT and self._name(_NEXT) in kept):
                continue
            if known := self._known.pop(entry.name, None):
                with suppress(IndexUnavailable):
                    known.settle()
            try:
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
            except OSError as error:
                raise IndexUnavailable(f"the search index {self._path} cannot be cleared: {error.strerror}") from error

    def _name(self, pointer: str) -> str:
        try:
            return self._path.joinpath(pointer).read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise IndexUnavailable(self._unusable(str(error.strerror))) from error

    def _point(self, pointer: str, name: str) -> None:
        """Let a pointer name a generation: whole or not at all, and lasting."""
        try:
            self._put(self._path / pointer, name.encode("ascii"))
        except OSError as error:
            raise IndexUnavailable(f"the search index {self._path} cannot be written: {error.strerror}") from error

    @staticmethod
    def _put(path: Path, content: bytes) -> None:
        """Give a file another content: whole or not at all, and lasting."""
        waiting = path.with_name(f".{path.name}")
        with waiting.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unusable(self, why: str) -> str:
        return f"the search index {self._path} cannot be used ({why}); `juanzong reindex` builds it anew"
