"""Delivery into this archive: the port by which the channels of intake hand a file in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intake.errors import DeliveryFailed, Rejected
from intake.model import Receipt
from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, NoSpace
from service.flow.common.room import is_full, plainly
from service.flow.intake.receive import receive
from service.flow.intake.stack_or_file import take_stack
from service.flow.intake.stacks import How
from service.house import House

_PASSING_REFUSALS = ("busy", "changed")


@dataclass(frozen=True)
class LocalDelivery:
    """Receives as `actor` through `channel`. note: what the audit entry keeps about where the file came from.

    how: how stacks were scanned, which are cut at their separator sheets; None: every file is one document.
    """

    house: House
    actor: Actor
    channel: str
    department_id: str | None = None
    note: Mapping[str, Any] = field(default_factory=dict)
    how: How | None = None

    def most(self) -> int:
        """Return how many bytes a file may have."""
        return self.house.limits.max_bytes

    def deliver(self, path: Path, filename: str, *, batch: str = "") -> Receipt:
        """Return the receipt; the file is durable. Raises Rejected, DeliveryFailed."""
        try:
            stack = self._cut(path, filename, batch, self.how) if self.how is not None else None
            return stack or self._receive(path, filename, batch)
        except Rejected as error:
            if error.code in _PASSING_REFUSALS:
                raise DeliveryFailed(str(error), one_file=True, code=error.code) from error
            raise
        except KNOWN_ERRORS as error:
            if isinstance(plainly(error), NoSpace):
                raise DeliveryFailed("the disk of the archive is full", code="server_full") from error
            raise DeliveryFailed(str(error), code="archive", detail=str(error)) from error
        except OSError as error:
            if is_full(error):
                raise DeliveryFailed("the disk is full", code="disk_full") from error
            why = error.strerror or str(error)
            raise DeliveryFailed(f"the archive's disk: {why}", code="archive_disk", detail=why) from error

    def _receive(self, path: Path, filename: str, batch: str) -> Receipt:
        received = receive(
            self.house,
            self.actor,
            path,
            filename,
            channel=self.channel,
            batch=batch,
            department_id=self.department_id,
            note=self.note,
        )
        status = "duplicate" if received.duplicate else "received"
        return Receipt(received.document_id, status, received.inspection.sha256)

    def _cut(self, path: Path, filename: str, batch: str, how: How) -> Receipt | None:
        """Return the receipt of a stack; None for a file that is one document."""
        got = take_stack(
            self.house,
            self.actor,
            path,
            filename,
            how=how,
            batch=batch,
            channel=self.channel,
            department_id=self.department_id,
        )
        if got is None:
            return None
        return Receipt("", "duplicate" if got.duplicate else "received", got.sha256, got.batch)
