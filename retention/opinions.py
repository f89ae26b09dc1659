"""Opinions of an appraisal 鉴定意见: who thinks what of which file, and what follows for it (档案法 2020; RULES Part B, Appraisal and destruction)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from retention.errors import TransitionRefused
from retention.why import Why, because

Verdict = Literal["destroy", "transfer_out", "keep_until", "keep_permanently"]
VERDICTS: tuple[Verdict, ...] = ("destroy", "transfer_out", "keep_until", "keep_permanently")


@dataclass(frozen=True)
class Opinion:
    """What one appraiser thinks of one file. Raises TransitionRefused: keeping needs a reason, keep_until a date.

    on: the day it was given; the review fills it in. It takes no opinion without a reason; of earlier releases there are some.
    """

    verdict: Verdict
    reason: str = ""
    until: date | None = None
    on: date | None = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise TransitionRefused(f"{self.verdict!r} is no opinion; {', '.join(VERDICTS)} are")
        if self.verdict == "transfer_out" and not self.reason.strip():
            raise TransitionRefused("whoever wants a file transferred to an outside archive says why")
        if self.verdict != "destroy" and not self.reason.strip():
            raise TransitionRefused("whoever wants a file kept says why")
        if (self.verdict == "keep_until") != (self.until is not None):
            raise TransitionRefused("a date belongs to keep_until, and keep_until needs one")


def destroy(reason: str) -> Opinion:
    """Return the opinion that the file can go, and why (销毁理由, a column of the register)."""
    return Opinion("destroy", reason)


def transfer_out(reason: str) -> Opinion:
    """Return the opinion that the file goes to an outside archive (移交进馆), and why: the other disposal."""
    return Opinion("transfer_out", reason)


def keep_until(until: date, reason: str) -> Opinion:
    """Return the opinion that the file stays until that day, on which it may be appraised again."""
    return Opinion("keep_until", reason, until)


def keep_permanently(reason: str) -> Opinion:
    """Return the opinion that the file stays for ever."""
    return Opinion("keep_permanently", reason)


@dataclass(frozen=True)
class Ruling:
    """What follows for one file. complete: everybody asked has spoken; until then nothing is destroyed.

    verdict: as an opinion, or taken_off when the file was taken off the review. until: the date of keep_until.
    """

    verdict: Verdict | Literal["taken_off"]
    complete: bool
    why: Why
    until: date | None = None

    @property
    def destroys(self) -> bool:
        """Whether all said so, and nothing less."""
        return self.complete and self.verdict == "destroy"

    @property
    def leaves(self) -> bool:
        """Whether it goes to an outside archive: everybody has spoken, nobody wants it kept here, somebody wants it kept there."""
        return self.complete and self.verdict == "transfer_out"


def combine(opinions: Sequence[Opinion], expected: int) -> Ruling:
    """Return what follows from the opinions on a file: it is destroyed only when all `expected` say so.

    Any keep wins, the longest first; then a transfer to an outside archive, which keeps it elsewhere.
    """
    return _combined(tuple(opinions), expected)


@lru_cache(maxsize=1024)  # of fifty thousand files most have the same opinions
def _combined(opinions: tuple[Opinion, ...], expected: int) -> Ruling:
    complete = len(opinions) >= expected > 0
    permanent = [o for o in opinions if o.verdict == "keep_permanently"]
    if permanent:
        why = because("decided_keep_permanently", reason=permanent[0].reason)
        return Ruling("keep_permanently", complete, why)
    dated = [(o.until, o) for o in opinions if o.until is not None]
    if dated:
        until, opinion = max(dated, key=lambda pair: pair[0])
        why = because("decided_keep_until", until=until, reason=opinion.reason)
        return Ruling("keep_until", complete, why, until)
    leaving = [o for o in opinions if o.verdict == "transfer_out"]
    if leaving:
        return Ruling("transfer_out", complete, because("decided_transfer_out", reason=leaving[0].reason))
    reasons = "；".join(dict.fromkeys(o.reason.strip() for o in opinions if o.reason.strip()))
    why = (
        (because("decided_destroy", reason=reasons) if reasons else because("decided_destroy_plain"))
        if complete
        else because("undecided")
    )
    return Ruling("destroy", complete, why)
