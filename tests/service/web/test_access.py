"""Who may see which page, and what every answer carries."""

import os
import re
import tempfile

import pytest

from service.access import people
from service.web import security
from service.web.security import LONGEST_FORM
from tests.service.test_limits import Endless, chunked
from tests.service.web.conftest import PASSWORD, Site, Town

READERS = {"scanner", "handler", "administrator", "archivist", "head"}
# page -> who may open it; everybody else is told why not
ROOMS = {
    "/": READERS | {"auditor", "root"},
    "/upload": READERS - {"head"},
    "/batches": READERS - {"head"},
    "/to-review": READERS - {"head"},
    "/search?q=平台": READERS,
    "/contracts": READERS,
    "/contracts/new": {"handler", "administrator"},
    "/files": READERS,
    "/transfers": READERS,
    "/loans": READERS,
    "/holds": {"administrator", "archivist", "head", "auditor"},
    "/reviews": {"handler", "administrator", "archivist", "head", "auditor"},
    "/register": {"handler", "administrator", "archivist", "head", "auditor"},
    "/customers": READERS,
    "/audit": {"auditor"},
    "/people": {"root"},
    "/people/handler": {"root"},
    "/departments": {"root"},
    "/rights": {"administrator", "archivist", "root"},
    "/me": READERS | {"auditor", "root"},
    "/settings": {"root", "auditor"},
}
EVERYBODY = sorted(READERS | {"auditor", "root"})


@pytest.mark.parametrize("login", EVERYBODY)
def test_each_role_enters_its_rooms_and_no_other(town: Town, login: str) -> None:
    browser = town.signed_in(login)
    got = {path: browser.get(path).status_code for path in ROOMS}
    assert got == {path: 200 if login in who else 403 for path, who in ROOMS.items()}


@pytest.mark.parametrize("login", EVERYBODY)
def test_a_room_that_may_not_be_entered_is_not_shown(town: Town, login: str) -> None:
    browser = town.signed_in(login)
    nav = re.search(r'<nav class="rooms".*?</nav>', browser.get("/").text, re.DOTALL)
    assert nav
    links = re.findall(r'href="(/[^"]*)"', nav.group())
    assert links
    assert [link for link in links if browser.get(link).status_code != 200] == []


def test_what_lies_outside_ones_department_does_not_exist(town: Town) -> None:
    browser = town.signed_in("stranger")
    paths = ("documents/{document}", "documents/{document}/original", "documents/{document}/pages/1.jpg", "files/{file}",
             "contracts/{contract}", "customers/{customer}", "reviews/{review}")  # fmt: skip
    assert {path: browser.get("/" + path.format(**town.ids)).status_code for path in paths} == dict.fromkeys(paths, 404)
    assert "没有找到" in browser.get("/search?q=设备物联监测平台").text


@pytest.mark.parametrize("path", sorted(ROOMS))
def test_without_a_session_every_page_leads_to_the_sign_in(town: Town, path: str) -> None:
    answer = town.visitor().get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


def test_headers_of_a_page(town: Town) -> None:
    answer = town.signed_in("handler").get(f"/documents/{town.ids['document']}")
    headers = answer.headers
    policy = dict(rule.strip().partition(" ")[::2] for rule in headers["Content-Security-Policy"].split(";"))
    ours = ("default-src", "script-src", "style-src", "font-src", "form-action")
    nobodys = ("object-src", "base-uri", "frame-ancestors")
    assert policy == {**dict.fromkeys(ours, "'self'"), **dict.fromkeys(nobodys, "'none'"), "img-src": "'self' data:"}
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_no_page_has_inline_script_or_style_or_anything_foreign(town: Town) -> None:
    for login in ("handler", "archivist", "root", "auditor"):
        browser = town.signed_in(login)
        for path, who in ROOMS.items():
            if login not in who:
                continue
            html = browser.get(path).text
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html), path
            assert not re.search(r"<script(?![^>]*\ssrc=)", html), path
            assert not re.search(r'(?:src|href)="(?:https?:)?//', html), path


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    browser = site.visitor()
    browser.get("/sign-in")
    answer = browser.post("/sign-in", {"login": "handler", "password": PASSWORD})
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("juanzong="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # the tests' address is plain http


def test_cookies_are_secure_where_the_address_is(site: Site) -> None:
    from dataclasses import replace

    from tests.service.web.conftest import open_site

    site.office.house.settings = replace(site.office.house.settings, public_url="https://archive.example")
    browser = open_site(site.office).visitor()
    page = browser.client.get("/sign-in", base_url="https://archive.example")
    browser.token = re.search(r'name="csrf" content="([^"]+)"', page.text).group(1)
    answer = browser.post("/sign-in", {"login": "handler", "password": PASSWORD}, base_url="https://archive.example")
    assert answer.status_code == 303
    assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


def test_no_form_does_anything_without_its_token(site: Site) -> None:
    """Every form that there is, found by its address: a new one needs no row."""
    browser, tried, taken = site.signed_in("administrator"), 0, []
    for rule in site.app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            path, tried = re.sub(r"<(?:\w+:)?\w+>", "1", rule.rule), tried + 1
            answer = browser.client.open(path, method=method, data={"login": "new", "title": "x"})
            if answer.status_code != 400 or "表单的凭证不对" not in answer.text:
                taken.append(f"{method} {path}: {answer.status_code}")
    assert not taken, "\n".join(taken)
    assert tried > 150
    assert people.person_of_session(site.office.house, browser.client.get_cookie("juanzong").value)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "/%0d%0aSet-Cookie:x", "http:evil", ""],
)
def test_no_redirect_leaves_the_site(site: Site, target: str) -> None:
    browser = site.visitor()
    browser.get("/sign-in")
    answer = browser.post("/sign-in", {"login": "handler", "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    assert answer.headers["Location"] in ("/", "/%0d%0aSet-Cookie:x")
    browser.get("/keys")
    switched = browser.post("/language", {"language": "en", "next": target})
    assert switched.headers["Location"] in ("/", "/%0d%0aSet-Cookie:x")


def test_an_unknown_address_and_an_unknown_document_are_told_in_the_shell(town: Town) -> None:
    browser = town.signed_in("handler")
    for path in ("/no-such-page", "/documents/00000000-0000-0000-0000-000000000000", "/files/x", "/reviews/x"):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "主导航" in answer.text or path == "/no-such-page"


def test_a_database_that_is_down_is_said_as_such(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.errors import DatabaseUnavailable
    from service.web.views import ledger

    def down(*_given: object, **_named: object) -> None:
        raise DatabaseUnavailable("the database does not answer: connection refused")

    monkeypatch.setattr(ledger, "list_contracts", down)
    answer = site.signed_in("handler").get("/contracts")
    assert answer.status_code == 503
    assert "后台服务暂时没有回应" in answer.text


def test_the_whole_application_serves_pages_api_and_health(site: Site) -> None:
    from service.settings import load

    os.environ.update(site.office.env)
    try:
        from service.wsgi import make

        app = make(load(site.office.env))
    finally:
        for name in site.office.env:
            os.environ.pop(name)
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/").status_code == 303
    refused = client.post("/api/v1/documents")  # no form token is asked for: a bearer token is
    assert refused.status_code == 401
    assert refused.mimetype == "application/problem+json"
    assert client.get("/api/v1/nothing").mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("how", "status"), [({"CONTENT_LENGTH": str(LONGEST_FORM + 1)}, 413), ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411)]
)
def test_a_form_has_a_length_and_not_a_files_also_a_strangers(site: Site, how: dict[str, str], status: int) -> None:
    """A form is read into memory at once, so that one as long as a file may be would be the end of the process."""
    body = Endless()
    given = {**chunked(body), "HTTP_TRANSFER_ENCODING": "", **how, "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    if "CONTENT_LENGTH" in how:
        del given["HTTP_TRANSFER_ENCODING"]
    answer = site.visitor().client.post("/sign-in", environ_overrides=given)
    assert (answer.status_code, body.given) == (status, 0)


def test_no_body_is_longer_than_a_file_may_be(site: Site) -> None:
    body, most = Endless(), site.office.house.settings.max_bytes + (1 << 20)
    given = {**chunked(body), "CONTENT_LENGTH": str(most + 1), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    del given["HTTP_TRANSFER_ENCODING"]
    assert site.visitor().client.post("/sign-in", environ_overrides=given).status_code == 413
    assert body.given == 0


@pytest.mark.parametrize("path", ["/sign-in", "/language"])
def test_who_is_not_signed_in_leaves_no_file_on_the_disk(site, monkeypatch, path):
    written = []

    class Counted(tempfile.SpooledTemporaryFile):
        def write(self, data):
            written.append(len(data))
            return super().write(data)

    monkeypatch.setattr(security.tempfile, "SpooledTemporaryFile", Counted)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
        + b"x" * LONGEST_FORM
        + b"\r\n--x--\r\n"
    )
    answer = site.visitor().client.post(path, data=body, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, sum(written)) == (413, 0)


def test_a_form_that_was_cut_off_says_so(site):
    body = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\nzho'
    given = {"CONTENT_LENGTH": str(len(body) + 100)}
    kind = "multipart/form-data; boundary=x"
    answer = site.visitor().client.post("/sign-in", data=body, content_type=kind, environ_overrides=given)
    assert (answer.status_code, "表单在路上断了" in answer.text) == (408, True)
