"""What a process that opens foreign files may hold of memory, and how it gives back what it does not: one that a page makes grow ends, and nothing beside it."""

import ctypes
import resource
from contextlib import suppress
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


_ARENA_MAX = -8  # of mallopt


def give_back() -> None:
    """Give freed memory back to the system, where the C library can (glibc; 10 ms a page).

    Between what a runtime keeps it lies in pieces that the library holds on to: 150 MiB after a few pages, more with every kind of page.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def share_arenas(most: int = 2) -> None:
    """Let the threads of this process share so many stores of memory: glibc gives each its own, and keeps what is freed in it for that one."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, most)
