"""Holding a batch: whoever writes what becomes of its pages makes sure in the same transaction that nobody else took it up."""

import time

from sqlalchemy.orm import Session

from service.flow.common import claims
from service.flow.intake.sealing import Superseded
from service.house import House
from service.records.tables import Batch

_EVERY = 30.0  # seconds between two renewals


class OfBatch:
    """A batch in the hands of this thread."""

    def __init__(self, house: House, name: str) -> None:
        self._house, self.name = house, name
        self._renewed = time.monotonic()

    def still(self, session: Session) -> Batch:
        """Return the batch, locked, and hold on to it. Raises Superseded when another has it or had it since."""
        batch = session.get(Batch, self.name, with_for_update={"of": Batch})
        if batch is None or batch.claimed_by != claims.me():
            raise Superseded
        claims.take(batch, self._house.clock.now())
        return batch

    def renew(self) -> None:
        """Hold on to it while something takes long; may be called as often as anything was done. Raises Superseded."""
        if time.monotonic() - self._renewed < _EVERY:
            return
        with self._house.database.write() as session:
            self.still(session)
        self._renewed = time.monotonic()
