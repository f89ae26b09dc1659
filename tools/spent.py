"""What a measurement costs in processor time: the program's own, and that of the PostgreSQL that serves it on this machine."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from service.house import House


def _of_database(house: House) -> float:
    """Seconds of the database's processes that serve this archive; 0 on SQLite, which works within the program, and on another machine."""
    if house.database.is_sqlite:
        return 0.0
    with house.database.engine.connect() as connection:
        query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = list(connection.scalars(query))
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            ticks += sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """Seconds since it was made: by the clock, of the program's processor, of the database's."""

    house: House
    _clock: float = field(init=False)
    _own: float = field(init=False)
    _database: float = field(init=False)

    def __post_init__(self) -> None:
        self._database, self._own, self._clock = _of_database(self.house), time.process_time(), time.perf_counter()

    def so_far(self) -> tuple[float, dict[str, object]]:
        """Return (seconds by the clock, the processor seconds by name)."""
        clock, own = time.perf_counter() - self._clock, time.process_time() - self._own
        database = _of_database(self.house) - self._database
        return clock, {"processor_s": round(own, 1), "database_s": round(database, 1)}
