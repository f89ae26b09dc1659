"""Whence a request comes, and how often: what the pages and the API ask before anything else."""

import fcntl
import math
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from flask import Request

from service.errors import TooManyRequests

#: Calls with a token that is none, a minute and address: a program that guesses, or one whose token was revoked.
STRANGERS_PER_MINUTE = 60
_WINDOW, _TOLERANCE = 60.0, 1e-6  # seconds; moments are kept to less than a microsecond
# A place is the mark of a key and a moment; the file has 2,048 rows of eight places, 256 KiB.
_PLACE, _ROW, _ROWS = struct.Struct("=Qd"), struct.Struct("=" + "Qd" * 8), 2048


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


class Tallies:
    """Until when each key has used up what it may, in one file for all processes of this machine; without one, in this process alone.

    Keys stand as the beginning of their BLAKE2 digest, eight in a row of the file. Where all eight places of a row are taken, the key
    that would be free first is forgotten: whoever sends from very many addresses can make the count more lenient, and never stricter.
    A file that cannot be used (no room, no locks on its file system) is done without: no call fails for its sake.
    """

    _lock = threading.Lock()  # between threads; what locks a file locks it against other processes

    def __init__(self, path: Path | None = None) -> None:
        self._file = None if path is None else _opened(path)
        self._memory = bytearray(0 if self._file is not None else _ROW.size * _ROWS)

    def __del__(self) -> None:
        """Close the file."""
        file: int | None = getattr(self, "_file", None)
        if file is not None:
            os.close(file)

    def change(self, key: str, change: Callable[[float], float | None]) -> None:
        """Put in the place of a key's moment (seconds, 0.0 for a new key) what `change` makes of it; None leaves it."""
        digest = blake2b(key.encode(), digest_size=12).digest()
        mark, at = int.from_bytes(digest[:8], "big") | 1, int.from_bytes(digest[8:], "big") % _ROWS * _ROW.size
        with self._lock, self._held(at):
            row = self._read(at)
            marks, moments = row[::2], row[1::2]
            place = marks.index(mark) if mark in marks else moments.index(min(moments))
            moment = change(moments[place] if mark in marks else 0.0)
            if moment is not None:
                self._write(at + place * _PLACE.size, _PLACE.pack(mark, moment))

    @contextmanager
    def _held(self, at: int) -> Iterator[None]:
        if self._file is None:
            yield
            return
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX, _ROW.size, at)
        except OSError:
            self._do_without()
            yield
            return
        try:
            yield
        finally:
            if self._file is not None:
                with suppress(OSError):
                    fcntl.lockf(self._file, fcntl.LOCK_UN, _ROW.size, at)

    def _do_without(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file, self._memory = None, bytearray(_ROW.size * _ROWS)

    def _read(self, at: int) -> tuple[Any, ...]:
        data = self._memory[at : at + _ROW.size] if self._file is None else os.pread(self._file, _ROW.size, at)
        return _ROW.unpack(data.ljust(_ROW.size, b"\0"))

    def _write(self, at: int, data: bytes) -> None:
        if self._file is None:
            self._memory[at : at + len(data)] = data
        else:
            os.pwrite(self._file, data, at)


def _opened(path: Path) -> int | None:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    try:
        os.posix_fallocate(file, 0, _ROW.size * _ROWS)  # what is written later finds its room
    except OSError:
        os.close(file)
        return None
    return file


class Limiter:
    """Counts calls by key. per_minute: how many there may be, at once or in the long run; 0 for any number.

    A bucket a key that fills again by the second: who was refused knows exactly when the next call is taken. Kept is the moment at
    which a key has all its calls again. kind: one word before each key, so that several limiters share `tallies`. clock: seconds,
    the same for all processes.
    """

    def __init__(
        self,
        per_minute: int,
        tallies: Tallies | None = None,
        *,
        kind: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._most, self._clock, self._kind = per_minute, clock, kind
        self._tallies = (tallies or Tallies()) if per_minute else None

    def demand(self, key: str) -> None:
        """Count a call. Raises TooManyRequests, and counts nothing, when there were too many."""
        if self._tallies is None:
            return
        wait = 0.0

        def count(full: float) -> float | None:
            nonlocal wait
            now, one = self._clock(), _WINDOW / self._most
            if not now < full <= now + _WINDOW + one:  # long ago, or a clock that was put back
                full = now
            wait = full + one - now - _WINDOW
            return None if wait > _TOLERANCE else full + one

        self._tallies.change(f"{self._kind}:{key}", count)
        if wait > _TOLERANCE:
            raise TooManyRequests(
                f"more than {self._most} calls a minute: slow down", max(1, math.ceil(wait - _TOLERANCE))
            )
