"""Frozen dataclasses of text and dates as plain values for JSON, and back."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Fields that hold dates, by name: one word for one thing.
DATE_FIELDS = frozenset({"on", "until"})


def to_plain(value: "DataclassInstance") -> dict[str, Any]:
    """Return the fields of `value`, dates as YYYY-MM-DD."""
    row = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: item.isoformat() if isinstance(item, date) else item for name, item in row.items()}


def with_dates(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return `row` with the fields of `DATE_FIELDS` as dates again. Raises ValueError for a text that is no date."""
    return {name: date.fromisoformat(item) if name in DATE_FIELDS and item else item for name, item in row.items()}
