"""Major events (RULES A1.2): recorded with what shows them, they make a customer's re-assessment due at once and say why."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.freshness import MAJOR_EVENTS
from credit.shipped import in_english
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.common.guard import load_document
from service.flow.credit.assessment_plan import renew_plan
from service.flow.credit.customer_access import load_customer
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CreditEvent, new_id
from service.typed import day_of

MAX_NOTE = 2000


def record_event(
    house: House, actor: Actor, customer_id: str, kind: str, known_on: str, *, note: str = "", document_id: str = ""
) -> CreditEvent:
    """Record an event that a customer must be assessed anew for. known_on: YYYY-MM-DD, the day it became known.

    Raises NotFound (customer or document), NotAllowed, BadInput.
    """
    wrong = {}
    if kind not in MAJOR_EVENTS:
        wrong["kind"] = f"one of {', '.join(MAJOR_EVENTS)}"
    try:
        day = day_of(known_on)
    except ValueError:
        day = date.max
    if day > house.clock.today():
        wrong["known_on"] = "a date YYYY-MM-DD, not in the future"
    if len(note) > MAX_NOTE or not (note.strip() or document_id):
        wrong["note"] = f"say what happened, at most {MAX_NOTE} characters, or name the document that shows it"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        load_customer(session, actor, customer_id, "assessment.event")
        if document_id:
            load_document(session, actor, document_id)
        return add_event(house, session, actor, customer_id, kind, day, note=note.strip(), document_id=document_id)


def add_event(
    house: House,
    session: Session,
    actor: Actor,
    customer_id: str,
    kind: str,
    known_on: date,
    *,
    note: str = "",
    document_id: str = "",
    plan: bool = True,
) -> CreditEvent:
    """Record an event in the caller's transaction. plan: False where the caller renews the plan itself, of many customers at once."""
    event = CreditEvent(
        id=new_id(),
        customer_id=customer_id,
        kind=kind,
        known_on=known_on,
        note=note,
        document_id=document_id or None,
        recorded_by=actor.name,
        recorded_at=house.clock.now(),
    )
    session.add(event)
    session.flush()
    if plan:
        renew_plan(session, [customer_id])
    detail = {"event": event.id, "kind": kind, "known_on": known_on.isoformat(), "document": document_id}
    audit.append(session, actor.name, "assessment.event", f"customer:{customer_id}", detail)
    return event


def found_event(
    house: House,
    session: Session,
    customer_id: str,
    kind: str,
    *,
    note: str,
    document_id: str | None = None,
    plan: bool = True,
) -> CreditEvent | None:
    """Record what a warning or a verified change shows, as `add_event`; None where such an event waits for an answer already."""
    session.flush()
    waiting = select(CreditEvent.id).where(
        CreditEvent.customer_id == customer_id, CreditEvent.kind == kind, CreditEvent.answered_by.is_(None)
    )
    if session.scalars(waiting.limit(1)).first() is not None:
        return None
    today = house.clock.today()
    return add_event(
        house, session, SYSTEM, customer_id, kind, today, note=note, document_id=document_id or "", plan=plan
    )


def event_as_json(event: CreditEvent) -> dict[str, Any]:
    """Return an event as plain JSON values."""
    return {
        "id": event.id,
        "kind": event.kind,
        "known_on": event.known_on.isoformat(),
        "note": event.note,
        "note_en": in_english(event.note),
        "document_id": event.document_id,
        "recorded_by": event.recorded_by,
        "answered_by": event.answered_by,
    }
