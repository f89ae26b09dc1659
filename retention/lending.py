"""Lending 查阅与借阅 (RULES B6): reader, customer, purpose; the archivist fills in when it was lent and when it must come back."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from retention.errors import TransitionRefused

State = Literal["asked", "granted", "refused", "lent", "returned"]
#: What is found when a file that came back is checked; what is not whole is an incident of that kind.
RETURNS = ("whole", "damaged", "lost")


@dataclass(frozen=True)
class AccessRequest:
    """A request to read a file. Methods return the request after the step and raise TransitionRefused.

    customer: whose file it is. due_back: the last day on which it comes back in time.
    """

    reader: str
    customer: str
    purpose: str
    asked_on: date
    state: State = "asked"
    decided_by: str | None = None
    decided_on: date | None = None
    refusal: str = ""
    lent_on: date | None = None
    due_back: date | None = None
    returned_on: date | None = None
    returned_as: str | None = None
    return_note: str = ""

    def __post_init__(self) -> None:
        for name in ("reader", "customer", "purpose"):
            if not getattr(self, name).strip():
                raise TransitionRefused(f"an access request needs a {name}")

    def _from(self, state: State, step: str) -> None:
        if self.state != state:
            raise TransitionRefused(f"an access request that is {self.state} cannot be {step}")

    def _decided(self, person: str, on: date, step: str) -> None:
        self._from("asked", step)
        if person == self.reader:
            raise TransitionRefused(f"{person} asked; someone else must decide")
        if on < self.asked_on:
            raise TransitionRefused(f"decided on {on}, but asked only on {self.asked_on}")

    def grant(self, person: str, on: date) -> "AccessRequest":
        """Let the reader have the file; someone else than the reader decides."""
        self._decided(person, on, "granted")
        return replace(self, state="granted", decided_by=person, decided_on=on)

    def refuse(self, person: str, reason: str, on: date) -> "AccessRequest":
        """Refuse with a reason."""
        self._decided(person, on, "refused")
        if not reason.strip():
            raise TransitionRefused("a refusal needs a reason")
        return replace(self, state="refused", decided_by=person, decided_on=on, refusal=reason.strip())

    def lend(self, lent_on: date, due_back: date) -> "AccessRequest":
        """Hand the file out until `due_back`."""
        self._from("granted", "lent")
        if self.decided_on is not None and lent_on < self.decided_on:
            raise TransitionRefused(f"lent on {lent_on}, but granted only on {self.decided_on}")
        if due_back < lent_on:
            raise TransitionRefused(f"due back on {due_back}, before it was lent on {lent_on}")
        return replace(self, state="lent", lent_on=lent_on, due_back=due_back)

    def give_back(self, on: date, found: str, note: str = "") -> "AccessRequest":
        """Take the file back and say what the check found, one of RETURNS; a return before the loan is refused.

        note: what is damaged or lacking, needed unless all is there.
        """
        self._from("lent", "returned")
        if found not in RETURNS:
            raise TransitionRefused(f"what was found at the return is one of {', '.join(RETURNS)}")
        if found != "whole" and not note.strip():
            raise TransitionRefused("say what is damaged or lacking")
        if self.lent_on is not None and on < self.lent_on:
            raise TransitionRefused(f"returned on {on}, before it was lent on {self.lent_on}")
        return replace(self, state="returned", returned_on=on, returned_as=found, return_note=note.strip())

    def lapse(self, today: date) -> "AccessRequest":
        """End a loan in electronic form after its last day: it closed by itself, in time, and there is nothing to check."""
        self._from("lent", "returned")
        if self.due_back is None or today <= self.due_back:
            raise TransitionRefused(f"what was lent in electronic form is open until {self.due_back}")
        return replace(self, state="returned", returned_on=self.due_back)

    def days_overdue(self, today: date) -> int:
        """Return how many days the file is late; 0 when it is not out or still in time."""
        if self.state != "lent" or self.due_back is None:
            return 0
        return max((today - self.due_back).days, 0)
