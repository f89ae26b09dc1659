"""The page's own tus endpoint: the session's cookie and the form token, and refusals in the reader's language."""

import errno
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.access import people
from service.errors import DatabaseUnavailable
from service.flow.intake.documents import list_documents
from service.flow.intake.receive import receive
from tests.service.conftest import DIGITAL, OWNER
from tests.service.test_split import TWO, digital
from tests.service.test_uploads import words as metadata
from tests.service.web.conftest import Browser, Site
from vault.errors import StoreUnavailable

DATA = DIGITAL.read_bytes()
BYTES = "application/offset+octet-stream"


def ask(browser: Browser, method: str, path: str, data: bytes | None = None, **headers: Any) -> TestResponse:
    if not browser.token:
        browser.get("/keys")
    sent = {"Tus-Resumable": "1.0.0", "Accept": "application/json", "X-CSRFToken": browser.token}
    sent |= {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return browser.client.open(path, method=method, data=data, headers=sent)


def begin(browser: Browser, length: int = len(DATA)) -> TestResponse:
    return ask(browser, "POST", "/uploads", Upload_Length=length, Upload_Metadata="filename YS5wZGY=")


def test_a_file_goes_up_in_two_requests(site: Site) -> None:
    browser = site.signed_in("handler")
    place = begin(browser).headers["Location"]
    assert place.startswith("/uploads/")
    assert ask(browser, "PATCH", place, DATA[:700], Upload_Offset=0, Content_Type=BYTES).status_code == 204
    head = ask(browser, "HEAD", place)
    assert (head.headers["Upload-Offset"], head.headers["Tus-Resumable"]) == ("700", "1.0.0")
    last = ask(browser, "PATCH", place, DATA[700:], Upload_Offset=700, Content_Type=BYTES)
    assert last.headers["Juanzong-Status"] == "received"
    (document,) = list_documents(site.office.house, OWNER)[1]
    assert (document.id, document.channel) == (last.headers["Juanzong-Document"], "web")
    assert document.sha256 == hashlib.sha256(DATA).hexdigest()


def test_a_stack_goes_up_in_pieces_and_its_batch_is_named(site: Site, tmp_path: Path) -> None:
    data = digital(tmp_path / "stack.pdf", *TWO).read_bytes()
    said = metadata(filename="a.pdf", batch="B-1", split="true", sides="1", order="as_scanned")
    browser = site.signed_in("handler")
    place = ask(browser, "POST", "/uploads", Upload_Length=len(data), Upload_Metadata=said).headers["Location"]
    ask(browser, "PATCH", place, data[:700], Upload_Offset=0, Content_Type=BYTES)
    last = ask(browser, "PATCH", place, data[700:], Upload_Offset=700, Content_Type=BYTES)
    assert (last.headers["Juanzong-Batch"], last.headers["Juanzong-Status"]) == ("B-1", "received")
    assert {(d.batch, d.channel, d.pages) for d in list_documents(site.office.house, OWNER)[1]} == {("B-1", "web", 1)}


def test_nobody_else_and_no_other_site(site: Site) -> None:
    browser = site.signed_in("handler")
    place = begin(browser).headers["Location"]
    forged = {"X_CSRFToken": "forged"}
    assert (
        ask(browser, "POST", "/uploads", Upload_Length=5, Upload_Metadata="filename YQ==", **forged).status_code == 400
    )
    assert ask(browser, "PATCH", place, DATA, Upload_Offset=0, Content_Type=BYTES, **forged).status_code == 400
    other = site.signed_in("archivist")
    assert ask(other, "HEAD", place).status_code == 404
    assert ask(other, "PATCH", place, DATA, Upload_Offset=0, Content_Type=BYTES).status_code == 404
    visitor = site.visitor()
    assert ask(visitor, "HEAD", place).status_code == 401
    assert ask(visitor, "POST", "/uploads", Upload_Length=5).status_code in (400, 401)
    assert (
        ask(site.signed_in("auditor"), "POST", "/uploads", Upload_Length=5, Upload_Metadata="filename YQ==").status_code
        == 403
    )
    assert ask(browser, "HEAD", place).headers["Upload-Offset"] == "0"
    assert list_documents(site.office.house, OWNER)[0] == 0


def test_a_full_disk_is_said_in_the_form_that_needs_no_script(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.signed_in("handler")
    browser.get("/upload")

    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("service.flow.intake.receive.shutil.copyfileobj", full)
        answer = browser.post("/upload", {"files": [(io.BytesIO(DATA), "a.pdf")]})
    assert answer.status_code == 507
    assert "服务器的磁盘满了" in answer.get_data(as_text=True)
    assert list_documents(site.office.house, OWNER)[0] == 0


@pytest.mark.parametrize("full", ["disk", "database"])
def test_a_full_store_says_what_to_do_and_the_file_is_taken_when_there_is_room(
    site: Site, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    browser, house = site.signed_in("handler"), site.office.house
    browser.get("/upload")

    def put(*_args: object) -> None:
        if full == "database":
            raise DatabaseUnavailable("the database does not answer: database or disk is full")
        cause = OSError(errno.ENOSPC, "No space left on device")
        raise StoreUnavailable("the object store cannot be used: No space left on device") from cause

    with monkeypatch.context() as patch:
        patch.setattr(house.vault, "put", put)
        answer = browser.post("/upload", {"files": [(io.BytesIO(DATA), "a.pdf")]})
    assert answer.status_code == 507
    page = answer.get_data(as_text=True)
    assert "服务器的磁盘满了" in page
    assert "请系统管理员腾出地方，腾出来以后再传一次" in page
    assert list_documents(house, OWNER)[0] == 0
    assert browser.post("/upload", {"files": [(io.BytesIO(DATA), "a.pdf")]}).status_code == 303
    assert list_documents(house, OWNER)[0] == 1


def test_a_refusal_speaks_the_readers_language(site: Site) -> None:
    for language, words in (("zh", "不是能收的文件类型"), ("en", "PDF")):
        browser = site.signed_in("handler")
        browser.client.set_cookie("language", language)
        place = begin(browser, 6).headers["Location"]
        answer = ask(browser, "PATCH", place, b"no pdf", Upload_Offset=0, Content_Type=BYTES)
        assert (answer.status_code, answer.get_json()["code"]) == (422, "unsupported")
        assert words in answer.get_json()["error"]
    too_long = begin(browser, site.office.house.settings.max_bytes + 1)
    assert too_long.status_code == 413


def test_who_may_not_open_the_first_copy_is_shown_no_way_to_it(site: Site) -> None:
    house = site.office.house
    first = receive(house, site.office["handler"], DIGITAL, "a.pdf").document_id
    other = people.create_department(house, OWNER, "CG", "采购部")
    site.office.hire("stranger", "handler", department_id=other.id)
    for login, shown in (("stranger", False), ("handler", True)):
        browser = site.signed_in(login)
        browser.get("/upload")
        answer = browser.post("/upload", {"batch": "B-20261125-0a1b2c", "files": [(io.BytesIO(DATA), "b.pdf")]})
        page = browser.get(answer.headers["Location"]).text
        assert (f"/documents/{first}" in page, "请找信用管理员" not in page) == (shown, shown)
        place = begin(browser).headers["Location"]
        last = ask(browser, "PATCH", place, DATA, Upload_Offset=0, Content_Type=BYTES)
        assert (last.headers["Juanzong-Document"], last.headers["Juanzong-Status"]) == (first, "duplicate")
        for told in (last, ask(browser, "HEAD", place)):
            assert told.headers.get("Juanzong-Shut") == (None if shown else "yes")
        headers = {"Accept": "application/json", "X-CSRFToken": browser.token}
        sent = {"batch": "B-20261125-0a1b2c", "files": (io.BytesIO(DATA), "b.pdf")}
        got = browser.client.post("/upload", data=sent, headers=headers).json
        assert (got["status"], "href" in got) == ("duplicate", shown)
