"""The database: one engine, sessions that read and sessions that write.

A write session takes SQLite's write lock at its beginning, so that two writers wait instead of failing half-way; on
PostgreSQL the same is done per audit chain by an advisory lock (`audit.py`).
"""

import contextlib
import sqlite3
import time
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, TypeDecorator, create_engine, event, make_url
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from service.errors import BadInput, DatabaseUnavailable


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment, on databases with and without time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the moment as the database keeps it."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the aware moment."""
        return None if value is None else value.replace(tzinfo=UTC)


def _use_write_ahead_log(connection: Any) -> None:
    # SQLite refuses this change at once, whatever the busy timeout, while another program makes the same database.
    give_up = time.monotonic() + 30
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


class _Connection(sqlite3.Connection):
    """A connection that knows its cursors, so that none outlives the session that opened it."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def cursor(self, *arguments: Any, **more: Any) -> Any:
        """Return a cursor and remember it."""
        cursor = super().cursor(*arguments, **more)
        self._cursors.add(cursor)
        return cursor

    def close_cursors(self) -> None:
        """Close every cursor that is still there."""
        for cursor in list(self._cursors):
            cursor.close()


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "reset")
    def on_reset(connection: Any, _record: Any, _state: Any) -> None:
        # An error that is still being told keeps the rows it left unread, and with them a snapshot of the database: whoever
        # got this connection next could not begin to write, however long it waited.
        connection.close_cursors()

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        _use_write_ahead_log(connection)
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        write = connection.get_execution_options().get("juanzong_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


#: Milliseconds for which SQLite waits for others.
BUSY_MS = 30_000
#: Tables of which rows are deleted that held something of a page, or a key.
_WITH_CONTENT = (
    *("wrapped_keys", "key_renewals", "document_fields", "field_corrections", "last_saves", "document_sketches"),
    *("document_marks", "documents", "renditions"),
)


class Database:
    """Sessions over one database URL. Raises DatabaseUnavailable when it cannot be reached.

    audit_key: seals the end of the audit chain; without it nothing can be written that leaves a trace there.
    """

    def __init__(self, url: str, audit_key: bytes | None = None) -> None:
        self._info = {} if audit_key is None else {"audit_key": audit_key}
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = (
            {"connect_args": {"factory": _Connection}}
            if self.is_sqlite
            else {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}
        )
        self.engine = create_engine(self.url, **options)
        if self.is_sqlite:
            _prepare_sqlite(self.engine)
        self._write_engine = self.engine.execution_options(juanzong_write=True)

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing it changes is kept."""
        with self._guard(), Session(self.engine, expire_on_commit=False, info=self._info) as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits on leaving, or keeps nothing when an error passes through."""
        with (
            self._guard(),
            Session(self._write_engine, expire_on_commit=False, info=self._info) as session,
            session.begin(),
        ):
            yield session

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise DatabaseUnavailable(f"the database does not answer: {_cause(error)}") from error
        except PoolTimeout as error:
            raise DatabaseUnavailable("the database does not answer: all connections to it are busy") from error
        except DataError as error:  # out of a column's range: the doors are strict, this is the last one
            raise BadInput(f"a value cannot be kept: {_cause(error)}") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise DatabaseUnavailable(f"the database went away: {_cause(error)}") from error
            raise

    def check(self) -> None:
        """Raise DatabaseUnavailable unless the database answers now."""
        with self._guard(), self.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")

    def scrub(self) -> bool:
        """Make sure that deleted rows are not only hidden: their old pages leave the files of the database; returns whether they have.

        SQLite overwrites them (`secure_delete`) and empties its write-ahead log, which cannot be while somebody reads what was before:
        it is waited for as long as for a lock. PostgreSQL vacuums the tables that held them.
        """
        with self._guard(), self.engine.connect() as connection:
            raw = connection.execution_options(isolation_level="AUTOCOMMIT")
            if self.is_sqlite:
                busy, _pages, _written = raw.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
                return not busy
            raw.exec_driver_sql(f"VACUUM {', '.join(_WITH_CONTENT)}")
            return True

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _cause(error: DBAPIError) -> str:
    text = str(error.orig).strip() or error.__class__.__name__
    return text.splitlines()[0]
