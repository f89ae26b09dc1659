"""The working days of mainland China as the State Council orders them year by year, from `chinesecalendar`."""

from datetime import date

import chinese_calendar
from chinese_calendar.constants import holidays


class ChinaCalendar:
    """Implements `retention.calendar.WorkCalendar`. Outside the years with data only weekends are rest days; `covers` tells."""

    def __init__(self) -> None:
        self._first: int = min(holidays).year
        self._last: int = max(holidays).year

    def covers(self, day: date) -> bool:
        """Return whether holidays and adjusted working days of that year are known."""
        return self._first <= day.year <= self._last

    def is_workday(self, day: date) -> bool:
        """Return whether `day` is worked."""
        return bool(chinese_calendar.is_workday(day)) if self.covers(day) else day.weekday() < 5
