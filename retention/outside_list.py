"""The transfer list (移交清单) of a file that goes to an outside archive, as both sides sign it (GB/T 18894-2016, 9; RULES Part B)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retention.outside import OutsideTransfer


@dataclass(frozen=True)
class Listed:
    """One document of the package. title: "" where it was removed here already; sha256: of its original."""

    category: str
    title: str
    pages: int
    sha256: str


@dataclass(frozen=True)
class OutsideList:
    """What both sides sign. statement: ours, {} before the handing over; holds: whether its signature does; names: of people by how the trail calls them."""

    transfer: OutsideTransfer
    title: str
    statement: Mapping[str, Any]
    holds: bool
    rows: tuple[Listed, ...]
    names: Mapping[str, str]
