"""Files in a real browser: seen and put in order before they go, then joined, turned, moved and put back with the keyboard."""

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from service.flow.intake import batches
from service.flow.intake.arrange import arrange
from service.flow.intake.receive import receive
from tests.service.conftest import SCANS
from tests.service.test_batches import original, stack
from tests.service.test_batches import page as scanned
from tests.service.web.test_browser import PICTURES, Desk, desk

__all__ = ["desk"]


def photo(folder: Path, seed: int, name: str) -> Path:
    path = folder / name
    Image.fromarray(scanned(seed)).save(path)
    return path


def names(page: Page) -> list[str]:
    return page.locator("#progress tbody td:nth-child(2)").all_inner_texts()


def ready(page: Page, key: str = "r") -> None:
    expect(page.locator(f"button[data-key={key}]")).to_be_enabled()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_chosen_is_shown_ordered_and_left_out_before_it_goes(desk: Desk, tmp_path: Path, language: str) -> None:
    page = desk.sit("scanner")
    page.goto("/upload")
    if language == "en":
        page.get_by_role("button", name="English").click()
    files = [photo(tmp_path, 1, "a.png"), photo(tmp_path, 2, "b.webp"), stack(tmp_path, 3, name="c.pdf")]
    page.set_input_files("#files", files[:2])
    page.set_input_files("#files", files[2:])
    assert names(page) == ["a.png", "b.webp", "c.pdf"]
    expect(page.locator("#progress canvas")).to_have_count(2)  # the browser opened both pictures itself
    assert page.evaluate(
        "[...document.querySelectorAll('canvas')].every((c) => c.getContext('2d').getImageData(5, 5, 1, 1).data[3] > 0)"
    )
    desk.look(page, "upload-chosen" if language == "zh" else f"upload-chosen-{language}")
    page.get_by_role("button", name="b.webp").first.focus()
    page.keyboard.press("Enter")
    assert names(page) == ["b.webp", "a.png", "c.pdf"]
    page.locator("#progress tbody tr").nth(1).locator("button").last.focus()
    page.keyboard.press("Enter")
    assert names(page) == ["b.webp", "c.pdf"]
    assert page.evaluate("document.activeElement.closest('tr').cells[1].textContent") == "c.pdf"
    page.context.close()


def test_a_page_of_a_scan_that_lies_upside_down_is_turned(desk: Desk) -> None:
    page = desk.sit("scanner")
    page.goto("/upload")
    scans = ("authorization-upside-down.png", "licence-portrait.jpg", "contract-lease.pdf")
    page.set_input_files("#files", [SCANS / name for name in scans])
    page.get_by_label("传完就整理页面").check()
    page.keyboard.press("Control+Enter")
    expect(page.locator("fieldset.part")).to_have_count(3)
    ready(page)
    page.locator("#r-1\\.1").focus()
    page.keyboard.press("Space")
    page.keyboard.press("o")
    expect(page.locator(".turn-180")).to_have_count(1)
    expect(page.locator("fieldset.part")).to_have_count(3)
    ready(page)
    if PICTURES:
        page.set_viewport_size(
            {"width": 1360, "height": 1360}
        )  # all of it, with the pictures that load when they are seen
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth)")
        page.screenshot(path=f"{PICTURES}/pages-arranged.png", full_page=True)
    page.context.close()


def test_two_files_become_one_document(desk: Desk, tmp_path: Path) -> None:
    house = desk.site.office.house
    page = desk.sit("scanner")
    page.goto("/upload")
    paths = [photo(tmp_path, 1, "a.png"), stack(tmp_path, 2, 3, name="b.pdf")]
    page.set_input_files("#files", paths)
    page.get_by_label("传完就整理页面").check()
    name = page.locator("[name=batch]").input_value()
    page.keyboard.press("Control+Enter")
    expect(page.locator("fieldset.part")).to_have_count(2)
    expect(page.locator("#account")).to_contain_text("相符")
    ready(page, "a")
    page.locator("button[data-key=a]").click()
    expect(page.locator("fieldset.part")).to_have_count(1)
    expect(page.locator(".leaflet")).to_have_count(3)
    ready(page)
    page.locator("#r-2\\.2").focus()
    page.keyboard.press("Space")
    page.keyboard.press("r")
    expect(page.locator(".turn-90")).to_have_count(1)
    desk.look(page, "pages-joined")
    ready(page)
    page.locator(".leaflet[data-number='3']").drag_to(page.locator(".leaflet[data-number='1']"))
    expect(page.locator(".leaflet").first).to_have_attribute("data-number", "3")
    (part,) = batches.get_batch(house, desk.site.office["scanner"], name).parts
    assert part.pages == ["2.2@90", "1.1", "2.1"]
    with pikepdf.open(io.BytesIO(original(desk.site.office, part.document_id))) as pdf:
        assert len(pdf.pages) == 3
    for pages in (["1.1", "2.1", "2.2@90"], ["1.1", "2.1", "2.2"], ["1.1"]):
        ready(page, "z")
        page.locator("button[data-key=z]").focus()
        before = page.locator("[name=version]").input_value()
        page.keyboard.press("z")
        expect(page.locator("[name=version]")).not_to_have_value(before)
        ready(page)
        assert batches.get_batch(house, desk.site.office["scanner"], name).parts[0].pages == pages
    expect(page.locator("button[data-key=z]")).to_be_disabled()
    parts = batches.get_batch(house, desk.site.office["scanner"], name).parts
    assert [original(desk.site.office, part.document_id) for part in parts] == [path.read_bytes() for path in paths]
    page.context.close()


def test_a_batch_of_files_offers_it_and_says_why_not(desk: Desk, tmp_path: Path) -> None:
    office = desk.site.office
    path = photo(tmp_path, 1, "a.png")
    receive(office.house, office["scanner"], path, path.name, batch="B-1")
    page = desk.sit("scanner")
    page.goto("/batches/B-1")
    page.get_by_role("button", name="整理页面").click()
    expect(page.locator(".leaflet")).to_have_count(1)
    expect(page.get_by_role("button", name="整理页面")).to_have_count(0)
    assert arrange(office.house, office["scanner"], "B-1") == 0
    page.context.close()
