"""Delivery into this archive: the port by which the channels of intake hand a file in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from intake.errors import DeliveryFailed, Rejected
from intake.model import Receipt
from service.access.policy import Actor
from service.errors import KNOWN_ERRORS
from service.flow.receive import receive
from service.flow.room import is_full
from service.house import House

_PASSING_REFUSALS = ("busy", "changed")


@dataclass(frozen=True)
class LocalDelivery:
    """Receives as `actor` through `channel`. note: what the audit entry keeps about where the file came from."""

    house: House
    actor: Actor
    channel: str
    department_id: str | None = None
    note: Mapping[str, str] = field(default_factory=dict)

    def deliver(self, path: Path, filename: str, *, batch: str = "") -> Receipt:
        """Return the receipt; the file is durable. Raises Rejected, DeliveryFailed."""
        try:
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
        except Rejected as error:
            if error.code in _PASSING_REFUSALS:
                raise DeliveryFailed(str(error), one_file=True) from error
            raise
        except KNOWN_ERRORS as error:
            raise DeliveryFailed(str(error)) from error
        except OSError as error:
            raise DeliveryFailed(
                "the disk is full" if is_full(error) else f"the archive's disk: {error.strerror}"
            ) from error
        status = "duplicate" if received.duplicate else "received"
        return Receipt(received.document_id, status, received.inspection.sha256)
