"""The scanning station: what the second form of the database adds to the first, one function a topic.

Revision ID: 0002
Revises: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from intake.verification import Stand, done_with, standing
from service.records.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the first form to the second, with everything in it."""
    _fixity()
    _departments()
    _appointments()
    _credit_files()
    _transfers()
    _preservation()
    _formats()
    _uploads()
    _batches()
    _checking()


def _appointments() -> None:
    """Who takes which part stands in the review itself; what only the column beside it said is carried over."""
    connection = op.get_bind()
    reviews = sa.table(
        "reviews", *(sa.column(n, sa.String() if n == "id" else sa.JSON()) for n in ("id", "data", "parts"))
    )
    for row in list(connection.execute(sa.select(reviews))):
        if not row.data.get("appointed"):
            appointed = {"approver": [row.parts["approver"]], "supervisor": list(row.parts["supervisors"])}
            data = {**row.data, "appointed": appointed}
            connection.execute(reviews.update().where(reviews.c.id == row.id).values(data=data))
    op.drop_column("reviews", "parts")


def _departments() -> None:
    """Departments can be closed."""
    op.add_column("departments", sa.Column("closed_at", UtcDateTime(), nullable=True))


def _fixity() -> None:
    """The digest of the sealed bytes told no more than the digest of what they hold, which fixity checks now."""
    op.drop_column("renditions", "sealed_sha256")


def _credit_files() -> None:
    """A customer has one living credit file. Where two had been made at once, both stay: one counts, the other says which.

    It is the archived one or, of equals, the one with more documents, then the older.
    """
    op.add_column("case_files", sa.Column("superseded_by", sa.String(length=36), nullable=True))
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT f.id, f.customer_id FROM case_files f WHERE f.kind = 'credit' AND f.state != 'destroyed' "
            "ORDER BY f.customer_id, CASE f.state WHEN 'archived' THEN 0 ELSE 1 END, "
            "(SELECT count(*) FROM documents d WHERE d.case_file_id = f.id) DESC, f.created_at, f.id"
        )
    ).all()
    counts: dict[str, str] = {}
    for file_id, customer_id in found:
        kept = counts.setdefault(customer_id, file_id)
        if kept != file_id:
            update = sa.text("UPDATE case_files SET superseded_by = :kept WHERE id = :id")
            connection.execute(update, {"kept": kept, "id": file_id})
    living = sa.text("kind = 'credit' AND state != 'destroyed' AND superseded_by IS NULL")
    op.create_index(
        "uq_case_files_living_credit",
        "case_files",
        ["customer_id"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )


def _transfers() -> None:
    """Whoever signs for the person responsible is named beside them, and what each side signed for is kept."""
    op.add_column("transfers", sa.Column("handed_over_for", sa.String(length=80), nullable=True))
    op.add_column("transfers", sa.Column("contents", sa.JSON(), nullable=False, server_default="{}"))


def _preservation() -> None:
    """Every document that was read before waits for its preservation copy."""
    op.add_column(
        "documents", sa.Column("preservation", sa.String(length=12), nullable=False, server_default="waiting")
    )
    op.create_index(op.f("ix_documents_preservation"), "documents", ["preservation"], unique=False)


def _formats() -> None:
    """What a file shows by itself is noted with its document, and how good a page is with its image."""
    op.add_column("documents", sa.Column("notes", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("renditions", sa.Column("quality", sa.JSON(none_as_null=True), nullable=True))


def _uploads() -> None:
    """Files that arrive piece by piece."""
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("batch", sa.String(length=36), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=True),
        sa.Column("split", sa.Boolean(), nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=True),
        sa.Column("sides", sa.Integer(), nullable=False),
        sa.Column("turn_over", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("writer", sa.String(length=36), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("stack_id", sa.String(length=36), nullable=True),
        sa.Column("duplicate", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_by", sa.String(length=120), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    for name in ("created_by", "state", "expires_at"):
        op.create_index(op.f(f"ix_uploads_{name}"), "uploads", [name], unique=False)
    op.create_table(
        "upload_parts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("upload_id", sa.String(length=36), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("fk_upload_parts_upload_id_uploads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_parts")),
    )
    op.create_index(op.f("ix_upload_parts_upload_id"), "upload_parts", ["upload_id"], unique=False)


def _checking() -> None:
    """Values say what was read, who disagrees, and how far a document's key values are; corrections are kept and counted."""
    on_documents: tuple[sa.Column[Any], ...] = (
        sa.Column("verification", sa.String(length=12), nullable=False, server_default=""),
        sa.Column("checked_by", sa.JSON(), nullable=False, server_default="[]"),
    )
    for column in on_documents:
        op.add_column("documents", column)
    op.create_index(op.f("ix_documents_verification"), "documents", ["verification"], unique=False)
    on_fields: tuple[sa.Column[Any], ...] = (
        sa.Column("rival", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("heard", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("read_value", sa.Text(), nullable=False, server_default=""),
        sa.Column("read_confidence", sa.Float(), nullable=False, server_default="0"),
        sa.Column("engine", sa.String(length=16), nullable=False, server_default=""),
    )
    for column in on_fields:
        op.add_column("document_fields", column)
    op.execute("UPDATE document_fields SET read_value = value, read_confidence = confidence WHERE entered_by = 'ocr'")
    _how_far()
    op.create_table(
        "field_corrections",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("category", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=16), nullable=False),
        sa.Column("read_value", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("corrected_value", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_field_corrections_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_corrections")),
    )
    op.create_index(op.f("ix_field_corrections_document_id"), "field_corrections", ["document_id"], unique=False)
    op.create_table(
        "extraction_counts",
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("category", sa.String(length=8), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("engine", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("band", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "received_on", "category", "field", "engine", "outcome", "band", name=op.f("pk_extraction_counts")
        ),
    )
    op.create_table(
        "desks",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_desks_document_id_documents")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_desks")),
    )
    op.create_table(
        "last_saves",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.Column("corrections", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_last_saves_document_id_documents")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_last_saves")),
    )


def _how_far() -> None:
    """Say of every document how far its key values are: derived from them, by the rules of the program that migrates."""
    connection = op.get_bind()
    fields = sa.table(
        "document_fields",
        *(sa.column(name, sa.String()) for name in ("document_id", "name", "value", "entered_by")),
        sa.column("confirmed_by", sa.JSON()),
    )
    documents = sa.table(
        "documents",
        sa.column("id", sa.String()),
        sa.column("verification", sa.String()),
        sa.column("checked_by", sa.JSON()),
    )
    stands: dict[str, dict[str, Stand]] = {}
    for row in connection.execute(sa.select(fields)):
        stand = Stand(row.value, row.entered_by, tuple(row.confirmed_by))
        stands.setdefault(row.document_id, {})[row.name] = stand
    for document_id, known in stands.items():
        values = {"verification": standing(known), "checked_by": list(done_with(known))}
        connection.execute(documents.update().where(documents.c.id == document_id).values(**values))


def _batches() -> None:
    """Scanned stacks, the documents cut from them, and the account of the paper."""
    op.create_table(
        "batches",
        sa.Column("name", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=True),
        sa.Column("sheets", sa.Integer(), nullable=True),
        sa.Column("sides", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.String(length=120), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_batches_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_batches")),
    )
    op.create_index(op.f("ix_batches_state"), "batches", ["state"], unique=False)
    op.create_table(
        "stacks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("batch", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("turn_over", sa.String(length=12), nullable=False),
        sa.Column("drop_blanks", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("looked", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("thumbs", sa.String(length=36), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("received_by", sa.String(length=80), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_by", sa.String(length=120), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batches.name"], name=op.f("fk_stacks_batch_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stacks")),
    )
    for name in ("batch", "state", "sha256"):
        op.create_index(op.f(f"ix_stacks_{name}"), "stacks", [name], unique=False)
    living = sa.text("state <> 'removed'")
    op.create_index(
        "uq_stacks_living_sha256", "stacks", ["sha256"], unique=True, sqlite_where=living, postgresql_where=living
    )
    op.create_table(
        "batch_parts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("batch", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("contract_number", sa.String(length=64), nullable=False),
        sa.Column("customer_number", sa.String(length=40), nullable=False),
        sa.Column("category", sa.String(length=8), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.Column("duplicate", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.name"], name=op.f("fk_batch_parts_batch_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_parts")),
    )
    for name in ("batch", "document_id"):
        op.create_index(op.f(f"ix_batch_parts_{name}"), "batch_parts", [name], unique=False)
