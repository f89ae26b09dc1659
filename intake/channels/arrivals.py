"""When an arriving file is taken, and when one that failed is tried again. Pure rules: the moment of each look is given."""

from dataclasses import dataclass

from intake.channels.endings import Ending

#: What other programs write while they are not done, and what they leave beside documents.
_PREFIXES = (".", "~")
_SUFFIXES = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".download", ".swp", "~")
_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Patience:
    """How long a file must lie unchanged. whole: seconds for one with a valid end.

    One of a kind without such a mark waits six times as long. One whose end is missing waits as long as a writer may pause;
    what is still cut short then is handed in and refused with its reason.
    """

    whole: float = 5.0

    def of(self, end: Ending) -> float:
        """Return the seconds for a file that ends like this."""
        return self.whole * {Ending.WHOLE: 1, Ending.UNMARKED: 6, Ending.CUT: 120}[end]


@dataclass(frozen=True)
class Sign:
    """What a look at a file sees. changed: its time of change in nanoseconds."""

    size: int
    changed: int


@dataclass(frozen=True)
class Looked:
    """A file as it has been since a moment (seconds of a clock that never goes back)."""

    sign: Sign
    since: float


def look(before: Looked | None, sign: Sign, now: float) -> Looked:
    """Return what is known after seeing `sign`: any difference begins the wait anew."""
    return before if before is not None and before.sign == sign else Looked(sign, now)


def is_settled(looked: Looked, end: Ending, now: float, patience: Patience) -> bool:
    """Return whether the file has been the same for as long as one with this ending must be. One look never suffices."""
    return now > looked.since and now - looked.since >= patience.of(end)


def is_ignored(name: str) -> bool:
    """Return whether a file or folder of this name is hidden, temporary or a by-product, and no document."""
    plain = name.lower()
    return plain.startswith(_PREFIXES) or plain.endswith(_SUFFIXES) or plain in _NAMES


def pause(failures: int, *, first: float = 2.0, longest: float = 300.0) -> float:
    """Return the seconds until the next try after so many failures: doubling from `first` to `longest`."""
    return min(longest, first * 2.0 ** min(failures - 1, 30))
