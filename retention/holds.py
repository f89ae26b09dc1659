"""Hold 冻结 (DoD 5015.2, MoReq2010): names a matter and stops any destruction while it stands; released by two people."""

from dataclasses import dataclass, replace
from datetime import date

from retention.errors import TransitionRefused


@dataclass(frozen=True)
class Hold:
    """One hold. Several can stand on one file; each is released on its own. Raises TransitionRefused without matter, reason or name."""

    matter: str
    reason: str
    placed_by: str
    placed_on: date
    release_reason: str = ""
    release_asked_by: str | None = None
    released_by: str | None = None
    released_on: date | None = None

    def __post_init__(self) -> None:
        for name in ("matter", "reason", "placed_by"):
            if not getattr(self, name).strip():
                raise TransitionRefused(f"a hold needs a {name.replace('_', ' ')}")
        if self.released_by is not None and self.release_asked_by in (None, self.released_by):
            raise TransitionRefused("a hold is released by two different people")

    @property
    def standing(self) -> bool:
        """Whether it still stops a destruction. One that was only asked to be released does."""
        return self.released_by is None

    def ask_release(self, person: str, reason: str) -> "Hold":
        """Return the hold with a request to release it. Raises TransitionRefused without a reason or when it is released."""
        if not self.standing:
            raise TransitionRefused(f"the hold for {self.matter} was released on {self.released_on}")
        if not reason.strip():
            raise TransitionRefused("a hold is released only with a reason")
        return replace(self, release_asked_by=person, release_reason=reason.strip())

    def release(self, person: str, on: date) -> "Hold":
        """Return the hold released by a second person. Raises TransitionRefused."""
        if not self.standing:
            raise TransitionRefused(f"the hold for {self.matter} was released on {self.released_on}")
        if self.release_asked_by is None:
            raise TransitionRefused("someone must first ask for the release, with a reason")
        if person == self.release_asked_by:
            raise TransitionRefused(f"{person} asked for the release; a second person must release the hold")
        if on < self.placed_on:
            raise TransitionRefused(f"released on {on}, but placed only on {self.placed_on}")
        return replace(self, released_by=person, released_on=on)
