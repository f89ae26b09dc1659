"""B4: statistics from the ledger, their submission with sign-off, and the list of late ones."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from retention.errors import BadPeriod
from service.access import people
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import ledger, statistics, submissions
from service.records.tables import AuditEntry, CaseFile, Contract, Department, Submission, Term
from tests.service.conftest import OWNER, Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, fill, new_contract


@pytest.fixture
def busy(office: Office) -> Office:
    """A year's work: signed, ended, cancelled, handed over in time, late and not at all; in two departments."""
    house = office.house
    other = people.create_department(house, OWNER, "CG", "采购部")
    office.hire("buyer", "handler", department_id=other.id)
    office.hire("other.head", "department_head", department_id=other.id)
    house.clock.move_to(date(2026, 2, 2))
    first, first_file = new_contract(office, signed_on="2026-01-20", amount="100.10")
    _second, _ = new_contract(office, signed_on="2026-01-20", amount="")
    new_contract(office, signed_on="2025-12-30", amount="7", currency="USD")
    buyer = {"department_id": other.id, "handler_id": office["buyer"].person_id}
    given = {"title": "设备采购", "counterparty": "乙公司", "signed_on": "2026-02-01", "amount": "2000000.00", **buyer}
    ledger.create_contract(house, office["administrator"], ledger.ContractInput(**given))
    draft, _ = new_contract(office, signed_on="")
    ledger.cancel_contract(house, office["handler"], draft, "不签了")
    fill(office, first_file)
    archive(office, first_file)
    house.clock.move_to(date(2026, 5, 4))
    ledger.finish_event(house, office["handler"], first, "performed", "2026-05-01")
    house.clock.move_to(date(2026, 7, 3))
    with house.database.write() as session:
        for department in session.scalars(select(Department)):
            department.created_at = datetime(2026, 1, 1, tzinfo=UTC)
        session.merge(Term(name="statistics", day=date(2026, 1, 1)))
        # When rows were made is the day of the machine, which no test moves.
        for row in session.scalars(select(Contract)):
            row.created_at = datetime(2026, 2, 2, tzinfo=UTC)
    return office


def test_B4_the_figures_come_from_the_ledger(busy):
    found = statistics.report(busy.house, busy["administrator"], "contracts", "2026-H1")
    by_code = {line.unit.code: statistics.figures_as_json(line.figures) for line in found.lines}
    assert by_code["XS"] == {
        "signed": "2",
        "signed_amount:CNY": "100.10",
        "unpriced": "1",
        "performed": "1",
        "running": "2",
        "running_amount:USD": "7.00",
        "cancelled": "1",
        "handed_in_time": "1",
        # the second, the one of 2025, and the performance of the first, all due by the end of June
        "not_handed": "3",
    }
    assert by_code["CG"]["signed_amount:CNY"] == "2000000.00"
    assert found.whole is not None
    assert statistics.figures_as_json(found.whole)["signed_amount:CNY"] == "2000100.10"
    # The same, asked of the database in another way.
    with busy.house.database.read() as session:
        signed = session.scalars(
            select(Contract).where(Contract.signed_on >= date(2026, 1, 1), Contract.signed_on <= date(2026, 6, 30))
        )
        assert found.whole["signed", ""] == len(list(signed)) == 3
    held = statistics.report(busy.house, busy["archivist"], "archives", "2026-H1")
    assert held.whole is not None
    with busy.house.database.read() as session:
        archived = list(session.scalars(select(CaseFile).where(CaseFile.archived_on.is_not(None))))
    assert sum(n for (name, _of), n in held.whole.items() if name == "archived") == len(archived) == 1


def test_B4_a_head_sees_their_own_department_and_no_sum_of_others(busy):
    found = statistics.report(busy.house, busy["head"], "contracts", "2026-H1")
    assert [line.unit.code for line in found.lines] == ["XS"]
    assert found.whole is None
    for login in ("handler", "buyer"):
        with pytest.raises(NotAllowed):
            statistics.report(busy.house, busy[login], "contracts", "2026-H1")
    with pytest.raises(NotFound):
        submissions.prepare(busy.house, busy["other.head"], "contracts", "department", "XS", "2026-H1")


def test_B4_a_report_is_prepared_signed_off_by_another_and_submitted(busy):
    house = busy.house
    made = submissions.prepare(house, busy["head"], "contracts", "department", "XS", "2026-H1")
    assert made.figures["signed"] == "2"
    with pytest.raises(RuleRefused, match="does not sign it off"):
        submissions.sign(house, busy["head"], made.id)
    with pytest.raises(RuleRefused, match="only what is signed off is submitted"):
        submissions.submit(house, busy["administrator"], made.id)
    with pytest.raises(NotFound):
        submissions.sign(house, busy["other.head"], made.id)
    submissions.sign(house, busy["first"], made.id)
    done = submissions.submit(house, busy["head"], made.id)
    assert (done.state, done.submitted_on) == ("submitted", date(2026, 7, 3))
    with pytest.raises(RuleRefused, match="already"):
        submissions.prepare(house, busy["head"], "contracts", "department", "XS", "2026-H1")
    states = {(d.unit.code, d.kind): d.state for d in submissions.duties(house, busy["administrator"], "2026-H1")}
    assert states["XS", "contracts"] == "submitted"
    assert states["CG", "contracts"] == "due"
    submissions.send_back(house, busy["administrator"], made.id, "金额不对")
    again = submissions.prepare(house, busy["head"], "contracts", "department", "XS", "2026-H1")
    assert (again.version, again.state) == (2, "prepared")
    with pytest.raises(RuleRefused, match="another version"):
        submissions.sign(house, busy["first"], made.id)
    with house.database.read() as session:
        actions = [e.action for e in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]
    steps = [a for a in actions if a.startswith("statistics.") and a not in ("statistics.view", "statistics.list")]
    assert steps == [f"statistics.{step}" for step in ("prepare", "sign", "submit", "return", "prepare")]


def test_B4_late_and_missing_reports_are_listed(busy):
    house = busy.house
    house.clock.move_to(date(2026, 7, 10))
    assert {d.period.code for d in submissions.duties(house, busy["administrator"], late=True)} == {"2025"}
    made = submissions.prepare(house, busy["head"], "contracts", "department", "XS", "2026-H1")
    submissions.sign(house, busy["first"], made.id)
    house.clock.move_to(date(2026, 7, 11))
    submissions.submit(house, busy["head"], made.id)
    late = {
        (d.unit.code, d.kind, d.period.code): d.state
        for d in submissions.duties(house, busy["administrator"], late=True)
    }
    assert late["XS", "contracts", "2026-H1"] == "submitted_late"
    assert late["CG", "contracts", "2026-H1"] == "missing"
    assert late["XS", "analysis", "2025"] == "missing"
    assert ("XS", "analysis", "2026-H1") not in late


def test_B4_what_cannot_be_reported_is_said(busy):
    house, head = busy.house, busy["head"]
    with pytest.raises(RuleRefused, match="has not ended"):
        submissions.prepare(house, head, "contracts", "department", "XS", "2026")
    with pytest.raises(BadPeriod):
        submissions.prepare(house, head, "contracts", "department", "XS", "2026-H2")
    for more in (("nonsense", "department", "XS", "2025"), ("contracts", "department", "ZZ", "2025"),
                 ("analysis", "department", "XS", "2025"), ("analysis", "department", "XS", "2025-H1", "x")):  # fmt: skip
        with pytest.raises(BadInput):
            submissions.prepare(house, head, *more)
    with house.database.read() as session:
        assert list(session.scalars(select(Submission))) == []
    made = submissions.prepare(house, head, "analysis", "department", "XS", "2025", "全年无逾期")
    assert set(made.figures) == {"contracts", "archives", "credit"}


def test_B4_what_was_prepared_is_what_is_signed(busy):
    made = submissions.prepare(busy.house, busy["head"], "contracts", "department", "XS", "2026-H1")
    with busy.house.database.write() as session:
        session.get_one(Submission, made.id).figures = {"signed": "200"}
    with pytest.raises(RuleRefused, match="not what was prepared"):
        submissions.sign(busy.house, busy["first"], made.id)


def test_B4_through_the_api(client, headers, embedded):  # noqa: F811 - the fixtures
    new_contract(embedded)
    mine = headers("administrator")
    answer = client.get("/api/v1/statistics?period=2026", headers=mine)
    assert answer.get_json()["group"]["signed"] == "1"
    assert client.get("/api/v1/statistics?period=2026-H3", headers=mine).status_code == 422
    for form, start in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        sent = client.get(f"/api/v1/statistics/export?period=2026&form={form}", headers=mine)
        assert sent.data.startswith(start)
    body = {"kind": "contracts", "code": "XS", "period": "2025"}
    made = client.post("/api/v1/statistics/submissions", json=body, headers=mine)
    assert made.status_code == 201
    path = f"/api/v1/statistics/submissions/{made.get_json()['id']}"
    assert client.post(f"{path}/signature", headers=mine).status_code == 409
    assert client.post(f"{path}/signature", headers=headers("head")).get_json()["state"] == "signed"
    assert client.post(f"{path}/submission", headers=mine).get_json()["state"] == "submitted"
    assert client.post(f"{path}/return", json={"reason": "r"}, headers=mine).get_json()["state"] == "returned"
    assert client.get(path, headers=mine).get_json()["return_reason"] == "r"
