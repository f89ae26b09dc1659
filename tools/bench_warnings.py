"""How long the daily look at all customers takes, and how soon somebody is told of a change. Customers are made here.

python -m tools.bench_warnings [--customers N] [--postgres]

First look: every customer is new, and each hundredth has an invoice that is long overdue. Daily look: the day after, when another
hundredth has come to its line. Told: from the commit of a change to the webhook's receipt, with the worker's own threads.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from service.access import people
from service.access.policy import Actor
from service.flow.credit import blocks, receivables, warnings
from service.house import House
from service.records.tables import Customer, FactDuty, ReceivableEntry
from service.worker_credit import Sending, watched
from tools.bench_credit import analyze, archive
from tools.bulk import put
from tools.spent import Spent

DAILY, TOLD = 60.0, 5.0
_PIECE = 2000
_OWNER = Actor("cli:bench", owner=True)


def fill(house: House, customers: int, seed: int = 1) -> None:
    """Put customers with two invoices and two pieces of key information each into the register."""
    rng, today, now = random.Random(seed), house.clock.today(), house.clock.now()
    for first in range(0, customers, _PIECE):
        rows: dict[Any, list[dict[str, object]]] = {Customer: [], ReceivableEntry: [], FactDuty: []}
        ids = []
        for number in range(first, min(first + _PIECE, customers)):
            key = str(UUID(int=rng.getrandbits(128)))
            ids.append(key)
            rows[Customer].append({"id": key, "number": f"K{number:07}", "name": f"客户{number:07}", "created_at": now})
            # Of a hundred one is overdue for long, one comes to the line of 30 days tomorrow, all others pay in time.
            late = {0: 100, 1: 29}.get(number % 100, -30)
            for at, days in enumerate((late, -60)):
                rows[ReceivableEntry].append(
                    {
                        "id": str(UUID(int=rng.getrandbits(128))),
                        "kind": "invoice",
                        "number": f"F{number}-{at}",
                        "customer_id": key,
                        "entry_on": today - timedelta(120),
                        "due_on": today - timedelta(days),
                        "cents": rng.randrange(10_000, 9_000_000),
                        "currency": "CNY",
                        "import_id": "bench",
                        "entered_by": "system",
                        "entered_at": now,
                    }
                )
            rows[FactDuty] += [
                {
                    "customer_id": key,
                    "kind": kind,
                    "key": True,
                    "state": "verified",
                    "checked_on": today,
                    "due_on": today + timedelta(90),
                }
                for kind in ("name", "legal_representative")
            ]
        put(house, {table.__table__: values for table, values in rows.items()})
        with house.database.write() as session:
            receivables.settle_accounts(session, ids, today)
    analyze(house)


def staff(house: House) -> None:
    """Somebody to be told, who needs no papers here."""
    people.invite(house, _OWNER, "credit", "信用管理员", ["credit_administrator"])


def told_after(house: House, changes: int = 5) -> list[float]:
    """Return the seconds from a change to its arrival at a webhook, each time."""
    came = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()
            came.set()

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret"
        secret.write_bytes(b"a secret of a measurement")
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        house.settings = replace(house.settings, webhooks=(url,), webhook_secret_file=secret)
        stop = threading.Event()

        def look_after(way: Sending) -> None:
            while not stop.wait(way.seconds):
                with suppress(Exception):
                    way.look()

        threads = [
            threading.Thread(target=look_after, args=(way,)) for way in watched(house) if isinstance(way, Sending)
        ]
        for thread in threads:
            thread.start()
        with house.database.read() as session:
            ids = [row.id for row in session.query(Customer).order_by(Customer.number).offset(50).limit(changes)]
        waits = []
        for customer_id in ids:
            came.clear()
            blocks.block_customer(house, _OWNER, customer_id, "法院公告")
            begun = time.perf_counter()
            waits.append(time.perf_counter() - begun if came.wait(60) else 60.0)
        stop.set()
        for thread in threads:
            thread.join()
    server.shutdown()
    return waits


def main() -> int:
    """Print one JSON object a figure; returns 1 when a limit is missed."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--customers", type=int, default=100_000)
    ask.add_argument("--postgres", action="store_true")
    given = ask.parse_args()
    missed = False

    def say(figure: str, value: float, limit: float | None, **more: object) -> None:
        nonlocal missed
        missed |= limit is not None and value > limit
        print(json.dumps({"figure": figure, "value": round(value, 2), "unit": "s", "limit": limit, **more}), flush=True)

    with archive(postgres=given.postgres) as house:
        staff(house)
        fill(house, given.customers)
        for figure, limit in (("first look at all customers", None), ("daily look at all customers", DAILY)):
            spent = Spent(house)
            looked = warnings.run_daily(house)
            seconds, cost = spent.so_far()
            say(figure, seconds, limit, customers=looked.customers, opened=looked.opened, **cost)
            house.clock.move_to(house.clock.today() + timedelta(days=1))
        waits = told_after(house)
        say("told after a change, worst", max(waits), TOLD, middle=round(statistics.median(waits), 2))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
