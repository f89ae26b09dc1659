"""How everybody's information stands (RULES A2.3), person by person.

Where there is little it is counted when it is asked for. Where there is much it is counted ahead, for each who asks as they may see it: the
board says of what moment it is, and having been asked for is what makes the worker count it anew.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.access.people import actor_of_person
from service.access.policy import Actor, sees_all_departments, tiers_of
from service.flow.common.counting import count_up_to
from service.flow.common.guard import listing, require
from service.flow.common.sight import customers_in_sight
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import Customer, FactDuty, FreshnessBoard, Person

#: Up to so many pieces of information the board is counted when it is asked for.
FEW = 50_000
#: A board older than this is counted anew before it is shown; one that was asked for is counted anew after `STALE`.
OLDEST, STALE = timedelta(hours=12), timedelta(seconds=60)
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Standing:
    """How one person's duties stand. login: "" for what nobody answers for. soon: due within a week."""

    login: str
    name: str
    total: int
    stale: int
    stale_key: int
    soon: int
    unverified: int


@dataclass(frozen=True)
class Board:
    """The lines, the most overdue first. counted_at: of what moment they are; None for now."""

    rows: tuple[Standing, ...]
    counted_at: datetime | None = None


def board_of(house: House, actor: Actor) -> Board:
    """Return how everybody's duties stand as far as `actor` may see, and note the reading. Raises NotAllowed."""
    require(actor, "fact.read")
    now = house.clock.now()
    with listing(house, actor, "fact") as session:
        if count_up_to(session, select(FactDuty.kind), FEW) <= FEW:
            return Board(count(session, actor, house.clock.today()))
        board = session.get(FreshnessBoard, scope_of(actor))
        if board is not None and board.counted_at > now - OLDEST:
            board.asked_at = now
            return Board(tuple(Standing(**row) for row in board.lines), board.counted_at)
        return Board(_keep(house, session, actor, now), now)


def scope_of(actor: Actor) -> str:
    """Return what stands for all that a person sees; the same for everybody who sees every customer."""
    if sees_all_departments(actor):
        return "all"
    seen = [actor.person_id, actor.department_id, tiers_of(actor), sorted((g.thing, g.tier) for g in actor.grants)]
    return hashlib.sha256(audit.canonical(seen).encode()).hexdigest()


def _keep(house: House, session: Session, actor: Actor, asked_at: datetime) -> tuple[Standing, ...]:
    """Count a board and keep it."""
    rows = count(session, actor, house.clock.today())
    person_id = None if sees_all_departments(actor) else actor.person_id
    values = {"lines": [asdict(row) for row in rows], "counted_at": house.clock.now(), "asked_at": asked_at}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    put = insert(FreshnessBoard).values(scope=scope_of(actor), person_id=person_id, **values)
    session.execute(put.on_conflict_do_update(index_elements=["scope"], set_=values))
    return rows


def count(session: Session, actor: Actor, today: date) -> tuple[Standing, ...]:
    """Return how everybody's duties stand today, the most overdue first."""
    duty = FactDuty
    stale = duty.due_on < today
    unverified = duty.state.in_(("unconfirmed", "entered", "once", "disputed"))

    def some(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(and_(*conditions))

    soon = and_(duty.due_on >= today, duty.due_on <= today + SOON)
    figures = (func.count(), some(stale), some(stale, duty.key.is_(True)), some(soon), some(unverified))
    query = select(duty.responsible_id, *figures).group_by(duty.responsible_id)
    if not sees_all_departments(actor):
        query = query.join(Customer, Customer.id == duty.customer_id).where(customers_in_sight(actor))
    rows = session.execute(query).all()
    ids = [row[0] for row in rows if row[0]]
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    found = []
    for person_id, *counted in rows:
        person = people.get(person_id or "")
        found.append(Standing(person.login if person else "", person.name if person else "", *counted))
    return tuple(sorted(found, key=lambda row: (-row.stale, row.login)))


def count_asked(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Count the boards anew that were asked for since they were counted; returns how many. Any number of workers may."""
    board, now = FreshnessBoard, house.clock.now()
    with house.database.read() as session:
        asked = select(board).where(board.asked_at > board.counted_at, board.counted_at < now - STALE)
        waiting = list(session.scalars(asked.order_by(board.counted_at)))
    counted = 0
    for row in waiting:
        if not go_on():
            break
        with house.database.read() as session:
            person = session.get(Person, row.person_id) if row.person_id else None
        actor = SYSTEM if person is None else actor_of_person(house, person)
        with house.database.write() as session:
            if scope_of(actor) != row.scope or (person is not None and person.disabled_at is not None):
                gone = session.get(board, row.scope)
                if gone is not None:
                    session.delete(gone)
                continue
            _keep(house, session, actor, row.asked_at)
        counted += 1
    return counted
