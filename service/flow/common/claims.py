"""Who is at work on a document, and whether they still live.

A claim names host, process and the moment the process started. On the same host a dead process's claim is void at once; on
another host it runs out. So a process killed in the middle of its work delays nobody on its own machine.
"""

import os
import socket
import threading
from datetime import datetime, timedelta
from pathlib import Path

from service.records.tables import Batch, Document, FixityRun, PageShare, Stack, Upload

#: What somebody can be at work on.
Claimed = Document | Upload | Stack | Batch | FixityRun | PageShare

SPAN = timedelta(minutes=10)
#: By which the clocks of two machines may differ.
AHEAD = timedelta(minutes=1)
#: Claims of this process that it gave up while the database could not note it.
_given_up: set[tuple[str, str]] = set()


def _started(pid: int) -> str | None:
    """Return when a process of this host began (clock ticks after boot), or None when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def me() -> str:
    """Return the name of this thread of this process for claims."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}:{threading.get_ident()}"


def reaches_too_far(until: datetime, now: datetime) -> bool:
    """Return whether a claim reaches further than claims do: a clock that was wrong wrote it, and it would hold for as long as that was ahead."""
    return until > now + SPAN + AHEAD


def is_held(document: Claimed, now: datetime) -> bool:
    """Return whether someone living, other than this thread, works on the document."""
    until = document.claimed_until
    if until is None or until < now or reaches_too_far(until, now):
        return False
    if (_name(document), document.claimed_by) in _given_up:
        return False
    return is_another(document.claimed_by)


def is_another(who: str) -> bool:
    """Return whether a name of `me` is that of somebody other than this thread, who lives as far as can be known."""
    if who == me():
        return False
    host, pid, started, _thread = who.rsplit(":", 3)
    return host != socket.gethostname() or _started(int(pid)) == started


def is_here(document: Claimed) -> bool:
    """Return whether a thread of this process has claimed the document."""
    return document.claimed_by.rpartition(":")[0] == me().rpartition(":")[0]


def take(document: Claimed, now: datetime) -> None:
    """Claim the document for this thread, or renew the claim."""
    _given_up.discard((_name(document), me()))
    document.claimed_by, document.claimed_until = me(), now + SPAN


def give_up(name: str) -> None:
    """Let others of this process go on with what this thread had claimed, though the database may not learn of it now."""
    _given_up.add((name, me()))


def _name(document: Claimed) -> str:
    return document.name if isinstance(document, Batch) else document.id


def release(document: Claimed) -> None:
    """Give the document free."""
    document.claimed_by, document.claimed_until = "", None
