"""Whence a request comes and how often: addresses behind proxies, calls a minute, 429 with Retry-After."""

from dataclasses import replace

import pytest
from flask import Flask, Request
from werkzeug.test import EnvironBuilder

from service.access import people
from service.api.app import blueprint
from service.caller import Limiter, Tallies, address_of
from service.errors import TooManyRequests
from tests.service.conftest import OWNER


def request(peer: str, *forwarded: str) -> Request:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    return Request(EnvironBuilder(headers=headers, environ_base={"REMOTE_ADDR": peer}).get_environ())


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("10.1.1.1", (), 0, "10.1.1.1"),
        ("10.1.1.1", ("6.6.6.6",), 0, "10.1.1.1"),  # anybody can write that
        ("127.0.0.1", ("6.6.6.6, 10.2.2.2",), 0, "10.2.2.2"),  # our proxy on this machine heard 10.2.2.2
        ("::1", ("10.2.2.2",), 0, "10.2.2.2"),
        ("10.1.1.1", ("6.6.6.6, 10.2.2.2",), 1, "10.2.2.2"),
        ("10.1.1.1", ("6.6.6.6, 10.2.2.2, 10.3.3.3",), 2, "10.2.2.2"),
        ("10.1.1.1", ("6.6.6.6", "10.2.2.2, 10.3.3.3"), 2, "10.2.2.2"),
        ("10.1.1.1", ("10.2.2.2",), 5, "10.2.2.2"),
        ("10.1.1.1", ("not an address",), 1, "10.1.1.1"),
        ("10.1.1.1", ("[2001:db8::1]",), 1, "2001:db8::1"),
    ],
)
def test_the_address_is_the_one_our_own_proxy_heard(peer, forwarded, proxies, address):
    assert address_of(request(peer, *forwarded), proxies) == address


def test_a_limiter_lets_so_many_through_and_says_when_the_next_one_is_taken():
    now = [1000.0]
    limiter = Limiter(30, clock=lambda: now[0])
    for _ in range(30):
        limiter.demand("a")
    with pytest.raises(TooManyRequests) as refused:
        limiter.demand("a")
    assert refused.value.retry_after == 2
    limiter.demand("b")  # another key has its own
    now[0] += 1.9
    with pytest.raises(TooManyRequests):
        limiter.demand("a")
    now[0] += 0.1
    limiter.demand("a")
    with pytest.raises(TooManyRequests):
        limiter.demand("a")
    now[0] += 60
    for _ in range(30):
        limiter.demand("a")


def test_a_clock_that_was_put_back_makes_nobody_wait():
    now = [9_000_000.0]
    limiter = Limiter(2, clock=lambda: now[0])
    for moment in (9_000_000.0, 1000.0, 9_000_000.0):
        now[0] = moment
        limiter.demand("a")
        limiter.demand("a")
        with pytest.raises(TooManyRequests):
            limiter.demand("a")


def test_all_processes_of_a_machine_count_together(tmp_path):
    """Four processes call as fast as they can with one token: together they get as many calls through as one may."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    path = tmp_path / "calls"
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        passed = list(pool.map(_calls, [path] * 4))
    assert sum(passed) == 100
    assert sum(n > 0 for n in passed) >= 1
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(TooManyRequests):
        Limiter(100, Tallies(path), kind="token", clock=lambda: 1000.0).demand("a")
    Limiter(100, Tallies(path), kind="address", clock=lambda: 1000.0).demand("a")  # another kind is another key


def _calls(path) -> int:
    limiter, passed = Limiter(100, Tallies(path), kind="token", clock=lambda: 1000.0), 0
    for _ in range(100):
        try:
            limiter.demand("a")
            passed += 1
        except TooManyRequests:
            pass
    return passed


def test_very_many_keys_make_the_count_lenient_and_never_strict():
    limiter = Limiter(1, clock=lambda: 1000.0)
    for number in range(20_000):
        limiter.demand(f"2001:db8:{number:x}::")


def test_a_file_that_cannot_be_used_is_done_without(tmp_path, monkeypatch):
    def refuses(*_given):
        raise OSError("no locks available")

    for path in (tmp_path / "no folder" / "calls", tmp_path):
        limiter = Limiter(1, Tallies(path), clock=lambda: 1000.0)
        limiter.demand("a")
        with pytest.raises(TooManyRequests):
            limiter.demand("a")
    limiter = Limiter(1, Tallies(tmp_path / "calls"), clock=lambda: 1000.0)
    monkeypatch.setattr("service.caller.fcntl.lockf", refuses)
    limiter.demand("a")
    with pytest.raises(TooManyRequests):
        limiter.demand("a")


def test_no_limit_is_none():
    limiter = Limiter(0)
    for _ in range(1000):
        limiter.demand("a")


@pytest.fixture
def client(embedded):
    embedded.house.settings = replace(embedded.house.settings, api_per_minute=3)
    app = Flask("test")
    app.register_blueprint(blueprint(embedded.house))
    return app.test_client()


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_that_calls_too_often_waits_and_others_do_not(client, embedded):
    one, two = (bearer(people.create_token(embedded.house, OWNER, "handler", name)) for name in ("one", "two"))
    for _ in range(3):
        assert client.get("/api/v1/departments", headers=one).status_code == 200
    answer = client.get("/api/v1/departments", headers=one)
    assert (answer.status_code, answer.content_type) == (429, "application/problem+json")
    assert 1 <= int(answer.headers["Retry-After"]) <= 20
    assert "slow down" in answer.get_json()["title"]
    assert client.get("/api/v1/departments", headers=two).status_code == 200


def test_whoever_guesses_tokens_is_slowed_down_and_who_has_one_is_not(embedded, monkeypatch):
    monkeypatch.setattr("service.api.operations.STRANGERS_PER_MINUTE", 3)
    app = Flask("test")
    app.register_blueprint(blueprint(embedded.house))
    client = app.test_client()
    good = bearer(people.create_token(embedded.house, OWNER, "handler", "good"))
    for number in range(3):
        assert client.get("/api/v1/departments", headers=bearer(f"jz_{number}")).status_code == 401
    assert client.get("/api/v1/departments", headers=bearer("jz_more")).status_code == 429
    assert client.get("/api/v1/departments").status_code == 429
    for number in range(3):  # one sender of IPv6 has all addresses of a network
        sender = {"REMOTE_ADDR": f"2001:db8::{number}"}
        assert client.get("/api/v1/departments", environ_base=sender).status_code == 401
    assert client.get("/api/v1/departments", environ_base={"REMOTE_ADDR": "2001:db8::99"}).status_code == 429
    elsewhere = {"REMOTE_ADDR": "10.9.9.9"}
    assert client.get("/api/v1/departments", environ_base=elsewhere).status_code == 401
    assert client.get("/api/v1/departments", headers=good).status_code == 200


def test_two_web_processes_take_no_more_from_a_token_than_one(embedded):
    embedded.house.settings = replace(embedded.house.settings, api_per_minute=3)
    token = bearer(people.create_token(embedded.house, OWNER, "handler", "one"))
    said = []
    for _ in range(2):  # each makes what a process makes when it starts
        app = Flask("test")
        app.register_blueprint(blueprint(embedded.house))
        said += [app.test_client().get("/api/v1/departments", headers=token).status_code for _ in range(3)]
    assert said == [200, 200, 200, 429, 429, 429]


class Endless:
    """A body that never ends; says how much of it was read."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        piece = b"a" * (size if 0 <= size <= 1 << 16 else 1 << 16)
        self.given += len(piece)
        assert self.given < 16 << 20, "it is read for ever"
        return piece

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def chunked(body: Endless) -> dict[str, object]:
    """What a server says of a body that comes in chunks and has no length."""
    return {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


def test_no_more_of_a_json_body_is_read_than_is_taken(client, embedded):
    token = bearer(people.create_token(embedded.house, OWNER, "handler", "one"))
    body, more = Endless(), {"headers": token, "content_type": "application/json"}
    answer = client.post("/api/v1/contracts", environ_overrides=chunked(body), **more)
    assert (answer.status_code, "larger than" in answer.get_json()["title"]) == (422, True)
    assert body.given <= 2 << 20
    answer = client.post("/api/v1/contracts", data=b" " * ((1 << 20) + 1), **more)
    assert (answer.status_code, "larger than" in answer.get_json()["title"]) == (422, True)
