"""Reports that workers make (RULES A5.1): those that were ordered, and those that fall due; each a long run, kept once, and told of."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from service.access.policy import Actor
from service.errors import RuleRefused
from service.flow.common import long_runs
from service.flow.common.guard import require
from service.flow.common.long_runs import Line, Progress, line_of
from service.flow.credit.report_keeping import RIGHTS, Draw, Order, Ordered, make, order_today
from service.house import SYSTEM, House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import LongRun

KIND = "report"


def order_report(house: House, actor: Actor) -> Line:
    """Have a report on all customers in sight made in the background, for oneself. Raises NotAllowed, RuleRefused (one is being made)."""
    require(actor, RIGHTS["portfolio"])
    if not actor.person_id:
        raise RuleRefused("a report is kept for a person; the command line writes it to a file")
    with house.database.write() as session:
        hold_counter(session, f"report run:{actor.person_id}")
        going = select(LongRun.id).where(
            LongRun.kind == KIND, LongRun.person_id == actor.person_id, LongRun.state.in_(("waiting", "running"))
        )
        if session.scalar(going.where(LongRun.once.is_(None))):
            raise RuleRefused("such a report is being made for you already")
        wanted = order_today("portfolio", None, actor.person_id, house.clock.today())
        run = long_runs.order(session, house, KIND, actor.name, _given(wanted), person_id=actor.person_id)
        audit.append(session, actor.name, "run.order", f"run:{run.id}", {"kind": KIND, "of": "portfolio"})
        return line_of(run)


def make_ordered(house: House, draw: Draw, go_on: Callable[[], bool] = lambda: True) -> int:
    """Make the reports that wait; returns how many were made. Any number of workers may: each has another in hand."""
    made = 0
    for run in long_runs.waiting(house, KIND):
        if not go_on():
            break
        made += carry(house, draw, run)
    return made


def of_schedule(house: House, order: Order) -> LongRun | None:
    """Return the run that makes a report of a schedule, ordered on first use; None when it is over, or stopped, or not its time yet."""
    once = f"{order.schedule_id}:{order.code}"
    query = select(LongRun).where(LongRun.once == once)
    with house.database.read() as session:
        run = session.scalar(query)
    if run is None:
        try:
            with house.database.write() as session:
                given = _given(order)
                run = long_runs.order(session, house, KIND, SYSTEM.name, given, once=once, person_id=order.person_id)
        except IntegrityError:  # another worker has just ordered it
            return None
    open_ = run.state in long_runs.OPEN and long_runs.is_time(run, house.clock.now())
    return run if open_ else None


def carry(house: House, draw: Draw, run: LongRun) -> bool:
    """Make the report of a run; returns whether it was made now. What goes wrong stands with the run."""
    made = False
    if long_runs.claim(house, run):
        with long_runs.guarded(house, run):
            ordered = Ordered(house, run.id, Progress(house, run.id))
            make(house, draw, _order(run.given), run.ordered_by, ordered)
            made = True
    return made


def _given(order: Order) -> dict[str, Any]:
    return vars(order) | {"first": order.first.isoformat(), "last": order.last.isoformat()}


def _order(given: dict[str, Any]) -> Order:
    days = {name: date.fromisoformat(given[name]) for name in ("first", "last")}
    return Order(**(given | days))
