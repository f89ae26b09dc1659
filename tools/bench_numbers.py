"""How many numbers a second 32 clients get, on SQLite and, with --postgres, on PostgreSQL; and whether each was given once.

python -m tools.bench_numbers [--numbers 10000] [--postgres]

A transaction a number, as when a contract is entered. Prints one JSON object a database; returns 1 when a number came twice, one is
missing, or PostgreSQL gives fewer than 300 a second. processor_s: what this process worked, of the database's own work nothing.
asked_again: how often a client was told that the database does not answer, because others were before it for thirty seconds, and
tried again, as programs do; SQLite lets its writers wait in no order.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from service.errors import DatabaseUnavailable
from service.records.counters import next_serial
from service.records.database import Database
from service.records.migrate import upgrade
from tests.servers import shared

CLIENTS, NUMBERS, LIMIT = 32, 10_000, 300
PREFIX = "HT-XS-2026-#"


def measure(url: str, numbers: int = NUMBERS) -> dict[str, Any]:
    """Allocate serials of one prefix from `CLIENTS` threads, a transaction each; return rate and what was wrong."""
    database = Database(url)
    upgrade(database)
    share, rest = divmod(numbers, CLIENTS)

    again = []

    def client(number: int) -> list[int]:
        got: list[int] = []
        while len(got) < share + (number < rest):
            try:
                with database.write() as session:
                    serial = next_serial(session, PREFIX)
                got.append(serial)
            except DatabaseUnavailable as error:
                again.append(error)
        return got

    begun, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(CLIENTS) as pool:
        given = sorted(serial for mine in pool.map(client, range(CLIENTS)) for serial in mine)
    seconds, worked = time.perf_counter() - begun, time.process_time() - worked
    sound = given == list(range(given[0], given[0] + numbers))
    database.dispose()
    return {
        "figure": f"numbers a second, {CLIENTS} clients, {numbers} numbers, {'SQLite' if 'sqlite' in url else 'PostgreSQL'}",
        "value": round(numbers / seconds),
        "unit": "/s",
        "limit": None if "sqlite" in url else LIMIT,
        "seconds": round(seconds, 2),
        "processor_s": round(worked, 2),
        "each_once_without_a_gap": sound,
        "asked_again": len(again),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--numbers", type=int, default=NUMBERS)
    ask.add_argument("--postgres", action="store_true", help="on the PostgreSQL of the tests, too")
    given = ask.parse_args()
    from tests.conftest import fresh_database

    missed = False
    with ExitStack() as stack:
        urls = [f"sqlite:///{Path(stack.enter_context(tempfile.TemporaryDirectory()))}/numbers.db"]
        if given.postgres:
            urls.append(stack.enter_context(fresh_database(shared.url_of("postgres"))))
        for url in urls:
            found = measure(url, given.numbers)
            missed |= not found["each_once_without_a_gap"] or (found["limit"] or 0) > found["value"]
            print(json.dumps(found, ensure_ascii=False), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
