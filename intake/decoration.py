"""What in a message only dresses its words: one rule for letters of a mailbox and for messages handed in as files (EML)."""

from email.message import EmailMessage

_EMBLEM = 100_000  # bytes below which a picture inside a letter's words is the sender's emblem


def is_decoration(part: EmailMessage) -> bool:
    """Tell a small picture inside the words, the sender's emblem: they name it, and it is not sent to be kept. A large one is a photo."""
    if part.get_content_maintype() != "image" or "Content-ID" not in part or part.is_attachment():
        return False
    data = part.get_payload(decode=True)
    return not isinstance(data, bytes) or len(data) < _EMBLEM
