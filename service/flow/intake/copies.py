"""Preservation copies as people meet them: what stands in the way of one, and trying it anew. They are made in `flow/intake/preserve.py`."""

from sqlalchemy import delete, select

from service.access.policy import Actor
from service.errors import RuleRefused
from service.flow.common.guard import load_document
from service.house import House
from service.records import audit
from service.records.tables import CopyTrouble, Document


def trouble_of(house: House, document_id: str) -> str:
    """Return what stood in the way of a document's copy when it was last tried; "" for nothing."""
    with house.database.read() as session:
        trouble = session.get(CopyTrouble, document_id)
        return trouble.error if trouble is not None else ""


def given_up(house: House) -> list[str]:
    """Return the ids of the documents whose copy could not be made and is not tried any more."""
    with house.database.read() as session:
        query = select(Document.id).where(Document.preservation == "failed", Document.status != "destroyed")
        return list(session.scalars(query.order_by(Document.received_at, Document.id)))


def preserve_again(house: House, actor: Actor, document_id: str) -> None:
    """Let a copy that was given up be made once more. Raises NotFound, NotAllowed, RuleRefused."""
    with house.database.write() as session:
        document = load_document(session, actor, document_id, "document.correct")
        if document.preservation != "failed":
            raise RuleRefused("only a preservation copy that was given up is made again")
        document.preservation = "waiting"
        session.execute(delete(CopyTrouble).where(CopyTrouble.document_id == document_id))
        audit.append(session, actor.name, "document.preserve_again", f"document:{document_id}")
