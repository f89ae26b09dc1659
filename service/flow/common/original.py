"""Original or copy (RULES B1): what a person says of the paper, with a reason; of a voucher it decides how long the file stays."""

from sqlalchemy.orm import Session

from intake.verification import reasons_left
from service.access.policy import Actor
from service.errors import BadInput, NotAllowed, RuleRefused
from service.flow.common.facts import demand_no_review
from service.flow.common.guard import lock_file, reach_of, require
from service.flow.common.schedule import recompute_retention
from service.house import House
from service.records import audit
from service.records.tables import Document

MAX_REASON = 500


def demand_reason(reason: str) -> None:
    """Raise BadInput unless a reason is given."""
    if not reason.strip() or len(reason) > MAX_REASON:
        why = f"is needed, at most {MAX_REASON} characters"
        raise BadInput(f"reason: {why}", {"reason": why})


def set_original(house: House, session: Session, actor: Actor, document: Document, original: bool, reason: str) -> None:  # noqa: FBT001 - it is the value
    """Say whether the paper is the original, within the caller's transaction; an archived file's retention follows, never shorter.

    Raises BadInput (nothing changes by it), NotAllowed, RuleRefused (its file was destroyed or stands on a review).
    """
    require(actor, "document.file", reach_of(document))
    if document.is_original == original:
        raise BadInput("nothing was changed")
    file = document.case_file
    if file is not None:
        lock_file(session, file)
        if file.state == "destroyed":
            raise RuleRefused(f"file {file.archive_number} was destroyed; only its stub remains")
        if file.state != "open" and not (actor.owner or actor.roles & {"credit_administrator", "archivist"}):
            raise NotAllowed("document.file: no role of yours may do this")
        demand_no_review(session, file)
    document.is_original, document.indexed = original, False
    document.review_reasons = reasons_left(document.review_reasons, ["original"])
    before = file.retention if file is not None else None
    if file is not None and file.archive_number:
        recompute_retention(house, session, file)
    detail = {"to": original, "reason": reason.strip()}
    if file is not None and file.retention != before:
        detail["retention"] = [before, file.retention]
    audit.append(session, actor.name, "document.original", f"document:{document.id}", detail)
