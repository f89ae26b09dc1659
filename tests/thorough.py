"""How much of the longest suites a run takes: all of it in CI, a sample on a newcomer's machine.

`.ci/run` sets JUANZONG_REQUIRE_SERVERS=1 and with it takes every case, every file and every point of a crash. `make test` on a machine
without servers takes enough of them to see that the parts work there, and ends within ten minutes.
"""

import os

THOROUGH = os.environ.get("JUANZONG_REQUIRE_SERVERS") == "1"


def so_many(whole: int, sample: int) -> int:
    """Return the number of cases this run takes."""
    return whole if THOROUGH else sample
