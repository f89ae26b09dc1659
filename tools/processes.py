"""What processes take: those that descend from one, and their processor time. Linux alone (/proc)."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += family(int(child))
    return found


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process, its descendants and those of them that ended have taken."""
    total = 0
    for member in set(family(pid)):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile: its parent has its time
        total += sum(int(field) for field in fields[11:15])  # utime, stime and those of children it waited for
    return total / _TICKS
