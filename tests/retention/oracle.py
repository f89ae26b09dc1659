"""Deadlines, periods and numbers a second time, written from RULES Part B and the notices of the State Council, not from the program.

国务院办公厅关于 2024 年、2025 年、2026 年部分节假日安排的通知: rest days beyond weekends, and weekends that are worked. In other
years only weekends rest (RULES, Months: the calendar is data, and where there is none the reason says so).
"""

from datetime import date, timedelta
from decimal import Decimal


def _days(*spans: str) -> frozenset[date]:
    """Return the days of spans such as ``2024-02-10/17`` or ``2024-02-04``."""
    found = set()
    for span in spans:
        first, _, last = span.partition("/")
        start = date.fromisoformat(first)
        end = start.replace(day=int(last)) if last else start
        found |= {start + timedelta(days=n) for n in range((end - start).days + 1)}
    return frozenset(found)


REST = _days(
    *("2024-01-01", "2024-02-10/17", "2024-04-04/06", "2024-05-01/05", "2024-06-10", "2024-09-15/17", "2024-10-01/07"),
    *("2025-01-01", "2025-01-28/31", "2025-02-01/04", "2025-04-04/06", "2025-05-01/05", "2025-05-31", "2025-06-01/02"),
    *("2025-10-01/08", "2026-01-01/03", "2026-02-15/23", "2026-04-04/06", "2026-05-01/05", "2026-06-19/21"),
    *("2026-09-25/27", "2026-10-01/07"),
)
WORKED = _days(
    *("2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12"),
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
)
YEARS = (2024, 2025, 2026)


def worked(day: date) -> bool:
    """Whether `day` is a working day by the notices."""
    return day in WORKED or (day.weekday() < 5 and day not in REST)


def month_after(day: date) -> date:
    """The last day of the next month that has no higher number than `day` (Civil Code 202)."""
    later = day.replace(day=1) + timedelta(days=32)
    candidates = [later.replace(day=1) + timedelta(days=n) for n in range(31)]
    return max(c for c in candidates if c.month == later.month and c.day <= day.day)


def deadline(event: date) -> date:
    """One month after the event; a rest day rolls to the next working day (Civil Code 201-203, RULES B3)."""
    due = month_after(event)
    while not worked(due):
        due += timedelta(days=1)
    return due


LENGTH = {"D10": 10, "D30": 30, "Y": 10_000}


def period(amount: Decimal | None) -> str:
    """A contract's period: major contracts are kept for ever, minor ones 10 years, others 30 (RULES, Retention)."""
    if amount is not None and amount >= 10_000_000:
        return "Y"
    return "D10" if amount is not None and amount < 50_000 else "D30"


def longer(one: str | None, other: str) -> str:
    """The longer of two periods: an applied one is never shortened."""
    return other if one is None or LENGTH[other] > LENGTH[one] else one


def destroyable(ended: date | None, code: str) -> date | None:
    """The first day of destruction: the period runs from 1 January of the year after the trigger, whole years."""
    return None if ended is None or code == "Y" else date(ended.year + 1 + LENGTH[code], 1, 1)
