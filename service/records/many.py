"""Asking for many rows by their ids at once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, any_, literal
from sqlalchemy.orm import Session


def among(session: Session, column: Any, ids: Collection[str]) -> ColumnElement[bool]:
    """Whether a column is one of these. On PostgreSQL they are one value, an array: a thousand of them are not a thousand parameters to write."""
    if session.get_bind().dialect.name == "postgresql":
        found: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(String)))
        return found
    return column.in_(ids)  # type: ignore[no-any-return]  # a column of any table
