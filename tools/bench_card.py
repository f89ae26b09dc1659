"""How fast the customer card, the facts of a customer and the lists of customers open among many customers.

python -m tools.bench_card [--customers 100000] [--postgres]

First shown: once, where the board is counted while somebody waits. Duplicates: all customers compared once, as after an upgrade from a
version without keys, the list, and what comparing one more customer takes. Each customer has a contract with its file, a credit file with two documents, seven facts with a confirmation each, an invoice and an
order, a contact; every hundredth has 200 contracts. The cards are opened as a handler of one department and as the credit administrator.
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from service.access import people
from service.access.papers import KINDS, PaperGiven
from service.access.policy import Actor
from service.flow import counts
from service.flow.archive.ledger import find_or_make_customer
from service.flow.common import long_runs
from service.flow.credit import duplicates
from service.flow.credit.customer_card import card_as_json, get_card
from service.flow.credit.customers import list_customers
from service.flow.credit.fact_duties import list_due
from service.flow.credit.fact_views import get_sheet
from service.flow.credit.freshness_board import board_of
from service.house import House
from service.records import tables
from tools.bench_credit import analyze, archive
from tools.bulk import put

OWNER = Actor("cli:bench", owner=True)
KINDS_KNOWN = ("name", "legal_representative", "valid_until", "registered_capital", "address", "lawsuits", "industry")
TODAY, NOW = date(2026, 11, 25), datetime(2026, 11, 1, tzinfo=UTC)
_SYLLABLES = "华岳云桥恒远大地天成金石东方长江黄河泰山南海北辰中联国信安泰永兴"
_SOME = 2000


def _rows(customer: int, department: str, handler: str) -> dict[str, list[dict[str, Any]]]:
    """Everything of one customer, by table."""
    draw = random.Random(customer)
    cid = f"c{customer:08}"
    name = "".join(draw.choices(_SYLLABLES, k=6)) + "有限公司"
    found: dict[str, list[dict[str, Any]]] = {"customers": [], "contracts": [], "case_files": [], "documents": []}
    found["customers"].append(
        {"id": cid, "number": f"KH-2026-{customer:06}", "name": name, "code": None, "created_at": NOW}
    )
    for n in range(200 if customer % 100 == 0 else 1):
        contract = f"k{customer:08}{n}"
        number = f"HT-XS-2026-{customer:06}{n:03}"
        found["contracts"].append(
            {"id": contract, "number": number, "department_id": department, "year": 2026, "serial": customer * 1000 + n,
             "title": "供货合同", "counterparty": name, "customer_id": cid, "printed_number": "", "amount": 1000, "currency": "CNY",
             "signed_on": TODAY - timedelta(days=n), "handler_id": handler, "status": "signed", "created_at": NOW}
        )  # fmt: skip
        found["case_files"].append(
            {"id": f"f{contract}", "kind": "contract", "title": name, "contract_id": contract, "customer_id": cid,
             "department_id": department, "state": "open", "tier": "internal", "retention_why": "", "events": [], "created_at": NOW}
        )  # fmt: skip
    found["case_files"].append(
        {"id": f"x{cid}", "kind": "credit", "title": name, "contract_id": None, "customer_id": cid,
         "department_id": department, "state": "open", "tier": "internal", "retention_why": "", "events": [], "created_at": NOW}
    )  # fmt: skip
    for n in range(2):
        found["documents"].append(
            {"id": f"d{customer:08}{n}", "sha256": f"{customer * 2 + n:064}", "filename": "a.pdf", "media_type": "application/pdf", "size": 1,
             "pages": 1, "status": "stored", "kind": "", "case_file_id": f"x{cid}", "received_by": "person:handler", "received_at": NOW,
             "review_reasons": [], "notes": [], "checked_by": [], "category": "5.8"}
        )  # fmt: skip
    found |= _said(customer, cid, draw)
    return found


def _said(customer: int, cid: str, draw: random.Random) -> dict[str, list[dict[str, Any]]]:
    facts, voices, duties = [], [], []
    for kind in KINDS_KNOWN:
        day = TODAY - timedelta(days=draw.randrange(120))
        fact = f"{cid}{kind}"[:36]
        facts.append(
            {"id": fact, "customer_id": cid, "kind": kind, "seq": 1, "value": "x", "valid_from": day, "known_at": NOW, "withdrawn_why": "",
             "source": "public_record", "page": 0, "note": "n", "collected_by": "person:handler", "collected_on": day,
             "entered_by": "person:handler", "backed_by": [], "heard": [], "taken": False}
        )  # fmt: skip
        voices.append(
            {
                "id": f"v{fact}"[:36],
                "fact_id": fact,
                "seq": 1,
                "act": "confirm",
                "value": "",
                "note": "",
                "by": "person:head",
                "at": NOW,
            }
        )
        duties.append(
            {"customer_id": cid, "kind": kind, "key": kind != "industry", "state": "once", "responsible_id": None, "checked_on": day,
             "change_note": "", "change_by": "", "due_on": day + timedelta(days=90)}
        )  # fmt: skip
    entries = [
        {"id": f"{kind}{customer}", "kind": kind, "number": f"{kind}{customer}", "customer_id": cid, "entry_on": TODAY, "due_on": TODAY, "cents": 1000,
         "currency": "CNY", "invoice": "", "note": "", "voided": False, "open_cents": 1000, "import_id": "x", "entered_by": "x", "entered_at": NOW}
        for kind in ("invoice", "order")
    ]  # fmt: skip
    contact = {"id": f"p{cid}", "customer_id": cid, "kind": "person", "name": "赵六", "role": "", "phone": "1", "email": "", "account": "",
               "entered_by": "x", "entered_at": NOW}  # fmt: skip
    return {
        "customer_facts": facts,
        "fact_voices": voices,
        "fact_duties": duties,
        "receivable_entries": entries,
        "customer_contacts": [contact],
    }


def fill(house: House, customers: int, department: str, handler: str) -> None:
    """Put the customers in, some at a time."""
    mapped = tables.whole().tables
    for start in range(0, customers, _SOME):
        rows: dict[str, list[dict[str, Any]]] = {}
        for customer in range(start, min(start + _SOME, customers)):
            for name, some in _rows(customer, department, handler).items():
                rows.setdefault(name, []).extend(some)
        put(house, {mapped[name]: some for name, some in rows.items()})
    analyze(house)


def timed(step: Callable[[], object], times: int) -> dict[str, float]:
    """Return median, 95th percentile and the middle of the processor's time, in milliseconds."""
    wall, processor = [], []
    for _ in range(times):
        begun, used = time.perf_counter(), time.process_time()
        step()
        wall.append((time.perf_counter() - begun) * 1000)
        processor.append((time.process_time() - used) * 1000)
    wall.sort()
    processor.sort()
    return {
        "p50_ms": round(wall[len(wall) // 2], 1),
        "p95_ms": round(wall[int(len(wall) * 0.95)], 1),
        "processor_ms": round(processor[len(processor) // 2], 1),
    }


def card(house: House, actor: Actor, whose: Callable[[], str]) -> object:
    """Open the card of somebody."""
    return card_as_json(get_card(house, actor, whose()), TODAY)


def facts(house: House, actor: Actor, whose: Callable[[], str]) -> object:
    """Open the information on somebody."""
    return get_sheet(house, actor, whose())


def say(login: str, name: str, found: dict[str, float]) -> None:
    """Print a figure."""
    print(json.dumps({"as": login, "what": name, **found}, ensure_ascii=False), flush=True)


def main() -> None:
    """Fill an archive and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true", help="on the PostgreSQL of the tests instead of SQLite")
    given = parser.parse_args()
    with archive(postgres=given.postgres) as house:
        house.clock.move_to(TODAY)
        department = people.create_department(house, OWNER, "XS", "销售部").id
        kept = [PaperGiven(kind, date(2020, 1, 1), None, "人事档案") for kind in KINDS]
        actors = {}
        for login, role in (("handler", "handler"), ("administrator", "credit_administrator")):
            secret = people.invite(house, OWNER, login, login, [role], department, "internal", kept)
            actors[login] = people.actor_of_person(house, people.invited_person(house, secret))
        tables.whole()
        begun = time.perf_counter()
        fill(house, given.customers, department, actors["handler"].person_id or "")
        print(json.dumps({"customers": given.customers, "filled_s": round(time.perf_counter() - begun, 1)}), flush=True)
        draw = random.Random(1)

        def any_customer() -> str:
            return f"c{draw.randrange(given.customers):08}"

        def heavy() -> str:
            return f"c{draw.randrange(given.customers // 100) * 100:08}"

        for login, actor in actors.items():
            steps: dict[str, tuple[Callable[[], object], int]] = {
                "what waits, as every page counts it": (partial(counts.waiting, house, actor), 100),
                "card": (partial(card, house, actor, any_customer), 300),
                "card of 200 contracts": (partial(card, house, actor, heavy), 100),
                "facts": (partial(facts, house, actor, any_customer), 100),
                "stale list": (partial(list_due, house, actor), 40),
                "stale list, page 100": (partial(list_due, house, actor, offset=5000), 40),
                "freshness, first shown": (partial(board_of, house, actor), 1),
                "freshness": (partial(board_of, house, actor), 40),
                "customers": (partial(list_customers, house, actor), 40),
                "customers by a part of the name": (partial(list_customers, house, actor, text="云桥"), 40),
            }
            for name, (step, times) in steps.items():
                say(login, name, timed(step, times))
        office = actors["administrator"]
        with house.database.write() as session:
            long_runs.order(session, house, duplicates.KIND, "cli:bench", {}, once=duplicates.KIND)
        say("worker", f"duplicates of {given.customers} customers, once", timed(lambda: duplicates.catch_up(house), 1))
        total, _pairs, run = duplicates.list_duplicates(house, office)
        assert run is None, run
        say(
            "administrator",
            f"list of duplicates ({total})",
            timed(lambda: duplicates.list_duplicates(house, office), 40),
        )

        def register() -> None:
            name = "".join(draw.choices(_SYLLABLES, k=6)) + "有限公司"
            with house.database.write() as session:
                find_or_make_customer(house, session, OWNER, name)

        say("administrator", "a customer registered and compared", timed(register, 100))


if __name__ == "__main__":
    main()
