"""The scanning station: what the second form of the database adds to the first, one function a topic.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the first form to the second, with everything in it."""
    _fixity()


def _fixity() -> None:
    """The digest of the sealed bytes told no more than the digest of what they hold, which fixity checks now."""
    op.drop_column("renditions", "sealed_sha256")
