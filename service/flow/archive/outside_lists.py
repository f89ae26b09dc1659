"""What stands on the transfer list (移交清单) of a file that goes to an outside archive: the documents of its package."""

from sqlalchemy import select

from retention.outside_list import Listed, OutsideList
from service.access.policy import Actor
from service.errors import RuleRefused
from service.flow.archive.outside import transfer_out
from service.flow.archive.outside_receipts import statement_holds
from service.flow.intake.pages import names
from service.house import House
from service.records import audit
from service.records.tables import Document, Stub


def outside_list(house: House, actor: Actor, transfer_id: str, form: str) -> OutsideList:
    """Return the list of one transfer and note that it left as `form`. Raises NotFound, NotAllowed, RuleRefused (no package was made)."""
    view = transfer_out(house, actor, transfer_id)
    if not view.transfer.documents:
        raise RuleRefused(f"the transfer of {view.transfer.number} has no package yet")
    known = names(house)
    with house.database.write() as session:
        stub = session.get(Stub, view.file.id)
        gone = {one["document_id"]: one for one in stub.documents["documents"]} if stub else {}
        rows = []
        for document in session.scalars(select(Document).where(Document.id.in_(view.transfer.documents))):
            kept = gone.get(document.id, {})
            category, pages = kept.get("category", document.category), kept.get("pages", document.pages)
            rows.append(Listed(category, document.title, pages or 0, view.transfer.documents[document.id]))
        detail = {"form": form, "rows": len(rows), "package": view.transfer.manifest}
        audit.append(session, actor.name, "outside.print", f"outside:{transfer_id}", detail)
    rows.sort(key=lambda row: ([int(part) for part in row.category.split(".") if part.isdigit()], row.sha256))
    said = view.record.statement or {}
    return OutsideList(view.transfer, view.file.title, said, bool(said) and statement_holds(said), tuple(rows), known)
