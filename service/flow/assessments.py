"""Assessments: a customer's score from inputs with their evidence, decided on by a second person (RULES A1.1, A1.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.default_card import EXAMPLE_SCORECARD
from credit.freshness import Reassessment, reassessment_due
from credit.override import Override, rate
from credit.scorecard import Assessment, Indicator, Input, Scorecard, ScoreLine, assess, recompute
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.guard import load_document, require
from service.flow.sight import sees_customer
from service.house import House
from service.records import audit
from service.records.tables import AssessmentRecord, Customer

#: Every version that an assessment may have been made with; an assessment names its own.
SCORECARDS: Mapping[str, Scorecard] = {EXAMPLE_SCORECARD.version: EXAMPLE_SCORECARD}
#: How far a person may set a grade above and below that of the score, in notches.
MOST_UP, MOST_DOWN = 1, 3
_MOST_EVIDENCE = 20


@dataclass(frozen=True)
class InputGiven:
    """What a person says of an indicator. value: a number or an answer as typed, "" when it is not known. evidence: documents."""

    value: str = ""
    evidence: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Assessed:
    """What is known of a customer's credit. current: the assessment in force. waiting: one that waits for the second person."""

    current: AssessmentRecord | None
    waiting: AssessmentRecord | None
    history: tuple[AssessmentRecord, ...]
    due: Reassessment


def make_assessment(
    house: House, actor: Actor, customer_id: str, inputs: Mapping[str, InputGiven], *, grade: str = "", reason: str = ""
) -> AssessmentRecord:
    """Assess a customer today; the result waits for a second person. grade, reason: a grade set against the score.

    Raises NotFound (customer or evidence), NotAllowed, BadInput, CreditError (a value that does not fit, a grade set too far),
    RuleRefused while another assessment waits.
    """
    card, today = EXAMPLE_SCORECARD, house.clock.today()
    known = {indicator.code: indicator for indicator in card.indicators}
    for code in inputs:
        if code not in known:
            raise BadInput(f"{code}: scorecard {card.version} has no such indicator", {code: "no such indicator"})
    with house.database.write() as session:
        _customer(session, actor, customer_id, "assessment.make")
        if _of(session, customer_id, "waiting"):
            raise RuleRefused("an assessment of this customer waits for a decision already")
        for given in inputs.values():
            if len(given.evidence) > _MOST_EVIDENCE:
                raise BadInput(f"evidence: at most {_MOST_EVIDENCE} documents for an indicator")
            for document_id in given.evidence:
                load_document(session, actor, document_id)
        made = assess(card, {code: _input(known[code], given, actor) for code, given in inputs.items()})
        set_by = Override(grade, actor.name, reason) if grade and grade != made.grade else None
        rating = rate(made, set_by, MOST_UP, MOST_DOWN)
        record = AssessmentRecord(
            customer_id=customer_id,
            scorecard=card.version,
            assessed_on=today,
            lines=[_line_as_json(line) for line in made.lines],
            exact=str(made.exact),
            score=made.score,
            score_grade=made.grade,
            grade=rating.grade,
            set_reason=reason if set_by else "",
            state="waiting",
            made_by=actor.name,
            made_at=house.clock.now(),
        )
        session.add(record)
        session.flush()
        detail = {"assessment": record.id, "scorecard": card.version, "score": str(made.score), "grade": rating.grade}
        audit.append(session, actor.name, "assessment.make", f"customer:{customer_id}", detail)
    return record


def decide_assessment(
    house: House, actor: Actor, customer_id: str, assessment_id: str, *, approve: bool, reason: str = ""
) -> None:
    """Let an assessment take effect or refuse it (with a reason); never the one who made it.

    Raises NotFound, NotAllowed, BadInput (a refusal without reason), RuleRefused (decided already; one's own).
    """
    if not approve and not reason.strip():
        raise BadInput("reason: say why it is refused", {"reason": "say why it is refused"})
    with house.database.write() as session:
        # The customer is the lock: two who decide at once come one after the other, and the second sees what the first did.
        _customer(session, actor, customer_id, "assessment.decide")
        record = session.get(AssessmentRecord, assessment_id)
        if record is None or record.customer_id != customer_id:
            raise NotFound(f"there is no assessment {assessment_id}")
        if record.state != "waiting":
            raise RuleRefused("this assessment was decided on already")
        if record.made_by == actor.name:
            raise RuleRefused("who made an assessment does not decide on it")
        if approve:
            for before in _of(session, record.customer_id, "in_force"):
                before.state = "replaced"
        record.state = "in_force" if approve else "refused"
        record.decided_by, record.decided_at, record.decided_reason = actor.name, house.clock.now(), reason.strip()
        verb = "approve" if approve else "refuse"
        detail = {"assessment": record.id, "grade": record.grade} | ({"reason": reason} if reason else {})
        audit.append(session, actor.name, f"assessment.{verb}", f"customer:{record.customer_id}", detail)


def assessments_of(session: Session, customer: Customer, today: date) -> Assessed:
    """Return a customer's assessments, newest first, and when the next is due; the caller has asked who may see them."""
    query = select(AssessmentRecord).where(AssessmentRecord.customer_id == customer.id)
    rows = tuple(session.scalars(query.order_by(AssessmentRecord.made_at.desc(), AssessmentRecord.id)))
    current = next((row for row in rows if row.state == "in_force"), None)
    waiting = next((row for row in rows if row.state == "waiting"), None)
    last = current.assessed_on if current else None
    return Assessed(current, waiting, rows, reassessment_due(last, customer.created_at.date(), (), today))


def list_assessments(house: House, actor: Actor, customer_id: str) -> Assessed:
    """Return a customer's assessments and note the reading. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        customer = _customer(session, actor, customer_id, "assessment.read")
        audit.append(session, actor.name, "assessment.list", f"customer:{customer_id}")
        return assessments_of(session, customer, house.clock.today())


def scores_of(assessed: Assessed) -> list[tuple[date, Decimal]]:
    """Return (day, score) of every assessment that was ever in force, for the warning lines (RULES A4.1)."""
    return [(row.assessed_on, row.score) for row in assessed.history if row.state in ("in_force", "replaced")]


def stands_up(record: AssessmentRecord) -> bool:
    """Return whether a kept assessment, computed again from its inputs and its scorecard, is the same to the last digit."""
    lines = tuple(_line_of(row) for row in record.lines)
    kept = Assessment(record.scorecard, lines, Decimal(record.exact), Decimal(record.score), record.score_grade)
    return recompute(SCORECARDS[record.scorecard], kept) == kept


def assessment_as_json(record: AssessmentRecord) -> dict[str, Any]:
    """Return an assessment with its arithmetic as plain JSON values."""
    return {
        "id": record.id,
        "customer_id": record.customer_id,
        "scorecard": record.scorecard,
        "assessed_on": record.assessed_on.isoformat(),
        "score": f"{record.score:.2f}",
        "score_grade": record.score_grade,
        "grade": record.grade,
        "set_reason": record.set_reason or None,
        "state": record.state,
        "lines": record.lines,
        "recomputed": stands_up(record),
        "made_by": record.made_by,
        "made_at": record.made_at.isoformat(),
        "decided_by": record.decided_by,
        "decided_at": record.decided_at.isoformat() if record.decided_at else None,
        "decided_reason": record.decided_reason or None,
    }


def _customer(session: Session, actor: Actor, customer_id: str, action: str) -> Customer:
    customer = session.get(Customer, customer_id, with_for_update=action != "assessment.read")
    if not sees_customer(session, actor, customer_id) or customer is None:
        raise NotFound(f"there is no customer {customer_id}")
    require(actor, action)
    return customer


def _of(session: Session, customer_id: str, state: str) -> list[AssessmentRecord]:
    query = select(AssessmentRecord).where(AssessmentRecord.customer_id == customer_id, AssessmentRecord.state == state)
    return list(session.scalars(query))


def _input(indicator: Indicator, given: InputGiven, actor: Actor) -> Input:
    """What was typed as the scorecard wants it. Raises BadInput for a number that is none."""
    text = given.value.strip()
    value: Decimal | str | None = None
    if text:
        value = text if indicator.choices else _number(indicator.code, text)
    by, note = (actor.name, given.note.strip()) if given.note.strip() else ("", "")
    return Input(value, given.evidence, by, note)


def _number(code: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15 or int(number.as_tuple().exponent) < -6:
        raise BadInput(f"{code}: give a number, with at most 6 digits after the point", {code: "give a number"})
    return number


def _line_as_json(line: ScoreLine) -> dict[str, Any]:
    number = isinstance(line.value, Decimal)
    return {
        "code": line.code,
        "value": None if line.value is None else str(line.value),
        "number": number,
        "evidence": list(line.evidence),
        "matched": line.matched,
        "points": str(line.points),
        "weight": str(line.weight),
        "contribution": str(line.contribution),
        "by": line.by,
        "note": line.note,
    }


def _line_of(row: Mapping[str, Any]) -> ScoreLine:
    value = Decimal(row["value"]) if row["number"] else row["value"]
    return ScoreLine(
        row["code"],
        value,
        tuple(row["evidence"]),
        row["matched"],
        points=Decimal(row["points"]),
        weight=Decimal(row["weight"]),
        contribution=Decimal(row["contribution"]),
        by=row["by"],
        note=row["note"],
    )
