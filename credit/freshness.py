"""Freshness: when information grows stale (RULES A2.3), and when a customer must be assessed again (A1.2)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from credit.errors import CreditError
from credit.reasons import Reason

REFRESH_DAYS = 90
KEY_UPDATE_DAYS = 3
# Key information: updated as it changes, not once a quarter.
KEY_INFORMATION = frozenset({"name", "code", "legal_representative", "valid_until", "overdue_debt", "lawsuits"})
MAJOR_EVENTS: Mapping[str, tuple[str, str]] = {
    "default": ("违约", "default"),
    "lawsuit": ("诉讼", "lawsuit"),
    "legal_representative_changed": ("法定代表人变更", "change of legal representative"),
    "control_changed": ("控制权变更", "change of control"),
    "licence_revoked": ("营业执照被吊销", "licence revoked"),
    "licence_expired": ("营业执照到期", "licence expired"),
    "large_overdue_debt": ("大额逾期欠款", "large overdue debt"),
    "bankruptcy_filing": ("申请破产", "bankruptcy filing"),
    "adverse_news": ("负面消息", "adverse news"),
}
#: With those that the program finds itself: nobody assessed the whole of what two records of one company said.
EVENTS: Mapping[str, tuple[str, str]] = {
    **MAJOR_EVENTS,
    "merged": ("两个客户记录合并为一个", "two records of the customer merged"),
}


@dataclass(frozen=True)
class CollectedFact:
    """A piece of customer information. name: as the fields of documents. checked_on: when it was last found to be so.

    changed_on: the day a change became known that is not entered yet, None when there is none. declared_key: the company says
    that it is key information, whatever its name.
    """

    name: str
    responsible: str
    checked_on: date
    changed_on: date | None = None
    declared_key: bool = False

    @property
    def key(self) -> bool:
        """Whether it is key information."""
        return self.declared_key or self.name in KEY_INFORMATION


@dataclass(frozen=True)
class Freshness:
    """state: fresh or stale. due: the last day on which an update is in time. days: until then, negative when it has passed."""

    state: Literal["fresh", "stale"]
    due: date
    days: int
    why: Reason


def freshness(
    fact: CollectedFact, today: date, refresh_days: int = REFRESH_DAYS, key_update_days: int = KEY_UPDATE_DAYS
) -> Freshness:
    """Return whether a fact is still fresh (RULES A2.3).

    refresh_days: how long any information holds. key_update_days: how soon a known change of key information must be
    entered; a change of other information waits for its refresh. Raises CreditError for periods below 1 day.
    """
    if min(refresh_days, key_update_days) < 1:
        raise CreditError("a refresh period is 1 day or more")
    due = fact.checked_on + timedelta(days=refresh_days)
    why = Reason(
        f"{fact.checked_on} 核对，{refresh_days} 天内须更新",
        f"checked on {fact.checked_on}, to be renewed in {refresh_days} days",
    )
    if fact.key and fact.changed_on is not None:
        changed_due = fact.changed_on + timedelta(days=key_update_days)
        if changed_due < due:
            due = changed_due
            why = Reason(
                f"关键信息 {fact.changed_on} 有变，{key_update_days} 天内须更新",
                f"key information changed on {fact.changed_on}, to be entered in {key_update_days} days",
            )
    days = (due - today).days
    return Freshness("stale" if days < 0 else "fresh", due, days, why)


def stale_by_person(
    facts: Iterable[CollectedFact],
    today: date,
    refresh_days: int = REFRESH_DAYS,
    key_update_days: int = KEY_UPDATE_DAYS,
) -> dict[str, list[tuple[CollectedFact, Freshness]]]:
    """Return the stale facts per responsible person, the longest overdue first (RULES A2.1, A2.3)."""
    lists: dict[str, list[tuple[CollectedFact, Freshness]]] = defaultdict(list)
    for fact in facts:
        state = freshness(fact, today, refresh_days, key_update_days)
        if state.state == "stale":
            lists[fact.responsible].append((fact, state))
    return {person: sorted(rows, key=lambda row: row[1].days) for person, rows in lists.items()}


@dataclass(frozen=True)
class MajorEvent:
    """Something that makes a re-assessment due at once. answered: an assessment that looked at it has been made since."""

    kind: str
    known_on: date
    answered: bool = False

    def __post_init__(self) -> None:
        if self.kind not in EVENTS:
            raise CreditError(f"{self.kind!r} is no major event; {', '.join(MAJOR_EVENTS)} are")


@dataclass(frozen=True)
class Reassessment:
    """due: the last day in time. overdue: whether it has passed. reasons: the events, or the yearly rule."""

    due: date
    overdue: bool
    days: int
    reasons: tuple[Reason, ...]


def a_year_after(day: date) -> date:
    """Return the same day of the next year; 28 February after a 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 2, 28)


def reassessment_due(
    last_assessed: date | None, known_since: date, events: Sequence[MajorEvent], today: date
) -> Reassessment:
    """Return when the customer must next be assessed in full, and why (RULES A1.2).

    last_assessed: None for a customer never assessed, who is due on the day it became known (known_since). An
    unanswered major event is due on the day it became known, whenever the last assessment was.
    """
    open_events = sorted((event for event in events if not event.answered), key=lambda event: event.known_on)
    if last_assessed is None:
        yearly, reason = known_since, Reason("尚未评估", "never assessed")
    else:
        yearly = a_year_after(last_assessed)
        reason = Reason(
            f"上次评估 {last_assessed}，至少每年一次", f"last assessed on {last_assessed}, at least once a year"
        )
    due = min([yearly, *(event.known_on for event in open_events)])
    reasons = [
        Reason(f"{EVENTS[e.kind][0]}（{e.known_on}）", f"{EVENTS[e.kind][1]} ({e.known_on})") for e in open_events
    ]
    if not reasons or yearly <= today:
        reasons.append(reason)
    days = (due - today).days
    return Reassessment(due, days < 0, days, tuple(reasons))
