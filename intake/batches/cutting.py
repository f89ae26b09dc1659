"""Cutting in a process of its own, with limits of time, of memory and of what it may write: a page that kills or hangs it harms nobody."""

import errno
import logging
import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any, BinaryIO, Self

from intake import memory
from intake.batches.cut import Piece, ending, is_whole
from intake.child_handle import Child, Dead, Late
from intake.errors import Rejected
from intake.model import Limits
from intake.patience import Patience

SECONDS = 60.0
#: What passes by itself, or when somebody looks after the machine: no fault of the file, which is tried again.
_PASSING = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EMFILE,
        errno.ENFILE,
        errno.EIO,
        errno.ESTALE,
        errno.EAGAIN,
        errno.EINTR,
        errno.EBUSY,
        errno.ENOBUFS,
        errno.ETIMEDOUT,
    }
)
log = logging.getLogger("juanzong.batches")


class Cutter:
    """Makes documents of pages, one after the other, in a child that starts with the first one that needs it. seconds: for a page."""

    def __init__(self, limits: Limits, seconds: float = SECONDS) -> None:
        self._limits, self._seconds = limits, seconds
        self._child: Child | None = None

    def write(self, pieces: Sequence[Piece], target: BinaryIO) -> str:
        """Write one document of these pages to an empty file; return the ending of its name (pdf, tif, jpg, png).

        A document of all pages of one file as they stand is that file, byte for byte.
        Raises Rejected (truncated, too_large, too_slow, unreadable; busy where no process starts), and OSError for what passes: a
        full disk, say.
        """
        if is_whole(pieces):
            with pieces[0].source.path.open("rb") as file:
                shutil.copyfileobj(file, target, 1 << 20)
            return ending(pieces[0].source.kind)
        for last in (False, True):
            if self._child is None:
                self._child = self._start()
            try:
                return self._asked(self._child, pieces, target)
            except (Dead, Late) as error:
                self.close()
                if isinstance(error, Late):
                    why = f"Putting one of the pages into a document took longer than {self._seconds:.0f} s."
                    raise Rejected("too_slow", why) from None
                if last:
                    raise Rejected("unreadable", "The file brings down whatever takes pages out of it.") from None
            target.seek(0)
            target.truncate()
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.close()
        self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> Child:
        child = Child({})
        try:
            child.send({"do": "begin", "engine": "auto", "threads": 1, "memory": memory.LOOKING})
            child.receive(Patience(self._seconds, child.pid))
        except (Dead, Late):
            child.close()
            raise Rejected("busy", "The process that cuts documents does not start; try again.") from None
        return child

    def _asked(self, child: Child, pieces: Sequence[Piece], target: BinaryIO) -> str:
        sources = list(dict.fromkeys(piece.source for piece in pieces))
        request: dict[str, Any] = {
            "do": "cut",
            "sources": [(source.kind, source.pages) for source in sources],
            "pieces": [(sources.index(piece.source), piece.page, piece.turn) for piece in pieces],
            "limits": asdict(self._limits),
        }
        # Each page that is done is told, and each has its time; so has the writing at the end.
        steps = 2 * len(pieces) + 1  # pages of a TIFF that cannot be copied are taken a second time
        patience = Patience(self._seconds, child.pid)
        with ExitStack() as opened:
            files = [opened.enter_context(source.path.open("rb")).fileno() for source in sources]
            child.send(request | {"seconds": steps * patience.most()}, *files, target.fileno())
            for _ in range(steps):
                answer = child.receive(patience)
                if "done" not in answer:
                    return _ending(answer)
                patience = Patience(self._seconds, child.pid)
        raise Dead


def _ending(answer: dict[str, Any]) -> str:
    if "ending" in answer:
        return str(answer["ending"])
    if "rejected" in answer:
        raise Rejected(answer["rejected"], answer["why"])
    number = answer.get("errno")
    if answer.get("failed") == "memory" or number == errno.ENOMEM:
        raise Rejected("too_large", "Putting the pages into a document needs more memory than is allowed.")
    if number == errno.EFBIG:
        raise Rejected("too_large", "The document would be larger than a file may be.")
    if number in _PASSING:
        raise OSError(number, os.strerror(number))
    log.warning("a page cannot be put into a document: %s", answer["why"])
    raise Rejected("truncated", "A page is damaged or cut short; it cannot be put into another document.")
