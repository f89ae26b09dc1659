"""Letters in a mailbox: whose are taken, and what in them is a document. Pure rules on the bytes of a message."""

import base64
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from intake.decoration import is_decoration

_PORTS = {"imaps": 993, "imap": 143}
_LONGEST_NOTE = 200
_LONGEST_NAME = 200  # bytes


@dataclass(frozen=True)
class MailboxAddress:
    """Where a mailbox is. folder: the one that is read, as people call it."""

    user: str
    host: str
    port: int
    folder: str
    secure: bool


@dataclass(frozen=True)
class Attachment:
    """A file in a letter. data: None where it cannot be decoded."""

    filename: str
    data: bytes | None


@dataclass(frozen=True)
class Letter:
    """What a message says of itself, each at most 200 characters, and its files."""

    sender: str
    subject: str
    message_id: str
    date: str
    attachments: tuple[Attachment, ...]


def parse_address(url: str, *, plain: bool = False) -> MailboxAddress:
    """Return the mailbox at ``imaps://USER@HOST[:PORT][/FOLDER]``. plain: also imap://, to this machine alone.

    Raises ValueError; its words repeat nothing of `url`, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("has a host or a port that cannot be read") from None
    if parts.scheme not in _PORTS:
        raise ValueError("must be imaps://USER@HOST/FOLDER")
    if parts.scheme == "imap" and not (plain and _is_here(host)):
        raise ValueError("must be imaps://: a password and letters never cross a network in the clear")
    if parts.password is not None:
        raise ValueError("holds a password: put it into the file that JUANZONG_MAILBOX_PASSWORD_FILE names")
    if not host or not parts.username:
        raise ValueError("names no host or no user")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if not (folder + parts.username).isprintable():
        raise ValueError("has characters that cannot be printed")
    return MailboxAddress(unquote(parts.username), host, port or _PORTS[parts.scheme], folder, parts.scheme == "imaps")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_welcome(sender: str, allowed: Sequence[str]) -> bool:
    """Return whether letters of `sender` are taken. allowed: addresses, ``@domain`` for all of a domain, ``*`` for all there are."""
    address = sender.casefold()
    return bool(address) and any(
        entry in ("*", address) or (entry.startswith("@") and address.endswith(entry))
        for entry in (word.casefold() for word in allowed)
    )


def read_letter(raw: bytes) -> Letter:
    """Return the letter in the bytes of a message, however broken they are."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    senders = [address for _, address in getaddresses([_header(message, "From")]) if address]
    return Letter(
        sender=senders[0][:_LONGEST_NOTE] if len(senders) == 1 else "",
        subject=_header(message, "Subject"),
        message_id=_header(message, "Message-ID"),
        date=_header(message, "Date"),
        attachments=tuple(_attachments(message)),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        text = str(message[name] or "")
    except Exception:  # noqa: BLE001 - the parser trips over broken headers in its own ways; such a header says nothing
        return ""
    return "".join(c if c.isprintable() else " " for c in text).strip()[:_LONGEST_NOTE]


def _within(message: EmailMessage) -> list[EmailMessage]:
    """Return the parts of a message that has several, the letter of a part that is one; none of any other."""
    held = message.get_payload()
    return [part for part in held if isinstance(part, EmailMessage)] if isinstance(held, list) else []


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts of a message that hold something; a letter attached to it is one of them, whole."""
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        yield message
        return
    for part in _within(message):
        yield from _parts(part)


def _data(part: EmailMessage) -> bytes | None:
    for letter in _within(part):
        # Its lines as they came: what is folded anew would break the sender's signature.
        return letter.as_bytes(policy=policy.default.clone(refold_source="none", linesep="\r\n"))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else None


def _attachments(message: EmailMessage) -> Iterator[Attachment]:
    number = 0
    for part in _parts(message):
        try:
            filename, kind = part.get_filename(), part.get_content_type()
            for letter in _within(part):
                filename = f"{_header(letter, 'Subject') or 'letter'}.eml"
            disposition, dresses = part.get_content_disposition(), is_decoration(part)
            data = _data(part)
        except Exception:  # noqa: BLE001 - as above: what cannot be decoded is refused under its number
            number += 1
            yield Attachment(f"attachment-{number}", None)
            continue
        if disposition != "attachment" and (kind.startswith("text/") and not filename):
            continue  # the letter's own words
        if dresses:
            continue
        number += 1
        if data:
            yield Attachment(_usable(filename or "", f"attachment-{number}"), data)


def _usable(name: str, otherwise: str) -> str:
    """Return a file's name that every file system takes: a sender may write anything."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join("_" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in plain).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if dot and len(suffix.encode()) <= 10:
        return stem.encode()[: _LONGEST_NAME - 11].decode("utf-8", "ignore") + dot + suffix if stem else otherwise
    return plain.encode()[:_LONGEST_NAME].decode("utf-8", "ignore") or otherwise


def folder_word(name: str) -> str:
    """Return a folder's name as IMAP writes it: quoted, Chinese in modified UTF-7 (RFC 3501, 5.1.3)."""

    def encoded(match: re.Match[str]) -> str:
        packed = base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{packed.replace('/', ',')}-"

    ascii_only = re.sub(r"[^\x20-\x7e]+", encoded, name.replace("&", "&-"))
    quoted = ascii_only.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'
