"""A reason in both languages, for whoever must act on it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

_PLACE = re.compile(r"\\{(\w+)\\}")


@dataclass(frozen=True)
class Reason:
    """One sentence, in Chinese and English. str() is English, as all messages of the rules are."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en


@dataclass(frozen=True)
class Sentence:
    """A sentence of the rules in both languages, with places in braces for what differs.

    What is filled in is without a space and the same in both languages, or a `Reason`, which is a word in both.
    """

    zh: str
    en: str

    def of(self, **filled: object) -> Reason:
        """Return the sentence with its places filled in."""
        zh = {name: value.zh if isinstance(value, Reason) else value for name, value in filled.items()}
        return Reason(self.zh.format(**zh), self.en.format(**filled))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(_PLACE.sub(r"(?P<\1>\\S+)", re.escape(self.zh)))

    def in_english(self, text: str, words: Mapping[str, str]) -> str | None:
        """Return in English what was kept in Chinese; None for another sentence. words: Chinese -> English, of what may be filled in."""
        found = self._pattern.fullmatch(text)
        return None if found is None else self.en.format(**{k: words.get(v, v) for k, v in found.groupdict().items()})
