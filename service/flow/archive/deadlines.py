"""What is to be handed over by when (RULES B3): who sees which open transfer, lists, counts and months of them, and the daily sweep.

Of a million files a few are on their way. What is open is read in the order of its deadlines from an index that holds nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, extract, false, func, literal_column, select, true, union_all
from sqlalchemy.orm import Session, lazyload

from retention import transfer as rules
from retention.transfer import PARTS, urgency
from retention.why import Why
from service.access.policy import TIERS, Actor, sees_all_departments, tiers_of
from service.flow.archive.transfer_news import tell_of_transfers
from service.flow.common.guard import listing, require
from service.flow.common.keyset import Part, counted, page, shown
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Person, Transfer

View = Literal["mine", "all", "receive"]
# Written out, not as a parameter: only so a database knows that the index over what is open will do.
IS_OPEN = Transfer.state != literal_column("'accepted'")
_ORDER = (Transfer.due_on, Transfer.id)
_KINDS = (date, str)
_AT_ONCE = 500
#: Up to here they are counted: whether one may be seen is looked up for each of them.
MOST = 2_000


@dataclass(frozen=True)
class DueTransfer:
    """A transfer with how near its deadline is. urgency: late, soon, later or done; days: until the deadline."""

    transfer: Transfer
    urgency: str
    days: int
    why: Why

    @property
    def why_zh(self) -> str:
        """Why the deadline is this day, in Chinese."""
        return self.why.zh

    @property
    def why_en(self) -> str:
        """Why the deadline is this day, in English."""
        return self.why.en


def as_due(house: House, row: Transfer) -> DueTransfer:
    """Return a transfer with its urgency today."""
    near = urgency(row.due_on, house.clock.today())
    return DueTransfer(row, "done" if row.state == "accepted" else near.word, near.days, Why.from_json(row.why))


def open_transfers(actor: Actor, view: View, stage: str | None = None) -> Select[date, str]:
    """Return a query over deadline and id of the open transfers this person sees in a view."""
    seen = _in_sight(actor)
    if view != "all":
        arrived = _arrived(actor) if view == "mine" else _to_receive(actor)
        owed = [_owed(actor)] if view == "mine" else []
        seen = owed + [and_(one, arrived) for one in seen if arrived is not None]
    open_ = select(*_ORDER).where(IS_OPEN)
    tiers = tiers_of(actor)
    if set(tiers) != set(TIERS):
        open_ = open_.where(Transfer.tier.in_(tiers))
    if stage:
        open_ = open_.where(Transfer.stage == stage)
    found = union_all(*(open_.where(one) for one in seen or [false()])).subquery()
    return select(found.c.due_on, found.c.id)


def _in_sight(actor: Actor) -> list[ColumnElement[bool]]:
    """Return when this person may see a transfer of a tier that is open to them: it is of a file they may read, or their own.

    Several conditions never hold together: each is a list of its own, in the order of an index.
    """
    if sees_all_departments(actor):
        return [true()]
    own = Transfer.responsible_id == actor.person_id
    others = Transfer.responsible_id.is_distinct_from(actor.person_id)
    return [own, and_(Transfer.department_id == actor.department_id, others)]


def _owed(actor: Actor) -> ColumnElement[bool]:
    """Whether this person must hand it over."""
    return (Transfer.responsible_id == actor.person_id) & Transfer.state.in_(("pending", "returned"))


def _arrived(actor: Actor) -> ColumnElement[bool] | None:
    """Whether it waits for acceptance by a role of this person; None where none of them accepts anything."""
    stages = [stage for stage, (_giver, receiver) in PARTS.items() if receiver in actor.roles]
    return and_(Transfer.stage.in_(stages), Transfer.state == "handed_over") if stages else None


def _to_receive(actor: Actor) -> ColumnElement[bool] | None:
    """Whether it waits for this person's acceptance, who did not hand it over; None where they accept nothing."""
    others = (func.coalesce(signer, "") != actor.name for signer in (Transfer.handed_over_by, Transfer.handed_over_for))
    arrived = _arrived(actor)
    return None if arrived is None else and_(arrived, *others)


@dataclass(frozen=True)
class Waiting:
    """How many open transfers there are of a view: late, due within a week, and later; counted in this order to `MOST`.

    more: whether there are more than were counted.
    """

    late: int
    soon: int
    later: int
    more: bool = False

    @property
    def total(self) -> int:
        """All that were counted."""
        return self.late + self.soon + self.later

    def said(self, word: str) -> str:
        """Return how many there are of an urgency, as it is shown: what was counted last may be more."""
        counts = {"late": self.late, "soon": self.soon, "later": self.later}
        last = next((one for one in reversed(counts) if counts[one]), "later")
        return shown(counts[word], more=self.more and word == last)


@dataclass(frozen=True)
class Board:
    """One page of a view, how many it has of each urgency, and how many there are in the other views."""

    part: Part[DueTransfer]
    waiting: Waiting
    views: Mapping[View, str]


def transfer_board(
    house: House,
    actor: Actor,
    view: View = "all",
    *,
    stage: str | None = None,
    after: str = "",
    limit: int = 50,
    views: tuple[View, ...] = (),
) -> Board:
    """Return one page of the open transfers, the most urgent first, with their counts, and note the reading.

    after: a cursor. views: which others to count. Raises NotAllowed, BadInput.
    """
    require(actor, "transfer.read")
    query = open_transfers(actor, view, stage)
    with listing(house, actor, "transfer") as session:
        waiting = _count(session, query, house.clock.today())
        others = {one: counted(session, open_transfers(actor, one), MOST) for one in views if one != view or stage}
        lengths = {view: (waiting.total, waiting.more)} | others
        part = page(session, query, _order(query), _KINDS, after, limit, count=lambda: lengths[view])
        views_shown = {one: shown(count, more=more) for one, (count, more) in lengths.items()}
        return Board(_loaded(house, session, part), waiting, views_shown)


def _order(query: Select[date, str]) -> Sequence[ColumnElement[Any]]:
    return tuple(query.selected_columns)


def _count(session: Session, query: Select[date, str], today: date) -> Waiting:
    soon = today + timedelta(days=rules.SOON_DAYS)
    first = (
        query.order_by(*_order(query)).limit(MOST + 1).subquery()
    )  # the most urgent: what is late is counted before all else
    late = func.count().filter(first.c.due_on < today)
    near = func.count().filter(and_(first.c.due_on >= today, first.c.due_on <= soon))
    found = session.execute(select(late, near, func.count()).select_from(first)).one()
    more = found[2] > MOST
    return Waiting(found[0], found[1], found[2] - more - found[0] - found[1], more)


def _loaded(house: House, session: Session, part: Part[Any]) -> Part[DueTransfer]:
    ids = [row.id for row in part.rows]
    found = {row.id: row for row in session.scalars(select(Transfer).where(Transfer.id.in_(ids)))}
    rows = [as_due(house, found[row_id]) for row_id in ids]
    return part.of(rows)


def list_transfers(
    house: House, actor: Actor, *, mine: bool = False, stage: str | None = None, limit: int | None = 1000
) -> list[DueTransfer]:
    """Return the open transfers the actor may see, the most urgent first, at most `limit`. Raises NotAllowed."""
    require(actor, "transfer.read")
    wanted_in_order = open_transfers(actor, "mine" if mine else "all", stage)
    wanted = wanted_in_order.order_by(*_order(wanted_in_order)).limit(limit).subquery()
    query = select(Transfer).join(wanted, wanted.c.id == Transfer.id).order_by(*_ORDER)
    with listing(house, actor, "transfer") as session:
        return [as_due(house, row) for row in session.scalars(query)]


def transfer_rows(
    house: House, actor: Actor, columns: Sequence[Any], *, mine: bool = False, stage: str | None = None
) -> list[Sequence[Any]]:
    """Return these columns (of the transfer, its file and contract, and who is responsible) of all open transfers in sight.

    The most urgent first; the reading is noted. Raises NotAllowed.
    """
    require(actor, "transfer.read")
    wanted = open_transfers(actor, "mine" if mine else "all", stage).subquery()
    query = select(*columns).select_from(Transfer).join(wanted, wanted.c.id == Transfer.id)
    query = query.join(CaseFile, CaseFile.id == Transfer.case_file_id)
    query = query.outerjoin(Contract, Contract.id == CaseFile.contract_id)
    query = query.outerjoin(Person, Person.id == Transfer.responsible_id)
    with listing(house, actor, "transfer") as session:
        return list(session.execute(query.order_by(*_ORDER)).all())


def count_open(session: Session, actor: Actor) -> int:
    """Return how many transfers wait for this person, counted to `MOST`."""
    return counted(session, open_transfers(actor, "all" if actor.owner else "mine"), MOST)[0]


# --- the calendar ---


@dataclass(frozen=True)
class Calendar:
    """The months in which something is due, with how much (``2026-11``: 12), and one page of one of them."""

    months: Mapping[str, int]
    month: str
    part: Part[DueTransfer]


def calendar_month(house: House, actor: Actor, month: str = "", *, after: str = "", limit: int = 50) -> Calendar:
    """Return the deadlines by month and one page of `month`, the first there is unless given. Raises NotAllowed, BadInput."""
    require(actor, "transfer.read")
    query = open_transfers(actor, "all")
    due_on = query.selected_columns.due_on
    with listing(house, actor, "transfer") as session:
        named = (extract("year", due_on), extract("month", due_on))
        counted = query.with_only_columns(*named, func.count()).group_by(*named).order_by(*named)
        months = {f"{int(year):04}-{int(number):02}": n for year, number, n in session.execute(counted)}
        chosen = month if month in months else next(iter(months), "")
        if not chosen:
            return Calendar({}, "", Part((), 0))
        first = date.fromisoformat(f"{chosen}-01")
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        inside = query.where(due_on.between(first, last))
        part = page(session, inside, _order(inside), _KINDS, after, limit, count=lambda: (months[chosen], False))
        return Calendar(months, chosen, _loaded(house, session, part))


# --- the sweep ---


def escalate(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Tell whom an open transfer has now come to, once for each of them, and note it in the trail; returns how many notes were made.

    Only what comes to somebody today is looked at, some hundred in a transaction: killed at any point, the next run goes on with the
    rest. It can be run at any time and twice; what fell due while nobody looked is noted with the next run. So is what somebody works
    on at this moment: to wait for one transfer with others in hand is how two writers come to wait for one another.
    """
    today, made = house.clock.today(), 0
    steps = steps_of(house)
    while go_on():
        looked, noted = _escalate_some(house, today, steps)
        made += noted
        if looked < _AT_ONCE:
            break
    return made


def steps_of(house: House) -> rules.Escalation:
    """Return when whom an open transfer comes to, by the settings."""
    settings = house.settings
    behind = (settings.transfer_head_days, settings.transfer_administrator_days, settings.transfer_auditor_days)
    return rules.escalation(settings.transfer_notice_days, *behind)


def _escalate_some(house: House, today: date, steps: rules.Escalation) -> tuple[int, int]:
    due = select(Transfer).where(Transfer.tell_on <= today).order_by(Transfer.tell_on, Transfer.id).limit(_AT_ONCE)
    bare = due.options(lazyload(Transfer.case_file), lazyload(Transfer.responsible))
    with house.database.write() as session:
        rows = list(session.scalars(bare.with_for_update(of=Transfer, skip_locked=True)))
        told: list[audit.Told] = []
        came: list[tuple[Transfer, Sequence[str]]] = []
        for row in rows:
            row.tell_on = None if row.state == "accepted" else rules.next_telling(row.due_on, today, steps)
            before = row.contents.get("told", {})
            news = [who for who in rules.told(row.due_on, today, steps) if who not in before]
            if news and row.state != "accepted":
                row.contents = {**row.contents, "told": before | dict.fromkeys(news, str(today))}
                detail = {"transfer": row.id, "due_on": row.due_on.isoformat(), "to": news}
                told.append(("system", "transfer.escalate", f"file:{row.case_file_id}", detail))
                came.append((row, news))
        tell_of_transfers(house, session, came, today)
        audit.append_all(session, told)
        return len(rows), len(told)
