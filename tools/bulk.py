"""Rows of a measurement put into an archive at once: COPY on PostgreSQL, which takes a hundred thousand customers in minutes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, insert

from service.house import House


def put(house: House, rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> None:
    """Insert rows by table, in this order, in one transaction. What a row leaves out is as the table has it by default."""
    with house.database.engine.begin() as connection:
        for table, some in rows.items():
            if some and house.database.is_sqlite:
                connection.execute(insert(table), list(some))
            elif some:
                _copy(connection, table, some)


def _copy(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    columns = list(table.columns)
    makers = [(column.key, _default(column), _processor(connection, column)) for column in columns]
    names = ", ".join(quote(column.name) for column in columns)
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([process(row[key] if key in row else default()) for key, default, process in makers])


def _default(column: Column[Any]) -> Callable[[], Any]:
    given: Any = column.default
    if given is None:
        return lambda: None
    return (lambda: given.arg(None)) if given.is_callable else (lambda: given.arg)


def _processor(connection: Connection, column: Column[Any]) -> Callable[[Any], Any]:
    process = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return (lambda value: value if value is None else process(value)) if process else (lambda value: value)
