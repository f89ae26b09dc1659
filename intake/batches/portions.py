"""Portions: the files of one scan, several where it is too large for one. They are put together again before anything is cut.

What a sender says of each is SCAN/NUMBER/OF: which scan, which of its files (from 1), and how many it has. So a scan is known again
whose pages were put right since: it counts once.
"""

import re
from dataclasses import dataclass

_FORM = re.compile(r"([0-9a-f]{8,32})/([1-9][0-9]{0,2})/([1-9][0-9]{0,2})", re.ASCII)


@dataclass(frozen=True)
class Portion:
    """File `number` (from 1) of the `of` files of a scan. scan: hexadecimal digits that no other scan has."""

    scan: str
    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.scan}/{self.number}/{self.of}"


def parse(text: str) -> Portion:
    """Return what `str` gave. Raises ValueError."""
    found = _FORM.fullmatch(text)
    if found is None or int(found[2]) > int(found[3]):
        raise ValueError(f"{text[:60]!r} is no SCAN/NUMBER/OF")
    return Portion(found[1], int(found[2]), int(found[3]))
