"""Documents that count as read although pages of them are not kept: found by comparing, read again from their original."""

from sqlalchemy import ScalarSelect, func, or_, select

from intake.verification import page_reasons
from service.access.policy import Actor
from service.flow.intake.carry import LOOK_AGAIN
from service.flow.intake.categories import is_closed
from service.house import House
from service.records import audit
from service.records.tables import Document, Rendition

_READ = ("stored", "needs_review")


def lacking(house: House) -> list[str]:
    """Return the ids of the documents of which fewer page texts or page images are kept than they have pages."""

    def kept(kind: str) -> ScalarSelect[int]:
        of_it = (Rendition.document_id == Document.id, Rendition.kind == kind, Rendition.state == "kept")
        return select(func.count(Rendition.page.distinct())).where(*of_it).scalar_subquery()

    short = or_(kept("page-text") < Document.pages, kept("page-image") < Document.pages)
    with house.database.read() as session:
        query = select(Document.id).where(Document.status.in_(_READ), short)
        return list(session.scalars(query.order_by(Document.received_at, Document.id)))


def read_lacking(house: House, actor: Actor) -> list[str]:
    """Let them be read once more, whatever file they lie in: their original is whole. What people typed stays. Returns their ids.

    In a file that is not open any more nothing changes but the pages: see `process`.
    """
    found = lacking(house)
    for document_id in found:
        with house.database.write() as session:
            document = session.get(Document, document_id, with_for_update={"of": Document})
            if document is None or document.status not in _READ:
                continue
            document.status, document.attempts, document.error, document.error_code = "received", 0, "", ""
            of_pages = page_reasons(document.review_reasons)
            document.review_reasons = [
                reason
                for reason in document.review_reasons
                if (reason not in of_pages if is_closed(document) else reason.startswith(LOOK_AGAIN))
            ]
            audit.append(session, actor.name, "document.read_again", f"document:{document_id}")
    return found
