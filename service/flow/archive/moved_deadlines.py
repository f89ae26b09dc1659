"""Open deadlines follow the calendar: where a notice of holidays is entered after they were set, they are reckoned anew (RULES Part B, Months)."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import lazyload

from retention import transfer as rules
from retention.calendar import GUESSED, Deadline, add_month, moved_deadline
from retention.why import Why
from service.flow.archive.deadlines import IS_OPEN, steps_of
from service.house import House
from service.records import audit
from service.records.tables import Transfer

_AT_ONCE = 500
# Transfers that are the same in these have the same deadline: what started the clock stands first in the reason, and stays.
_SAME = (Transfer.event_on, Transfer.nominal_on, Transfer.due_on, Transfer.why.contains(GUESSED))


def follow_calendar(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Set the deadlines of open transfers as the calendar of today has them; returns how many days were moved.

    Of a hundred thousand open transfers a hundred different days are looked at. Killed at any point, the next call goes on; what somebody
    works on at this moment is left to it. Every day that is moved has its entry in the trail.
    """
    today, moved = house.clock.today(), 0
    with house.database.read() as session:
        found = session.execute(select(*_SAME).where(IS_OPEN).distinct()).all()
    for event_on, nominal_on, due_on, guessed in found:
        if nominal_on != add_month(event_on):
            continue  # it was not set by this rule
        said = moved_deadline(due_on, event_on, today, house.calendar, house.settings.roll_over, guessed=guessed)
        while said is not None and go_on():
            looked = _move_some(house, (event_on, nominal_on, due_on, guessed), said, today)
            moved += looked if said.due != due_on else 0
            if looked < _AT_ONCE:
                break
    return moved


def _move_some(house: House, same: tuple[date, date, date, bool], said: Deadline, today: date) -> int:
    query = select(Transfer).where(IS_OPEN, *(column == value for column, value in zip(_SAME, same, strict=True)))
    query = query.options(lazyload(Transfer.case_file), lazyload(Transfer.responsible)).order_by(Transfer.id)
    now = rules.told(said.due, today, steps_of(house))
    with house.database.write() as session:
        rows = list(session.scalars(query.limit(_AT_ONCE).with_for_update(of=Transfer, skip_locked=True)))
        told: list[audit.Told] = []
        for row in rows:
            before = row.due_on
            row.due_on, row.why = said.due, (Why(Why.from_json(row.why).parts[:1]) + said.why).to_json()
            if said.due != before:
                row.tell_on = today  # the sweep looks whom it comes to now
                # Who heard of the day it had comes to hear of this one, too, when it is time.
                heard = {who: day for who, day in row.contents.get("told", {}).items() if who in now}
                row.contents = {**row.contents, "told": heard}
                detail = {"transfer": row.id, "due_on": [before.isoformat(), said.due.isoformat()], "why": said.why.en}
                told.append(("system", "transfer.move_deadline", f"file:{row.case_file_id}", detail))
        audit.append_all(session, told)
        return len(rows)
