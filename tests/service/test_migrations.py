"""Migrations: from nothing to today's tables on both databases, and nothing to do twice."""

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.records.database import Database
from service.records.migrate import HEAD, is_current, upgrade
from service.records.tables import Base, Document, Rendition


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


def _at(database: Database, revision: str) -> None:
    """Bring an empty database to an earlier form."""
    from alembic import command
    from alembic.config import Config

    from service.records import migrations

    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)


def test_an_archive_of_the_first_form_is_carried_forward(database):
    _at(database, "0001")
    assert not is_current(database)
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO documents (id, sha256, filename, media_type, size, pages, status, error, channel, batch, received_by,"
                " received_at, claimed_by, attempts, pages_read, indexed, category, kind, title, confidence, review_reasons, tier,"
                " is_original)"
                " VALUES ('d', :sha256, 'a.pdf', 'application/pdf', 9, 1, 'stored', '', 'web', '', 'li', :at, '', 1, 1, :yes,"
                " '1.9', 'contract', '采购合同', 0.9, '[]', 'internal', :yes)"
            ),
            {"sha256": "ab" * 32, "at": datetime(2026, 1, 2, tzinfo=UTC), "yes": True},
        )
        session.execute(
            text(
                "INSERT INTO renditions (id, document_id, kind, page, media_type, state, size, sha256, sealed_size, sealed_sha256)"
                " VALUES ('r', 'd', 'original', 0, 'application/pdf', 'kept', 9, :sha256, 122, 'cd')"
            ),
            {"sha256": "ab" * 32},
        )
    assert upgrade(database) is True
    with database.read() as session:
        kept = session.get_one(Rendition, "r")
        assert (kept.document_id, kept.sha256, kept.sealed_size) == ("d", "ab" * 32, 122)
        document = session.get_one(Document, "d")
        assert (document.title, document.received_at) == ("采购合同", datetime(2026, 1, 2, tzinfo=UTC))
