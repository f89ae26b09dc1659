"""E-mail: a message over TLS to the server of the settings, with a Message-ID that stays the same for every attempt."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from service.errors import BadSetting
from service.flow.credit.deliveries import ONCE, Answer, send_due
from service.flow.search import saved_mail
from service.house import House
from service.records.tables import Delivery, Person
from service.settings import SmtpAddress

SECONDS = 10.0


def message_of(house: House, delivery: Delivery, locale: str, said: dict[str, Any] | None = None) -> EmailMessage:
    """Return the message of a delivery, in the language of whom it goes to first. said: its content, where it is made as it goes out."""
    content = said or delivery.content
    customer = content.get("customer")
    first, second = (content["zh"], content["en"]) if locale != "en" else (content["en"], content["zh"])
    message = EmailMessage()
    title = "卷宗" if locale != "en" else "Juanzong"
    about = f"{customer['name']}: " if customer else ""
    message["Subject"] = " ".join(f"[{title}] {about}{first}".split())[:200]
    message["From"] = house.settings.smtp_from
    message["To"] = delivery.target
    message["Date"] = format_datetime(delivery.created_at)
    domain = house.settings.smtp_from.rpartition("@")[2] or "juanzong"
    message["Message-ID"] = f"<{delivery.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    link = f"{house.settings.base_url}{content['path']}"
    about = f"{customer['name']} ({customer['number']})\n\n" if customer else ""
    message.set_content(f"{about}{first}\n{second}\n\n{link}\n")
    return message


def _password(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8").strip("\r\n") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting("JUANZONG_SMTP_PASSWORD_FILE", f"names {path}, which cannot be read") from error


@contextlib.contextmanager
def _connected(house: House, address: SmtpAddress) -> Iterator[smtplib.SMTP]:
    """A connection over TLS, signed in where the address names a user. Raises OSError (SMTPException is one), BadSetting."""
    settings = house.settings
    context = ssl.create_default_context(cafile=str(settings.smtp_ca) if settings.smtp_ca else None)
    if address.implicit:
        server: smtplib.SMTP = smtplib.SMTP_SSL(address.host, address.port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(address.host, address.port, timeout=SECONDS)
    try:
        if not address.implicit:
            server.starttls(context=context)  # never without: a message names customers
        if address.user:
            server.login(address.user, _password(settings.smtp_password_file))
        yield server
        with contextlib.suppress(OSError):
            server.quit()
    finally:
        server.close()


@dataclass(frozen=True)
class Mailer:
    """Sends what waits by e-mail, over one connection at a time."""

    house: House

    def send_due(self) -> int:
        """Send what is due; returns how much was taken up."""
        if self.house.settings.smtp is None:
            return 0
        return send_due(self.house, "mail", self.send)

    def send(self, delivery: Delivery) -> Answer:
        """Send one message. What the server is or does is an answer, never an error."""
        address = self.house.settings.smtp
        if address is None:
            return Answer(ok=False, text="the settings name no SMTP server", final=True)
        with self.house.database.read() as session:
            person = session.get(Person, delivery.person_id or "")
            locale = person.locale if person else "zh"
        said = saved_mail.said_now(self.house, delivery) if delivery.event == saved_mail.EVENT else delivery.content
        if said is None:
            return Answer(ok=False, text="there is nothing to tell any more", final=True)
        message, handed = message_of(self.house, delivery, locale, said), False
        try:
            with _connected(self.house, address) as server:
                handed = True
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()), (0, b""))
            return Answer(ok=False, text=f"{code} {_said(words)}", final=500 <= code < 600)
        except smtplib.SMTPResponseException as error:
            return Answer(ok=False, text=f"{error.smtp_code} {_said(error.smtp_error)}")
        except OSError as error:  # refused, unreachable, no TLS, hung: SMTPException is one, too
            lost = handed and delivery.event in ONCE  # it may have been taken
            return Answer(ok=False, text=f"{type(error).__name__}: {error}", final=lost)
        return Answer(ok=True, text="accepted")


def _said(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
