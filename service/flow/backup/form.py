"""The database in a portable form: JSON lines for each table, with the type of every column.

So a backup of SQLite goes into PostgreSQL and back, and one of an earlier program into the tables of that time, from which
the migrations carry it forward. Everything binary in the database is a wrapped key: it goes into the keys part, the rest
into the rows part, which without the keys part opens nothing.
"""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    TableClause,
    Text,
    func,
    select,
)
from sqlalchemy import column as column_of
from sqlalchemy import table as table_of
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from service.records.database import UtcDateTime
from service.records.tables import whole

#: What is over by itself after a restore (who was signed in or tried to, what was half sent, who looked at what), and what
#: only says how things stood in the old object store.
LEFT_OUT = frozenset(
    {"web_sessions", "sign_in_tallies", "company_sign_ins", "uploads", "upload_parts", "desks"}
    | {"object_states", "fixity_runs", "fixity_findings"}
)
_ROWS, _BYTES = 1000, 1 << 20  # a member of the rows part ends at whichever comes first

Form = list[dict[str, Any]]

_KINDS: tuple[tuple[type[TypeEngine[Any]] | type[UtcDateTime], str], ...] = (
    (UtcDateTime, "moment"),
    (JSON, "json"),
    (LargeBinary, "bytes"),
    (Float, "float"),
    (Numeric, "decimal"),
    (Boolean, "boolean"),
    (Integer, "integer"),
    (DateTime, "moment"),
    (Date, "date"),
    (String, "text"),
)


def _moment(value: datetime) -> str:
    return value.replace(tzinfo=value.tzinfo or UTC).isoformat()


_WRITE: dict[str, Callable[[Any], Any]] = {
    "moment": _moment,
    "date": date.isoformat,
    "decimal": str,
    "bytes": lambda value: base64.b64encode(value).decode(),
}
_READ: dict[str, Callable[[Any], Any]] = {
    "moment": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "bytes": lambda value: base64.b64decode(value, validate=True),
}
_TYPES: dict[str, Callable[[], Any]] = {
    "moment": UtcDateTime,
    "bytes": LargeBinary,
    "float": Double,
    "decimal": lambda: Numeric(20, 2),
    "boolean": Boolean,
    "integer": BigInteger,
    "date": Date,
    "text": Text,
}


def _kind(type_: Any) -> str:
    return next(kind for cls, kind in _KINDS if isinstance(type_, cls))


def form(metadata: MetaData | None = None) -> Form:
    """Describe the tables, those of this program or, by `metadata`, of an earlier one: parents before children.

    columns: kind by name. empty: columns that may be NULL. key: the primary key. apart: whether whole rows go into the keys part.
    """
    return [
        {
            "name": table.name,
            "columns": {column.name: _kind(column.type) for column in table.columns},
            "empty": [column.name for column in table.columns if column.nullable],
            "key": [column.name for column in table.primary_key],
            "apart": any(_kind(column.type) == "bytes" and not column.nullable for column in table.columns),
        }
        for table in (metadata or whole()).sorted_tables
        if table.name not in LEFT_OUT
    ]


def line(value: Any) -> bytes:
    """Return a value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _typed(table: dict[str, Any]) -> TableClause:
    """Return a table of the described form, whatever program made it."""

    def type_of(name: str) -> Any:
        kind = table["columns"][name]
        return JSON(none_as_null=name in table["empty"]) if kind == "json" else _TYPES[kind]()

    return table_of(table["name"], *(column_of(name, type_of(name)) for name in table["columns"]))


def _rows(session: Session, described: dict[str, Any], names: list[str]) -> Iterator[dict[str, Any]]:
    table = _typed(described)
    query = select(*(table.c[name] for name in names)).order_by(*(table.c[name] for name in described["key"]))
    writers = [_WRITE.get(described["columns"][name]) for name in names]
    for row in session.execute(query.execution_options(yield_per=_ROWS)):
        values = (v if v is None or write is None else write(v) for v, write in zip(row, writers, strict=True))
        yield dict(zip(names, values, strict=True))


def rows(session: Session, described: Form, counts: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Yield (member, JSON lines) of every table but for what is binary; `counts` ends with the rows of each."""
    for table in described:
        if table["apart"]:
            continue
        names = [name for name, kind in table["columns"].items() if kind != "bytes"]
        number, lines, size = 0, list[bytes](), 0
        for row in _rows(session, table, names):
            lines.append(line(row))
            size += len(lines[-1])
            counts[table["name"]] += 1
            if len(lines) == _ROWS or size >= _BYTES:
                yield f"tables/{table['name']}/{number:06}.jsonl", b"".join(lines)
                number, lines, size = number + 1, [], 0
        if lines:
            yield f"tables/{table['name']}/{number:06}.jsonl", b"".join(lines)


def keys(session: Session, described: Form) -> Iterator[dict[str, Any]]:
    """Yield what is binary: whole rows of tables that are apart, {table, row}; else {table, where, set}."""
    for table in described:
        binary = [name for name, kind in table["columns"].items() if kind == "bytes"]
        if table["apart"]:
            for row in _rows(session, table, list(table["columns"])):
                yield {"table": table["name"], "row": row}
        elif binary:
            for row in _rows(session, table, [*table["key"], *binary]):
                found = {name: row[name] for name in binary if row[name] is not None}
                if found:
                    yield {"table": table["name"], "where": {k: row[k] for k in table["key"]}, "set": found}


class Loader:
    """Writes rows of a described form into tables of that same form, which exist and are empty."""

    def __init__(self, session: Session, described: Form) -> None:
        self._session = session
        self._described = {table["name"]: table for table in described}
        self._tables = {name: _typed(table) for name, table in self._described.items()}

    def _values(self, name: str, row: dict[str, Any]) -> dict[str, Any]:
        kinds = self._described[name]["columns"]
        read = {column: _READ.get(kinds[column]) for column in row}
        return {c: v if v is None or (reader := read[c]) is None else reader(v) for c, v in row.items()}

    def clear(self) -> None:
        """Empty the tables, children before parents; those that are empty are not touched."""
        for name in reversed(self._tables):
            if self.counts([name])[name]:
                self._session.execute(self._tables[name].delete())

    def counts(self, names: list[str]) -> dict[str, int]:
        """Return how many rows each table has."""
        query = {name: select(func.count()).select_from(self._tables[name]) for name in names}
        return {name: self._session.scalar(query[name]) or 0 for name in names}

    def insert(self, name: str, found: list[dict[str, Any]]) -> None:
        """Insert rows of one table."""
        if found:
            self._session.execute(self._tables[name].insert(), [self._values(name, row) for row in found])

    def update(self, name: str, where: dict[str, Any], values: dict[str, Any]) -> None:
        """Set columns of the row with this key."""
        table = self._tables[name]
        statement = table.update().values(**self._values(name, values))
        for column, value in self._values(name, where).items():
            statement = statement.where(table.c[column] == value)
        self._session.execute(statement)
