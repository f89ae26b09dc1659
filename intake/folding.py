"""Printed text made comparable, and what was found in it."""

import unicodedata
from dataclasses import dataclass

#: Optional white space between the parts of a value.
SPACE = r"[ \t]*"


@dataclass(frozen=True)
class Found:
    """A value and the half-open range of the text it was read from. certain: False where a character had to be guessed."""

    start: int
    end: int
    value: str
    certain: bool = True


def fold(text: str) -> str:
    """Return `text` with full-width characters narrowed, character by character.

    One character stays one character (NFKC only where it yields one), so offsets in the result are offsets in the print.
    """
    return "".join(n if len(n := unicodedata.normalize("NFKC", c)) == 1 else c for c in text)
