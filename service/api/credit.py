"""Credit: assessments of customers."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.assessments import (
    InputGiven,
    assessment_as_json,
    decide_assessment,
    list_assessments,
    make_assessment,
)
from service.house import House

assessments = Operations("customers")


class IndicatorGiven(Input):
    """What is known of an indicator. value: a number or one of the answers, "" for no data; evidence: ids of documents."""

    value: Annotated[str, Field(max_length=40)] = ""
    evidence: Annotated[tuple[Annotated[str, Field(max_length=36)], ...], Field(max_length=20)] = ()
    note: Annotated[str, Field(max_length=500)] = ""


class NewAssessment(Input):
    """inputs: indicator code -> what is known. grade, reason: a grade set against the score, and why."""

    inputs: Annotated[dict[Annotated[str, Field(max_length=40)], IndicatorGiven], Field(max_length=60)]
    grade: Annotated[str, Field(max_length=3)] = ""
    reason: Annotated[str, Field(max_length=500)] = ""


@assessments("GET", "/customers/{customer_id}/assessments", "A customer's assessments and when the next is due")
def customer_assessments(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the assessments, newest first, each computed again (RULES A1.1), and the day of the next (A1.2)."""
    found = list_assessments(house, actor, customer_id)
    return {
        "current": found.current.id if found.current else None,
        "next_due": found.due.due.isoformat(),
        "overdue": found.due.overdue,
        "why": [{"zh": reason.zh, "en": reason.en} for reason in found.due.reasons],
        "assessments": [assessment_as_json(record) for record in found.history],
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
    return assessment_as_json(
        make_assessment(house, actor, customer_id, inputs, grade=given.grade, reason=given.reason)
    )


class Decision(Input):
    """approve: whether it takes effect. reason: needed for a refusal."""

    approve: bool
    reason: Annotated[str, Field(max_length=500)] = ""


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


GROUPS = (assessments,)
