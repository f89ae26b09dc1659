"""What is known of a customer, as it is asked for: on a day, as it was known at a moment; and the history of one kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from credit.bitemporal import Span
from credit.fact_kinds import Kind
from service.access.policy import Actor
from service.clock import CHINA
from service.errors import BadInput, NotFound
from service.flow.common.guard import require
from service.flow.credit.collected import History, Known, fact_as_json, history_of
from service.flow.credit.fact_duties import duties_of
from service.flow.credit.fact_kinds import kinds_of
from service.flow.credit.identity import led_to
from service.house import House
from service.records import audit
from service.records.tables import Customer, FactDuty
from service.typed import day_of


@dataclass(frozen=True)
class Line:
    """One kind of information on a customer. known: None where there is none (then) of it. days: until it is due, None then.

    ended: the last of it, which no longer counts.
    """

    kind: Kind
    known: Known | None
    duty: FactDuty | None
    responsible: str
    days: int | None
    ended: Known | None = None


@dataclass(frozen=True)
class Sheet:
    """All that is known of a customer on a day, as known at a moment. known_at: None for now. then: whether it is the past."""

    customer: Customer
    on: date
    known_at: datetime | None
    lines: tuple[Line, ...]


def moment_of(name: str, text: str) -> datetime | None:
    """Return the end of the day (China's), or the moment, that a person means by "known then"; None for now. Raises BadInput."""
    if not text:
        return None
    why = "a date YYYY-MM-DD, or a moment YYYY-MM-DDTHH:MM"
    try:
        if len(text) == 10:
            return datetime.combine(day_of(text) + timedelta(days=1), time(), CHINA) - timedelta(microseconds=1)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{name}: {why}", {name: why}) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    if not 1900 < moment.year < 9999:
        raise BadInput(f"{name}: {why}", {name: why})
    return moment.astimezone(UTC)


def day_asked(name: str, text: str, today: date) -> date:
    """Return the day a person asks about, today for none. Raises BadInput."""
    if not text:
        return today
    try:
        return day_of(text)
    except ValueError as error:
        raise BadInput(f"{name}: a date YYYY-MM-DD", {name: "a date YYYY-MM-DD"}) from error


def load(session: Session, actor: Actor, customer_id: str) -> Customer:
    """Return the customer whose facts a person may read, for a merged one the one it leads to. Raises NotFound, NotAllowed."""
    customer = led_to(session, actor, customer_id)
    require(actor, "fact.read")
    return customer


def get_sheet(house: House, actor: Actor, customer_id: str, *, on: str = "", known_at: str = "") -> Sheet:
    """Return what was true of a customer on a day (RULES A2.3) as it was known at a moment, and note the reading.

    on: YYYY-MM-DD, "" for today. known_at: a day (to its end) or a moment, "" for now. Raises BadInput, NotFound, NotAllowed.
    """
    today = house.clock.today()
    day, moment = day_asked("on", on, today), moment_of("known_at", known_at)
    with house.database.write() as session:
        customer = load(session, actor, customer_id)
        history, kinds = history_of(session, customer.id), kinds_of(session)
        duties = duties_of(session, customer.id)
        lines = tuple(_lines(history, kinds, duties, day, moment, today))
        detail = {"on": day.isoformat(), "known_at": moment.isoformat() if moment else None}
        audit.append(session, actor.name, "fact.view", f"customer:{customer.id}", detail)
    return Sheet(customer, day, moment, lines)


def _lines(
    history: History,
    kinds: Mapping[str, Kind],
    duties: Mapping[str, tuple[FactDuty, str]],
    day: date,
    moment: datetime | None,
    today: date,
) -> Sequence[Line]:
    lines = []
    for code, kind in kinds.items():
        duty, responsible = duties.get(code, (None, ""))
        known = history.at(code, day, moment)
        rows = history.facts.get(code, ())
        ended = (
            history.known(rows[-1], moment)
            if known is None and rows and rows[-1].known_at <= (moment or rows[-1].known_at)
            else None
        )
        days = (duty.due_on - today).days if duty is not None and moment is None else None
        lines.append(Line(kind, known, duty, responsible, days, ended))
    # What there is stands before what is missing, key information before the rest; the order of the catalogue within.
    return sorted(lines, key=lambda line: (not line.kind.key, line.known is None and line.ended is None))


@dataclass(frozen=True)
class Past:
    """The history of one kind: the stretches as known now or then, and every entry that was ever made, newest first."""

    customer: Customer
    kind: Kind
    spans: tuple[tuple[Span, Known], ...]
    entries: tuple[Known, ...]
    history: History
    known_at: datetime | None


def get_past(house: House, actor: Actor, customer_id: str, kind: str, *, known_at: str = "") -> Past:
    """Return the whole history of one kind of information and note the reading. Raises BadInput, NotFound, NotAllowed."""
    moment = moment_of("known_at", known_at)
    with house.database.write() as session:
        customer = load(session, actor, customer_id)
        catalogue = kinds_of(session)
        if kind not in catalogue:
            raise NotFound(f"there is no kind {kind}")
        history = history_of(session, customer.id, [kind])
        audit.append(session, actor.name, "fact.history", f"customer:{customer.id}", {"kind": kind})
    spans = tuple(
        (span, history.known(history.by_id[span.assertion.key], moment)) for span in history.spans(kind, moment)
    )
    entries = tuple(history.known(fact) for fact in reversed(history.facts.get(kind, ())))
    return Past(customer, catalogue[kind], spans, entries, history, moment)


def sheet_as_json(sheet: Sheet) -> dict[str, Any]:
    """Return a sheet as plain JSON values. Kinds of which nothing is on record are left out."""
    return {
        "customer_id": sheet.customer.id,
        "on": sheet.on.isoformat(),
        "known_at": sheet.known_at.isoformat() if sheet.known_at else None,
        "facts": [_line_as_json(line) for line in sheet.lines if line.known is not None],
        "missing_key": [line.kind.code for line in sheet.lines if line.known is None and line.kind.key],
    }


def _line_as_json(line: Line) -> dict[str, Any]:
    now = line.days is not None and line.duty is not None
    return {
        **(fact_as_json(line.known) if line.known else {}),
        "key": line.kind.key,
        "responsible": line.responsible or None,
        "due_on": line.duty.due_on.isoformat() if now and line.duty else None,
        "stale": line.days < 0 if now and line.days is not None else None,
        "changed_on": line.duty.changed_on.isoformat() if now and line.duty and line.duty.changed_on else None,
    }


def past_as_json(past: Past) -> dict[str, Any]:
    """Return a history as plain JSON values."""
    return {
        "customer_id": past.customer.id,
        "kind": past.kind.code,
        "known_at": past.known_at.isoformat() if past.known_at else None,
        "spans": [
            {
                "from": span.first.isoformat(),
                "until": span.last.isoformat() if span.last else None,
                "value": known.fact.value,
                "fact_id": known.fact.id,
                "state": known.state,
            }
            for span, known in past.spans
        ],
        "entries": [
            {
                **fact_as_json(known),
                "withdrawn_by": known.fact.withdrawn_by,
                "withdrawn_why": known.fact.withdrawn_why or None,
                "voices": [
                    {
                        "act": voice.act,
                        "value": voice.value or None,
                        "day": voice.day.isoformat() if voice.day else None,
                        "note": voice.note or None,
                        "by": voice.by,
                        "at": voice.at.isoformat(),
                    }
                    for voice in past.history.voices.get(known.fact.id, ())
                ],
            }
            for known in past.entries
        ],
    }
