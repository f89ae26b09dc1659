"""Migrations: from nothing to today's tables on both databases, and nothing to do twice."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from service.records.database import Database
from service.records.migrate import HEAD, is_current, upgrade
from service.records.tables import Base, Document


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    url = f"sqlite:///{tmp_path}/a.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    yield database
    database.dispose()


def test_migrations_make_exactly_the_tables_of_the_program(database):
    assert not is_current(database)
    assert upgrade(database) is True
    assert is_current(database)
    assert upgrade(database) is False
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, Base.metadata)
    # The unique index over living documents stands in the migration alone (`Document`).
    expected = {"uq_documents_living_sha256"}
    assert [d for d in differences if not (d[0] == "remove_index" and d[1].name in expected)] == []


def test_the_head_is_the_newest_migration():
    from alembic.script import ScriptDirectory

    from service.records import migrations

    assert ScriptDirectory(migrations.__path__[0]).get_current_head() == HEAD


def test_two_living_documents_never_have_the_same_bytes(database):
    upgrade(database)

    def document(status: str) -> Document:
        from datetime import UTC, datetime

        return Document(
            sha256="0" * 64,
            filename="a",
            media_type="b",
            size=1,
            pages=1,
            status=status,
            received_by="x",
            received_at=datetime.now(UTC),
        )

    with database.write() as session:
        session.add_all([document("destroyed"), document("destroyed"), document("stored")])
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(document("received"))
