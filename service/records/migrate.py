"""Migrations: bring any database of an earlier release to this program's form, data carried along (Alembic)."""

from pathlib import Path

from sqlalchemy import inspect, text

from service.records.database import Database

HEAD = "0002"
_SCRIPTS = Path(__file__).parent / "migrations"


def _version(database: Database) -> str | None:
    with database.read() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        return session.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_current(database: Database) -> bool:
    """Return whether the database is at this program's version. Cheap: it loads no Alembic."""
    return _version(database) == HEAD


def upgrade(database: Database) -> bool:
    """Run what is missing; returns whether anything was. Raises DatabaseUnavailable."""
    if is_current(database):
        return False
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
    return True
