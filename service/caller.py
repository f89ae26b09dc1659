"""Whence a request comes, and how often: what the pages and the API ask before anything else."""

import math
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address

from flask import Request

from service.errors import TooManyRequests

#: Calls with a token that is none, a minute and address: a program that guesses, or one whose token was revoked.
STRANGERS_PER_MINUTE = 60
_MOST_KEYS = 10_000


def address_of(request: Request, proxies: int) -> str:
    """Return the address of who asks. proxies: how many reverse proxies of ours stand before this program.

    Each of them adds to X-Forwarded-For whom it heard; what stands left of theirs anybody could have written. A proxy on this
    machine is believed without being counted: only programs on this machine could take its place.
    """
    peer = request.remote_addr or ""
    said = [part.strip() for part in ",".join(request.headers.getlist("X-Forwarded-For")).split(",") if part.strip()]
    hops = proxies or int(_is_loopback(peer))
    if not hops or not said:
        return peer
    heard = said[-min(hops, len(said))]
    try:
        return str(ip_address(heard.strip("[]")))
    except ValueError:
        return peer


def _is_loopback(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False


class Limiter:
    """Counts calls by key, in this process. per_minute: how many there may be, at once or in the long run; 0 for any number.

    A bucket a key that fills again by the second: who was refused knows exactly when the next call is taken. clock: seconds, for tests.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = per_minute, clock
        self._used: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def demand(self, key: str) -> None:
        """Count a call. Raises TooManyRequests, and counts nothing, when there were too many."""
        if self._most:
            with self._lock:
                used = self._left(*self._used.get(key, (0.0, 0.0)))
                if used + 1 > self._most:
                    wait = math.ceil((used + 1 - self._most) * 60 / self._most)
                    raise TooManyRequests(f"more than {self._most} calls a minute: slow down", max(1, wait))
                self._used[key] = (used + 1, self._clock())
                if len(self._used) > _MOST_KEYS:
                    self._used = {k: v for k, v in self._used.items() if self._left(*v) > 0}

    def _left(self, used: float, at: float) -> float:
        """Return what still counts of what was used."""
        return max(0.0, used - (self._clock() - at) * self._most / 60)
