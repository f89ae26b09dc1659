"""What lists of a million files need so that each reads only what its reader may see, and what the archive room adds.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the seventh form to the eighth, with everything in it."""
    _returns_checked()


def _returns_checked() -> None:
    """What the check of a file that came back found; nobody wrote it down before."""
    op.add_column("access_requests", sa.Column("returned_as", sa.String(length=16), nullable=True))
    op.add_column("access_requests", sa.Column("return_note", sa.Text(), nullable=False, server_default=""))
