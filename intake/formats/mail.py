"""Messages (EML): the head and the body as pages of text; attachments are named, and taken out by `attachments`."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Self

from PIL import Image, ImageDraw, ImageFont

from intake.decoration import is_decoration
from intake.errors import Rejected
from intake.formats.fonts import font
from intake.formats.names import plain_name
from intake.formats.pages import Layer, Picture
from intake.model import Attachment, Limits
from intake.words import Char, line_of

_MOST = 50 << 20  # bytes: more than mail servers carry
_MAX_PARTS = 1000
_MAX_ATTACHMENTS = 100
_HEAD = (("From", "发件人"), ("To", "收件人"), ("Cc", "抄送"), ("Date", "日期"), ("Subject", "主题"))
_DPI = 200
_WIDTH, _HEIGHT, _MARGIN = 1654, 2339, 180  # A4 at 200 dpi, and 23 mm around
_SIZE, _STEP = 29, 48  # 10.5 points (五号), and from line to line
_BREAKS = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote")
_SILENT = ("script", "style", "head", "title", "template")


def check(path: Path, limits: Limits) -> tuple[int, tuple[str, ...]]:
    """Return the pages of the body and the notes: "attachment:NAME". Raises Rejected."""
    with MailPages(path, limits) as pages:
        return pages.count, tuple(f"attachment:{name}" for name in pages.attachments)


def attachments(path: Path) -> Iterator[Attachment]:
    """Yield the files inside the message, at most 100. Raises Rejected."""
    with _damage():
        message = _parsed(path)
        for part in _attached(message):
            yield Attachment(_name(part), _bytes(part))


class MailPages:
    """Implements Pages for a message."""

    def __init__(self, path: Path, limits: Limits) -> None:
        with _damage():
            message = _parsed(path)
            self.attachments = [_name(part) for part in _attached(message)]
            head = [f"{word}：{message[name]}" for name, word in _HEAD if message[name]]
            named = [f"附件：{name}" for name in self.attachments]
            text = "\n".join([*head, *named, "", _body(message)])
        self._sheets = _sheets(text, limits)

    @property
    def count(self) -> int:
        """The number of pages."""
        return len(self._sheets)

    def picture(self, index: int) -> Picture:
        """Return page `index` (from 0)."""
        image = Image.new("L", (_WIDTH, _HEIGHT), 255)
        draw, face, lines = ImageDraw.Draw(image), font(_SIZE), []
        for row, text in enumerate(self._sheets[index]):
            top, x, chars = _MARGIN + row * _STEP, float(_MARGIN), list[Char | None]()
            for char in text:
                wide = _width(face, char)
                if char.isspace():
                    chars.append(None)
                else:
                    draw.text((x, top), char, 0, face)
                    chars.append(Char(char, (int(x), top, max(int(x) + 1, round(x + wide)), top + _STEP - 10)))
                x += wide
            if any(chars):
                lines.append(line_of(chars))
        return Picture(image, _DPI, layer=Layer(lines, ours=True))

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _sheets(text: str, limits: Limits) -> list[list[str]]:
    """Return the rows of each page."""
    face, most = font(_SIZE), float(_WIDTH - 2 * _MARGIN)
    rows = list[str]()
    per_page = (_HEIGHT - 2 * _MARGIN) // _STEP
    for line in text.split("\n"):
        rows += _wrapped("".join(c if c.isprintable() else " " for c in line.expandtabs(4)).rstrip(), face, most)
        if len(rows) > per_page * limits.max_pages:
            raise Rejected("too_many_pages", f"The message has more than {limits.max_pages} pages.")
    while rows and not rows[-1]:
        rows.pop()
    return [rows[i : i + per_page] for i in range(0, len(rows), per_page)] or [[]]


def _wrapped(line: str, face: ImageFont.FreeTypeFont, most: float) -> Iterator[str]:
    row, wide = "", 0.0
    for char in line:
        step = _width(face, char)
        if wide + step > most:
            cut = row.rfind(" ") + 1 if char.isascii() and char.isalnum() and row[-1:].isascii() else 0
            keep = row[cut:] if cut > len(row) // 2 else ""
            yield row[: len(row) - len(keep)].rstrip()
            row, wide = keep, face.getlength(keep) if keep else 0.0
        row, wide = row + char, wide + step
    yield row


@lru_cache(20_000)
def _width(face: ImageFont.FreeTypeFont, char: str) -> float:
    """Return how wide a character is set, in pixels: asking the font takes longer than all the rest."""
    return float(face.getlength(char))


def _parsed(path: Path) -> EmailMessage:
    if path.stat().st_size > _MOST:
        raise Rejected("too_large", f"The message has more than {_MOST} bytes.")
    with path.open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise Rejected("truncated", "The message is damaged.")
    return message


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the leaves of the message; a message inside the message is a leaf."""
    waiting, seen = [message], 0
    while waiting:
        part = waiting.pop()
        seen += 1
        if seen > _MAX_PARTS:
            raise Rejected("too_large", f"The message has more than {_MAX_PARTS} parts.")
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += reversed(list(part.iter_parts()))  # type: ignore[arg-type]  # parts of the same class
        else:
            yield part


def _attached(message: EmailMessage) -> list[EmailMessage]:
    found = [
        part for part in _parts(message) if (part.is_attachment() or not _is_text(part)) and not is_decoration(part)
    ]
    if len(found) > _MAX_ATTACHMENTS:
        raise Rejected("too_large", f"The message has more than {_MAX_ATTACHMENTS} attachments.")
    return found


def _is_text(part: EmailMessage) -> bool:
    return part.get_content_type() in ("text/plain", "text/html") and not part.get_filename()


def _name(part: EmailMessage) -> str:
    name = part.get_filename()
    if not name and part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0) if part.is_multipart() else None
        name = f"{inner['Subject'] or 'message'}.eml" if isinstance(inner, EmailMessage) else "message.eml"
    return plain_name(name or f"attachment.{part.get_content_subtype()}")


def _bytes(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        return b"".join(inner.as_bytes() for inner in part.iter_parts())
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _body(message: EmailMessage) -> str:
    texts = [part for part in _parts(message) if _is_text(part) and not part.is_attachment()]
    plain = [part for part in texts if part.get_content_type() == "text/plain"]
    return "\n".join(_text(part) for part in plain or texts)


def _text(part: EmailMessage) -> str:
    data = _bytes(part)
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "gb18030"):
        try:
            text = data.decode(charset)
            break
        except (UnicodeDecodeError, LookupError):
            continue
    else:
        text = data.decode("utf-8", "replace")
    if part.get_content_type() == "text/html":
        reader = _Words()
        reader.feed(text)
        reader.close()
        text = "\n".join(" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Words(HTMLParser):
    """The words of a page, a line for every block; nothing it refers to is fetched."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.found.append("\n")
        elif tag in ("td", "th"):
            self.found.append("  ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _BREAKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(" ".join(data.split()) if data.strip() else " ")


@contextmanager
def _damage() -> Iterator[None]:
    """The standard library's mail parser raises whatever a broken message makes it do."""
    try:
        yield
    except (Rejected, MemoryError):
        raise
    except Exception as error:
        raise Rejected("truncated", "The message is damaged.") from error
