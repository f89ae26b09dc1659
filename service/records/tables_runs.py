"""Long runs and figures that are counted ahead. Loaded when one of its names is asked for, see `tables.py`."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.records.tables import Base, Id, new_id


class LongRun(Base):
    """Work that takes longer than anybody waits: its order, how far it is and what became of it.

    kind: report (`given`: what it is of), duplicates (the keys of customers that were there before them), destruction (of a review:
    its id is `once`), numbers (the check of all numbers: in `given` what it found last, `kept`),
    statistics (the figures of a period, kept alike), sample (the drawing of a year's). state: waiting, running, done, failed (after some
    attempts, until somebody orders it again), stopped. once: what it makes, which no other run makes. person_id: for whom. at: the last
    thing that was done, from where it goes on; of a destruction the step of which `done` and `total` speak. held_by: who works on it.
    why: the last trouble. result: what was made.
    """

    __tablename__ = "long_runs"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8), default="waiting", index=True)
    once: Mapped[str | None] = mapped_column(String(120), unique=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    given: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[str] = mapped_column(Id, default="")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[str | None] = mapped_column(Id)
    ordered_by: Mapped[str] = mapped_column(String(80))
    ordered_at: Mapped[datetime] = mapped_column(index=True)
    next_at: Mapped[datetime]
    held_by: Mapped[str] = mapped_column(String(200), default="")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class FreshnessBoard(Base):
    """How everybody's duties stood in sight of one person (RULES A2.3), counted ahead where there are many. scope: who sees it."""

    __tablename__ = "freshness_boards"
    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    counted_at: Mapped[datetime]
    asked_at: Mapped[datetime]
