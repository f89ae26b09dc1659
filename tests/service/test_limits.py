"""Whence a request comes and how often: addresses behind proxies, calls a minute, 429 with Retry-After."""

from dataclasses import replace

import pytest
from flask import Flask, Request
from werkzeug.test import EnvironBuilder

from service.access import people
from service.api.app import blueprint
from service.caller import Limiter, address_of
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
    elsewhere = {"REMOTE_ADDR": "10.9.9.9"}
    assert client.get("/api/v1/departments", environ_base=elsewhere).status_code == 401
    assert client.get("/api/v1/departments", headers=good).status_code == 200
