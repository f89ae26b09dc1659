"""Scorecards, assessments and the portfolio in a real browser, every page looked at by axe (RULES A1.1, A1.2, A1.3, B5)."""

from dataclasses import replace
from datetime import date

from playwright.sync_api import expect

from service.flow.credit import assessments, credit_forms, portfolio_run, statements
from service.reports.credit_forms import form_pdf
from tests.service.test_assessments import GOOD, known
from tests.service.test_scorecards import FIGURES, enough
from tests.service.web.test_browser import Desk, desk  # noqa: F401 - a fixture


def test_from_a_draft_to_a_review_and_its_forms(desk: Desk) -> None:  # noqa: F811 - the fixture
    office = desk.site.office
    house = office.house
    house.settings = replace(house.settings, expert_line=500_000)
    customer_id = known(office)
    enough(office, 30)
    statements.enter_statement(house, office["handler"], customer_id, "2025", FIGURES)
    page = desk.sit("administrator")
    page.goto("/scorecards/new")
    page.get_by_label("版本").fill("2027-1")
    page.get_by_label("第 1 项的权重").fill("39.9")
    desk.look(page, "scorecard-editor")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("权重之和是 99.9 %，不是 100 %。").first).to_be_visible()
    desk.look(page, "scorecard-refused")
    page.get_by_label("第 1 项的权重").fill("60")
    page.get_by_label("第 2 项的权重").fill("10")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已保存")).to_be_visible()
    page.get_by_role("button", name="在全部客户上试算").click()
    expect(page.get_by_role("heading", name="试算")).to_be_visible()
    portfolio_run.advance_all(house)
    page.reload()
    expect(page.get_by_role("heading", name="迁移矩阵")).to_be_visible()
    desk.look(page, "what-if")
    page.goto("/scorecards/2027-1")
    desk.look(page, "scorecard")
    page.goto("/scorecards")
    desk.look(page, "scorecards")
    page.goto(f"/customers/{customer_id}/statements")
    desk.look(page, "statements")
    page.goto(f"/customers/{customer_id}/assessments")
    desk.look(page, "assess")
    given = {code: row for code, row in GOOD.items() if code != "financial_condition"}
    assessments.make_assessment(house, office["administrator"], customer_id, given)
    page.reload()
    page.get_by_text("指定专家", exact=True).click()
    page.get_by_label("两人以上，按住 Ctrl 多选").select_option(["first", "second"])
    page.locator("#waiting").get_by_role("button", name="指定", exact=True).click()
    expect(page.get_by_text("专家已指定")).to_be_visible()
    for login in ("first", "second"):
        expert = desk.sit(login)
        expert.goto("/assessments")
        expert.get_by_role("link", name="云桥智联信息技术有限公司").first.click()
        expert.get_by_label("意见", exact=True).fill("经营稳健，同意。")
        expert.get_by_role("button", name="发表意见").click()
        expect(expert.get_by_text("意见已记下")).to_be_visible()
    head = desk.sit("head")
    head.goto(f"/customers/{customer_id}/assessments")
    desk.look(head, "expert-review")
    head.get_by_label("评审结论（专家评审必填），或不同意的理由").fill("按 A 级执行，半年后复查。")
    head.get_by_role("button", name="同意生效").click()
    expect(head.get_by_text("评估已生效。")).to_be_visible()
    house.clock.move_to(date(2026, 11, 26))
    again = given | {"payment_history": replace(given["payment_history"], value="40")}
    assessments.make_assessment(house, office["administrator"], customer_id, again)
    assert credit_forms.file_wanted(house, form_pdf) == 1
    head.reload()
    expect(head.get_by_role("heading", name="与上次相比")).to_be_visible()
    expect(head.get_by_role("link", name="已归卷")).to_be_visible()
    desk.look(head, "reassessed")
    head.goto("/assessments")
    desk.look(head, "due-assessments")
    head.goto("/scorecard-comparison")
    desk.look(head, "scorecard-comparison")
