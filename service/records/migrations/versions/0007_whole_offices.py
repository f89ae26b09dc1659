"""What archive room, credit office and search add to the sixth form, one function a topic.

Revision ID: 0007
Revises: 0006
"""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from service.records.database import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the sixth form to the seventh, with everything in it."""
    _saved_search_mail()
    _forms_of_runs()
    _assessment_plan()
    _paper_doubts()
    _long_runs()
    _many_customers()
    _million_files()
    _archive_room()


def _saved_search_mail() -> None:
    """Saved searches whose owner is told of news by e-mail."""
    op.add_column("saved_searches", sa.Column("mail", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("saved_searches", sa.Column("mailed_at", UtcDateTime(), nullable=True))


def _forms_of_runs() -> None:
    """How far the forms of all whom a run over the portfolio assessed are; runs of before have none."""
    op.add_column("portfolio_runs", sa.Column("forms", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("portfolio_runs", sa.Column("forms_at", sa.String(length=36), nullable=False, server_default=""))
    op.create_index(op.f("ix_portfolio_runs_forms"), "portfolio_runs", ["forms"], unique=False)


def _long_runs() -> None:
    """Long runs with how far they are, and what keeps one from going on."""
    op.create_table(
        "long_runs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("once", sa.String(length=120), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=36), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("result", sa.String(length=36), nullable=True),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_long_runs_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_long_runs")),
        sa.UniqueConstraint("once", name=op.f("uq_long_runs_once")),
    )
    op.create_index(op.f("ix_long_runs_state"), "long_runs", ["state"], unique=False)
    op.create_index(op.f("ix_long_runs_ordered_at"), "long_runs", ["ordered_at"], unique=False)
    op.create_index(op.f("ix_long_runs_person_id"), "long_runs", ["person_id"], unique=False)
    for table in ("portfolio_runs", "warning_runs"):
        op.add_column(table, sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        op.add_column(table, sa.Column("trouble", sa.Text(), nullable=False, server_default=""))
    op.add_column("warning_runs", sa.Column("total", sa.Integer(), nullable=False, server_default="0"))


def _many_customers() -> None:
    """Duplicates and freshness among many customers; the keys of those there are already are the first long run."""
    op.create_table(
        "duplicate_keys",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("key", "customer_id", name=op.f("pk_duplicate_keys")),
    )
    op.create_index(op.f("ix_duplicate_keys_customer_id"), "duplicate_keys", ["customer_id"], unique=False)
    op.create_table(
        "duplicate_pairs",
        sa.Column("first_id", sa.String(length=36), nullable=False),
        sa.Column("second_id", sa.String(length=36), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_duplicate_pairs")),
    )
    op.create_index(op.f("ix_duplicate_pairs_second_id"), "duplicate_pairs", ["second_id"], unique=False)
    op.create_index(
        "ix_duplicate_pairs_rank_since", "duplicate_pairs", ["rank", "since", "first_id", "second_id"], unique=False
    )
    op.create_table(
        "freshness_boards",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_freshness_boards_person_id_people")),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_freshness_boards")),
    )
    op.create_index(op.f("ix_freshness_boards_person_id"), "freshness_boards", ["person_id"], unique=False)
    op.drop_index(op.f("ix_fact_duties_due_on"), table_name="fact_duties")
    op.create_index(
        "ix_fact_duties_due_on_customer_id_kind", "fact_duties", ["due_on", "customer_id", "kind"], unique=False
    )
    op.create_index(op.f("ix_fact_duties_changed_on"), "fact_duties", ["changed_on"], unique=False)
    customers = sa.table("customers", sa.column("id", sa.String()))
    count = op.get_bind().scalar(sa.select(sa.func.count()).select_from(customers)) or 0
    if count:
        _order_keys(count)


def _order_keys(customers: int) -> None:
    now = datetime.now(UTC)
    runs = sa.table(
        "long_runs",
        *(sa.column(name, sa.String()) for name in ("id", "kind", "state", "once", "at", "why", "ordered_by")),
        *(sa.column(name, sa.Integer()) for name in ("total", "done", "failures")),
        *(sa.column(name, UtcDateTime()) for name in ("ordered_at", "next_at")),
        sa.column("given", sa.JSON()),
    )
    row = {"id": str(uuid4()), "kind": "duplicates", "state": "waiting", "once": "duplicates", "given": {}, "at": ""}
    figures = {"why": "", "ordered_by": "system", "total": customers, "done": 0, "failures": 0}
    op.bulk_insert(runs, [{**row, **figures, "ordered_at": now, "next_at": now}])


def _million_files() -> None:
    """What a million case files are listed, counted and swept by; what lists show of a review."""
    op.add_column("reviews", sa.Column("summary", sa.JSON(), nullable=True))
    op.add_column("transfers", sa.Column("tell_on", sa.Date(), nullable=True))
    # The next sweep finds the day on which each of them really comes to somebody more.
    op.execute("UPDATE transfers SET tell_on = event_on WHERE state != 'accepted'")
    op.create_index(op.f("ix_transfers_tell_on"), "transfers", ["tell_on"], unique=False)
    # Of what is open there is little and of what was accepted ever more: these hold the first alone.
    for columns in (["due_on", "id"], ["responsible_id", "due_on", "id"]):
        op.create_index(
            f"ix_transfers_open_{'_'.join(columns)}",
            "transfers",
            columns,
            sqlite_where=sa.text("state != 'accepted'"),
            postgresql_where=sa.text("state != 'accepted'"),
        )
    for table, columns in (
        ("case_files", ["created_at", "id"]),
        ("case_files", ["state", "created_at", "id"]),
        ("case_files", ["department_id", "tier", "state", "kind"]),
        ("case_files", ["state", "schedule", "id"]),
        ("contracts", ["year", "number"]),
        ("stubs", ["destroyed_at", "archive_number"]),
        ("access_requests", ["asked_on", "id"]),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns, unique=False)


def _archive_room() -> None:
    """Departments that demand an approval before a contract is signed, of before none; files on their way to an outside archive."""
    op.add_column("departments", sa.Column("approval_from", sa.Date(), nullable=True))
    op.add_column("departments", sa.Column("approval_source", sa.String(length=200), nullable=False, server_default=""))
    op.create_table(
        "outside_transfers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_file_id", sa.String(length=36), nullable=False),
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_file_id"], ["case_files.id"], name=op.f("fk_outside_transfers_case_file_id_case_files")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_outside_transfers_review_id_reviews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_transfers")),
    )
    op.create_index(op.f("ix_outside_transfers_case_file_id"), "outside_transfers", ["case_file_id"], unique=False)
    op.create_index(op.f("ix_outside_transfers_state"), "outside_transfers", ["state"], unique=False)


def _assessment_plan() -> None:
    """The yearly plan of assessments; the worker fills it."""
    op.create_table(
        "assessment_duties",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("responsible_id", sa.String(length=36), nullable=True),
        sa.Column("chosen_by", sa.String(length=80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("why", sa.String(length=8), nullable=False),
        sa.Column("told", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_assessment_duties_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["responsible_id"], ["people.id"], name=op.f("fk_assessment_duties_responsible_id_people")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_assessment_duties")),
    )
    for columns in (["responsible_id", "due_on"], ["due_on", "customer_id"], ["told"]):
        op.create_index(f"ix_assessment_duties_{'_'.join(columns)}", "assessment_duties", columns, unique=False)


def _paper_doubts() -> None:
    """Papers that said otherwise than what is on record, and were told of."""
    op.create_table(
        "paper_doubts",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("fact_id", sa.String(length=36), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_paper_doubts_document_id_documents")),
        sa.PrimaryKeyConstraint("document_id", "kind", name=op.f("pk_paper_doubts")),
    )
