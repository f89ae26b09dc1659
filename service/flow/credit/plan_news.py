"""Whom the yearly plan reminds (RULES A1.2): of customers whose re-assessment comes near, and of those whose day has come."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from service.flow.credit.deliveries import News, tell
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import AssessmentDuty, Customer, Person, new_id

_NAMED = 3  # customers a message names


def tell_due(house: House) -> int:
    """Tell everybody of the customers they must assess: once when the day comes near, once when it has come; returns how many people.

    What was told is noted in the transaction that tells it: killed in between, neither is there.
    """
    today = house.clock.today()
    with house.database.read() as session:
        people = list(session.scalars(select(AssessmentDuty.responsible_id).where(_news(house, today)).distinct()))
    told = 0
    for person_id in people:
        with house.database.write() as session:
            person = session.get(Person, person_id, with_for_update={"key_share": True, "of": Person})
            if person is not None and person.disabled_at is None:
                told += _tell(house, session, person, today)
    return told


def _news(house: House, today: date) -> Any:
    """Which rows have come to where their person is to be told, and was not."""
    duty, soon = AssessmentDuty, today + timedelta(days=house.settings.assessment_notice_days)
    return duty.responsible_id.is_not(None) & or_(
        (duty.due_on <= today) & (duty.told != "due"), (duty.due_on <= soon) & (duty.told == "")
    )


def _tell(house: House, session: Session, person: Person, today: date) -> bool:
    mine = (_news(house, today), AssessmentDuty.responsible_id == person.id)
    due, soon = (AssessmentDuty.due_on <= today), (AssessmentDuty.due_on > today)
    counts = {}
    for name, which in (("due", due), ("soon", soon)):
        counts[name] = session.scalar(select(func.count()).select_from(AssessmentDuty).where(*mine, which)) or 0
    if not any(counts.values()):
        return False
    first = select(Customer).join(AssessmentDuty, AssessmentDuty.customer_id == Customer.id).where(*mine)
    rows = list(session.scalars(first.order_by(AssessmentDuty.due_on, Customer.name).limit(_NAMED)))
    zh, en = _words(counts, rows)
    alone = rows[0] if sum(counts.values()) == 1 else None
    news = News(
        event="assessment.due",
        event_id=f"plan:{new_id()}",
        customer=alone,
        zh=zh,
        en=en,
        path=f"/customers/{alone.id}/assessments" if alone else "/assessments/plan",
        data={"due": counts["due"], "soon": counts["soon"]},
        outside=False,
    )
    for word, which in (("due", due), ("soon", soon)):
        session.execute(
            update(AssessmentDuty).where(*mine, which).values(told=word).execution_options(synchronize_session=False)
        )
    tell(house, session, news, [person])
    audit.append(session, SYSTEM.name, "assessment.remind", f"person:{person.login}", counts)
    return True


def _words(counts: Mapping[str, int], rows: Sequence[Customer]) -> tuple[str, str]:
    many = sum(counts.values())
    names = "、".join(row.name for row in rows) + ("等" if many > len(rows) else "")
    english = ", ".join(row.name for row in rows) + (" and others" if many > len(rows) else "")
    zh = [f"到期 {counts['due']} 家"] * bool(counts["due"]) + [f"将到期 {counts['soon']} 家"] * bool(counts["soon"])
    en = [f"{counts['due']} due"] * bool(counts["due"]) + [f"{counts['soon']} due soon"] * bool(counts["soon"])
    return f"须重新评估：{'，'.join(zh)}（{names}）", f"to be assessed anew: {', '.join(en)} ({english})"
