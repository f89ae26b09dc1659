"""The life of a warning (RULES A4.2, A4.3): when a fact makes a new one, when it goes one level up, who may close it.

One trouble, that is a kind and a subject at a customer, has at most one warning that is not closed. A closed one stays silent as
long as the same trouble goes on; when it grows more severe, or was gone and comes back, there is a new warning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from credit.errors import CreditError
from credit.warnings import SEVERITIES, RiskWarning, Severity, WarningLines

State = Literal["open", "acknowledged", "in_hand", "closed"]
#: What leads from one state to the next. Closing is asked for by one and confirmed by another: see `demand_second`.
STEPS: Mapping[str, tuple[tuple[State, ...], State]] = {
    "acknowledge": (("open",), "acknowledged"),
    "take_in_hand": (("open", "acknowledged"), "in_hand"),
    "close": (("acknowledged", "in_hand"), "closed"),
}
#: Levels: 0 who deals with the customer and the credit administrators, 1 the heads of their departments, 2 all heads.
TOP_LEVEL = 2
MOST_SNOOZE_DAYS = 90
#: A clock that was put back by no more than this does not make a closed trouble look gone and come back.
CLOCK_SLACK = timedelta(days=7)


@dataclass(frozen=True)
class Kept:
    """The latest warning of a trouble, as it is on record. holds: whether the trouble was there when last looked, on seen_on."""

    severity: Severity
    closed: bool
    holds: bool
    seen_on: date


@dataclass(frozen=True)
class Change:
    """What is to be done about one trouble. what: open (a new warning), worse, back, gone, or still (only seen again)."""

    what: Literal["open", "worse", "back", "gone", "still"]
    key: tuple[str, str]
    found: RiskWarning | None = None


def rank(severity: Severity) -> int:
    """Return how urgent a severity is: 0 for low."""
    return SEVERITIES.index(severity)


def compare(kept: Mapping[tuple[str, str], Kept], found: Sequence[RiskWarning], today: date) -> list[Change]:
    """Return what changes between the warnings on record and those that the facts give today, by (kind, subject).

    The same record and the same facts give the same changes; applied once, the second time there is none but `still`.
    """
    changes: list[Change] = []
    now: dict[tuple[str, str], RiskWarning] = {(one.kind, one.subject): one for one in found}
    for key, warning in now.items():
        last = kept.get(key)
        worse = last is not None and rank(warning.severity) > rank(last.severity)
        if last is None or (last.closed and (worse or not last.holds)):
            changes.append(Change("open", key, warning))
        elif worse:
            changes.append(Change("worse", key, warning))
        elif not last.holds:
            changes.append(Change("back", key, warning))
        elif last.seen_on < today:
            changes.append(Change("still", key, warning))
    for key, last in kept.items():
        put_back = last.closed and timedelta(0) < last.seen_on - today <= CLOCK_SLACK
        if key not in now and last.holds and not put_back:
            changes.append(Change("gone", key))
    return changes


def respond_by(lines: WarningLines, severity: Severity, since: datetime) -> datetime:
    """Return until when a warning of this severity is to be acknowledged, counted from `since`."""
    return since + timedelta(hours=lines.respond_hours(severity))


def next_state(step: str, state: str) -> State:
    """Return the state after a step. Raises CreditError where the step does not lead from this state."""
    before, after = STEPS[step]
    if state not in before:
        raise CreditError(f"a warning that is {state} cannot {step.replace('_', ' ')}")
    return after


def demand_second(asked_by: str | None, decided_by: str) -> None:
    """Raise CreditError unless somebody else asked before (RULES A4.2: a reason and a second person)."""
    if asked_by is None:
        raise CreditError("nobody asked for it yet: one person asks with a reason, a second one decides")
    if asked_by == decided_by:
        raise CreditError("who asked for it does not decide on it: a second person does")


def demand_snooze(until: date, today: date) -> None:
    """Raise CreditError unless a warning may be silent until that day."""
    days = (until - today).days
    if not 1 <= days <= MOST_SNOOZE_DAYS:
        raise CreditError(f"a warning is put off for 1 to {MOST_SNOOZE_DAYS} days, not until {until}")
