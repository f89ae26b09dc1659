"""Assessments: a customer's score from inputs with their evidence, decided on by a second person (RULES A1.1, A1.2, A1.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.card import Card
from credit.freshness import MajorEvent, Reassessment, reassessment_due
from credit.merging import counted
from credit.movement import Move, movement
from credit.override import Override
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import load_document
from service.flow.common.sight import visible
from service.flow.credit.assessment_plan import assessor_of, office_of, renew_plan
from service.flow.credit.blocks import grade_changed
from service.flow.credit.cards import cards_of, champion
from service.flow.credit.credit_forms import Decided, forms_of, want_forms
from service.flow.credit.customer_access import load_customer
from service.flow.credit.expert_reviews import demand_reviewed, opinion_as_json, opinions_of
from service.flow.credit.known import NOTHING, Sources, sources_of
from service.flow.credit.scoring import (
    InputGiven,
    assessment_of,
    draw,
    high_value,
    line_for,
    made,
    record_of,
    stands_up,
)
from service.flow.credit.warnings import look_at
from service.house import House
from service.records import audit
from service.records.tables import (
    AssessmentDuty,
    AssessmentRecord,
    CaseFile,
    CreditEvent,
    CreditForm,
    Customer,
    Document,
    Person,
)

__all__ = ["InputGiven", "stands_up"]  # the rest is found by name

_MOST_EVIDENCE = 20


@dataclass(frozen=True)
class Assessed:
    """What is known of a customer's credit. current: the assessment in force. waiting: one that waits for the second person.

    events: those no assessment has answered yet. cards: the scorecards of the history, by version.
    """

    current: AssessmentRecord | None
    waiting: AssessmentRecord | None
    history: tuple[AssessmentRecord, ...]
    due: Reassessment
    events: tuple[CreditEvent, ...] = ()
    cards: Mapping[str, Card] = field(default_factory=dict)


def make_assessment(
    house: House,
    actor: Actor,
    customer_id: str,
    inputs: Mapping[str, InputGiven],
    *,
    grade: str = "",
    reason: str = "",
    line: str = "",
) -> AssessmentRecord:
    """Assess a customer today; the result waits for a second person, one of a high-value customer for experts before.

    grade, reason: a grade set against the score. line: a credit line below what the rule proposes.
    Raises NotFound (customer or evidence), NotAllowed, BadInput, CreditError (a value that does not fit, a grade set too far),
    RuleRefused while another assessment waits.
    """
    today = house.clock.today()
    with house.database.write() as session:
        load_customer(session, actor, customer_id, "assessment.make")
        card = champion(session)
        if _of(session, customer_id, "waiting"):
            raise RuleRefused("an assessment of this customer waits for a decision already")
        for given in inputs.values():
            if len(given.evidence) > _MOST_EVIDENCE:
                raise BadInput(f"evidence: at most {_MOST_EVIDENCE} documents for an indicator")
            for document_id in given.evidence:
                load_document(session, actor, document_id)
        sources = sources_of(session, [customer_id], today)[customer_id]
        drawn = draw(card, sources, inputs, actor)
        rating = made(card, drawn, Override(grade, actor.name, reason) if grade else None)
        credit_line = line_for(card, rating.grade, sources, line)
        record = record_of(customer_id, rating, drawn, credit_line, today, house.clock.now())
        record.made_by = actor.name
        in_force = line_of(session, customer_id)
        lines = [amount for amount in (credit_line.amount, in_force) if amount is not None]
        record.high_value = high_value(house.settings, max(lines, default=None), sources)
        session.add(record)
        session.flush()
        detail = {"assessment": record.id, "scorecard": card.version, "score": str(record.score), "grade": record.grade}
        audit.append(session, actor.name, "assessment.make", f"customer:{customer_id}", detail)
    return record


def decide_assessment(
    house: House, actor: Actor, customer_id: str, assessment_id: str, *, approve: bool, reason: str = ""
) -> None:
    """Let an assessment take effect or refuse it (with a reason); never the one who made it.

    Of a high-value customer the reason is the conclusion of the review, and every named expert has spoken (RULES A1.3).
    Raises NotFound, NotAllowed, BadInput (a refusal without reason, a review without conclusion), RuleRefused (decided already;
    one's own; experts missing).
    """
    if not approve and not reason.strip():
        raise BadInput("reason: say why it is refused", {"reason": "say why it is refused"})
    with house.database.write() as session:
        # The customer is the lock: two who decide at once come one after the other, and the second sees what the first did.
        customer = load_customer(session, actor, customer_id, "assessment.decide")
        record = _waiting(session, customer_id, assessment_id)
        if record.made_by == actor.name:
            raise RuleRefused("who made an assessment does not decide on it")
        if approve:
            demand_reviewed(session, actor, record, reason)
            in_force = _of(session, customer_id, "in_force")
            for row in in_force:
                row.state = "replaced"
            session.flush()
            before = next(iter(in_force), None)
            answer_events(session, record)
            want_forms(
                house, session, customer, record, before, Decided(actor.name, house.clock.today(), reason.strip())
            )
        record.state = "in_force" if approve else "refused"
        record.decided_by, record.decided_at, record.decided_reason = actor.name, house.clock.now(), reason.strip()
        if approve:
            grade_changed(house, session, customer, before.grade if before else None, record.grade, record.id)
            renew_plan(session, [customer_id])
            look_at(house, session, customer_id)
        verb = "approve" if approve else "refuse"
        detail = {"assessment": record.id, "grade": record.grade} | ({"reason": reason} if reason else {})
        audit.append(session, actor.name, f"assessment.{verb}", f"customer:{record.customer_id}", detail)


def _waiting(session: Session, customer_id: str, assessment_id: str) -> AssessmentRecord:
    record = session.get(AssessmentRecord, assessment_id)
    if record is None or record.customer_id != customer_id:
        raise NotFound(f"there is no assessment {assessment_id}")
    if record.state != "waiting":
        raise RuleRefused("this assessment was decided on already")
    return record


def answer_events(session: Session, record: AssessmentRecord) -> None:
    """Note which events an assessment looked at: all that were recorded before it was made."""
    for event in events_of(session, record.customer_id):
        if event.recorded_at <= record.made_at:
            event.answered_by = record.id


def events_of(session: Session, customer_id: str) -> tuple[CreditEvent, ...]:
    """Return the events of a customer that no assessment has answered, the oldest first."""
    query = select(CreditEvent).where(CreditEvent.customer_id == customer_id, CreditEvent.answered_by.is_(None))
    return tuple(session.scalars(query.order_by(CreditEvent.known_on, CreditEvent.recorded_at)))


def assessments_of(session: Session, customer: Customer, today: date) -> Assessed:
    """Return a customer's assessments, newest first, and when the next is due; the caller has asked who may see them."""
    query = select(AssessmentRecord).where(AssessmentRecord.customer_id == customer.id)
    rows = tuple(session.scalars(query.order_by(AssessmentRecord.made_at.desc(), AssessmentRecord.id)))
    current = next((row for row in rows if row.state == "in_force"), None)
    waiting = next((row for row in rows if row.state == "waiting"), None)
    events = events_of(session, customer.id)
    major = [MajorEvent(event.kind, event.known_on) for event in events]
    due = reassessment_due(current.assessed_on if current else None, customer.created_at.date(), major, today)
    return Assessed(current, waiting, rows, due, events, cards_of(session, (row.scorecard for row in rows)))


def line_of(session: Session, customer_id: str) -> Decimal | None:
    """Return the credit line in force, in yuan; None where there is none."""
    current = next(iter(_of(session, customer_id, "in_force")), None)
    return current.line if current is not None else None


def list_assessments(house: House, actor: Actor, customer_id: str) -> Assessed:
    """Return a customer's assessments and note the reading. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        customer = load_customer(session, actor, customer_id, "assessment.read")
        audit.append(session, actor.name, "assessment.list", f"customer:{customer_id}")
        return assessments_of(session, customer, house.clock.today())


@dataclass(frozen=True)
class Desk:
    """All that an assessor sees of a customer. card: the scorecard in use; computed: what the figures give, by indicator.

    moves: what the waiting assessment, or else the one in force, changed against the one before it. documents: what may be evidence.
    duty, assessor: of the yearly plan, who assesses the customer; None while nobody planned it. office: who may.
    """

    customer: Customer
    assessed: Assessed
    card: Card
    sources: Sources
    computed: Mapping[str, Decimal]
    moves: tuple[Move, ...]
    opinions: tuple[dict[str, Any], ...]
    documents: tuple[Document, ...] = ()
    forms: tuple[CreditForm, ...] = ()
    duty: AssessmentDuty | None = None
    assessor: Person | None = None
    office: tuple[Person, ...] = ()


def desk_of(house: House, actor: Actor, customer_id: str) -> Desk:
    """Return what is needed to assess a customer and to decide on it, and note the reading. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        customer = load_customer(session, actor, customer_id, "assessment.read")
        audit.append(session, actor.name, "assessment.list", f"customer:{customer_id}")
        today = house.clock.today()
        assessed = assessments_of(session, customer, today)
        card = champion(session)
        sources = sources_of(session, [customer_id], today).get(customer_id, NOTHING)
        found = {i.code: sources.value(i.source) for i in card.scorecard.indicators if i.source}
        opinions = opinions_of(session, assessed.waiting.id) if assessed.waiting else ()
        people = [session.get_one(Person, row.person_id) for row in opinions]
        duty, assessor = assessor_of(session, customer_id)
        return Desk(
            customer,
            assessed,
            card,
            sources,
            {code: value for code, value in found.items() if value is not None},
            moves_of(assessed, assessed.waiting or assessed.current),
            tuple(opinion_as_json(row, person) for row, person in zip(opinions, people, strict=True)),
            documents_of(session, actor, customer_id),
            forms_of(session, customer_id),
            duty,
            assessor,
            tuple(office_of(session)),
        )


def documents_of(session: Session, actor: Actor, customer_id: str) -> tuple[Document, ...]:
    """Return the documents in a customer's files that the actor may read, the newest first."""
    files = select(CaseFile.id).where(CaseFile.customer_id == customer_id)
    query = select(Document).where(Document.case_file_id.in_(files), Document.status != "destroyed")
    return tuple(session.scalars(visible(query, actor).order_by(Document.received_at.desc()).limit(200)))


def moves_of(assessed: Assessed, record: AssessmentRecord | None) -> tuple[Move, ...]:
    """Return what an assessment changed against the one in force before it; nothing where there was none."""
    if record is None:
        return ()
    earlier = [
        row
        for row in assessed.history
        if row.id != record.id and row.state in ("in_force", "replaced") and row.made_at <= record.made_at
    ]
    before = max(earlier, key=lambda row: row.made_at, default=None)
    return () if before is None else movement(assessment_of(before).lines, assessment_of(record).lines)


def scores_of(assessed: Assessed) -> list[tuple[date, Decimal]]:
    """Return (day, score) of every assessment that was ever in force, for the warning lines (RULES A4.1)."""
    current = assessed.current
    replaced = [(row.assessed_on, row.score) for row in reversed(assessed.history) if row.state == "replaced"]
    return counted(replaced, (current.assessed_on, current.score) if current else None)


def assessment_as_json(record: AssessmentRecord, cards: Mapping[str, Card]) -> dict[str, Any]:
    """Return an assessment with its arithmetic as plain JSON values, computed again with its scorecard out of `cards`."""
    return {
        "id": record.id,
        "customer_id": record.customer_id,
        "scorecard": record.scorecard,
        "assessed_on": record.assessed_on.isoformat(),
        "score": f"{record.score:.2f}",
        "score_grade": record.score_grade,
        "grade": record.grade,
        "set_reason": record.set_reason or None,
        "line": None if record.line is None else f"{record.line:.2f}",
        "line_why": record.line_why,
        "high_value": record.high_value or None,
        "state": record.state,
        "lines": record.lines,
        "recomputed": stands_up(record, cards.get(record.scorecard)),
        "run": record.run_id,
        "made_by": record.made_by,
        "made_at": record.made_at.isoformat(),
        "decided_by": record.decided_by,
        "decided_at": record.decided_at.isoformat() if record.decided_at else None,
        "decided_reason": record.decided_reason or None,
    }


def move_as_json(move: Move) -> dict[str, Any]:
    """Return what an indicator moved as plain JSON values."""
    before, after = (None if line is None else line.value for line in (move.before, move.after))
    return {
        "code": move.code,
        "before": None if before is None else str(before),
        "after": None if after is None else str(after),
        "by": str(move.by),
        "why": move.why,
    }


def _of(session: Session, customer_id: str, state: str) -> list[AssessmentRecord]:
    """Return a customer's assessments in a state, the newest first."""
    query = select(AssessmentRecord).where(AssessmentRecord.customer_id == customer_id, AssessmentRecord.state == state)
    return list(session.scalars(query.order_by(AssessmentRecord.made_at.desc(), AssessmentRecord.id)))
