"""Warnings from a fact to a response (RULES A4.1, A4.2, A4.3), on the embedded parts and on real servers."""

import json
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from credit.errors import CreditError
from credit.warnings import KINDS
from service.clock import Clock
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import ledger
from service.flow.credit import blocks, deliveries, receivables_import, warning_acts, warning_settings, warnings
from service.flow.credit.customer_merge import merge_customers, undo_merge
from service.records.tables import (
    AssessmentRecord,
    AuditEntry,
    Customer,
    Delivery,
    WarningRecord,
    WarningRun,
    WarningTask,
)
from tests.service.conftest import OWNER, TODAY, Office
from tests.service.test_scorecards import enough

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """The clock of every office, which stands still until it is moved."""

    class Moved:
        now = NOW

        def go(self, **by: float) -> None:
            self.now += timedelta(**by)

    moved = Moved()
    monkeypatch.setattr(Clock, "now", lambda _self: moved.now)
    return moved


def a_customer(office: Office, name: str = "东方贸易有限公司", login: str = "handler") -> str:
    """A customer with a contract that `login` handles."""
    given = ledger.ContractInput(
        department_id=office.department_id,
        title="供货合同",
        counterparty=name,
        handler_id=office[login].person_id or "",
        signed_on="2026-01-05",
    )
    contract = ledger.create_contract(office.house, OWNER, given)
    return contract.customer_id or ""


def bring(office: Office, *entries: dict[str, str], apply: bool = True):
    return receivables_import.bring_in(office.house, office["administrator"], entries, apply=apply)


def invoice(number: str, customer: str, due: str, amount: str = "1000.00", **more: str) -> dict[str, str]:
    given = {"kind": "invoice", "number": number, "customer": customer, "on": "2026-01-01", "due_on": due}
    return {**given, "amount": amount, **more}


def payment(number: str, customer: str, on: str, amount: str, invoice: str = "", **more: str) -> dict[str, str]:
    given = {"kind": "payment", "number": number, "customer": customer, "on": on, "amount": amount, "invoice": invoice}
    return {**given, **more}


def standing(office: Office, customer_id: str) -> list[WarningRecord]:
    found = warning_acts.warnings_of(office.house, office["administrator"], customer_id)
    return [row for row in found.warnings if row.state != "closed"]


def close(office: Office, customer_id: str, warning_id: str) -> None:
    house, me = office.house, office["administrator"]
    view = warning_acts.get_warning(house, me, customer_id, warning_id)
    if view.warning.state == "open":
        warning_acts.acknowledge(house, me, customer_id, warning_id)
    for task in view.warning.tasks:
        if task.state == "open":
            warning_acts.finish_task(house, me, customer_id, warning_id, task.id, "已办")
    warning_acts.ask_close(house, me, customer_id, warning_id, "已收款")
    warning_acts.decide_close(house, office["head"], customer_id, warning_id, close=True)


def test_a4_1_an_overdue_invoice_warns_at_once_and_only_once(office: Office, clock):
    name = "东方贸易有限公司"
    customer_id = a_customer(office, name)
    bring(office, invoice("F1", name, "2026-10-01"))  # 55 days late
    (warning,) = standing(office, customer_id)
    assert (warning.kind, warning.severity, warning.state) == ("overdue_days", "medium", "open")
    assert warning.why_zh == "逾期 55 天"
    bring(office, invoice("F1", name, "2026-10-01"))
    looked = warnings.run_daily(office.house, again=True)
    assert (looked.opened, looked.done) == (0, True)
    assert [row.id for row in standing(office, customer_id)] == [warning.id]


def test_a4_3_handler_and_credit_office_are_told_in_the_same_transaction(embedded: Office, clock):
    customer_id = a_customer(embedded)
    bring(embedded, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    for login in ("handler", "administrator"):
        _total, (message,) = deliveries.inbox_of(embedded.house, embedded[login])
        assert message.event == "warning.opened"
        assert message.state == "sent"
        assert message.content["customer"]["id"] == customer_id
    assert deliveries.inbox_of(embedded.house, embedded["head"])[0] == 0
    with embedded.house.database.read() as session:
        assert len(session.scalars(deliveries.unread(embedded["handler"])).all()) == 1
        told = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "warning.open")).one()
    assert '"told":["administrator","handler"]' in told
    deliveries.mark_read(embedded.house, embedded["handler"])
    with embedded.house.database.read() as session:
        assert session.scalars(deliveries.unread(embedded["handler"])).all() == []


def test_a4_3_what_nobody_acknowledged_goes_one_level_up_once_each_time(embedded: Office, clock):
    customer_id = a_customer(embedded)
    embedded.hire("elsewhere", "department_head", department_id=other_department(embedded))
    bring(embedded, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    assert warnings.escalate(embedded.house) == 0
    clock.go(hours=25)
    assert warnings.escalate(embedded.house) == 1
    assert warnings.escalate(embedded.house) == 0
    assert deliveries.inbox_of(embedded.house, embedded["head"])[1][0].event == "warning.escalated"
    assert standing(embedded, customer_id)[0].level == 1
    warning_acts.acknowledge(embedded.house, embedded["handler"], customer_id, standing(embedded, customer_id)[0].id)
    clock.go(hours=100)
    assert warnings.escalate(embedded.house) == 0
    # Who may not see the customer is told nothing, however far up it goes.
    assert deliveries.inbox_of(embedded.house, embedded["elsewhere"])[0] == 0


def other_department(office: Office) -> str:
    from service.access import people

    return people.create_department(office.house, OWNER, "CG", "采购部").id


def test_a4_2_a_warning_opens_its_plan_and_closes_with_a_reason_and_a_second_person(office: Office, clock):
    customer_id = a_customer(office)
    bring(office, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    house, me, head = office.house, office["administrator"], office["head"]
    (warning,) = standing(office, customer_id)
    view = warning_acts.get_warning(house, me, customer_id, warning.id)
    assert [(task.action, task.role, task.due_on) for task in view.warning.tasks] == [
        ("collect", "handler", date(2026, 11, 28)),
        ("suspend", "department_head", date(2026, 11, 27)),
        ("legal", "credit_administrator", date(2026, 12, 25)),
    ]
    assert view.owners[view.warning.tasks[0].owner_id or ""] == "handler 某"
    with pytest.raises(CreditError, match="a warning that is open cannot close"):
        warning_acts.ask_close(house, me, customer_id, warning.id, "好了")
    warning_acts.take_in_hand(house, me, customer_id, warning.id)
    with pytest.raises(RuleRefused, match="3 tasks of the plan have no outcome yet"):
        warning_acts.ask_close(house, me, customer_id, warning.id, "好了")
    for task in view.warning.tasks:
        warning_acts.finish_task(house, me, customer_id, warning.id, task.id, "客户答应月底付款")
        with pytest.raises(RuleRefused, match="outcome already"):
            warning_acts.finish_task(house, me, customer_id, warning.id, task.id, "再来一次")
    with pytest.raises(BadInput, match="reason"):
        warning_acts.ask_close(house, me, customer_id, warning.id, "  ")
    with pytest.raises(CreditError, match="nobody asked for it yet"):
        warning_acts.decide_close(house, head, customer_id, warning.id, close=True)
    warning_acts.ask_close(house, me, customer_id, warning.id, "已收款")
    with pytest.raises(CreditError, match="a second person does"):
        warning_acts.decide_close(house, me, customer_id, warning.id, close=True)
    warning_acts.decide_close(house, head, customer_id, warning.id, close=False, note="还差一笔")
    warning_acts.ask_close(house, me, customer_id, warning.id, "全部收款")
    warning_acts.decide_close(house, head, customer_id, warning.id, close=True)
    row = warning_acts.get_warning(house, me, customer_id, warning.id).warning
    assert (row.state, row.close_reason, row.close_asked_by, row.closed_by) == (
        "closed",
        "全部收款",
        me.name,
        head.name,
    )
    with pytest.raises(RuleRefused, match="is closed"):
        warning_acts.acknowledge(house, me, customer_id, warning.id)
    assert [step.what for step in row.steps][:2] == ["open", "take_in_hand"]


def test_a4_2_closed_it_stays_silent_until_it_grows_worse_or_comes_back(office: Office, clock):
    name = "东方贸易有限公司"
    customer_id = a_customer(office, name)
    bring(office, invoice("F1", name, "2026-10-01"))
    close(office, customer_id, standing(office, customer_id)[0].id)
    assert warnings.run_daily(office.house, again=True).opened == 0
    office.house.clock.move_to(date(2026, 12, 30))  # 90 days late: of high severity
    assert warnings.run_daily(office.house).opened == 1
    (worse,) = standing(office, customer_id)
    assert worse.severity == "high"
    close(office, customer_id, worse.id)
    bring(office, payment("S1", name, "2026-12-30", "1000.00"))
    assert standing(office, customer_id) == []
    bring(office, invoice("F2", name, "2026-11-01", on="2026-10-01"))
    (again,) = standing(office, customer_id)
    assert again.id != worse.id
    assert again.why_zh == "逾期 59 天"


def test_a4_2_the_same_warning_grown_worse_must_be_acknowledged_again_and_blocks(embedded: Office, clock):
    name = "东方贸易有限公司"
    customer_id = a_customer(embedded, name)
    bring(embedded, invoice("F1", name, "2026-10-01"))
    (warning,) = standing(embedded, customer_id)
    warning_acts.acknowledge(embedded.house, embedded["handler"], customer_id, warning.id)
    embedded.house.clock.move_to(date(2026, 12, 30))
    warnings.run_daily(embedded.house)
    (worse,) = standing(embedded, customer_id)
    assert (worse.id, worse.severity, worse.state, worse.acknowledged_by) == (warning.id, "high", "open", None)
    status = blocks.credit_status(embedded.house, embedded["handler"], customer_id)
    assert status.block is not None
    assert status.block.reason == "逾期 90 天"
    assert status.block.warning_id == warning.id


def test_a4_1_paid_it_is_noted_as_gone_and_still_closed_by_two(embedded: Office, clock):
    name = "东方贸易有限公司"
    customer_id = a_customer(embedded, name)
    bring(embedded, invoice("F1", name, "2026-10-01"))
    bring(embedded, payment("S1", name, "2026-11-25", "1000.00", "F1"))
    (warning,) = standing(embedded, customer_id)
    assert warning.holds is False
    bring(embedded, payment("S1", name, "2026-11-25", "1000.00", "F1", status="void"))
    (same,) = standing(embedded, customer_id)
    assert (same.id, same.holds) == (warning.id, True)


def test_a4_3_a_warning_that_is_put_off_waits_and_asks_again_afterwards(embedded: Office, clock):
    customer_id = a_customer(embedded)
    bring(embedded, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    (warning,) = standing(embedded, customer_id)
    house, me = embedded.house, embedded["handler"]
    for until, why in ((TODAY, "put off for 1 to 90 days"), (TODAY + timedelta(days=91), "put off for 1 to 90 days")):
        with pytest.raises(CreditError, match=why):
            warning_acts.snooze(house, me, customer_id, warning.id, until, "等对账")
    with pytest.raises(BadInput, match="reason"):
        warning_acts.snooze(house, me, customer_id, warning.id, TODAY + timedelta(days=3), "")
    warning_acts.snooze(house, me, customer_id, warning.id, TODAY + timedelta(days=3), "等对账")
    clock.go(days=3)
    assert warnings.escalate(house) == 0
    clock.go(days=2)
    assert warnings.escalate(house) == 1


def test_a4_1_every_kind_of_line_is_checked_from_what_is_on_record(office: Office, clock):
    name = "东方贸易有限公司"
    customer_id = a_customer(office, name)
    bring(office, invoice("F1", name, "2026-12-31", "95000.00"))
    with office.house.database.write() as session:
        for day, score, state in ((date(2026, 9, 1), 80, "replaced"), (date(2026, 11, 1), 55, "in_force")):
            session.add(an_assessment(customer_id, day, score, state))
        warnings.look_at(office.house, session, customer_id)
    assert {row.kind for row in standing(office, customer_id)} == {"score_below", "score_drop", "line_used"}


def an_assessment(customer_id: str, day: date, score: int, state: str) -> AssessmentRecord:
    return AssessmentRecord(
        customer_id=customer_id,
        scorecard="example-1",
        assessed_on=day,
        lines=[],
        exact=str(score),
        score=score,
        score_grade="BB",
        grade="BB",
        state=state,
        made_by="x",
        made_at=datetime.combine(day, datetime.min.time(), UTC),
        line=100000 if state == "in_force" else None,
    )


def test_a4_1_lines_are_data_with_a_reason_and_a_history_per_company(embedded: Office, clock):
    house, me = embedded.house, embedded["administrator"]
    name = "东方贸易有限公司"
    customer_id = a_customer(embedded, name)
    with pytest.raises(NotAllowed):
        warning_settings.set_lines(house, embedded["handler"], {}, reason="x")
    with pytest.raises(BadInput) as wrong:
        warning_settings.set_lines(house, me, {"overdue_days": "-1", "line_used": "x", "nonsense": "1"}, reason="x")
    assert set(wrong.value.fields) == {"overdue_days", "line_used", "nonsense"}
    with pytest.raises(BadInput, match="say why"):
        warning_settings.set_lines(house, me, {}, reason=" ")
    warning_settings.set_lines(house, me, {"overdue_days": "60"}, reason="行业惯例")
    bring(embedded, invoice("F1", name, "2026-10-01"))
    assert standing(embedded, customer_id) == []
    warning_settings.set_lines(house, me, {"overdue_days": ""}, reason="先关掉")
    assert warning_settings.list_lines(house, me)[0].lines.overdue_days is None
    assert warnings.run_daily(house) == warnings.Looked(1, 0, done=True)
    assert warnings.run_daily(house).customers == 0
    warning_settings.set_lines(house, me, {"overdue_days": "10"}, reason="收紧")
    assert [row.reason for row in warning_settings.history_of_lines(house, me)] == ["收紧", "先关掉", "行业惯例"]
    assert warnings.run_daily(house).opened == 1, "a line that moved is a change"


def test_a4_1_a_company_of_its_own_lines_goes_by_them(office: Office, clock):
    from service.records.tables import Company, Department

    house, me = office.house, office["administrator"]
    customer_id = a_customer(office)
    with house.database.write() as session:
        session.add(Company(id="c" * 36, code="G", name="集团", fonds="J001", parent_id=None, created_at=NOW))
        session.add(Company(id="d" * 36, code="Z", name="子公司", fonds="J002", parent_id="c" * 36, created_at=NOW))
        session.flush()
        session.get_one(Department, office.department_id).company_id = "d" * 36
    warning_settings.set_lines(house, me, {"overdue_days": "7"}, company="G", reason="集团的线")
    with pytest.raises(NotFound):
        warning_settings.set_lines(house, me, {}, company="none", reason="x")
    bring(office, invoice("F1", "东方贸易有限公司", "2026-11-15"))
    (warning,) = standing(office, customer_id)
    assert warning.why_zh == "逾期 10 天"


def test_a4_2_plans_are_templates_that_a_company_edits(embedded: Office, clock):
    house, me = embedded.house, embedded["administrator"]
    customer_id = a_customer(embedded)
    task = {"action": "legal", "what": "起诉", "owner": "credit_administrator", "days": 7}
    with pytest.raises(BadInput, match="1 to 20 tasks"):
        warning_settings.set_plan(house, me, "overdue_days", [], block=False)
    with pytest.raises(NotFound):
        warning_settings.set_plan(house, me, "nonsense", [task], block=False)
    warning_settings.set_plan(house, me, "overdue_days", [task], block=False)
    assert [kept.plan.kind for kept in warning_settings.list_plans(house, me)] == list(KINDS)
    bring(embedded, invoice("F1", "东方贸易有限公司", "2026-01-31"))
    (warning,) = standing(embedded, customer_id)
    assert warning.severity == "high"
    with house.database.read() as session:
        tasks = list(session.scalars(select(WarningTask.what).where(WarningTask.warning_id == warning.id)))
    assert tasks == ["起诉"]
    assert blocks.credit_status(house, me, customer_id).block is None


def test_a_block_is_set_by_one_and_lifted_by_two(embedded: Office, clock):
    house, me, head = embedded.house, embedded["administrator"], embedded["head"]
    customer_id = a_customer(embedded)
    with pytest.raises(NotAllowed):
        blocks.block_customer(house, embedded["handler"], customer_id, "x")
    blocks.block_customer(house, me, customer_id, "法院公告")
    with pytest.raises(RuleRefused, match="blocked already"):
        blocks.block_customer(house, head, customer_id, "又")
    with pytest.raises(CreditError, match="nobody asked"):
        blocks.decide_lift(house, head, customer_id, lift=True)
    blocks.ask_lift(house, me, customer_id, "案件撤回")
    with pytest.raises(CreditError, match="second person"):
        blocks.decide_lift(house, me, customer_id, lift=True)
    blocks.decide_lift(house, head, customer_id, lift=False)
    blocks.ask_lift(house, head, customer_id, "案件撤回")
    blocks.decide_lift(house, me, customer_id, lift=True)
    assert blocks.credit_status(house, me, customer_id).block is None
    with pytest.raises(RuleRefused, match="not blocked"):
        blocks.ask_lift(house, me, customer_id, "x")
    events = [row.event for row in deliveries.inbox_of(house, embedded["handler"])[1]]
    assert sorted(events) == ["credit.blocked", "credit.unblocked"]


def test_the_daily_look_goes_on_where_it_was_broken_off(office: Office, clock, monkeypatch):
    monkeypatch.setattr(warnings, "LOOKED_AT_ONCE", 2)
    for n in range(5):
        a_customer(office, f"客户 {n}")
    first = warnings.run_daily(office.house, lambda: False)
    assert (first.customers, first.done) == (2, False)
    rest = warnings.run_daily(office.house)
    assert (rest.customers, rest.done) == (3, True)
    assert warnings.run_daily(office.house).customers == 0
    with office.house.database.read() as session:
        run = session.get_one(WarningRun, TODAY)
        assert run.looked == session.scalar(select(func.count()).select_from(Customer)) == 5
    office.house.clock.move_to(TODAY + timedelta(days=1))
    assert warnings.run_daily(office.house).customers == 5


def test_A4_1_a_merger_that_is_undone_gives_the_trouble_back_to_whom_it_belongs(office: Office):
    house, me = office.house, office["administrator"]
    kept, merged = a_customer(office, "甲贸易有限公司"), a_customer(office, "乙贸易有限公司")
    bring(office, invoice("F1", "乙贸易有限公司", "2026-12-01"))
    merge_id = merge_customers(house, me, kept, merged, "同一家")
    house.clock.move_to(date(2027, 1, 15))
    assert warnings.run_daily(house).opened == 1
    assert [row.holds for row in standing(office, kept)] == [True]
    undo_merge(house, me, merge_id)
    assert [row.holds for row in standing(office, kept)] == [False]
    assert [(row.kind, row.holds) for row in standing(office, merged)] == [("overdue_days", True)]


def test_A4_1_A4_3_two_workers_that_look_at_once_open_one_warning_and_tell_of_it_once(office: Office):
    customer_id = a_customer(office)
    bring(office, invoice("F1", "东方贸易有限公司", "2026-12-01"))
    office.house.clock.move_to(date(2027, 1, 15))
    barrier, wrong = threading.Barrier(3), []

    def look() -> None:
        barrier.wait()
        try:
            warnings.run_daily(office.house, again=True)
        except Exception as error:  # noqa: BLE001 - told below
            wrong.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    (warning,) = standing(office, customer_id)
    with office.house.database.read() as session:
        told = session.scalars(select(Delivery.event_id).where(Delivery.customer_id == customer_id)).all()
        assert session.get_one(WarningRun, date(2027, 1, 15)).finished_at is not None
    assert told == [f"{warning.id}:open"] * 2


def test_A4_1_a_look_that_is_asked_for_while_one_goes_on_misses_nobody(embedded: Office, monkeypatch):
    """What a run over the portfolio moved of customers that today's look had passed already is looked at all the same."""
    house, ids = embedded.house, enough(embedded, 6)
    monkeypatch.setattr(warnings, "LOOKED_AT_ONCE", 2)
    real, seen = warnings._look_at_some, []

    def asked(inner, after):
        found = real(inner, after)
        seen.extend(found[0])
        if len(seen) == 4:
            with house.database.write() as session:
                warnings.look_again(session, house.clock.today())
        return found

    monkeypatch.setattr(warnings, "_look_at_some", asked)
    assert not warnings.run_daily(house).done
    assert warnings.run_daily(house).done, "at once, whatever was claimed before"
    assert seen == sorted(ids)[:4] + sorted(ids)
    with house.database.read() as session:
        assert session.get_one(WarningRun, house.clock.today()).looked == 6


def test_nobody_handles_or_sees_the_warnings_of_another_departments_customer(embedded: Office, clock):
    customer_id = a_customer(embedded)
    bring(embedded, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    embedded.hire("stranger", "handler", department_id=other_department(embedded))
    (warning,) = standing(embedded, customer_id)
    for step in (
        lambda: warning_acts.warnings_of(embedded.house, embedded["stranger"], customer_id),
        lambda: warning_acts.acknowledge(embedded.house, embedded["stranger"], customer_id, warning.id),
        lambda: blocks.credit_status(embedded.house, embedded["stranger"], customer_id),
    ):
        with pytest.raises(NotFound):
            step()
    assert warning_acts.list_warnings(embedded.house, embedded["stranger"]) == (0, [])
    assert warning_acts.list_warnings(embedded.house, embedded["handler"])[0] == 1
    assert warning_acts.my_tasks(embedded.house, embedded["handler"])[0].warning.id == warning.id


def test_a_task_goes_to_somebody_else_who_is_told(embedded: Office, clock):
    house = embedded.house
    customer_id = a_customer(embedded)
    bring(embedded, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    (warning,) = standing(embedded, customer_id)
    task = warning_acts.get_warning(house, embedded["head"], customer_id, warning.id).warning.tasks[0]
    warning_acts.assign_task(house, embedded["head"], customer_id, warning.id, task.id, "first")
    with pytest.raises(BadInput, match="no person of this login"):
        warning_acts.assign_task(house, embedded["head"], customer_id, warning.id, task.id, "nobody")
    assert [row.event for row in deliveries.inbox_of(house, embedded["first"])[1]] == ["task.assigned"]
    more = warning_acts.add_task(house, embedded["head"], customer_id, warning.id, "走访", "handler", TODAY)
    assert more.place == 4
    with house.database.read() as session:
        told = session.scalar(select(func.count()).select_from(Delivery).where(Delivery.event == "task.assigned"))
    assert told == 2


def test_the_command_line_looks_brings_in_and_asks(embedded: Office, juanzong_here, tmp_path):
    customer_id = a_customer(embedded)
    file = tmp_path / "books.csv"
    table = "类型,单号,客户,日期,到期日,金额\n发票,F1,东方贸易有限公司,2026-01-01,2026-02-01,1000\n收款,S1,nobody,2026-01-01,,1\n"
    file.write_text(table, encoding="utf-8")
    env = {**embedded.env, "JUANZONG_TODAY": TODAY.isoformat()}
    assert (
        "1 new, 0 changed, 0 unchanged, 1 refused: nothing was entered"
        in juanzong_here(env, "credit", "import", file, check=3).stdout
    )
    assert '"refused":1' in juanzong_here(env, "credit", "import", file, "--apply", "--json", check=3).stdout
    found = json.loads(juanzong_here(env, "credit", "status", customer_id, "--json").stdout)
    assert (found["blocked"], found["exposure"], found["overdue_days"]) == (True, "1000.00", 297)
    said = json.loads(juanzong_here(env, "credit", "warn", "--json").stdout)
    assert said == {"customers": 1, "opened": 0, "escalated": 0}
    warned = json.loads(juanzong_here(env, "credit", "warnings", "--customer", "东方贸易有限公司", "--json").stdout)
    assert (warned["kind"], warned["severity"], warned["why"]["en"]) == ("overdue_days", "high", "297 days overdue")
    assert "297 days overdue" in juanzong_here(env, "credit", "warnings").stdout
    assert "0 warnings" in juanzong_here(env, "credit", "warnings", "--state", "closed").stdout
    assert juanzong_here(env, "credit", "warnings", "--state", "gone", check=None).returncode == 3
