"""What people say of the information on a customer: a value and where it is from, that it is right, or that it is another (RULES A2.1, A2.2).

A value from a later day on is a change in the world and stands beside the earlier one. A value for the same stretch of days is a
correction: against the machine or oneself it replaces, against other people it is a disagreement that a third person decides.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.bitemporal import room_for
from credit.fact_kinds import SOURCES, Kind
from credit.major_events import WATCHED, event_of_change
from intake import verification as rules
from intake.typed import read_typed
from intake.verification import Refused, Stand
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import load_document, require
from service.flow.common.index import index_soon
from service.flow.common.sight import sees_customer
from service.flow.credit.collected import History, Known, history_of
from service.flow.credit.credit_events import found_event
from service.flow.credit.duplicates import COMPARED, compare
from service.flow.credit.fact_duties import renew
from service.flow.credit.fact_kinds import kinds_of
from service.flow.credit.identity import settle_identity
from service.flow.credit.warnings import look_at
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Customer, CustomerFact, Document, FactDuty, FactVoice, Person, new_id
from service.typed import day_of

_MOST_NOTE = 500
#: A field of a document with the same form of value, so that both are read by the same reader.
_LIKE = {"date": "valid_until", "money": "amount", "code": "code", "text": "name"}
_REFUSED = {
    "own_entry": "you entered this value; two other people must confirm it (dual verification)",
    "disputed": "two people disagree about this value; a third person decides",
    "took_side": "you took a side in this disagreement; a third person decides",
    "decided": "a third person has decided this value after your disagreement",
}


@dataclass(frozen=True)
class FactGiven:
    """A piece of information as a person gives it. Dates YYYY-MM-DD; valid_from and collected_on: "" for today.

    source: one of `SOURCES`. document_id, page: the evidence; note: what else shows it, needed where there is no document.
    collected_by: login of who brought it, "" for oneself.
    """

    kind: str
    value: str
    source: str
    valid_from: str = ""
    valid_until: str = ""
    document_id: str = ""
    page: int = 0
    note: str = ""
    collected_by: str = ""
    collected_on: str = ""


@dataclass(frozen=True)
class Sourced:
    """Where a value is from, checked."""

    source: str
    document_id: str | None
    page: int
    note: str
    collected_by: str
    collected_on: date


class Desk:
    """One customer with all that is known of it, inside the caller's transaction, for saying something of it."""

    def __init__(self, house: House, session: Session, actor: Actor, customer: Customer) -> None:
        hold_customers(session, [customer.id])
        audit.lock(session)  # who says something of a fact sees all that was said before
        self.house, self.session, self.actor, self.customer = house, session, actor, customer
        self.kinds = kinds_of(session)
        self.history = history_of(session, customer.id)
        self.now = _not_before(house.clock.now(), self.history)
        self.touched: set[str] = set()
        self._verified = {kind: self._verified_value(kind) for kind in WATCHED}

    def add(
        self,
        kind: str,
        stand: Stand,
        first: date,
        last: date | None,
        where: Sourced,
        corrects: str = "",
        *,
        taken: bool = False,
    ) -> str:
        """Add a fact with where it stands; returns its id. taken: it follows a field of its document."""
        rows = self.history.facts.get(kind, ())
        fact = CustomerFact(
            id=new_id(),
            customer_id=self.customer.id,
            kind=kind,
            seq=max((row.seq for row in rows), default=0) + 1,
            value=stand.value,
            valid_from=first,
            valid_until=last,
            known_at=self.now,
            source=where.source,
            document_id=where.document_id,
            page=where.page,
            note=where.note,
            collected_by=where.collected_by,
            collected_on=where.collected_on,
            entered_by=stand.entered_by,
            backed_by=list(stand.confirmed_by),
            heard=list(stand.heard),
            corrects=corrects or None,
            taken=taken,
        )
        self.session.add(fact)
        self.touched.add(kind)
        self._reload()
        return fact.id

    def speak(
        self, fact: CustomerFact, act: str, *, by: str = "", value: str = "", day: date | None = None, note: str = ""
    ) -> None:
        """Add what somebody said of a fact."""
        said = self.history.voices.get(fact.id, ())
        voice = FactVoice(fact_id=fact.id, seq=len(said) + 1, act=act, value=value, day=day, note=note)
        voice.by, voice.at = by or self.actor.name, self.now
        self.session.add(voice)
        self.touched.add(fact.kind)
        self._reload()

    def withdraw(self, fact: CustomerFact, why: str) -> None:
        """Let a fact no longer count; what was known before stays known."""
        fact.withdrawn_at, fact.withdrawn_by, fact.withdrawn_why = self.now, self.actor.name, why
        self.touched.add(fact.kind)

    def put(self, known: Known, after: Stand, where: Sourced | None = None, note: str = "") -> str:
        """Keep what became of a fact when somebody spoke; returns the act: confirm, dispute, decide or correct."""
        fact, before = known.fact, known.stand
        if after.rival_by and not before.rival_by:
            self.speak(fact, "dispute", by=after.rival_by, value=after.rival, note=note)
            return "dispute"
        same = after.value == before.value and after.entered_by == before.entered_by
        if before.rival_by:
            self.speak(fact, "decide", value=after.value, note=note)
        elif same:
            if after != before:
                self.speak(fact, "confirm", note=note)
            return "confirm"
        if not same:
            self.withdraw(fact, "decided" if before.rival_by else "corrected")
            self.add(fact.kind, after, fact.valid_from, fact.valid_until, where or _where(fact, note), fact.id)
        return "decide" if before.rival_by else "correct"

    def finish(self) -> list[str]:
        """Bring duties and the register in line; returns documents that must be indexed anew after the commit."""
        self.session.flush()
        kinds = [self.kinds[code] for code in sorted(self.touched) if code in self.kinds]
        renew(self.house, self.session, self.customer.id, self.history, kinds)
        ids = settle_identity(self.house, self.session, self.customer, self.history)
        look_at(self.house, self.session, self.customer.id)
        for code in sorted(self.touched & WATCHED):
            self._note_event(code)
        if self.touched & COMPARED:
            compare(self.session, [self.customer.id])
        return ids

    def _verified_value(self, kind: str) -> str | None:
        known = self.history.at(kind, self.house.clock.today())
        return known.fact.value if known is not None and known.state == rules.VERIFIED else None

    def _note_event(self, kind: str) -> None:
        """What has just been verified, and shows a major event, makes the re-assessment due at once (RULES A1.2)."""
        value = self._verified_value(kind)
        known = self.history.at(kind, self.house.clock.today())
        if known is None or value is None or value == self._verified[kind]:
            return
        first = known.fact.valid_from
        earlier = self.history.at(kind, first - timedelta(days=1)) if first > date.min else None
        before = earlier.fact.value if earlier is not None else ""
        event = event_of_change(kind, before, value)
        if event is not None:
            note = f"{before} → {value}" if before else value
            found_event(
                self.house, self.session, self.customer.id, event, note=note, document_id=known.fact.document_id
            )

    def _reload(self) -> None:
        self.session.flush()
        self.history = history_of(self.session, self.customer.id)


def hold_customers(session: Session, customer_ids: Iterable[str]) -> None:
    """Lock customers and the documents of their files, whose index has the name: before the audit chain, here as everywhere."""
    mine = select(Document.id).join(CaseFile, Document.case_file_id == CaseFile.id)
    some_at_a_time = list(batched(sorted(customer_ids), 500))
    for some in some_at_a_time:
        session.execute(select(Customer.id).where(Customer.id.in_(some)).order_by(Customer.id).with_for_update())
    for some in some_at_a_time:
        session.execute(mine.where(CaseFile.customer_id.in_(some)).order_by(Document.id).with_for_update(of=Document))


def batched(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield some of many ids at a time: as many as one query takes."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _not_before(now: datetime, history: History) -> datetime:
    """The moment of what is said now: a clock that was put back does not mix up what was known when."""
    moments = [fact.known_at for fact in history.by_id.values()]
    moments += [voice.at for voices in history.voices.values() for voice in voices]
    return max([now, *moments])


def _where(fact: CustomerFact, note: str) -> Sourced:
    said = note or fact.note
    return Sourced(fact.source, fact.document_id, fact.page, said, fact.collected_by, fact.collected_on)


def sit_at(house: House, session: Session, actor: Actor, customer_id: str, action: str) -> Desk:
    """Return the desk of a customer in sight. Raises NotFound, NotAllowed, RuleRefused (it was merged into another)."""
    customer = session.get(Customer, customer_id)
    if not sees_customer(session, actor, customer_id) or customer is None:
        raise NotFound(f"there is no customer {customer_id}")
    require(actor, action)
    desk = Desk(house, session, actor, customer)
    session.refresh(customer)  # as whoever had the lock left it
    if customer.merged_into is not None:
        raise RuleRefused("this customer was merged into another; what is known of it stands there")
    return desk


def read_value(kind: Kind, text: str) -> str:
    """Return a value as it is kept. Raises BadInput saying what a right value looks like."""
    name = (
        "equity" if kind.code == "net_assets" else _LIKE[kind.form]
    )  # which may be negative, as no sum of a contract is
    typed = read_typed(name, text)
    if typed.problem:
        raise BadInput(f"value: {typed.problem}", {"value": typed.problem})
    return typed.value


def record_fact(house: House, actor: Actor, customer_id: str, given: FactGiven) -> str:
    """Enter a piece of information; returns what that was: record, correct, confirm, dispute, decide or recheck.

    Raises BadInput by field, NotFound, NotAllowed, RuleRefused.
    """
    with house.database.write() as session:
        desk = sit_at(house, session, actor, customer_id, "fact.enter")
        kind, value, first, last, where = _checked(desk, given)
        act = enter_value(desk, kind, value, first, last, where)
        _answer_change(desk, kind.code)
        ids = desk.finish()
        detail = {"kind": kind.code, "valid_from": first.isoformat(), "document": where.document_id}
        audit.append(session, actor.name, f"fact.{act}", f"customer:{customer_id}", detail)
    index_soon(house, ids)
    return act


def _checked(desk: Desk, given: FactGiven) -> tuple[Kind, str, date, date | None, Sourced]:
    wrong: dict[str, str] = {}
    kind, value = desk.kinds.get(given.kind), ""
    if kind is None:
        wrong["kind"] = "there is no such kind of information"
    else:
        try:
            value = read_value(kind, given.value)
        except BadInput as error:
            wrong |= error.fields
    first, last, collected = _days(given, desk.house.clock.today(), wrong)
    where = _source(desk, given, collected, wrong)
    if wrong or kind is None:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    return kind, value, first, last, where


def _day(wrong: dict[str, str], name: str, text: str) -> date | None:
    """Return the day a person typed, None for none; what is no date is put into `wrong` under its name."""
    if not text:
        return None
    try:
        return day_of(text)
    except ValueError:
        wrong[name] = "a date YYYY-MM-DD"
        return None


def _days(given: FactGiven, today: date, wrong: dict[str, str]) -> tuple[date, date | None, date]:
    """Return the first and the last day a value holds, and when it was collected."""
    collected = _day(wrong, "collected_on", given.collected_on) or today
    first = _day(wrong, "valid_from", given.valid_from) or collected
    last = _day(wrong, "valid_until", given.valid_until)
    for name, day in (("collected_on", collected), ("valid_from", first)):
        if day > today:
            wrong.setdefault(name, "lies in the future")
    if last is not None and last < first:
        wrong.setdefault("valid_until", "lies before the first day")
    return first, last, collected


def _source(desk: Desk, given: FactGiven, collected: date, wrong: dict[str, str]) -> Sourced:
    if given.source not in SOURCES:
        wrong["source"] = f"one of {', '.join(SOURCES)}"
    note = given.note.strip()
    if len(note) > _MOST_NOTE or not (note or given.document_id):
        wrong["note"] = f"name a document, or say what shows it, at most {_MOST_NOTE} characters"
    if given.document_id:
        document = load_document(desk.session, desk.actor, given.document_id)
        if not 0 <= given.page <= document.pages:
            wrong["page"] = f"the document has {document.pages} pages"
    page = (given.page or 1) if given.document_id else 0
    collector = _collector(desk, given.collected_by, wrong)
    return Sourced(given.source, given.document_id or None, page, note, collector, collected)


def _collector(desk: Desk, login: str, wrong: dict[str, str]) -> str:
    if not login:
        return desk.actor.name
    if desk.session.scalar(select(Person.id).where(Person.login == login)) is None:
        wrong["collected_by"] = "there is no such person"
    return f"person:{login}"


def enter_value(desk: Desk, kind: Kind, value: str, first: date, last: date | None, where: Sourced) -> str:
    """Enter a value that was read; returns what that was, as `record_fact`. Raises RuleRefused."""
    standing = desk.history.at(kind.code, first)
    mine = Stand(value, desk.actor.name)
    if standing is not None and standing.fact.valid_from == first:
        before = standing.stand
        return desk.put(standing, by_rule(lambda: rules.enter(before, desk.actor.name, value)), where)
    if standing is not None and standing.stand.value == value and last is None:
        # The value that holds already, found again: how far it is verified stays as it is.
        desk.speak(standing.fact, "recheck", day=where.collected_on, note=where.note)
        return "recheck"
    if last is None:
        last = room_for(desk.history.log(kind.code), first)  # what is known of later days stays
    desk.add(kind.code, mine, first, last, where)
    return "record"


def _answer_change(desk: Desk, kind: str) -> None:
    """A change that was known of has been looked at."""
    duty = desk.session.get(FactDuty, (desk.customer.id, kind))
    if duty is not None:
        duty.changed_on, duty.change_note, duty.change_by = None, "", ""


def by_rule(step: Callable[[], Stand]) -> Stand:
    """Return what a rule of dual verification says. Raises RuleRefused in words."""
    try:
        return step()
    except Refused as refused:
        raise RuleRefused(_REFUSED[refused.code]) from refused


def _standing(desk: Desk, fact_id: str, seen: str | None) -> Known:
    fact = desk.history.by_id.get(fact_id)
    if fact is None:
        raise NotFound(f"there is no fact {fact_id}")
    if fact.withdrawn_at is not None:
        raise RuleRefused("this value was replaced or withdrawn in the meantime; look at it again")
    if seen is not None and seen != fact.value:
        raise BadInput("seen: somebody changed this value in the meantime; look at it again")
    return desk.history.known(fact)


def confirm_fact(house: House, actor: Actor, customer_id: str, fact_id: str, seen: str | None = None) -> None:
    """Confirm a value; two people who did not enter it make it verified (RULES A2.2). seen: the value that was shown.

    Raises RuleRefused (one's own entry; disputed; replaced), BadInput, NotFound, NotAllowed.
    """
    with house.database.write() as session:
        desk = sit_at(house, session, actor, customer_id, "fact.verify")
        known = _standing(desk, fact_id, seen)
        desk.put(known, by_rule(lambda: rules.confirm(known.stand, actor.name)))
        ids = desk.finish()
        audit.append(session, actor.name, "fact.confirm", f"customer:{customer_id}", {"kind": known.fact.kind})
    index_soon(house, ids)


def contradict_fact(
    house: House, actor: Actor, customer_id: str, fact_id: str, value: str, reason: str, seen: str | None = None
) -> str:
    """Say that a value is another; returns dispute, decide (as the third person), correct or confirm.

    Raises BadInput, RuleRefused, NotFound, NotAllowed.
    """
    reason = reason.strip()
    if not reason or len(reason) > _MOST_NOTE:
        raise BadInput("reason: is needed, at most 500 characters", {"reason": "is needed, at most 500 characters"})
    with house.database.write() as session:
        desk = sit_at(house, session, actor, customer_id, "fact.verify")
        known = _standing(desk, fact_id, seen)
        kind = desk.kinds.get(known.fact.kind)
        if kind is None:
            raise NotFound(f"there is no kind {known.fact.kind}")
        wanted = read_value(kind, value)
        act = desk.put(known, by_rule(lambda: rules.enter(known.stand, actor.name, wanted)), note=reason)
        ids = desk.finish()
        audit.append(session, actor.name, f"fact.{act}", f"customer:{customer_id}", {"kind": kind.code})
    index_soon(house, ids)
    return act


def withdraw_fact(house: House, actor: Actor, customer_id: str, fact_id: str, reason: str) -> None:
    """Take back what was entered by mistake; it stays in the history. Raises RuleRefused: others hold it to be right.

    Raises BadInput (no reason), NotFound, NotAllowed.
    """
    reason = reason.strip()
    if not reason or len(reason) > _MOST_NOTE:
        raise BadInput("reason: is needed, at most 500 characters", {"reason": "is needed, at most 500 characters"})
    with house.database.write() as session:
        desk = sit_at(house, session, actor, customer_id, "fact.enter")
        known = _standing(desk, fact_id, None)
        if rules.backers(known.stand) - {actor.name} or known.stand.rival_by:
            raise RuleRefused("other people hold this value to be right; say which one is, and a third person decides")
        desk.withdraw(known.fact, reason)
        ids = desk.finish()
        audit.append(session, actor.name, "fact.withdraw", f"customer:{customer_id}", {"kind": known.fact.kind})
    index_soon(house, ids)


def _seen(house: House, day: str, note: str) -> tuple[date, str]:
    """Return the day something was seen, today for "", and what showed it. Raises BadInput."""
    wrong: dict[str, str] = {}
    note, today = note.strip(), house.clock.today()
    when = _day(wrong, "day", day) or today
    if when > today:
        wrong["day"] = "lies in the future"
    if not note or len(note) > _MOST_NOTE:
        wrong["note"] = "is needed, at most 500 characters"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    return when, note


def recheck_fact(house: House, actor: Actor, customer_id: str, fact_id: str, note: str, day: str = "") -> None:
    """Record that a value was looked at again and still holds; its period of freshness begins anew (RULES A2.3).

    note: what showed it. day: when, "" for today. Raises BadInput, RuleRefused, NotFound, NotAllowed.
    """
    when, note = _seen(house, day, note)
    with house.database.write() as session:
        desk = sit_at(house, session, actor, customer_id, "fact.enter")
        known = _standing(desk, fact_id, None)
        desk.speak(known.fact, "recheck", day=when, note=note)
        _answer_change(desk, known.fact.kind)
        desk.finish()
        audit.append(session, actor.name, "fact.recheck", f"customer:{customer_id}", {"kind": known.fact.kind})


def report_change(house: House, actor: Actor, customer_id: str, kind: str, note: str, day: str = "") -> None:
    """Say that something changed at a customer: who answers for it has a task with a time limit (RULES A2.3).

    day: when it became known, "" for today. Raises BadInput, RuleRefused (nothing of this kind is on record), NotFound, NotAllowed.
    """
    when, note = _seen(house, day, note)
    with house.database.write() as session:
        desk = sit_at(house, session, actor, customer_id, "fact.enter")
        note_change(desk, kind, when, note)
        desk.finish()
        audit.append(session, actor.name, "fact.report", f"customer:{customer_id}", {"kind": kind})


def note_change(desk: Desk, kind: str, day: date, note: str) -> None:
    """Open the task that a kind of information must be looked at, unless one is open. Raises RuleRefused, BadInput."""
    if kind not in desk.kinds:
        why = "there is no such kind of information"
        raise BadInput(f"kind: {why}", {"kind": why})
    duty = desk.session.get(FactDuty, (desk.customer.id, kind))
    if duty is None:
        raise RuleRefused("nothing of this kind is on record; enter the value instead")
    if duty.changed_on is None:
        duty.changed_on, duty.change_note, duty.change_by = day, note, desk.actor.name
    desk.touched.add(kind)
