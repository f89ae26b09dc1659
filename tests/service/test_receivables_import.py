"""What comes from the books: idempotent, judged line by line, kept with its report; money is lost by none of it."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.credit import receivables
from service.flow.credit.books import open_in_all
from service.flow.credit.collections import Collected, list_records, record
from service.flow.credit.known import sources_of
from service.flow.credit.receivables_import import bring_in_file, get_import, set_rate
from service.flow.credit.warnings import run_daily
from service.records.tables import Contract, ReceivableEntry, WarningRecord
from tests.service.conftest import TODAY, Office
from tests.service.test_warnings import a_customer, an_assessment, bring, invoice, payment

NAME = "东方贸易有限公司"


def owed(office: Office, customer_id: str) -> receivables.Account:
    return receivables.get_account(office.house, office["administrator"], customer_id)


def test_the_same_file_twice_changes_nothing_and_a_changed_line_says_what_was(office: Office):
    customer_id = a_customer(office, NAME)
    first = bring(office, invoice("F1", NAME, "2026-12-31"), payment("S1", NAME, "2026-11-01", "400", "F1"))
    again = bring(office, invoice("F1", NAME, "2026-12-31"), payment("S1", NAME, "2026-11-01", "400", "F1"))
    assert (first.counts["new"], again.counts["unchanged"]) == (2, 2)
    changed = bring(office, invoice("F1", NAME, "2026-12-31", "900.00"))
    assert changed.lines[0].before == {"cents": "1000.00"}
    account = owed(office, customer_id)
    assert account.owed.exposure == Decimal("500.00")
    kept = get_import(office.house, office["administrator"], changed.id or "")
    assert kept.counts == {"new": 0, "changed": 1, "unchanged": 0, "refused": 0}
    assert kept.lines[0]["outcome"] == "changed"


def test_what_is_wrong_is_refused_with_its_reason_and_holds_up_no_other(embedded: Office):
    office = embedded
    customer_id = a_customer(office, NAME)
    other = a_customer(office, "别的公司")
    bring(office, invoice("F1", NAME, "2026-12-31"))
    report = bring(
        office,
        invoice("F2", NAME, "2026-12-31", "-5"),
        invoice("F3", NAME, "2026-12-31", "0.001"),
        invoice("F4", NAME, ""),
        invoice("F5", NAME, "2025-12-31"),
        invoice("F6", NAME, "2026-12-31", currency="XYZ"),
        invoice("F7", "没有这个客户", "2026-12-31"),
        invoice("F1", "别的公司", "2026-12-31"),
        invoice("", NAME, "2026-12-31"),
        invoice("F8", NAME, "2026-12-31"),
        invoice("F8", NAME, "2026-12-31", "2"),
        payment("S1", NAME, "31.12.2026", "1"),
    )
    why = {line.line: set(line.why) for line in report.lines}
    fields = ({"amount"}, {"amount"}, {"due_on"}, {"due_on"}, {"currency"}, {"customer"}, {"customer"}, {"number"})
    assert why == dict(enumerate((*fields, set(), {"number"}, {"on"}), 1))
    assert report.counts == {"new": 1, "changed": 0, "unchanged": 0, "refused": 10}
    assert owed(office, customer_id).owed.exposure == Decimal("2000.00")
    assert owed(office, other).items == ()


def test_a_trial_changes_nothing(embedded: Office):
    a_customer(embedded, NAME)
    report = bring(embedded, invoice("F1", NAME, "2026-01-31"), apply=False)
    assert (report.id, report.counts["new"]) == (None, 1)
    with embedded.house.database.read() as session:
        for table in (ReceivableEntry, WarningRecord):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_money_beyond_its_invoice_pays_the_oldest_debt_or_waits_and_is_said(embedded: Office):
    customer_id = a_customer(embedded, NAME)
    report = bring(
        embedded,
        invoice("F1", NAME, "2026-12-31"),
        payment("S1", NAME, "2026-11-01", "1200", "F1"),
        payment("S2", NAME, "2026-11-02", "50", "F9"),
    )
    assert report.lines[1].notes == ["200.00 more than invoice F1 leaves open: unapplied, it pays the oldest debt"]
    assert report.lines[2].notes == ["there is no invoice F9 in CNY: it pays the oldest debt"]
    account = owed(embedded, customer_id)
    assert (account.prepaid, account.owed.exposure) == ({"CNY": Decimal("250.00")}, Decimal(0))


def test_currencies_never_pay_one_another_and_count_at_the_rate_of_the_day(embedded: Office):
    office = embedded
    customer_id = a_customer(office, NAME)
    me = office["administrator"]
    assert bring(office, invoice("F1", NAME, "2026-10-01", currency="USD")).counts["refused"] == 1
    set_rate(office.house, me, "USD", date(2026, 1, 1), "7.00")
    set_rate(office.house, me, "usd", date(2026, 11, 26), "7.50")
    bring(office, invoice("F1", NAME, "2026-10-01", currency="USD"), payment("S1", NAME, "2026-11-01", "500"))
    assert owed(office, customer_id).owed == receivables.Owed(55, Decimal("7000.00"), Decimal("7000.00"))
    office.house.clock.move_to(TODAY + timedelta(days=1))
    account = owed(office, customer_id)
    assert account.owed.exposure == Decimal("7500.00")
    assert account.prepaid == {"CNY": Decimal("500.00")}
    with pytest.raises(RuleRefused, match="on record already"):
        set_rate(office.house, me, "USD", date(2026, 1, 1), "8")
    with pytest.raises(BadInput):
        set_rate(office.house, me, "CNY", date(2026, 1, 1), "1")
    with pytest.raises(NotAllowed):
        set_rate(office.house, office["handler"], "EUR", date(2026, 1, 1), "8")


def test_A1_1_A4_1_who_is_billed_in_dollars_is_scored_and_watched_at_the_rate_of_the_day(office: Office):
    customer_id, me = a_customer(office, NAME), office["administrator"]
    set_rate(office.house, me, "USD", date(2026, 1, 1), "7.00")
    late, ahead = ("F1", "2026-10-26", "1000"), ("F2", "2026-12-31", "3000")
    bring(office, *(invoice(number, NAME, due, amount, currency="USD") for number, due, amount in (late, ahead)))
    with office.house.database.write() as session:
        contract = session.scalars(select(Contract)).one()
        contract.amount, contract.currency = Decimal("2000000.00"), "USD"
    with office.house.database.read() as session:
        known = sources_of(session, [customer_id], TODAY)[customer_id]
        owed_by_all = open_in_all(session, TODAY)
    values = {code: known.value(code) for code in ("days_beyond_terms", "overdue_share", "oldest_overdue")}
    assert values == {
        "days_beyond_terms": Decimal("30.00"),
        "overdue_share": Decimal(25),
        "oldest_overdue": Decimal(30),
    }
    assert known.purchases == Decimal("14000000.00")
    assert (owed_by_all, known.value("concentration")) == (Decimal("28000.00"), Decimal("100.00"))
    assert run_daily(office.house).done
    with office.house.database.write() as session:
        session.add(an_assessment(customer_id, TODAY, 80, "in_force"))  # a line of 100,000 yuan
    set_rate(office.house, me, "USD", TODAY, "24.00")
    assert run_daily(office.house).opened == 1, "a new rate is a change"
    with office.house.database.read() as session:
        kinds = session.scalars(select(WarningRecord.kind).where(WarningRecord.customer_id == customer_id)).all()
    assert sorted(kinds) == ["line_used", "overdue_days"]


def test_orders_count_until_they_are_invoiced_and_what_is_dated_ahead_on_its_day(embedded: Office):
    office = embedded
    customer_id = a_customer(office, NAME)
    order = {"kind": "order", "number": "D1", "customer": NAME, "on": "2026-11-01", "amount": "3000"}
    bring(office, order, invoice("F1", NAME, "2026-12-31", "1000", on="2026-11-28", invoice="D1"))
    assert owed(office, customer_id).owed.exposure == Decimal("3000.00")
    bring(office, payment("S1", NAME, "2026-11-30", "1000", "F1"))
    office.house.clock.move_to(date(2026, 11, 28))
    assert owed(office, customer_id).owed.exposure == Decimal("3000.00")  # 2000 of the order, 1000 of the invoice
    office.house.clock.move_to(date(2026, 11, 30))
    assert owed(office, customer_id).owed.exposure == Decimal("2000.00")
    office.house.clock.move_to(TODAY)  # a clock that was put back counts as it is
    assert owed(office, customer_id).owed.exposure == Decimal("3000.00")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_file_comes_in_as_people_write_it(embedded: Office, encoding):
    customer_id = a_customer(embedded, NAME)
    table = f'类型,单号,客户名称,开票日期,付款到期日,金额,状态\r\n发票,F1,{NAME},2026/11/01,2026/12/31,"1,250.50",\r\n发票,F2,{NAME},2026/11/01,2026/12/31,10,作废\r\n'
    me = embedded["administrator"]
    report = bring_in_file(embedded.house, me, "a.csv", table.encode(encoding), apply=True)
    assert report.counts["new"] == 2
    assert owed(embedded, customer_id).owed.exposure == Decimal("1250.50")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b""),
        ("a.csv", b"\xff\xfe\x00\x81"),
        ("a.csv", '类型,单号\r\n发票,"F1'.encode()),
        ("a.csv", "类型,单号,客户,日期,金额\r\n".encode()),
        ("a.xlsx", b"PK\x03\x04 broken"),
        ("a.csv", "类型,单号,客户,日期,金额\r\n发票,F\x00,甲,2026-01-01,1\r\n".encode()),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(embedded: Office, name, data):
    with pytest.raises(BadInput):
        bring_in_file(embedded.house, embedded["administrator"], name, data, apply=True)


def test_two_imports_at_once_enter_each_number_once(office: Office):
    customer_id = a_customer(office, NAME)
    wrong: list[BaseException] = []

    def once() -> None:
        try:
            bring(office, *(invoice(f"F{n}", NAME, "2026-01-31", "1") for n in range(30)))
        except BaseException as error:  # noqa: BLE001 - told below
            wrong.append(error)

    threads = [threading.Thread(target=once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    account = owed(office, customer_id)
    assert (len(account.entries), account.owed.exposure) == (30, Decimal("30.00"))
    with office.house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(WarningRecord)) == 1


def test_collection_is_recorded_with_its_papers_and_promises_are_followed(embedded: Office):
    office = embedded
    customer_id = a_customer(office, NAME)
    bring(office, invoice("F1", NAME, "2026-10-01"))
    handler = office["handler"]
    document_id = office.take_in()
    promise = {"promised_on": date(2026, 11, 30), "promised_amount": "600"}
    record(office.house, handler, customer_id, Collected("call", TODAY, "月底付", documents=(document_id,), **promise))
    for wrong in (
        Collected("shout", TODAY, "x"),
        Collected("call", TODAY + timedelta(days=1), "x"),
        Collected("call", TODAY, " "),
        Collected("call", TODAY, "x", promised_amount="600"),
        Collected("call", TODAY, "x", promised_on=TODAY - timedelta(days=1)),
        Collected("call", TODAY, "x", invoices=("F9",)),
    ):
        with pytest.raises(BadInput):
            record(office.house, handler, customer_id, wrong)
    with pytest.raises(NotFound):
        record(office.house, handler, customer_id, Collected("call", TODAY, "x", documents=("nothing",)))

    def state() -> str:
        return list_records(office.house, handler, customer_id)[1][0][1].state

    assert state() == "waiting"
    office.house.clock.move_to(date(2026, 12, 1))
    assert state() == "broken"
    bring(office, payment("S1", NAME, "2026-11-29", "600"))
    assert state() == "kept"
