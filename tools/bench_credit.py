"""How long a whole portfolio takes: a full re-assessment, what it takes to let it take effect, and a what-if. Customers are made here.

python -m tools.bench_credit [--customers N] [--postgres]
"""

import argparse
import copy
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from credit.card import card_as_json
from credit.default_card import EXAMPLE_CARD
from credit.scorecard import Input
from service.access.policy import Actor
from service.bootstrap import build, prepare
from service.flow.credit import portfolio, portfolio_run, scorecards
from service.flow.credit.cards import champion
from service.flow.credit.known import NOTHING
from service.flow.credit.scoring import Drawn, line_for, made, record_of
from service.house import House
from service.records.tables import AssessmentRecord, Customer, FinancialStatement, ReceivableEntry
from service.settings import load
from tests.servers import shared
from tools.bulk import put
from tools.spent import Spent

LIMIT = 120.0
_PIECE = 2000
_FIRST, _SECOND = (Actor(f"cli:{name}", owner=True) for name in ("first", "second"))


@contextmanager
def archive(*, postgres: bool) -> Iterator[House]:
    """Give an empty archive on SQLite, or on a database of its own on the PostgreSQL of the tests."""
    from tests.conftest import fresh_database

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        env = {"JUANZONG_HOME": folder, "JUANZONG_MODE": "test", "JUANZONG_TODAY": "2026-11-25"}
        if postgres:
            env["JUANZONG_DATABASE_URL"] = stack.enter_context(fresh_database(shared.url_of("postgres")))
        settings = load(env)
        prepare(settings)
        house = build(settings)
        stack.callback(house.database.dispose)
        yield house


def fill(house: House, customers: int, seed: int = 1) -> None:
    """Put customers with an assessment in force, statements and two invoices each, one of them paid, into the register."""
    rng, today, now = random.Random(seed), house.clock.today(), house.clock.now()
    with house.database.read() as session:
        card = champion(session)
    names = [column.name for column in AssessmentRecord.__table__.columns]
    for first in range(0, customers, _PIECE):
        rows: dict[Any, list[dict[str, object]]] = {
            table: [] for table in (Customer, AssessmentRecord, FinancialStatement, ReceivableEntry)
        }
        for number in range(first, min(first + _PIECE, customers)):
            customer_id = str(UUID(int=rng.getrandbits(128)))
            rows[Customer].append(
                {"id": customer_id, "number": f"K{number:07}", "name": f"客户{number:07}", "created_at": now}
            )
            inputs = {
                "payment_history": Input(Decimal(rng.randrange(90))),
                "industry_position": Input(rng.choice(["leading", "strong", "average", "weak"])),
                "operating_stability": Input(Decimal(rng.randrange(15))),
            }
            drawn = Drawn(inputs, dict.fromkeys(inputs, "entered"))
            rating = made(card, drawn)
            day = today - timedelta(rng.randrange(700))
            record = record_of(customer_id, rating, drawn, line_for(card, rating.grade, NOTHING), day, now)
            record.id, record.state, record.made_by = str(UUID(int=rng.getrandbits(128))), "in_force", "cli:first"
            record.high_value, record.decided_reason = "", ""
            rows[AssessmentRecord].append({name: getattr(record, name) for name in names})
            rows[FinancialStatement].append(_statement(rng, customer_id, now))
            rows[ReceivableEntry] += _entries(rng, customer_id, number, today, now)
        put(house, {table.__table__: found for table, found in rows.items()})
    analyze(house)


def analyze(house: House) -> None:
    """Let the database count what came, as it does by itself where rows come over days."""
    with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if house.database.is_sqlite else "VACUUM ANALYZE"))


def _statement(rng: random.Random, customer_id: str, now: object) -> dict[str, object]:
    assets = rng.randrange(1_000_000, 90_000_000)
    debts = rng.randrange(assets)
    figures = {"total_assets": str(assets), "total_debts": str(debts), "equity": str(assets - debts)}
    return {
        "id": str(UUID(int=rng.getrandbits(128))),
        "customer_id": customer_id,
        "year": 2025,
        "figures": figures,
        "note": "",
        "entered_by": "cli:first",
        "entered_at": now,
        "confirmed_by": [],
    }


def _entries(rng: random.Random, customer_id: str, number: int, today: date, now: object) -> list[dict[str, object]]:
    entries = []
    for at in range(2):
        on = today - timedelta(rng.randrange(20, 360))
        cents = rng.randrange(100_000, 90_000_000)
        common = {"customer_id": customer_id, "currency": "CNY", "note": "", "voided": False, "import_id": customer_id,
                  "entered_by": "cli:first", "entered_at": now}  # fmt: skip
        bill = f"F{number:07}-{at}"
        entries.append({"id": str(UUID(int=rng.getrandbits(128))), "kind": "invoice", "number": bill, "entry_on": on,
                        "due_on": on + timedelta(60), "cents": cents, "invoice": "",
                        "open_cents": 0 if at == 0 else cents, **common})  # fmt: skip
        if at == 0:
            entries.append({"id": str(UUID(int=rng.getrandbits(128))), "kind": "payment", "number": f"S{number:07}-{at}",
                            "entry_on": min(today, on + timedelta(rng.randrange(120))), "due_on": None, "cents": cents,
                            "invoice": bill, "open_cents": 0, **common})  # fmt: skip
    return entries


def measure(house: House, customers: int) -> list[tuple[str, float, dict[str, object]]]:
    """Return (what, seconds, what was found) of a re-assessment, its taking effect and a what-if."""
    found: list[tuple[str, float, dict[str, object]]] = []
    # With the thresholds out of reach: nobody waits for experts, so that all of it takes effect.
    house.settings = replace(house.settings, expert_line=10**15, expert_turnover=10**15)
    spent = Spent(house)
    run = portfolio.start_run(house, _FIRST, "reassess")
    portfolio_run.advance(house, run.id)
    done = portfolio.get_run(house, _FIRST, run.id, limit=1).run
    assert done.done == done.summary["assessed"] == customers
    seconds, cost = spent.so_far()
    found.append(("full re-assessment", seconds, cost | {"moved": done.summary["moved"]}))
    spent = Spent(house)
    portfolio.decide_run(house, _SECOND, run.id, approve=True)
    found.append(("its taking effect", *spent.so_far()))
    body = copy.deepcopy(card_as_json(EXAMPLE_CARD)) | {"version": "challenger"}
    for row, weight in zip(body["indicators"], ("60", "10", "10", "20"), strict=True):
        row["weight"] = weight
    scorecards.create_scorecard(house, _FIRST, body)
    spent = Spent(house)
    run = portfolio.start_run(house, _FIRST, "what_if", "challenger")
    portfolio_run.advance(house, run.id)
    done = portfolio.get_run(house, _FIRST, run.id, limit=1).run
    assert done.done == customers
    seconds, cost = spent.so_far()
    found.append(("what-if over the portfolio", seconds, cost | {"moved": done.summary["moved"]}))
    return found


def main() -> int:
    """Print one JSON object a figure; returns 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true", help="on the PostgreSQL of the tests instead of SQLite")
    given = parser.parse_args()
    missed = False
    with archive(postgres=given.postgres) as house:
        begun = time.perf_counter()
        fill(house, given.customers)
        print(f"# {given.customers} customers made in {time.perf_counter() - begun:.0f} s", flush=True)
        for what, seconds, more in measure(house, given.customers):
            limit = LIMIT if given.customers == 100_000 else None
            missed |= limit is not None and seconds > limit
            where = "PostgreSQL" if given.postgres else "SQLite"
            print(json.dumps({"figure": f"{what}, {given.customers} customers, {where}", "value": round(seconds, 1),
                              "unit": "s", "limit": limit, **more}), flush=True)  # fmt: skip
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
