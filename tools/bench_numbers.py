"""How many numbers a second 32 clients get, on SQLite and, with its URL given, on PostgreSQL; and whether each was given once.

python -m tools.bench_numbers [postgresql+psycopg://…]
"""

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service.records.counters import next_serial
from service.records.database import Database
from service.records.migrate import upgrade

CLIENTS, NUMBERS = 32, 10_000
PREFIX = "HT-XS-2026-#"


def measure(url: str) -> dict[str, object]:
    """Allocate `NUMBERS` serials of one prefix from `CLIENTS` threads, a transaction each; return rate and what was wrong."""
    database = Database(url)
    upgrade(database)
    share, rest = divmod(NUMBERS, CLIENTS)

    def client(number: int) -> list[int]:
        got = []
        for _ in range(share + (number < rest)):
            with database.write() as session:
                got.append(next_serial(session, PREFIX))
        return got

    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        given = sorted(serial for mine in pool.map(client, range(CLIENTS)) for serial in mine)
    seconds = time.perf_counter() - begun
    sound = given == list(range(given[0], given[0] + NUMBERS))
    database.dispose()
    return {
        "database": url.partition(":")[0],
        "clients": CLIENTS,
        "numbers": NUMBERS,
        "seconds": round(seconds, 2),
        "per_second": round(NUMBERS / seconds),
        "each_once_without_a_gap": sound,
    }


def main() -> None:
    """Print one JSON object a database."""
    with tempfile.TemporaryDirectory() as folder:
        for url in (f"sqlite:///{Path(folder)}/numbers.db", *sys.argv[1:]):
            print(json.dumps(measure(url)))


if __name__ == "__main__":
    main()
