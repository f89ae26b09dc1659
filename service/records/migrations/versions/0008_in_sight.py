"""What lists of a million files need so that each reads only what its reader may see, what the archive room adds, shared reading, and more.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from service.records.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the seventh form to the eighth, with everything in it."""
    _transfers_in_sight()
    _due_files_in_sight()
    _returns_checked()
    _page_shares()
    _categories_of_people()
    for table in ("stacks", "documents"):
        op.add_column(table, sa.Column("error_code", sa.String(length=32), nullable=False, server_default=""))
    op.add_column("stacks", sa.Column("sheets", sa.Integer(), nullable=True))
    for table in ("uploads", "stacks"):  # which of several files it is that are one stack
        op.add_column(table, sa.Column("portion", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("stacks", sa.Column("scan", sa.String(length=32), nullable=False, server_default=""))
    op.create_index(op.f("ix_stacks_scan"), "stacks", ["scan"], unique=False)
    op.add_column("long_runs", sa.Column("held_by", sa.String(length=200), nullable=False, server_default=""))


def _transfers_in_sight() -> None:
    """Whose and how confidential the file of a transfer is, beside its deadline; indexes over what is open hold both."""
    op.add_column("transfers", sa.Column("department_id", sa.String(length=36), nullable=False, server_default=""))
    op.add_column("transfers", sa.Column("tier", sa.String(length=16), nullable=False, server_default=""))
    op.execute(
        "UPDATE transfers SET (department_id, tier) = "
        "(SELECT department_id, tier FROM case_files WHERE case_files.id = transfers.case_file_id) "
        "WHERE state != 'accepted'"  # of a million that were accepted nobody asks it
    )
    for columns in (["due_on", "id"], ["responsible_id", "due_on", "id"]):
        op.drop_index(f"ix_transfers_open_{'_'.join(columns)}", table_name="transfers")
    # Each holds all that its question asks, so that no row is looked at which is not shown.
    for name, columns in (
        ("due", ["due_on", "id", "tier"]),
        ("of_department", ["department_id", "due_on", "id", "tier", "responsible_id"]),
        ("owed", ["responsible_id", "due_on", "id", "tier", "state"]),
        ("arrived", ["stage", "state", "due_on", "id", "tier"]),
    ):
        _index_over_some(f"ix_transfers_open_{name}", "transfers", columns, "state != 'accepted'")


def _due_files_in_sight() -> None:
    """What is due in a department; of all contracts those that run, whose files are no candidates; what a file is held and reviewed by."""
    for table in ("hold_files", "review_files"):
        op.create_index(op.f(f"ix_{table}_case_file_id"), table, ["case_file_id"], unique=False)
    due = ["department_id", "due_on", "archive_number"]
    _index_over_some("ix_case_files_archived_of_department", "case_files", due, "state = 'archived'")
    running = "status NOT IN ('performed', 'terminated', 'cancelled')"
    _index_over_some("ix_contracts_running", "contracts", ["id"], running)


def _index_over_some(name: str, table: str, columns: list[str], which: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(which), postgresql_where=sa.text(which))


def _returns_checked() -> None:
    """What the check of a file that came back found; nobody wrote it down before."""
    op.add_column("access_requests", sa.Column("returned_as", sa.String(length=16), nullable=True))
    op.add_column("access_requests", sa.Column("return_note", sa.Text(), nullable=False, server_default=""))


def _page_shares() -> None:
    """Which pages of a long document who reads; what is being read at the change is read from its beginning."""
    op.create_table(
        "page_shares",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("first", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("unread", sa.JSON(), nullable=False),
        sa.Column("claimed_by", sa.String(length=120), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_page_shares_document_id_documents")),
        sa.PrimaryKeyConstraint("document_id", "first", name=op.f("pk_page_shares")),
    )


def _categories_of_people() -> None:
    """Whose word the category of a document is; of those that are there the trail says it."""
    op.add_column("documents", sa.Column("categorised_by", sa.String(length=80), nullable=False, server_default=""))
    op.execute(
        "UPDATE documents SET categorised_by = (SELECT actor FROM audit WHERE subject = 'document:' || documents.id "
        "AND action = 'document.categorise' ORDER BY seq DESC LIMIT 1) WHERE 'document:' || id IN "
        "(SELECT subject FROM audit WHERE action = 'document.categorise')"
    )
