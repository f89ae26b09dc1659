"""The words of a review: its states, acts, parts, and which act leads from where to where. `appraisal.Review` follows them."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal, get_args

from retention.why import Why

State = Literal[
    "proposed",
    "appraising",
    "decided",
    "waiting",
    "supervised",
    "executing",
    "executed",
    "verified",
    "certified",
    "stopped",
]
STATES: tuple[State, ...] = get_args(State)
PartName = Literal["proposer", "appraiser", "co_reviewer", "approver", "supervisor"]
OutcomeWord = Literal["destroyed", "kept", "blocked", "gone", "leaving"]
GROUP_LEAST = 3
SUPERVISORS = 2
DEFAULT_WAITING_DAYS = 7

# act -> (state it is done in, state it leads to, how many different people must do it)
TRANSITIONS: dict[str, tuple[State, State, int]] = {
    "open": ("proposed", "appraising", 1),
    "decide": ("appraising", "decided", 1),
    "approve": ("decided", "waiting", 1),
    "reject": ("decided", "stopped", 1),
    "confirm_before": ("waiting", "supervised", SUPERVISORS),
    "begin": ("supervised", "executing", 1),
    "finish": ("executing", "executed", 1),
    "confirm_after": ("executed", "verified", SUPERVISORS),
    "certify": ("verified", "certified", 1),
}
STOPPABLE: tuple[State, ...] = ("proposed", "appraising", "decided", "waiting", "supervised")


@dataclass(frozen=True)
class Signature:
    """Who did which act of the review, when. note: the reason of a stop or rejection."""

    act: str
    person: str
    on: date
    note: str = ""


@dataclass(frozen=True)
class TakenOff:
    """A single file was taken off the review: it is not destroyed by it."""

    person: str
    on: date
    reason: str


@dataclass(frozen=True)
class Replacement:
    """Someone took the part of a person who could not act in it. by: who said so."""

    part: PartName
    old: str
    new: str
    by: str
    on: date
    reason: str


@dataclass(frozen=True)
class CoReviewer:
    """Someone whom the appraisal group, or the proposer, asked for an opinion as well. files: on which; by: who asked."""

    person: str
    files: tuple[str, ...]
    by: str
    on: date
    reason: str

    def about(self, file_id: str) -> bool:
        """Return whether they were asked about a file."""
        return file_id in self._set

    @cached_property
    def _set(self) -> frozenset[str]:
        return frozenset(self.files)


@dataclass(frozen=True)
class Outcome:
    """What became of a file: destroyed, kept (as decided), blocked, gone (by another review), or leaving (for an outside archive). why: a plain sentence."""

    word: OutcomeWord
    why: str = ""


@dataclass(frozen=True)
class Paper:
    """What of the destroyed files there is on paper: of how many files, and how many originals and copies."""

    files: int
    originals: int
    copies: int


@dataclass(frozen=True)
class PaperGone:
    """The paper of the destroyed files was destroyed, too. how: by which means and where (纸浆、粉碎 …)."""

    person: str
    on: date
    how: str


@dataclass(frozen=True)
class Answer:
    """Yes or no, and why."""

    allowed: bool
    why: Why

    def __bool__(self) -> bool:
        return self.allowed
