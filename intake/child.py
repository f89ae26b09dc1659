"""The process that looks at foreign files: whatever a page does, it does it to this process alone.

Started by `intake.crew` as `python -m intake.child FD`; FD is its end of a socket. Requests and answers are JSON, followed by
the bytes of an image where there is one: nothing a hijacked child sends is ever executed by its parent.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intake import memory, turns
from intake.errors import EngineUnavailable, Rejected
from intake.model import Limits, Line, ReadPage

if TYPE_CHECKING:  # the ports bring NumPy with them, which counting the pages of a PDF does not need
    from intake.formats.pages import Pages
    from intake.ports import Image, OcrEngine

_MARGIN = 5  # seconds after which the child ends itself when its parent is no more there to do it


def main(fd: int) -> None:
    """Answer requests until the parent hangs up."""
    connection = Connection(fd)
    _Child(connection).serve()


class _Child:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._file: int | None = None
        self._path, self._kind, self._limits = Path(), "", Limits()
        self._pages: Pages | None = None
        self._engine: OcrEngine = _WhenNeeded("auto", 1)
        self._memory = 0

    def serve(self) -> None:
        actions: dict[str, Callable[[dict[str, Any]], None]] = {
            "begin": self._begin,
            "look": self._look,
            "page": self._page,
            "judge": self._judge,
            "attached": self._attached,
            "cut": self._cut,
            "understand": self._understand,
        }
        while True:
            try:
                request = json.loads(self._connection.recv_bytes())
            except EOFError:
                return
            signal.setitimer(signal.ITIMER_REAL, request.get("seconds", 0) + _MARGIN)
            try:
                if self._memory:
                    memory.limit(self._memory)
                if request.get("file"):
                    self._take_file(request)
                actions[request["do"]](request)
            except Rejected as error:
                self._answer({"rejected": error.code, "why": str(error)})
            except EngineUnavailable as error:
                self._answer({"unavailable": str(error)})
            except MemoryError:
                self._answer({"failed": "memory", "why": "the memory limit was reached"})
            except Exception as error:  # noqa: BLE001 - a library fell over this page: the parent is told, and goes on
                self._answer({"failed": "error", "why": f"{type(error).__name__}: {error}"[:500]})
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _answer(self, value: dict[str, Any], data: bytes | None = None) -> None:
        self._connection.send_bytes(json.dumps(value).encode())
        if data is not None:
            self._connection.send_bytes(data)

    def _begin(self, request: dict[str, Any]) -> None:
        self._engine = _WhenNeeded(request["engine"], request["threads"])
        self._memory = request["memory"]  # counts from the next request on
        if request.get("turns"):
            turns.share(turns.Turns(recv_handle(self._connection), request["turns"]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold pages in the clear
        self._answer({"ready": os.getpid()})

    def _take_file(self, request: dict[str, Any]) -> None:
        """Take the file that goes with a request; the one before is closed."""
        taken = recv_handle(self._connection)
        if self._pages is not None:
            self._pages.close()
        if self._file is not None:
            os.close(self._file)
        self._pages, self._file = None, taken
        self._path, self._kind = Path(f"/proc/self/fd/{taken}"), request["kind"]
        self._limits = Limits(**request["limits"])

    def _look(self, _request: dict[str, Any]) -> None:
        from intake.inspect import look_here

        pages, notes = look_here(self._path, self._kind, self._limits)
        self._answer({"pages": pages, "notes": notes})

    def _attached(self, request: dict[str, Any]) -> None:
        """Answer a file inside the file, by its number from 0; nothing behind the last one."""
        from intake.formats.attached import MOST, attachments

        found = next(attachments(self._path, self._kind, self._limits, request["number"]), None)
        if found is None:
            self._answer({"end": True})
        else:
            data = found.data if len(found.data) <= MOST else b""
            self._answer({"name": found.name}, data)

    def _page(self, request: dict[str, Any]) -> None:
        from intake.formats.opening import open_pages
        from intake.pipeline import keep, read_page

        if self._pages is None:
            self._pages = open_pages(self._path, self._kind, self._limits)
        picture = self._pages.picture(request["number"] - 1)
        kept = keep(picture, request["number"])
        self._send("kept", kept)
        self._send("read", read_page(kept, picture, self._engine), kept.image)
        del picture, kept
        memory.give_back()

    def _judge(self, request: dict[str, Any]) -> None:
        """Answer how good a page is that was scanned, without reading it."""
        from intake.formats.opening import open_pages
        from intake.quality import of_picture

        if self._pages is None:
            self._pages = open_pages(self._path, self._kind, self._limits)
        found = of_picture(self._pages.picture(request["number"] - 1))
        self._answer({"quality": found and asdict(found)})

    def _understand(self, request: dict[str, Any]) -> None:
        """Answer what the pages of a document say, of which no file comes along."""
        from intake.codec import from_json
        from intake.templates import Template
        from intake.understand import understand, understand_as

        pages = [from_json(page.encode()) for page in request["pages"]]
        forms = [
            Template(tuple(words), category, {name: tuple(said) for name, said in labels.items()})
            for words, category, labels in request["forms"]
        ]
        if request["category"]:
            found = understand_as(pages, request["category"], forms)
        else:
            found = understand(pages, request["our_companies"], forms)
        self._answer({"said": asdict(found)})

    def _cut(self, request: dict[str, Any]) -> None:
        """Write a document of pages of the files that come with the request, into the last of them."""
        from intake.batches.cut import Piece, Source, write

        limits = Limits(**request["limits"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.max_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        *held, into = (recv_handle(self._connection) for _ in range(len(request["sources"]) + 1))
        try:
            sources = [
                Source(Path(f"/proc/self/fd/{fd}"), *of) for fd, of in zip(held, request["sources"], strict=True)
            ]
            pieces = [Piece(sources[number], page, turn) for number, page, turn in request["pieces"]]
            with os.fdopen(into, "r+b") as target:
                ending = write(pieces, target, limits, lambda: self._answer({"done": True}))
        except OSError as error:  # the libraries have OSErrors of their own, without a number
            self._answer({"failed": "error", "errno": error.errno, "why": str(error)})
        else:
            self._answer({"ending": ending})
        finally:
            for fd in held:
                os.close(fd)

    def _send(self, word: str, page: ReadPage, known: bytes = b"") -> None:
        from intake.codec import to_json

        same = page.image == known
        head: dict[str, Any] = {
            word: to_json(page.page).decode(),
            "dpi": page.dpi,
            "type": page.image_media_type,
            "same": same,
        }
        head["quality"] = page.quality and asdict(page.quality)
        self._answer(head, None if same else page.image)


class _WhenNeeded:
    """An engine that is loaded with the first page that needs one: a digital PDF never does."""

    def __init__(self, name: str, threads: int) -> None:
        self._asked, self._threads = name, threads
        self._loaded: OcrEngine | None = None

    @property
    def name(self) -> str:
        """The name of the engine that read last: `auto` has two."""
        return self._engine.name

    @property
    def _engine(self) -> OcrEngine:
        if self._loaded is None:
            self._loaded = _open(self._asked, self._threads)
        return self._loaded

    def read(self, image: Image) -> Sequence[Line]:
        return self._engine.read(image)

    def read_line(self, image: Image) -> Line | None:
        return self._engine.read_line(image)

    def rotation(self, image: Image) -> int:
        return self._engine.rotation(image)


def _open(name: str, threads: int) -> OcrEngine:
    """Return an engine by its name, or one of one's own by `module:class`."""
    module, colon, what = name.partition(":")
    if colon:
        engine: OcrEngine = getattr(import_module(module), what)(threads)
        return engine
    from intake.adapters import open_engine

    return open_engine(name, threads)


if __name__ == "__main__":
    main(int(sys.argv[1]))
