"""Scoring: scorecards as data, statements, events, expert reviews, runs over the portfolio, forms.

Loaded when one of its names is asked for, see `tables.py`.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.records.tables import Base, Id, new_id


class ScorecardRecord(Base):
    """A version of the scorecard (RULES A1.1). state: draft, tested, active, retired. is_active: 1 for the one in use, else nothing.

    body: as `credit.card` reads it; digest: its SHA-256, by which a change of what must not change shows. revision: counts the
    changes of a draft. tested: what the run over the portfolio said that made it tested. example: shipped, to be calibrated.
    """

    __tablename__ = "scorecards"
    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="draft")
    is_active: Mapped[int | None] = mapped_column(unique=True)
    example: Mapped[bool] = mapped_column(default=False)
    body: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(default=1)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
    tested: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tested_by: Mapped[str | None] = mapped_column(String(80))
    tested_at: Mapped[datetime | None]
    activated_by: Mapped[str | None] = mapped_column(String(80))
    activated_at: Mapped[datetime | None]
    retired_by: Mapped[str | None] = mapped_column(String(80))
    retired_at: Mapped[datetime | None]


class FinancialStatement(Base):
    """A customer's figures of one year, as decimal text by the names of `credit.financials`. replaced_by: the correction.

    confirmed_by: who found them to be those of the document, never who entered them (RULES A2.2).
    """

    __tablename__ = "financial_statements"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    year: Mapped[int]
    figures: Mapped[dict[str, Any]]
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]
    confirmed_by: Mapped[list[str]] = mapped_column(default=list)
    replaced_by: Mapped[str | None] = mapped_column(Id)


class CreditEvent(Base):
    """Something that makes a re-assessment due at once (RULES A1.2). answered_by: the assessment that looked at it."""

    __tablename__ = "credit_events"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    known_on: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"))
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]
    answered_by: Mapped[str | None] = mapped_column(Id, index=True)


class AssessmentDuty(Base):
    """Whose re-assessment is due when, and who does it (RULES A1.2): the yearly plan, renewed with what it follows from.

    why: first, yearly or event. chosen_by: who named the person; "" where they follow from the department. told: what the person
    was told of last: "" nothing, soon, due.
    """

    __tablename__ = "assessment_duties"
    __table_args__ = (
        Index("ix_assessment_duties_responsible_id_due_on", "responsible_id", "due_on"),
        Index("ix_assessment_duties_due_on_customer_id", "due_on", "customer_id"),
    )
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    responsible_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    chosen_by: Mapped[str] = mapped_column(String(80), default="")
    due_on: Mapped[date]
    why: Mapped[str] = mapped_column(String(8))
    told: Mapped[str] = mapped_column(String(8), default="", index=True)


class ExpertOpinion(Base):
    """What a named expert says of an assessment (RULES A1.3). grade: the one they find right; "" until they have spoken."""

    __tablename__ = "expert_opinions"
    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessments.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    named_by: Mapped[str] = mapped_column(String(80))
    named_at: Mapped[datetime]
    grade: Mapped[str] = mapped_column(String(3), default="")
    opinion: Mapped[str] = mapped_column(Text, default="")
    given_at: Mapped[datetime | None]


class PortfolioRun(Base):
    """A run over all customers. kind: reassess, what_if. state: running, done (a re-assessment waits for a decision), approved, refused, stopped.

    at: the last customer that was done, in order of their ids; a killed run goes on after it. digest: of the scorecard it began
    with. summary: counts by (grade before, grade after) and more, see `flow/credit/portfolio.py`. forms: "" for none, making, made; forms_at: the
    last assessment, in order of their ids, whose forms are wanted. failures: attempts at a piece that failed one after another; trouble: why.
    """

    __tablename__ = "portfolio_runs"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    scorecard: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    against: Mapped[str] = mapped_column(String(40), default="")
    only_due: Mapped[bool] = mapped_column(default=False)
    on: Mapped[date]
    state: Mapped[str] = mapped_column(String(8), default="running", index=True)
    at: Mapped[str] = mapped_column(String(36), default="")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_by: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    decided_reason: Mapped[str] = mapped_column(Text, default="")
    forms: Mapped[str] = mapped_column(String(8), default="", index=True)
    forms_at: Mapped[str] = mapped_column(String(36), default="")
    failures: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(Text, default="")


class RunRow(Base):
    """A customer that a run moved to another grade, or could not assess (why). notches: how far it fell, below 0 where it rose."""

    __tablename__ = "portfolio_run_rows"
    run_id: Mapped[str] = mapped_column(ForeignKey("portfolio_runs.id"), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    before_grade: Mapped[str] = mapped_column(String(3), default="")
    before_score: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    after_grade: Mapped[str] = mapped_column(String(3), default="")
    after_score: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    notches: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(Text, default="")


class CreditForm(Base):
    """A form of the credit file (RULES B5): its data, and the PDF that was made of them. state: wanted, filed.

    category: 5.1 application, 5.2 survey, 5.3 approval, 5.4 reply letter, 5.7 annual review.
    """

    __tablename__ = "credit_forms"
    __table_args__ = (UniqueConstraint("category", "assessment_id"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    category: Mapped[str] = mapped_column(String(8))
    assessment_id: Mapped[str | None] = mapped_column(ForeignKey("assessments.id"))
    data: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8), default="wanted", index=True)
    document_id: Mapped[str | None] = mapped_column(Id, index=True)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
