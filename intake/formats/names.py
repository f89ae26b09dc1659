"""Names that stand inside a file, made fit to be shown."""

import unicodedata

_LONGEST = 120


def plain_name(name: str) -> str:
    """Return the last part of a path without what is no text, at most 120 characters; "?" for nothing."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    return kept.strip()[:_LONGEST] or "?"
