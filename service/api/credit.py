"""Credit: assessments of customers."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.credit.assessments import (
    assessment_as_json,
    decide_assessment,
    desk_of,
    make_assessment,
    move_as_json,
)
from service.flow.credit.credit_events import event_as_json, record_event
from service.flow.credit.credit_forms import MAX_TEXT, fill_form, form_as_json, list_forms
from service.flow.credit.expert_reviews import MAX_OPINION, MOST_EXPERTS, give_opinion, name_experts
from service.flow.credit.scoring import InputGiven
from service.house import House

assessments = Operations("customers")


class IndicatorGiven(Input):
    """What is known of an indicator. value: a number or one of the answers, "" for no data; evidence: ids of documents."""

    value: Annotated[str, Field(max_length=40)] = ""
    evidence: Annotated[tuple[Annotated[str, Field(max_length=36)], ...], Field(max_length=20)] = ()
    note: Annotated[str, Field(max_length=500)] = ""


class NewAssessment(Input):
    """inputs: indicator code -> what is known; what the figures give needs none. grade, reason: a grade set against the score, and why.

    line: a credit line in yuan below what the rule proposes; "" takes the proposal.
    """

    inputs: Annotated[dict[Annotated[str, Field(max_length=40)], IndicatorGiven], Field(max_length=60)]
    grade: Annotated[str, Field(max_length=3)] = ""
    reason: Annotated[str, Field(max_length=500)] = ""
    line: Annotated[str, Field(max_length=24)] = ""


@assessments("GET", "/customers/{customer_id}/assessments", "A customer's assessments and when the next is due")
def customer_assessments(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the assessments, newest first, each computed again (RULES A1.1), and the day of the next (A1.2)."""
    desk = desk_of(house, actor, customer_id)
    found = desk.assessed
    return {
        "scorecard": desk.card.version,
        "computed": {code: str(value) for code, value in desk.computed.items()},
        "current": found.current.id if found.current else None,
        "line": None if found.current is None or found.current.line is None else f"{found.current.line:.2f}",
        "next_due": found.due.due.isoformat(),
        "overdue": found.due.overdue,
        "why": [{"zh": reason.zh, "en": reason.en} for reason in found.due.reasons],
        "events": [event_as_json(event) for event in found.events],
        "moved": [move_as_json(move) for move in desk.moves],
        "experts": list(desk.opinions),
        "assessments": [assessment_as_json(record, found.cards) for record in found.history],
    }


@assessments(
    "POST",
    "/customers/{customer_id}/assessments",
    "Assess a customer; a second person decides",
    body=NewAssessment,
    status=201,
    problems=(409,),
)
def assess_customer(house: House, actor: Actor, customer_id: str, given: NewAssessment) -> dict[str, Any]:
    """Score the customer with the scorecard in force."""
    inputs = {code: InputGiven(row.value, row.evidence, row.note) for code, row in given.inputs.items()}
    made = make_assessment(house, actor, customer_id, inputs, grade=given.grade, reason=given.reason, line=given.line)
    return {"id": made.id, "score": f"{made.score:.2f}", "grade": made.grade, "state": made.state,
            "line": None if made.line is None else f"{made.line:.2f}", "high_value": made.high_value or None,
            "lines": made.lines}  # fmt: skip


class Decision(Input):
    """approve: whether it takes effect. reason: needed for a refusal, and as the conclusion of an expert review."""

    approve: bool
    reason: Annotated[str, Field(max_length=2000)] = ""


@assessments(
    "POST",
    "/customers/{customer_id}/assessments/{assessment_id}/decision",
    "Let an assessment take effect, or refuse it",
    body=Decision,
    status=204,
    problems=(409,),
)
def decide_on_assessment(house: House, actor: Actor, customer_id: str, assessment_id: str, given: Decision) -> None:
    """Decide as the second person."""
    decide_assessment(house, actor, customer_id, assessment_id, approve=given.approve, reason=given.reason)


class Experts(Input):
    """experts: logins of those who review it; two or more."""

    experts: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=MOST_EXPERTS)]


@assessments(
    "PUT",
    "/customers/{customer_id}/assessments/{assessment_id}/experts",
    "Name the experts who review an assessment",
    body=Experts,
    status=204,
    problems=(409,),
)
def name_assessment_experts(house: House, actor: Actor, customer_id: str, assessment_id: str, given: Experts) -> None:
    """Name who reviews a high-value customer's assessment (RULES A1.3)."""
    name_experts(house, actor, customer_id, assessment_id, given.experts)


class Opinion(Input):
    """grade: the one the expert finds right. opinion: why."""

    grade: Annotated[str, Field(max_length=3)]
    opinion: Annotated[str, Field(max_length=MAX_OPINION)]


@assessments(
    "POST",
    "/customers/{customer_id}/assessments/{assessment_id}/opinion",
    "Give an opinion as a named expert",
    body=Opinion,
    status=204,
    problems=(409,),
)
def give_assessment_opinion(house: House, actor: Actor, customer_id: str, assessment_id: str, given: Opinion) -> None:
    """Say what one finds, once."""
    give_opinion(house, actor, customer_id, assessment_id, grade=given.grade, opinion=given.opinion)


class NewEvent(Input):
    """kind: of RULES A1.2. known_on: the day it became known. note or document_id: what shows it."""

    kind: Annotated[str, Field(max_length=40)]
    known_on: Annotated[str, Field(max_length=10)]
    note: Annotated[str, Field(max_length=2000)] = ""
    document_id: Annotated[str, Field(max_length=36)] = ""


@assessments(
    "POST",
    "/customers/{customer_id}/events",
    "Record an event that makes a re-assessment due at once",
    body=NewEvent,
    status=201,
)
def record_credit_event(house: House, actor: Actor, customer_id: str, given: NewEvent) -> dict[str, Any]:
    """Record a major event (RULES A1.2)."""
    made = record_event(
        house,
        actor,
        customer_id,
        given.kind,
        given.known_on,
        note=given.note,
        document_id=given.document_id,
    )
    return event_as_json(made)


@assessments("GET", "/customers/{customer_id}/forms", "The forms of a customer's credit file")
def customer_forms(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the forms that were made (RULES B5), newest first, each with its document once that is filed."""
    return {"forms": [form_as_json(form) for form in list_forms(house, actor, customer_id)]}


class NewForm(Input):
    """category: 5.1 application, 5.2 survey, 5.4 reply letter. items: what is filled in, by the names of the form."""

    category: Annotated[str, Field(max_length=8)]
    items: Annotated[
        dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=MAX_TEXT)]], Field(max_length=40)
    ]


@assessments(
    "POST", "/customers/{customer_id}/forms", "Fill in a form; its PDF is filed by itself", body=NewForm, status=201
)
def fill_credit_form(house: House, actor: Actor, customer_id: str, given: NewForm) -> dict[str, Any]:
    """Keep an application, a survey or a reply letter."""
    return form_as_json(fill_form(house, actor, customer_id, given.category, given.items))


GROUPS = (assessments,)
