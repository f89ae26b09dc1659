"""Ageing of receivables (账龄): not due, 1-30, 31-60, 61-90, 91-180, 181-365, over 365 days (RULES Part B, Credit grades)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from credit.errors import CreditError

# bucket -> the most days overdue that fall into it; None: without end
BUCKETS: dict[str, int | None] = {
    "not_due": 0,
    "1-30": 30,
    "31-60": 60,
    "61-90": 90,
    "91-180": 180,
    "181-365": 365,
    ">365": None,
}


@dataclass(frozen=True)
class Receivable:
    """What is still open of one invoice. due_on: the last day on which a payment is in time. open_amount: 0 or more."""

    number: str
    due_on: date
    open_amount: Decimal
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if not self.open_amount.is_finite() or self.open_amount < 0:
            raise CreditError(f"invoice {self.number}: open amount {self.open_amount} must be 0 or more")


def days_overdue(due_on: date, today: date) -> int:
    """Return the days since the due date, 0 when it has not passed; the due day itself is in time."""
    return max((today - due_on).days, 0)


def bucket(due_on: date, today: date) -> str:
    """Return the bucket of `BUCKETS` that a receivable falls into."""
    days = days_overdue(due_on, today)
    return next(name for name, most in BUCKETS.items() if most is None or days <= most)


def ageing(receivables: Iterable[Receivable], today: date) -> dict[str, dict[str, Decimal]]:
    """Return currency -> bucket -> open amount; every bucket is there, amounts of different currencies are never added."""
    table: dict[str, dict[str, Decimal]] = {}
    for item in receivables:
        row = table.setdefault(item.currency, dict.fromkeys(BUCKETS, Decimal(0)))
        row[bucket(item.due_on, today)] += item.open_amount
    return table
