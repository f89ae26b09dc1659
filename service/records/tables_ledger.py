"""What the ledger and the archive room keep beside contracts and files: the organisation, places, numbers, statistics.

Loaded when one of them is asked for, see `tables.py`.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.records.tables import Base, Id, new_id


class Company(Base):
    """The group or a company of it, with its fonds number. parent_id: the company above, None for the group itself."""

    __tablename__ = "companies"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    fonds: Mapped[str] = mapped_column(String(8))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("companies.id"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class OrganisationChange(Base):
    """What became of a company or department, for ever. kind: company, department. what: create, rename, move, merge, close, open.

    old, new: the names, or the codes for a move and a merger. happened_on: the day it counts from.
    """

    __tablename__ = "organisation_changes"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    what: Mapped[str] = mapped_column(String(12))
    old: Mapped[str] = mapped_column(String(120), default="")
    new: Mapped[str] = mapped_column(String(120), default="")
    happened_on: Mapped[date]
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]


class FilePlace(Base):
    """Where the paper of a file stands, beside the electronic one."""

    __tablename__ = "file_places"
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True)
    room: Mapped[str] = mapped_column(String(60))
    shelf: Mapped[str] = mapped_column(String(60))
    box: Mapped[str] = mapped_column(String(60))
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]


class PaperCount(Base):
    """How many originals and copies of a category lie in a file on paper (RULES B1)."""

    __tablename__ = "paper_counts"
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(8), primary_key=True)
    originals: Mapped[int]
    copies: Mapped[int]
    counted_by: Mapped[str] = mapped_column(String(80))
    counted_at: Mapped[datetime]


class FormerNumber(Base):
    """A number a file had before this archive gave it one. kind: archive, contract. It finds the file, and is never given again."""

    __tablename__ = "former_numbers"
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    number: Mapped[str] = mapped_column(String(100), primary_key=True)
    case_file_id: Mapped[str] = mapped_column(ForeignKey("case_files.id"), index=True)
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]


class VoidNumber(Base):
    """An archive number that no file has or will have, and why. prefix, serial: where it stands among its like."""

    __tablename__ = "void_numbers"
    __table_args__ = (UniqueConstraint("prefix", "serial"),)
    number: Mapped[str] = mapped_column(String(80), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(120))
    serial: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    voided_by: Mapped[str] = mapped_column(String(80))
    voided_at: Mapped[datetime]


class Submission(Base):
    """A half-year report of a department or company to the group's credit body (RULES B4).

    kind: contracts, archives, analysis. unit: department, company. period: 2025 or 2026-H1. state: prepared, signed, submitted, returned.
    figures: as they were counted when it was prepared; digest: their SHA-256. version: from 1; one that was returned is followed by the next.
    """

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("kind", "unit", "unit_id", "period", "version"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    unit: Mapped[str] = mapped_column(String(12))
    unit_id: Mapped[str] = mapped_column(Id, index=True)
    period: Mapped[str] = mapped_column(String(8), index=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    figures: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="")
    prepared_by: Mapped[str] = mapped_column(String(80))
    prepared_at: Mapped[datetime]
    signed_by: Mapped[str | None] = mapped_column(String(80))
    signed_at: Mapped[datetime | None]
    submitted_by: Mapped[str | None] = mapped_column(String(80))
    submitted_on: Mapped[date | None]
    returned_by: Mapped[str | None] = mapped_column(String(80))
    return_reason: Mapped[str] = mapped_column(Text, default="")
