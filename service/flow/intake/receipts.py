"""What somebody handed in: that it is here, byte for byte, and how far it is. It shows nothing of what it says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from service.access.policy import Actor
from service.flow.common.guard import listing, require
from service.house import House
from service.records.tables import Document

MOST = 200


@dataclass(frozen=True)
class Handed:
    """One file that was handed in. status: of the document, see docs/service.md."""

    document_id: str
    filename: str
    sha256: str
    size: int
    pages: int
    batch: str
    status: str
    received_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {**vars(self), "batch": self.batch or None, "received_at": self.received_at.isoformat()}


def list_receipts(house: House, actor: Actor, *, limit: int = 50, offset: int = 0) -> tuple[int, list[Handed]]:
    """Return how many files the actor handed in, and one page of them, newest first. Raises NotAllowed.

    Not those that were still being received, nor what was destroyed since.
    """
    require(actor, "receipt.read")
    columns = [getattr(Document, name) for name in Handed.__dataclass_fields__ if name != "document_id"]
    query = select(Document.id, *columns).where(
        Document.received_by == actor.name, Document.status.not_in(("receiving", "destroyed"))
    )
    with listing(house, actor, "receipt") as session:
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        page = query.order_by(Document.received_at.desc(), Document.id).limit(limit).offset(offset)
        return total, [Handed(*row) for row in session.execute(page)]
