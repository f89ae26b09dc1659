"""What was true when, and known when: a log of assertions that is only ever added to (RULES A2.3, history of facts).

Every assertion says a value of a stretch of days and became known at a moment. Of all that is known about a day at a moment the
latest assertion counts; one that was withdrawn does not count from the moment of its withdrawal on. So both a change in the world
(a later stretch) and a correction (the same stretch again) are one more assertion, and nothing that was once known is lost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from credit.errors import CreditError


@dataclass(frozen=True)
class Assertion:
    """One entry of the log. key: whose it is. first, last: the days it speaks of, last included; None for no end.

    known_at, order: when it became known, and the order within that moment. withdrawn_at: since when it does not count.
    """

    key: str
    first: date
    last: date | None
    known_at: datetime
    order: int = 0
    withdrawn_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise CreditError("the last day lies before the first")

    def known(self, moment: datetime | None) -> bool:
        """Return whether it was known and counted at a moment; None: now, with all that is known."""
        if moment is None:
            return self.withdrawn_at is None
        return self.known_at <= moment and (self.withdrawn_at is None or moment < self.withdrawn_at)

    def covers(self, day: date) -> bool:
        """Return whether it speaks of a day."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Span:
    """A stretch of days with the assertion that counts for them. last: included; None for no end."""

    first: date
    last: date | None
    assertion: Assertion


def _latest(assertion: Assertion) -> tuple[datetime, int]:
    return assertion.known_at, assertion.order


def as_of(log: Iterable[Assertion], day: date, known_at: datetime | None = None) -> Assertion | None:
    """Return what counts for a day, as it was known at a moment (None: as it is known now); None where nothing does."""
    found = (entry for entry in log if entry.known(known_at) and entry.covers(day))
    return max(found, key=_latest, default=None)


def timeline(log: Iterable[Assertion], known_at: datetime | None = None) -> tuple[Span, ...]:
    """Return all stretches in order of days, as known at a moment: without overlap, neighbours of one assertion joined."""
    known = [entry for entry in log if entry.known(known_at)]
    starts = {entry.first for entry in known}
    starts |= {entry.last + timedelta(days=1) for entry in known if entry.last is not None and entry.last < date.max}
    spans: list[Span] = []
    edges = sorted(starts)
    for at, first in enumerate(edges):
        entry = max((e for e in known if e.covers(first)), key=_latest, default=None)
        if entry is None:
            continue
        last = edges[at + 1] - timedelta(days=1) if at + 1 < len(edges) else entry.last
        before = spans[-1] if spans else None
        if before is not None and before.assertion is entry and _meet(before.last, first):
            spans[-1] = Span(before.first, last, entry)
        else:
            spans.append(Span(first, last, entry))
    return tuple(spans)


def _meet(last: date | None, first: date) -> bool:
    return last is not None and last + timedelta(days=1) == first


def room_for(log: Sequence[Assertion], first: date) -> date | None:
    """Return the last day an assertion about the past may speak of so that what counts from later days on stays; None: no end."""
    later = [span.first for span in timeline(log) if span.first > first]
    return min(later) - timedelta(days=1) if later else None
