"""Reports and compliance: reports and their schedules, courses and exams, regulations, the wall. Loaded when asked for, see `tables.py`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.records.tables import Base, Id, Person, new_id


class ReportSchedule(Base):
    """A report that is made by itself (RULES A5.1). kind: customer, portfolio. person_id: for whom, and with whose rights.

    every: month, quarter, year. begun_on: periods that end on it or later are made. stopped_at: from then on no more are.
    """

    __tablename__ = "report_schedules"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    every: Mapped[str] = mapped_column(String(8))
    begun_on: Mapped[date]
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    stopped_by: Mapped[str | None] = mapped_column(String(80))
    stopped_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined")


class CreditReport(Base):
    """A report that was made and kept. document_id: what holds it, sealed; None where it could not be made, with why.

    period: what it is of, as `credit.periods` codes it; one schedule makes each once. as_of: the day it speaks of.
    """

    __tablename__ = "credit_reports"
    __table_args__ = (UniqueConstraint("schedule_id", "period"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    schedule_id: Mapped[str | None] = mapped_column(ForeignKey("report_schedules.id"))
    period: Mapped[str] = mapped_column(String(10))
    as_of: Mapped[date]
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"), index=True)
    why: Mapped[str] = mapped_column(String(300), default="")
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    person: Mapped[Person] = relationship(lazy="joined")


class Course(Base):
    """A course on the regulations (RULES A6.1). roles: who must have it valid. paper: the kind of paper a pass gives, "" for none.

    pass_mark: per cent. drawn: questions of a paper. attempts: within 30 days. minutes: for a paper. months: how long a pass holds.
    renew_days: how long before its end it is listed as due. attendance: whether only who attended may sit.
    """

    __tablename__ = "courses"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200))
    about: Mapped[str] = mapped_column(Text, default="")
    roles: Mapped[list[str]]
    paper: Mapped[str] = mapped_column(String(16), default="")
    pass_mark: Mapped[int]
    drawn: Mapped[int]
    attempts: Mapped[int]
    minutes: Mapped[int]
    months: Mapped[int]
    renew_days: Mapped[int]
    attendance: Mapped[bool] = mapped_column(default=True)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class CourseSession(Base):
    """A day on which a course was given."""

    __tablename__ = "course_sessions"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    held_on: Mapped[date]
    place: Mapped[str] = mapped_column(String(120), default="")
    teacher: Mapped[str] = mapped_column(String(120))
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]


class Attendance(Base):
    """That a person was there."""

    __tablename__ = "attendances"
    session_id: Mapped[str] = mapped_column(ForeignKey("course_sessions.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]


class ExamQuestion(Base):
    """A question of a course's bank. kind: single, multiple, true_false. answer: indexes of `options`. Never changed, only withdrawn."""

    __tablename__ = "exam_questions"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    options: Mapped[list[str]]
    answer: Mapped[list[int]]
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]


class ExamAttempt(Base):
    """A person's attempt at an exam. seed: what the paper was drawn with; asked: the drawn questions as they were shown, with the right answers.

    answers: what was chosen, per question. state: open, passed, failed, expired (not handed in in time). valid_until: of a pass.
    certificate: its number. paper_id: the paper on record that it gave.
    """

    __tablename__ = "exam_attempts"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    seed: Mapped[int] = mapped_column(BigInteger)
    asked: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    answers: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8))
    pass_mark: Mapped[int]
    points: Mapped[int] = mapped_column(default=0)
    began_on: Mapped[date]
    began_at: Mapped[datetime]
    until: Mapped[datetime]
    handed_in_at: Mapped[datetime | None]
    valid_until: Mapped[date | None]
    certificate: Mapped[str | None] = mapped_column(String(40), unique=True)
    paper_id: Mapped[str | None] = mapped_column(ForeignKey("papers.id"))
    person: Mapped[Person] = relationship(lazy="joined")


class Regulation(Base):
    """A law or rule from outside that is watched (RULES A6.2). watcher_id: who follows its changes. ended_on: no longer in force from then."""

    __tablename__ = "regulations"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(80), default="")
    issuer: Mapped[str] = mapped_column(String(120))
    watcher_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    ended_on: Mapped[date | None]
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    watcher: Mapped[Person] = relationship(lazy="joined")


class RegulationVersion(Base):
    """A version of a regulation: from when it holds, and what changed. document_id: its text in the archive."""

    __tablename__ = "regulation_versions"
    __table_args__ = (UniqueConstraint("regulation_id", "version"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    regulation_id: Mapped[str] = mapped_column(ForeignKey("regulations.id"))
    version: Mapped[str] = mapped_column(String(40))
    in_force_on: Mapped[date]
    changed: Mapped[str] = mapped_column(Text)
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"), index=True)
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]


class RegulationTask(Base):
    """An internal rule that must follow a version: what is to be done, by whom, until when, and what was done."""

    __tablename__ = "regulation_tasks"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    version_id: Mapped[str] = mapped_column(ForeignKey("regulation_versions.id"), index=True)
    internal_rule: Mapped[str] = mapped_column(String(200))
    task: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    due_on: Mapped[date] = mapped_column(index=True)
    given_by: Mapped[str] = mapped_column(String(80))
    given_at: Mapped[datetime]
    done_on: Mapped[date | None]
    done_by: Mapped[str | None] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(Text, default="")
    owner: Mapped[Person] = relationship(lazy="joined")


class WallText(Base):
    """The sentences on the wall (RULES A7) as they were set; the latest row counts. zh, en: five each."""

    __tablename__ = "wall_texts"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(unique=True)
    zh: Mapped[list[str]]
    en: Mapped[list[str]]
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]
