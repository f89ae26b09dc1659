"""Turns between the readers of one worker: what takes most memory, not all of them do at the same moment."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds a reader waits for its turn, and then goes on without: whoever hangs costs no other page than its own.
_PATIENCE = 10.0
_PAUSE = 0.02


class Turns:
    """Lets `most` processes at a time do something, of all that hold `file` open. One that is killed gives its turn back."""

    def __init__(self, file: int, most: int) -> None:
        self._file, self._most = file, most

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Wait for a turn; whether there was one."""
        until = time.monotonic() + _PATIENCE
        while (place := self._free()) is None and time.monotonic() < until:
            time.sleep(_PAUSE)
        try:
            yield place is not None
        finally:
            if place is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def _free(self) -> int | None:
        """Take a place that nobody has."""
        for place in range(self._most):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError:
                continue
            return place
        return None


_mine: Turns | None = None


def share(turns: Turns) -> None:
    """Let this process take turns with others."""
    global _mine  # noqa: PLW0603 - one for the process, as its memory is
    _mine = turns


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn, if this process shares them with others."""
    if _mine is None:
        yield
        return
    with _mine.taken():
        yield
