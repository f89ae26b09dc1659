"""A5.1: credit reports on demand and by themselves, as page, PDF and XLSX; A5.2: what who may see of them."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pypdfium2
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import submissions
from service.flow.credit import assessments, courses, credit_reports, regulations, report_keeping, report_schedules
from service.flow.credit.assessments import InputGiven
from service.flow.intake import made
from service.flow.intake.process import process, sweep
from service.flow.search.find import find
from service.records.tables import (
    AssessmentRecord,
    AuditEntry,
    CaseFile,
    CreditReport,
    Customer,
    Document,
    LongRun,
    Person,
    ReceivableEntry,
    ReportSchedule,
    Submission,
    Term,
    WarningRecord,
)
from service.reports.charts import Chart, scale, shapes, svg
from service.reports.drawing import as_file, drawn, report_of
from tests.service.conftest import OWNER
from tests.service.test_flow import new_contract
from tests.service.web.conftest import open_site

GOOD = {
    "payment_history": InputGiven("12.5"),
    "financial_condition": InputGiven("60"),
    "industry_position": InputGiven("leading"),
    "operating_stability": InputGiven("7"),
}


def entry(
    customer_id: str, kind: str, number: str, on: date, amount: str, due_on: date | None = None
) -> ReceivableEntry:
    cents = int(Decimal(amount) * 100)
    more = {"import_id": "x", "entered_by": "person:a", "entered_at": datetime.now(UTC), "currency": "CNY"}
    return ReceivableEntry(kind=kind, number=number, customer_id=customer_id, on=on, due_on=due_on, cents=cents, **more)


@pytest.fixture
def busy(embedded):
    """One customer with a contract, an assessment, open invoices and a warning; and one that only another department deals with."""
    office = embedded
    new_contract(office, amount="1000000.00", signed_on="2026-05-01")
    with office.house.database.read() as session:
        customer_id = session.scalars(select(Customer.id)).one()
    record = assessments.make_assessment(office.house, office["administrator"], customer_id, GOOD)
    assessments.decide_assessment(office.house, office["head"], customer_id, record.id, approve=True)
    with office.house.database.write() as session:
        customer = session.scalars(select(Customer)).one()
        customer.created_at = datetime(2025, 1, 1, tzinfo=UTC)
        session.add(entry(customer_id, "invoice", "F1", date(2026, 6, 1), "300.00", date(2026, 6, 30)))
        session.add(entry(customer_id, "invoice", "F2", date(2026, 11, 1), "700.50", date(2026, 12, 31)))
        session.add(entry(customer_id, "payment", "P1", date(2026, 7, 10), "100.00"))
        session.add(
            WarningRecord(
                customer_id=customer_id,
                kind="overdue_days",
                severity="high",
                why_zh="逾期 148 天",
                why_en="148 days overdue",
                opened_on=date(2026, 11, 1),
                opened_at=datetime(2026, 11, 1, tzinfo=UTC),
                seen_on=date(2026, 11, 25),
                acknowledged_at=datetime(2026, 11, 3, tzinfo=UTC),
                acknowledged_by="person:head",
                state="acknowledged",
            )
        )
    with office.house.database.write() as session:
        # Moments are real; the day the calendar was moved to is that of the decision.
        session.scalars(select(AssessmentRecord)).one().decided_at = datetime(2026, 11, 25, 4, tzinfo=UTC)
    office.customer_id = customer_id
    return office


def customer_analysis(house, actor, customer_id, language="zh", **more):
    return report_of(credit_reports.customer_analysis(house, actor, customer_id, **more), language, "某")


def portfolio_analysis(house, actor, **more):
    return report_of(credit_reports.portfolio_analysis(house, actor, **more), "zh", "某")


def part(report, title):
    return next(p for p in report.parts if p.title.startswith(title))


def test_A5_1_the_report_on_a_customer_says_what_the_records_say(busy):
    report = customer_analysis(busy.house, busy["administrator"], busy.customer_id)
    assert any("现行等级 BBB，信用分 71.50" in line for line in report.summary)
    # 300 of June less 100 paid, and 700.50 not due: 200 of 900.50 is 22.21 %
    assert any("应收 900.50 CNY，其中逾期 200.00（22.21 %）" in line for line in report.summary)
    assert part(report, "各指标得分").rows[0][0].startswith("付款记录")
    assert sum(row[4] for row in part(report, "各指标得分").rows) == Decimal("71.50")
    ageing = part(report, "应收账款账龄").rows[0]
    assert ageing[0] == "CNY"
    assert dict(zip(part(report, "应收账款账龄").columns, ageing, strict=True))["91-180"] == Decimal("200.00")
    months = {row[1]: row for row in part(report, "逾期走势").rows}
    assert months[date(2026, 6, 30)][2:4] == [Decimal("300.00"), Decimal(0)]
    assert months[date(2026, 7, 31)][2:4] == [Decimal("200.00"), Decimal("200.00")]
    assert part(report, "风险预警").rows[0][1:4] == ["逾期天数", "高", "逾期 148 天"]
    assert part(report, "合同").rows[0][4] == Decimal("1000000.00")
    english = customer_analysis(busy.house, busy["administrator"], busy.customer_id, language="en")
    assert any("Grade BBB, score 71.50" in line for line in english.summary)
    assert len(english.parts) == len(report.parts)


def test_A5_1_a_report_of_an_earlier_day_knows_nothing_of_what_came_later(busy):
    early = customer_analysis(busy.house, busy["administrator"], busy.customer_id, on="2026-06-15")
    assert "还没有生效的信用评估。" in early.summary
    assert any("应收 300.00 CNY，其中逾期 0.00（0.00 %）" in line for line in early.summary)
    assert part(early, "风险预警").rows == []
    with busy.house.database.write() as session:
        row = session.scalars(select(WarningRecord)).one()
        row.state, row.closed_at, row.closed_by = "closed", datetime(2026, 11, 20, tzinfo=UTC), "person:head"
    for on, state in (("2026-11-02", "待确认"), ("2026-11-03", "已确认"), ("2026-11-20", "已关闭")):
        then = customer_analysis(busy.house, busy["administrator"], busy.customer_id, on=on)
        assert part(then, "风险预警").rows[0][4] == state
    with pytest.raises(BadInput, match="not in the future"):
        customer_analysis(busy.house, busy["administrator"], busy.customer_id, on="2027-01-01")
    with pytest.raises(BadInput, match="on: a date"):
        portfolio_analysis(busy.house, busy["administrator"], on="0001-01-01")


def test_A5_2_a_report_shows_who_reads_it_what_they_may_see(busy):
    busy.hire("other", "handler", department_id=None)
    from service.access import people

    elsewhere = people.create_department(busy.house, OWNER, "CG", "采购部")
    busy.hire("buyer", "handler", department_id=elsewhere.id)
    with pytest.raises(NotFound):
        customer_analysis(busy.house, busy["buyer"], busy.customer_id)
    for login in ("archivist", "auditor"):
        with pytest.raises(NotAllowed):
            customer_analysis(busy.house, busy[login], busy.customer_id)
    with pytest.raises(NotAllowed):
        portfolio_analysis(busy.house, busy["handler"])
    with busy.house.database.write() as session:
        session.scalars(select(CaseFile).where(CaseFile.kind == "contract")).one().tier = "secret"
    seen = customer_analysis(busy.house, busy["administrator"], busy.customer_id)
    assert part(seen, "合同").rows == []
    head = busy.hire("buyers.head", "department_head", department_id=elsewhere.id)
    portfolio = portfolio_analysis(busy.house, head)
    assert portfolio.summary[0].startswith("客户 0 家")


def test_A5_1_the_portfolio_counts_grades_migration_ageing_concentration_and_responses(busy):
    report = portfolio_analysis(busy.house, busy["administrator"])
    assert report.summary[0] == "客户 1 家，已评 1 家（100.00 %），评估逾期 0 家。"
    assert [row for row in part(report, "等级分布").rows if row[1]] == [["BBB", 1, Decimal("100.00")]]
    moved = part(report, "等级迁移")
    assert moved.columns == ["等级", "BBB", "未评"]
    assert moved.rows == [["BBB", 0, 0], ["未评", 1, 0]]
    assert part(report, "应收集中度").rows[0][2:] == [Decimal("900.50"), "CNY", Decimal("100.00")]
    assert part(report, "履行中合同集中度").rows[0][2] == Decimal("1000000.00")
    answered = dict(part(report, "预警与响应").rows)
    assert (answered["提出"], answered["到确认的天数（中位数）"], answered["未关闭最久"]) == ("1", "2.0 天", "24 天")


def test_A5_1_pdf_and_xlsx_hold_the_report_and_no_cell_is_a_formula(busy):
    with busy.house.database.write() as session:
        session.scalars(select(Customer)).one().name = '=cmd|" /C calc"!A0'
    report = customer_analysis(busy.house, busy["administrator"], busy.customer_id, form="pdf")
    pdf, kind = as_file(report, "pdf")
    assert kind == "application/pdf"
    assert pdf == as_file(report, "pdf")[0]
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "客户信用分析报告" in text
    assert "71.50" in text
    document.close()
    book = load_workbook(io.BytesIO(as_file(report, "xlsx")[0]))
    assert sum(len(sheet._charts) for sheet in book) >= 3
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    with pytest.raises(BadInput):
        credit_reports.demand_form("docx")


def plan(office, kind="portfolio", every="month", login="administrator", **more):
    return report_schedules.add_schedule(office.house, office["administrator"], kind, every, login, **more)


def kept(office):
    with office.house.database.read() as session:
        return list(session.scalars(select(CreditReport).order_by(CreditReport.period)))


def test_A5_1_a_schedule_makes_each_report_once_when_its_period_has_ended(busy):
    house = busy.house
    plan(busy)
    plan(busy, "customer", "quarter", customer_id=busy.customer_id)
    assert report_schedules.make_due(house, drawn) == 0  # November is not over
    house.clock.move_to(date(2027, 1, 1))
    assert report_schedules.make_due(house, drawn) == 3
    assert report_schedules.make_due(house, drawn) == 0
    assert [(row.kind, row.period) for row in kept(busy)] == [
        ("portfolio", "2026-11"),
        ("portfolio", "2026-12"),
        ("customer", "2026-Q4"),
    ]
    assert kept(busy)[0].as_of == date(2026, 11, 30)
    with house.database.read() as session:
        documents = {d.id: d for d in session.scalars(select(Document).where(Document.channel == made.CHANNEL))}
        of_customer = documents[kept(busy)[2].document_id]
        file = session.get_one(CaseFile, of_customer.case_file_id)
        assert (file.kind, file.customer_id, of_customer.category) == ("credit", busy.customer_id, "5.6")
        own = documents[kept(busy)[0].document_id]
        assert (own.department_id, own.received_by, own.case_file_id) == (None, "person:administrator", None)
    for document_id in documents:
        process(house, document_id)
    with house.database.read() as session:
        assert {d.status for d in session.scalars(select(Document).where(Document.channel == made.CHANNEL))} == {
            "stored"
        }
    found = find(house, busy["administrator"], "客户信用组合分析报告")
    assert {hit.document_id for hit in found.hits} == {row.document_id for row in kept(busy)[:2]}


def test_A5_1_a_kept_report_is_opened_as_the_very_bytes_with_its_workbook(busy):
    house = busy.house
    row = report_keeping.keep_now(house, busy["administrator"], drawn, "portfolio")
    pdf, name = report_keeping.open_report(house, busy["administrator"], row.id, "pdf")
    assert name.endswith(".pdf")
    with house.database.read() as session:
        import hashlib

        assert hashlib.sha256(pdf).hexdigest() == session.get_one(Document, row.document_id).sha256
    sheet, _ = report_keeping.open_report(house, busy["administrator"], row.id, "xlsx")
    assert load_workbook(io.BytesIO(sheet)).sheetnames[1] == "等级分布"
    again = report_keeping.keep_now(house, busy["administrator"], drawn, "portfolio", "a customer that is none")
    assert again.customer_id is None, "a report on all is about nobody in particular"
    assert again.document_id != row.document_id
    with pytest.raises(NotFound):
        report_keeping.open_report(house, busy["head"], row.id, "pdf")
    assert report_keeping.list_reports(house, busy["head"]) == []
    assert len(report_keeping.list_reports(house, busy["administrator"])) == 2
    with pytest.raises(NotAllowed):
        report_keeping.keep_now(house, busy["handler"], drawn, "portfolio")


class Killed(BaseException):
    """The process ends here."""


def test_A5_1_killed_at_any_point_a_report_is_made_once_and_nothing_is_left_over(busy, monkeypatch):
    house = busy.house
    plan(busy)
    house.clock.move_to(date(2026, 12, 1))
    real = made.record_sealed

    def killed(*given):
        real(*given)
        raise Killed

    monkeypatch.setattr(made, "record_sealed", killed)
    monkeypatch.setattr(made, "discard", lambda *_given: None)  # who is killed tidies nothing
    with pytest.raises(Killed):
        report_schedules.make_due(house, drawn)
    monkeypatch.undo()
    assert kept(busy) == []
    with house.database.write() as session:
        session.scalars(select(Document).where(Document.status == "receiving")).one().claimed_by = "gone:1:1:1"
        session.scalars(select(Document).where(Document.status == "receiving")).one().claimed_until = None
    sweep(house)
    with house.database.read() as session:
        assert session.scalars(select(Document).where(Document.channel == made.CHANNEL)).all() == []
    assert report_schedules.make_due(house, drawn) == 0, "the dead worker has it in hand for a while"
    with house.database.write() as session:
        session.scalars(select(LongRun)).one().next_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert report_schedules.make_due(house, drawn) == 1
    assert report_schedules.make_due(house, drawn) == 0
    assert len(kept(busy)) == 1


def test_A5_1_of_two_workers_at_once_one_makes_the_report(busy, monkeypatch):
    house = busy.house
    plan(busy)
    house.clock.move_to(date(2026, 12, 1))
    real = report_keeping.keep_made

    def slower(inner, given, also):
        monkeypatch.setattr(report_keeping, "keep_made", real)
        assert report_schedules.make_due(house, drawn) == 0  # the other worker, in between: it is in hand
        return real(inner, given, also)

    monkeypatch.setattr(report_keeping, "keep_made", slower)
    assert report_schedules.make_due(house, drawn) == 1
    assert len(kept(busy)) == 1
    with house.database.read() as session:
        assert len(session.scalars(select(Document).where(Document.channel == made.CHANNEL)).all()) == 1


def test_A5_2_who_may_not_read_it_any_more_gets_no_report_and_the_row_says_why(busy):
    house = busy.house
    plan(busy, login="head")
    with house.database.write() as session:
        session.scalars(select(Person).where(Person.login == "head")).one().roles = ["operator"]
    house.clock.move_to(date(2026, 12, 1))
    report_schedules.make_due(house, drawn)
    assert [(row.document_id, row.why) for row in kept(busy)] == [
        (None, "this person may not read such a report any more")
    ]
    assert report_schedules.make_due(house, drawn) == 0


def test_A5_1_schedules_refuse_what_cannot_be(busy):
    house = busy.house
    plan(busy)
    with pytest.raises(RuleRefused, match="already"):
        plan(busy)
    with pytest.raises(BadInput, match="may not read"):
        plan(busy, login="archivist")
    with pytest.raises(BadInput, match="no such account"):
        plan(busy, login="nobody")
    with pytest.raises(BadInput, match="customer_id: is needed"):
        plan(busy, "customer")
    with pytest.raises(NotFound):
        plan(busy, "customer", customer_id="none")
    with pytest.raises(BadInput, match="every"):
        plan(busy, every="week")
    with pytest.raises(NotAllowed):
        report_schedules.add_schedule(house, busy["head"], "portfolio", "month", "administrator")
    with pytest.raises(NotAllowed):
        report_schedules.add_schedule(house, busy["handler"], "portfolio", "month", "")
    own = report_schedules.add_schedule(house, busy["head"], "portfolio", "year", "")
    with pytest.raises(NotFound):
        report_schedules.stop_schedule(house, busy["first"], own.id)
    report_schedules.stop_schedule(house, busy["head"], own.id)
    report_schedules.stop_schedule(house, busy["head"], own.id)
    assert [row.every for row, _ in report_schedules.list_schedules(house, busy["administrator"])] == ["month"]
    with house.database.read() as session:
        assert session.get_one(ReportSchedule, own.id).stopped_by == "person:head"
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("report.%schedule")))
        assert sorted(actions) == ["report.schedule", "report.schedule", "report.unschedule"]


def test_A5_1_the_pages_show_keep_and_plan(busy):
    site = open_site(busy)
    browser = site.signed_in("administrator")
    page = browser.get(f"/customers/{busy.customer_id}/report").text
    assert "客户信用分析报告" in page
    assert '<svg class="chart"' in page
    assert "900.50" in page
    assert browser.get(f"/customers/{busy.customer_id}/report?on=x").status_code == 422
    assert browser.get(f"/customers/{busy.customer_id}/report/export.pdf").data.startswith(b"%PDF")
    assert browser.get("/reports/portfolio/export.xlsx").data.startswith(b"PK")
    assert "等级迁移" in browser.get("/reports/portfolio").text
    assert browser.post("/reports", {"kind": "portfolio"}).status_code == 303
    given = {"form": "plan", "kind": "portfolio", "every": "month", "login": ""}
    assert browser.post("/reports/schedules", given).status_code == 303
    assert browser.post("/reports/schedules", given).status_code == 409
    page = browser.get("/reports").text
    assert "2026-12-01" in page
    with busy.house.database.read() as session:
        report_id = session.scalars(select(CreditReport.id)).one()
        schedule_id = session.scalars(select(ReportSchedule.id)).one()
    assert browser.get(f"/reports/{report_id}/file.pdf").data.startswith(b"%PDF")
    assert browser.get(f"/reports/{report_id}/file.xlsx").data.startswith(b"PK")
    assert browser.post(f"/reports/schedules/{schedule_id}/stop").status_code == 303
    browser.client.set_cookie("language", "en")
    assert "Customer credit analysis" in browser.get(f"/customers/{busy.customer_id}/report").text


def test_A5_1_a_chart_says_its_title_and_escapes_what_stands_in_it():
    chart = Chart("bars", "<b>", ["<i>"], [("a&b", [Decimal(3)])])
    drawn = str(svg(chart))
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert 'role="img" aria-label="&lt;b&gt;"' in drawn
    empty = Chart("lines", "t", [], [("s", [])])
    assert svg(empty)
    bars = [s for s in shapes(Chart("stacked", "t", ["x"], [("a", [1]), ("b", [3])]), 640, 240) if s.kind == "area"][2:]
    assert bars[1].at[3] == pytest.approx(3 * bars[0].at[3])
    assert bars[1].at[1] + bars[1].at[3] == pytest.approx(bars[0].at[1])


@pytest.mark.parametrize("largest", ["0.01", "1", "9.99", "10", "49", "123456.78", "5000000"])
def test_A5_1_the_axis_reaches_the_largest_value_in_few_round_steps(largest):
    marks = scale(Decimal(largest))
    assert marks[0] == 0
    assert marks[-2] < Decimal(largest) <= marks[-1]
    assert 3 <= len(marks) <= 7
    assert {b - a for a, b in pairwise(marks)} == {marks[1]}


def test_B4_the_yearly_analysis_is_drafted_from_the_figures_prepared_signed_and_sent(busy):
    house = busy.house
    with house.database.write() as session:
        session.merge(Term(name="statistics", day=date(2026, 1, 1)))
    house.clock.move_to(date(2027, 1, 4))
    site = open_site(busy)
    head = site.signed_in("head")
    page = head.get("/statistics/analysis?unit=department:XS&period=2026").text
    assert "年末有客户 1 家，BBB 级 1 家，未评 0 家" in page
    assert "应收 900.50 CNY，逾期 200.00（22.21 %）" in page
    assert "本年提出 1 条，关闭 0 条，年末未关闭 1 条" in page
    assert '<svg class="chart"' in page
    given = {"form": "prepare", "report": "analysis", "unit": "department:XS", "period": "2026", "note": "一、…\n二、…"}
    assert head.post("/statistics/submissions", given).status_code == 303
    with house.database.read() as session:
        row = session.scalars(select(Submission)).one()
    credit = row.figures["credit"]
    assert (credit["customers"], credit["graded:BBB"], credit["assessed"]) == ("1", "1", "1")
    assert (credit["owed:CNY"], credit["overdue:CNY"]) == ("900.50", "200.00")
    assert "assessment_late" not in credit
    submissions.sign(house, busy["first"], row.id)
    submissions.submit(house, busy["head"], row.id)
    duty = next(d for d in submissions.duties(house, busy["administrator"], "2026") if d.kind == "analysis")
    assert duty.state == "submitted"
    pdf = head.get(f"/statistics/submissions/{row.id}/export.pdf")
    assert pdf.data.startswith(b"%PDF")
    book = load_workbook(io.BytesIO(head.get(f"/statistics/submissions/{row.id}/export.xlsx").data))
    assert "客户信用情况" in book.sheetnames
    assert len(book["客户信用情况"]._charts) == 1
    assert head.get("/statistics/analysis?unit=department:CG&period=2026").status_code == 404
    assert site.signed_in("handler").get("/statistics/analysis?unit=department:XS&period=2026").status_code == 403


def test_A5_1_A6_the_command_line_writes_reports_plans_them_and_says_who_is_due(busy, juanzong_here, tmp_path):
    def command(*given):
        return juanzong_here(*given, check=None)

    with busy.house.database.read() as session:
        number = session.scalars(select(Customer.number)).one()
    for name, start in (("a.pdf", b"%PDF"), ("a.xlsx", b"PK")):
        assert command(busy.env, "report", "customer", number, "-o", str(tmp_path / name)).returncode == 0
        assert (tmp_path / name).read_bytes().startswith(start)
    assert command(busy.env, "report", "portfolio", "-o", str(tmp_path / "b.docx")).returncode == 3
    assert not (tmp_path / "b.docx").exists()
    assert command(busy.env, "report", "portfolio", "--language", "en", "-o", str(tmp_path / "b.pdf")).returncode == 0
    planned = command(busy.env, "report", "schedule", "portfolio", "month", "--for", "head", "--json")
    assert json.loads(planned.stdout)["login"] == "head"
    assert command(busy.env, "report", "due", "--json").stdout == '{"made":0}\n'
    assert command(busy.env, "report", "stop", json.loads(planned.stdout)["id"]).returncode == 0
    assert command(busy.env, "report", "list").stdout == ""
    assert command(busy.env, "report", "customer", "none", "-o", str(tmp_path / "c.pdf")).returncode == 3
    course = courses.CourseGiven("保密", roles=("archivist",))
    courses.keep_course(busy.house, busy["administrator"], course)
    due = command(busy.env, "compliance", "training", "--json")
    assert (due.returncode, json.loads(due.stdout)["state"]) == (3, "missing")
    law = regulations.add_regulation(busy.house, busy["administrator"], "档案法", "人大", "auditor")
    version = regulations.add_version(busy.house, busy["administrator"], law.id, "2020", "2021-01-01", "x")
    regulations.add_task(busy.house, busy["administrator"], version.id, "制度", "改", "head", "2099-01-01")
    assert command(busy.env, "compliance", "tasks").stdout.split("\t")[1:3] == ["open", "head"]
