"""Sent again by a department: what came without one finds its home."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.records import audit
from service.records.tables import Document


def adopt(session: Session, actor: Actor, document_id: str, department_id: str | None) -> bool:
    """Give a document that has no department and lies in no file to the department that handed the same bytes in.

    Returns whether it was given: then its entry in the index follows. One statement, so that of two senders the first has it.
    """
    if department_id is None:
        return False
    homeless = (Document.id == document_id, Document.department_id.is_(None), Document.case_file_id.is_(None))
    living = Document.status.not_in(("receiving", "destroyed"))
    taken = session.scalar(
        update(Document)
        .where(*homeless, living)
        .values(department_id=department_id, indexed=False)
        .returning(Document.id)
    )
    if taken is None:
        return False
    detail = {"department": department_id, "because": "sent again"}
    audit.append(session, actor.name, "document.adopt", f"document:{document_id}", detail)
    return True
