"""The checking screen in a real browser, driven by the keyboard alone; axe looks at it. Pictures as in `test_browser`."""

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from intake.capitals import Capital, agreement, beside, values_in
from service.flow.common import values
from service.flow.intake import documents
from service.flow.intake.letters import take_letter
from service.records.tables import Document
from tests.intake.test_mail import letter
from tests.service.conftest import DIGITAL, OWNER
from tests.service.test_checking import OTHER, PARTY_B
from tests.service.web.conftest import Site
from tests.service.web.test_browser import Desk, desk, until

__all__ = ["desk"]
SECOND = b"\n% the same paper, received once more\n"


def two_documents(site: Site, folder: Path) -> tuple[str, str]:
    twin = folder / "second.pdf"
    twin.write_bytes(DIGITAL.read_bytes() + SECOND)
    return site.office.take_in(), site.office.take_in(twin)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def down_to(page: Page, name: str) -> None:
    """Walk the fields with the arrow until one is reached."""
    for _ in range(20):
        if page.evaluate("document.activeElement.id") == f"v-{name}":
            return
        press(page, "ArrowDown")
    raise AssertionError(f"{name} is not reached")


def live(page: Page, name: str) -> Locator:
    """What is said of a value while it is typed."""
    return page.locator(f"#f-{name} [data-live]")


def said(page: Page, words: str) -> None:
    """Wait for what the next page says, and until that page listens to the keys."""
    expect(page.get_by_role("status")).to_contain_text(words)
    page.wait_for_load_state()


# Whether the lit box stands inside the frame of the page.
LIT_IS_IN_SIGHT = """() => {
  const box = document.querySelector("rect.field.on"), frame = document.querySelector("[data-view]");
  if (!box) return false;
  const a = box.getBoundingClientRect(), b = frame.getBoundingClientRect();
  const x = (a.left + a.right) / 2, y = (a.top + a.bottom) / 2;
  return x >= b.left && x <= b.right && y >= b.top && y <= b.bottom;
}"""


def test_what_does_not_fit_and_doubtful_letters_are_seen_before_the_field_is_reached(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = site.office.take_in()
    house = site.office.house
    with house.database.write() as session:
        for field in session.get_one(Document, document_id).fields:
            if field.name == "party_b_code":
                field.value = field.value[:-1] + ("0" if field.value[-1] != "0" else "1")
    page = desk.sit("administrator")
    page.goto(f"/to-review/{document_id}?field=title")
    expect(page.locator("#v-title")).to_be_focused()
    expect(live(page, "party_b_code")).to_be_visible()
    expect(live(page, "party_b_code")).to_contain_text("校验位不符")
    expect(live(page, "amount")).to_be_hidden()  # what fits says so in its state
    expect(page.locator("#f-amount")).to_contain_text("大小写相符")
    expect(page.locator("#f-party_a mark.unsure").first).to_have_count(0)
    the_script_says_of_sums_what_the_server_says(page)
    monkeypatch.setattr("service.web.views.checking.CHARACTER_LINE", 1.01)  # as if print were faint
    page.reload()
    expect(page.locator("#v-title")).to_be_focused()
    expect(page.locator("#f-party_a mark.unsure").first).to_be_visible()
    desk.look(page, "check-bad-unfocused")


def the_script_says_of_sums_what_the_server_says(page: Page) -> None:
    capitals = [
        Capital("100000.00", 1, (0, 0, 90, 20), None, False),
        Capital("20000.00", 1, (0, 900, 90, 920), None, False),
    ]
    words = {
        "amount_agrees": "与大写金额相符",
        "amount_mismatch": "与大写金额不符",
        "amount_elsewhere": "文中有一处大写金额",
    }
    for box in ((100, 0, 190, 20), (100, 500, 190, 520), (0, 0, 90, 920)):
        for value in ("100000.00", "20000.00", "5.00"):
            sums = [" ".join(beside(capitals, 1, box)), " ".join(values_in(capitals))]
            said = page.evaluate(
                """([own, all, value]) => {
                  const row = document.getElementById("f-amount"), input = row.querySelector("#v-amount");
                  Object.assign(row.dataset, { capitals: own, elsewhere: all });
                  input.value = value;
                  input.dispatchEvent(new Event("input", { bubbles: true }));
                  return row.querySelector("[data-live]").textContent;
                }""",
                [*sums, value],
            )
            server = agreement(value, capitals, 1, box)
            assert [word for word, text in words.items() if text in said] == [server] * bool(server), (box, value, said)


def test_a_value_that_is_printed_wrong_is_kept_from_the_documents_page_with_the_keyboard(
    site: Site, desk: Desk
) -> None:
    document_id = site.office.take_in()
    page = desk.sit("administrator")
    page.goto(f"/documents/{document_id}?field=party_b_code")
    code = page.locator("#v-party_b_code")
    expect(code).to_be_focused()
    wrong = code.input_value()[:-1] + "0"
    code.fill(wrong)
    press(page, "Enter")
    expect(page.locator("#f-party_b_code .late")).to_contain_text("校验位不符：请逐字对照页面")
    expect(code).to_be_focused()
    expect(code).to_have_value(wrong)
    desk.look(page, "document-printed-so")
    while page.evaluate("document.activeElement.name") != "as_printed":
        press(page, "Tab")
    press(page, "Space", "Enter")
    said(page, "乙方信用代码 已更正")
    kept = documents.get_document(site.office.house, OWNER, document_id).fields
    assert next(f for f in kept if f.name == "party_b_code").value == wrong


def walk(page: Page, party_b_code: str) -> None:
    """Go through the values of the first document."""
    expect(page.locator("#v-contract_number")).to_be_focused()
    press(page, "Enter")
    expect(page.locator("[name=ok-contract_number]")).to_be_checked()
    expect(page.locator("#v-title")).to_be_focused()
    expect(page.locator("rect[data-field=title]")).to_have_class("field on")
    press(page, "ArrowUp")
    expect(page.locator("#v-contract_number")).to_be_focused()
    down_to(page, "party_b_code")
    page.keyboard.type(party_b_code[:-1] + "0")
    expect(live(page, "party_b_code")).to_contain_text("校验位不符")
    expect(page.locator("#f-party_b_code del")).to_have_text(party_b_code[-1])
    expect(page.locator("[name=ok-party_b_code]")).to_be_disabled()
    press(page, "Backspace")
    expect(live(page, "party_b_code")).to_contain_text("位数不对")
    page.keyboard.type(party_b_code[-1])
    expect(live(page, "party_b_code")).to_have_text("校验位通过")
    down_to(page, "amount")
    page.keyboard.type("860000")
    expect(live(page, "amount")).to_contain_text("与大写金额不符")
    press(page, "Control+a")
    page.keyboard.type("680,000.00")
    expect(live(page, "amount")).to_contain_text("与大写金额相符")
    press(page, "Control+a")
    page.keyboard.type("680000.00")


def see_the_page(desk: Desk, page: Page) -> None:
    """The place of each value comes into sight, on whatever page it stands, however the page is seen."""
    down_to(page, "signed_on")
    expect(page.locator("[data-view]")).to_have_attribute("data-page", "2")
    expect(page.locator("rect[data-field=signed_on]")).to_have_class("field on")
    expect(page.locator("#quality")).to_contain_text("第 2 / 2 页")
    press(page, "PageUp")
    expect(page.locator("#quality")).to_contain_text("第 1 / 2 页")
    expect(page.locator("[data-view]")).to_have_attribute("data-page", "1")
    press(page, "PageDown")
    expect(page.locator("[data-view]")).to_have_attribute("data-page", "2")
    down_to(page, "term_until")
    expect(page.locator("[data-view]")).to_have_attribute("data-page", "1")
    press(page, "Alt+=", "Alt+=")
    expect(page.locator("svg.sheet")).to_have_class("sheet z200")
    until(page, LIT_IS_IN_SIGHT)
    press(page, "Alt+r")
    expect(page.locator("svg.sheet")).to_have_attribute("data-angle", "90")
    until(page, LIT_IS_IN_SIGHT)
    before = page.evaluate("document.querySelector('[data-view]').scrollTop")
    press(page, "Alt+ArrowDown")
    until(page, f"document.querySelector('[data-view]').scrollTop > {before}")
    desk.look(page, "check-turned")
    press(page, "Alt+0", "Alt+r", "Alt+r", "Alt+r")
    expect(page.locator("svg.sheet")).to_have_attribute("data-angle", "0")
    press(page, "Alt+/")
    expect(page.locator("#keys")).to_be_visible()
    desk.look(page, "check-keys")
    press(page, "Escape")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#v-term_until")).to_be_focused()
    press(page, "Escape")
    expect(page.locator("[data-view]")).to_be_focused()
    press(page, "+")
    expect(page.locator("svg.sheet")).to_have_class("sheet z150")
    press(page, "0", "?")
    expect(page.locator("#keys")).to_be_visible()
    press(page, "Escape")


def test_a_person_checks_documents_with_the_keyboard_alone(site: Site, desk: Desk, tmp_path: Path) -> None:
    first, second = two_documents(site, tmp_path)
    house = site.office.house
    code = next(f.value for f in documents.get_document(house, OWNER, first).fields if f.name == "party_b_code")
    page = desk.sit("administrator")
    page.goto("/to-review?reason=unconfirmed")
    desk.look(page, "check-list")
    press(page, "Control+Enter")
    page.wait_for_url(f"**/to-review/{first}?*")
    desk.look(page, "check")
    walk(page, code)
    see_the_page(desk, page)
    other = desk.sit("archivist")
    other.goto("/to-review/next?reason=unconfirmed")
    other.wait_for_url(f"**/to-review/{second}?*")
    other.goto(f"/to-review/{first}")
    expect(other.locator("main")).to_contain_text("周敏 正在核对这一件")
    other.context.close()

    expect(page.locator("[data-view]")).to_be_focused()  # where the help was opened
    press(page, "Tab")
    expect(page.locator("#v-contract_number")).to_be_focused()
    down_to(page, "party_b")
    page.keyboard.type(OTHER)
    press(page, "Enter", "Control+s")
    said(page, "已保存")
    expect(page.locator("#f-party_b ins")).to_have_text("科")
    desk.look(page, "check-corrected")
    press(page, "Alt+z")
    said(page, "已撤销上次保存")
    expect(page.locator("#v-party_b")).to_have_value(PARTY_B)
    press(page, "Control+Enter")
    said(page, "没有别的文件在等你了")  # the archivist has the other one
    found = documents.get_document(house, OWNER, first)
    assert {values.state_of(field) for field in found.fields} == {"once"}
    assert desk.seen >= {"check", "check-list", "check-turned", "check-keys", "check-corrected"}


def test_words_chosen_on_the_page_fill_the_value_and_undo_reaches_the_document_before(
    site: Site, desk: Desk, tmp_path: Path
) -> None:
    first, second = two_documents(site, tmp_path)
    page = desk.sit("administrator")
    page.goto(f"/to-review/{first}?reason=unconfirmed&field=party_b")
    expect(page.locator("#v-party_b")).to_be_focused()
    expect(page.locator("[data-glyphs] rect").first).to_be_attached()
    start, end = (page.locator(f"[data-glyphs] rect[data-text='{text}']").first for text in ("云", "桥"))
    places = [mark.bounding_box() for mark in (start, end)]
    assert places[0]
    assert places[1]
    page.mouse.move(places[0]["x"] + 2, places[0]["y"] + 3)
    page.mouse.down()
    page.mouse.move(places[1]["x"] + 2, places[1]["y"] + 3)
    page.mouse.up()
    expect(page.locator("#v-party_b")).to_have_value("云桥")
    expect(page.locator("#f-party_b del")).to_have_text("智联信息技术有限公司")
    assert re.fullmatch(r"1(,\d+){4}", page.locator("[name=place-party_b]").input_value())
    title = page.locator("rect[data-field=title]").bounding_box()
    assert title
    page.mouse.click(title["x"] + title["width"] / 2, title["y"] + title["height"] / 2)
    expect(page.locator("#v-title")).to_be_focused()  # another field's value is gone to, not taken
    expect(page.locator("#v-title")).to_have_value("技术服务合同")
    press(page, "Control+Enter")
    page.wait_for_url(f"**/to-review/{second}?*")
    press(page, "Alt+z")
    page.wait_for_url(f"**/to-review/{first}?*")
    expect(page.locator("#v-party_b")).to_have_value(PARTY_B)
    page.context.add_cookies([{"name": "language", "value": "en", "url": desk.address}])
    page.reload()
    desk.look(page, "check-en")


def test_two_people_at_odds_on_the_screen_of_a_third(site: Site, desk: Desk) -> None:
    document_id = site.office.take_in()
    house = site.office.house
    documents.confirm_field(house, site.office["administrator"], document_id, "party_b")
    documents.correct_field(house, site.office["archivist"], document_id, "party_b", OTHER)
    page = desk.sit("handler")
    page.goto(f"/to-review/{document_id}?field=party_b")
    expect(page.locator("[name=decide-party_b][value='1']")).to_be_focused()
    desk.look(page, "check-disputed")
    press(page, "Space", "ArrowDown")
    expect(page.locator("[name=decide-party_b][value='2']")).to_be_checked()
    press(page, "Enter")  # right, next: it sends nothing
    expect(page.locator("[name=decide-party_b][value='2']")).not_to_be_focused()
    press(page, "Control+s")
    said(page, "已保存")
    expect(page.locator("#v-party_b")).to_have_value(OTHER)
    field = next(f for f in documents.get_document(house, OWNER, document_id).fields if f.name == "party_b")
    assert (field.entered_by, field.confirmed_by, field.rival) == ("person:archivist", ["person:handler"], {})
    page.context.close()


def test_a_letters_papers_wait_for_checking_and_the_report_counts_what_is_said_of_them(site: Site, desk: Desk) -> None:
    house, office = site.office.house, site.office
    welcome = replace(house.settings, mailbox_senders=("@partner.example",))
    message = letter(
        From="王芳 <wang.fang@partner.example>", Subject="三月的合同", Date="Wed, 25 Nov 2026 09:00:00 +0800"
    )
    for name, data in (("技术服务合同.pdf", DIGITAL.read_bytes()), ("报价单.pdf", DIGITAL.read_bytes() + SECOND)):
        message.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    with TemporaryDirectory() as spool:
        fate = take_letter(replace(house, settings=welcome), message.as_bytes(), Path(spool), office.department_id)
    for document_id in fate.documents:
        office.until_read(document_id)  # the served site may be at it already
    page = desk.sit("administrator")
    page.goto("/to-review?reason=unconfirmed")
    expect(page.locator("[data-row]").filter(has_text="报价单").locator("td").last).to_have_text(
        "wang.fang@partner.example"
    )
    desk.look(page, "mail-queue")
    page.goto(f"/documents/{fate.documents[0]}")
    expect(page.locator("main")).to_contain_text("随信收到wang.fang@partner.example · 三月的合同")
    page.get_by_text("随信收到").scroll_into_view_if_needed()
    desk.look(page, "mail-document")
    first, second = fate.documents
    documents.correct_field(house, office["administrator"], first, "party_b", OTHER)
    documents.confirm_all(house, office["archivist"], first)
    documents.set_category(house, office["administrator"], second, "1.11")
    auditor = desk.sit("auditor")
    auditor.goto("/extraction")
    expect(auditor.locator("[data-category-row]")).to_have_count(2)
    desk.look(auditor, "extraction")


def test_what_was_typed_is_not_lost_by_leaving_and_an_added_value_takes_its_words_from_the_page(
    site: Site, desk: Desk
) -> None:
    document_id = site.office.take_in()
    with site.office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["rescan:1:blurred", "pages_missing:3,5"]
    page = desk.sit("administrator")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"/to-review/{document_id}?field=party_b")
    expect(page.locator("#v-party_b")).to_be_focused()
    page.keyboard.type(OTHER)
    with page.expect_event("dialog"):
        press(page, "Alt+n")
    assert asked == ["beforeunload"]
    expect(page.locator("#v-party_b")).to_have_value(OTHER)
    press(page, "Alt+a")
    expect(page.locator("#add-name")).to_be_focused()
    page.locator("#add-name").select_option("agent")
    press(page, "Enter")
    expect(page.locator("#v-add")).to_be_focused()
    expect(page.locator("[data-glyphs] rect").first).to_be_attached()
    start, end = (page.locator(f"[data-glyphs] rect[data-text='{text}']").first for text in ("云", "桥"))
    start.drag_to(end)
    expect(page.locator("#v-add")).to_have_value("云桥")
    # Where the keys give other signs (Option on a Mac), the place of the key counts.
    page.keyboard.press("Escape")
    page.evaluate("""document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { key: "π", code: "KeyP", altKey: true, bubbles: true }))""")
    expect(page.locator("[data-settle]").first).to_be_focused()
    desk.look(page, "check-pages-have")
    press(page, "Enter", "Enter")
    expect(page.locator("[data-primary]")).to_be_focused()
    press(page, "Control+s")
    said(page, "已保存")
    assert asked == ["beforeunload"]
    agent = next(f for f in documents.get_document(site.office.house, OWNER, document_id).fields if f.name == "agent")
    assert (agent.value, agent.page, len(agent.box)) == ("云桥", 1, 4)
    expect(page.locator("[data-settle]")).to_have_count(0)


def test_a_key_says_that_a_field_is_not_on_the_paper_and_takes_it_back(site: Site, desk: Desk) -> None:
    document_id = site.office.take_in()
    page = desk.sit("administrator")
    page.goto(f"/to-review/{document_id}?field=party_b")
    expect(page.locator("#v-party_b")).to_be_focused()
    gone = page.locator("[name=gone-party_b]")
    press(page, "Alt+x")
    expect(gone).to_be_checked()
    expect(page.locator("[name=ok-party_b]")).to_be_disabled()
    press(page, "Alt+x")
    expect(gone).not_to_be_checked()
    expect(page.locator("[name=ok-party_b]")).to_be_enabled()
    press(page, "Alt+x")
    page.keyboard.type("云")  # typing takes the word back
    expect(gone).not_to_be_checked()
    press(page, "Control+a", "Alt+x")
    page.keyboard.press("Control+s")
    said(page, "已保存")
    expect(page.locator("#f-party_b del")).to_have_text(PARTY_B)
    expect(page.locator("#v-party_b")).to_have_attribute("placeholder", "不在此件上")
    desk.look(page, "check-not-here")
    press(page, "Alt+z")
    expect(page.locator("#v-party_b")).to_have_value(PARTY_B)


def test_a_value_typed_with_the_keyboard_alone_is_lit_where_it_stands(site: Site, desk: Desk) -> None:
    document_id = site.office.take_in()
    page = desk.sit("administrator")
    page.goto(f"/to-review/{document_id}?field=party_b")
    expect(page.locator("#v-party_b")).to_be_focused()
    press(page, "Alt+a")
    page.locator("#add-name").select_option("agent")
    press(page, "Enter")
    page.keyboard.type("苏明澈")
    press(page, "Control+s")
    said(page, "已保存")
    page.goto(f"/to-review/{document_id}?field=agent")
    expect(page.locator("[data-view]")).to_have_attribute("data-page", "2")
    expect(page.locator("rect.field.on[data-field=agent]")).to_be_attached()
    assert page.evaluate(LIT_IS_IN_SIGHT)
    desk.look(page, "check-typed-place")
