"""The destruction register (销毁清册) as it is kept and signed: of one review, or of all, each signature with its place in the trail.

What is said of a review comes from its certificate, which seals it; `reports/destruction_register.py` draws it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.destruction import certificate_intact
from retention.signed_register import SignedRegister, WholeRegister, signed_acts
from service.access.policy import Actor
from service.errors import NotFound
from service.flow.archive import destroy
from service.flow.archive.review_sight import reviews_in_sight
from service.flow.archive.reviews import load
from service.flow.intake.pages import names
from service.house import House
from service.records import audit
from service.records.tables import AuditEntry, ReviewRecord


def _entries(session: Session, review_id: str) -> dict[tuple[str, str], tuple[int, str]]:
    """Return where in the trail each act of a review stands: the last, of what somebody did more than once."""
    query = select(AuditEntry).where(AuditEntry.subject == f"review:{review_id}").order_by(AuditEntry.seq)
    return {
        (entry.action.removeprefix("review."), entry.actor): (entry.seq, entry.hash)
        for entry in session.scalars(query)
        if entry.action.startswith("review.")
    }


def _of(session: Session, record: ReviewRecord, known: Mapping[str, str]) -> SignedRegister:
    said: Mapping[str, Any] = record.certificate or {}
    return SignedRegister(said, certificate_intact(said), signed_acts(said, _entries(session, record.id)), known)


def review_register(house: House, actor: Actor, review_id: str, form: str) -> SignedRegister:
    """Return the register of one review, and note that it left as `form`. Raises NotFound (no such review, or no certificate yet), NotAllowed."""
    known = names(house)
    with house.database.write() as session:
        record, _review = load(session, actor, review_id, "review.read")
        if record.certificate is None:
            raise NotFound(f"review {review_id} has no certificate yet")
        found = _of(session, record, known)
        detail = {"form": form, "rows": len(record.certificate["rows"]), "sha256": record.certificate["sha256"]}
        audit.append(session, actor.name, "register.export", f"review:{review_id}", detail)
        return found


def register_by_number(house: House, actor: Actor, number: str, form: str) -> SignedRegister:
    """As `review_register`, of the review with that number. Raises NotFound, NotAllowed."""
    with house.database.read() as session:
        review_id = session.scalar(select(ReviewRecord.id).where(ReviewRecord.number == number))
    return review_register(house, actor, review_id or number, form)


def whole_register(house: House, actor: Actor, form: str) -> WholeRegister:
    """Return the register of all, and note that it left as `form`. Raises NotAllowed."""
    rows = tuple(destroy.register(house, actor))
    known = names(house)
    with house.database.write() as session:
        named = {row["review_id"] for row in rows}
        query = select(ReviewRecord).where(ReviewRecord.state == "certified").order_by(ReviewRecord.number)
        seen = [record for record in reviews_in_sight(session, actor, query) if record.id in named]
        found = [_of(session, record, known) for record in seen]
        audit.append(session, actor.name, "register.export", "register", {"form": form, "rows": len(rows)})
    fonds = {one for said in found for one in said.certificate.get("fonds", "").split("、") if one}
    return WholeRegister("、".join(sorted(fonds)) or house.settings.fonds, rows, tuple(found))
