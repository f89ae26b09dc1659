"""Migrations: bring any database of an earlier release to this program's form, data carried along (Alembic)."""

from pathlib import Path

from sqlalchemy import inspect, text

from service.errors import NotInitialised
from service.records.database import Database

HEAD = "0003"
_UPGRADE_LOCK = 0x4A5B  # PostgreSQL: two programs started at once upgrade one after the other
_SCRIPTS = Path(__file__).parent / "migrations"


def _version(database: Database) -> str | None:
    with database.read() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        return session.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_current(database: Database) -> bool:
    """Return whether the database is at this program's version. Cheap: it loads no Alembic."""
    return _version(database) == HEAD


def is_newer(database: Database) -> bool:
    """Return whether a later program made the database: its form is none that this one knows."""
    version = _version(database)
    return version is not None and version > HEAD


def has_tables(database: Database) -> bool:
    """Return whether any version of this program made the database already."""
    return _version(database) is not None


def upgrade(database: Database) -> bool:
    """Run what is missing; returns whether anything was. Raises DatabaseUnavailable, NotInitialised (a newer program's)."""
    if is_current(database):
        return False
    if is_newer(database):
        raise NotInitialised("the archive is of a newer program than this one: install that, this one changes nothing")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    with database.write() as session:
        if not database.is_sqlite:  # there the write lock is held already
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
    return True
