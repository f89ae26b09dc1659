"""Migrations: bring any database of an earlier release to this program's form, data carried along (Alembic)."""

from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, inspect, select, text
from sqlalchemy.orm import Session

from service.errors import NotInitialised
from service.records.database import Database

HEAD = "0008"
_UPGRADE_LOCK = 0x4A5B  # PostgreSQL: two programs started at once upgrade one after the other
# Beside the tables of the archive: it is there only while these are not.
_RESTORING = Table("half_restored", MetaData(), Column("backup", String(36), nullable=False))
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


def restoring(session: Session) -> str | None:
    """Return which backup is being put into this database; None when none is, or when all of it is there."""
    if not inspect(session.connection()).has_table(_RESTORING.name):
        return None
    return session.scalar(select(_RESTORING.c.backup)) or "?"


def mark_restoring(session: Session, backup: str | None) -> None:
    """Note which backup is being put into this database, which is empty otherwise; None: all of it is there."""
    connection = session.connection()
    _RESTORING.drop(connection, checkfirst=True)
    if backup is not None:
        _RESTORING.create(connection)
        session.execute(_RESTORING.insert().values(backup=backup))


def require_whole(database: Database) -> None:
    """Raise NotInitialised when a restore into this database was broken off."""
    with database.read() as session:
        backup = restoring(session)
    if backup is not None:
        raise NotInitialised(f"the archive is half restored (backup {backup}): run `juanzong restore` again")


def to_form(session: Session, revision: str) -> None:
    """Bring the tables to `revision` within the caller's transaction; what is newer than that stays."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = session.connection()
    command.upgrade(config, revision)


def upgrade(database: Database) -> bool:
    """Run what is missing; returns whether anything was. Raises DatabaseUnavailable, NotInitialised (a newer program's)."""
    if is_current(database):
        return False
    if is_newer(database):
        raise NotInitialised("the archive is of a newer program than this one: install that, this one changes nothing")
    with database.write() as session:
        if not database.is_sqlite:  # there the write lock is held already
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        to_form(session, "head")
    return True
