"""Search and archives: what finding, the ledger, case files and appraisal add to the fourth form, one function a topic.

Revision ID: 0005
Revises: 0004
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from service.records.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the fourth form to the fifth, with everything in it."""
    _ledger()
    _sketches()
    _saved_searches()


def _ledger() -> None:
    """The organisation over time, where paper stands, former and void numbers, half-year statistics."""
    op.add_column("departments", sa.Column("company_id", sa.String(length=36), nullable=True))
    op.add_column("departments", sa.Column("merged_into", sa.String(length=36), nullable=True))
    op.add_column("departments", sa.Column("created_at", UtcDateTime(), nullable=True))
    op.create_table(
        "companies",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("fonds", sa.String(length=8), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["companies.id"], name=op.f("fk_companies_parent_id_companies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("code", name=op.f("uq_companies_code")),
    )
    op.create_table(
        "organisation_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("old", sa.String(length=120), nullable=False),
        sa.Column("new", sa.String(length=120), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_changes")),
    )
    op.create_index(op.f("ix_organisation_changes_subject_id"), "organisation_changes", ["subject_id"], unique=False)
    op.create_table(
        "file_places",
        sa.Column("case_file_id", sa.String(length=36), nullable=False),
        sa.Column("room", sa.String(length=60), nullable=False),
        sa.Column("shelf", sa.String(length=60), nullable=False),
        sa.Column("box", sa.String(length=60), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_file_id"], ["case_files.id"], name=op.f("fk_file_places_case_file_id_case_files")
        ),
        sa.PrimaryKeyConstraint("case_file_id", name=op.f("pk_file_places")),
    )
    op.create_table(
        "paper_counts",
        sa.Column("case_file_id", sa.String(length=36), nullable=False),
        sa.Column("category", sa.String(length=8), nullable=False),
        sa.Column("originals", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("counted_by", sa.String(length=80), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_file_id"], ["case_files.id"], name=op.f("fk_paper_counts_case_file_id_case_files")
        ),
        sa.PrimaryKeyConstraint("case_file_id", "category", name=op.f("pk_paper_counts")),
    )
    op.create_table(
        "former_numbers",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("case_file_id", sa.String(length=36), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_file_id"], ["case_files.id"], name=op.f("fk_former_numbers_case_file_id_case_files")
        ),
        sa.PrimaryKeyConstraint("kind", "number", name=op.f("pk_former_numbers")),
    )
    op.create_index(op.f("ix_former_numbers_case_file_id"), "former_numbers", ["case_file_id"], unique=False)
    op.create_table(
        "void_numbers",
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("prefix", sa.String(length=120), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("voided_by", sa.String(length=80), nullable=False),
        sa.Column("voided_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_void_numbers")),
        sa.UniqueConstraint("prefix", "serial", name=op.f("uq_void_numbers_prefix_serial")),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("unit", sa.String(length=12), nullable=False),
        sa.Column("unit_id", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.String(length=80), nullable=False),
        sa.Column("prepared_at", UtcDateTime(), nullable=False),
        sa.Column("signed_by", sa.String(length=80), nullable=True),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("submitted_by", sa.String(length=80), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("returned_by", sa.String(length=80), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint(
            "kind", "unit", "unit_id", "period", "version", name=op.f("uq_submissions_kind_unit_unit_id_period_version")
        ),
    )
    for column in ("unit_id", "period"):
        op.create_index(op.f(f"ix_submissions_{column}"), "submissions", [column], unique=False)
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM people")):  # reports of the time before were made elsewhere
        terms = sa.table("terms", sa.column("name", sa.String), sa.column("day", sa.Date))
        op.execute(terms.insert().values(name="statistics", day=datetime.now(UTC).date()))


def _sketches() -> None:
    """By what documents look alike. Those that were read before wait for theirs; the worker makes it."""
    op.create_table(
        "document_sketches",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("made_with", sa.String(length=80), nullable=False),
        sa.Column("pieces", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("sealed_pages", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_sketches_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_sketches")),
    )
    op.create_index(op.f("ix_document_sketches_made_with"), "document_sketches", ["made_with"], unique=False)
    op.create_table(
        "document_marks",
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_marks_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("mark", "document_id", name=op.f("pk_document_marks")),
    )
    op.create_index(op.f("ix_document_marks_document_id"), "document_marks", ["document_id"], unique=False)
    op.create_index(op.f("ix_contracts_customer_id"), "contracts", ["customer_id"], unique=False)
    op.execute(
        "INSERT INTO document_sketches (document_id, made_with, pieces, figures, sealed_pages) "
        "SELECT id, '', '', '', '[]' FROM documents WHERE status IN ('stored', 'needs_review') AND pages_read > 0"
    )


def _saved_searches() -> None:
    """Questions people keep under a name, and the documents that came to answer them."""
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("looked_until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_saved_searches_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
    )
    op.create_index(op.f("ix_saved_searches_person_id"), "saved_searches", ["person_id"], unique=False)
    op.create_table(
        "saved_search_finds",
        sa.Column("saved_search_id", sa.String(length=36), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["saved_search_id"],
            ["saved_searches.id"],
            name=op.f("fk_saved_search_finds_saved_search_id_saved_searches"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_saved_search_finds_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("saved_search_id", "document_id", name=op.f("pk_saved_search_finds")),
    )
    op.create_index(op.f("ix_saved_search_finds_document_id"), "saved_search_finds", ["document_id"], unique=False)
