"""One customer from the application to a warning and the answer to it, on the pages, as the credit officer's manual tells it.

With JUANZONG_PICTURES=FOLDER the pictures of the manual are taken on the way, in a real browser.
"""

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import select

from service.flow.archive import filing
from service.flow.credit import assessment_plan, credit_forms, plan_news, portfolio_run, run_forms
from service.records.tables import Document, Person
from service.reports.credit_forms import form_pdf
from service.reports.sheets import Table, to_xlsx
from tests.service.test_scorecards import FIGURES
from tests.service.test_warnings import a_customer
from tests.service.web.conftest import Site
from tests.service.web.test_browser import ARGUMENTS, NAMES, PICTURES, served
from tests.service.web.test_browser import Desk as Window

NAME = "云桥智联信息技术有限公司"
HEADS = ["类型", "单号", "客户", "日期", "到期日", "金额", "对应单号"]
Shoot = Callable[[str, str, str], None]


@pytest.fixture
def shoot(site: Site, request: pytest.FixtureRequest) -> Iterator[Shoot]:
    """Take a picture of a page as somebody sees it; without a folder for pictures nothing."""
    with site.office.house.database.write() as session:
        for person in session.scalars(select(Person)):
            person.name = NAMES[person.login]
    if not PICTURES:
        yield lambda _login, _path, _name: None
        return
    chromium = str(request.getfixturevalue("chromium"))
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        window = Window(browser, site, address)
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)

        def take(login: str, path: str, name: str) -> None:
            page = window.sit(login)
            page.goto(path)
            if path.startswith("file:"):  # a terminal: as large as what stands on it
                page.locator("pre").screenshot(path=f"{folder}/{name}.png")
            else:
                page.screenshot(path=f"{folder}/{name}.png", full_page=True)
            page.context.close()

        yield take
        browser.close()


def test_A1_A4_B5_one_customer_from_the_application_to_the_answer_to_a_warning(site: Site, shoot: Shoot) -> None:
    office, house = site.office, site.office.house
    customer_id = a_customer(office, NAME)
    handler, me, head = (site.signed_in(login) for login in ("handler", "administrator", "head"))
    at = f"/customers/{customer_id}"

    # 1. The customer applies, somebody looks: two forms of the credit file.
    asked = {"applied_on": "2026-11-20", "applicant": "王一", "amount": "500000", "days": "60", "purpose": "扩大采购"}
    seen = {
        "surveyed_on": "2026-11-21",
        "surveyor": "李二",
        "way": "实地走访",
        "business": "正常",
        "conclusion": "可以授信",
    }
    for category, given in (("5.1", asked), ("5.2", seen)):
        assert handler.post(f"{at}/forms", {"form": category, "category": category, **given}).status_code == 303
    figures = {"form": "statement", "year": "2025", **FIGURES}
    assert handler.post(f"{at}/statements", figures).status_code == 303
    shoot("handler", f"{at}/statements", "story-statements")

    # 2. It is due, its officer is told, assesses it, and a second person lets it take effect.
    assessment_plan.Planner(house).look()
    house.clock.move_to(date(2026, 11, 27))
    plan_news.tell_due(house)
    assert NAME in me.get("/assessments/plan").text
    shoot("administrator", "/assessments/plan", "story-plan")
    typed = {"payment_history": "12.5", "industry_position": "leading", "operating_stability": "7"}
    papers = {f"{code}.evidence": "" for code in (*typed, "financial_condition")}
    made = me.post(f"{at}/assessments", {"form": "assess", **typed, **papers})
    assert made.status_code == 303
    shoot("head", f"{at}/assessments", "story-assessed")
    waiting = re.search(rf"{at}/assessments/([0-9a-f-]{{36}})/decision", head.get(f"{at}/assessments").text)
    assert waiting
    assert me.post(f"{at}/assessments/{waiting[1]}/decision", {"approve": "1"}).status_code == 409
    decided = {"form": "decide", "approve": "1", "reason": "同意，半年后复查"}
    assert head.post(f"{at}/assessments/{waiting[1]}/decision", decided).status_code == 303
    credit_forms.file_wanted(house, form_pdf)
    file = filing.credit_file(house, office["administrator"], customer_id)
    with house.database.read() as session:
        filed = session.scalars(select(Document.category).where(Document.case_file_id == file.id)).all()
    assert sorted(filed) == ["5.1", "5.2", "5.3", "5.4"]
    shoot("administrator", f"{at}/assessments", "story-in-force")
    shoot("handler", f"{at}/card", "story-card")

    # 3. An invoice is not paid: a warning at once, with tasks, a block, and a message to who deals with the customer.
    rows = [
        ["发票", "FP-1", NAME, "2026-07-01", "2026-08-01", 300000, ""],
        ["收款", "SK-1", NAME, "2026-09-01", "", 50000, "FP-1"],
    ]
    book = io.BytesIO(to_xlsx(Table("应收", HEADS, rows)))
    sent = {"file": (book, "应收.xlsx"), "apply": "1"}
    done = me.post("/receivables/import", sent, content_type="multipart/form-data")
    assert "新增 2" in me.get(done.headers["Location"]).text
    shoot("administrator", done.headers["Location"], "story-import")
    assert "逾期 118 天" in handler.get("/inbox").text
    shoot("handler", "/inbox", "story-inbox")
    found = re.search(rf"{at}/warnings/[0-9a-f-]{{36}}", handler.get("/warnings").text)
    assert found
    warning = found[0]
    shoot("handler", warning, "story-warning")
    assert "冻结" in me.get(f"{at}/warnings").text

    # 4. Who handles it answers, collects, and does what the plan asks for.
    assert handler.post(f"{warning}/acknowledge").status_code == 303
    call = {"form": "collection", "kind": "call", "happened_on": "2026-11-27", "said": "月底前付清", "invoices": "FP-1"}
    promised = {"promised_on": "2026-11-30", "promised_amount": "250,000.00"}
    assert handler.post(f"{at}/collections", {**call, **promised}).status_code == 303
    shoot("handler", f"{at}/receivables", "story-collection")
    outcomes = iter(("已承诺月底付清", "暂停供货", "不起诉，已付清"))
    for task in dict.fromkeys(re.findall(rf'action="({warning}/tasks/[0-9a-f-]{{36}})"', handler.get(warning).text)):
        assert handler.post(task, {"outcome": next(outcomes), "needed": "1"}).status_code == 303
    shoot("handler", warning, "story-tasks")

    # 5. The money comes; the warning closes and the block is lifted, each by two.
    house.clock.move_to(date(2026, 11, 30))
    paid = io.BytesIO(to_xlsx(Table("应收", HEADS, [["收款", "SK-2", NAME, "2026-11-30", "", 250000, "FP-1"]])))
    me.post("/receivables/import", {"file": (paid, "收款.xlsx"), "apply": "1"}, content_type="multipart/form-data")
    assert "情况已消失" in handler.get(warning).text
    assert handler.post(f"{warning}/closing", {"reason": "已付清"}).status_code == 303
    assert head.post(f"{warning}/closing/decision", {"close": "1"}).status_code == 303
    assert me.post(f"{at}/block/lifting", {"reason": "已付清"}).status_code == 303
    assert head.post(f"{at}/block/lifting/decision", {"lift": "1"}).status_code == 303
    shoot("head", warning, "story-closed")

    # 6. A year later everybody is assessed anew in one run, and the forms follow.
    house.clock.move_to(date(2027, 11, 28))
    me.post("/assessments/runs", {"only_due": "1"})
    portfolio_run.advance_all(house)
    run = re.search(r"/assessments/runs/[0-9a-f-]{36}", me.get("/assessments").text)
    assert run
    assert head.post(f"{run[0]}/approve", {"form": "run", "reason": "年度评估"}).status_code == 303
    run_forms.want_all(house)
    credit_forms.file_wanted(house, form_pdf)
    assert "已归入客户的信用档案" in head.get(run[0]).text
    shoot("head", run[0], "story-run")
    shoot("administrator", f"{at}/report", "story-report")
