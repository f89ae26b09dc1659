"""The viewer in a real browser: every place of a query lit, next and previous over pages, zoom, rotation, selection and copying."""

import json
import re
from pathlib import Path

from fpdf import FPDF
from playwright.sync_api import Page, expect

from service.flow.archive import filing
from tests.service.conftest import SCANS
from tests.service.test_flow import new_contract
from tests.service.web.conftest import Site
from tests.service.web.test_browser import Desk, desk, until

__all__ = ["desk"]

PAGES = 9
MIDDLE = """() => { const box = document.querySelector("rect.hit.on").getBoundingClientRect(),
  frame = document.querySelector("[data-view]").getBoundingClientRect();
  return box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1 && box.left >= frame.left - 1 && box.right <= frame.right + 1; }"""


def book(folder: Path) -> Path:
    """A text of nine pages: on every odd one the words stand twice, at its top and, over a line's end, at its foot."""
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for number in range(1, PAGES + 1):
        pdf.add_page()
        top = "The delivery penalty of this agreement" if number % 2 else "Other terms of this agreement"
        foot = "is owed as the delivery\npenalty only once" if number % 2 else "are owed\nas agreed"
        for line in (top, f"Page {number}", *("between them nothing of interest",) * 24, *foot.split("\n")):
            pdf.cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    path = folder / "book.pdf"
    pdf.output(str(path))
    return path


def shown(page: Page, leaf: int, count: str) -> None:
    expect(page.locator("[data-view]")).to_have_attribute("data-page", str(leaf))
    expect(page.locator("[data-count]")).to_have_text(count)


def test_the_places_of_a_query_are_walked_through_over_all_pages(desk: Desk, site: Site, tmp_path: Path) -> None:
    document_id = site.office.take_in(book(tmp_path))
    page = desk.sit("handler")
    page.goto("/search?q=%22delivery penalty%22")
    page.locator(".hits a.title").click()
    page.wait_for_url(f"**/documents/{document_id}?*")
    shown(page, 1, "第 1 / 10 处")
    expect(page.locator("rect.hit")).to_have_count(3)  # two places, the second over a line's end
    assert page.evaluate(MIDDLE)
    desk.look(page, "viewer")
    page.keyboard.press("n")
    shown(page, 1, "第 2 / 10 处")
    expect(page.locator("rect.hit.on")).to_have_count(2)
    until(page, MIDDLE)
    page.keyboard.press("n")
    shown(page, 3, "第 3 / 10 处")
    assert re.search(r"hit=3\b", page.url)
    page.get_by_label("下一处").click()
    page.get_by_label("下一处").click()
    shown(page, 5, "第 5 / 10 处")
    page.keyboard.press("p")
    shown(page, 3, "第 4 / 10 处")
    page.reload()
    shown(page, 3, "第 4 / 10 处")
    until(page, MIDDLE)
    page.keyboard.press("PageDown")
    shown(page, 4, "这一页没有，共 10 处")
    desk.look(page, "viewer-between")
    page.keyboard.press("n")
    shown(page, 5, "第 5 / 10 处")
    page.go_back()
    shown(page, 4, "这一页没有，共 10 处")
    page.locator(".strip a", has_text="7").click()
    shown(page, 7, "第 7 / 10 处")
    page.get_by_text("全部 10 处").click()
    page.locator("[data-place='10'] a").click()
    shown(page, 9, "第 10 / 10 处")
    expect(page.get_by_label("下一处", exact=True)).to_be_hidden()
    expect(page.locator("[data-place='10']")).to_be_visible()  # the list stays open
    page.get_by_label("第", exact=True).fill("2")
    page.get_by_label("第", exact=True).press("Enter")
    shown(page, 2, "这一页没有，共 10 处")


def test_zoom_and_rotation_are_kept_from_page_to_page_and_in_the_address(
    desk: Desk, site: Site, tmp_path: Path
) -> None:
    document_id = site.office.take_in(book(tmp_path))
    page = desk.sit("handler")
    page.goto(f"/documents/{document_id}?q=penalty&hit=3")
    sheet = page.locator("svg.sheet")
    expect(sheet).to_have_class("sheet zwidth")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(sheet).to_have_class("sheet z200")
    until(page, MIDDLE)
    page.keyboard.press("r")
    expect(sheet).to_have_attribute("data-angle", "90")
    box = sheet.bounding_box()
    assert box
    assert box["width"] > box["height"]  # the page lies on its side
    until(page, MIDDLE)
    desk.look(page, "viewer-turned")
    page.keyboard.press("n")
    page.keyboard.press("n")
    shown(page, 5, "第 5 / 10 处")
    expect(sheet).to_have_class("sheet z200")
    expect(sheet).to_have_attribute("data-angle", "90")
    until(page, MIDDLE)
    page.reload()
    expect(sheet).to_have_class("sheet z200")
    expect(sheet).to_have_attribute("data-angle", "90")
    page.keyboard.press("f")
    expect(sheet).to_have_class("sheet zpage")
    expect(page.locator("[data-zoom]")).to_have_text("满宽")
    page.keyboard.press("0")
    expect(sheet).to_have_class("sheet zwidth")
    page.get_by_label("放大").click()
    expect(sheet).to_have_class("sheet z150")
    page.get_by_label("缩小").click()
    expect(sheet).to_have_class("sheet zwidth")
    for angle in (180, 270, 0):
        page.get_by_label("转 90 度").click()
        expect(sheet).to_have_attribute("data-angle", str(angle))
    page.get_by_text("展宽").click()
    expect(page.locator(".desk.wide")).to_be_visible()


def test_text_is_selected_on_the_page_and_copied_in_reading_order(desk: Desk, site: Site) -> None:
    document_id = site.office.take_in()
    page = desk.sit("handler")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=desk.address)
    page.goto(f"/documents/{document_id}?q=违约金")
    lines = page.locator("[data-text] text").all_text_contents()
    first, second = (page.locator("[data-text] text").nth(at).bounding_box() for at in (0, 1))
    assert first
    assert second
    page.mouse.move(first["x"] + 1, first["y"] + first["height"] / 2)
    page.mouse.down()
    page.mouse.move(second["x"] + second["width"] - 1, second["y"] + second["height"] / 2, steps=8)
    page.mouse.up()
    assert page.evaluate("getSelection().toString()") == "\n".join(lines[:2])
    page.keyboard.press("Control+c")
    until(page, "navigator.clipboard.readText().then((text) => text.length > 0)")
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(lines[:2])
    page.evaluate("getSelection().removeAllRanges()")
    page.get_by_role("button", name="复制").click()
    expect(page.locator("[data-copy]")).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(lines)
    # A click, unlike a stroke, chooses the field that stands there.
    page.goto(f"/documents/{document_id}?leaf=1")
    page.locator("rect[data-field=amount]").scroll_into_view_if_needed()
    field = page.locator("rect[data-field=amount]").bounding_box()
    assert field
    page.mouse.click(field["x"] + field["width"] / 2, field["y"] + field["height"] / 2)
    expect(page.locator("#v-amount")).to_be_focused()


def test_what_is_related_and_what_only_nearly_fits_is_shown(desk: Desk, site: Site, tmp_path: Path) -> None:
    document_id = site.office.take_in()
    _contract, file_id = new_contract(site.office)
    beside = site.office.take_in(book(tmp_path))
    for one in (document_id, beside):
        filing.file_document(site.office.house, site.office["handler"], one, file_id)
    page = desk.sit("handler")
    page.goto(f"/documents/{document_id}?q=技术服务合司")  # the last character misread
    expect(page.locator("[data-tools]")).to_contain_text("近似")
    expect(page.locator("rect.hit.on.near").first).to_be_attached()
    expect(page.locator("#related")).to_contain_text("在同一卷里")
    desk.look(page, "document")
    page.locator("#related a").first.click()
    page.wait_for_url(f"**/documents/{beside}")
    page.goto(f"/documents/{document_id}?q=服务&hit=3")
    expect(page.locator("rect.hit.on").first).to_be_attached()
    desk.look(page, "viewer-hits")


def test_without_scripts_every_place_is_lit_and_the_next_is_a_link(desk: Desk, site: Site, tmp_path: Path) -> None:
    document_id = site.office.take_in(book(tmp_path))
    desk.options = {"java_script_enabled": False}
    page = desk.sit("handler")
    page.goto(f"/documents/{document_id}?q=%22delivery penalty%22&hit=2")
    shown(page, 1, "第 2 / 10 处")
    expect(page.locator("rect.hit")).to_have_count(3)
    page.get_by_label("下一处").click()
    shown(page, 3, "第 3 / 10 处")
    page.get_by_label("放大").click()
    expect(page.locator("svg.sheet")).to_have_class("sheet z150")
    page.get_by_label("转 90 度").click()
    expect(page.locator("svg.sheet")).to_have_attribute("data-angle", "90")
    page.get_by_label("下一页").click()
    shown(page, 4, "这一页没有，共 10 处")
    expect(page.locator("svg.sheet")).to_have_attribute("data-angle", "90")
    page.get_by_label("第", exact=True).fill("9")
    page.get_by_label("第", exact=True).press("Enter")
    shown(page, 9, "第 9 / 10 处")
    expect(page.locator("[data-copy]")).to_be_hidden()
    page.get_by_text("本页文字").click()
    expect(page.locator(".page-text")).to_contain_text("Page 9")


def test_a_scan_is_lit_where_its_print_stands_and_what_is_on_it_is_suggested(desk: Desk, site: Site) -> None:
    document_id = site.office.take_in(SCANS / "authorization.jpg")
    page = desk.sit("handler")
    page.goto("/")
    page.locator("#q").press_sequentially("临溪市鼎")
    expect(page.locator("#suggested option").first).to_have_attribute("value", "临溪市鼎川阀门有限公司")
    page.goto("/search?q=授权委托我公司员工")
    page.locator(".hits a.title").click()
    page.wait_for_url(f"**/documents/{document_id}?*")
    lit = page.locator("rect.hit.on")
    expect(lit).to_have_count(1)
    top, foot = float(lit.get_attribute("y") or 0), float(lit.get_attribute("height") or 0)
    assert 640 < top < top + foot < 750  # where the line stands on the paper: 661 to 728
    desk.look(page, "viewer-scan")
    page.goto(f"/to-review/{document_id}")
    marks = [[float(mark.get_attribute(name) or 0) for name in ("x", "y", "width", "height")] for mark in
             page.locator("svg.sheet rect.hand").all()]  # fmt: skip
    truth = json.loads((SCANS.parent / "truth" / "authorization.jpg.json").read_text(encoding="utf-8"))
    assert len(truth["signatures"]) == 2
    for _page, (x0, y0, x1, y1) in truth[
        "signatures"
    ]:  # each written name has its frame of dashes on the checking screen
        assert any(x <= (x0 + x1) / 2 <= x + w and y <= (y0 + y1) / 2 <= y + h for x, y, w, h in marks), marks
    assert page.locator("rect.hand").first.evaluate("e => getComputedStyle(e).strokeDasharray") != "none"
    expect(page.get_by_text(f"{len(marks)} 处，页面上用虚线框出")).to_be_visible()
    desk.look(page, "check-handwriting")
