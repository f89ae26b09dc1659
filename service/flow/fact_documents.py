"""Facts from documents: what was read from a customer's licence, and verified there, is known about the customer without being typed again.

This follows a document in a transaction of its own after the one that changed it, as the index does; what was missed because the
process died is found again by the worker. A value nobody confirmed fills a gap, marked as such; it never takes the place of another.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from credit.bitemporal import room_for
from credit.fact_kinds import OF_LICENCE
from intake import verification as rules
from intake.verification import VERIFIED, Stand
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import DatabaseUnavailable, NotFound, RuleRefused
from service.flow.collected import Known
from service.flow.fact_entry import Desk, Sourced, note_change, sit_at
from service.flow.guard import load_document, require
from service.flow.index import index_soon
from service.flow.sight import sees_customer
from service.flow.values import stand_of, values_of
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, Customer, CustomerFact, Document, DocumentField, FactDuty

log = logging.getLogger(__name__)
#: The kind of a document whose fields are facts about whom it was issued to.
LICENCE = "licence"
#: What is more secret than this does not become common knowledge by being read.
_OPEN_TIERS = ("public", "internal")
_LIVING = ("stored", "needs_review")
_SOME = 50


def follow(house: House, document_ids: Iterable[str]) -> None:
    """Bring what is known of customers in line with documents that were just filed, read or checked. Never raises for one of them."""
    for document_id in document_ids:
        with contextlib.suppress(DatabaseUnavailable, RuleRefused):  # the worker comes by again
            _follow(house, document_id)


def _follow(house: House, document_id: str) -> None:
    with house.database.read() as session:  # most documents say nothing of a customer: nobody waits for those
        document = session.get(Document, document_id)
        if document is None or _speaks_of(session, document) is None:
            return
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        customer_id = _speaks_of(session, document)
        if customer_id is None:
            return
        desk = sit_at(house, session, SYSTEM, customer_id, "fact.enter")
        session.refresh(document)
        kinds = _take(desk, document)
        ids = desk.finish()
        if kinds:
            detail = {"document": document_id, "kinds": sorted(kinds)}
            audit.append(session, SYSTEM.name, "fact.take_over", f"customer:{customer_id}", detail)
    index_soon(house, ids)


def take_over(house: House, actor: Actor, customer_id: str, document_id: str) -> list[str]:
    """Take what a document of the customer says as facts, whoever it seems to be issued to; returns the kinds that changed.

    Raises RuleRefused (it does not lie in a file of the customer; nothing in it is a fact), NotFound, NotAllowed.
    """
    with house.database.write() as session:
        if not sees_customer(session, actor, customer_id):
            raise NotFound(f"there is no customer {customer_id}")
        require(actor, "fact.enter")
        document = load_document(session, actor, document_id)
        if _customer_of(document) != customer_id:
            raise RuleRefused("the document does not lie in a file of this customer")
        if document.tier not in _OPEN_TIERS or document.kind != LICENCE:
            raise RuleRefused("only a licence that is not classified says facts about its customer")
        desk = sit_at(house, session, actor, customer_id, "fact.enter")
        session.refresh(document)
        kinds = _take(desk, document)
        ids = desk.finish()
        detail = {"document": document_id, "kinds": sorted(kinds)}
        audit.append(session, actor.name, "fact.take_over", f"customer:{customer_id}", detail)
    index_soon(house, ids)
    return sorted(kinds)


def catch_up(house: House, go_on: Callable[[], bool], after: str = "") -> str:
    """Follow verified licences that nothing is known from yet, some at a time; returns where to go on, "" from the beginning."""
    while go_on():
        query = (
            select(Document.id)
            .join(CaseFile, Document.case_file_id == CaseFile.id)
            .where(Document.kind == LICENCE, Document.verification == VERIFIED, Document.status.in_(_LIVING))
            .where(CaseFile.customer_id.is_not(None), Document.id > after)
            .where(~exists().where(CustomerFact.document_id == Document.id))
        )
        with house.database.read() as session:
            ids = list(session.scalars(query.order_by(Document.id).limit(_SOME)))
        if not ids:
            return ""
        follow(house, ids)
        after = ids[-1]
    return after


def _customer_of(document: Document) -> str | None:
    file = document.case_file
    return file.customer_id if file is not None else None


def _speaks_of(session: Session, document: Document) -> str | None:
    """Return whose own licence a document is that lies in the customer's file and is open enough; None for any other."""
    file = document.case_file
    if file is None or file.customer_id is None or document.kind != LICENCE or document.status not in _LIVING:
        return None
    if not {document.tier, file.tier} <= set(_OPEN_TIERS):
        return None
    customer = session.get_one(Customer, file.customer_id)
    said = values_of(document)
    code = said.get("code", "")
    own = code == customer.code if code and customer.code else said.get("name") == customer.name
    return customer.id if own and customer.merged_into is None else None


def _take(desk: Desk, document: Document) -> set[str]:
    first = _holds_from(document, desk.house.clock.today())
    return {
        OF_LICENCE[field.name]
        for field in document.fields
        if field.name in OF_LICENCE
        and OF_LICENCE[field.name] in desk.kinds
        and _take_field(desk, document, field, first)
    }


def _holds_from(document: Document, today: date) -> date:
    """The day from which a licence speaks: the day of issue, else the day it came in."""
    with contextlib.suppress(ValueError):
        issued = date.fromisoformat(values_of(document).get("issued_on", ""))
        if issued <= today:
            return issued
    return document.received_at.astimezone(CHINA).date()


def _take_field(desk: Desk, document: Document, field: DocumentField, first: date) -> bool:
    """Take one field; returns whether anything became of it."""
    kind, stand = OF_LICENCE[field.name], stand_of(field)
    mine = [
        f
        for f in desk.history.facts.get(kind, ())
        if f.taken and f.document_id == document.id and f.withdrawn_at is None
    ]
    where = Sourced("public_record", document.id, field.page, "", document.received_by, _came(document))
    if mine:
        return _keep_up(desk, desk.history.known(mine[-1]), stand, where)
    if not field.value:
        return False
    standing = desk.history.at(kind, first)
    if standing is None:
        desk.add(kind, _quiet(stand), first, room_for(desk.history.log(kind), first), where, taken=True)
        return True
    if standing.fact.value == field.value:
        if rules.state_of(stand) == VERIFIED and where.collected_on > standing.checked_on:
            desk.speak(standing.fact, "recheck", day=where.collected_on)
            return True
        return False
    if rules.state_of(stand) == VERIFIED and first > standing.fact.valid_from:
        desk.add(kind, _quiet(stand), first, room_for(desk.history.log(kind), first), where, taken=True)
        return True
    if rules.state_of(standing.stand) == rules.UNCONFIRMED and stand.confirmed_by:
        desk.withdraw(standing.fact, "corrected")
        desk.add(
            kind,
            _quiet(stand),
            standing.fact.valid_from,
            standing.fact.valid_until,
            where,
            standing.fact.id,
            taken=True,
        )
        return True
    return _differs(desk, kind, document)


def _differs(desk: Desk, kind: str, document: Document) -> bool:
    """A document says otherwise than what is on record: who answers for it looks."""
    duty = desk.session.get(FactDuty, (desk.customer.id, kind))
    if duty is None or duty.changed_on is not None:
        return False
    note_change(desk, kind, desk.house.clock.today(), f"{document.title or document.filename}"[:200])
    return True


def _keep_up(desk: Desk, known: Known, stand: Stand, where: Sourced) -> bool:
    """Bring a fact that came from a field in line with it: what was confirmed, disputed or corrected there."""
    if not stand.value:
        desk.withdraw(known.fact, "corrected")
        return True
    plain = known.stand
    if plain.rival_by and plain.rival_by not in (stand.rival_by, *stand.heard):
        return False  # people argue about it on the customer's page; that is settled there
    if (plain.value, plain.entered_by, plain.heard) == (
        stand.value,
        stand.entered_by,
        stand.heard,
    ) and not plain.rival_by:
        new = [
            person for person in stand.confirmed_by if person not in plain.confirmed_by and person != plain.entered_by
        ]
        if set(plain.confirmed_by) <= {*stand.confirmed_by, *_own_voices(desk, known)}:
            for person in new:
                desk.speak(known.fact, "confirm", by=person)
            if stand.rival_by:
                desk.speak(known.fact, "dispute", by=stand.rival_by, value=stand.rival)
            return bool(new or stand.rival_by)
    elif plain == stand:
        return False
    desk.withdraw(known.fact, "corrected")
    desk.add(
        known.fact.kind, _quiet(stand), known.fact.valid_from, known.fact.valid_until, where, known.fact.id, taken=True
    )
    return True


def _own_voices(desk: Desk, known: Known) -> list[str]:
    """Who confirmed the fact itself."""
    return [voice.by for voice in desk.history.voices.get(known.fact.id, ()) if voice.act == "confirm"]


def _quiet(stand: Stand) -> Stand:
    """A stand as a fact begins with: what is argued about on the paper is argued about there."""
    return replace(stand, rival="", rival_by="")


def _came(document: Document) -> date:
    return document.received_at.astimezone(CHINA).date()
