"""The one place that knows what day it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


class Clock:
    """Today's date in China, or the date that JUANZONG_TODAY moved the calendar to; moments are always UTC."""

    def __init__(self, moved_to: date | None = None) -> None:
        self._moved_to = moved_to

    def today(self) -> date:
        """Return the calendar day that rules count with."""
        return self._moved_to or datetime.now(CHINA).date()

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)

    def move_to(self, day: date) -> None:
        """Move the calendar (demonstrations and tests only; `bootstrap` refuses it otherwise)."""
        self._moved_to = day
