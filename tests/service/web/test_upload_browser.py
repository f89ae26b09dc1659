"""Uploading in a real browser over a server that goes away in the middle: the page goes on by itself, and after it was closed."""

import base64
import hashlib
import re
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, Route, expect

from service.access import people
from service.flow.intake.documents import list_documents
from service.records.tables import UploadPart
from tests.service.conftest import DIGITAL, OWNER, SCANS
from tests.service.web.test_browser import WAIT, Desk, desk
from tests.service.web.test_station_terminal import crooked

__all__ = ["desk"]
CHUNK = 4 << 20


def noise(path: Path, seed: int) -> Path:
    """A page of 9 MB: three requests."""
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (4600, 2000), dtype=np.uint8)).save(path)
    return path


def sums(desk: Desk) -> list[str]:
    return sorted(document.sha256 for document in list_documents(desk.site.office.house, OWNER)[1])


def pieces(desk: Desk) -> int:
    with desk.site.office.house.database.read() as session:
        return session.query(UploadPart).count()


def drop_in(page: Page, path: Path) -> None:
    """Drag the file from the desktop onto the page, and send it."""
    page.evaluate(
        """async ([name, type, data]) => {
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          const held = new DataTransfer();
          held.items.add(new File([bytes], name, { type }));
          document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true }));
        }""",
        [path.name, "application/pdf", base64.b64encode(path.read_bytes()).decode()],
    )
    page.keyboard.press("Enter")  # the button has the focus


def test_a_broken_connection_and_a_closed_page(desk: Desk, tmp_path: Path) -> None:
    first, second = noise(tmp_path / "一.tif", 1), noise(tmp_path / "二.tif", 2)
    page = desk.sit("handler")
    page.goto("/upload")
    offsets: list[int] = []
    broken: list[str] = []

    def now_and_then(route: Route) -> None:
        offset = int(route.request.headers["upload-offset"])
        if len(broken) < 2 and offset == CHUNK:
            broken.append(route.request.url)
            route.abort("connectionreset")
            return
        offsets.append(offset)
        route.continue_()

    def patches(route: Route) -> None:
        now_and_then(route) if route.request.method == "PATCH" else route.continue_()

    page.route(re.compile(r"/uploads/"), patches)
    page.set_input_files("#files", [first])
    page.get_by_role("button", name="上传").click()
    expect(page.locator("#progress")).to_contain_text("连接中断，正在接着传")
    expect(page.locator("#progress a", has_text="一.tif")).to_be_visible(timeout=WAIT)
    assert len(broken) == 2
    assert offsets == [0, CHUNK, 2 * CHUNK]  # nothing was sent twice
    assert sums(desk) == [hashlib.sha256(first.read_bytes()).hexdigest()]

    # The page is closed in the middle; the same file, chosen again, goes on where it was.
    page.unroute_all(behavior="ignoreErrors")
    page.route(
        re.compile(r"/uploads/"),
        lambda route: (
            route.abort() if int(route.request.headers.get("upload-offset", 0)) >= CHUNK else route.continue_()
        ),
    )
    page.goto("/upload")
    page.set_input_files("#files", [second])
    page.get_by_role("button", name="上传").click()
    expect(page.locator("#progress")).to_contain_text("连接中断，正在接着传")
    assert pieces(desk) == 1
    page.unroute_all(behavior="ignoreErrors")
    offsets.clear()
    broken.extend(["no", "more"])
    page.route(re.compile(r"/uploads/"), patches)
    page.goto("/upload")
    page.set_input_files("#files", [second])
    page.get_by_role("button", name="上传").click()
    expect(page.locator("#progress a", has_text="二.tif")).to_be_visible(timeout=WAIT)
    assert offsets == [CHUNK, 2 * CHUNK]
    assert hashlib.sha256(second.read_bytes()).hexdigest() in sums(desk)
    assert pieces(desk) == 0
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('juanzong-upload'))") == []
    desk.look(page, "upload-resumed")
    page.context.close()
    # What the browser says of connections that were cut on purpose.
    desk.complaints[:] = [text for text in desk.complaints if "ERR_" not in text]


def test_a_file_under_way_and_a_file_that_waits_are_stopped_and_leave_nothing(desk: Desk, tmp_path: Path) -> None:
    under_way, waits, goes = (noise(tmp_path / f"{name}.tif", seed) for seed, name in ((4, "甲"), (5, "乙"), (6, "丙")))
    page = desk.sit("handler")
    page.goto("/upload")
    held: list[Route] = []

    def second_part(route: Route) -> None:
        if route.request.method == "PATCH" and route.request.headers["upload-offset"] == str(CHUNK) and not held:
            held.append(route)  # never answered
        else:
            route.continue_()

    page.route(re.compile(r"/uploads/"), second_part)
    page.set_input_files("#files", [under_way, waits, goes])
    with page.expect_request(lambda request: request.headers.get("upload-offset") == str(CHUNK), timeout=WAIT):
        page.locator("#upload [data-primary]").click()
    page.get_by_role("button", name="乙.tif 停止上传").press("Enter")
    expect(page.get_by_role("button", name="丙.tif 停止上传")).to_be_focused()  # the keyboard stays in the list
    page.get_by_role("button", name="甲.tif 停止上传").click()
    expect(page.locator("#progress tr", has_text="甲.tif")).to_contain_text("停下了，没有收")
    expect(page.locator("#progress tr", has_text="乙.tif")).to_contain_text("停下了，没有收")
    expect(page.locator("#progress a", has_text="丙.tif")).to_be_visible(timeout=WAIT)
    assert len(held) == 1
    assert sums(desk) == [hashlib.sha256(goes.read_bytes()).hexdigest()]
    assert pieces(desk) == 0


def test_a_file_that_is_stopped_when_it_has_come_whole_is_called_what_it_is(desk: Desk, tmp_path: Path) -> None:
    whole = noise(tmp_path / "丁.tif", 7)
    page = desk.sit("handler")
    page.goto("/upload")
    stored: list[Route] = []
    refused: list[str] = []

    def last_part(route: Route) -> None:
        request = route.request
        if request.method == "PATCH" and int(request.headers["upload-offset"]) + CHUNK >= whole.stat().st_size:
            route.fetch()  # the server has it and makes it a document; the page never hears of it
            stored.append(route)
        elif request.method == "DELETE" and not refused:
            refused.append(request.method)  # as the server says while it makes a document of it
            route.fulfill(status=423, json={"error": "busy", "code": "upload_busy"})
        else:
            route.continue_()

    page.route(re.compile(r"/uploads/"), last_part)
    page.set_input_files("#files", [whole])
    page.locator("#upload [data-primary]").click()
    stop = page.get_by_role("button", name="丁.tif 停止上传")
    stop.wait_for(timeout=WAIT)
    while not stored:
        page.wait_for_timeout(100)
    stop.click()
    expect(page.locator("#progress tbody a", has_text="丁.tif")).to_be_visible(timeout=WAIT)
    assert refused == ["DELETE"]
    assert sums(desk) == [hashlib.sha256(whole.read_bytes()).hexdigest()]
    assert pieces(desk) == 0
    page.unroute_all(behavior="ignoreErrors")
    page.context.close()
    desk.complaints[:] = [text for text in desk.complaints if "423" not in text]


def test_dragging_and_a_file_that_is_refused(desk: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "说明.pdf"
    bad.write_bytes(b"no pdf")
    page = desk.sit("handler")
    page.goto("/upload")
    drop_in(page, DIGITAL)
    expect(page.locator("#progress tbody a")).to_be_visible(timeout=WAIT)
    drop_in(page, DIGITAL)
    expect(page.locator("#progress")).to_contain_text("已经有了", timeout=WAIT)
    drop_in(page, bad)
    expect(page.locator("#progress")).to_contain_text("不是能收的文件类型", timeout=WAIT)
    other = people.create_department(desk.site.office.house, OWNER, "CG", "采购部")
    desk.site.office.hire("stranger", "handler", department_id=other.id)
    theirs = desk.sit("stranger")
    theirs.goto("/upload")
    drop_in(theirs, DIGITAL)  # what they may not read is named, and no link leads to it
    expect(theirs.locator("#progress")).to_contain_text("请找信用管理员", timeout=WAIT)
    expect(theirs.locator("#progress tbody a")).to_have_count(0)
    theirs.context.close()
    assert sums(desk) == [hashlib.sha256(DIGITAL.read_bytes()).hexdigest()]
    page.context.close()


def test_a_page_that_lay_askew_is_told_while_the_paper_is_still_there(desk: Desk) -> None:
    page = desk.sit("handler")
    page.goto("/upload")
    askew = {"name": "回单.jpg", "mimeType": "image/jpeg", "buffer": crooked(SCANS / "payment.jpg", 8)}
    page.set_input_files("#files", [askew])
    page.get_by_role("button", name="上传").click()
    expect(page.locator("#progress")).to_contain_text("第 1 页请重新扫描：放得太歪", timeout=WAIT)
    desk.look(page, "upload-rescan")
