"""Trust: what keys, replicas, identity, access and the audit trail add to the second form, one function a topic.

Revision ID: 0003
Revises: 0002
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the second form to the third, with everything in it."""
