"""Bytes that flow while somebody holds what they are for: a slow store must not lose it to the sweep, to begin again for ever."""

import contextlib
import io
import time

from sqlalchemy import update

from service.errors import DatabaseUnavailable
from service.flow.common import claims
from service.house import House
from service.records.tables import Document, Stack, Upload
from vault.streams import Buffer

_EVERY = 60.0  # seconds


class Flow:
    """Renews, as long as bytes flow, what this thread has claimed under one name: a document, a stack, the upload that becomes it."""

    def __init__(self, house: House, name: str) -> None:
        self._house, self._name, self._next = house, name, time.monotonic() + _EVERY

    def goes_on(self) -> None:
        """Note that bytes flowed. A database that is down is asked again a minute later."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        until = self._house.clock.now() + claims.SPAN
        with contextlib.suppress(DatabaseUnavailable), self._house.database.write() as session:
            for table in (Document, Stack, Upload):
                ours = (table.id == self._name, table.claimed_by == claims.me())
                session.execute(update(table).where(*ours).values(claimed_until=until))


class Flowing(io.RawIOBase):
    """What `file` yields, while the claim under `name` is renewed."""

    def __init__(self, house: House, name: str, file: io.BufferedIOBase) -> None:
        self._file, self._flow = file, Flow(house, name)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Put the next bytes into `buffer`; returns how many."""
        self._flow.goes_on()
        return self._file.readinto(buffer)
