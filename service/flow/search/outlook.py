"""Outlook: how long a credit file will stay once something has happened, said before anybody confirms that it has."""

from dataclasses import dataclass

from retention.schedule import MAJOR
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.archive.filing import FILE_EVENTS, demand_ended, demand_event, past_day
from service.flow.common.guard import load_file
from service.flow.common.schedule import Period, period_of
from service.house import House
from service.records import audit

ENDED = "ended"
HAPPENINGS = (MAJOR, *FILE_EVENTS, ENDED)


@dataclass(frozen=True)
class Outlook:
    """The period as it stands (before) and as it will be (after), both by the facts of today. known: it was recorded already."""

    happening: str
    ended_on: str
    before: Period
    after: Period
    known: bool


def outlook(house: House, actor: Actor, case_file_id: str, happening: str, ended_on: str = "") -> Outlook:
    """Return what recording a happening would do to a file; nothing is changed, the asking is noted.

    happening: litigation, bad_debt, major for a contract's file, or, for a credit file, ended with the day on which the relationship ended. Raises BadInput, NotFound,
    NotAllowed, RuleRefused (as recording it would).
    """
    if happening not in HAPPENINGS:
        why = f"one of {', '.join(HAPPENINGS)}"
        raise BadInput(f"event: {why}", {"event": why})
    day = past_day(house, ended_on) if happening == ENDED else None
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id, "file.mark")
        if file.state == "destroyed":
            raise RuleRefused(f"file {file.archive_number} was destroyed; only its stub remains")
        if happening != ENDED:
            demand_event(file, happening)
        elif file.kind != "credit":
            raise RuleRefused("this is the file of a contract; it follows the events of the contract")
        if day is not None:
            demand_ended(session, file, day)
        before = period_of(house, session, file)
        events = {*file.events, happening} - {ENDED}
        after = period_of(house, session, file, events=frozenset(events), closed_on=day)
        known = happening in file.events
        audit.append(session, actor.name, "file.try", f"file:{case_file_id}", {"event": happening})
    return Outlook(happening, ended_on if day else "", before, after, known)
