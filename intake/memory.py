"""What a process that opens foreign files may hold of memory: one that a page makes grow ends, and nothing beside it."""

import resource
from pathlib import Path

#: Bytes, of a process that looks at pages without reading them.
LOOKING = 2 << 30


def limit(most: int) -> None:
    """Let this process hold at most so many bytes from now on; what it has mapped and does not hold does not count.

    Data, not address space: the libraries reserve far more addresses than they ever fill. They and the C library keep addresses
    of data, too: a reader that holds 500 MiB has 2,400 of them after some dozen pages.
    """
    _, resident, shared, _, _, data, *_ = map(int, Path("/proc/self/statm").read_text().split())
    unheld = max(0, data - (resident - shared)) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most + unheld, hard))
