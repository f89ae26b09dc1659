"""What is counted over everything: by a worker, as one long run for each thing, and kept.

Asked for anew, the run of the thing goes once more; what it found the time before stays until then. What it finds is written in the transaction
of its end, so that a worker that is killed leaves nothing behind, and the next one begins again. Where there is little, whoever asks
counts at once.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, RuleRefused
from service.flow.common import long_runs
from service.flow.common.counting import count_up_to
from service.flow.common.long_runs import Line, Progress
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import CaseFile, LongRun

#: Up to so many case files are counted while one waits: less than half a second.
FEW = 20_000


@dataclass(frozen=True)
class Kept:
    """What was found last, as plain JSON values. by: who asked for it, asked_at: when; at: when it was there, day: by the calendar."""

    by: str
    asked_at: datetime
    at: datetime
    day: date
    found: dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """What is kept, None before anybody asked for it; and the run that finds it, with how far it is."""

    kept: Kept | None = None
    line: Line | None = None

    @property
    def going(self) -> bool:
        """Whether it is being found anew."""
        return self.line is not None and self.line.state in long_runs.OPEN


@dataclass(frozen=True)
class Counting:
    """How a thing is found. find: told how far it is. note: puts it on record beside the end of the run, with who asked for it."""

    find: Callable[[House, dict[str, Any], Progress], dict[str, Any]]
    note: Callable[[Session, str, dict[str, Any]], None] = lambda _session, _by, _found: None


def few(session: Session) -> bool:
    """Whether there are so few files that one waits for what is counted."""
    return count_up_to(session, select(CaseFile.id), FEW) <= FEW


def standing(session: Session, once: str) -> Standing:
    """Return what is kept of a thing, and how far it is with what comes."""
    run = session.scalar(select(LongRun).where(LongRun.once == once))
    if run is None:
        return Standing()
    line, kept = long_runs.line_of(run), run.given.get("kept")
    if not kept:
        return Standing(None, line)
    asked_at, at = (datetime.fromisoformat(kept[name]) for name in ("asked_at", "at"))
    return Standing(Kept(kept["by"], asked_at, at, date.fromisoformat(kept["day"]), kept["found"]), line)


def ask(house: House, actor: Actor, kind: str, once: str, given: dict[str, Any], *, here: bool = False) -> LongRun:
    """Have a thing found anew; one that is being found stays as it is. here: by this thread, which has the run then unless another has."""
    with house.database.write() as session:
        hold_counter(session, f"run:{once}")  # of two who ask at once the second finds what the first ordered
        run = session.scalar(select(LongRun).where(LongRun.once == once).with_for_update())
        if run is None:
            person_id = actor.person_id or None
            run = long_runs.order(session, house, kind, actor.name, given, once=once, person_id=person_id)
        elif run.state in long_runs.OPEN:
            if not here or long_runs.is_held(house, run):
                return run
        else:
            long_runs.order_again(house, run, actor)
            run.given = {**run.given, **given}
        if here:
            long_runs.take(house, run)
        audit.append(session, actor.name, "run.order", f"run:{run.id}", {"kind": kind, "of": once})
        return run


def ask_now(house: House, actor: Actor, kind: str, once: str, given: dict[str, Any], how: Counting) -> Standing:
    """Have a thing found anew, at once where there is little, and return where it stands."""
    with house.database.read() as session:
        here = few(session)
    run = ask(house, actor, kind, once, given, here=here)
    if here and long_runs.is_mine(run):
        with suppress(long_runs.Stopped):
            carry(house, run, how)
    with house.database.read() as session:
        return standing(session, once)


def find_here(house: House, actor: Actor, kind: str, once: str, given: dict[str, Any], how: Counting) -> None:
    """Find a thing here and now, however long it takes. Raises RuleRefused (another is at it), Stopped."""
    run = ask(house, actor, kind, once, given, here=True)
    if not long_runs.is_mine(run):
        raise RuleRefused("this is being counted already; ask again in a moment")
    carry(house, run, how)


def carry(house: House, run: LongRun, how: Counting) -> dict[str, Any]:
    """Find what a run is for, which this thread has, and keep it with its end. Raises Stopped; what goes wrong stands with the run."""
    with long_runs.noting(house, run):
        found = how.find(house, run.given, Progress(house, run.id))
        with long_runs.ending(house, run) as (session, mine):
            times = {"asked_at": mine.ordered_at.isoformat(), "at": house.clock.now().isoformat()}
            times["day"] = house.clock.today().isoformat()
            mine.given = {**mine.given, "kept": {"by": mine.ordered_by, **times, "found": found}}
            how.note(session, mine.ordered_by, found)
    return found


def find_asked(house: House, kinds: dict[str, Counting], go_on: Callable[[], bool] = lambda: True) -> int:
    """Find what was asked for; returns how much was found. Any number of workers may."""
    done = 0
    for kind, how in kinds.items():
        for run in long_runs.waiting(house, kind):
            if not go_on():
                return done
            if long_runs.claim(house, run):
                with suppress(long_runs.Stopped, *KNOWN_ERRORS):
                    carry(house, run, how)
                    done += 1
    return done


def standing_as_json(found: Standing) -> dict[str, Any]:
    """Return who asked for what is kept and when it was found, and how far it is with what comes, as plain JSON values."""
    kept, line = found.kept, found.line
    return {
        "asked_by": kept.by if kept else None,
        "asked_at": kept.asked_at.isoformat() if kept else None,
        "counted_at": kept.at.isoformat() if kept else None,
        "run": long_runs.line_as_json(line) if line else None,
    }
