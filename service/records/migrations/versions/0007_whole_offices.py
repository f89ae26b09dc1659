"""What archive room, credit office and search add to the sixth form, one function a topic.

Revision ID: 0007
Revises: 0006
"""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the sixth form to the seventh, with everything in it."""
