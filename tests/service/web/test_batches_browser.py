"""A scanned stack in a real browser: printed sheets among real scans, uploaded, put right with the keyboard, released."""

import re
from pathlib import Path

import img2pdf
import numpy as np
import pypdfium2
from playwright.sync_api import Dialog, Route, expect

from intake.batches.payload import Separator
from intake.batches.sheets import Sheet, as_pdf
from tests.intake.batches import stacks as scans
from tests.service.conftest import SCANS
from tests.service.test_batches import stack as few
from tests.service.test_flow import new_contract
from tests.service.web.test_browser import Desk, desk, until

__all__ = ["desk"]


def printed(separator: Separator, seed: int) -> bytes:
    """A separator sheet, printed and scanned with the stack."""
    sheet = Sheet(separator, "分隔页", (separator.contract,))
    with pypdfium2.PdfDocument(as_pdf([sheet])) as document:
        page = np.asarray(document[0].render(scale=150 / 72).to_pil().convert("L"))
    return scans.jpeg(scans.scanned(page, seed, skew=-1.2, noise=8))


def stack(path: Path, number: str) -> Path:
    blank = scans.jpeg(scans.scanned(scans.paper(), 9))
    contract = Separator("file", number, category="1.9")
    pages = [
        *(printed(contract, 1), blank, (SCANS / "contract-supply.jpg").read_bytes(), blank),
        *(printed(Separator(category="1.10"), 2), blank, (SCANS / "acceptance.jpg").read_bytes(), blank),
        *((SCANS / "payment.jpg").read_bytes(), (SCANS / "supplement.jpg").read_bytes()),
    ]
    path.write_bytes(img2pdf.convert(pages, nodate=True))
    return path


def test_a_stack_from_the_scanner_to_the_release(desk: Desk, tmp_path: Path) -> None:
    office = desk.site.office
    contract_id, _ = new_contract(office)
    from service.records.tables import Contract

    with office.house.database.read() as session:
        number = session.get_one(Contract, contract_id).number
    page = desk.sit("scanner")
    page.goto("/separators")
    desk.look(page, "separators")
    page.get_by_label("合同号").fill(number)
    page.get_by_role("button", name="看样并打印").click()
    expect(page.locator(".square")).to_be_visible()
    desk.look(page, "separator-sheet")
    page.goto("/upload")
    page.get_by_label("在分隔页处分件").check()
    page.get_by_label("纸张数").fill("5")
    page.get_by_label("扫描面").select_option("2")
    page.set_input_files("#files", stack(tmp_path / "stack.pdf", number))
    page.get_by_role("button", name="上传").click()
    account = "5 张 × 2 面 = 10；留用 4 + 空白 4 + 分隔页 2 = 10"
    expect(page.locator("#account")).to_contain_text(account, timeout=120_000)  # sent in pieces, then cut
    expect(page.locator("fieldset.part")).to_have_count(3)
    expect(page.locator("#pages")).to_contain_text(f"合同 {number}")
    expect(page.locator("button[data-key=s]")).to_be_enabled(timeout=60_000)  # follows by itself once all is cut
    # The payment and the supplement lie behind the acceptance: they are documents of their own, and one lies on its side.
    page.locator("#r-1\\.9").focus()
    page.keyboard.press("Space")
    page.keyboard.press("s")
    expect(page.locator("fieldset.part")).to_have_count(4)
    expect(page.locator("button[data-key=s]")).to_be_enabled(timeout=60_000)
    until(page, "document.activeElement.id == 'r-1.9'")  # the next key goes on from the same page
    page.keyboard.press("ArrowRight")
    expect(page.locator("#r-1\\.10")).to_be_checked()
    page.keyboard.press("s")
    expect(page.locator("fieldset.part")).to_have_count(5)
    expect(page.locator("#batch")).not_to_contain_text(re.compile("等待识别|识别中"), timeout=240_000)
    page.goto(page.url.partition("?")[0])
    page.evaluate("() => { for (const image of document.images) image.loading = 'eager'; }")
    until(page, "[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    desk.look(page, "stack")
    page.get_by_label("每一页都看过了").check()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#account")).to_contain_text("已放行")
    batch = page.url.partition("#")[0].rpartition("/")[2].partition("?")[0]
    desk.look(page, "stack-released")
    page.goto("/batches")
    desk.look(page, "batches")
    expect(page.locator("#filing")).to_have_count(0)
    # Who handles the contract files all of it with one press.
    address = f"/batches/{batch}"
    page = desk.sit("handler")
    page.goto(address)
    expect(page.locator("#filing")).to_contain_text(number)
    page.locator("#filing").scroll_into_view_if_needed()
    desk.look(page, "batch-filing")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#filing")).to_contain_text("没有要按分隔页归卷的文件了")
    expect(page.locator("#filing .state.good")).to_have_count(4)
    desk.look(page, "batch-filed")


def test_fronts_and_then_their_backs_from_the_page_of_the_batch(desk: Desk, tmp_path: Path) -> None:
    page = desk.sit("scanner")
    page.goto("/upload")
    page.get_by_label("在分隔页处分件").check()
    page.get_by_label("纸张数").fill("2")
    page.get_by_label("扫描面").select_option("2")
    page.get_by_label("页序").select_option("fronts")
    page.set_input_files("#files", few(tmp_path, 1, 2, name="正面.pdf"))
    page.get_by_role("button", name="上传").click()
    page.wait_for_url("**/batches/*")
    expect(page.locator("#account")).to_contain_text("正面.pdf（2 页）在等背面")
    desk.look(page, "batch-waits-for-backs")
    page.get_by_role("link", name="传到这一批").click()
    expect(page.get_by_label("页序")).to_have_value("backs")
    desk.look(page, "upload-backs")
    page.set_input_files("#files", few(tmp_path, 3, 4, name="背面.pdf"))
    page.get_by_role("button", name="上传").click()
    page.wait_for_url("**/batches/*")
    expect(page.locator("#account")).to_contain_text("2 张 × 2 面 = 4；留用 4")
    expect(page.locator("fieldset.part")).to_have_count(1)


def test_the_list_stays_while_there_is_more_to_send(desk: Desk, tmp_path: Path) -> None:
    page = desk.sit("scanner")
    page.goto("/upload")
    held: list[Route] = []

    def first_waits(route: Route) -> None:
        if route.request.method == "PATCH" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile(r"/uploads/"), first_waits)
    page.get_by_label("在分隔页处分件").check()
    files = [few(tmp_path, number, name=f"{number}.pdf") for number in (1, 2, 3)]
    with page.expect_request(lambda request: request.method == "PATCH"):
        page.set_input_files("#files", files[0])
        page.locator("#upload [data-primary]").click()
    page.set_input_files("#files", files[1])
    page.locator("#upload [data-primary]").click()
    page.set_input_files("#files", files[2])
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="待核对").click(no_wait_after=True)
    held[0].continue_()
    lines = page.locator("#progress tbody tr")
    expect(lines.nth(1)).to_contain_text("收下了，按分隔页分件")
    expect(lines.nth(2)).to_contain_text("还没有传")
    assert asked == ["beforeunload"]
    desk.look(page, "upload-more")
    page.locator("#upload [data-primary]").click()
    page.wait_for_url("**/batches/*")  # all of the list was cut
    expect(page.locator("fieldset.part")).to_have_count(3)
