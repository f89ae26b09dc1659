"""Reasons: why a date, a period or a refusal is what it is, in one sentence, in Chinese and English.

A reason is kept as parts (a key and plain values), so that a page can say it in the reader's language years later.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from retention.sentences import SENTENCES, TERMS

Locale = Literal["zh", "en"]


@dataclass(frozen=True)
class Part:
    """One clause: a key of `SENTENCES` and the values that stand in it. Codes (events, periods) are put into words."""

    key: str
    values: Mapping[str, str]

    def say(self, locale: Locale) -> str:
        """Return the clause in this language."""
        column = 0 if locale == "zh" else 1
        words = {name: TERMS.get(name, {}).get(value, (value, value))[column] for name, value in self.values.items()}
        return SENTENCES[self.key][column].format_map(words)


@dataclass(frozen=True)
class Why:
    """A reason of one or more clauses, joined by a semicolon. str() is English, as all messages of the rules are."""

    parts: tuple[Part, ...] = ()

    def say(self, locale: Locale) -> str:
        """Return the reason in this language; the empty string when there is nothing to say."""
        return ("；" if locale == "zh" else "; ").join(part.say(locale) for part in self.parts)

    @property
    def zh(self) -> str:
        """The reason in Chinese."""
        return self.say("zh")

    @property
    def en(self) -> str:
        """The reason in English."""
        return self.say("en")

    def __str__(self) -> str:
        return self.en

    def __add__(self, other: "Why") -> "Why":
        return Why(self.parts + other.parts)

    def to_json(self) -> str:
        """Return the parts as text for a database column."""
        return json.dumps([[part.key, dict(part.values)] for part in self.parts], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Why":
        """Return the reason kept by `to_json`; "" is the empty reason. Raises ValueError for anything else."""
        try:
            rows = json.loads(text) if text else []
            why = cls(tuple(Part(str(key), {str(k): str(v) for k, v in values.items()}) for key, values in rows))
            why.say("zh")  # an unknown key or a missing value shows here, not on a page
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a reason: {text[:80]!r}") from error
        return why


def because(key: str, **values: object) -> Why:
    """Return a reason of one clause. Values are kept as text (dates as YYYY-MM-DD)."""
    return Why((Part(key, {name: str(value) for name, value in values.items()}),))
