"""Daily work: what keys, reading, search, archives and credit add to the third form, one function a topic.

Revision ID: 0004
Revises: 0003
"""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the third form to the fourth, with everything in it."""
