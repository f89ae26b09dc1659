"""The main job in a real browser, from the upload to the certificate of destruction; axe looks at every page on the way.

With JUANZONG_PICTURES=FOLDER each page is kept there as a picture.
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from service.flow.archive import destroy
from service.flow.intake.process import process_waiting
from service.records.tables import Person
from service.web.sessions import COOKIE
from tests.service.conftest import DIGITAL
from tests.service.web.conftest import PASSWORD, Site

PICTURES = os.environ.get("JUANZONG_PICTURES")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WAIT = 60_000
expect.set_options(timeout=WAIT)  # two processors share the browser, the servers and the engine: slow is not wrong
NAMES = {
    "handler": "陈立",
    "administrator": "周敏",
    "archivist": "孙文静",
    "head": "吴建国",
    "auditor": "何远",
    "first": "赵倩",
    "second": "钱铭",
    "third": "李岚",
    "fourth": "郑航",
    "fifth": "王越",
    "scanner": "冯小满",
    "root": "褚工",
}


# The values of which a part is out of sight.
CUT = """() => [...document.querySelectorAll(".field-row [name=value]")]
  .filter((e) => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1).map((e) => e.value)"""


def until(page: Page, script: str) -> None:
    """Wait until an expression holds; the pages' own rules let no script wait for it."""
    for _ in range(WAIT // 100):
        if page.evaluate(script):
            return
        page.wait_for_timeout(100)
    raise AssertionError(script)


class _Quiet(WSGIRequestHandler):
    def log(self, *_given: object) -> None:
        pass


def _closing(app: WSGIApplication) -> WSGIApplication:
    """The same application, its answers closed even where the browser has gone: the test server then forgets to."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        with closing(app(environ, start_response)) as parts:
            yield from parts

    return answer


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve the site and read what arrives, each in a thread of its own; yields the address."""
    server = make_server("127.0.0.1", 0, _closing(site.app), threaded=True, request_handler=_Quiet)
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.3):
            process_waiting(site.office.house)

    threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=work)]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        stop.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()


class Desk:
    """One person at a browser: opens pages, looks at each with axe, and remembers what the browser complained about."""

    def __init__(self, chromium: Chromium, site: Site, address: str, **options: object) -> None:
        self.chromium, self.site, self.address, self.options = chromium, site, address, options
        self.complaints: list[str] = []
        self.seen: set[str] = set()

    def sit(self, login: str | None = None) -> Page:
        """Return a fresh window, signed in as `login`."""
        context: BrowserContext = self.chromium.new_context(
            base_url=self.address, viewport={"width": 1360, "height": 800}, locale="zh-CN", **self.options
        )
        if login:
            secret = self.site.signed_in(login).client.get_cookie(COOKIE).value
            context.add_cookies([{"name": COOKIE, "value": secret, "url": self.address}])
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heard(self, kind: str, text: str) -> None:
        # A refusal answers with 4xx on purpose; the browser notes that as an error of loading.
        if kind == "error" and "responded with a status of 4" not in text:
            self.complaints.append(text)

    def look(self, page: Page, name: str) -> None:
        """Have axe look at the page, and keep a picture of it."""
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{PICTURES}/{name}.png", full_page=False)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        self.seen.add(name)


@pytest.fixture
def desk(site: Site, chromium: Path) -> Iterator[Desk]:
    """A browser before the served site, whose people have names."""
    with site.office.house.database.write() as session:
        for person in session.scalars(select(Person)):
            person.name = NAMES[person.login]
    with (
        served(site) as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS) as browser,
    ):
        desk = Desk(browser, site, address)
        yield desk
        assert desk.complaints == []


def upload(desk: Desk, page: Page) -> str:
    """Send a good and a bad file through the page; returns the id of the good one's document."""
    page.goto("/upload")
    desk.look(page, "upload")
    bad = {"name": "说明.pdf", "mimeType": "application/pdf", "buffer": b"no pdf"}
    good = {"name": DIGITAL.name, "mimeType": "application/pdf", "buffer": DIGITAL.read_bytes()}
    page.set_input_files("#files", [bad, good])
    page.get_by_role("button", name="上传").click()
    expect(page.locator("#progress")).to_contain_text("不是能收的文件类型")
    link = page.locator("#progress a", has_text="技术服务合同")
    expect(link).to_be_visible(timeout=WAIT)
    desk.look(page, "uploaded")
    page.goto(page.locator("#upload").get_attribute("data-batch") or "")
    expect(page.locator("#batch")).to_contain_text("已入库")
    desk.look(page, "batch")
    page.get_by_role("link", name="技术服务合同").click()
    page.wait_for_url("**/documents/*")
    return page.url.rpartition("/")[2]


def check_fields(desk: Desk, page: Page, document_id: str) -> None:
    """Correct one field with the keyboard, confirm the rest at once."""
    desk.look(page, "document")
    assert page.evaluate(CUT) == []
    until = page.locator("#v-term_until")
    until.focus()
    expect(page.locator("rect[data-field=term_until]")).to_have_class(re.compile("on"))
    until.fill("2027-04-30")
    until.press("Enter")
    expect(page.locator("main")).to_contain_text("期限至 已更正")
    page.wait_for_load_state()
    page.locator("#v-title").focus()
    expect(page.locator("#f-title")).to_have_class(re.compile("on"))  # the keys are listened to
    page.keyboard.press("ArrowDown")
    expect(page.locator("#f-title")).not_to_have_class(re.compile(r"\bon\b"))
    expect(page.locator(".field-row.on")).to_have_count(1)
    page.keyboard.press("Control+Enter")  # the document waits: on to the screen where it is checked
    page.wait_for_url(f"**/to-review/{document_id}*")  # the heading of both pages is the same
    expect(page.get_by_role("heading", level=1)).to_contain_text("待核对：技术服务合同")
    expect(page.locator("[id^=v-]:focus")).to_have_count(1)  # the keys are listened to
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(re.compile(document_id))


def enter_contract(desk: Desk, page: Page, document_id: str) -> str:
    """Enter the contract from its document; returns the address of its case file."""
    page.goto(f"/documents/{document_id}")
    page.get_by_role("link", name="按这份文件登记合同").click()
    expect(page.get_by_label("对方当事人")).to_have_value("云桥智联信息技术有限公司")
    page.get_by_label("签订日期").fill("2026-10-31")
    page.get_by_label("金额").fill("48000.00")
    desk.look(page, "new-contract")
    page.get_by_role("button", name="登记并编号").click()
    expect(page.get_by_role("status")).to_contain_text("HT-XS-2026-0001")
    for category in ("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.10", "1.11"):
        row = page.locator("tr", has=page.locator(f"input[name=category][value='{category}']"))
        row.locator("input[name=reason]").fill("无此类材料")
        row.locator("input[name=reason]").press("Enter")
        expect(row.locator("input[name=reason]:not([type=hidden])")).to_have_count(
            0
        )  # it is said: the page is the next one
        page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("齐全")
    desk.look(page, "case-file")
    return page.url


def search(desk: Desk, page: Page, document_id: str) -> None:
    """Search with the keyboard, open the hit and walk the places."""
    page.goto("/")
    desk.look(page, "home")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("违约金")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    page.wait_for_load_state()
    expect(page.locator(".hits mark").first).to_have_text("违约金")
    expect(page.locator("#preview rect.hit").first).to_be_attached()
    desk.look(page, "search")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/documents/{document_id}?*")
    expect(page.locator("rect.hit.on")).to_have_count(1)
    desk.look(page, "document-hit")
    page.goto("/search?q=合同&category=1.9")
    desk.look(page, "search-narrowed")
    page.goto("/search?q=%22%22")
    desk.look(page, "search-refused")


def hand_over(desk: Desk, file: str) -> None:
    """Handler, credit administrator, archivist: each signs; at the end the file is in the archive room."""
    handler, administrator, archivist = desk.sit("handler"), desk.sit("administrator"), desk.sit("archivist")
    handler.goto("/transfers")
    desk.look(handler, "transfers")
    handler.get_by_label("选 HT-XS-2026-0001").check()
    handler.get_by_role("button", name="移交所选").click()
    expect(handler.get_by_role("status")).to_contain_text("已办理 1 件")
    archivist.goto(file)
    expect(archivist.get_by_role("button", name="归档")).to_be_disabled()
    administrator.goto(file)
    desk.look(administrator, "to-receive")
    administrator.get_by_role("button", name="核实并接收").click()
    administrator.get_by_role("button", name="移交这一卷").click()
    expect(administrator.locator("main")).to_contain_text("等档案管理员归档")
    archivist.reload()
    sure(archivist, "归档并给档号")
    expect(archivist.get_by_role("status")).to_contain_text("已归档")
    for page in (handler, administrator, archivist):
        page.context.close()


def end_contract(desk: Desk, file: str) -> None:
    """The contract is performed: a new clock, a second transfer; then time passes until the file is due."""
    handler = desk.sit("handler")
    handler.goto(file)
    handler.locator("#event-kind").select_option("performed")
    handler.locator("#event-finished_on").fill("2026-11-20")
    handler.locator("form", has=handler.locator("#event-finished_on")).get_by_role("button").click()
    handler.get_by_role("button", name="移交这一卷").click()
    expect(handler.get_by_role("status")).to_contain_text("已移交")
    handler.context.close()
    administrator, archivist = desk.sit("administrator"), desk.sit("archivist")
    administrator.goto(file)
    administrator.get_by_role("button", name="核实并接收").click()
    administrator.get_by_role("button", name="移交这一卷").click()
    expect(administrator.get_by_role("status")).to_contain_text("已移交")
    archivist.goto(file)
    # The number stays; the second arrival only ends its own clock.
    sure(archivist, "接收入档")
    expect(archivist.locator("main")).to_contain_text("2037-01-01")
    desk.look(archivist, "archived")
    administrator.context.close()
    archivist.context.close()


def hold_and_loan(desk: Desk, file: str) -> None:
    """A hold comes and goes by two people; a file is asked for."""
    archivist, head = desk.sit("archivist"), desk.sit("head")
    archivist.goto(file)
    archivist.get_by_label("事项（案号）").fill("（2026）川01民初118号")
    archivist.locator("#hold-reason").fill("诉讼保全")
    archivist.get_by_role("button", name="冻结这一卷").click()
    expect(archivist.get_by_role("status")).to_be_visible()  # done, before the next page is asked for
    archivist.goto("/holds")
    archivist.get_by_placeholder("解除的理由").fill("判决已生效")
    archivist.get_by_role("button", name="申请解除").click()
    expect(archivist.locator("main")).to_contain_text("等第二个人解除")
    desk.look(archivist, "holds")
    head.goto("/holds")
    head.locator("details.ask summary").click()
    desk.look(head, "holds-asked")
    head.locator("details.ask summary").click()
    sure(head, "解除冻结")
    expect(head.locator("main")).to_contain_text("已解除")
    head.goto(file)
    head.get_by_label("用途").fill("核对付款条件")
    head.get_by_role("button", name="申请查阅").click()
    expect(head.get_by_role("status")).to_be_visible()
    archivist.goto("/loans")
    desk.look(archivist, "loans")
    archivist.get_by_role("button", name="借出").click()
    desk.look(archivist, "loans-lent")
    archivist.get_by_label("清点的结果").select_option("whole")
    archivist.get_by_role("button", name="已归还").click()
    expect(archivist.locator("main")).to_contain_text("已归还")
    archivist.context.close()
    head.context.close()


def review(desk: Desk) -> str:
    """Propose, appraise, approve, supervise, execute, confirm; returns the address of the review."""
    clock = desk.site.office.house.clock
    archivist = desk.sit("archivist")
    archivist.goto("/reviews")
    desk.look(archivist, "reviews")
    archivist.get_by_label("小组组长").select_option(label="赵倩 (first)")
    for name in ("second", "third"):
        archivist.get_by_label(NAMES[name]).check()
    archivist.get_by_label("批准人").select_option(label="吴建国 (head)")
    archivist.get_by_label("监销人一").select_option(label="郑航 (fourth)")
    archivist.get_by_label("监销人二").select_option(label="王越 (fifth)")
    archivist.get_by_role("button", name="提出鉴定").click()
    expect(archivist.get_by_role("heading", level=1)).to_contain_text("鉴定 2037-01")
    address = archivist.url
    for name in ("first", "second", "third"):
        member = desk.sit(name)
        member.goto(address)
        if name == "first":
            desk.look(member, "review-opinion")
        member.locator("#reason").fill("期满，无争议")
        member.get_by_role("button", name="提交意见").click()
        expect(member.get_by_role("status")).to_contain_text("意见已记下")
        member.context.close()
    archivist.reload()
    expect(archivist.get_by_role("button", name="批准（等待 吴建国）")).to_be_disabled()
    desk.look(archivist, "review-waits")
    press(desk, "head", address, "批准")
    clock.move_to(date(2037, 1, 13))
    for name in ("fourth", "fifth"):
        press(desk, name, address, "监销确认：可以销毁")
    archivist.reload()
    desk.look(archivist, "review-ready")
    archivist.get_by_label("不可撤销。请输入编号 2037-01：").fill("2037-01")
    archivist.get_by_role("button", name="执行销毁").click()
    expect(archivist.get_by_role("status")).to_contain_text("已开始销毁")
    desk.look(archivist, "review-executing")
    assert destroy.resume(desk.site.office.house) == 1
    expect(archivist.get_by_label("销毁进度")).to_have_count(0, timeout=15_000)  # the page follows by itself
    for name in ("fourth", "fifth"):
        press(desk, name, address, "监销确认：已经销毁")
    archivist.reload()
    expect(archivist.locator("main")).to_contain_text("证明未被改动")
    expect(archivist.locator("main")).to_contain_text("已清除干净")
    desk.look(archivist, "review-done")
    archivist.goto("/register")
    desk.look(archivist, "register")
    archivist.context.close()
    return address


def press(desk: Desk, login: str, address: str, button: str) -> None:
    page = desk.sit(login)
    page.goto(address)
    sure(page, button)
    expect(page.get_by_role("status")).to_be_visible()
    page.context.close()


def sure(page: Page, step: str) -> None:
    """Take a step that cannot be taken back, by the keyboard: it asks once."""
    asked = page.locator("details.ask", has=page.locator("summary").get_by_text(step, exact=True))
    yes = asked.get_by_role("button", name=f"确认：{step}")
    expect(yes).to_be_hidden()
    asked.locator("summary").press("Enter")
    expect(yes).to_be_visible()
    yes.press("Enter")


def test_main_job(desk: Desk) -> None:
    page = desk.sit()
    page.goto("/")
    desk.look(page, "sign-in")
    page.get_by_label("用户名").fill("handler")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("今天要做什么")
    document_id = upload(desk, page)
    check_fields(desk, page, document_id)
    file = enter_contract(desk, page, document_id)
    search(desk, page, document_id)
    for path, name in (
        ("/contracts", "contracts"),
        ("/files", "files"),
        ("/to-review", "to-review"),
        ("/customers", "customers"),
    ):
        page.goto(path)
        desk.look(page, name)
    page.get_by_role("link", name=re.compile("KH-")).click()
    desk.look(page, "customer")
    hand_over(desk, file)
    end_contract(desk, file)
    desk.site.office.house.clock.move_to(date(2037, 1, 4))
    hold_and_loan(desk, file)
    review(desk)
    page.goto("/search?q=设备物联监测平台")
    expect(page.locator("main")).to_contain_text("没有找到")
    page.goto(file)
    expect(page.locator("main")).to_contain_text("只留存根")
    desk.look(page, "stub")
    page.context.close()


def test_system_rooms_and_english(desk: Desk) -> None:
    auditor, root = desk.sit("auditor"), desk.sit("root")
    auditor.goto("/audit")
    auditor.get_by_role("button", name="验证整条链").click()
    expect(auditor.get_by_role("status")).to_contain_text("没有一条被改")
    desk.look(auditor, "audit")
    auditor.goto("/contracts")
    desk.look(auditor, "refused")
    auditor.goto("/settings")
    desk.look(auditor, "settings")
    root.goto("/people")
    desk.look(root, "people")
    form = root.locator("form", has=root.get_by_role("button", name="邀请"))
    form.get_by_label("用户名").fill("chen")
    form.get_by_label("姓名").fill("卫青山")
    form.get_by_role("checkbox", name="承办人").check()
    form.get_by_role("button", name="邀请").click()
    expect(root.locator("code.once")).to_contain_text("/invite/")
    link = root.locator("code.once").text_content() or ""
    newcomer = desk.sit()
    newcomer.goto(link[link.index("/invite/") :])
    desk.look(newcomer, "invite")
    newcomer.get_by_label("新密码").fill("long enough now")
    newcomer.get_by_label("再输入一次").fill("long enough now")
    newcomer.get_by_role("button", name="设置密码").click()
    expect(newcomer.get_by_role("heading", level=1)).to_have_text("今天要做什么")
    newcomer.get_by_role("button", name="English").click()
    expect(newcomer.get_by_role("heading", level=1)).to_have_text("What to do today")
    newcomer.wait_for_load_state()
    newcomer.keyboard.press("?")
    expect(newcomer.get_by_role("dialog")).to_be_visible()
    desk.look(newcomer, "keys-en")
    newcomer.keyboard.press("Escape")
    newcomer.goto("/contracts/new")
    desk.look(newcomer, "new-contract-en")


def test_dark_and_narrow_and_without_scripts(desk: Desk, site: Site) -> None:
    document_id = site.office.take_in()
    paths = ("/", f"/documents/{document_id}?q=违约金&hit=1", "/search?q=违约金", "/upload", "/transfers", "/reviews")
    names = ("home", "document", "search", "upload", "transfers", "reviews")
    desk.options = {"color_scheme": "dark"}
    dark = desk.sit("archivist")
    for path, name in zip(paths, names, strict=True):
        dark.goto(path)
        desk.look(dark, f"dark-{name}")
    dark.context.close()
    desk.options = {}
    narrow = desk.sit("archivist")
    narrow.set_viewport_size({"width": 390, "height": 800})
    for path, name in zip(paths, names, strict=True):
        narrow.goto(path)
        desk.look(narrow, f"narrow-{name}")
        assert narrow.evaluate(CUT) == []
        assert narrow.evaluate("document.documentElement.scrollWidth") <= 390, name
    narrow.context.close()
    desk.options = {"java_script_enabled": False}
    plain = desk.sit("archivist")
    plain.goto("/upload")
    plain.set_input_files("#files", [DIGITAL])
    plain.get_by_role("button", name="上传").click()
    expect(plain.locator("main")).to_contain_text("已经有了")
    plain.goto(paths[1])
    expect(plain.locator("rect.hit.on")).to_have_count(1)
    plain.context.close()
