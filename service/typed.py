"""What people and programs type, before anything is done with it: the same strictness at every door."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from service.errors import BadInput

# Tabulators and line ends are text; every other control character is a mistake or an attack, and databases refuse some of them.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def demand_text(value: object, name: str = "") -> None:
    """Raise BadInput when a string anywhere in `value` (mappings, sequences) has control characters or half a character."""
    if isinstance(value, str):
        if CONTROL.search(value):
            why = "control characters are no text"
            raise BadInput(f"{name or 'input'}: {why}", {name: why} if name else None)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            demand_text(key, "input")
            demand_text(part, str(key))
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for part in value:
            demand_text(part, name)


def day_of(text: str) -> date:
    """Return the day that `text` names as YYYY-MM-DD. Raises ValueError for any other form, week dates (2026-W01-1) too."""
    if not _DAY.fullmatch(text):
        raise ValueError("a date YYYY-MM-DD")
    return date.fromisoformat(text)
