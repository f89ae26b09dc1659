"""The daily sweep over deadlines looks at what comes to somebody today alone, and goes on where it was killed."""

import os
import signal
from datetime import timedelta

import pytest
from sqlalchemy import event, func, insert, select

from service.flow.archive import deadlines
from service.records import audit
from service.records.audit import verify_all
from service.records.tables import AuditEntry, Transfer, new_id
from tests.service.conftest import Office
from tests.service.test_flow import new_contract

AT_ONCE = 20
MANY = 2 * AT_ONCE + 7  # and one that the contract itself has


@pytest.fixture
def many(embedded: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with more transfers that fell due than the sweep takes in one transaction."""
    monkeypatch.setattr(deadlines, "_AT_ONCE", AT_ONCE)
    _contract, file_id = new_contract(embedded)
    today = embedded.house.clock.today()
    one = {"case_file_id": file_id, "stage": "handler", "state": "pending", "event_kind": "signed", "why": ""}
    one |= {"event_on": today - timedelta(60), "nominal_on": today - timedelta(20), "contents": {}}
    rows = [one | {"id": new_id(), "due_on": today - timedelta(1 + n % 3)} for n in range(MANY)]
    with embedded.house.database.write() as session:
        session.execute(insert(Transfer), rows)
    deadlines.escalate(embedded.house, lambda: False)
    return embedded


def notes(office: Office) -> list[str]:
    """The transfers of which somebody was told, in the order of the trail."""
    with office.house.database.read() as session:
        query = select(AuditEntry.detail).where(AuditEntry.action == "transfer.escalate").order_by(AuditEntry.seq)
        return [detail.partition('"transfer":"')[2][:36] for detail in session.scalars(query)]


def waiting(office: Office) -> int:
    with office.house.database.read() as session:
        today = office.house.clock.today()
        return session.scalar(select(func.count()).where(Transfer.tell_on <= today)) or 0


@pytest.mark.parametrize("transaction", [1, 2, 3])
def test_a_sweep_killed_half_way_leaves_whole_transactions_and_the_next_one_tells_the_rest_once(many, transaction):
    house = many.house
    assert waiting(many) == MANY + 1
    child = os.fork()
    if not child:
        house.database.engine.dispose(close=False)
        given, calls = audit.append_all, []

        def kill(session, told) -> None:
            given(session, told)
            calls.append(told)
            if len(calls) == transaction:
                os.kill(os.getpid(), signal.SIGKILL)  # after the entries were written, before the commit

        audit.append_all = kill
        deadlines.escalate(house)
        os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    done = (transaction - 1) * AT_ONCE
    assert waiting(many) == MANY + 1 - done
    assert len(notes(many)) == done
    made = deadlines.escalate(house)
    told = notes(many)
    assert len(told) == len(set(told)) == MANY + 1
    assert made == MANY + 1 - done
    assert (waiting(many), deadlines.escalate(house)) == (0, 0)
    with house.database.read() as session:
        assert verify_all(session).ok


def test_a_sweep_reads_nothing_of_what_comes_to_nobody_today(many):
    house = many.house
    deadlines.escalate(house)
    seen: list[str] = []
    event.listen(house.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert deadlines.escalate(house) == 0
    assert not [statement for statement in seen if statement.startswith("UPDATE transfers")]
    house.clock.move_to(house.clock.today() + timedelta(days=3))
    assert deadlines.escalate(house) == 0  # a week after the deadline is not yet there for any of them
    house.clock.move_to(house.clock.today() + timedelta(days=1))
    assert 0 < deadlines.escalate(house) < MANY


def test_every_day_tells_those_it_comes_to_whatever_day_it_was_looked_at_before(embedded):
    """As told by the rule alone, day by day and after days on which nobody looked."""
    house = embedded.house
    new_contract(embedded)
    with house.database.read() as session:
        due = session.scalars(select(Transfer.due_on)).one()
    for days in (-9, -7, -6, 0, 1, 2, 7, 8, 29, 30, 31, 400):
        today = due + timedelta(days)
        if today < house.clock.today():
            continue
        house.clock.move_to(today)
        deadlines.escalate(house)
        with house.database.read() as session:
            row = session.scalars(select(Transfer)).one()
        assert tuple(row.contents.get("told", {})) == deadlines.rules.told(due, today)
        assert row.tell_on is None or row.tell_on > today
