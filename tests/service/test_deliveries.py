"""Deliveries (RULES A4.3): signed webhooks and e-mails to real receivers that answer, refuse, hang and vanish; nothing is lost or told twice."""

import hashlib
import hmac
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from service.bootstrap import build
from service.clock import Clock
from service.errors import BadInput, BadSetting, RuleRefused
from service.flow.credit import blocks, deliveries, send_webhook, warning_settings
from service.flow.credit.deliveries import Answer, send_due
from service.flow.credit.send_mail import Mailer, message_of
from service.records.tables import AuditEntry, Delivery, DeliveryAttempt
from service.settings import load
from service.worker_credit import Sending, watched
from tests.servers import plans
from tests.service.conftest import Office, embedded_env, open_office
from tests.service.test_warnings import a_customer, bring, invoice

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
SECRET = b"a secret of the two systems"


@pytest.fixture
def clock(monkeypatch):
    moved = SimpleNamespace(now=NOW)
    monkeypatch.setattr(Clock, "now", lambda _self: moved.now)
    return moved


class Receiver:
    """A webhook's receiver: answers with `status` in turn, and keeps what it got."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                status = receiver.answers.pop(0) if receiver.answers else 204
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://localhost:{self.server.server_address[1]}/credit"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def office_with(tmp_path: Path, **more: str) -> Office:
    secret = tmp_path / "webhook.secret"
    secret.write_bytes(SECRET + b"\n")
    if "JUANZONG_WEBHOOKS" in more:
        more["JUANZONG_WEBHOOK_SECRET_FILE"] = str(secret)
    plain = open_office(embedded_env(tmp_path / "home"))
    plain.house.database.dispose()
    house = build(load({**plain.env, **more}))
    house.clock.move_to(plain.house.clock.today())
    plain.house = house
    return plain


@pytest.fixture
def hooked(tmp_path: Path, receiver: Receiver, clock) -> Iterator[Office]:
    """An office that tells one webhook."""
    office = office_with(tmp_path, JUANZONG_WEBHOOKS=receiver.url)
    yield office
    office.house.database.dispose()


def push(office: Office) -> int:
    house = office.house
    return send_due(house, "webhook", lambda delivery: send_webhook.send(house, delivery))


def of_channel(office: Office, channel: str) -> list[Delivery]:
    with office.house.database.read() as session:
        query = select(Delivery).where(Delivery.channel == channel)
        return list(session.scalars(query.order_by(Delivery.created_at, Delivery.id)))


def tries(office: Office, delivery: Delivery) -> list[str]:
    with office.house.database.read() as session:
        query = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery.id)
        return [row.answer for row in session.scalars(query.order_by(DeliveryAttempt.at, DeliveryAttempt.id))]


def test_a4_3_a_block_and_a_warning_reach_the_webhook_signed(hooked: Office, receiver: Receiver):
    customer_id = a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-01-31"))
    assert push(hooked) == 2
    told = {}
    for headers, body in receiver.got:
        stamp, _, signed = headers["Juanzong-Signature"].partition(",v1=")
        seconds = stamp.removeprefix("t=")
        assert int(seconds) == int(NOW.timestamp())
        expected = hmac.new(SECRET, seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(signed, expected)
        value = json.loads(body)
        assert headers["Idempotency-Key"] == value["id"]
        told[value["event"]] = value
    assert set(told) == {"warning.opened", "credit.blocked"}
    assert told["credit.blocked"]["credit"] == {"blocked": True, "reason": "逾期 298 天"}
    assert told["warning.opened"]["warning"]["severity"] == "high"
    assert told["credit.blocked"]["customer"]["id"] == customer_id
    assert push(hooked) == 0
    assert all(row.state == "sent" for row in of_channel(hooked, "webhook"))
    with hooked.house.database.read() as session:
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("delivery"))))
    assert actions == ["delivery.sent", "delivery.sent"]


def test_an_answer_of_500_a_redirect_and_a_closed_door_are_tried_again_with_growing_pauses(
    hooked: Office, receiver: Receiver, clock
):
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    receiver.answers = [500, 302, 503]
    waits = []
    for _ in range(3):
        assert push(hooked) == 1
        assert push(hooked) == 0
        (row,) = of_channel(hooked, "webhook")
        waits.append((row.next_at - clock.now).total_seconds())
        clock.now = row.next_at
    assert waits == [5, 10, 20]
    assert push(hooked) == 1
    assert len({headers["Idempotency-Key"] for headers, _body in receiver.got}) == 1
    assert len({body for _headers, body in receiver.got}) == 1
    (row,) = of_channel(hooked, "webhook")
    assert (row.state, row.attempts) == ("sent", 4)
    assert tries(hooked, row) == ["HTTP 500", "HTTP 302", "HTTP 503", "HTTP 204"]


def test_a_target_that_hangs_is_left_after_a_moment(tmp_path: Path, clock, monkeypatch):
    monkeypatch.setattr(send_webhook, "SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        office = office_with(tmp_path, JUANZONG_WEBHOOKS=f"http://127.0.0.1:{mute.getsockname()[1]}/")
        a_customer(office)
        bring(office, invoice("F1", "东方贸易有限公司", "2026-10-01"))
        assert push(office) == 1
        (row,) = of_channel(office, "webhook")
        assert row.state == "waiting"
        assert "TimeoutError" in tries(office, row)[0]
        assert deliveries.inbox_of(office.house, office["handler"])[0] == 1  # everybody else was told all the same
        office.house.database.dispose()


def test_whoever_dribbles_is_left_too(tmp_path: Path, clock, monkeypatch):
    monkeypatch.setattr(send_webhook, "WHOLE", 0.3)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def dribble() -> None:
            peer, _ = slow.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\n")
                while not stop.wait(0.05):
                    try:
                        peer.sendall(b"X-More: y\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=dribble)
        thread.start()
        office = office_with(tmp_path, JUANZONG_WEBHOOKS=f"http://127.0.0.1:{slow.getsockname()[1]}/")
        a_customer(office)
        bring(office, invoice("F1", "东方贸易有限公司", "2026-10-01"))
        assert push(office) == 1
        assert of_channel(office, "webhook")[0].state == "waiting"
        stop.set()
        thread.join()
        office.house.database.dispose()


def test_killed_between_sending_and_noting_it_goes_out_again_under_the_same_key(
    hooked: Office, receiver: Receiver, clock, monkeypatch
):
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_note", killed)
        with pytest.raises(KeyboardInterrupt):
            push(hooked)
    assert push(hooked) == 0  # it is claimed: another worker leaves it alone
    clock.now += deliveries.LEASE
    assert push(hooked) == 1
    assert len(receiver.got) == 2
    assert len({headers["Idempotency-Key"] for headers, _body in receiver.got}) == 1


def test_what_a_clock_that_was_wrong_put_off_for_years_goes_out_now(hooked: Office, receiver: Receiver, clock):
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    (row,) = of_channel(hooked, "webhook")

    def put_off(until: timedelta, **more: str) -> None:
        with hooked.house.database.write() as session:
            session.execute(update(Delivery).where(Delivery.id == row.id).values(next_at=clock.now + until, **more))

    put_off(deliveries.LONGEST_PAUSE)
    assert push(hooked) == 0  # as long as any pause is
    put_off(timedelta(days=3650))
    assert push(hooked) == 1
    assert len(receiver.got) == 1
    put_off(deliveries.LEASE, state="sending")
    push(hooked)
    assert [one.state for one in of_channel(hooked, "webhook")] == ["sending"]
    put_off(timedelta(days=3650), state="sending")
    push(hooked)
    assert [one.state for one in of_channel(hooked, "webhook")] == ["given_up"]


def test_two_workers_send_a_delivery_once(hooked: Office, receiver: Receiver):
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    (row,) = of_channel(hooked, "webhook")
    assert deliveries._claim(hooked.house, row) is True
    assert deliveries._claim(hooked.house, row) is False


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::ffff:169.254.169.254"])
def test_a_name_that_leads_to_a_link_local_or_multicast_address_is_never_called(address, monkeypatch):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 0, "", (address, 80))]
    monkeypatch.setattr(send_webhook.socket, "getaddrinfo", lambda *_a, **_k: found)
    with pytest.raises(OSError, match="never called"):
        send_webhook.allowed_address("receiver.test", 80)


def test_a_webhook_over_tls_shows_a_certificate_of_the_named_authority(tmp_path: Path, clock):
    certificate = plans._certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "key.pem")
    receiver = Receiver(context)
    known = {"JUANZONG_WEBHOOKS": receiver.url, "JUANZONG_WEBHOOK_CA": str(certificate)}
    office = office_with(tmp_path, **known)
    a_customer(office)
    bring(office, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    push(office)
    assert of_channel(office, "webhook")[0].state == "sent"
    (row,) = of_channel(office, "webhook")
    stranger = build(
        load(
            {
                **office.env,
                "JUANZONG_WEBHOOKS": receiver.url,
                "JUANZONG_WEBHOOK_SECRET_FILE": str(tmp_path / "webhook.secret"),
            }
        )
    )
    answer = send_webhook.send(stranger, row)
    assert not answer.ok
    assert "SSLCertVerificationError" in answer.text
    receiver.close()
    stranger.database.dispose()
    office.house.database.dispose()


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"JUANZONG_WEBHOOKS": "https://a.example/x"}, "JUANZONG_WEBHOOK_SECRET_FILE"),
        ({"JUANZONG_WEBHOOK_SECRET_FILE": "/x"}, "JUANZONG_WEBHOOK_SECRET_FILE"),
        ({"JUANZONG_WEBHOOKS": "https://u:p@a.example/", "JUANZONG_WEBHOOK_SECRET_FILE": "/x"}, "JUANZONG_WEBHOOKS"),
        ({"JUANZONG_WEBHOOKS": "file:///etc/passwd", "JUANZONG_WEBHOOK_SECRET_FILE": "/x"}, "JUANZONG_WEBHOOKS"),
        (
            {
                "JUANZONG_MODE": "production",
                "JUANZONG_WEBHOOKS": "http://a.example/",
                "JUANZONG_WEBHOOK_SECRET_FILE": "/x",
            },
            "JUANZONG_WEBHOOKS",
        ),
        ({"JUANZONG_SMTP": "http://mail.example"}, "JUANZONG_SMTP"),
        ({"JUANZONG_SMTP": "smtps://u:p@mail.example", "JUANZONG_SMTP_FROM": "a@b.example"}, "JUANZONG_SMTP"),
        (
            {"JUANZONG_SMTP": "smtps://u@mail.example", "JUANZONG_SMTP_FROM": "a@b.example"},
            "JUANZONG_SMTP_PASSWORD_FILE",
        ),
        ({"JUANZONG_SMTP": "smtps://mail.example", "JUANZONG_SMTP_FROM": "a b"}, "JUANZONG_SMTP_FROM"),
        ({"JUANZONG_SMTP_FROM": "a@b.example"}, "JUANZONG_SMTP"),
    ],
)
def test_wrong_settings_are_named(env, name, tmp_path):
    with pytest.raises(BadSetting) as wrong:
        load({**embedded_env(tmp_path), **env})
    assert wrong.value.name == name
    assert ":p@" not in str(wrong.value)


def test_a_short_secret_stops_the_sending_and_says_so(hooked: Office, tmp_path: Path):
    (tmp_path / "webhook.secret").write_bytes(b"short")
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    with pytest.raises(BadSetting, match="less than 16 bytes"):
        push(hooked)


def test_what_was_given_up_is_tried_again_when_somebody_says_so(hooked: Office, receiver: Receiver, clock):
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    receiver.answers = [410]
    push(hooked)
    (row,) = of_channel(hooked, "webhook")
    assert row.state == "given_up"
    deliveries.send_again(hooked.house, hooked["administrator"], row.id)
    with pytest.raises(RuleRefused, match="is not sent again"):
        deliveries.send_again(hooked.house, hooked["administrator"], row.id)
    assert push(hooked) == 1
    assert len({headers["Idempotency-Key"] for headers, _body in receiver.got}) == 1


def test_an_address_that_the_settings_name_no_more_is_given_up(hooked: Office):
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    plain = build(load(hooked.env))
    assert deliveries.drop_unknown(plain) == 1
    assert of_channel(hooked, "webhook")[0].state == "given_up"
    plain.database.dispose()


def test_pauses_double_up_to_an_hour():
    assert [deliveries.pause_after(n).total_seconds() for n in (1, 2, 3, 9, 10, 11, 40)] == [
        *(5, 10, 20, 1280, 2560, 3600, 3600)
    ]


def test_a_changed_grade_is_told_once(hooked: Office, receiver: Receiver):
    from service.records.tables import Customer

    customer_id = a_customer(hooked)
    for before, after in (("A", "BB"), ("A", "BB"), ("BB", "BB")):
        with hooked.house.database.write() as session:
            customer = session.get_one(Customer, customer_id)
            blocks.grade_changed(hooked.house, session, customer, before, after, "a-1")
    push(hooked)
    assert [json.loads(body)["grade"] for _headers, body in receiver.got] == [{"before": "A", "after": "BB"}]


def test_the_worker_looks_after_every_way_out(hooked: Office, receiver: Receiver):
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    ways = [channel for channel in watched(hooked.house) if isinstance(channel, Sending)]
    assert [way.seconds for way in ways] == [1.0]
    ways[0].look()
    assert len(receiver.got) == 1


# --- e-mail, to a real SMTP server -----------------------------------------------------------------------------------


class Post:
    """An SMTP server (aiosmtpd) that demands TLS; refuse: what it says to a recipient, by address."""

    def __init__(self, folder: Path) -> None:
        from aiosmtpd.controller import Controller

        self.letters: list[Any] = []
        self.refuse: dict[str, str] = {}
        self.broken = ""
        self.certificate = plans._certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "key.pem")
        post = self

        class Handler:
            async def handle_RCPT(self, _server, _session, envelope, address, _options):
                if address in post.refuse:
                    return post.refuse[address]
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, _server, _session, envelope):
                if post.broken:
                    return post.broken
                post.letters.append(envelope)
                return "250 kept"

        self.controller = Controller(
            Handler(),
            hostname="127.0.0.1",
            port=plans._free_port(),
            tls_context=context,
            require_starttls=True,
            server_hostname="localhost",
        )
        self.controller.start()
        self.port = self.controller.port


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    try:
        import aiosmtpd  # noqa: F401 - whether it is there
    except ImportError:
        if os.environ.get("JUANZONG_REQUIRE_SERVERS") == "1":
            pytest.fail("JUANZONG_REQUIRE_SERVERS=1, but aiosmtpd is not installed", pytrace=False)
        pytest.skip("aiosmtpd is not installed")
    found = Post(tmp_path)
    yield found
    found.controller.stop()


@pytest.fixture
def mailing(tmp_path: Path, post: Post, clock) -> Iterator[Office]:
    """An office that sends e-mail; the handler wants to be told that way."""
    more = {
        "JUANZONG_SMTP": f"smtp://localhost:{post.port}",
        "JUANZONG_SMTP_FROM": "juanzong@example.com",
        "JUANZONG_SMTP_CA": str(post.certificate),
    }
    office = office_with(tmp_path, **more)
    deliveries.set_mail_address(office.house, office["handler"], "handler@example.com")
    yield office
    office.house.database.dispose()


def test_a4_3_a_warning_is_told_by_e_mail_over_tls(mailing: Office, post: Post):
    import email
    from email import policy

    house = mailing.house
    warning_settings.set_lines(house, mailing["administrator"], {}, addresses=["credit@example.com"], reason="部门邮箱")
    customer_id = a_customer(mailing)
    bring(mailing, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    assert Mailer(house).send_due() == 2
    assert Mailer(house).send_due() == 0
    letters = {
        letter.rcpt_tos[0]: email.message_from_bytes(letter.content, policy=policy.default) for letter in post.letters
    }
    assert set(letters) == {"handler@example.com", "credit@example.com"}
    letter = letters["handler@example.com"]
    assert letter["Subject"] == "[卷宗] 东方贸易有限公司: 逾期 55 天"
    row = next(row for row in of_channel(mailing, "mail") if row.target == "handler@example.com")
    assert letter["Message-ID"] == f"<{row.id}@example.com>"
    assert f"/customers/{customer_id}/warnings/" in letter.get_content()
    assert tries(mailing, row) == ["accepted"]


def test_a_server_that_refuses_for_now_is_tried_again_with_the_same_message_id(mailing: Office, post: Post, clock):
    a_customer(mailing)
    bring(mailing, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    post.broken = "451 try again later"
    Mailer(mailing.house).send_due()
    (row,) = of_channel(mailing, "mail")
    assert row.state == "waiting"
    assert tries(mailing, row) == ["451 try again later"]
    post.broken, clock.now = "", row.next_at
    Mailer(mailing.house).send_due()
    assert f"<{row.id}@example.com>".encode() in post.letters[0].content


def test_an_address_the_server_does_not_know_is_given_up_and_said(mailing: Office, post: Post):
    a_customer(mailing)
    post.refuse["handler@example.com"] = "550 no such mailbox"
    bring(mailing, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    Mailer(mailing.house).send_due()
    (row,) = of_channel(mailing, "mail")
    assert row.state == "given_up"
    assert tries(mailing, row) == ["550 no such mailbox"]


def test_no_letter_leaves_without_tls_or_to_a_server_that_is_gone(mailing: Office, post: Post):
    a_customer(mailing)
    bring(mailing, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    (row,) = of_channel(mailing, "mail")
    more = {"JUANZONG_SMTP": f"smtp://localhost:{post.port}", "JUANZONG_SMTP_FROM": "juanzong@example.com"}
    for env in (more, {**more, "JUANZONG_SMTP": "smtp://localhost:1"}):
        other = build(load({**mailing.env, **env}))
        answer = Mailer(other).send(row)
        assert (answer.ok, answer.final) == (False, False)
        other.database.dispose()
    assert post.letters == []


def test_a_name_cannot_write_headers_of_a_letter(hooked: Office):
    row = Delivery(
        id="d-1",
        event="warning.opened",
        channel="mail",
        target="a@example.com",
        created_at=NOW,
        content={
            "zh": "一行\r\nBcc: victim@example.com",
            "en": "x",
            "path": "/",
            "customer": {"name": "甲\nBcc: v@example.com", "number": "1"},
        },
    )
    message = message_of(hooked.house, row, "zh")
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


@pytest.mark.parametrize(
    "address", ["no at", "a@b", "a@b.c\r\nBcc: x@y.z", "a,b@c.de", "<a@b.cd>", "@b.cd", "a" * 300 + "@b.cd"]
)
def test_what_is_no_address_is_refused(embedded: Office, address):
    with pytest.raises(BadInput):
        deliveries.set_mail_address(embedded.house, embedded["handler"], address)


def test_an_attempt_noted_after_the_end_changes_nothing(hooked: Office, clock):
    a_customer(hooked)
    bring(hooked, invoice("F1", "东方贸易有限公司", "2026-10-01"))
    push(hooked)
    (row,) = of_channel(hooked, "webhook")
    clock.now += timedelta(hours=1)
    deliveries._note(hooked.house, row.id, Answer(ok=False, text="late"))
    assert of_channel(hooked, "webhook")[0].state == "sent"
