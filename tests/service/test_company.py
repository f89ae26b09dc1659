"""The company's sign-in: the whole way there and back with a real OpenID provider, and everything that must not be believed."""

import hashlib
import json
import re
import socket
import subprocess
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
import requests
from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import func, select
from werkzeug.serving import make_server

from service.access import company, people
from service.access.oidc import Provider
from service.access.sessions import Visitor
from service.errors import BadInput, CompanySignInUnavailable, NotAllowed, NotFound, NotSignedIn, RuleRefused
from service.records.tables import AuditEntry, CompanySignIn, WebSession
from service.web.sessions import COOKIE
from tests.service.conftest import OWNER, Office
from tests.service.web.conftest import PASSWORD, Browser, Site, open_site

CLIENT, SECRET = "juanzong", "a-secret-of-the-tests-with-enough-letters"
_SERVE = Path(__file__).parents[1] / "servers" / "oidc" / "provider.mjs"


def use(office: Office, issuer: str, tmp_path: Path, **more: Any) -> None:
    """Let an archive use the provider at `issuer`."""
    secret_file = tmp_path / "oidc-secret"
    secret_file.write_text(SECRET + "\n")
    house = office.house
    house.settings = replace(
        house.settings,
        oidc_issuer=issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret_file=secret_file,
        oidc_name="公司统一登录",
        **more,
    )
    house.__dict__.pop("company_sign_in", None)


# A real provider -----------------------------------------------------------------------------------------------------


@pytest.fixture
def real(oidc_provider: Path, embedded: Office, tmp_path: Path) -> Iterator[Site]:
    """The pages of an archive that uses a real provider."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = embedded.house.settings.base_url
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [f"{base}/sign-in/company/back"],
        "post_logout_redirect_uris": [f"{base}/sign-in"],
    }
    process = subprocess.Popen(
        ["node", str(_SERVE), str(port), json.dumps(client), str(oidc_provider)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()  # it says so when it listens
        assert said.strip() == "ready", said
        use(embedded, f"http://127.0.0.1:{port}", tmp_path)
        people.set_password(embedded.house, people.renew_invitation(embedded.house, OWNER, "handler"), PASSWORD)
        yield open_site(embedded)
    finally:
        process.terminate()
        process.wait(timeout=120)
        if process.stdout is not None:
            process.stdout.close()


class Elsewhere:
    """The same browser at the provider: it keeps its cookies, follows its redirects and fills in its forms."""

    def __init__(self, base: str, login: str) -> None:
        self._base, self._login, self._session = base, login, requests.Session()

    def go(self, address: str) -> str:
        """Go on until the provider sends the browser back; returns the path and query there."""
        answer = self._session.get(address, allow_redirects=False, timeout=120)
        for _ in range(20):
            if answer.is_redirect:
                address = urljoin(address, answer.headers["Location"])
                if address.startswith(self._base):
                    return address.removeprefix(self._base)
                answer = self._session.get(address, allow_redirects=False, timeout=120)
                continue
            assert answer.status_code == 200, answer.text
            form = re.search(r"<form.*?</form>", answer.text, re.DOTALL)
            assert form, answer.text
            action = re.search(r'action="([^"]+)"', form.group())
            assert action
            fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form.group()))
            address = urljoin(address, unescape(action.group(1)))
            data = {**fields, "login": self._login, "password": "whatever"}
            answer = self._session.post(address, data, allow_redirects=False, timeout=120)
        raise AssertionError("it never came back")


def test_a_person_links_their_account_signs_in_with_it_and_out_of_both(real: Site) -> None:
    house = real.office.house
    elsewhere = Elsewhere(house.settings.base_url, "E-1001")
    at_home = real.signed_in("handler")
    assert "关联我在公司统一登录的账户" in at_home.get("/me").text
    back = elsewhere.go(at_home.get("/me/company").headers["Location"])
    assert at_home.get(back).headers["Location"] == "/me"
    page = at_home.get("/me").text
    assert "已关联公司账户。" in page
    assert "E-1001" in page
    # Now without the password, in another browser, and to the page that was asked for.
    fresh = real.visitor()
    page = fresh.get("/sign-in?next=/contracts").text
    assert "使用公司统一登录" in page
    link = unescape(re.search(r'href="(/sign-in/company\?[^"]+)"', page).group(1))
    sent = fresh.get(link)
    query = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))
    assert (query["response_type"], query["code_challenge_method"], query["scope"]) == ("code", "S256", "openid")
    assert len(query["state"]) > 40
    assert len(query["nonce"]) > 40
    assert len(query["code_challenge"]) == 43
    back = elsewhere.go(sent.headers["Location"])
    entered = fresh.get(back)
    assert entered.headers["Location"] == "/contracts"
    assert fresh.get("/contracts").status_code == 200
    assert "公司账户" in fresh.get("/me").text
    # What came back once does not count again, here or elsewhere.
    again = fresh.get(back)
    assert again.status_code == 401
    assert "这次公司登录已经结束" in again.text
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(CompanySignIn)) == 0
        assert session.scalar(select(func.count()).where(WebSession.method == "company")) == 1
    # Out here, and out there.
    left = fresh.post("/sign-out")
    page = fresh.get(left.headers["Location"]).text
    leaving = unescape(re.search(r'href="(http://127[^"]+)"', page).group(1))
    assert dict(parse_qsl(urlsplit(leaving).query))["post_logout_redirect_uri"] == f"{house.settings.base_url}/sign-in"
    assert elsewhere.go(leaving).startswith("/sign-in")
    assert fresh.get("/contracts").status_code == 303


def test_whom_nobody_linked_is_told_what_to_do_and_gets_nothing(real: Site) -> None:
    house, browser = real.office.house, real.visitor()
    elsewhere = Elsewhere(house.settings.base_url, "E-2002")
    refused = browser.get(elsewhere.go(browser.get("/sign-in/company").headers["Location"]))
    assert refused.status_code == 401
    assert "E-2002" in refused.text
    assert "没有关联" in refused.text
    assert browser.get("/").status_code == 303
    company.link(house, OWNER, "handler", "E-2002")
    entered = browser.get(elsewhere.go(browser.get("/sign-in/company").headers["Location"]))
    assert entered.headers["Location"] == "/"
    people.disable(house, OWNER, "handler")
    assert browser.get("/").status_code == 303
    shut = browser.get(elsewhere.go(browser.get("/sign-in/company").headers["Location"]))
    assert shut.status_code == 401
    assert "停用" in shut.text


def test_what_one_browser_began_no_other_ends(real: Site) -> None:
    house, thief, victim = real.office.house, real.visitor(), real.visitor()
    company.link(house, OWNER, "handler", "E-1001")
    victim.get("/sign-in/company")
    back = Elsewhere(house.settings.base_url, "E-1001").go(thief.get("/sign-in/company").headers["Location"])
    assert victim.get(back).status_code == 401
    assert victim.get("/").status_code == 303
    assert thief.get(back).headers["Location"] == "/"


# A provider that says whatever a test wants -----------------------------------------------------------------------------


@dataclass
class Crooked:
    """A provider that is one, but for what a test changes. alter: changes the claims, the header and the key of an ID token."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    published: list[RSAKey] = field(default_factory=list)
    alter: Callable[[dict[str, Any], dict[str, Any]], RSAKey | None] = lambda _claims, _header: None
    described: dict[str, Any] = field(default_factory=dict)
    token_answer: tuple[dict[str, Any], int] | None = None
    challenge: str = ""
    nonce: str = ""
    seen: list[str] = field(default_factory=list)

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "E-1001", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.nonce}
        header = {"alg": "RS256", "kid": "one"}
        key = self.alter(claims, header) or self.key
        return jwt.encode(header, claims, key)


@pytest.fixture
def crooked(embedded: Office, tmp_path: Path) -> Iterator[Crooked]:
    crooked, app = Crooked(), Flask("crooked")
    crooked.published = [crooked.key]

    @app.get("/.well-known/openid-configuration")
    def describe() -> Any:
        crooked.seen.append("description")
        names = {name: f"{crooked.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        return jsonify({"issuer": crooked.issuer, **names} | crooked.described)

    @app.get("/jwks_uri")
    def keys() -> Any:
        crooked.seen.append("keys")
        return jsonify(keys=[key.as_dict(private=False) for key in crooked.published])

    @app.post("/token_endpoint")
    def token() -> Any:
        assert request.authorization is not None
        assert (request.authorization.username, request.authorization.password) == (CLIENT, SECRET)
        made = urlsafe_b64encode(hashlib.sha256(request.form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        assert made == crooked.challenge
        if crooked.token_answer is not None:
            return crooked.token_answer
        return {"access_token": "x", "token_type": "Bearer", "id_token": crooked.token()}

    server = make_server("127.0.0.1", 0, app, threaded=True)
    crooked.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    use(embedded, crooked.issuer, tmp_path)
    company.link(embedded.house, OWNER, "handler", "E-1001")
    yield crooked
    server.shutdown()
    thread.join()
    server.server_close()


def attempt(office: Office, crooked: Crooked, **answer: str) -> str:
    """Go there and back; returns the secret of the session."""
    address, browser = company.set_out(office.house, "/")
    query = dict(parse_qsl(urlsplit(address).query))
    crooked.nonce, crooked.challenge = query["nonce"], query["code_challenge"]
    given = {"code": "c", "state": query["state"]} | answer
    claims, _target, _person = company.come_back(office.house, browser, given)
    return company.enter(office.house, claims, Visitor("10.0.0.1", "Firefox"))


def test_what_is_right_is_believed(embedded, crooked):
    assert people.actor_of_session(embedded.house, attempt(embedded, crooked)).name == "person:handler"
    attempt(embedded, crooked, iss=crooked.issuer)
    assert crooked.seen == ["description", "keys"]  # kept, not asked for each time


def changed(**claims: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def alter(given: dict[str, Any], _header: dict[str, Any]) -> None:
        given.update(claims)
        for name in [name for name, value in claims.items() if value is None]:
            del given[name]

    return alter


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://other.example"}, "it is of another issuer"),
        ({"aud": "another program"}, "it is meant for another program"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "it is meant for another program"),
        ({"nonce": "of another attempt"}, "it belongs to another attempt"),
        ({"nonce": None}, "it belongs to another attempt"),
        ({"exp": 1_000_000_000, "iat": 999_999_000}, "it has expired"),
        ({"exp": None}, "its exp is wrong or missing"),
        ({"nbf": 9_999_999_999}, "it is of another time"),
        ({"sub": None}, "its sub is wrong or missing"),
        ({"sub": ""}, ""),
        ({"sub": 17}, ""),
        ({"sub": "x" * 256}, "it does not say who it is"),
        ({"at_hash": "AAAA"}, "it belongs to another answer"),
    ],
)
def test_an_id_token_that_does_not_hold_is_refused(embedded, crooked, claims, why):
    crooked.alter = changed(**claims)
    with pytest.raises(NotSignedIn, match="an ID token that does not hold: .*" + re.escape(why)):
        attempt(embedded, crooked)


def test_a_signature_that_is_none_of_the_providers_is_refused(embedded, crooked):
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    crooked.alter = lambda _claims, _header: stranger
    with pytest.raises(NotSignedIn, match="its signature is wrong"):
        attempt(embedded, crooked)
    crooked.alter = lambda _claims, header: header.update(kid="two")
    with pytest.raises(NotSignedIn, match="it is signed with an unknown key"):
        attempt(embedded, crooked)
    assert crooked.seen.count("keys") == 1  # nobody makes us ask for the keys again and again


def test_a_key_that_is_new_is_fetched(embedded, crooked, monkeypatch):
    attempt(embedded, crooked)
    newer = RSAKey.generate_key(2048, {"kid": "two"})
    crooked.published = [crooked.key, newer]

    def alter(_claims: dict[str, Any], header: dict[str, Any]) -> RSAKey:
        header["kid"] = "two"
        return newer

    crooked.alter = alter
    monkeypatch.setattr("service.access.oidc._KEYS_AGAIN", -1.0)
    assert attempt(embedded, crooked)
    assert crooked.seen.count("keys") == 2


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}])
def test_a_token_without_an_asymmetric_signature_is_refused(embedded, crooked, header, monkeypatch):
    def part(value: dict[str, Any]) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    def forged() -> str:
        now = int(time.time())
        claims = {"iss": crooked.issuer, "sub": "E-1001", "aud": CLIENT, "iat": now, "exp": now + 300}
        return f"{part(header | {'kid': 'one'})}.{part(claims | {'nonce': crooked.nonce})}."

    monkeypatch.setattr(crooked, "token", forged)
    with pytest.raises(NotSignedIn, match="its signature is wrong"):
        attempt(embedded, crooked)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"error": "access_denied"}, "refused: access_denied"),
        ({"error": "<script>alert(1)</script>"}, "refused: scriptalert1script$"),
        ({"iss": "https://other.example"}, "it is of another issuer"),
        ({"code": ""}, "it has no code"),
        ({"state": "made up"}, "this attempt at the company's sign-in is over"),
    ],
)
def test_an_answer_that_does_not_hold_is_refused(embedded, crooked, answer, why):
    with pytest.raises(NotSignedIn, match=why):
        attempt(embedded, crooked, **answer)


def test_an_answer_counts_once_and_in_time(embedded, crooked, monkeypatch):
    address, browser = company.set_out(embedded.house, "/")
    query = dict(parse_qsl(urlsplit(address).query))
    crooked.nonce, crooked.challenge = query["nonce"], query["code_challenge"]
    answer = {"code": "c", "state": query["state"]}
    company.come_back(embedded.house, browser, answer)
    with pytest.raises(NotSignedIn, match="is over"):
        company.come_back(embedded.house, browser, answer)
    _address, browser = company.set_out(embedded.house, "/")
    query = dict(parse_qsl(urlsplit(_address).query))
    later = embedded.house.clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(embedded.house.clock, "now", lambda: later)
    with pytest.raises(NotSignedIn, match="is over"):
        company.come_back(embedded.house, browser, {"code": "c", "state": query["state"]})


def test_what_the_provider_refuses_or_cannot_say_is_told_apart(embedded, crooked):
    crooked.token_answer = ({"error": "invalid_grant"}, 400)
    with pytest.raises(NotSignedIn, match="refused: invalid_grant"):
        attempt(embedded, crooked)
    crooked.token_answer = ({}, 200)
    with pytest.raises(NotSignedIn, match="an ID token that does not hold"):
        attempt(embedded, crooked)
    crooked.described = {"issuer": "https://other.example"}
    embedded.house.__dict__.pop("company_sign_in")
    with pytest.raises(CompanySignInUnavailable, match="another issuer"):
        attempt(embedded, crooked)
    crooked.described = {"token_endpoint": "ftp://elsewhere.example/token"}
    with pytest.raises(CompanySignInUnavailable, match="token_endpoint"):
        attempt(embedded, crooked)


def test_a_provider_that_is_down_leaves_the_password_way_open(embedded, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        use(embedded, f"http://127.0.0.1:{free.getsockname()[1]}", tmp_path)
        people.set_password(embedded.house, people.renew_invitation(embedded.house, OWNER, "handler"), PASSWORD)
        browser = open_site(embedded).visitor()
        down = browser.get("/sign-in/company")
        assert down.status_code == 503
        assert "没有回应" in down.text
        assert browser.post("/sign-in", {"login": "handler", "password": PASSWORD}).status_code == 303


def test_who_links_whom(embedded, crooked):
    house = embedded.house
    root = embedded.hire("root", "administrator")
    with pytest.raises(RuleRefused, match="somebody else"):
        company.link(house, root, "archivist", "E-1001")
    with pytest.raises(RuleRefused, match="another administrator"):
        company.link(house, root, "root", "E-9")
    with pytest.raises(NotAllowed):
        company.link(house, embedded["archivist"], "archivist", "E-9")
    with pytest.raises(BadInput):
        company.link(house, root, "archivist", " ")
    with pytest.raises(NotFound):
        company.link(house, root, "nobody", "E-9")
    with pytest.raises(NotAllowed):
        company.linked(house, embedded["archivist"], "handler")
    with pytest.raises(RuleRefused, match="no way in"):  # there is no password
        company.unlink(house, embedded["handler"], "handler", "E-1001")
    session = attempt(embedded, crooked)
    company.unlink(house, root, "handler", "E-1001")
    company.unlink(house, root, "handler", "E-1001")
    with pytest.raises(NotSignedIn):
        people.actor_of_session(house, session)
    with pytest.raises(company.NotLinked):
        attempt(embedded, crooked)
    with house.database.read() as reading:
        actions = list(reading.scalars(select(AuditEntry.action).where(AuditEntry.action.like("identity.%"))))
    assert actions == ["identity.link", "identity.unlink"]


def test_a_stranger_who_came_back_links_nothing(embedded, crooked):
    site = open_site(embedded)
    one, other = site.signed_in("archivist"), site.signed_in("head")
    query = dict(parse_qsl(urlsplit(one.get("/me/company").headers["Location"]).query))
    crooked.nonce, crooked.challenge = query["nonce"], query["code_challenge"]
    crooked.alter = changed(sub="E-7")
    way = one.client.get_cookie("juanzong_way")
    assert way is not None
    other.client.set_cookie("juanzong_way", way.value)
    back = "/sign-in/company/back?" + urlencode({"code": "c", "state": query["state"]})
    assert other.get(back).status_code == 401
    assert company.linked(embedded.house, embedded["head"], "head") == []
    assert company.linked(embedded.house, embedded["archivist"], "archivist") == []


def test_roles_stay_ours_and_a_strong_sign_in_there_is_enough_here(embedded, crooked):
    house = embedded.house
    house.settings = replace(house.settings, second_factor_roles=("handler",))
    crooked.alter = changed(roles=["administrator"], email="root@example.com", amr=["pwd"])
    with pytest.raises(NotSignedIn):  # a second factor is still wanted
        people.actor_of_session(house, attempt(embedded, crooked))
    crooked.alter = changed(roles=["administrator"], amr=["pwd", "otp"])
    assert people.actor_of_session(house, attempt(embedded, crooked)).roles == {"handler"}


def test_there_is_no_such_way_where_the_settings_have_none(embedded):
    browser: Browser = open_site(embedded).visitor()
    assert "/sign-in/company" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/company").status_code == 404
    assert COOKIE not in {cookie.key for cookie in browser.client._cookies.values()}
    with pytest.raises(NotFound):
        company.provider(embedded.house)


def test_a_public_client_sends_no_secret() -> None:
    provider = Provider("http://127.0.0.1:1", CLIENT, None, "http://127.0.0.1/back")
    assert provider._client().token_endpoint_auth_method == "none"
