"""How long a process may take: what the machine makes it wait for a processor is not counted, so that a busy one costs no page."""

import time
from contextlib import suppress
from pathlib import Path

#: Times its seconds that a process may wait for a processor besides: on a machine with too much to do nothing hangs for that.
HELD_UP = 4


def family(pid: int) -> list[int]:
    """Return a process and all that it started and that still runs; empty when it is gone, or the system does not tell (Linux does)."""
    found = [pid] if Path(f"/proc/{pid}").exists() else []
    for parent in found:
        with suppress(OSError):
            for thread in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def waited(pid: int) -> float:
    """Return the seconds that the threads of a process and its descendants were ready to run and waited for a processor."""
    total = 0
    for member in family(pid):
        with suppress(OSError, ValueError, IndexError):
            for thread in Path(f"/proc/{member}/task").iterdir():
                total += int((thread / "schedstat").read_text().split()[1])
    return total / 1e9


class Patience:
    """The time a process has for one thing. until, last: on the monotonic clock; the first is put off, at most to the last."""

    def __init__(self, seconds: float, pid: int = 0) -> None:
        self.until = time.monotonic() + seconds
        self.last = self.until + HELD_UP * seconds
        self.watch(pid)

    def watch(self, pid: int) -> None:
        """Let a process, or another one, go on with it."""
        self._pid, self._waited, self._looked = pid, waited(pid), time.monotonic()

    def most(self) -> float:
        """Return the seconds after which it is over in any case."""
        return max(0.0, self.last - time.monotonic())

    def left(self) -> float:
        """Return the seconds after which to ask again; 0 when the time is over."""
        now = time.monotonic()
        if now >= self.until:
            total = waited(self._pid)
            # Several threads may wait at once: no more than the time that went by is given back.
            more = min(max(0.0, total - self._waited), now - self._looked)
            self.until = min(self.until + more, self.last)
            self._waited, self._looked = total, now
        return max(0.0, self.until - now)
