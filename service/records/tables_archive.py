"""What the archive room keeps about files beyond their lives: checks, schedules, milestones, incidents, number templates.

Loaded when one of them is asked for, see `tables.py`.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.records.tables import Base, Id, new_id


class CheckRun(Base):
    """The four checks (四性检测) of a file at one moment. occasion: transfer, archiving, yearly, demand.

    transfer_id: whose handing over it belongs to, None for another occasion. documents: what was looked at, by id. findings: as
    `retention.four_checks` keeps them; they name no title and no value. failed, noticed: how many of the checks by name did not
    pass, or passed with something to be seen.
    """

    __tablename__ = "check_runs"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), index=True)
    occasion: Mapped[str] = mapped_column(String(10))
    transfer_id: Mapped[str | None] = mapped_column(Id)
    documents: Mapped[list[str]]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    failed: Mapped[int]
    noticed: Mapped[int]
    ran_by: Mapped[str] = mapped_column(String(80))
    ran_at: Mapped[datetime]


class CheckException(Base):
    """Why a file is archived though a check failed. failures: [check, document] as they stood. It counts once a second person approved."""

    __tablename__ = "check_exceptions"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), index=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("check_runs.id"))
    failures: Mapped[list[list[str]]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(80))
    approved_at: Mapped[datetime | None]


class CheckSample(Base):
    """A year's sample of the archived files. seed: what the drawing follows from; population: of how many files it was drawn."""

    __tablename__ = "check_samples"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    year: Mapped[int] = mapped_column(unique=True)
    percent: Mapped[int]
    seed: Mapped[str] = mapped_column(String(64))
    population: Mapped[int]
    drawn_by: Mapped[str] = mapped_column(String(80))
    drawn_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class CheckSampleFile(Base):
    """A file of a sample. run_id: its checks, None before they were made; skipped: why there are none (it was destroyed)."""

    __tablename__ = "check_sample_files"
    sample_id: Mapped[str] = mapped_column(ForeignKey("check_samples.id"), primary_key=True)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True)
    run_id: Mapped[str | None] = mapped_column(ForeignKey("check_runs.id"))
    skipped: Mapped[str] = mapped_column(String(20), default="")


class ScheduleVersion(Base):
    """A version of the retention schedule (保管期限表). state: draft, active, replaced. rules: as `retention.schedule_text` reads them."""

    __tablename__ = "schedule_versions"
    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text, default="")
    edited_by: Mapped[str] = mapped_column(String(80))
    edited_at: Mapped[datetime]
    activated_by: Mapped[str | None] = mapped_column(String(80))
    activated_at: Mapped[datetime | None]


class Milestone(Base):
    """What is to be performed or paid under a contract, by when (RULES B2). kind: performance, payment.

    done_on: when it was done; document_id: what shows it. dropped_why: why it is not due any more.
    """

    __tablename__ = "milestones"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    contract_id: Mapped[str] = mapped_column(ForeignKey("contracts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date] = mapped_column(index=True)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 2))
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]
    done_on: Mapped[date | None]
    done_by: Mapped[str | None] = mapped_column(String(80))
    document_id: Mapped[str | None] = mapped_column(Id)
    dropped_by: Mapped[str | None] = mapped_column(String(80))
    dropped_why: Mapped[str] = mapped_column(Text, default="")


class Incident(Base):
    """A lost or overdue file, a leaked secret (RULES B6), pursued to its end. kind: lost, damaged, overdue, leaked.

    state: open, examined, closed. responsible: objects of name and part. request_id: the loan it happened in, if there was one.
    """

    __tablename__ = "incidents"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), index=True)
    request_id: Mapped[str | None] = mapped_column(ForeignKey("access_requests.id"))
    state: Mapped[str] = mapped_column(String(10), index=True)
    happened_on: Mapped[date]
    description: Mapped[str] = mapped_column(Text)
    responsible: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    findings: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str] = mapped_column(Text, default="")
    reported_by: Mapped[str] = mapped_column(String(80))
    reported_at: Mapped[datetime]
    examined_by: Mapped[str | None] = mapped_column(String(80))
    examined_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))
    closed_at: Mapped[datetime | None]


class OutsideTransferRecord(Base):
    """A file on its way to an outside archive, decided by a review. data: as `retention.outside.OutsideTransfer` keeps itself.

    state: what its signatures lead to. statement: what our side signed when the package was handed over, with the signature.
    """

    __tablename__ = "outside_transfers"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), index=True)
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"))
    state: Mapped[str] = mapped_column(String(12), index=True)
    data: Mapped[dict[str, Any]]
    statement: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class NumberTemplate(Base):
    """How archive numbers of one kind of file are made from a day on. state: draft, active, replaced. by: file, item."""

    __tablename__ = "number_templates"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(8), index=True)
    by: Mapped[str] = mapped_column(String(4))
    template: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    edited_by: Mapped[str] = mapped_column(String(80))
    edited_at: Mapped[datetime]
    activated_by: Mapped[str | None] = mapped_column(String(80))
    activated_at: Mapped[datetime | None]
