"""What credit reports count (RULES A5.1, B4): grades and how they moved, concentration, overdue trend, response to warnings.

Plain sums over what is known; shares are per cent with two digits, rounded half up; amounts of different currencies are never added.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from credit.ageing import BUCKETS, bucket
from credit.errors import CreditError
from credit.freshness import a_year_after
from credit.receivables import Ledger
from credit.scorecard import GRADES

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_CENT = Decimal("0.01")
#: stands where a customer has no grade
UNGRADED = "-"
COLUMNS = (*GRADES, UNGRADED)


def share(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """Return part of whole in per cent, two digits; 0 of nothing."""
    if not whole:
        return Decimal("0.00")
    return _WIDE.divide(_WIDE.multiply(Decimal(part), Decimal(100)), Decimal(whole)).quantize(_CENT, context=_WIDE)


@dataclass(frozen=True)
class Rated:
    """An assessment that took effect. on: the day it did; it counts until the next of the same customer does."""

    customer: str
    on: date
    score: Decimal
    grade: str


def grades_on(rated: Iterable[Rated], day: date) -> dict[str, Rated]:
    """Return customer -> the assessment in effect on a day. rated: those of one day in the order in which they took effect."""
    found: dict[str, Rated] = {}
    for row in rated:
        known = found.get(row.customer)
        if row.on <= day and (known is None or known.on <= row.on):
            found[row.customer] = row
    return found


def count_grades(customers: Iterable[str], grades: Mapping[str, str]) -> dict[str, int]:
    """Return how many customers have each grade, best first; those without one under `UNGRADED`."""
    counted = Counter(grades.get(customer, UNGRADED) for customer in customers)
    return {grade: counted[grade] for grade in COLUMNS}


@dataclass(frozen=True)
class Migration:
    """(grade before, grade now) -> customers. up, down, same: of those that had a grade both times."""

    cells: Mapping[tuple[str, str], int]
    up: int
    down: int
    same: int


def migration(customers: Iterable[str], before: Mapping[str, str], now: Mapping[str, str]) -> Migration:
    """Return how the grades of `customers` moved; a customer without a grade stands under `UNGRADED`."""
    cells = Counter((before.get(c, UNGRADED), now.get(c, UNGRADED)) for c in customers)
    moved = {(a, b): n for (a, b), n in cells.items() if UNGRADED not in (a, b)}
    place = COLUMNS.index
    up = sum(n for (a, b), n in moved.items() if place(b) < place(a))
    down = sum(n for (a, b), n in moved.items() if place(b) > place(a))
    return Migration(dict(cells), up, down, sum(moved.values()) - up - down)


@dataclass(frozen=True)
class Concentration:
    """largest: (customer, amount, per cent of all), the largest first. top: per cent of the largest together.

    index: Herfindahl-Hirschman, 0 to 10,000, the sum of the squared shares in per cent, whole numbers.
    """

    total: Decimal
    largest: Sequence[tuple[str, Decimal, Decimal]]
    top: Decimal
    index: int


def concentration(exposures: Mapping[str, Decimal], most: int = 10) -> Concentration:
    """Return how much of the exposure lies with few. exposures: customer -> amount of one currency; what is not above 0 does not count."""
    counted = {customer: amount for customer, amount in exposures.items() if amount > 0}
    total = sum(counted.values(), Decimal(0))
    rows = sorted(counted.items(), key=lambda row: (-row[1], row[0]))
    largest = [(customer, amount, share(amount, total)) for customer, amount in rows[:most]]
    squares = Decimal(0)
    for amount in counted.values():
        part = _WIDE.divide(amount, total)
        squares = _WIDE.add(squares, _WIDE.multiply(part, part))
    index = int(_WIDE.multiply(squares, Decimal(10_000)).quantize(Decimal(1), context=_WIDE))
    return Concentration(total, largest, share(sum((row[1] for row in largest), Decimal(0)), total), index)


@dataclass(frozen=True)
class Standing:
    """What was open on a day, in one currency. buckets: `credit.ageing.BUCKETS` -> amount."""

    day: date
    open: Decimal
    overdue: Decimal
    buckets: Mapping[str, Decimal]

    @property
    def overdue_share(self) -> Decimal:
        """Per cent of what was open."""
        return share(self.overdue, self.open)


def trend(ledgers: Iterable[Ledger], days: Sequence[date]) -> dict[str, list[Standing]]:
    """Return currency -> what was open and overdue on each of `days`, which rise, by the ledgers as they are settled now.

    An invoice counts from the day it was issued; a payment takes away from the day it counts. So what was open earlier is what
    today's ledger says of it, entries that came late included.
    """
    sums: dict[str, list[dict[str, Decimal]]] = {}
    for ledger in ledgers:
        paid: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for piece in ledger.settled:
            paid[piece.invoice].append((piece.on, piece.amount))
        for number, invoice in ledger.invoices.items():
            rows = sums.setdefault(invoice.currency, [dict.fromkeys(BUCKETS, Decimal(0)) for _ in days])
            pieces = paid.get(number, [])
            # Most invoices are paid on most days: only those on which one was open are looked at.
            end = len(days)
            if pieces and sum(amount for _, amount in pieces) == invoice.amount:
                end = bisect_left(days, max(on for on, _ in pieces))
            for at in range(bisect_left(days, invoice.issued_on), end):
                day = days[at]
                left = invoice.amount - sum((amount for on, amount in pieces if on <= day), Decimal(0))
                rows[at][bucket(invoice.due_on, day)] += left
    return {
        currency: [_standing(day, row) for day, row in zip(days, rows, strict=True)]
        for currency, rows in sorted(sums.items())
    }


def _standing(day: date, row: dict[str, Decimal]) -> Standing:
    total = sum(row.values(), Decimal(0))
    return Standing(day, total, total - row["not_due"], row)


@dataclass(frozen=True)
class Raised:
    """A warning with its days. severity, kind: codes. acknowledged_on, closed_on: None while that has not happened."""

    kind: str
    raised_on: date
    acknowledged_on: date | None = None
    closed_on: date | None = None
    severity: str = ""
    escalated: bool = False


@dataclass(frozen=True)
class Response:
    """raised, closed: within the period. open: at its end. to_acknowledge, to_close: median days, one digit, None without any.

    longest_open: days the oldest open one has been open at the end; kinds: kind -> raised within the period.
    """

    raised: int
    closed: int
    open: int
    escalated: int
    to_acknowledge: Decimal | None
    to_close: Decimal | None
    longest_open: int
    kinds: Mapping[str, int]


def response(warnings: Iterable[Raised], first: date, last: date) -> Response:
    """Return how the warnings of a period were answered (RULES A4.3), both days included. Raises CreditError for days that are turned."""
    if last < first:
        raise CreditError(f"a period from {first} to {last} has no day")
    known = [w for w in warnings if w.raised_on <= last]
    raised = [w for w in known if first <= w.raised_on]
    closed = [w for w in known if w.closed_on is not None and first <= w.closed_on <= last]
    still = [w for w in known if w.closed_on is None or w.closed_on > last]
    heard = [(w.acknowledged_on - w.raised_on).days for w in raised if w.acknowledged_on and w.acknowledged_on <= last]
    ended = [(w.closed_on - w.raised_on).days for w in closed if w.closed_on]
    longest = max(((last - w.raised_on).days for w in still), default=0)
    kinds = Counter(w.kind for w in raised)
    escalated = sum(w.escalated for w in raised)
    return Response(
        len(raised),
        len(closed),
        len(still),
        escalated,
        median(heard),
        median(ended),
        longest,
        dict(sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))),
    )


def median(values: Iterable[int]) -> Decimal | None:
    """Return the middle value, the mean of the two middle ones, one digit; None of none."""
    rows = sorted(values)
    if not rows:
        return None
    return (Decimal(rows[(len(rows) - 1) // 2] + rows[len(rows) // 2]) / 2).quantize(Decimal("0.1"))


def late_assessments(first_known: Mapping[str, date], last: Mapping[str, date], day: date) -> list[str]:
    """Return the customers whose yearly assessment (RULES A1.2) is late on a day, those longest late first.

    first_known: customer -> since when they are known; last: customer -> the last assessment until that day.
    """
    due = {
        customer: a_year_after(last[customer]) if customer in last else since
        for customer, since in first_known.items()
        if since <= day
    }
    return sorted((c for c, until in due.items() if until < day), key=lambda c: (due[c], c))
