"""Facts from documents: what was read from a paper that names a customer, and verified there, is known about the customer without being typed again.

Which papers say what stands in `credit.fact_kinds.OF_PAPERS`. A licence leads: what it says later is a change. Any other paper fills a gap,
bears out what is known, or is a task for who answers for the information; only of its own matters (an agent, a guarantor) the latest counts.

This follows a document in a transaction of its own after the one that changed it, as the index does; what was missed because the
process died is found again by the worker. A value nobody confirmed fills a gap, marked as such; it never takes the place of another.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from credit.bitemporal import room_for
from credit.fact_kinds import OF_PAPERS, Paper, Party, Told
from intake import verification as rules
from intake.verification import VERIFIED, Stand
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import DatabaseUnavailable, NotFound, RuleRefused
from service.flow.common.guard import load_document, require
from service.flow.common.index import index_soon
from service.flow.common.sight import sees_customer
from service.flow.common.values import stand_of
from service.flow.credit.collected import Known
from service.flow.credit.fact_entry import Desk, Sourced, note_change, sit_at
from service.flow.credit.warning_states import WATCHED as ENDING
from service.flow.credit.warnings import look_at
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import CaseFile, Customer, CustomerFact, Document, DocumentField, FactDuty, PaperDoubt

log = logging.getLogger(__name__)
#: The kind of a document whose fields are facts about whom it was issued to.
LICENCE = "licence"
#: What is more secret than this does not become common knowledge by being read.
_OPEN_TIERS = ("public", "internal")
_LIVING = ("stored", "needs_review")
_SOME = 50
_REST = timedelta(days=1)


def follow(house: House, document_ids: Iterable[str]) -> None:
    """Bring what is known of customers in line with documents that were just filed, read or checked. Never raises for one of them."""
    for document_id in document_ids:
        with contextlib.suppress(DatabaseUnavailable, RuleRefused):  # the worker comes by again
            _follow(house, document_id)
            _watch(house, document_id)


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
        kinds = _take(desk, document, _parties_of(document, desk.customer, _representative(desk)))
        if not desk.touched:
            return  # it says what is known: most papers do
        ids = desk.finish()
        if kinds:
            detail = {"document": document_id, "kinds": sorted(kinds)}
            audit.append(session, SYSTEM.name, "fact.take_over", f"customer:{customer_id}", detail)
    index_soon(house, ids)


def _watch(house: House, document_id: str) -> None:
    """Look at the customer of a paper whose end is watched (RULES A4.1), whatever else it says and however far it is verified."""
    with house.database.read() as session:
        document = session.get(Document, document_id)
        customer_id = _customer_of(document) if document is not None and document.kind in ENDING else None
    if customer_id is not None:
        with house.database.write() as session:
            look_at(house, session, customer_id)


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
        kinds = _take(desk, document, OF_PAPERS[LICENCE].parties)
        ids = desk.finish()
        detail = {"document": document_id, "kinds": sorted(kinds)}
        audit.append(session, actor.name, "fact.take_over", f"customer:{customer_id}", detail)
    index_soon(house, ids)
    return sorted(kinds)


def catch_up(house: House, go_on: Callable[[], bool], after: str = "") -> str:
    """Follow papers that nothing is known from yet, some at a time; returns where to go on, "" from the beginning."""
    while go_on():
        query = (
            select(Document.id)
            .join(CaseFile, Document.case_file_id == CaseFile.id)
            .where(Document.kind.in_(OF_PAPERS), Document.status.in_(_LIVING))
            .where(or_(Document.kind != LICENCE, Document.verification == VERIFIED))
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


class CatchUp:
    """Follows what was missed, a piece at a look, through all papers and then not again for a day: most of them say nothing new."""

    def __init__(self, house: House) -> None:
        self._house, self._after = house, ""
        self._rest_until: datetime | None = None

    def look(self, go_on: Callable[[], bool]) -> None:
        """Go on where the last look ended."""
        now = self._house.clock.now()
        if self._rest_until is not None and now < self._rest_until:
            return
        self._after = catch_up(self._house, go_on, self._after)
        self._rest_until = None if self._after else now + _REST


def _customer_of(document: Document) -> str | None:
    file = document.case_file
    return file.customer_id if file is not None else None


def _speaks_of(session: Session, document: Document) -> str | None:
    """Return of which customer a document speaks that lies in the customer's file and is open enough; None for any other."""
    file = document.case_file
    if file is None or file.customer_id is None or document.kind not in OF_PAPERS or document.status not in _LIVING:
        return None
    if not {document.tier, file.tier} <= set(_OPEN_TIERS):
        return None
    customer = session.get_one(Customer, file.customer_id)
    if customer.merged_into is not None:
        return None
    own = _own_name(session, customer.id) if any(party.person for party in OF_PAPERS[document.kind].parties) else ""
    return customer.id if _parties_of(document, customer, own) else None


def _own_name(session: Session, customer_id: str) -> str:
    """Return the legal representative of a customer as it is known now."""
    query = select(CustomerFact.value).where(
        CustomerFact.customer_id == customer_id,
        CustomerFact.kind == "legal_representative",
        CustomerFact.withdrawn_at.is_(None),
        CustomerFact.valid_until.is_(None),
    )
    return session.scalars(query.order_by(CustomerFact.seq.desc()).limit(1)).first() or ""


def _representative(desk: Desk) -> str:
    known = desk.history.at("legal_representative", desk.house.clock.today())
    return known.fact.value if known is not None else ""


def _parties_of(document: Document, customer: Customer, representative: str) -> list[Party]:
    """Return those of whom a paper speaks that are the customer: by the code where both have one, else by exactly the name."""
    paper = OF_PAPERS[document.kind]
    said = {
        field.name: field.value
        for field in document.fields
        if field.value and (not paper.verified or rules.state_of(stand_of(field)) == VERIFIED)
    }

    def is_customer(party: Party) -> bool:
        name, code = said.get(party.name, ""), said.get(party.code, "")
        if party.person:
            return bool(name) and name == representative
        return code == customer.code if code and customer.code else bool(name) and name == customer.name

    return [party for party in paper.parties if is_customer(party)]


def _take(desk: Desk, document: Document, parties: Iterable[Party]) -> set[str]:
    paper, today = OF_PAPERS[document.kind], desk.house.clock.today()
    first = _holds_from(document, paper, today)
    fields = {field.name: field for field in document.fields}
    taken = {f.kind for f in desk.history.by_id.values() if f.taken and f.document_id == document.id}
    changed = set()
    for party in parties:
        for name, told in party.facts.items():
            field = fields.get(name)
            if field is None or told.kind not in desk.kinds:
                continue
            if told.kind not in taken and paper.verified and not _is_sure(fields, name, told.until):
                continue
            last = _day_in(fields, told.until)
            if last is not None and last < max(first, today) and told.kind not in taken:
                continue  # what had ended before it came in says nothing of today
            if _take_field(desk, document, field, told, (first, last)):
                changed.add(told.kind)
    return changed


def _is_sure(fields: Mapping[str, DocumentField], *names: str) -> bool:
    """Return whether two people confirmed all of these fields that are on the paper."""
    return all(rules.state_of(stand_of(fields[name])) == VERIFIED for name in names if name in fields)


def _day_in(fields: Mapping[str, DocumentField], name: str) -> date | None:
    """Return the day a field of a paper says, None for no day."""
    with contextlib.suppress(KeyError, ValueError):
        return date.fromisoformat(fields[name].value)
    return None


def _holds_from(document: Document, paper: Paper, today: date) -> date:
    """The day from which a paper speaks: that which it names, else the day it came in."""
    said = {field.name: field for field in document.fields}
    for name in paper.since:
        day = _day_in(said, name)
        if day is not None and day <= today:
            return day
    return _came(document)


def _take_field(
    desk: Desk, document: Document, field: DocumentField, told: Told, days: tuple[date, date | None]
) -> bool:
    """Take one field that holds from one day to another; returns whether anything became of it."""
    kind, stand, (first, last) = told.kind, stand_of(field), days
    paper = OF_PAPERS[document.kind]
    mine = [
        f
        for f in desk.history.facts.get(kind, ())
        if f.taken and f.document_id == document.id and f.withdrawn_at is None
    ]
    # A paper of another time shows what was so then, whenever it came in.
    seen = first if paper.verified else _came(document)
    where = Sourced(paper.source, document.id, field.page, "", document.received_by, seen)
    if mine:
        return _keep_up(desk, desk.history.known(mine[-1]), stand, where)
    if not field.value:
        return False

    def add(corrects: CustomerFact | None = None) -> bool:
        span = (corrects.valid_from, corrects.valid_until) if corrects else (first, _end(desk, kind, first, last))
        desk.add(kind, _quiet(stand), *span, where, corrects.id if corrects else "", taken=True)
        return True

    standing, older = _standing(desk, told, first)
    if standing is None:
        return add()
    if older and standing.fact.value != field.value:
        return False  # what it says was so before all that is known of this
    verified = rules.state_of(stand) == VERIFIED
    if standing.fact.value == field.value:
        _settled(desk, document, kind)
        if verified and where.collected_on > standing.checked_on:
            desk.speak(standing.fact, "recheck", day=where.collected_on)
            return True
        return False
    if told.leads and verified and first > standing.fact.valid_from:
        return add()
    if rules.state_of(standing.stand) == rules.UNCONFIRMED and stand.confirmed_by:
        desk.withdraw(standing.fact, "corrected")
        return add(standing.fact)
    return _differs(desk, kind, document, standing.fact)


def _standing(desk: Desk, told: Told, first: date) -> tuple[Known | None, bool]:
    """Return what a paper is held against, and whether the paper is older than that: what counts on its day, else today."""
    then = desk.history.at(told.kind, first)
    if then is not None or told.leads:
        return then, False
    return desk.history.at(told.kind, desk.house.clock.today()), True


def _end(desk: Desk, kind: str, first: date, last: date | None) -> date | None:
    """The last day of what begins on a day: its own, and never beyond what is known of later days."""
    room = room_for(desk.history.log(kind), first)
    return min((day for day in (last, room) if day is not None), default=None)


def _differs(desk: Desk, kind: str, document: Document, fact: CustomerFact) -> bool:
    """A document says otherwise than what is on record: who answers for it looks, once for each value that stood against it."""
    session = desk.session
    duty = session.get(FactDuty, (desk.customer.id, kind))
    doubt = session.get(PaperDoubt, (document.id, kind))
    if duty is None or duty.changed_on is not None or (doubt is not None and doubt.fact_id == fact.id):
        return False
    if doubt is None:
        doubt = PaperDoubt(document_id=document.id, kind=kind)
        session.add(doubt)
    doubt.fact_id, doubt.noted_at = fact.id, desk.now
    note_change(desk, kind, desk.house.clock.today(), f"{document.title or document.filename}"[:200])
    return True


def _settled(desk: Desk, document: Document, kind: str) -> None:
    """The paper says what is on record now: what it says otherwise some day is a new disagreement."""
    doubt = desk.session.get(PaperDoubt, (document.id, kind))
    if doubt is not None:
        desk.session.delete(doubt)


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
