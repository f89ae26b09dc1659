"""Accounts, corrections and the forms for paper in a real browser, each looked at by axe; a form really fits its A4 pages."""

import io

import pypdfium2
from playwright.sync_api import Page, expect

from service.flow.archive import filing
from tests.service.test_outlook import credit_file
from tests.service.web.conftest import Site, new_contract
from tests.service.web.test_browser import Desk, desk  # noqa: F401 - a fixture

A4_POINTS = (595, 842)


def test_pages_of_accounts_and_corrections(desk: Desk, site: Site) -> None:  # noqa: F811 - the fixture
    contract_id, _file_id = new_contract(site.office)
    credit_id = credit_file(site.office, archived=True)
    root, administrator = desk.sit("root"), desk.sit("administrator")
    for path, name in (("/people/handler", "person"), ("/departments", "departments"), ("/me", "me")):
        root.goto(path)
        desk.look(root, name)
    administrator.goto(f"/contracts/{contract_id}/correct")
    desk.look(administrator, "correct")
    administrator.get_by_label("金额").fill("many")
    administrator.get_by_label("更正的理由").fill("看错")
    administrator.get_by_role("button", name="更正").click()
    expect(administrator.get_by_role("alert")).to_contain_text("写成数字")
    desk.look(administrator, "correct-refused")
    administrator.goto(f"/files/{credit_id}")
    administrator.get_by_role("button", name="先看保管期限").click()
    expect(administrator.locator("main")).to_contain_text("30 年")
    desk.look(administrator, "outlook")
    administrator.get_by_role("button", name="确认记下").click()
    expect(administrator.get_by_role("status")).to_contain_text("已记下：诉讼。")


def _pages(page: Page) -> list[str]:
    """Print as the browser would; return the text of each page of paper, having looked at its size."""
    document = pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    try:
        for sheet in document:
            width, height = sorted(round(side) for side in sheet.get_size())
            assert (width, height) == A4_POINTS
        return [sheet.get_textpage().get_text_bounded() for sheet in document]
    finally:
        document.close()


def test_forms_for_paper(desk: Desk, site: Site) -> None:  # noqa: F811 - the fixture
    for number in range(30):
        _contract, file_id = new_contract(site.office, title=f"第 {number} 份钢结构厂房设计及施工图审查技术咨询合同")
    page = desk.sit("administrator")
    for path, name in (("/contracts/print", "ledger"), ("/transfers/print?view=all", "transfers"), (f"/files/{file_id}/print", "file"),
                       ("/register/print", "register")):  # fmt: skip
        page.goto(path)
        desk.look(page, f"paper-{name}")
        expect(page.get_by_role("button", name="打印")).to_be_visible()
        printed = _pages(page)
        assert "回到原页" not in "".join(printed)
        assert "签字" in "".join(printed)
        if name in ("ledger", "transfers"):
            assert len(printed) > 1
            assert all("序号" in text for text in printed if "HT-XS" in text)  # the head of the table on every page


def test_pages_that_are_printed_lose_nothing(desk: Desk, site: Site) -> None:  # noqa: F811 - the fixture
    document_id = site.office.take_in()
    _contract_id, file_id = new_contract(site.office)
    filing.file_document(site.office.house, site.office["handler"], document_id, file_id)
    administrator, auditor, archivist = desk.sit("administrator"), desk.sit("auditor"), desk.sit("archivist")
    for page, path in (
        *((administrator, p) for p in ("/contracts", "/files", f"/files/{file_id}", "/transfers?view=all", f"/documents/{document_id}")),
        *((archivist, p) for p in ("/register", "/reviews", "/loans", "/holds")),
        (auditor, "/audit"),
    ):  # fmt: skip
        page.goto(path)
        page.set_viewport_size({"width": 718, "height": 1000})  # A4 less its margins, in CSS pixels
        page.emulate_media(media="print")
        over = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.getClientRects().length && e.getBoundingClientRect().right > 720)"
            ".map(e => `${e.tagName}.${e.className}: ${Math.round(e.getBoundingClientRect().right)}`)"
        )
        assert over == [], path
        if path.startswith("/documents/"):
            assert "680000.00" in page.locator("#fields").inner_text()
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1280, "height": 900})
