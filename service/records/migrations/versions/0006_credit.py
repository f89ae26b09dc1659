"""Credit: what customers, facts, assessments, warnings and their reports add to the fifth form, one function a topic.

Revision ID: 0006
Revises: 0005
"""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the fifth form to the sixth, with everything in it."""
