"""No warning is lost and none comes twice: a model of one customer's trouble against the archive, with crashes, repeats and clocks that move.

The model says in a few lines what must be on record; the archive is looked at by changes, by daily looks that are killed half-way, by
two workers, on days that go forward and back, while people acknowledge, put off and close.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, select, update

from credit.warning_life import CLOCK_SLACK
from service.flow.credit import warning_acts, warnings
from service.flow.credit.receivables_import import bring_in
from service.records.tables import (
    Delivery,
    WarningRecord,
    WarningRun,
    WarningStep,
    WarningTask,
)
from tests.service.conftest import Office, embedded_env, open_office
from tests.service.test_warnings import a_customer, invoice
from tests.thorough import so_many

DUE = date(2026, 6, 1)
LEVELS = {"none": 0, "medium": 1, "high": 2}
NAME = "东方贸易有限公司"


class Killed(BaseException):
    """The process died here."""


def trouble(day: date, owed: bool) -> str:
    """How bad it is on a day: the lines that ship, 30 and 90 days."""
    late = (day - DUE).days if owed else 0
    return "high" if late >= 90 else "medium" if late >= 30 else "none"


class Life(RuleBasedStateMachine):
    office: Office

    def __init__(self) -> None:
        super().__init__()
        self.count = Life.started = getattr(Life, "started", 0) + 1
        self.day = DUE
        self.now = datetime(2026, 6, 1, tzinfo=UTC)
        self.owed = False
        # What must be on record: of each warning in turn its severity, whether it is closed, whether the trouble was there last.
        self.expected: list[list[object]] = []
        self.seen_on: date | None = None

    @initialize()
    def begin(self) -> None:
        house = Life.office.house
        self.house = house
        house.clock.move_to(self.day)
        house.clock.now = lambda: self.now  # type: ignore[method-assign]  # the test's own hands
        self.customer = f"{NAME} {self.count}"
        self.customer_id = a_customer(Life.office, self.customer)
        self.me, self.head = Life.office["administrator"], Life.office["head"]
        with house.database.write() as session:  # what earlier runs of this test did today is no run of this one
            session.execute(update(WarningRun).values(finished_at=None, claimed_until=self.now, at_customer=""))

    # what the archive is told

    @rule(owed=st.booleans(), times=st.integers(1, 3))
    def books(self, owed: bool, times: int) -> None:
        """The invoice is there or void; the same is sent again and again."""
        self.owed = owed
        entry = invoice(f"F{self.count}", self.customer, DUE.isoformat(), status="valid" if owed else "void")
        for _ in range(times):
            report = bring_in(self.house, self.me, [entry], apply=True)
            assert report.counts["refused"] == 0
        # An import that changes nothing looks at nobody: the daily look does.
        self.look()

    @rule(days=st.integers(1, 70))
    def later(self, days: int) -> None:
        self.move(days)

    @rule(days=st.integers(1, CLOCK_SLACK.days))
    def the_clock_is_put_back(self, days: int) -> None:
        self.move(-days)

    def move(self, days: int) -> None:
        self.day += timedelta(days=days)
        self.now += timedelta(days=days)
        self.house.clock.move_to(self.day)

    # who looks

    @rule()
    def look(self) -> None:
        with self.house.database.write() as session:
            warnings.look_at(self.house, session, self.customer_id)
        self.looked()

    @rule()
    def the_daily_look(self) -> None:
        warnings.run_daily(self.house, again=True)
        self.looked()

    @rule(after=st.integers(0, 8))
    def a_look_that_is_killed(self, after: int) -> None:
        """The process dies at its n-th word to the database, or right after it: whatever was not committed is gone."""
        left = after

        def word(*_arguments: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        engine = self.house.database._write_engine
        event.listen(engine, "before_cursor_execute", word)
        try:
            warnings.run_daily(self.house, again=True)
        except Killed:
            pass
        else:
            self.looked()
            return
        finally:
            event.remove(engine, "before_cursor_execute", word)
        # What it had done before it died is that of a look, or nothing: the next look brings both to the same.
        self.look()

    @rule()
    def nobody_answers(self) -> None:
        warnings.escalate(self.house)

    # what people do

    def standing(self) -> WarningRecord | None:
        with self.house.database.read() as session:
            query = select(WarningRecord).where(WarningRecord.customer_id == self.customer_id)
            return session.scalar(query.where(WarningRecord.state != "closed"))

    @precondition(lambda self: self.expected and not self.expected[-1][1])
    @rule()
    def acknowledge(self) -> None:
        found = self.standing()
        assert found is not None
        if found.state == "open":
            warning_acts.acknowledge(self.house, self.me, self.customer_id, found.id)

    @precondition(lambda self: self.expected and not self.expected[-1][1])
    @rule(days=st.integers(1, 20))
    def put_off(self, days: int) -> None:
        found = self.standing()
        assert found is not None
        until = self.day + timedelta(days=days)
        warning_acts.snooze(self.house, self.me, self.customer_id, found.id, until, "等对账")

    @precondition(lambda self: self.expected and not self.expected[-1][1])
    @rule()
    def close(self) -> None:
        found = self.standing()
        assert found is not None
        if found.state == "open":
            warning_acts.acknowledge(self.house, self.me, self.customer_id, found.id)
        with self.house.database.read() as session:
            query = select(WarningTask.id).where(WarningTask.warning_id == found.id, WarningTask.state == "open")
            tasks = list(session.scalars(query))
        for task in tasks:
            warning_acts.finish_task(self.house, self.me, self.customer_id, found.id, task, "已办")
        if found.close_asked_by is None:
            warning_acts.ask_close(self.house, self.me, self.customer_id, found.id, "已处理")
        warning_acts.decide_close(self.house, self.head, self.customer_id, found.id, close=True)
        self.expected[-1][1] = True

    # the model

    def looked(self) -> None:
        """Say what one more look makes of what is on record."""
        bad = trouble(self.day, self.owed)
        last = self.expected[-1] if self.expected else None
        if bad == "none":
            put_back = self.seen_on is not None and timedelta(0) < self.seen_on - self.day <= CLOCK_SLACK
            if last is not None and not (last[1] and put_back):
                last[2] = False
            return
        worse = last is not None and LEVELS[bad] > LEVELS[str(last[0])]
        if last is None or (last[1] and (worse or not last[2])):
            if last is not None:
                last[2] = False
            self.expected.append([bad, False, True])
            self.seen_on = self.day
            return
        if worse:
            last[0] = bad
        if not last[1] or not worse:
            last[2] = True
        self.seen_on = max(self.seen_on or self.day, self.day)

    @invariant()
    def on_record_is_what_must_be(self) -> None:
        if not hasattr(self, "customer_id"):
            return
        with self.house.database.read() as session:
            query = select(WarningRecord).where(WarningRecord.customer_id == self.customer_id)
            rows = list(
                session.scalars(query.order_by(WarningRecord.opened_at, WarningRecord.standing.is_(None).desc()))
            )
            told = Counter(session.scalars(select(Delivery.event_id).where(Delivery.customer_id == self.customer_id)))
            opened = session.scalars(
                select(WarningStep.warning_id).where(
                    WarningStep.warning_id.in_([row.id for row in rows]), WarningStep.what == "open"
                )
            )
            assert Counter(opened) == Counter(row.id for row in rows)
        assert sorted((row.severity, row.state == "closed") for row in rows) == sorted(
            (str(severity), bool(closed)) for severity, closed, _holds in self.expected
        )
        assert sum(row.state != "closed" for row in rows) <= 1
        for row in rows:
            # Handler and credit administrator, each once, and no event more than once.
            assert told[f"{row.id}:open"] == 2
            assert all(times == 2 for event, times in told.items() if event.startswith(f"{row.id}:worse"))
        assert all(times <= 8 for times in told.values())

    def teardown(self) -> None:
        vars(self.house.clock).pop("now", None)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory):
    found = open_office(embedded_env(tmp_path_factory.mktemp("machine") / "home"))
    yield found
    found.house.database.dispose()


def test_a4_1_a4_3_no_warning_is_lost_and_none_comes_twice(office: Office):
    Life.office = office
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=so_many(10, 4),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
