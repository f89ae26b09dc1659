"""Credit: what customers, facts, assessments, warnings and their reports add to the fifth form, one function a topic.

Revision ID: 0006
Revises: 0005
"""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from service.records.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the fifth form to the sixth, with everything in it."""
    _register()
    _archive()
    _compliance()
    _scoring()
    _warnings()
    _intake()


def _intake() -> None:
    """Preservation copies that are begun again; what a scanner elsewhere was told."""
    op.add_column("uploads", sa.Column("device", sa.String(length=120), nullable=False, server_default=""))
    op.add_column("uploads", sa.Column("scanned_with", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "copy_troubles",
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("again_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_copy_troubles_document_id_documents")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_copy_troubles")),
    )


def _archive() -> None:
    """The four checks, the schedule as data, milestones, incidents, number templates; what lists of a million files are read by."""
    op.create_table(
        "check_samples",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("drawn_by", sa.String(length=80), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_samples")),
        sa.UniqueConstraint("year", name=op.f("uq_check_samples_year")),
    )
    op.create_table(
        "number_templates",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=4), nullable=False),
        sa.Column("template", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("edited_by", sa.String(length=80), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=False),
        sa.Column("activated_by", sa.String(length=80), nullable=True),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_templates")),
    )
    op.create_index(op.f("ix_number_templates_kind"), "number_templates", ["kind"], unique=False)
    op.create_table(
        "schedule_versions",
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("edited_by", sa.String(length=80), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=False),
        sa.Column("activated_by", sa.String(length=80), nullable=True),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_schedule_versions")),
    )
    op.create_index(op.f("ix_schedule_versions_state"), "schedule_versions", ["state"], unique=False)
    op.create_table(
        "milestones",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("contract_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("dropped_by", sa.String(length=80), nullable=True),
        sa.Column("dropped_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_milestones_contract_id_contracts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
    )
    op.create_index(op.f("ix_milestones_contract_id"), "milestones", ["contract_id"], unique=False)
    op.create_index(op.f("ix_milestones_due_on"), "milestones", ["due_on"], unique=False)
    op.create_table(
        "check_runs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_file_id", sa.String(length=36), nullable=False),
        sa.Column("occasion", sa.String(length=10), nullable=False),
        sa.Column("transfer_id", sa.String(length=36), nullable=True),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("noticed", sa.Integer(), nullable=False),
        sa.Column("ran_by", sa.String(length=80), nullable=False),
        sa.Column("ran_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_file_id"], ["case_files.id"], name=op.f("fk_check_runs_case_file_id_case_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_runs")),
    )
    op.create_index(op.f("ix_check_runs_case_file_id"), "check_runs", ["case_file_id"], unique=False)
    op.create_table(
        "check_exceptions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_file_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_file_id"], ["case_files.id"], name=op.f("fk_check_exceptions_case_file_id_case_files")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["check_runs.id"], name=op.f("fk_check_exceptions_run_id_check_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_exceptions")),
    )
    op.create_index(op.f("ix_check_exceptions_case_file_id"), "check_exceptions", ["case_file_id"], unique=False)
    op.create_table(
        "check_sample_files",
        sa.Column("sample_id", sa.String(length=36), nullable=False),
        sa.Column("case_file_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("skipped", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_file_id"], ["case_files.id"], name=op.f("fk_check_sample_files_case_file_id_case_files")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["check_runs.id"], name=op.f("fk_check_sample_files_run_id_check_runs")),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["check_samples.id"], name=op.f("fk_check_sample_files_sample_id_check_samples")
        ),
        sa.PrimaryKeyConstraint("sample_id", "case_file_id", name=op.f("pk_check_sample_files")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("case_file_id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("responsible", sa.JSON(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.String(length=80), nullable=False),
        sa.Column("reported_at", UtcDateTime(), nullable=False),
        sa.Column("examined_by", sa.String(length=80), nullable=True),
        sa.Column("examined_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_file_id"], ["case_files.id"], name=op.f("fk_incidents_case_file_id_case_files")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["access_requests.id"], name=op.f("fk_incidents_request_id_access_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("number", name=op.f("uq_incidents_number")),
    )
    op.create_index(op.f("ix_incidents_case_file_id"), "incidents", ["case_file_id"], unique=False)
    op.create_index(op.f("ix_incidents_state"), "incidents", ["state"], unique=False)
    op.add_column("case_files", sa.Column("schedule", sa.String(length=40), nullable=True))
    op.create_index(
        "ix_case_files_state_due_on_archive_number", "case_files", ["state", "due_on", "archive_number"], unique=False
    )
    op.add_column("contract_events", sa.Column("document_id", sa.String(length=36), nullable=True))
    op.add_column("contract_events", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("contract_events", sa.Column("changes", sa.JSON(), nullable=True))
    op.create_index("ix_transfers_state_due_on", "transfers", ["state", "due_on"], unique=False)


def _compliance() -> None:
    """Reports and their schedules, courses and exams, regulations and their tasks, the wall."""
    op.create_table(
        "courses",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("paper", sa.String(length=16), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("renew_days", sa.Integer(), nullable=False),
        sa.Column("attendance", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
    )
    op.create_table(
        "wall_texts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("zh", sa.JSON(), nullable=False),
        sa.Column("en", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wall_texts")),
        sa.UniqueConstraint("version", name=op.f("uq_wall_texts_version")),
    )
    op.create_table(
        "course_sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("teacher", sa.String(length=120), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_course_sessions_course_id_courses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_sessions")),
    )
    op.create_index(op.f("ix_course_sessions_course_id"), "course_sessions", ["course_id"], unique=False)
    op.create_table(
        "exam_questions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_exam_questions_course_id_courses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_questions")),
    )
    op.create_index(op.f("ix_exam_questions_course_id"), "exam_questions", ["course_id"], unique=False)
    op.create_table(
        "attendances",
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["course_sessions.id"], name=op.f("fk_attendances_session_id_course_sessions")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_attendances_person_id_people")),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_attendances")),
    )
    op.create_index(op.f("ix_attendances_person_id"), "attendances", ["person_id"], unique=False)
    op.create_table(
        "regulations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("issuer", sa.String(length=120), nullable=False),
        sa.Column("watcher_id", sa.String(length=36), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["watcher_id"], ["people.id"], name=op.f("fk_regulations_watcher_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regulations")),
    )
    op.create_table(
        "report_schedules",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("every", sa.String(length=8), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("stopped_by", sa.String(length=80), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_report_schedules_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_report_schedules_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedules")),
    )
    op.create_index(op.f("ix_report_schedules_person_id"), "report_schedules", ["person_id"], unique=False)
    op.create_index(op.f("ix_report_schedules_customer_id"), "report_schedules", ["customer_id"], unique=False)
    op.create_table(
        "exam_attempts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("handed_in_at", UtcDateTime(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("certificate", sa.String(length=40), nullable=True),
        sa.Column("paper_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_exam_attempts_course_id_courses")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_exam_attempts_person_id_people")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_exam_attempts_paper_id_papers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_attempts")),
        sa.UniqueConstraint("certificate", name=op.f("uq_exam_attempts_certificate")),
    )
    op.create_index(op.f("ix_exam_attempts_course_id"), "exam_attempts", ["course_id"], unique=False)
    op.create_index(op.f("ix_exam_attempts_person_id"), "exam_attempts", ["person_id"], unique=False)
    op.create_table(
        "credit_reports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("schedule_id", sa.String(length=36), nullable=True),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_credit_reports_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_credit_reports_person_id_people")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedules.id"], name=op.f("fk_credit_reports_schedule_id_report_schedules")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_credit_reports_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_reports")),
        sa.UniqueConstraint("schedule_id", "period", name=op.f("uq_credit_reports_schedule_id_period")),
    )
    op.create_index(op.f("ix_credit_reports_person_id"), "credit_reports", ["person_id"], unique=False)
    op.create_index(op.f("ix_credit_reports_document_id"), "credit_reports", ["document_id"], unique=False)
    op.create_index(op.f("ix_credit_reports_customer_id"), "credit_reports", ["customer_id"], unique=False)
    op.create_table(
        "regulation_versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("regulation_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("in_force_on", sa.Date(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["regulation_id"], ["regulations.id"], name=op.f("fk_regulation_versions_regulation_id_regulations")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_regulation_versions_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regulation_versions")),
        sa.UniqueConstraint("regulation_id", "version", name=op.f("uq_regulation_versions_regulation_id_version")),
    )
    op.create_index(op.f("ix_regulation_versions_document_id"), "regulation_versions", ["document_id"], unique=False)
    op.create_table(
        "regulation_tasks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("internal_rule", sa.String(length=200), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("given_by", sa.String(length=80), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["regulation_versions.id"], name=op.f("fk_regulation_tasks_version_id_regulation_versions")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_regulation_tasks_owner_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regulation_tasks")),
    )
    op.create_index(op.f("ix_regulation_tasks_owner_id"), "regulation_tasks", ["owner_id"], unique=False)
    op.create_index(op.f("ix_regulation_tasks_due_on"), "regulation_tasks", ["due_on"], unique=False)
    op.create_index(op.f("ix_regulation_tasks_version_id"), "regulation_tasks", ["version_id"], unique=False)


def _warnings() -> None:
    """Warnings, their tasks and steps, blocks, deliveries, receivables, rates, collection."""
    op.create_table(
        "currency_rates",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate", sa.String(length=24), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "valid_from", name=op.f("pk_currency_rates")),
    )
    op.create_table(
        "plan_templates",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("block", sa.Boolean(), nullable=False),
        sa.Column("tasks", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_plan_templates")),
    )
    op.create_index(op.f("ix_plan_templates_kind"), "plan_templates", ["kind"], unique=False)
    op.create_table(
        "receivable_imports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receivable_imports")),
    )
    op.create_table(
        "warning_runs",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=False),
        sa.Column("at_customer", sa.String(length=36), nullable=False),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_warning_runs")),
    )
    op.create_table(
        "collection_records",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("contact", sa.String(length=120), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("invoices", sa.JSON(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("promised_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_collection_records_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_records")),
    )
    op.create_index(op.f("ix_collection_records_customer_id"), "collection_records", ["customer_id"], unique=False)
    op.create_table(
        "receivable_accounts",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("prepaid", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_receivable_accounts_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_receivable_accounts")),
    )
    op.create_index(op.f("ix_receivable_accounts_next_on"), "receivable_accounts", ["next_on"], unique=False)
    op.create_table(
        "receivable_entries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("entry_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("invoice", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("open_cents", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_receivable_entries_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receivable_entries")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_receivable_entries_kind_number")),
    )
    op.create_index(op.f("ix_receivable_entries_customer_id"), "receivable_entries", ["customer_id"], unique=False)
    op.create_index(
        "ix_receivable_entries_open", "receivable_entries", ["customer_id", "kind", "open_cents"], unique=False
    )
    op.create_table(
        "warning_settings",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_warning_settings_company_id_companies")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_warning_settings")),
    )
    op.create_index(op.f("ix_warning_settings_company_id"), "warning_settings", ["company_id"], unique=False)
    op.create_table(
        "warnings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("standing", sa.String(length=200), nullable=True),
        sa.Column("why_zh", sa.Text(), nullable=False),
        sa.Column("why_en", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("respond_by", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=80), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("snooze_reason", sa.Text(), nullable=False),
        sa.Column("close_asked_by", sa.String(length=80), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_warnings_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warnings")),
        sa.UniqueConstraint("standing", name=op.f("uq_warnings_standing")),
    )
    op.create_index("ix_warnings_customer_trouble", "warnings", ["customer_id", "kind", "subject"], unique=False)
    op.create_index("ix_warnings_state_respond_by", "warnings", ["state", "respond_by"], unique=False)
    op.create_table(
        "credit_blocks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("standing", sa.String(length=36), nullable=True),
        sa.Column("warning_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("lift_asked_by", sa.String(length=80), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_credit_blocks_customer_id_customers")),
        sa.ForeignKeyConstraint(["warning_id"], ["warnings.id"], name=op.f("fk_credit_blocks_warning_id_warnings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_blocks")),
        sa.UniqueConstraint("standing", name=op.f("uq_credit_blocks_standing")),
    )
    op.create_index(op.f("ix_credit_blocks_customer_id"), "credit_blocks", ["customer_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("warning_id", sa.String(length=36), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_deliveries_customer_id_customers")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_deliveries_person_id_people")),
        sa.ForeignKeyConstraint(["warning_id"], ["warnings.id"], name=op.f("fk_deliveries_warning_id_warnings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("event_id", "channel", "target", name=op.f("uq_deliveries_event_id_channel_target")),
    )
    op.create_index("ix_deliveries_channel_state_next_at", "deliveries", ["channel", "state", "next_at"], unique=False)
    op.create_index(op.f("ix_deliveries_person_id"), "deliveries", ["person_id"], unique=False)
    op.create_index(op.f("ix_deliveries_warning_id"), "deliveries", ["warning_id"], unique=False)
    op.create_table(
        "mail_addresses",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_mail_addresses_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_addresses")),
    )
    op.create_table(
        "warning_steps",
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["warning_id"], ["warnings.id"], name=op.f("fk_warning_steps_warning_id_warnings")),
        sa.PrimaryKeyConstraint("warning_id", "place", name=op.f("pk_warning_steps")),
    )
    op.create_table(
        "warning_tasks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_warning_tasks_owner_id_people")),
        sa.ForeignKeyConstraint(["warning_id"], ["warnings.id"], name=op.f("fk_warning_tasks_warning_id_warnings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning_tasks")),
    )
    op.create_index(op.f("ix_warning_tasks_owner_id"), "warning_tasks", ["owner_id"], unique=False)
    op.create_index(op.f("ix_warning_tasks_warning_id"), "warning_tasks", ["warning_id"], unique=False)
    op.create_table(
        "delivery_attempts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_attempts_delivery_id_deliveries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempts")),
    )
    op.create_index(op.f("ix_delivery_attempts_delivery_id"), "delivery_attempts", ["delivery_id"], unique=False)


def _register() -> None:
    """The register of customers: what is collected about them, by whom, how far it was verified, and whom they belong to."""
    op.add_column("customers", sa.Column("merged_into", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_customers_merged_into"), "customers", ["merged_into"], unique=False)
    op.create_table(
        "fact_kinds",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=60), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("key", sa.Boolean(), nullable=False),
        sa.Column("refresh_days", sa.Integer(), nullable=True),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_fact_kinds")),
    )
    op.create_table(
        "customer_facts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("collected_by", sa.String(length=80), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("backed_by", sa.JSON(), nullable=False),
        sa.Column("heard", sa.JSON(), nullable=False),
        sa.Column("corrects", sa.String(length=36), nullable=True),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_facts_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_customer_facts_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_facts")),
    )
    op.create_index(op.f("ix_customer_facts_customer_id_kind"), "customer_facts", ["customer_id", "kind"], unique=False)
    op.create_index(op.f("ix_customer_facts_document_id"), "customer_facts", ["document_id"], unique=False)
    op.create_table(
        "fact_voices",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("fact_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["fact_id"], ["customer_facts.id"], name=op.f("fk_fact_voices_fact_id_customer_facts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_voices")),
    )
    op.create_index(op.f("ix_fact_voices_fact_id"), "fact_voices", ["fact_id"], unique=False)
    op.create_table(
        "fact_duties",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("responsible_id", sa.String(length=36), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=True),
        sa.Column("change_note", sa.Text(), nullable=False),
        sa.Column("change_by", sa.String(length=80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["responsible_id"], ["people.id"], name=op.f("fk_fact_duties_responsible_id_people")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_fact_duties_customer_id_customers")),
        sa.PrimaryKeyConstraint("customer_id", "kind", name=op.f("pk_fact_duties")),
    )
    op.create_index(op.f("ix_fact_duties_due_on"), "fact_duties", ["due_on"], unique=False)
    op.create_index(
        op.f("ix_fact_duties_responsible_id_due_on"), "fact_duties", ["responsible_id", "due_on"], unique=False
    )
    op.create_index(op.f("ix_fact_duties_state"), "fact_duties", ["state"], unique=False)
    op.create_table(
        "fact_responsibles",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_fact_responsibles_person_id_people")),
        sa.PrimaryKeyConstraint("customer_id", "kind", name=op.f("pk_fact_responsibles")),
    )
    op.create_index(op.f("ix_fact_responsibles_person_id"), "fact_responsibles", ["person_id"], unique=False)
    op.create_table(
        "customer_relations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("other_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["other_id"], ["customers.id"], name=op.f("fk_customer_relations_other_id_customers")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_relations_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_customer_relations_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_relations")),
    )
    op.create_index(op.f("ix_customer_relations_customer_id"), "customer_relations", ["customer_id"], unique=False)
    op.create_index(op.f("ix_customer_relations_other_id"), "customer_relations", ["other_id"], unique=False)
    op.create_table(
        "customer_contacts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=60), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_contacts_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_contacts")),
    )
    op.create_index(op.f("ix_customer_contacts_customer_id"), "customer_contacts", ["customer_id"], unique=False)
    op.create_table(
        "customer_merges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kept_id", sa.String(length=36), nullable=False),
        sa.Column("merged_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("merged_by", sa.String(length=80), nullable=False),
        sa.Column("merged_at", UtcDateTime(), nullable=False),
        sa.Column("undone_by", sa.String(length=80), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["customers.id"], name=op.f("fk_customer_merges_kept_id_customers")),
        sa.ForeignKeyConstraint(["merged_id"], ["customers.id"], name=op.f("fk_customer_merges_merged_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_merges")),
    )
    op.create_index(op.f("ix_customer_merges_kept_id"), "customer_merges", ["kept_id"], unique=False)
    op.create_index(op.f("ix_customer_merges_merged_id"), "customer_merges", ["merged_id"], unique=False)


def _scoring() -> None:
    """Scorecards as data with the shipped one as the first, statements, events, opinions, runs and forms."""
    op.create_table(
        "portfolio_runs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("scorecard", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("against", sa.String(length=40), nullable=False),
        sa.Column("only_due", sa.Boolean(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", sa.String(length=36), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_runs")),
    )
    op.create_index(op.f("ix_portfolio_runs_state"), "portfolio_runs", ["state"], unique=False)
    op.create_table(
        "scorecards",
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("is_active", sa.Integer(), nullable=True),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("tested", sa.JSON(), nullable=False),
        sa.Column("tested_by", sa.String(length=80), nullable=True),
        sa.Column("tested_at", UtcDateTime(), nullable=True),
        sa.Column("activated_by", sa.String(length=80), nullable=True),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("retired_by", sa.String(length=80), nullable=True),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_scorecards")),
        sa.UniqueConstraint("is_active", name=op.f("uq_scorecards_is_active")),
    )
    op.create_table(
        "portfolio_run_rows",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("before_grade", sa.String(length=3), nullable=False),
        sa.Column("before_score", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("after_grade", sa.String(length=3), nullable=False),
        sa.Column("after_score", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("notches", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_portfolio_run_rows_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["portfolio_runs.id"], name=op.f("fk_portfolio_run_rows_run_id_portfolio_runs")
        ),
        sa.PrimaryKeyConstraint("run_id", "customer_id", name=op.f("pk_portfolio_run_rows")),
    )
    op.create_table(
        "credit_forms",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("category", sa.String(length=8), nullable=False),
        sa.Column("assessment_id", sa.String(length=36), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessments.id"], name=op.f("fk_credit_forms_assessment_id_assessments")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_credit_forms_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_forms")),
        sa.UniqueConstraint("category", "assessment_id", name=op.f("uq_credit_forms_category_assessment_id")),
    )
    op.create_index(op.f("ix_credit_forms_customer_id"), "credit_forms", ["customer_id"], unique=False)
    op.create_index(op.f("ix_credit_forms_document_id"), "credit_forms", ["document_id"], unique=False)
    op.create_index(op.f("ix_credit_forms_state"), "credit_forms", ["state"], unique=False)
    op.create_table(
        "expert_opinions",
        sa.Column("assessment_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("named_by", sa.String(length=80), nullable=False),
        sa.Column("named_at", UtcDateTime(), nullable=False),
        sa.Column("grade", sa.String(length=3), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessments.id"], name=op.f("fk_expert_opinions_assessment_id_assessments")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_expert_opinions_person_id_people")),
        sa.PrimaryKeyConstraint("assessment_id", "person_id", name=op.f("pk_expert_opinions")),
    )
    op.create_table(
        "credit_events",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("answered_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_credit_events_customer_id_customers")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_credit_events_document_id_documents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_events")),
    )
    op.create_index(op.f("ix_credit_events_answered_by"), "credit_events", ["answered_by"], unique=False)
    op.create_index(op.f("ix_credit_events_customer_id"), "credit_events", ["customer_id"], unique=False)
    op.create_table(
        "financial_statements",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.JSON(), nullable=False),
        sa.Column("replaced_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_financial_statements_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_financial_statements_document_id_documents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financial_statements")),
    )
    op.create_index(op.f("ix_financial_statements_customer_id"), "financial_statements", ["customer_id"], unique=False)
    op.add_column("assessments", sa.Column("line", sa.Numeric(precision=20, scale=2), nullable=True))
    op.add_column("assessments", sa.Column("line_why", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("assessments", sa.Column("high_value", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("assessments", sa.Column("run_id", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_assessments_run_id"), "assessments", ["run_id"], unique=False)
    body = json.loads(_EXAMPLE)
    rows = sa.table(
        "scorecards",
        sa.column("version", sa.String),
        sa.column("state", sa.String),
        sa.column("is_active", sa.Integer),
        sa.column("example", sa.Boolean),
        sa.column("body", sa.JSON),
        sa.column("digest", sa.String),
        sa.column("revision", sa.Integer),
        *(sa.column(f"{step}_by", sa.String) for step in ("made", "changed", "activated")),
        *(sa.column(f"{step}_at", UtcDateTime()) for step in ("made", "changed", "activated")),
        sa.column("tested", sa.JSON),
    )
    now = datetime.now(UTC)
    canonical = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    op.execute(
        rows.insert().values(
            version=body["version"],
            state="active",
            is_active=1,
            example=True,
            body=body,
            digest=hashlib.sha256(canonical.encode()).hexdigest(),
            revision=1,
            made_by="system",
            changed_by="system",
            activated_by="system",
            made_at=now,
            changed_at=now,
            activated_at=now,
            tested={},
        )
    )


# The scorecard that ships, as it was when this form was made.
_EXAMPLE = """
{"version":"example-1","name":"示例评分卡","note":"随系统提供的示例，须按本公司的经验校准后再用。",
"indicators":[{"code":"payment_history","zh":"付款记录（平均逾期天数）","en":"Payment history (average days beyond terms)","weight":"40","kind":"bands","missing":null,"source":"days_beyond_terms",
"bands":[{"low":null,"high":"1","points":"100"},{"low":"1","high":"16","points":"80"},{"low":"16","high":"31","points":"60"},{"low":"31","high":"61","points":"30"},{"low":"61","high":null,"points":"0"}]},
{"code":"financial_condition","zh":"财务状况（资产负债率，%）","en":"Financial condition (debt to assets, per cent)","weight":"30","kind":"bands","missing":"20","source":"debt_to_assets",
"bands":[{"low":null,"high":"40","points":"100"},{"low":"40","high":"60","points":"75"},{"low":"60","high":"75","points":"45"},{"low":"75","high":"90","points":"20"},{"low":"90","high":null,"points":"0"}]},
{"code":"industry_position","zh":"行业地位","en":"Industry position","weight":"10","kind":"choices","missing":"20","source":"",
"choices":[["leading","100"],["strong","75"],["average","50"],["weak","20"]]},
{"code":"operating_stability","zh":"经营稳定性（成立年数）","en":"Operating stability (years since establishment)","weight":"20","kind":"bands","missing":null,"source":"years_in_business",
"bands":[{"low":null,"high":"1","points":"10"},{"low":"1","high":"3","points":"40"},{"low":"3","high":"5","points":"60"},{"low":"5","high":"10","points":"80"},{"low":"10","high":null,"points":"100"}]}],
"grades":[["AAA","90"],["AA","85"],["A","80"],["BBB","70"],["BB","60"],["B","50"],["CCC","40"],["CC","30"],["C","20"],["D","0"]],
"override":{"up":1,"down":3},
"line":{"base":"net_assets","shares":{"AAA":"20","AA":"15","A":"10","BBB":"6","BB":"3"},"ceilings":{"AAA":"20000000","AA":"10000000","A":"5000000","BBB":"2000000"},"step":"10000"}}
"""
