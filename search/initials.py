"""Pinyin initials of company names: `hdmy` is 华东贸易, as a clerk types who knows the name and is in a hurry."""

import re
from functools import lru_cache

_LETTERS = re.compile(r"[a-z]{3,20}")  # two letters would find every second company


@lru_cache(maxsize=32_768)  # every customer of a large archive: a name takes as long as half a page
def initials(name: str) -> str:
    """Return the first letter of each syllable of a folded name, its Latin letters and digits as they are, no punctuation."""
    # Half a second of dictionaries, needed to write the index only: 重庆 is cq, not zq.
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(name, style=Style.FIRST_LETTER)
    return "".join(char for char in "".join(syllables) if char.isascii() and char.isalnum())


def typed_initials(chars: str) -> str:
    """Return a folded word if it can be initials, otherwise ""."""
    return chars if _LETTERS.fullmatch(chars) else ""
