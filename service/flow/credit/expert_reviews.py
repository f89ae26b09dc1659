"""The review of high-value customers by experts (RULES A1.3): two or more are named, each gives an opinion, the decision concludes.

Nobody fills two parts: who made the assessment is no expert of it, and no expert decides on it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.scorecard import GRADES
from service.access.people import actor_of_person
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import allowed
from service.flow.common.sight import customers_in_sight, sees_customer
from service.flow.credit.customer_access import load_customer
from service.flow.credit.deliveries import News, tell
from service.house import House
from service.records import audit
from service.records.tables import AssessmentRecord, Customer, ExpertOpinion, Person

LEAST_EXPERTS, MOST_EXPERTS = 2, 20
MAX_OPINION = 4000


def opinions_of(session: Session, assessment_id: str) -> tuple[ExpertOpinion, ...]:
    """Return the experts of an assessment and what they said, in the order in which they were named."""
    query = select(ExpertOpinion).where(ExpertOpinion.assessment_id == assessment_id)
    return tuple(session.scalars(query.order_by(ExpertOpinion.named_at, ExpertOpinion.person_id)))


def name_experts(house: House, actor: Actor, customer_id: str, assessment_id: str, logins: Sequence[str]) -> None:
    """Name who reviews an assessment, and tell them; whoever has spoken stays. Raises NotFound, NotAllowed, BadInput, RuleRefused."""
    wanted = list(dict.fromkeys(login.strip() for login in logins if login.strip()))
    if not LEAST_EXPERTS <= len(wanted) <= MOST_EXPERTS:
        why = f"name {LEAST_EXPERTS} to {MOST_EXPERTS} different people"
        raise BadInput(f"experts: {why}", {"experts": why})
    with house.database.write() as session:
        record = _waiting(session, actor, customer_id, assessment_id, "assessment.make")
        people = {person.login: person for person in session.scalars(select(Person).where(Person.login.in_(wanted)))}
        for login in wanted:
            why = _against(house, session, people.get(login), record)
            if why:
                raise BadInput(f"experts: {login} {why}", {"experts": f"{login} {why}"})
        there = {row.person_id: row for row in opinions_of(session, record.id)}
        chosen = {people[login].id for login in wanted}
        for person_id, row in there.items():
            if person_id not in chosen:
                if row.given_at is not None:
                    raise RuleRefused("an expert who has given an opinion stays in the review")
                session.delete(row)
        now = house.clock.now()
        for person_id in sorted(chosen - set(there)):
            session.add(ExpertOpinion(assessment_id=record.id, person_id=person_id, named_by=actor.name, named_at=now))
        _tell(house, session, record, [people[login] for login in wanted])
        detail = {"assessment": record.id, "experts": sorted(wanted)}
        audit.append(session, actor.name, "assessment.name_experts", f"customer:{customer_id}", detail)


def _tell(house: House, session: Session, record: AssessmentRecord, experts: Sequence[Person]) -> None:
    """Tell experts that their opinion is waited for: each once, however often the list is changed."""
    customer = session.get_one(Customer, record.customer_id)
    news = News(
        event="assessment.review",
        event_id=f"{record.id}:review",
        customer=customer,
        zh=f"请你评审信用评估：{record.grade} 级",
        en=f"your opinion on an assessment is asked for: grade {record.grade}",
        path=f"/customers/{customer.id}/assessments",
        data={},
        outside=False,
    )
    tell(house, session, news, experts)


def _against(house: House, session: Session, person: Person | None, record: AssessmentRecord) -> str:
    """Return why somebody cannot review an assessment, "" when they can."""
    if person is None or person.disabled_at is not None:
        return "is nobody who works here"
    expert = actor_of_person(house, person)
    if expert.name == record.made_by:
        return "made the assessment and does not review it"
    if not allowed(expert, "assessment.review"):
        return "has no role that reviews assessments"
    if not sees_customer(session, expert, record.customer_id):
        return "does not see this customer; it is opened to them first"
    return ""


def give_opinion(house: House, actor: Actor, customer_id: str, assessment_id: str, *, grade: str, opinion: str) -> None:
    """Say what one finds as a named expert, once. Raises NotFound, NotAllowed, BadInput, RuleRefused."""
    wrong = {}
    if grade not in GRADES:
        wrong["grade"] = f"one of {', '.join(GRADES)}"
    if not opinion.strip() or len(opinion) > MAX_OPINION:
        wrong["opinion"] = f"is needed, at most {MAX_OPINION} characters"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        record = _waiting(session, actor, customer_id, assessment_id, "assessment.review")
        row = session.get(ExpertOpinion, (record.id, actor.person_id or ""))
        if row is None:
            raise RuleRefused("only an expert who was named gives an opinion")
        if row.given_at is not None:
            raise RuleRefused("this opinion was given already; it stays as it is")
        row.grade, row.opinion, row.given_at = grade, opinion.strip(), house.clock.now()
        detail = {"assessment": record.id, "grade": grade}
        audit.append(session, actor.name, "assessment.add_opinion", f"customer:{customer_id}", detail)


def _waiting(session: Session, actor: Actor, customer_id: str, assessment_id: str, action: str) -> AssessmentRecord:
    load_customer(session, actor, customer_id, action)
    record = session.get(AssessmentRecord, assessment_id)
    if record is None or record.customer_id != customer_id:
        raise NotFound(f"there is no assessment {assessment_id}")
    if record.state != "waiting":
        raise RuleRefused("this assessment was decided on already")
    if not record.high_value:
        raise RuleRefused("this customer is below the thresholds of the expert review")
    return record


def demand_reviewed(session: Session, actor: Actor, record: AssessmentRecord, conclusion: str) -> None:
    """Raise unless an assessment may take effect: every named expert of a high-value customer has spoken, and there is a conclusion.

    Raises RuleRefused, BadInput.
    """
    if not record.high_value:
        return
    rows = opinions_of(session, record.id)
    if len(rows) < LEAST_EXPERTS:
        raise RuleRefused("a high-value customer needs the opinions of two named experts before the grade takes effect")
    if any(row.person_id == actor.person_id for row in rows):
        raise RuleRefused("an expert of the review does not decide on it")
    silent = sum(row.given_at is None for row in rows)
    if silent:
        raise RuleRefused(f"{silent} of {len(rows)} experts have not given their opinion yet")
    if not conclusion.strip():
        why = "write the conclusion of the review"
        raise BadInput(f"reason: {why}", {"reason": why})


def opinion_as_json(row: ExpertOpinion, person: Person) -> dict[str, Any]:
    """Return an expert's part as plain JSON values."""
    return {
        "person_id": row.person_id,
        "login": person.login,
        "name": person.name,
        "grade": row.grade or None,
        "opinion": row.opinion,
        "named_by": row.named_by,
        "given_at": row.given_at.isoformat() if row.given_at else None,
    }


def reviews_for(session: Session, actor: Actor) -> list[tuple[AssessmentRecord, Customer]]:
    """Return the assessments that wait for this person's opinion, the oldest first."""
    query = (
        select(AssessmentRecord, Customer)
        .join(ExpertOpinion, ExpertOpinion.assessment_id == AssessmentRecord.id)
        .join(Customer, Customer.id == AssessmentRecord.customer_id)
        .where(ExpertOpinion.person_id == (actor.person_id or ""), ExpertOpinion.given_at.is_(None))
        .where(AssessmentRecord.state == "waiting", customers_in_sight(actor))
        .order_by(AssessmentRecord.made_at)
    )
    return [(record, customer) for record, customer in session.execute(query)]
