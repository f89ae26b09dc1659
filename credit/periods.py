"""The periods a report is made of again and again (RULES A5.1, on a schedule): months, quarters, years."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from credit.errors import CreditError

#: every -> months it has
LENGTHS = {"month": 1, "quarter": 3, "year": 12}
_CODE = re.compile(r"([12][0-9]{3})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", re.ASCII)


@dataclass(frozen=True)
class Period:
    """Both days included. code: ``2026-10``, ``2026-Q4`` or ``2026``."""

    code: str
    first: date
    last: date


def period_of(every: str, day: date) -> Period:
    """Return the month, quarter or year a day lies in. Raises CreditError for another word."""
    months = LENGTHS.get(every)
    if months is None:
        raise CreditError(f"{every!r} is none of {', '.join(LENGTHS)}")
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    code = {"month": f"{first:%Y-%m}", "quarter": f"{first.year}-Q{(first.month + 2) // 3}", "year": f"{first.year}"}
    return Period(code[every], first, _before(first, months))


def _before(first: date, months: int) -> date:
    """Return the day before the one `months` after the first of a month."""
    month = first.month + months
    following = date(first.year + (month - 1) // 12, (month - 1) % 12 + 1, 1) if first.year < date.max.year else None
    return following - timedelta(days=1) if following else date.max


def period_named(code: str) -> Period:
    """Return the period of a code. Raises CreditError for what is none."""
    found = _CODE.fullmatch(code)
    if found is None:
        raise CreditError(f"{code!r} is no period such as 2026-10, 2026-Q4 or 2026")
    year, quarter, month = int(found[1]), found[2], found[3]
    if quarter:
        return period_of("quarter", date(year, int(quarter) * 3, 1))
    return period_of("month" if month else "year", date(year, int(month or 1), 1))


def ended(every: str, since: date, today: date) -> Iterator[Period]:
    """Yield the periods that ended on `since` or later and before today, the oldest first: the last day itself is not over yet."""
    period = period_of(every, since)
    while period.last < today:
        yield period
        period = period_of(every, period.last + timedelta(days=1))


def month_ends(until: date, count: int) -> list[date]:
    """Return the last days of the `count` months before that of `until`, the oldest first, and `until` itself as the last."""
    found = [until]
    for _ in range(count):
        found.append(date(found[-1].year, found[-1].month, 1) - timedelta(days=1))
    return found[::-1]
