"""Letters: what comes by e-mail is received attachment by attachment; only then is the letter put away.

Killed at any point, the letter is still where it was: its attachments are duplicates when it is read again.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from intake.channels.mail import Letter, is_welcome, read_letter
from intake.errors import DeliveryFailed, Rejected
from service.flow.intake.delivery import LocalDelivery
from service.house import SYSTEM, House
from service.records import audit

UNKNOWN_SENDER = Rejected("sender", "Letters of this sender are not taken (JUANZONG_MAILBOX_SENDERS).")
UNDECODED = Rejected("truncated", "The attachment is damaged: its part of the letter cannot be decoded.")
NO_ATTACHMENT = Rejected("no_attachment", "The letter has no attachment.")


@dataclass(frozen=True)
class Fate:
    """What became of a letter. documents: the ids of its attachments; refusals: why others, or all of it, were not taken."""

    letter: Letter
    documents: tuple[str, ...] = ()
    refusals: tuple[tuple[str, Rejected], ...] = ()

    @property
    def taken(self) -> bool:
        """Whether something of the letter is in the archive now."""
        return bool(self.documents)


def take_letter(house: House, raw: bytes, spool: Path, department_id: str | None) -> Fate:
    """Receive the attachments of a message. Raises DeliveryFailed: then it is to be read again later."""
    letter = read_letter(raw)
    if not is_welcome(letter.sender, house.settings.mailbox_senders):
        return _noted(house, Fate(letter, refusals=(("", UNKNOWN_SENDER),)), raw)
    if not letter.attachments:
        return _noted(house, Fate(letter, refusals=(("", NO_ATTACHMENT),)), raw)
    note = {
        "mail_from": letter.sender,
        "mail_subject": letter.subject,
        "mail_id": letter.message_id,
        "mail_date": letter.date,
    }
    delivery = LocalDelivery(house, SYSTEM, "mail", department_id, note)
    batch = str(uuid5(NAMESPACE_URL, f"mail:{_digest(raw)}"))  # the same when the letter is read again
    documents: list[str] = []
    refusals: list[tuple[str, Rejected]] = []
    for attachment in letter.attachments:
        if attachment.data is None:
            refusals.append((attachment.filename, UNDECODED))
            continue
        try:
            with tempfile.NamedTemporaryFile(dir=spool, prefix="letter-") as file:
                file.write(attachment.data)
                file.flush()
                documents.append(delivery.deliver(Path(file.name), attachment.filename, batch=batch).document_id)
        except Rejected as error:
            refusals.append((attachment.filename, error))
        except OSError as error:
            raise DeliveryFailed(f"the station's disk: {error.strerror or error}") from error
    return _noted(house, Fate(letter, tuple(documents), tuple(refusals)), raw)


def too_large(house: House, size: int) -> Fate:
    """Return the fate of a letter that is not even read."""
    limit = house.settings.mailbox_max_bytes
    error = Rejected("too_large", f"The letter has {size} bytes; at most {limit} are taken.")
    return _noted(house, Fate(Letter("", "", "", "", ()), refusals=(("", error),)), str(size).encode())


def _noted(house: House, fate: Fate, raw: bytes) -> Fate:
    """Write down what of the letter was not taken; what was taken has entries of its own."""
    if fate.refusals:
        letter = fate.letter
        with house.database.write() as session:
            audit.append(
                session,
                SYSTEM.name,
                "mail.partly" if fate.taken else "mail.refuse",
                f"mail:{_digest(raw)}",
                {
                    "mail_from": letter.sender,
                    "mail_subject": letter.subject,
                    "mail_id": letter.message_id,
                    "mail_date": letter.date,
                    "why": sorted({error.code for _, error in fate.refusals}),
                },
            )
    return fate


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def notice(fate: Fate, user: str, words: Callable[[Rejected], str]) -> EmailMessage:
    """Return the message that lies beside a letter of which something was not taken, and says why in both languages."""
    message = EmailMessage()
    message["From"] = f"Juanzong <{user if '@' in user else f'{user}@localhost'}>"
    message["Subject"] = f"未收件 · Not taken in: {fate.letter.subject or '-'}"
    if fate.letter.message_id.startswith("<") and " " not in fate.letter.message_id:
        message["In-Reply-To"] = fate.letter.message_id
    message.set_content("\n".join(f"{name}\n{words(error)}".lstrip() for name, error in fate.refusals))
    return message
