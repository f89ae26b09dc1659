"""A change crosses its line, and the department is told: through the running worker, a mail server and a webhook, in seconds (RULES A4.1, A4.3)."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from service.bootstrap import build
from service.flow.credit import deliveries, portfolio, portfolio_run, warning_settings
from service.records.tables import WarningRun
from service.settings import load
from tests.service.conftest import TODAY, Office, embedded_env, open_office, server_env
from tests.service.test_assessments import decide, make
from tests.service.test_deliveries import SECRET, Post, Receiver, post, receiver  # noqa: F401 - fixtures
from tests.service.test_warnings import a_customer, bring, invoice

ROOT = Path(__file__).parents[2]
NAME = "东方贸易有限公司"
IN_TIME = 5.0  # seconds from the change to the last who is told
DEPARTMENT, HANDLER = "credit@example.com", "handler@example.com"


@dataclass
class Told:
    """An office whose worker runs, and whoever it tells."""

    office: Office
    letters: Post
    hook: Receiver

    def everybody(self, kind: str) -> bool:
        """Whether inbox, department, handler and webhook have all been told of a warning of this kind."""
        house = self.office.house
        inbox = deliveries.inbox_of(house, self.office["handler"])[1]
        if kind not in [row.content["data"].get("warning", {}).get("kind") for row in inbox]:
            return False
        with house.database.read() as session:
            query = select(deliveries.Delivery).where(deliveries.Delivery.channel == "mail")
            ids = {
                row.id for row in session.scalars(query) if row.content["data"].get("warning", {}).get("kind") == kind
            }
        arrived = [
            letter for letter in self.letters.letters if any(f"<{id_}@".encode() in letter.content for id_ in ids)
        ]
        hooked = [json.loads(body).get("warning", {}).get("kind") for _headers, body in self.hook.got]
        return {letter.rcpt_tos[0] for letter in arrived} == {DEPARTMENT, HANDLER} and hooked.count(kind) == 1


def wait_for(check: Callable[[], object], seconds: float) -> float:
    """Return how long it took; fails when it takes longer than that."""
    begun = time.monotonic()
    while not check():
        took = time.monotonic() - begun
        assert took < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun


@pytest.fixture(params=["embedded", "servers"])
def told(request: pytest.FixtureRequest, tmp_path: Path, post: Post, receiver: Receiver) -> Iterator[Told]:  # noqa: F811
    home = tmp_path / "home"
    env = embedded_env(home) if request.param == "embedded" else server_env(home, request)
    office = open_office(env)
    office.house.database.dispose()
    (tmp_path / "webhook.secret").write_bytes(SECRET)
    env |= {
        "JUANZONG_TODAY": TODAY.isoformat(),
        "JUANZONG_WEBHOOKS": receiver.url,
        "JUANZONG_WEBHOOK_SECRET_FILE": str(tmp_path / "webhook.secret"),
        "JUANZONG_SMTP": f"smtp://localhost:{post.port}",
        "JUANZONG_SMTP_FROM": "juanzong@example.com",
        "JUANZONG_SMTP_CA": str(post.certificate),
    }
    office.house = house = build(load(env))
    me = office["administrator"]
    deliveries.set_mail_address(house, office["handler"], HANDLER)
    warning_settings.set_lines(house, me, {}, addresses=[DEPARTMENT], reason="部门邮箱")
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "service.worker"], env=os.environ | env, cwd=ROOT, stdout=log, stderr=log
        )

    def at_work() -> bool:
        assert worker.poll() is None, (tmp_path / "log").read_text()
        with house.database.read() as session:
            run = session.get(WarningRun, TODAY)
            return run is not None and run.finished_at is not None

    try:
        wait_for(at_work, 300)
        yield Told(office, post, receiver)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=120)
        house.database.dispose()


def test_A4_1_A4_3_a_change_that_crosses_its_line_is_told_within_five_seconds(told: Told) -> None:
    office = told.office
    house, me, head = office.house, office["administrator"], office["head"]
    customer_id = a_customer(office, NAME)
    decide(office, make(office, customer_id))

    # From the books: whoever brings the invoice in writes the warning, the worker carries it out of the house.
    begun = time.monotonic()
    bring(office, invoice("F1", NAME, "2026-10-01"))
    wait_for(lambda: told.everybody("overdue_days"), IN_TIME - (time.monotonic() - begun))

    # From a run over the portfolio: the worker itself looks again at everybody once the run takes effect.
    run = portfolio.start_run(house, me, "reassess")
    portfolio_run.advance(house, run.id)
    begun = time.monotonic()
    portfolio.decide_run(house, head, run.id, approve=True)
    wait_for(lambda: told.everybody("score_below"), IN_TIME - (time.monotonic() - begun))
