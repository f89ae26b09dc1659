"""What people are told that is about no customer: a report is there, a run does not get on. Written with what it tells of."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.house import House
from service.records.tables import Delivery, MailAddress, Person, new_id

Told: TypeAlias = tuple[str, str, str | None]  # channel, target, id of the person


def notify(
    house: House,
    session: Session,
    event: str,
    event_id: str,
    said: tuple[str, str],
    path: str,
    people: Iterable[Person],
) -> None:
    """Write down that these people are told, in the application and by e-mail where they want it; nobody twice of one event.

    said: in Chinese and in English, a line each. path: the page to open. In the caller's transaction.
    """
    now, told = house.clock.now(), {person.id: person for person in people if person.disabled_at is None}
    wanted: list[Told] = [("inbox", key, key) for key in told]
    if house.settings.smtp is not None:
        own = select(MailAddress).where(MailAddress.person_id.in_(list(told)))
        wanted += [("mail", row.address, row.person_id) for row in session.scalars(own)]
    content = {"zh": said[0], "en": said[1], "path": path, "data": {}}
    write_down(session, now, wanted, event_id=event_id, event=event, content=content)


def write_down(session: Session, now: datetime, wanted: Iterable[Told], **what: Any) -> None:
    """Write a delivery for each who is to be told and was not told of this event yet. what: the columns that all of them share."""
    told_of = select(Delivery.channel, Delivery.target).where(Delivery.event_id == what["event_id"])
    known = {(channel, target) for channel, target in session.execute(told_of)}
    for channel, target, person_id in wanted:
        if (channel, target) in known:
            continue
        there = channel == "inbox"
        session.add(
            Delivery(
                id=new_id(),
                channel=channel,
                target=target,
                person_id=person_id,
                state="sent" if there else "waiting",
                attempts=1 if there else 0,
                next_at=now,
                created_at=now,
                sent_at=now if there else None,
                **what,
            )
        )


def office(session: Session, role: str = "credit_administrator") -> list[Person]:
    """Return those with a role, and an account in use: told where nobody else is to be."""
    people = session.scalars(select(Person).where(Person.disabled_at.is_(None), Person.kind == "person"))
    return [person for person in people if role in person.roles]


def by_name(session: Session, name: str) -> list[Person]:
    """Return who is called so in the trail, or the credit administrators for the command line and the worker."""
    login = name.removeprefix("person:")
    person = session.scalar(select(Person).where(Person.login == login)) if login != name else None
    return [person] if person is not None else office(session)
