"""A mailbox over IMAP (RFC 3501; MOVE where the server has it, RFC 6851), read with Python's own client."""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

from intake.channels.mail import MailboxAddress, folder_word
from intake.errors import LetterUnavailable, MailboxUnavailable

_TIMEOUT = 60.0  # seconds without a word from the server
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_DELIMITER = re.compile(rb'\([^)]*\) "(.)"')


class Mailbox:
    """An open mailbox. Nothing in it changes but by `put_away` and `add`: reading leaves a letter unread.

    Every method raises MailboxUnavailable; those about one letter raise LetterUnavailable when the server answers, but says no.
    """

    def __init__(self, connection: imaplib.IMAP4, folder: str) -> None:
        self._connection, self._folder = connection, folder
        self._call(connection.select, folder_word(folder))
        answer = self._call(connection.list, '""', '""')
        found = _DELIMITER.match(answer[0]) if answer and isinstance(answer[0], bytes) else None
        self._delimiter = found[1].decode() if found else "/"
        self._there: set[str] = set()

    def letters(self) -> list[str]:
        """Return the letters that wait, by the number that the server gave each for ever, the oldest first."""
        answer = self._call(self._connection.uid, "SEARCH", "UNDELETED")
        return [word.decode() for word in (answer[0] or b"").split()]

    def size(self, letter: str) -> int:
        """Return the bytes of a letter."""
        answer = self._call(self._connection.uid, "FETCH", letter, "(RFC822.SIZE)")
        lines = [line if isinstance(line, bytes) else line[0] for line in answer if line]
        found = next((match for line in lines if (match := _SIZE.search(line))), None)
        if found is None:
            raise LetterUnavailable(f"letter {letter} is gone")
        return int(found[1])

    def read(self, letter: str) -> bytes:
        """Return a letter, byte for byte."""
        answer = self._call(self._connection.uid, "FETCH", letter, "(BODY.PEEK[])")
        found = next((part[1] for part in answer if isinstance(part, tuple)), None)
        if not isinstance(found, bytes):
            raise LetterUnavailable(f"letter {letter} is gone")
        return found

    def put_away(self, letter: str, name: str) -> None:
        """Move a letter into the folder `name` inside the one that is read."""
        folder = self._made(name)
        if "MOVE" in self._connection.capabilities:
            self._call(self._connection.uid, "MOVE", letter, folder)
            return
        # Killed between the two it is copied once more: no letter is ever lost.
        self._call(self._connection.uid, "COPY", letter, folder)
        self._call(self._connection.uid, "STORE", letter, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._connection.capabilities:
            self._call(self._connection.uid, "EXPUNGE", letter)

    def add(self, name: str, message: EmailMessage) -> None:
        """Put a message of our own into the folder `name` inside the one that is read."""
        self._call(self._connection.append, self._made(name), "", "", message.as_bytes())

    def _made(self, name: str) -> str:
        """Return the folder as IMAP writes it, made where it is missing."""
        folder = folder_word(f"{self._folder}{self._delimiter}{name}")
        if folder not in self._there:
            with contextlib.suppress(MailboxUnavailable):  # it is there already
                self._call(self._connection.create, folder)
            self._there.add(folder)
        return folder

    def _call(self, function: Callable[..., tuple[str, Any]], *words: Any) -> Any:
        try:
            status, answer = function(*words)
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            raise MailboxUnavailable(f"the mailbox: {_plain(error)}") from error
        if status != "OK":
            alone = function in (self._connection.uid, self._connection.append)
            raise (LetterUnavailable if alone else MailboxUnavailable)(
                f"the mailbox answers {status}: {_plain(answer[0] if answer else '')}"
            )
        return answer


@contextlib.contextmanager
def opened(address: MailboxAddress, password: str) -> Iterator[Mailbox]:
    """Give the mailbox, signed in. Raises MailboxUnavailable; a certificate that does not fit the host is such a cause."""
    try:
        if address.secure:
            connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                address.host, address.port, ssl_context=ssl.create_default_context(), timeout=_TIMEOUT
            )
        else:
            connection = imaplib.IMAP4(address.host, address.port, timeout=_TIMEOUT)
    except (imaplib.IMAP4.error, OSError, EOFError) as error:
        raise MailboxUnavailable(f"{address.host}:{address.port} cannot be reached: {_plain(error)}") from error
    try:
        _sign_in(connection, address.user, password)
        yield Mailbox(connection, address.folder)
    finally:
        with contextlib.suppress(imaplib.IMAP4.error, OSError, EOFError):
            connection.logout()


def _sign_in(connection: imaplib.IMAP4, user: str, password: str) -> None:
    def credentials(_challenge: bytes) -> bytes:
        return b"\0" + user.encode() + b"\0" + password.encode()

    try:
        if "AUTH=PLAIN" in connection.capabilities:  # takes any characters (RFC 4616)
            connection.authenticate("PLAIN", credentials)
        else:
            connection.login(user, password)
        # What the server can do is known in full only now.
        connection.capabilities = tuple(connection.capability()[1][0].decode().upper().split())
    except (imaplib.IMAP4.error, OSError, EOFError, UnicodeError) as error:
        raise MailboxUnavailable("the mail server refused the user or the password") from error


def _plain(words: object) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return "".join(c for c in text if c.isprintable())[:200]
