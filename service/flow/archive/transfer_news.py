"""Who is told of the transfers that come near or are late (RULES B3): those the escalation names, in one message each.

In the application, and by e-mail where a person wants it; written in the transaction that notes it, so that neither is there without
the other.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.papers import all_standing
from service.access.people import to_actor
from service.access.policy import tiers_of
from service.flow.common.notices import notify
from service.house import House
from service.records.tables import Delivery, Person, Transfer


def tell_of_transfers(
    house: House, session: Session, news: Sequence[tuple[Transfer, Sequence[str]]], today: date
) -> int:
    """Tell people of the transfers that have now come to them, in the caller's transaction; returns how many were told.

    news: each transfer with whom it has come to, as `retention.transfer.told` names them. Where nobody is to be found (an account that
    was closed, a department without a head) the credit administrators are told. Who has not yet seen what they were told today is
    not told again: the page shows all. No transfer counts for who may not know of its file.
    """
    if not news:
        return 0
    everybody = {
        person.id: person
        for person in session.scalars(select(Person).where(Person.disabled_at.is_(None), Person.kind == "person"))
    }
    mine = _by_person(news, everybody)
    actors = all_standing(house, session, {person_id: to_actor(everybody[person_id]) for person_id in mine})
    unseen = select(Delivery.person_id).where(
        Delivery.channel == "inbox", Delivery.event_id.startswith(_day(today)), Delivery.read_at.is_(None)
    )
    waiting = set(session.scalars(unseen))
    told = 0
    for person_id, rows in mine.items():
        person = everybody[person_id]
        audits = "auditor" in person.roles  # who reads of it in the trail, where no tier hides it
        seen = [row for row in rows if audits or row.tier in tiers_of(actors[person_id])]
        if seen and person_id not in waiting:
            late = sum(row.due_on < today for row in seen)
            path = "/audit" if audits else "/transfers"
            notify(house, session, "transfer.due", f"{_day(today)}{seen[0].id}", _said(late, len(seen)), path, [person])
            told += 1
    return told


def _day(today: date) -> str:
    return f"transfers:{today}:"


def _said(late: int, count: int) -> tuple[str, str]:
    soon = count - late
    zh = [f"已逾期 {late} 项"] * bool(late) + [f"即将到期 {soon} 项"] * bool(soon)
    en = [f"{late} overdue"] * bool(late) + [f"{soon} due soon"] * bool(soon)
    return f"移交期限：{'，'.join(zh)}", f"transfers: {', '.join(en)}"


def _by_person(
    news: Sequence[tuple[Transfer, Sequence[str]]], everybody: Mapping[str, Person]
) -> dict[str, list[Transfer]]:
    """Return the transfers by the id of each person they have come to."""
    holders: dict[str, list[str]] = defaultdict(list)
    heads: dict[str, list[str]] = defaultdict(list)
    for person in everybody.values():
        for role in person.roles:
            holders[role].append(person.id)
        if "department_head" in person.roles:
            heads[person.department_id or ""].append(person.id)
    found: dict[str, dict[str, Transfer]] = defaultdict(dict)
    for row, words in news:
        for word in words:
            people: list[str] = []
            if word == "responsible":
                people = [row.responsible_id] if row.responsible_id and row.responsible_id in everybody else []
            elif word == "department_head":
                people = heads[row.department_id]
            else:
                people = holders[word]
            for person_id in people or holders["credit_administrator"]:
                found[person_id][row.id] = row
    return {person_id: list(rows.values()) for person_id, rows in found.items()}
