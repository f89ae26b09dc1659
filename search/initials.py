"""Pinyin initials of company names: `hdmy` is 华东贸易, as a clerk types who knows the name and is in a hurry."""

import re
from functools import cache, lru_cache
from itertools import combinations

_LETTERS = re.compile(r"[a-z]{3,20}")  # two letters would find every second company


class _Letters(dict[int, str]):
    """The initial of each character by itself, worked out on first sight."""

    def __missing__(self, code: int) -> str:
        self[code] = letter = _syllables(chr(code))
        return letter


_BY_ITSELF = _Letters()


@lru_cache(maxsize=32_768)  # every customer of a large archive
def initials(name: str) -> str:
    """Return the first letter of each syllable of a folded name, its Latin letters and digits as they are, no punctuation."""
    words = _words()
    for start, end in combinations(range(len(name) + 1), 2):
        if name[start:end] in words and _of_its_own(name[start:end]):
            return _syllables(name)  # which finds the words of a name, a hundred times as long
    return name.translate(_BY_ITSELF)


def _syllables(name: str) -> str:
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(name, style=Style.FIRST_LETTER)
    return "".join(char for char in "".join(syllables) if char.isascii() and char.isalnum())


@cache
def _words() -> dict[str, list[list[str]]]:
    # Half a second of dictionaries, needed to write the index only.
    from pypinyin.constants import PHRASES_DICT

    words: dict[str, list[list[str]]] = PHRASES_DICT
    return words


@cache
def _of_its_own(word: str) -> bool:
    """Return whether a word is read otherwise than its characters: 重庆 is cq, not zq."""
    return _syllables(word) != word.translate(_BY_ITSELF)


def typed_initials(chars: str) -> str:
    """Return a folded word if it can be initials, otherwise ""."""
    return chars if _LETTERS.fullmatch(chars) else ""
