"""Daily work: what keys, reading, search, archives and credit add to the third form, one function a topic.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from service.records.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the third form to the fourth, with everything in it."""
    _pages()
    _keys()
    _credit()
    _reading()


def _pages() -> None:
    """The way back from a change of pages."""
    op.add_column("batches", sa.Column("undo", sa.JSON(), nullable=True))


def _keys() -> None:
    """Documents that are being sealed anew under another key; objects that a reader found broken."""
    op.add_column("object_states", sa.Column("noticed", sa.String(length=8), nullable=False, server_default=""))
    op.create_table(
        "key_renewals",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master_key_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.String(length=80), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_key_renewals_document_id_documents")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_key_renewals")),
    )


def _credit() -> None:
    """What customers were assessed at."""
    op.create_table(
        "assessments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("scorecard", sa.String(length=40), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("exact", sa.String(length=40), nullable=False),
        sa.Column("score", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("score_grade", sa.String(length=3), nullable=False),
        sa.Column("grade", sa.String(length=3), nullable=False),
        sa.Column("set_reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_assessments_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
    )
    op.create_index(op.f("ix_assessments_customer_id"), "assessments", ["customer_id"], unique=False)


def _reading() -> None:
    """Uploads whose length is told later."""
    op.add_column("uploads", sa.Column("deferred", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("uploads") as table:
        table.alter_column("deferred", server_default=None)
