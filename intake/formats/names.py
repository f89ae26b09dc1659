"""Names that stand inside a file, made fit to be shown."""

import unicodedata

_LONGEST, _MOST_BYTES = 120, 240  # letters; bytes in UTF-8, of which a file system takes 255
_LONGEST_ENDING = 12


def plain_name(name: str) -> str:
    """Return the last part of a path without what is no text, at most 120 characters and 240 bytes with its ending; "?" for nothing."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if not _is_hidden(unicodedata.category(c))).strip()
    stem, dot, ending = kept.rpartition(".")
    if not stem or len(ending.encode()) > _LONGEST_ENDING:
        stem, dot, ending = kept, "", ""
    end = dot + ending
    stem = stem[: _LONGEST - len(end)]
    cut = stem.encode(errors="replace")[: _MOST_BYTES - len(end.encode(errors="replace"))]
    return cut.decode(errors="ignore") + end or "?"


def _is_hidden(category: str) -> bool:
    return category[0] == "C" or category in ("Zl", "Zp")
