"""The administrator's pages of accounts and departments, and everybody's own page."""

import re

import pytest

from service.access import accounts, people
from service.errors import NotSignedIn
from tests.service.conftest import OWNER
from tests.service.web.conftest import PASSWORD, Site


def test_an_account_is_changed_closed_and_opened_again(site: Site) -> None:
    house, root = site.office.house, site.signed_in("root")
    assert 'href="/people/handler"' in root.get("/people").text
    page = root.get("/people/handler").text
    assert re.search(r'name="roles" value="handler" checked', page)
    typed = {"form": "person", "name": "陈立", "roles": ["operator", "auditor"], "clearance": "secret",
             "department_id": site.office.department_id}  # fmt: skip
    refused = root.post("/people/handler", typed | {"roles": ["administrator", "auditor"], "name": "陈<b>"})
    assert refused.status_code == 422
    assert "系统管理员、安全保密管理员与审计员互不兼任。" in refused.text
    assert 'value="陈&lt;b&gt;"' in refused.text
    assert re.search(r'name="roles" value="auditor" checked', refused.text)
    assert root.post("/people/handler", typed).status_code == 303
    person = accounts.get_person(house, OWNER, "handler")
    assert (person.name, person.roles, person.clearance) == ("陈立", ["auditor", "operator"], "secret")
    handler = site.signed_in("handler")
    token = people.create_token(house, OWNER, "handler", "扫描站")
    page = root.get("/people/handler").text
    assert "扫描站" in page
    assert page.count('name="session"') == 1
    assert root.post("/people/handler/close").status_code == 303
    assert handler.get("/").headers["Location"].startswith("/sign-in")
    with pytest.raises(NotSignedIn):
        people.actor_of_token(house, token)
    page = root.get("/people/handler").text
    assert "停用" in page
    assert "新建令牌" not in page
    opened = root.post("/people/handler/open")
    link = re.search(r"http://[^<]+(/invite/[^<]+)<", opened.text).group(1)
    assert link not in root.get("/people/handler").text  # shown once
    newcomer = site.visitor()
    newcomer.get(link)
    assert newcomer.post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 303


def test_ones_own_rights_are_not_on_offer(site: Site) -> None:
    root = site.signed_in("root")
    page = root.get("/people/root").text
    assert 'name="roles"' not in page
    assert "/people/root/close" not in page
    assert root.post("/people/root", {"form": "person", "name": "褚工", "roles": ["archivist"]}).status_code == 303
    assert accounts.get_person(site.office.house, OWNER, "root").roles == ["administrator"]
    refused = root.post("/people/root/close")
    assert refused.status_code == 409
    assert "不能停用自己，请另一位系统管理员来办。" in refused.text


def test_the_administrator_ends_sessions_and_tokens_of_a_person(site: Site) -> None:
    root, handler = site.signed_in("root"), site.signed_in("handler")
    page = root.get("/people/handler").text
    session = re.search(r'name="session" value="([^"]+)"', page).group(1)
    assert root.post("/people/handler/sessions", {"session": session}).headers["Location"] == "/people/handler"
    assert handler.get("/files").status_code == 303
    made = root.post("/people/handler/tokens", {"form": "token", "name": "扫描站", "days": "30", "scopes": "read"})
    assert made.status_code == 409  # who has a person's token is that person
    token = people.create_token(site.office.house, OWNER, "handler", "扫描站")
    page = root.get("/people/handler").text
    assert "新建令牌" not in page
    token_id = re.search(r'name="token" value="([^"]+)"', page).group(1)
    assert root.post("/people/handler/tokens/revoke", {"token": token_id}).status_code == 303
    with pytest.raises(NotSignedIn):
        people.actor_of_token(site.office.house, token)


@pytest.mark.parametrize("path", ["/people/handler", "/people/handler/link", "/people/handler/close", "/people/handler/open",
                                  "/departments", "/departments/XS/close", "/departments/XS/name"])  # fmt: skip
def test_only_the_administrator_does_any_of_it(site: Site, path: str) -> None:
    browser = site.signed_in("archivist")
    assert browser.post(path, {"name": "x", "code": "ZZ", "roles": "archivist"}).status_code == 403


def test_ones_own_page(site: Site) -> None:
    house = site.office.house
    browser, elsewhere = site.signed_in("handler"), site.signed_in("handler")
    assert 'href="/me"' in browser.get("/").text
    page = browser.get("/me").text
    assert page.count("就是这里") == 1
    assert page.count('name="session"') == 1
    typed = {"form": "password", "old": "not the password", "password": "a new long one", "again": "a new long one"}
    refused = browser.post("/me/password", typed)
    assert refused.status_code == 422
    assert "原来的密码不对" in refused.text
    assert "a new long one" not in refused.text
    unlike = browser.post("/me/password", typed | {"old": PASSWORD, "again": "something else"})
    assert unlike.status_code == 422
    assert "两次输入的密码不一样。" in unlike.text
    assert browser.post("/me/password", typed | {"old": PASSWORD}).status_code == 303
    assert "密码已改" in browser.get("/me").text
    assert elsewhere.get("/me").headers["Location"].startswith("/sign-in")
    assert people.sign_in(house, "handler", "a new long one")
    nameless = browser.post("/people/handler/tokens", {"form": "token", "from": "me", "name": " ", "days": "30"})
    assert nameless.status_code == 422
    typed = {"form": "token", "from": "me", "name": "我的脚本", "days": "30"}
    assert browser.post("/people/handler/tokens", typed).status_code == 422  # to do nothing
    made = browser.post("/people/handler/tokens", typed | {"scopes": ["read", "work"], "networks": "10.0.0.0/8"})
    assert made.status_code == 200
    token = re.search(r"<code class=\"once\">(jz_[^<]+)<", made.text).group(1)
    assert people.actor_of_token(house, token, "10.1.1.1").name == "person:handler"
    assert people.actor_of_token(house, token, "10.1.1.1").scopes == {"read", "work"}
    with pytest.raises(NotSignedIn):
        people.actor_of_token(house, token, "11.1.1.1")
    token_id = re.search(r'name="token" value="([^"]+)"', browser.get("/me").text).group(1)
    done = browser.post("/people/handler/tokens/revoke", {"from": "me", "token": token_id})
    assert done.headers["Location"] == "/me"
    assert browser.post("/people/archivist/tokens", {"from": "me", "name": "x", "days": "30"}).status_code == 403
    assert browser.post("/people/archivist/sessions", {"from": "me", "session": "x"}).status_code == 403


def test_departments_are_created_renamed_closed_and_opened(site: Site) -> None:
    root = site.signed_in("root")
    root.get("/departments")
    assert root.post("/departments", {"form": "department", "code": "fw", "name": "法务部"}).status_code == 422
    assert root.post("/departments", {"form": "department", "code": "FW", "name": "法务部"}).status_code == 303
    assert root.post("/departments/FW/name", {"form": "name-FW", "name": " "}).status_code == 422
    assert root.post("/departments/FW/name", {"form": "name-FW", "name": "法务中心"}).status_code == 303
    assert root.post("/departments/FW/close").status_code == 303
    page = root.get("/departments").text
    assert 'value="法务中心"' in page
    assert "已关闭" in page
    assert "法务中心" not in root.get("/people").text  # not offered to a newcomer
    assert "法务中心" not in site.signed_in("handler").get("/contracts/new").text
    assert "FW" not in re.findall(r"<option[^>]*>([^<]*)", site.signed_in("handler").get("/contracts/new").text)
    assert root.post("/departments/FW/open").status_code == 303
    assert "法务中心" in root.get("/people").text
    assert root.post("/departments/FW/burn").status_code == 422
