"""How confidential a document or a case file is, and who may say so; it takes effect at once, in search too."""

from sqlalchemy import select

from service.access.policy import TIERS, Actor, Reach
from service.errors import BadInput, NotAllowed, RuleRefused
from service.flow.common.guard import load_file, lock_file, reach_of_file, require
from service.flow.common.heritage import pass_on, raise_attached
from service.flow.common.index import index_soon
from service.flow.common.original import demand_reason
from service.house import House
from service.records import audit
from service.records.tables import BatchPart, CaseFile, Document


def demand_tier(actor: Actor, action: str, reach: Reach, before: str, tier: str) -> None:
    """Raise BadInput or NotAllowed unless `actor` may put `tier` in the place of `before`.

    Nobody raises anything above their own clearance; only the credit administrator and the archivist lower a tier.
    """
    if tier not in TIERS:
        raise BadInput(f"tier: one of {', '.join(TIERS)}", {"tier": f"one of {', '.join(TIERS)}"})
    require(actor, action, reach)
    if not actor.owner and TIERS.index(tier) > TIERS.index(actor.clearance):
        raise NotAllowed(f"{action}: its confidentiality tier is above your clearance")
    lowered = TIERS.index(tier) < TIERS.index(before)
    if lowered and not (actor.owner or actor.roles & {"credit_administrator", "archivist"}):
        raise NotAllowed(f"{action}: no role of yours may do this")


def set_file_tier(house: House, actor: Actor, case_file_id: str, tier: str, reason: str) -> CaseFile:
    """Change the tier of a case file: that of its contract, and the least of every document in it.

    Raises BadInput (also where nothing would change), NotFound, NotAllowed, RuleRefused (only its stub remains).
    """
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id)
        lock_file(session, file)
        demand_tier(actor, "file.tier", reach_of_file(file), file.tier, tier)
        demand_reason(reason)
        if file.state == "destroyed":
            raise RuleRefused(f"file {file.archive_number} was destroyed; only its stub remains")
        if tier == file.tier:
            raise BadInput("nothing was changed")
        before, file.tier = file.tier, tier
        living = list(
            session.scalars(
                select(Document).where(
                    Document.case_file_id == file.id, Document.status.not_in(("receiving", "destroyed"))
                )
            )
        )
        for document in living:
            document.indexed = False
        attached = [one for document in living for one in raise_attached(session, actor.name, document)]
        detail = {"from": before, "to": tier, "reason": reason.strip()}
        audit.append(session, actor.name, "file.tier", f"file:{case_file_id}", detail)
        session.flush()
        in_batches = select(BatchPart.document_id).join(Document, Document.id == BatchPart.document_id)
        held = set(session.scalars(in_batches.where(Document.case_file_id == file.id)))
        made_of_them = [one for document in living if document.id in held for one in pass_on(session, document)]
        ids = [*(document.id for document in living), *made_of_them, *attached]
        session.refresh(file)
    index_soon(house, ids)
    return file
