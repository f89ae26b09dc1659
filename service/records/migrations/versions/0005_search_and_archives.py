"""Search and archives: what finding, the ledger, case files and appraisal add to the fourth form, one function a topic.

Revision ID: 0005
Revises: 0004
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the fourth form to the fifth, with everything in it."""
