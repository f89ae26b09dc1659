"""What is collected about customers (RULES A2.1, A2.2), read: values true on a day as known at a moment, and how far they are verified.

Facts and what people said of them are only ever added (`tables_register.py`); where a value stands at a moment is found by
replaying what had been said by then with the rules of dual verification, the same that documents are checked by.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.bitemporal import Assertion, Span, as_of, timeline
from intake import verification as rules
from intake.verification import Stand
from service.records.tables import CustomerFact, FactVoice


@dataclass(frozen=True)
class Known:
    """A fact as it stands at a moment. state: a word of `intake.verification.STATES`. checked_on: when it was last found to be so."""

    fact: CustomerFact
    stand: Stand
    checked_on: date

    @property
    def state(self) -> str:
        """How far the value is verified."""
        return rules.state_of(self.stand)


@dataclass
class History:
    """All that was ever said of one customer. facts: by kind, in the order they became known; voices: by fact."""

    facts: Mapping[str, Sequence[CustomerFact]] = field(default_factory=dict)
    voices: Mapping[str, Sequence[FactVoice]] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, CustomerFact]:
        """Every fact by its id."""
        return {fact.id: fact for rows in self.facts.values() for fact in rows}

    def log(self, kind: str) -> list[Assertion]:
        """Return the facts of a kind as the bitemporal rules see them."""
        return [
            Assertion(f.id, f.valid_from, f.valid_until, f.known_at, f.seq, f.withdrawn_at)
            for f in self.facts.get(kind, ())
        ]

    def at(self, kind: str, day: date, known_at: datetime | None = None) -> Known | None:
        """Return what counts for a day, as known at a moment (None: now); None where nothing does."""
        found = as_of(self.log(kind), day, known_at)
        return self.known(self.by_id[found.key], known_at) if found else None

    def spans(self, kind: str, known_at: datetime | None = None) -> tuple[Span, ...]:
        """Return the stretches of days of a kind, as known at a moment."""
        return timeline(self.log(kind), known_at)

    def known(self, fact: CustomerFact, known_at: datetime | None = None) -> Known:
        """Return where a fact stood at a moment (None: where it stands)."""
        stand = Stand(fact.value, fact.entered_by, tuple(fact.backed_by), heard=tuple(fact.heard))
        checked_on = fact.collected_on
        for voice in self.voices.get(fact.id, ()):
            if known_at is not None and voice.at > known_at:
                break
            if voice.act == "recheck":
                checked_on = max(checked_on, voice.day or checked_on)
            else:
                stand = _after(stand, voice)
        return Known(fact, stand, checked_on)


def _after(stand: Stand, voice: FactVoice) -> Stand:
    if voice.act == "confirm":
        return rules.confirm(stand, voice.by)
    if voice.act == "dispute":
        return replace(stand, rival=voice.value, rival_by=voice.by)
    return rules.decide(stand, voice.by, voice.value)


def history_of(session: Session, customer_id: str, kinds: Iterable[str] = ()) -> History:
    """Return all that was ever said of a customer, or of some kinds. Two queries."""
    query = select(CustomerFact).where(CustomerFact.customer_id == customer_id)
    chosen = tuple(kinds)
    if chosen:
        query = query.where(CustomerFact.kind.in_(chosen))
    facts: dict[str, list[CustomerFact]] = defaultdict(list)
    for fact in session.scalars(query.order_by(CustomerFact.known_at, CustomerFact.seq)):
        facts[fact.kind].append(fact)
    voices: dict[str, list[FactVoice]] = defaultdict(list)
    if facts:
        said = select(FactVoice).where(FactVoice.fact_id.in_(query.with_only_columns(CustomerFact.id)))
        for voice in session.scalars(said.order_by(FactVoice.at, FactVoice.seq)):
            voices[voice.fact_id].append(voice)
    return History(facts, voices)


def facts_of(session: Session, customer_id: str, on: date, known_at: datetime | None = None) -> dict[str, Known]:
    """Return by kind what was true of a customer on a day as it was known at a moment; known_at None: as it is known now.

    The caller has asked who may see it.
    """
    history = history_of(session, customer_id)
    found = {kind: history.at(kind, on, known_at) for kind in history.facts}
    return {kind: known for kind, known in found.items() if known is not None}


def fact_as_json(known: Known) -> dict[str, Any]:
    """Return a fact with where it stands as plain JSON values."""
    fact, stand = known.fact, known.stand
    return {
        "id": fact.id,
        "kind": fact.kind,
        "value": fact.value,
        "valid_from": fact.valid_from.isoformat(),
        "valid_until": fact.valid_until.isoformat() if fact.valid_until else None,
        "known_at": fact.known_at.isoformat(),
        "withdrawn_at": fact.withdrawn_at.isoformat() if fact.withdrawn_at else None,
        "source": fact.source,
        "document_id": fact.document_id,
        "page": fact.page or None,
        "note": fact.note or None,
        "collected_by": fact.collected_by,
        "collected_on": fact.collected_on.isoformat(),
        "checked_on": known.checked_on.isoformat(),
        "entered_by": fact.entered_by,
        "confirmed_by": list(stand.confirmed_by),
        "state": known.state,
        "rival": {"value": stand.rival, "by": stand.rival_by} if stand.rival_by else None,
        "corrects": fact.corrects,
    }
