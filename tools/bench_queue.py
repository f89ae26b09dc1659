"""What the list of waiting documents costs: `python -m tools.bench_queue [--documents N] [--rounds N] [--postgres]`.

Writes N documents that wait for a person, with three values each, into the database of an empty archive, and asks as a browser
does, signed in as an operator: for the list (first page, filtered, deep), and for the next document. Time is what the
server spends on the answer, without the network. --postgres: on a database of its own on the server of the tests instead of
SQLite. Prints one JSON object per line, at most 100 ms for 95 of 100 requests. processor_ms: what this process worked for the
median request, which other programs on the machine hardly change; with SQLite that is all of it.
"""

import argparse
import contextlib
import hashlib
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import insert, text

from service.access import people
from service.access.papers import KINDS, PaperGiven
from service.access.policy import Actor
from service.bootstrap import build, prepare
from service.house import House
from service.records.tables import Document, DocumentField, WebSession, new_id
from service.settings import load
from service.web.app import create_app
from service.web.sessions import COOKIE
from tests.servers import shared

OWNER = Actor("cli:bench", owner=True)
LIMIT_MS = 100
_REASONS = ("low_confidence", "unknown_kind", "check_digit", "missing_field:amount", "rescan:1")
_CATEGORIES = ("1.2", "1.3", "1.9", "1.10", "1.11", "")


def fill(house: House, department_id: str, documents: int) -> None:
    """Write the documents, some of them waiting for a second person or argued about, straight into the tables."""
    rng, now = random.Random(5), house.clock.now()
    rows: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    for number in range(documents):
        name = new_id()
        looks = number % 4 != 0
        rows.append(
            {
                "id": name,
                "sha256": hashlib.sha256(name.encode()).hexdigest(),
                "filename": f"扫描-{number:06}.pdf",
                "media_type": "application/pdf",
                "size": 200_000,
                "pages": 1 + number % 5,
                "pages_read": 1 + number % 5,
                "status": "needs_review" if looks else "stored",
                "category": rng.choice(_CATEGORIES),
                "title": f"设备采购合同第 {number} 号",
                "confidence": 0.9,
                "review_reasons": rng.sample(_REASONS, 2) if looks else [],
                "notes": [],
                "verification": rng.choice(("unconfirmed", "once", "disputed")),
                "checked_by": rng.choice(([], ["person:somebody"])),
                "department_id": department_id,
                "channel": "station",
                "batch": f"B-{number // 100:04}",
                "received_by": "person:somebody",
                "received_at": now - timedelta(minutes=documents - number),
                "indexed": True,
            }
        )
        fields += [
            {"document_id": name, "name": field, "value": f"值 {number}", "page": 1, "box": [0, 0, 9, 9]}
            | {"confidence": 0.8, "marks": [], "confirmed_by": [], "rival": {}, "heard": []}
            for field in ("party_a", "amount", "signed_on")
        ]
    with house.database.write() as session:
        for start in range(0, documents, 1000):
            session.execute(insert(Document), rows[start : start + 1000])
            session.execute(insert(DocumentField), fields[start * 3 : (start + 1000) * 3])
    with house.database.write() as session:
        session.execute(text("ANALYZE"))


def signed_in(house: House, person_id: str) -> FlaskClient:
    """Return a client with a session."""
    secret, now = "bench", house.clock.now()
    with house.database.write() as session:
        digest = hashlib.sha256(secret.encode()).hexdigest()
        session.add(WebSession(id=digest, person_id=person_id, created_at=now, expires_at=now + timedelta(hours=8)))
    client = create_app(house, secret=b"a secret for a measurement only.").test_client()
    client.set_cookie(COOKIE, secret, path="/")
    return client


def measure(client: FlaskClient, what: str, path: str, rounds: int, expected: int, **more: Any) -> bool:
    """Ask again and again; print the median and the 95th percentile. Returns whether that is within the limit."""
    spent, worked = [], []
    for number in range(rounds + 3):
        begun, work = time.perf_counter(), time.process_time()
        answer = client.get(path)
        if number >= 3:  # the first ones load templates
            spent.append((time.perf_counter() - begun) * 1000)
            worked.append((time.process_time() - work) * 1000)
        assert answer.status_code == expected, (path, answer.status_code)
        if expected == 303:
            path = f"/to-review/next?after={answer.headers['Location'].split('/')[2].partition('?')[0]}"
    p95 = statistics.quantiles(spent, n=20)[-1]
    figure = {"figure": what, "p95_ms": round(p95, 1), "median_ms": round(statistics.median(spent), 1)}
    figure["processor_ms"] = round(statistics.median(worked), 1)
    print(json.dumps({**figure, "limit_ms": LIMIT_MS, **more}, ensure_ascii=False), flush=True)
    return p95 <= LIMIT_MS


@contextlib.contextmanager
def archive(*, postgres: bool) -> Iterator[House]:
    """An empty archive, gone afterwards."""
    from tests.conftest import fresh_database

    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        env = {"JUANZONG_HOME": str(home), "JUANZONG_MODE": "test"}
        if postgres:
            env["JUANZONG_DATABASE_URL"] = stack.enter_context(fresh_database(shared.url_of("postgres")))
        settings = load(env)
        prepare(settings)
        house = build(settings)
        stack.callback(house.database.dispose)
        yield house


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    with archive(postgres=given.postgres) as house:
        department = people.create_department(house, OWNER, "XS", "销售部").id
        papers = [PaperGiven(kind, date(2020, 1, 1), None, "bench") for kind in KINDS]
        secret = people.invite(house, OWNER, "bench", "测量", ["operator"], department, "internal", papers)
        fill(house, department, given.documents)
        client = signed_in(house, people.invited_person(house, secret).id)
        said = {"documents": given.documents, "database": house.database.engine.dialect.name}
        paths = {
            "the list, first page": ("/to-review", 200),
            "the list, all kinds, page 200": ("/to-review?reason=all&page=200", 200),
            "the list, a reason and a category": ("/to-review?reason=low_confidence&category=1.9", 200),
            "the next document": ("/to-review/next", 303),
        }
        held = [measure(client, what, path, given.rounds, code, **said) for what, (path, code) in paths.items()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    raise SystemExit(main())
