"""A full disk shows in many ways; to whoever waits it is one: nothing is lost, try again when there is room."""

import contextlib
import errno
from collections.abc import Iterator

from service.errors import DatabaseUnavailable, NoSpace
from vault.errors import StoreUnavailable

_DISK_FULL = "53100"  # PostgreSQL's word for it (Appendix A, class 53)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def no_space() -> NoSpace:
    """Return what is said of a full disk."""
    return NoSpace("the disk of the archive is full; what arrived is kept: try again later")


def is_full(error: BaseException | None) -> bool:
    """Tell whether the operating system refused to write for lack of room."""
    return isinstance(error, OSError) and error.errno in _FULL


def plainly(error: Exception) -> Exception:
    """Return NoSpace for an error that comes of a full disk, of this machine or of the store; any other as it is."""
    if isinstance(error, DatabaseUnavailable):
        sqlstate = getattr(getattr(error.__cause__, "orig", None), "sqlstate", None)
        full = sqlstate == _DISK_FULL or "disk is full" in str(error)  # SQLite's words for SQLITE_FULL
    else:
        full = isinstance(error, StoreUnavailable | OSError) and (is_full(error) or is_full(error.__cause__))
    return no_space() if full else error


@contextlib.contextmanager
def room() -> Iterator[None]:
    """Turn a full disk, however it shows, into NoSpace."""
    try:
        yield
    except (StoreUnavailable, OSError, DatabaseUnavailable) as error:
        said = plainly(error)
        if said is not error:
            raise said from error
        raise
