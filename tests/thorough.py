"""How much of the longest suites a run takes: all of it in CI, a sample on a newcomer's machine.

`.ci/run` sets JUANZONG_REQUIRE_SERVERS=1 and with it takes every case, every file and every point of a crash. `make test` on a machine
without servers takes enough of them to see that the parts work there, and ends within ten minutes.
"""

import os
from collections.abc import Iterable
from typing import TypeVar

Case = TypeVar("Case")
THOROUGH = os.environ.get("JUANZONG_REQUIRE_SERVERS") == "1"


def so_many(whole: int, sample: int) -> int:
    """Return the number of cases this run takes."""
    return whole if THOROUGH else sample


def a_share(cases: Iterable[Case], turn: int, of: int) -> list[Case]:
    """Return the cases this run takes: all of them, or one share of as many as `of`, another one at every turn."""
    return list(cases) if THOROUGH else list(cases)[turn % of :: of]
