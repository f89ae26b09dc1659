"""Credit: what customers were assessed at. Loaded when one of its names is asked for, see `tables.py`."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.records.tables import Base, Id, new_id


class AssessmentRecord(Base):
    """A customer's assessment (RULES A1.1) with all that is needed to compute it again. state: waiting, in_force, refused, replaced.

    lines: the arithmetic, an object an indicator. exact: the score before rounding. grade: what counts; it differs from score_grade
    where a person set it, with set_reason. line: the credit line in yuan that goes with it, None for none; line_why: its
    arithmetic. high_value: why experts must review it (RULES A1.3), "" for no. run_id: the run over the portfolio that made it.
    """

    __tablename__ = "assessments"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    scorecard: Mapped[str] = mapped_column(String(40))
    assessed_on: Mapped[date]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    exact: Mapped[str] = mapped_column(String(40))
    score: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    score_grade: Mapped[str] = mapped_column(String(3))
    grade: Mapped[str] = mapped_column(String(3))
    set_reason: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(12))
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    decided_reason: Mapped[str] = mapped_column(Text, default="")
    line: Mapped[Decimal | None] = mapped_column(Numeric(20, 2))
    line_why: Mapped[dict[str, Any]] = mapped_column(default=dict)
    high_value: Mapped[str] = mapped_column(String(200), default="")
    run_id: Mapped[str | None] = mapped_column(Id, index=True)
