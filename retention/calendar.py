"""Months and working days, per Civil Code 201-203 (RULES Part B, Months)."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol, runtime_checkable

from retention.errors import RetentionError
from retention.why import Why, because

# The longest run of rest days ever ordered is under two weeks; beyond this the calendar is wrong.
_LONGEST_REST_DAYS = 60
#: The clause of a reason that says that there is no holiday data.
GUESSED = "no_holiday_data"


class WorkCalendar(Protocol):
    """Knows which days are worked."""

    def is_workday(self, day: date) -> bool:
        """Return whether `day` is a working day, adjusted working weekends included."""


@runtime_checkable
class BoundedCalendar(Protocol):
    """A calendar that has holiday data for some years only and guesses by weekends elsewhere."""

    def covers(self, day: date) -> bool:
        """Return whether there is holiday data for the year of `day`."""


@dataclass(frozen=True)
class Deadline:
    """due: the last day on which the duty can be done in time. nominal: the same before the roll-over. why: how it came about."""

    due: date
    nominal: date
    why: Why


def add_month(day: date) -> date:
    """Return the same day of the next month, or that month's last day when it has no such day (Civil Code 202).

    Raises ValueError after November 9999.
    """
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    if year > date.max.year:
        raise ValueError(f"there is no month after {day:%Y-%m}")
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def next_workday(day: date, calendar: WorkCalendar) -> date:
    """Return `day` when it is worked, otherwise the first working day after it. Raises RetentionError if none comes."""
    for shift in range(_LONGEST_REST_DAYS):
        candidate = day + timedelta(days=shift)
        if calendar.is_workday(candidate):
            return candidate
    raise RetentionError(f"the work calendar has no working day in {_LONGEST_REST_DAYS} days from {day}")


def month_deadline(event: date, calendar: WorkCalendar, roll_over: bool = True) -> Deadline:  # noqa: FBT001, FBT002 - the agreed signature
    """Return the deadline one month after `event`, whose own day does not count (Civil Code 201-203).

    roll_over: a last day that is a rest day or holiday moves to the next working day. Raises RetentionError for a
    calendar without working days.
    """
    nominal = add_month(event)
    why = (
        because("corresponding_day", nominal=nominal)
        if nominal.day == event.day
        else because("month_end", nominal=nominal, day=event.day)
    )
    weekday = nominal.weekday()
    worked = calendar.is_workday(nominal)
    due = next_workday(nominal, calendar) if roll_over else nominal
    if due != nominal:
        why += because("rolled", nominal=nominal, weekday=weekday, due=due)
    elif not worked:
        why += because("not_rolled", nominal=nominal, weekday=weekday)
    elif roll_over and weekday >= 5:
        why += because("adjusted_workday", nominal=nominal, weekday=weekday)
    if roll_over and isinstance(calendar, BoundedCalendar):
        for year in sorted({day.year for day in (nominal, due) if not calendar.covers(day)}):
            why += because(GUESSED, year=year)
    return Deadline(due, nominal, why)


def moved_deadline(
    due: date,
    event: date,
    today: date,
    calendar: WorkCalendar,
    roll_over: bool,  # noqa: FBT001 - as in `month_deadline`
    *,
    guessed: bool,
) -> Deadline | None:
    """Return the deadline of a duty that is still open as the calendar has it now, None where it stays as it was set.

    due: as it was set; guessed: while there was no holiday data. A deadline is never brought forward to a day that has passed: nobody
    becomes late overnight. Raises RetentionError for a calendar without working days.
    """
    now = month_deadline(event, calendar, roll_over)
    if now.due < min(due, today):
        return None
    if now.due != due:
        return replace(now, why=now.why + because("calendar_changed", before=due))
    return now if guessed and GUESSED not in {part.key for part in now.why.parts} else None
