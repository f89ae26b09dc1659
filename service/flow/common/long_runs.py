"""Long runs: ordered, carried on by workers, with how far they are; stopped by people; told where they do not get on.

A run's row is the truth of it. Who works on one holds it for a while by moving `next_at` ahead: a worker that dies lets another have it
then, or at once where its process is known to be gone. What a run makes is written in one transaction with its end, so that nothing
comes of it twice.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, NotFound, RuleRefused
from service.flow.common import claims
from service.flow.common.guard import allowed, listing, require
from service.flow.common.notices import by_name, notify, office
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import LongRun, Person, PortfolioRun, WarningRun, new_id

#: A run nobody has said anything of for so long is taken up by another worker.
LEASE = claims.SPAN
#: After so many attempts one after another it waits for a person; between them it waits.
MOST_ATTEMPTS, PAUSES = 3, (timedelta(minutes=1), timedelta(minutes=5))
#: From how many failures on those are told whose run goes on by itself: one may be a server that was started anew.
TOLD_AFTER = 3
PATH = "/runs"
#: Where runs are seen by those who may not see that page.
PAGES = {"numbers": "/numbers", "statistics": "/statistics", "sample": "/check-samples"}
#: Seconds between two words of a run on how far it is.
SAY_EVERY = 1.0
#: States of a run that is not over.
OPEN = ("waiting", "running")
#: Kinds that are tried until they are done, and have pages and rights of their own: nobody stops them, they are on no list.
APART = ("destruction",)
_LONGEST_WHY = 300
#: What stands as the trouble of a daily look that somebody stopped.
_STOPPED = "stopped"


#: Is told how much of how much is done.
Told = Callable[[int, int], None]


def unheard(_done: int, _total: int) -> None:
    """For who does not ask how far it is."""


class Stopped(Exception):
    """The run was stopped, or another worker has it."""


def order(
    session: Session,
    house: House,
    kind: str,
    by: str,
    given: dict[str, Any],
    *,
    once: str | None = None,
    person_id: str | None = None,
) -> LongRun:
    """Add a run for the workers to take up, in the caller's transaction."""
    now = house.clock.now()
    run = LongRun(id=new_id(), kind=kind, state="waiting", once=once, person_id=person_id, given=given)
    run.ordered_by, run.ordered_at, run.next_at = by, now, now
    session.add(run)
    session.flush()
    return run


def waiting(house: House, kind: str, *, soon: bool = False) -> list[LongRun]:
    """Return the runs of a kind that a worker may take up now, in the order in which they were ordered.

    soon: also those that wait for their next attempt.
    """
    query = select(LongRun).where(LongRun.kind == kind, LongRun.state.in_(OPEN))
    now = house.clock.now()
    with house.database.read() as session:
        found = list(session.scalars(query.order_by(LongRun.ordered_at, LongRun.id)))
    return [run for run in found if is_time(run, now) or (soon if run.state == "waiting" else not _held(run))]


def is_time(run: LongRun, now: datetime) -> bool:
    """Whether an open run is to be taken up again, whoever had it. Neither a lease nor a pause is longer than a claim."""
    return run.next_at <= now or claims.reaches_too_far(run.next_at, now)


def _held(run: LongRun) -> bool:
    """Whether somebody works on a running run, as far as can be known before its time has passed."""
    return not run.held_by or claims.is_another(run.held_by)


def is_held(house: House, run: LongRun) -> bool:
    """Whether somebody who lives, as far as can be known, works on a run now."""
    return run.state == "running" and not is_time(run, house.clock.now()) and _held(run)


def is_mine(run: LongRun) -> bool:
    """Whether this thread has a run."""
    return run.held_by == claims.me()


def claim(house: House, run: LongRun) -> bool:
    """Take a run up that nobody took since it was seen; it is ours as long as we say how far it is."""
    free = (LongRun.id == run.id, LongRun.state.in_(OPEN), LongRun.next_at == run.next_at)
    with house.database.write() as session:
        values = _taken(house, run)
        taken: int = session.execute(update(LongRun).where(*free).values(**values)).rowcount  # type: ignore[attr-defined]  # of an UPDATE
        return taken == 1


def take(house: House, run: LongRun) -> None:
    """Take up a run that is locked and that nobody holds, in the caller's transaction."""
    for name, value in _taken(house, run).items():
        setattr(run, name, value)


def _taken(house: House, run: LongRun) -> dict[str, Any]:
    now = house.clock.now()
    began = {"started_at": run.started_at or now, "done": 0}
    return {"state": "running", "next_at": now + LEASE, "held_by": claims.me(), **began}


def order_again(house: House, run: LongRun, by: Actor) -> None:
    """Let a run that is over, and locked, be taken up once more for somebody else, in the caller's transaction."""
    now = house.clock.now()
    run.state, run.next_at, run.failures, run.why = "waiting", now, 0, ""
    run.ordered_by, run.person_id, run.ordered_at = by.name, by.person_id or None, now
    run.started_at, run.finished_at, run.done, run.total = None, None, 0, 0


def going(session: Session, run_id: str) -> LongRun | None:
    """Return a run that is not over, locked and marked as running; None for any other. Before the chain of the trail is held."""
    run = session.get(LongRun, run_id, with_for_update=True)
    if run is None or run.state not in OPEN:
        return None
    run.state = "running"
    return run


@dataclass
class Progress:
    """Says how far a run is, at most once a second. Raises Stopped when the run was stopped, or somebody else has it now."""

    house: House
    run_id: str
    at: str = ""
    _said: float = field(default=float("-inf"))

    def __call__(self, done: int, total: int) -> None:
        """Note that so much of so much is done."""
        if monotonic() - self._said < SAY_EVERY and done < total:
            return
        self._said = monotonic()
        values: dict[str, Any] = {"done": done, "total": total, "next_at": self.house.clock.now() + LEASE}
        if self.at:
            values["at"] = self.at
        ours = (LongRun.id == self.run_id, LongRun.state == "running", LongRun.held_by == claims.me())
        with self.house.database.write() as session:
            if not session.execute(update(LongRun).where(*ours).values(**values)).rowcount:  # type: ignore[attr-defined]  # of an UPDATE
                raise Stopped

    def step(self, at: str, total: int) -> None:
        """Note that the next step begins, of which nothing is done."""
        self.at, self._said = at, float("-inf")
        self(0, total)


def finish(house: House, session: Session, run: LongRun, result: str | None = None) -> None:
    """End a run that is locked, in the transaction of what it made."""
    run.state, run.finished_at, run.result = "done", house.clock.now(), result
    run.failures, run.why = 0, ""
    run.done = run.total
    session.flush()
    audit.append(session, SYSTEM.name, "run.finish", f"run:{run.id}", {"kind": run.kind})


@contextmanager
def ending(house: House, run: LongRun) -> Iterator[tuple[Session, LongRun]]:
    """The transaction that ends a run which this thread still has: for what it made. Raises Stopped."""
    with house.database.write() as session:
        mine = going(session, run.id)
        if mine is None or not is_mine(mine):
            raise Stopped
        yield session, mine
        finish(house, session, mine)


@contextmanager
def guarded(house: House, run: LongRun) -> Iterator[None]:
    """Work on a run: what goes wrong is noted with it, and told when it does not get on. Unknown errors go on to the caller, too."""
    try:
        with noting(house, run):
            yield
    except (Stopped, *KNOWN_ERRORS):
        return


@contextmanager
def noting(house: House, run: LongRun) -> Iterator[None]:
    """As `guarded`, and all that goes wrong goes on to the caller. Raises Stopped."""
    try:
        yield
    except Stopped:
        raise
    except KNOWN_ERRORS as error:
        put_off(house, run.id, str(error))
        raise
    except Exception as error:
        put_off(house, run.id, f"unexpected {type(error).__name__}: {error}")
        raise


def put_off(house: House, run_id: str, why: str) -> None:
    """Leave a run for its next attempt, or for a person after some; then those concerned are told."""
    with house.database.write() as session:
        run = session.get(LongRun, run_id, with_for_update=True)
        if run is None or run.state not in OPEN or is_held(house, run):  # another has it by now
            return
        run.failures, run.why = run.failures + 1, why[:_LONGEST_WHY]
        if run.failures < MOST_ATTEMPTS or run.kind in APART:
            run.state, run.next_at = "waiting", house.clock.now() + PAUSES[min(run.failures, len(PAUSES)) - 1]
        else:
            run.state, run.finished_at = "failed", house.clock.now()
        if run.failures != MOST_ATTEMPTS:
            return
        detail = {"kind": run.kind, "why": run.why, "attempts": run.failures}
        audit.append(session, SYSTEM.name, "run.fail", f"run:{run.id}", detail)
        person = session.get(Person, run.person_id) if run.person_id else None
        people = [person] if person is not None else []
        path = f"/reviews/{run.once}" if run.kind in APART else PAGES.get(run.kind, PATH)
        if run.kind not in APART:
            people += office(session)
        elif not people:
            people = office(session, "archivist")
        event_id = f"run:{run.id}:{run.ordered_at.isoformat()}"
        tell_failure(house, session, event_id, NAMES[run.kind], run.why, people, path)


#: Kinds of runs in words: Chinese, English.
NAMES = {
    "report": ("信用报告", "a credit report"),
    "destruction": ("一次销毁", "a destruction"),
    "numbers": ("编号检查", "the check of numbers"),
    "sample": ("四性抽检的抽样", "the drawing of the yearly sample"),
    "statistics": ("统计报表的统计", "the counting of half-year figures"),
    "duplicates": ("已有客户的查重", "the comparison of the customers that were there"),
    "reassess": ("批量重新评估", "a re-assessment of all customers"),
    "what_if": ("评分卡试算", "a what-if over the portfolio"),
    "warnings": ("每日预警检查", "the daily look at all customers"),
}


def tell_failure(
    house: House,
    session: Session,
    event_id: str,
    name: tuple[str, str],
    why: str,
    people: list[Person],
    path: str = PATH,
) -> None:
    """Tell that a run does not get on, in the caller's transaction. path: where it is seen."""
    said = (f"{name[0]}进行不下去：{why}", f"{name[1]} does not get on: {why}")
    notify(house, session, "run.failed", f"{event_id}:failed"[:80], said, path, people)


@contextmanager
def watched(house: House, table: type[PortfolioRun] | type[WarningRun], key: Any, kind: str) -> Iterator[None]:
    """As `guarded`, for runs with a table of their own, which are tried again and again: those concerned are told once."""
    try:
        yield
    except Exception as error:
        known = isinstance(error, KNOWN_ERRORS)
        why = (str(error) if known else f"unexpected {type(error).__name__}: {error}")[:_LONGEST_WHY]
        with house.database.write() as session:
            row: Any = session.get(table, key, with_for_update=True)
            if row is not None:
                row.failures, row.trouble = row.failures + 1, why
                if row.failures == TOLD_AFTER:
                    people = by_name(session, getattr(row, "started_by", SYSTEM.name))
                    audit.append(session, SYSTEM.name, "run.fail", f"{kind}:{key}", {"kind": kind, "why": why})
                    tell_failure(house, session, f"{kind}:{key}", NAMES[kind], why, people)
        raise


def _mine(actor: Actor) -> Any:
    everybody = actor.owner or "credit_administrator" in actor.roles
    return LongRun.kind.not_in(APART) & (True if everybody else LongRun.person_id == (actor.person_id or ""))


@dataclass(frozen=True)
class Line:
    """A run as it is listed. kind: as in `NAMES`. state: waiting, running, done, failed, stopped, or of a re-assessment approved, refused.

    own: whether it has a page of its own, which is where it is stopped. may: what the reader may do here: stop, again.
    """

    id: str
    kind: str
    state: str
    done: int
    total: int
    by: str
    began: Any
    ended: Any
    why: str
    own: bool
    may: tuple[str, ...] = ()
    result: str = ""
    given: dict[str, Any] = field(default_factory=dict)


def list_runs(house: House, actor: Actor, limit: int = 50) -> list[Line]:
    """Return the latest long runs: one's own, all of them for the credit administrator; noted. Raises NotAllowed."""
    require(actor, "portfolio.read")
    with listing(house, actor, "run") as session:
        query = select(LongRun).where(_mine(actor)).order_by(LongRun.ordered_at.desc(), LongRun.id)
        lines = [line_of(run) for run in session.scalars(query.limit(limit))]
        of_all = select(PortfolioRun).order_by(PortfolioRun.started_at.desc()).limit(limit)
        lines += [_portfolio(run) for run in session.scalars(of_all)]
        looks = select(WarningRun).order_by(WarningRun.day.desc()).limit(7)
        lines += [_look(house, actor, run) for run in session.scalars(looks)]
    going_on = sorted(lines, key=lambda line: line.began, reverse=True)
    return sorted(going_on, key=lambda line: line.state not in (*OPEN, "failed"))[:limit]


def line_of(run: LongRun) -> Line:
    """Return a run as it is listed."""
    may = ("stop",) if run.state in OPEN else ("again",) if run.state in ("failed", "stopped") else ()
    return Line(run.id, run.kind, run.state, run.done, run.total, run.ordered_by, run.started_at or run.ordered_at,
                run.finished_at, run.why, own=False, may=may, result=run.result or "", given=run.given)  # fmt: skip


def _portfolio(run: PortfolioRun) -> Line:
    return Line(run.id, run.kind, run.state, run.done, run.total, run.started_by, run.started_at, run.finished_at,
                run.trouble, own=True)  # fmt: skip


def _look(house: House, actor: Actor, run: WarningRun) -> Line:
    """Return a daily look as it is listed; its id is its day. A day that has passed is stopped: nobody goes on with it."""
    state, today = _state_of(run), run.day == house.clock.today()
    if state == "running" and not today:
        state = "stopped"
    may: tuple[str, ...] = ()
    if today and allowed(actor, "portfolio.run"):
        may = ("stop",) if state == "running" else ("again",) if state == "stopped" else ()
    return Line(run.day.isoformat(), "warnings", state, run.looked, max(run.total, run.looked), SYSTEM.name, run.begun_at,
                run.finished_at, "" if run.trouble == _STOPPED else run.trouble, own=False, may=may)  # fmt: skip


def _state_of(run: WarningRun) -> str:
    if run.finished_at is None:
        return "running"
    return "stopped" if run.trouble == _STOPPED else "done"


def _look_on(house: House, session: Session, run_id: str) -> WarningRun | None:
    """Return today's look if the id names it, locked; None for the id of another run. Raises NotFound."""
    try:
        day = date.fromisoformat(run_id)
    except ValueError:
        return None
    run = session.get(WarningRun, day, with_for_update=True)
    if run is None or day != house.clock.today():
        raise NotFound(f"there is no run {run_id}")
    return run


def _loaded(session: Session, actor: Actor, run_id: str) -> LongRun:
    run = session.scalar(select(LongRun).where(LongRun.id == run_id, _mine(actor)).with_for_update())
    if run is None:
        raise NotFound(f"there is no run {run_id}")
    return run


def get_run(house: House, actor: Actor, run_id: str) -> Line:
    """Return one run; part of a page or a list that is noted itself. Raises NotFound, NotAllowed."""
    require(actor, "portfolio.read")
    with house.database.write() as session:
        look = _look_on(house, session, run_id)
        line = line_of(_loaded(session, actor, run_id)) if look is None else _look(house, actor, look)
        audit.append(session, actor.name, "run.view", f"run:{run_id}")
        return line


def stop(house: House, actor: Actor, run_id: str) -> Line:
    """Stop a run; who works on it leaves it at its next step, and nothing of it is kept. Raises NotFound, NotAllowed, RuleRefused.

    Of a daily look, known by its day, the warnings it has given stay; the customers it did not come to are looked at tomorrow.
    """
    require(actor, "run.stop")
    return _turn(house, actor, run_id, OPEN, "stopped", "stop")


def again(house: House, actor: Actor, run_id: str) -> Line:
    """Let a run that failed or was stopped be taken up anew. Raises NotFound, NotAllowed, RuleRefused."""
    require(actor, "run.stop")
    return _turn(house, actor, run_id, ("failed", "stopped"), "waiting", "again")


def _turn(house: House, actor: Actor, run_id: str, states: tuple[str, ...], state: str, verb: str) -> Line:
    now = house.clock.now()
    wrong = "the run is finished already" if verb == "stop" else "this run is going on or was finished"
    with house.database.write() as session:
        look = _look_on(house, session, run_id)
        if look is not None:
            require(actor, "portfolio.run")
            if _state_of(look) not in states:
                raise RuleRefused(wrong)
            look.finished_at, look.trouble = (now, _STOPPED) if verb == "stop" else (None, "")
            look.failures, look.claimed_until = 0, now
            audit.append(session, actor.name, f"run.{verb}", f"warnings:{run_id}", {"kind": "warnings"})
            return _look(house, actor, look)
        run = _loaded(session, actor, run_id)
        if run.state not in states:
            raise RuleRefused(wrong)
        run.state, run.next_at, run.failures = state, now, 0
        run.finished_at = now if state == "stopped" else None
        if verb == "again":
            run.ordered_at, run.why = now, ""
        audit.append(session, actor.name, f"run.{verb}", f"run:{run.id}", {"kind": run.kind})
        session.flush()
        return line_of(run)


def line_as_json(line: Line) -> dict[str, Any]:
    """Return a run as plain JSON values."""
    return {
        "id": line.id,
        "kind": line.kind,
        "state": line.state,
        "done": line.done,
        "total": line.total,
        "by": line.by,
        "began_at": line.began.isoformat(),
        "ended_at": line.ended.isoformat() if line.ended else None,
        "why": line.why or None,
        "report_id": line.result or None,
        "may": list(line.may),
    }
