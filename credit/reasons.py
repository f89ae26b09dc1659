"""A reason in both languages, for whoever must act on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One sentence, in Chinese and English. str() is English, as all messages of the rules are."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en
