"""Migrations: from nothing to today's tables on both databases, and nothing to do twice."""

import base64
import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Boolean, Date, DateTime, MetaData, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine

from service.errors import NotInitialised
from service.records.database import Database
from service.records.migrate import HEAD, is_current, upgrade
from service.records.tables import AuditEntry, CaseFile, Document, Rendition, Transfer, whole

FIRST_FORM = Path(__file__).parent / "archives" / "first-form.json"


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
        differences = compare_metadata(context, whole())
    # The unique indexes over what lives stand in the migrations alone (`Document`, `CaseFile`).
    expected = {"uq_documents_living_sha256", "uq_stacks_living_sha256", "uq_case_files_living_credit"}
    expected |= {f"ix_transfers_open_{name}" for name in ("due", "of_department", "owed", "arrived")}
    expected |= {"ix_case_files_archived_of_department", "ix_contracts_running"}
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


def _fill(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Put a whole archive of the first form (every step of the main job done) into an empty database of that form."""
    kept = json.loads(FIRST_FORM.read_text(encoding="utf-8"))
    tables = MetaData()
    with database.write() as session:
        connection = session.connection()
        tables.reflect(connection)
        connection.execute(tables.tables["audit_head"].delete())  # the form begins with a head of its own
        for table in tables.sorted_tables:
            rows = [
                {name: _typed(table.c[name].type, value) for name, value in row.items()}
                for row in kept.get(table.name, [])
            ]
            if rows:
                connection.execute(table.insert(), rows)
    return kept


def form_of_first_release(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Make a whole archive of the first form; returns its rows by table."""
    _at(database, "0001")
    return _fill(database)


def _typed(kind: TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    if isinstance(kind, JSON):
        return json.loads(value)
    if isinstance(kind, Boolean):
        return bool(value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def test_two_credit_files_of_one_customer_are_both_carried_forward_and_one_counts(database):
    _at(database, "0001")
    tables = MetaData()
    with database.write() as session:
        connection = session.connection()
        tables.reflect(connection)
        now = datetime(2026, 11, 1)  # noqa: DTZ001 - as the columns keep it

        def put(table: str, **row: Any) -> None:
            connection.execute(tables.tables[table].insert(), [row])

        put("departments", id="xs", code="XS", name="销售部", fonds="J001")
        put("customers", id="one", number="KH-2026-0001", name="某公司", created_at=now)
        more = {"department_id": "xs", "tier": "internal", "retention_why": "", "events": [], "created_at": now}
        for file_id, state in (("a", "open"), ("b", "archived"), ("c", "destroyed"), ("d", "open")):
            put("case_files", id=file_id, kind="credit", title="某公司", customer_id="one", state=state, **more)
    assert upgrade(database) is True
    with database.read() as session:
        assert dict(session.execute(select(CaseFile.id, CaseFile.superseded_by)).all()) == {
            "a": "b",
            "b": None,
            "c": None,
            "d": "b",
        }
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(
            CaseFile(kind="credit", title="x", customer_id="one", department_id="xs", created_at=datetime.now(UTC))
        )


def test_an_archive_of_the_first_form_is_carried_forward(database):
    kept = form_of_first_release(database)
    assert not is_current(database)
    assert upgrade(database) is True
    with database.read() as session:
        for name, rows in kept.items():
            table = whole().tables[name]
            assert session.scalar(select(func.count()).select_from(table)) == len(rows), name
        for row in kept["renditions"]:
            assert session.get_one(Rendition, row["id"]).sha256 == row["sha256"]
        for row in kept["case_files"]:
            file = session.get_one(CaseFile, row["id"])
            assert (file.archive_number, file.state) == (row["archive_number"], row["state"])
        for row in kept["documents"]:
            document = session.get_one(Document, row["id"])
            assert (document.title, document.category, len(document.fields)) == (
                row["title"],
                row["category"],
                sum(field["document_id"] == row["id"] for field in kept["document_fields"]),
            )
        hashes = session.scalars(select(AuditEntry.hash).order_by(AuditEntry.seq)).all()
        assert hashes == [row["hash"] for row in kept["audit"]]


def test_open_transfers_are_given_department_and_tier_of_their_files(database):
    kept = form_of_first_release(database)
    files = {row["id"]: row for row in kept["case_files"]}
    with database.write() as session:
        opened = session.execute(text("UPDATE transfers SET state = 'pending' WHERE stage = 'archive'"))
        one = min(row["case_file_id"] for row in kept["transfers"])
        session.execute(text("UPDATE case_files SET tier = 'secret' WHERE id = :id"), {"id": one})
    upgrade(database)
    with database.read() as session:
        rows = session.scalars(select(Transfer).where(Transfer.state != "accepted")).all()
        assert len(rows) == opened.rowcount > 1
        for row in rows:
            assert row.department_id == row.case_file.department_id == files[row.case_file_id]["department_id"]
            assert row.tier == row.case_file.tier == ("secret" if row.case_file_id == one else "internal")


def test_of_a_category_that_a_person_chose_the_trail_says_who(database):
    kept = form_of_first_release(database)
    document_id = kept["documents"][0]["id"]
    tables = MetaData()
    with database.write() as session:
        tables.reflect(session.connection())
        last = max(row["seq"] for row in kept["audit"])
        row = {"at": "2026-11-20", "subject": f"document:{document_id}", "detail": "{}", "previous": "", "hash": ""}
        for seq, (who, action) in enumerate(
            (("person:a", "categorise"), ("person:b", "categorise"), ("person:c", "view")), 1
        ):
            said = row | {"seq": last + seq, "actor": who, "action": f"document.{action}"}
            session.execute(tables.tables["audit"].insert(), [said])
    upgrade(database)
    with database.read() as session:
        found = dict(session.execute(select(Document.id, Document.categorised_by)).all())
    assert found.pop(document_id) == "person:b"
    assert set(found.values()) <= {""}


def test_an_archive_of_a_newer_program_is_left_alone(database):
    upgrade(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NotInitialised, match="newer program"):
        upgrade(database)


def test_two_programs_started_at_once_upgrade_once(database):
    others = [Database(str(database.url.render_as_string(hide_password=False))) for _ in range(3)]
    try:
        with ThreadPoolExecutor(3) as starts:
            assert len([done.result() for done in [starts.submit(upgrade, other) for other in others]]) == 3
    finally:
        for other in others:
            other.dispose()
    assert is_current(database)


def test_a_database_another_program_is_making_is_waited_for(tmp_path):
    maker = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)
    maker.execute("BEGIN IMMEDIATE")  # SQLite refuses the change of the journal at once meanwhile
    end = threading.Timer(0.3, lambda: maker.execute("COMMIT"))
    end.start()
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    try:
        database.check()
    finally:
        end.join()
        maker.close()
        database.dispose()
