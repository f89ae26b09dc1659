"""The yearly appraisal (年度鉴定): once a year the archivists are told that files wait for one (RULES Part B, Appraisal and destruction)."""

from sqlalchemy import select

from service.access.people import actor_of_person
from service.flow.archive.candidates import any_candidate
from service.flow.common.notices import notify
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import Delivery, Person

_SAID = (
    "有案卷保管期限届满、未在鉴定中：请提出本年度鉴定",
    "files have reached the end of their retention and stand on no review: propose this year's appraisal",
)


def tell_yearly(house: House) -> int:
    """Tell each archivist once a year, as soon as there is a file that they may see and that is due; returns how many were told.

    A number is not said: it would tell of files whose tier others may not know of.
    """
    today = house.clock.today()
    event_id = f"appraisal:{today.year}"
    with house.database.read() as session:
        told = set(session.scalars(select(Delivery.person_id).where(Delivery.event_id == event_id)))
        people = session.scalars(select(Person).where(Person.disabled_at.is_(None), Person.kind == "person"))
        waiting = [person for person in people if "archivist" in person.roles and person.id not in told]
    due = []
    for person in waiting:
        with house.database.read() as session:
            if any_candidate(session, actor_of_person(house, person), today):
                due.append(person)
    if due:
        with house.database.write() as session:
            audit.append(session, SYSTEM.name, "review.remind", "reviews", {"year": today.year, "people": len(due)})
            notify(house, session, "appraisal.due", event_id, _SAID, "/reviews", due)
    return len(due)
