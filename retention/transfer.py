"""Transfer 移交 (RULES B3): handler -> credit administrator -> archive room, each within a month, each event on its own clock."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from retention.calendar import Deadline, WorkCalendar, month_deadline
from retention.errors import TransitionRefused
from retention.why import because

Event = Literal["signed", "amended", "performed", "terminated"]
EVENTS: tuple[Event, ...] = ("signed", "amended", "performed", "terminated")
Stage = Literal["handler", "archive"]
State = Literal["pending", "handed_over", "returned", "accepted"]
SOON_DAYS = 7

# stage -> (who hands over, who accepts or returns)
PARTS: dict[Stage, tuple[str, str]] = {
    "handler": ("handler", "credit_administrator"),
    "archive": ("credit_administrator", "archivist"),
}
# stage -> who may sign for the person responsible, when that one does not
DELEGATES: dict[Stage, frozenset[str]] = {
    "handler": frozenset({"credit_administrator", "department_head"}),
    "archive": frozenset({"credit_administrator"}),
}
# action -> (states it starts from, state it leads to)
TRANSITIONS: dict[str, tuple[tuple[State, ...], State]] = {
    "hand_over": (("pending", "returned"), "handed_over"),
    "accept": (("handed_over",), "accepted"),
    "send_back": (("handed_over",), "returned"),
}


def handler_deadline(event: str, finished_on: date, calendar: WorkCalendar, roll_over: bool = True) -> Deadline:  # noqa: FBT001, FBT002 - the agreed signature
    """Return by when the handler must hand the file over after finishing the formalities of `event` (RULES B3).

    Every event has its own deadline, whatever other clocks run. Raises TransitionRefused for an unknown event.
    """
    if event not in EVENTS:
        raise TransitionRefused(f"{event!r} starts no clock; only {', '.join(EVENTS)} do")
    deadline = month_deadline(finished_on, calendar, roll_over)
    return replace(deadline, why=because("event", event=event, on=finished_on) + deadline.why)


def archive_deadline(verified_on: date, calendar: WorkCalendar, roll_over: bool = True) -> Deadline:  # noqa: FBT001, FBT002 - the agreed signature
    """Return by when the credit administrator must bring a file verified on that day to the archive room (RULES B3)."""
    deadline = month_deadline(verified_on, calendar, roll_over)
    return replace(deadline, why=because("verified", on=verified_on) + deadline.why)


@dataclass(frozen=True)
class Transfer:
    """One duty to hand a file over. Each method returns the transfer after the step; the deadline is not moved by a return.

    Persons are names as in the audit trail. All methods raise TransitionRefused. responsible: whose duty it is, None where nobody
    is named. handed_over_for: the person responsible, where another one signed for them.
    """

    stage: Stage
    state: State = "pending"
    responsible: str | None = None
    handed_over_by: str | None = None
    handed_over_for: str | None = None
    handed_over_on: date | None = None
    decided_by: str | None = None
    decided_on: date | None = None
    return_reason: str = ""

    def _step(self, action: str) -> State:
        origins, target = TRANSITIONS[action]
        if self.state not in origins:
            raise TransitionRefused(f"a transfer that is {self.state} cannot {action.replace('_', ' ')}")
        return target

    def _demand_role(self, action: str, side: Literal[0, 1], person: str, roles: Collection[str]) -> None:
        needed = PARTS[self.stage][side]
        if needed not in roles:
            raise TransitionRefused(f"{action.replace('_', ' ')} needs the role {needed}; {person} does not have it")

    def signs_for(self, person: str, roles: Collection[str]) -> str | None:
        """Return for whom this person would sign the handing over: None for themselves, else the person responsible."""
        if person == self.responsible:
            return None
        if self.responsible is None:
            self._demand_role("hand_over", 0, person, roles)
            return None
        if not DELEGATES[self.stage] & frozenset(roles):
            who = "the credit administrator" if self.stage == "archive" else "the credit administrator or their head"
            raise TransitionRefused(f"{self.responsible} hands this file over, or {who} for them")
        return self.responsible

    def hand_over(self, person: str, roles: Collection[str], on: date) -> "Transfer":
        """Sign for the giving side, as the person responsible or for them. One that was returned can be handed over again."""
        state = self._step("hand_over")
        for_whom = self.signs_for(person, roles)
        return replace(
            self,
            state=state,
            handed_over_for=for_whom,
            handed_over_by=person,
            handed_over_on=on,
            decided_by=None,
            decided_on=None,
            return_reason="",
        )

    def _decide(self, action: str, person: str, roles: Collection[str], on: date, reason: str) -> "Transfer":
        state = self._step(action)
        self._demand_role(action, 1, person, roles)
        if person in (self.handed_over_by, self.handed_over_for):
            raise TransitionRefused(f"{person} handed the file over; someone else must receive it")
        if self.handed_over_on is not None and on < self.handed_over_on:
            raise TransitionRefused(f"received on {on}, but handed over only on {self.handed_over_on}")
        return replace(self, state=state, decided_by=person, decided_on=on, return_reason=reason)

    def accept(self, person: str, roles: Collection[str], on: date) -> "Transfer":
        """Sign for the receiving side: the file is theirs now."""
        return self._decide("accept", person, roles, on, "")

    def send_back(self, person: str, roles: Collection[str], on: date, reason: str) -> "Transfer":
        """Return the file with reasons, for the receiving side."""
        if not reason.strip():
            raise TransitionRefused("a file is returned only with a reason")
        return self._decide("send_back", person, roles, on, reason.strip())


# days from the deadline (negative: before it) -> who is told besides those told before; all rows that are reached count
Escalation = tuple[tuple[int, str], ...]


def escalation(notice: int = SOON_DAYS, head: int = 1, administrator: int = SOON_DAYS, auditor: int = 30) -> Escalation:
    """Return when whom an open transfer comes to. notice: days before its deadline; the others: days behind it.

    By default, a week before the deadline the one responsible, the day after it the head of the department, a week after it the credit
    administrator, thirty days after it the auditor (RULES B3).
    """
    parts = ((-notice, "responsible"), (head, "department_head"), (administrator, "credit_administrator"))
    return (*parts, (auditor, "auditor"))


def told(due: date, today: date, steps: Escalation = escalation()) -> tuple[str, ...]:  # noqa: B008 - it never changes
    """Return who has been told of a transfer that is still open, in the order of escalation: nobody, then one more each time."""
    days = (today - due).days
    return tuple(who for at, who in steps if days >= at)


def next_telling(due: date, today: date, steps: Escalation = escalation()) -> date | None:  # noqa: B008 - as above
    """Return the day after today on which an open transfer comes to somebody more; None when all have been told by today."""
    return min((day for at, _who in steps if (day := due + timedelta(days=at)) > today), default=None)


@dataclass(frozen=True)
class Urgency:
    """word: late, soon (within seven days, today included) or later. days: until the deadline, negative when it has passed."""

    word: Literal["late", "soon", "later"]
    days: int


def urgency(due: date, today: date) -> Urgency:
    """Return how near a deadline is. The due day itself is still in time."""
    days = (due - today).days
    return Urgency("late" if days < 0 else "soon" if days <= SOON_DAYS else "later", days)
