"""Notices of holidays (国务院办公厅节假日安排) that the installed data does not know yet: a file that a person writes.

A line is a day and whether it is worked, ``2027-01-01 rest`` or ``2027-02-14 work``; what follows ``#`` is a remark. A year of which
a day is named counts as known: all its holidays and adjusted working days have to stand there.
"""

from collections.abc import Mapping
from datetime import date

from retention.calendar import BoundedCalendar, WorkCalendar
from retention.errors import RetentionError

WORDS = {"rest": False, "work": True, "休": False, "班": True}
_MOST = 5_000


def read_notices(text: str) -> dict[date, bool]:
    """Return whether each day that is named is worked. Raises RetentionError naming the first line that is wrong."""
    found: dict[date, bool] = {}
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].split()
        if not said:
            continue
        try:
            day = date.fromisoformat(said[0])
            worked = WORDS[said[1]]
        except (ValueError, KeyError, IndexError):
            raise RetentionError(f"line {number}: a day and rest or work, such as 2027-01-01 rest") from None
        if len(said) > 2 or len(said[0]) != 10:
            raise RetentionError(f"line {number}: a day and rest or work, such as 2027-01-01 rest")
        if found.setdefault(day, worked) != worked:
            raise RetentionError(f"line {number}: {day} is named twice, as rest and as work")
    if len(found) > _MOST:
        raise RetentionError(f"more than {_MOST} days are named")
    return found


class NoticedCalendar:
    """Implements `retention.calendar.WorkCalendar`: what the notices say, and for all else another calendar."""

    def __init__(self, known: WorkCalendar, notices: Mapping[date, bool]) -> None:
        self._known, self._notices = known, notices
        self._years = {day.year for day in notices}

    def covers(self, day: date) -> bool:
        """Return whether holidays and adjusted working days of that year are known."""
        known = self._known
        return day.year in self._years or not isinstance(known, BoundedCalendar) or known.covers(day)

    def is_workday(self, day: date) -> bool:
        """Return whether `day` is worked."""
        said = self._notices.get(day)
        return self._known.is_workday(day) if said is None else said
