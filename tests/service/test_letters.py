"""The mailbox on a real Dovecot: a letter is put away only when its attachments are in the archive."""

import contextlib
import imaplib
import signal
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import select

from intake.adapters import mailbox
from intake.channels.mail import Attachment, MailboxAddress
from intake.errors import DeliveryFailed, MailboxUnavailable
from service.bootstrap import build, prepare
from service.flow.intake import letters
from service.flow.intake.delivery import LocalDelivery
from service.house import House
from service.records.tables import AuditEntry, Document
from service.settings import load
from service.worker_channels import Mail
from tests.intake.test_mail import letter
from tests.service.conftest import DIGITAL, SCANS, embedded_env
from tests.service.nursery import nursery

LICENCE = SCANS / "licence-portrait.jpg"
ROOT = Path(__file__).parents[2]


class Post:
    """A mailbox of this test's own: what the sender puts in, and what the archive leaves in which folder."""

    def __init__(self, url: str, home: Path) -> None:
        parts = urlsplit(url)
        self.password, self.port, self.query = parts.password, parts.port, parse_qs(parts.query)
        self.user = f"u{uuid4().hex}"
        home.mkdir(exist_ok=True)
        secret = home / "password"
        secret.write_text(f"{self.password}\n")
        self.env = embedded_env(home / "home") | {
            "JUANZONG_MAILBOX": f"imap://{self.user}@127.0.0.1:{self.port}/INBOX",
            "JUANZONG_MAILBOX_PASSWORD_FILE": str(secret),
            "JUANZONG_MAILBOX_SENDERS": "li.na@example.com,@partner.example",
        }

    @contextlib.contextmanager
    def connected(self):
        with imaplib.IMAP4("127.0.0.1", self.port) as connection:
            connection.login(self.user, self.password)
            yield connection

    def send(self, *attachments: Path | tuple[str, bytes], folder: str = "INBOX", **headers: str) -> None:
        message = letter(**({"Message_ID": f"<{uuid4().hex}@example.com>"} | headers))
        for attachment in attachments:
            name, data = attachment if isinstance(attachment, tuple) else (attachment.name, attachment.read_bytes())
            message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        with self.connected() as connection:
            connection.append(folder, "", "", message.as_bytes())

    def subjects(self, folder: str) -> list[str]:
        with self.connected() as connection:
            if connection.select(folder, readonly=True)[0] != "OK":
                return []
            numbers = connection.uid("SEARCH", "ALL")[1][0].split()
            raws = [connection.uid("FETCH", n, "(BODY.PEEK[])")[1][0][1] for n in numbers]
        self.last = [message_from_bytes(raw, policy=policy.default) for raw in raws]
        return [str(message["Subject"]) for message in self.last]

    def folders(self) -> dict[str, list[str]]:
        return {name: self.subjects(folder) for name, folder in FOLDERS.items()}


FOLDERS = {"inbox": "INBOX", "done": "INBOX.done", "refused": "INBOX.refused"}


@pytest.fixture
def post(imap_server, tmp_path):
    return Post(imap_server, tmp_path / "post")


@pytest.fixture
def house(post):
    settings = load(post.env)
    prepare(settings)
    house = build(settings)
    yield house
    house.database.dispose()


@pytest.fixture
def mail(house):
    return Mail(house, house.settings.mailbox)


def documents(house: House) -> list[tuple[str, str, str]]:
    with house.database.read() as session:
        rows = session.scalars(select(Document).order_by(Document.filename))
        return [(d.filename, d.channel, d.status) for d in rows]


def entries(house: House, action: str) -> list[str]:
    with house.database.read() as session:
        return list(session.scalars(select(AuditEntry.detail).where(AuditEntry.action == action)))


def test_every_attachment_is_received_and_the_letter_put_away(post, house, mail):
    post.send(DIGITAL, ("执照.jpg", LICENCE.read_bytes()), Subject="三月的合同", Date="Wed, 25 Nov 2026 09:00:00 +0800")
    mail.look()
    assert documents(house) == [("contract-digital.pdf", "mail", "received"), ("执照.jpg", "mail", "received")]
    assert post.folders() == {"inbox": [], "done": ["三月的合同"], "refused": []}
    (one, two) = entries(house, "document.receive")
    for word in ("li.na@example.com", "三月的合同", "@example.com>", "25 Nov 2026"):
        assert word in one
        assert word in two
    with house.database.read() as session:
        assert len(set(session.scalars(select(Document.batch)))) == 1
    assert list((house.settings.home / "station" / "mail").iterdir()) == []


@pytest.mark.parametrize(
    ("files", "headers", "why"),
    [
        ((), {}, "信里没有附件。"),
        ((DIGITAL,), {"From": "stranger@example.com"}, "不收这个发件人的信。"),
        ((DIGITAL,), {"From": "li.na@example.com, x@partner.example"}, "不收这个发件人的信。"),
        ((("a.txt", b"hello"), ("cut.jpg", LICENCE.read_bytes()[:9000])), {}, "文件不完整"),
    ],
)
def test_a_letter_that_gives_nothing_is_refused_and_the_reason_lies_beside_it(post, house, mail, files, headers, why):
    post.send(*files, Subject="给你", **headers)
    mail.look()
    assert documents(house) == []
    found = post.folders()
    assert (found["inbox"], found["done"]) == ([], [])
    assert sorted(found["refused"]) == sorted(["给你", "未收件 · Not taken in: 给你"])
    notice = next(message for message in post.last if "Juanzong" in str(message["From"]))
    assert why in notice.get_content()
    assert len(entries(house, "mail.refuse")) == 1
    mail.look()
    assert len(post.subjects("INBOX.refused")) == 2


def test_what_of_a_letter_was_not_taken_is_said_though_the_rest_is_done(post, house, mail):
    post.send(DIGITAL, ("bad.pdf", b"nothing"), Subject="两个")
    mail.look()
    assert [row[0] for row in documents(house)] == ["contract-digital.pdf"]
    assert post.folders() == {"inbox": [], "done": ["两个"], "refused": ["未收件 · Not taken in: 两个"]}
    assert "bad.pdf" in post.last[0].get_content()
    assert len(entries(house, "mail.partly")) == 1


def test_an_attachment_that_cannot_be_decoded_is_told(post, house, mail, monkeypatch):
    real = letters.read_letter

    def damaged(raw):
        found = real(raw)
        return replace(found, attachments=(*found.attachments, Attachment("attachment-2", None)))

    monkeypatch.setattr(letters, "read_letter", damaged)
    post.send(DIGITAL, Subject="两个")
    mail.look()
    assert [row[0] for row in documents(house)] == ["contract-digital.pdf"]
    assert post.folders()["refused"] == ["未收件 · Not taken in: 两个"]
    assert "attachment-2" in post.last[0].get_content()


def test_a_letter_that_is_too_large_is_not_even_read(post, tmp_path):
    settings = load(post.env | {"JUANZONG_MAILBOX_MAX_BYTES": "10000"})
    prepare(settings)
    house = build(settings)
    post.send(DIGITAL, Subject="大")
    Mail(house, settings.mailbox).look()
    assert documents(house) == []
    assert "大" in post.subjects("INBOX.refused")
    house.database.dispose()


def test_a_store_that_is_down_leaves_the_letters_where_they_are(post, mail, house, monkeypatch):
    post.send(DIGITAL, Subject="a")

    def down(*_args, **_named):
        raise DeliveryFailed("the store is down")

    with monkeypatch.context() as patched:
        patched.setattr(LocalDelivery, "deliver", down)
        with pytest.raises(DeliveryFailed):
            mail.look()
    assert post.folders() == {"inbox": ["a"], "done": [], "refused": []}
    mail.look()
    assert post.folders() == {"inbox": [], "done": ["a"], "refused": []}


@pytest.mark.parametrize("error", [DeliveryFailed("busy", one_file=True), ZeroDivisionError("in a parser")])
def test_one_letter_that_fails_keeps_no_other_out(post, mail, house, monkeypatch, error):
    post.send(DIGITAL, Subject="a")
    post.send(LICENCE, Subject="b")
    deliver = LocalDelivery.deliver

    def sometimes(self, path, filename, **named):
        if filename == DIGITAL.name:
            raise error
        return deliver(self, path, filename, **named)

    with monkeypatch.context() as patched:
        patched.setattr(LocalDelivery, "deliver", sometimes)
        mail.look()
        assert post.folders() == {"inbox": ["a"], "done": ["b"], "refused": []}
    mail._later.clear()
    mail.look()
    assert post.subjects("INBOX") == []


def test_a_chinese_folder_and_a_server_without_move(post, tmp_path, monkeypatch):
    with post.connected() as connection:
        connection.create('"&Ymtjzw-"')
    post.send(DIGITAL, folder='"&Ymtjzw-"', Subject="a")
    settings = load(post.env | {"JUANZONG_MAILBOX": f"imap://{post.user}@127.0.0.1:{post.port}/扫描"})
    prepare(settings)
    house = build(settings)
    sign_in = mailbox._sign_in

    def poor(connection, user, password):
        sign_in(connection, user, password)
        connection.capabilities = tuple(word for word in connection.capabilities if word != "MOVE")

    monkeypatch.setattr(mailbox, "_sign_in", poor)
    Mail(house, settings.mailbox).look()
    assert [row[2] for row in documents(house)] == ["received"]
    assert post.subjects('"&Ymtjzw-"') == []
    assert post.subjects('"&Ymtjzw-.done"') == ["a"]
    house.database.dispose()


def test_tls_and_a_certificate_that_nobody_vouches_for(post, monkeypatch):
    address = MailboxAddress(post.user, "localhost", int(post.query["tls"][0]), "INBOX", secure=True)
    with pytest.raises(MailboxUnavailable, match="certificate"), mailbox.opened(address, post.password):
        pass
    monkeypatch.setenv("SSL_CERT_FILE", post.query["ca"][0])
    with mailbox.opened(address, post.password) as box:
        assert box.letters() == []
    wrong = MailboxAddress(post.user, "127.0.0.2", address.port, "INBOX", secure=True)
    with pytest.raises(MailboxUnavailable), mailbox.opened(wrong, post.password):
        pass


def test_a_wrong_password_and_a_server_that_is_gone_are_told_without_the_password(post, mail, house):
    house.settings.mailbox_password_file.write_text("geheim")
    with pytest.raises(MailboxUnavailable, match="refused the user or the password") as caught:
        mail.look()
    assert "geheim" not in str(caught.value)
    house.settings.mailbox_password_file.unlink()
    with pytest.raises(MailboxUnavailable, match="PASSWORD_FILE"):
        mail.look()
    gone = MailboxAddress("u", "127.0.0.1", 9, "INBOX", secure=False)
    with pytest.raises(MailboxUnavailable, match="cannot be reached"), mailbox.opened(gone, "x"):
        pass


def test_a_folder_that_is_not_there_is_told(post):
    address = MailboxAddress(post.user, "127.0.0.1", post.port, "no such", secure=False)
    with pytest.raises(MailboxUnavailable), mailbox.opened(address, post.password):
        pass


DIE = """
import os, signal, sys
from intake.adapters.mailbox import Mailbox
from service.bootstrap import build
from service.flow.intake.delivery import LocalDelivery
from service.settings import load
from service.worker_channels import Mail

def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    def wrapped(*args, **named):
        function(*args, **named)
        die()
    return wrapped

if sys.argv[1] == "first-received":
    LocalDelivery.deliver = after(LocalDelivery.deliver)
if sys.argv[1] == "before-move":
    Mailbox.put_away = die
if sys.argv[1] == "after-move":
    Mailbox.put_away = after(Mailbox.put_away)
house = build(load())
Mail(house, house.settings.mailbox).look()
"""


@pytest.mark.parametrize("where", ["first-received", "before-move", "after-move"])
def test_killed_at_any_point_a_letter_is_taken_once(post, house, where):
    post.send(DIGITAL, LICENCE, Subject="a")
    done = nursery().run(DIE, where, env=post.env)
    assert done.returncode == -signal.SIGKILL, done.stderr
    Mail(house, house.settings.mailbox).look()
    assert [row[2] for row in documents(house)] == ["received", "received"]
    assert post.folders() == {"inbox": [], "done": ["a"], "refused": []}
    assert list((house.settings.home / "station" / "mail").iterdir()) == []


@pytest.mark.parametrize("refused", ["FETCH", "MOVE"])
def test_a_letter_that_the_server_does_not_give_out_or_move_keeps_no_other_out(post, house, mail, monkeypatch, refused):
    post.send(("说明.txt", b"no kind of document"), Subject="坏的")
    post.send(DIGITAL, Subject="好的")
    plain = imaplib.IMAP4.uid

    def uid(connection, command, letter, *words):
        if command == refused and letter == "1" and words != ("(RFC822.SIZE)",):
            return "NO", [b"[SERVERBUG] the message could not be converted"]
        return plain(connection, command, letter, *words)

    monkeypatch.setattr(imaplib.IMAP4, "uid", uid)
    monkeypatch.setattr("service.worker_channels.pause", lambda *_, **__: 0.0)
    for _look in range(3):
        mail.look()
    assert [d[0] for d in documents(house)] == ["contract-digital.pdf"]
    notices = ["没有收下：坏的"] if refused == "MOVE" else []
    found = post.folders()
    assert (found["inbox"], found["done"], len(found["refused"])) == (["坏的"], ["好的"], len(notices))
    monkeypatch.setattr(imaplib.IMAP4, "uid", plain)
    mail.look()
    assert post.subjects("INBOX") == []
