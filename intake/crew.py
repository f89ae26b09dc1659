"""Reading in child processes with limits of time and memory: a page that kills or hangs one costs only its own text.

A child sends the picture of a page as soon as it has it, and its words when it has read them. If it dies, hangs or runs
out of memory between the two, the picture is kept, the page is marked unread, and another child goes on.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import count as counting
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intake.child_handle import Child, Dead, Late
from intake.codec import from_json, quality_of, to_json, understanding_of
from intake.errors import EngineUnavailable, Rejected
from intake.formats.signatures import OFFICE
from intake.model import Attachment, Inspection, Limits, PageText, ReadPage, Understanding
from intake.patience import Patience

if TYPE_CHECKING:
    from intake.templates import Template

_MORE = 100 << 20  # bytes of a file for which the first look at all its pages is given the seconds of another page
_OFFICE = 2  # times the seconds of a page: LibreOffice comes before the first look, and before the first page
log = logging.getLogger("juanzong.crew")
_STARTS = 3  # a child may be killed, by chance, while it starts
_STARTING = 60.0  # seconds it may take to start, however few a page may have
_AHEAD = 2  # pages a child may be ahead of the page that is waited for


@dataclass(frozen=True)
class Allowance:
    """What a child may use: threads of its engine, seconds for a page, bytes of memory (0: no limit), variables."""

    threads: int = 2
    seconds: float = 60.0
    memory: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


class Crew:
    """Implements PageReader with `processes` children that read; used by any number of threads."""

    def __init__(self, engine: str = "auto", processes: int = 1, allowance: Allowance | None = None) -> None:
        self._engine, self._allowance = engine, allowance or Allowance()
        self._processes = processes
        self._changed = threading.Condition()
        self._forget()

    def _forget(self) -> None:
        self._owner = os.getpid()
        self._idle: list[Child] = []
        self._busy = 0
        self._line: deque[object] = deque()  # who waits for a child, the first first
        self._looker: Child | None = None
        self._looking = threading.Lock()
        # What takes most memory half of them do at a time: of two readers one.
        self._turns = os.memfd_create("turns")
        weakref.finalize(self, os.close, self._turns)

    def close(self) -> None:
        """End the children that have nothing to do; the next page starts new ones."""
        with self._changed:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()
        with self._looking:
            looker, self._looker = self._looker, None
        if looker is not None:
            looker.close()

    # Looking at a file

    def look(self, path: Path, kind: str, limits: Limits) -> tuple[int, tuple[str, ...]]:
        """Return the pages of a file of this kind and what is noted about it. Raises Rejected, EngineUnavailable."""
        found, _ = self._looked(path, kind, limits, {"do": "look"})
        return int(found["pages"]), tuple(found["notes"])

    def attached(self, path: Path, kind: str, limits: Limits) -> Iterator[Attachment]:
        """Yield the files inside a file of this kind, each once; one that cannot be taken out has no bytes. Raises Rejected, EngineUnavailable."""
        for number in counting():
            found, data = self._looked(path, kind, limits, {"do": "attached", "number": number})
            if "end" in found:
                return
            yield Attachment(str(found["name"]), data)

    def _looked(self, path: Path, kind: str, limits: Limits, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Return what the child that looks at files answers of one, and the bytes that follow. Raises Rejected, EngineUnavailable."""
        self._mind_a_fork()
        with self._looking, path.open("rb") as file:
            request = {**asked, "file": True, "kind": kind, "limits": asdict(limits)}
            seconds = self.seconds * ((_OFFICE if kind in OFFICE else 1) + os.fstat(file.fileno()).st_size // _MORE)
            patience = Patience(seconds)
            for last in (False, True):
                try:
                    found, data = self._asked(request, patience, file.fileno())
                except Late:
                    raise Rejected("too_slow", f"Looking at the file took longer than {seconds:.0f} s.") from None
                except Dead:
                    if last:
                        raise Rejected("unreadable", "The file brings down whatever looks at it.") from None
                else:
                    _raise(found)
                    if "failed" not in found:
                        return found, data
                    if found["failed"] == "memory":
                        raise Rejected("too_large", "Looking at the file needs more memory than is allowed.")
                    raise Rejected("truncated", f"The file is damaged ({found['why']}).")
        raise AssertionError("unreachable")

    def _asked(self, request: dict[str, Any], patience: Patience, *files: int) -> tuple[dict[str, Any], bytes]:
        """Return what the child that looks answers, and the bytes that follow; one that does not is ended. Raises Dead, Late."""
        if self._looker is None:
            self._looker = self._start()
        patience.watch(self._looker.pid)
        try:
            self._looker.send(request | {"seconds": patience.most()}, *files)
            found = self._looker.receive(patience)
            return found, self._looker.receive_bytes(patience) if "name" in found else b""
        except (Dead, Late):
            self._looker.close()
            self._looker = None
            raise

    # Understanding what was read

    def understand(
        self,
        pages: Sequence[PageText],
        our_companies: Sequence[str] = (),
        forms: Sequence[Template] = (),
        category: str = "",
    ) -> Understanding:
        """Return what `intake.understand` finds on the pages of a document, as one of `category` where that is given.

        In a child, since the words of strangers may keep a pattern busy for ever. Of what takes longer than a page may, or fails,
        nothing is known: a person says what it is. Raises EngineUnavailable.
        """
        self._mind_a_fork()
        request = {
            "do": "understand",
            "pages": [to_json(page).decode() for page in pages],
            "our_companies": list(our_companies),
            "forms": [(form.words, form.category, dict(form.labels)) for form in forms],
            "category": category,
        }
        why = "it brings down whatever does it"
        with self._looking:
            patience = Patience(self.seconds)  # not for what waits for the lock
            for _last in (False, True):
                try:
                    found, _ = self._asked(request, patience)
                except Late:
                    why = f"it takes longer than {self.seconds:.0f} s"
                    break
                except Dead:
                    continue
                _raise(found)
                if "said" in found:
                    return understanding_of(found["said"])
                why = found["why"]
                break
        log.error("a document of %d pages cannot be understood: %s", len(pages), why)
        doubt = "low_confidence:kind" if category else "unknown_kind"
        return Understanding(category, "unknown", "", 0.0, {}, (doubt,))

    # Reading it

    def read(
        self, path: Path, inspection: Inspection, limits: Limits, numbers: Iterable[int] | None = None
    ) -> Iterator[ReadPage]:
        """Yield the pages of an inspected file in order; numbers: only these, in this order, asked for as children get free.

        A page that could not be read has the source `unread`, and `trouble` says why: killed, timeout, memory, error; or
        damaged where there is not even a picture. Raises EngineUnavailable.
        """
        self._mind_a_fork()
        with self._some(inspection.pages) as children, path.open("rb") as file:
            wanted = range(1, inspection.pages + 1) if numbers is None else numbers
            job = _Job(self, file.fileno(), inspection, limits, children, wanted)
            try:
                yield from job.pages()
            finally:
                job.abandon()

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for a child: who reads a long file should let them go first now and then."""
        self._mind_a_fork()
        with self._changed:
            return bool(self._line)

    @property
    def free(self) -> bool:
        """Whether a child has nothing to do."""
        self._mind_a_fork()
        with self._changed:
            return not self._line and self._busy < self._processes

    @contextmanager
    def _some(self, pages: int) -> Iterator[list[Child]]:
        """Lend at least one child, and as many more as are free and of use; to whoever waits longest. More may be added by `spare`."""
        me = object()
        with self._changed:
            self._line.append(me)
            try:
                while self._line[0] is not me or self._busy >= self._processes:
                    self._changed.wait()
            finally:
                self._line.remove(me)
                self._changed.notify_all()
            count = 1 if self._line else max(1, min(pages, self._processes - self._busy))
            self._busy += count
            children = [self._idle.pop() for _ in range(min(count, len(self._idle)))]
        try:
            children += [self._start() for _ in range(count - len(children))]
            yield children
        finally:
            with self._changed:
                self._busy -= max(count, len(children))
                self._idle += [child for child in children if child.alive]
                self._changed.notify_all()

    def spare(self, children: list[Child]) -> bool:
        """Add a child to those that are lent, if one is free that nobody waits for; returns whether it did."""
        with self._changed:
            if self._line or self._busy >= self._processes:
                return False
            self._busy += 1
            idle = self._idle.pop() if self._idle else None
        try:
            children.append(idle or self._start())
        except EngineUnavailable:
            with self._changed:
                self._busy -= 1
            raise
        return True

    def _start(self) -> Child:
        how = {"engine": self._engine, "threads": self._allowance.threads, "memory": self._allowance.memory}
        turns = max(1, self._processes // 2)
        for _attempt in range(_STARTS):
            try:
                child = Child(self._allowance.environment)
            except (
                OSError
            ) as error:  # of the machine, which has no process, memory or descriptor to spare: no file's fault
                raise EngineUnavailable(f"The process that reads pages does not start: {error.strerror}.") from error
            try:
                child.send({"do": "begin", **how, "turns": turns}, self._turns)
                child.receive(Patience(max(_STARTING, self._allowance.seconds), child.pid))
            except (Dead, Late):
                child.close()
            else:
                return child
        raise EngineUnavailable("The process that reads pages does not start.")

    def restart(self, child: Child, children: list[Child]) -> Child:
        """Put a new child in the place of one that is of no more use."""
        child.close()
        fresh = self._start()
        children[children.index(child)] = fresh
        return fresh

    @property
    def seconds(self) -> float:
        """What a page may take."""
        return self._allowance.seconds

    def _mind_a_fork(self) -> None:
        """A process that was forked off has no children: those it knows of belong to its parent."""
        if self._owner != os.getpid():
            self._changed = threading.Condition()
            self._forget()


@dataclass
class _Errand:
    """A page that a child is at."""

    number: int
    patience: Patience
    tried: bool = False
    kept: ReadPage | None = None


class _Job:
    """One file on its way through the children."""

    def __init__(
        self,
        crew: Crew,
        file: int,
        inspection: Inspection,
        limits: Limits,
        children: list[Child],
        numbers: Iterable[int],
    ) -> None:
        self._crew, self._file, self._inspection, self._limits = crew, file, inspection, limits
        self._children = children
        self._errands: dict[Child, _Errand] = {}
        self._opened: set[Child] = set()
        self._numbers = iter(numbers)
        self._next = next(self._numbers, None)
        self._given: deque[int] = deque()  # and not yet yielded
        self._done: dict[int, ReadPage] = {}

    def pages(self) -> Iterator[ReadPage]:
        self._employ()
        while self._given:
            number = self._given[0]
            while number not in self._done:
                self._listen()
                self._employ()
            self._given.popleft()
            yield self._done.pop(number)
            self._employ()

    def abandon(self) -> None:
        """Whoever is still at a page of this file is of no use to the next."""
        for child in list(self._errands):
            child.close()
        self._errands.clear()

    def _employ(self) -> None:
        """Give every free child a page, none too far ahead of the one that is waited for: memory stays bounded."""
        while self._next is not None:
            child = next((child for child in self._children if child not in self._errands), None)
            if child is None:
                if self._crew.spare(self._children):
                    continue
                return
            if len(self._given) >= _AHEAD * len(self._children):
                return
            number, self._next = self._next, next(self._numbers, None)
            self._given.append(number)
            seconds = self._crew.seconds
            if self._inspection.kind in OFFICE and child not in self._opened:
                seconds *= _OFFICE
            self._give(child, _Errand(number, Patience(seconds)))

    def _give(self, child: Child, errand: _Errand) -> None:
        self._errands[child] = errand
        errand.patience.watch(child.pid)
        fresh = child not in self._opened
        self._opened.add(child)
        request: dict[str, Any] = {"do": "page", "number": errand.number, "file": fresh}
        request["seconds"] = errand.patience.most()
        if fresh:
            request |= {"kind": self._inspection.kind, "limits": asdict(self._limits)}
        try:
            child.send(request, *([self._file] if fresh else []))
        except Dead:
            self._lost(child, "killed")

    def _listen(self) -> None:
        """Take the next answer, or find that a child died or is late."""
        first = min(errand.patience.until for errand in self._errands.values())
        by_connection: dict[Any, Child] = {child.connection: child for child in self._errands}
        ready = wait(list(by_connection), max(0.0, first - time.monotonic()))
        for connection in ready:
            child = by_connection[connection]
            try:
                self._answered(child, child.receive(self._errands[child].patience))
            except Dead:
                self._lost(child, "killed")
            except Late:
                self._lost(child, "timeout")
        if not ready:
            for child, errand in list(self._errands.items()):
                if not errand.patience.left():
                    self._lost(child, "timeout")

    def _answered(self, child: Child, answer: dict[str, Any]) -> None:
        errand = self._errands[child]
        if "kept" in answer or "read" in answer:
            data = child.receive_bytes(errand.patience) if not answer["same"] else b""
            text = from_json((answer.get("kept") or answer["read"]).encode())
            if answer["same"] and errand.kept is not None:
                data = errand.kept.image
            page = ReadPage(text, data, answer["type"], answer["dpi"], quality=quality_of(answer["quality"]))
            if "kept" in answer:
                errand.kept = page
            else:
                self._finished(child, page)
            return
        if "unavailable" in answer:
            raise EngineUnavailable(answer["unavailable"])
        if answer.get("failed") == "memory":
            self._lost(child, "memory")
            return
        log.warning("page %d cannot be read: %s", errand.number, answer["why"])
        if "rejected" in answer:
            self._finished(child, self._unread(errand, "damaged"))
        else:
            self._lost(child, "error")

    def _finished(self, child: Child, page: ReadPage) -> None:
        del self._errands[child]
        self._done[page.page.number] = page

    def _lost(self, child: Child, why: str) -> None:
        """Go on with another child. A page whose reader was killed, or fell over it, is tried once more: that need not be its fault."""
        errand = self._errands.pop(child)
        fresh = self._crew.restart(child, self._children)
        if why in ("killed", "error") and not errand.tried and errand.patience.left():
            self._give(fresh, replace(errand, tried=True, kept=errand.kept))
        else:
            self._done[errand.number] = self._unread(errand, why)

    def _unread(self, errand: _Errand, why: str) -> ReadPage:
        if errand.kept is not None:
            return replace(errand.kept, trouble=why)
        from intake.missing import missing_picture

        width, height, image = missing_picture()
        return ReadPage(PageText(errand.number, width, height, 0, "unread", ()), image, trouble=why, pictured=False)


def _raise(answer: dict[str, Any]) -> None:
    if "rejected" in answer:
        raise Rejected(answer["rejected"], answer["why"])
    if "unavailable" in answer:
        raise EngineUnavailable(answer["unavailable"])
