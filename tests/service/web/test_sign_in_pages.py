"""The way in as pages: cookies, the second step, one's own second factor, what the administrator sees of locks and stations."""

import base64
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import numpy as np
import pytest
import zxingcpp

from service.access import accounts, people, second_factor
from service.access.second_factor import STEP, code_at
from service.errors import NotSignedIn
from service.web.app import create_app
from service.web.sessions import COOKIE
from tests.service.conftest import OWNER
from tests.service.web.conftest import PASSWORD, SECRET, Browser, Site

IN = {"login": "handler", "password": PASSWORD}


def test_over_tls_the_cookies_are_bound_to_this_host_and_browsers_keep_to_tls(site: Site) -> None:
    house = site.office.house
    plain = site.visitor().get("/sign-in")
    assert "Strict-Transport-Security" not in plain.headers
    house.settings = replace(house.settings, public_url="https://archive.example")
    browser = Browser(create_app(house, secret=SECRET))
    page = browser.get("/sign-in", base_url="https://archive.example")
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    answer = browser.post("/sign-in", IN, base_url="https://archive.example")
    assert answer.status_code == 303
    set_there = {cookie.partition("=")[0]: cookie for cookie in answer.headers.getlist("Set-Cookie")}
    for cookie in (set_there[f"__Host-{COOKIE}"], page.headers["Set-Cookie"]):
        for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert word in cookie
        assert "Domain" not in cookie
    assert page.headers["Set-Cookie"].startswith("__Host-juanzong_page")
    assert browser.get("/contracts", base_url="https://archive.example").status_code == 200
    left = browser.post("/sign-out", base_url="https://archive.example")
    assert any(c.startswith(f"__Host-{COOKIE}=;") for c in left.headers.getlist("Set-Cookie"))
    assert browser.get("/contracts", base_url="https://archive.example").status_code == 303


def test_signing_in_gives_another_cookie_and_ends_the_one_before(site: Site) -> None:
    browser = site.visitor()
    cookies = []
    for _ in range(2):
        browser.client.delete_cookie("juanzong_page")
        browser.token = ""
        kept = browser.client.get_cookie(COOKIE)
        if kept is not None:  # the page of somebody signed in has no form to sign in
            browser.get("/me")
        assert browser.post("/sign-in", IN).status_code == 303
        cookies.append(browser.client.get_cookie(COOKIE).value)  # type: ignore[union-attr]
    assert cookies[0] != cookies[1]
    with pytest.raises(NotSignedIn):
        people.person_of_session(site.office.house, cookies[0])


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    house, browser = site.office.house, site.signed_in("handler")
    begun = house.clock.now()
    monkeypatch.setattr(house.clock, "now", lambda: begun + timedelta(minutes=30))
    browser.get("/batches/x/progress", headers={"Accept": "application/json"})
    (before,) = accounts.list_sessions(house, OWNER, "handler")
    assert before.seen_at is None
    browser.get("/contracts")
    (after,) = accounts.list_sessions(house, OWNER, "handler")
    assert after.seen_at == begun + timedelta(minutes=30)


def test_too_many_wrong_attempts_are_answered_with_429_and_when_to_come_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.access.throttle.INTO_ANY_ACCOUNT", 2)
    browser = site.visitor()
    for _ in range(2):
        wrong = browser.post("/sign-in", {"login": "nobody", "password": "x"})
        assert wrong.status_code == 401
    answer = browser.post("/sign-in", IN)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    assert "这个地址错得太多" in answer.text
    other = browser.post("/sign-in", IN, headers={"X-Forwarded-For": "10.0.0.9"})  # another sender, by our proxy
    assert other.status_code == 303


def scanned(page: str) -> str:
    """What a phone reads off the picture."""
    path, size = re.search(r'<path d="([^"]+)"', page), re.search(r'viewBox="-4 -4 (\d+)', page)
    assert path
    assert size
    dark = np.full((int(size.group(1)), int(size.group(1))), 255, np.uint8)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)", path.group(1)):
        dark[int(y) + 4, int(x) + 4 : int(x) + 4 + int(width)] = 0
    (found,) = zxingcpp.read_barcodes(np.kron(dark, np.ones((4, 4), np.uint8)))
    return str(found.text)


class Phone:
    """An authenticator that read the picture; every code is of a later half minute than the one before."""

    def __init__(self, site: Site, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
        secret = re.search(r"secret=([A-Z2-7]+)", scanned(page))
        assert secret
        self.secret = base64.b32decode(secret.group(1))
        self.now = site.office.house.clock.now()
        monkeypatch.setattr(site.office.house.clock, "now", lambda: self.now)

    def code(self) -> str:
        self.now += timedelta(seconds=STEP)
        return code_at(self.secret, int(self.now.timestamp()) // STEP)


def test_a_second_factor_is_added_used_and_removed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.signed_in("handler")
    assert 'href="/me/second"' in browser.get("/me").text
    browser.get("/me/second")
    wrong = browser.post("/me/second/begin", {"form": "begin", "password": "not mine"})
    assert wrong.status_code == 422
    assert "<path" not in wrong.text
    page = browser.post("/me/second/begin", {"form": "begin", "password": PASSWORD})
    assert page.status_code == 200
    phone = Phone(site, page.text, monkeypatch)
    assert second_factor.spelled(phone.secret) in page.text  # for typing
    refused = browser.post("/me/second/confirm", {"form": "confirm", "code": "1"})
    assert refused.status_code == 422
    assert scanned(refused.text).endswith(scanned(page.text)[-20:])  # the same picture still
    shown = browser.post("/me/second/confirm", {"form": "confirm", "code": phone.code()})
    codes = re.findall(r"<li>([a-z2-7-]{19})</li>", shown.text)
    assert len(codes) == 10
    assert not re.search(codes[0], browser.get("/me/second").text)  # shown once
    # In another browser the password is half the way.
    fresh = site.visitor()
    half = fresh.post("/sign-in", IN | {"next": "/contracts"})
    assert half.status_code == 200
    assert "输入手机验证器上的 6 位数字" in half.text
    assert fresh.get("/contracts").headers["Location"].startswith("/sign-in")
    page = fresh.get("/sign-in/second?next=/contracts")
    first_cookie = fresh.client.get_cookie(COOKIE).value  # type: ignore[union-attr]
    wrong = fresh.post("/sign-in/second", {"code": "000000x", "next": "/contracts"})
    assert wrong.status_code == 401
    assert "验证码不对" in wrong.text
    entered = fresh.post("/sign-in/second", {"code": phone.code(), "next": "/contracts"})
    assert entered.headers["Location"] == "/contracts"
    assert fresh.client.get_cookie(COOKIE).value != first_cookie  # type: ignore[union-attr]
    assert fresh.get("/contracts").status_code == 200
    renewed = browser.post("/me/second/codes", {"form": "codes", "code": phone.code()})
    assert set(re.findall(r"<li>([a-z2-7-]{19})</li>", renewed.text)).isdisjoint(codes)
    assert browser.post("/me/second/remove", {"form": "remove", "code": codes[0]}).status_code == 422  # void by now
    assert browser.post("/me/second/remove", {"form": "remove", "code": phone.code()}).status_code == 303
    assert site.visitor().post("/sign-in", IN).status_code == 303


def test_a_form_whose_session_ended_is_offered_again_also_after_the_code(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home = site.signed_in("handler")
    at_home.get("/me/second")
    phone = Phone(site, at_home.post("/me/second/begin", {"password": PASSWORD}).text, monkeypatch)
    at_home.post("/me/second/confirm", {"code": phone.code()})
    browser = site.visitor()
    browser.get("/sign-in")
    kept = {"kept.to": "/contracts", "kept-title": "采购合同<b>"}
    half = browser.post("/sign-in", IN | kept)
    assert 'name="kept-title" value="采购合同&lt;b&gt;"' in half.text
    browser.token = re.search(r'name="csrf_token" value="([^"]+)"', half.text).group(1)
    done = browser.post("/sign-in/second", kept | {"code": phone.code()})
    assert 'name="title" value="采购合同&lt;b&gt;"' in done.text


def test_a_role_that_must_have_one_adds_it_on_the_way_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    house = site.office.house
    house.settings = replace(house.settings, second_factor_roles=("handler",))
    browser = site.visitor()
    half = browser.post("/sign-in", IN)
    assert "你的角色须有第二重验证" in half.text
    phone = Phone(site, half.text, monkeypatch)
    assert browser.get("/").status_code == 303
    browser.get("/sign-in/second")
    done = browser.post("/sign-in/second", {"code": phone.code()})
    assert len(re.findall(r"<li>([a-z2-7-]{19})</li>", done.text)) == 10
    assert browser.get("/").status_code == 200
    page = browser.get("/me/second").text
    assert "/me/second/remove" not in page
    assert browser.post("/me/second/remove", {"code": phone.code()}).status_code == 409


def test_giving_up_between_the_password_and_the_code_leaves_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.office.house.settings = replace(site.office.house.settings, second_factor_roles=("all",))
    browser = site.visitor()
    browser.post("/sign-in", IN)
    browser.get("/sign-in/second")
    assert browser.post("/sign-in/leave").headers["Location"] == "/sign-in"
    assert browser.get("/sign-in/second").headers["Location"].startswith("/sign-in")
    browser.get("/sign-in")
    assert browser.post("/sign-in/second", {"code": "1"}).headers["Location"].startswith("/sign-in")


def test_the_administrator_sees_and_ends_a_lock_and_resets_a_second_factor(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, root, handler = site.office.house, site.signed_in("root"), site.signed_in("handler")
    for _ in range(5):
        site.visitor().post(
            "/sign-in", {"login": "handler", "password": "guess"}, headers={"X-Forwarded-For": "10.6.6.6"}
        )
    assert "暂时锁定" in root.get("/people").text
    page = root.get("/people/handler").text
    assert "10.6.6.6" in page
    assert root.post("/people/handler/unlock").headers["Location"] == "/people/handler"
    assert "10.6.6.6" not in root.get("/people/handler").text
    handler.get("/me/second")
    phone = Phone(site, handler.post("/me/second/begin", {"password": PASSWORD}).text, monkeypatch)
    handler.post("/me/second/confirm", {"code": phone.code()})
    assert "/people/handler/second/reset" in root.get("/people/handler").text
    assert root.post("/people/handler/second/reset").status_code == 303
    assert handler.get("/me").status_code == 303
    assert site.visitor().post("/sign-in", IN).status_code == 303
    for path in ("/people/handler/unlock", "/people/handler/second/reset", "/stations", "/people/handler/company"):
        assert site.signed_in("archivist").post(path, {"login": "x", "name": "x", "subject": "x"}).status_code == 403
    assert house.settings.oidc_issuer == ""


def test_a_station_is_made_and_gets_its_token(site: Site) -> None:
    root = site.signed_in("root")
    root.get("/people")
    typed = {"form": "station", "login": "desk1", "name": "前台扫描站", "department_id": site.office.department_id}
    assert root.post("/stations", typed | {"login": "handler"}).status_code == 422
    assert root.post("/stations", typed).headers["Location"] == "/people/desk1"
    page = root.get("/people/desk1").text
    assert "只交件、只看自己的回执" in page
    assert "/people/desk1/link" not in page
    assert 'name="scopes"' not in page
    made = root.post("/people/desk1/tokens", {"form": "token", "name": "前台", "days": "90", "networks": "10.1.0.0/16"})
    token = re.search(r"<code class=\"once\">(jz_[^<]+)<", made.text).group(1)
    actor = people.actor_of_token(site.office.house, token, "10.1.2.3")
    assert (actor.roles, actor.scopes, actor.department_id) == ({"station"}, {"hand_in"}, site.office.department_id)
    bad = root.post("/people/desk1/tokens", {"form": "token", "name": "前台", "days": "90", "networks": "here"})
    assert bad.status_code == 422
    assert "写成 10.1.2.3 或 10.1.0.0/16" in unescape(bad.text)
    assert root.post("/people/desk1", {"form": "person", "name": "二楼", "department_id": ""}).status_code == 303
    person = accounts.get_person(site.office.house, OWNER, "desk1")
    assert (person.name, person.department_id, person.roles) == ("二楼", None, ["station"])
    assert "10.1.0.0/16" in root.get("/people/desk1").text


@pytest.mark.parametrize(
    ("asked", "chinese"),
    [
        ("en-GB,en;q=0.9,zh;q=0.5", False),
        ("zh-CN,zh;q=0.9,en;q=0.8", True),
        ("fr-FR", True),
        (";;q=x,", True),
        (None, True),
    ],
)
def test_a_visitor_reads_the_language_the_browser_asks_for(site: Site, asked: str | None, chinese: bool) -> None:
    headers = {"Accept-Language": asked} if asked else {}
    visitor = site.visitor()
    assert ("<h1>卷宗</h1>" in visitor.get("/sign-in", headers=headers).text) is chinese
    visitor.post("/language", {"language": "en" if chinese else "zh"}, headers=headers)
    assert (
        "<h1>卷宗</h1>" in visitor.get("/sign-in", headers=headers).text
    ) is not chinese  # the switch has the last word
    handler = site.signed_in("handler")
    assert 'lang="zh-CN"' in handler.get("/", headers=headers).text  # and the account, for whoever signed in


def test_the_one_time_link_can_be_read_in_either_language(site: Site) -> None:
    link = f"/invite/{people.renew_invitation(site.office.house, OWNER, 'handler')}"
    newcomer = site.visitor()
    page = newcomer.get(link)
    assert "新密码" in page.text
    assert f'name="next" value="{link}"' in page.text
    assert newcomer.post("/language", {"language": "en", "next": link}).headers["Location"] == link
    assert "New password" in newcomer.get(link).text
    assert newcomer.post(link, {"password": "short", "again": "short"}).status_code == 422
