"""Carrying a run over the portfolio through, a piece of the customers a transaction (RULES A1.1, A1.2); see `portfolio.py`."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from credit.card import Card
from credit.errors import CreditError
from credit.scorecard import GRADES
from service.flow.common.long_runs import NAMES, watched
from service.flow.common.notices import by_name, notify
from service.flow.credit.books import open_in_all
from service.flow.credit.cards import load_card
from service.flow.credit.due_assessments import due_ids
from service.flow.credit.known import NOTHING, Sources, sources_of
from service.flow.credit.scorecards import note_tested
from service.flow.credit.scoring import carry, columns_of, high_value, line_for, made
from service.house import House
from service.records import audit
from service.records.many import among
from service.records.tables import (
    AssessmentRecord,
    Customer,
    PortfolioRun,
    RunRow,
    ScorecardRecord,
    new_id,
)

PIECE = 1000


def advance(
    house: House, run_id: str, *, seconds: float | None = None, told: Callable[[int, int], None] | None = None
) -> bool:
    """Carry a run on; returns whether it still goes on. seconds: stop after so long; told: called with (done, in all)."""
    end = None if seconds is None else time.monotonic() + seconds
    whole = _Whole()
    while _piece(house, run_id, told, whole):
        if end is not None and time.monotonic() > end:
            return True
    return False


def advance_all(house: House, seconds: float = 30.0) -> None:
    """Carry on every run that is going on: what a worker does, beside what else it has to do."""
    with house.database.read() as session:
        running = select(PortfolioRun.id, PortfolioRun.kind).where(PortfolioRun.state == "running")
        going = session.execute(running.order_by(PortfolioRun.started_at)).all()
    trouble: Exception | None = None
    for run_id, kind in going:
        try:
            with watched(house, PortfolioRun, run_id, kind):
                advance(house, run_id, seconds=seconds)
        except Exception as error:  # noqa: BLE001 - it stands with its run; the next one is not to wait for it
            trouble = error
    if trouble is not None:
        raise trouble


@dataclass
class _Tally:
    """What a piece found: customers that moved or could not be assessed, assessments to keep, counts by (grade before, grade after)."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    matrix: dict[str, int] = field(default_factory=dict)
    skipped: int = 0

    def count(self, before: str, after: str) -> None:
        key = f"{before or '-'}>{after or '-'}"
        self.matrix[key] = self.matrix.get(key, 0) + 1

    def added_to(self, summary: dict[str, Any]) -> dict[str, Any]:
        """Return what is known of the run with this piece in it."""
        matrix = dict(summary.get("matrix", {}))
        for key, count in self.matrix.items():
            matrix[key] = matrix.get(key, 0) + count
        refused = sum(1 for row in self.rows if row["why"])
        found = {
            "moved": len(self.rows) - refused,
            "refused": refused,
            "assessed": len(self.records),
            "skipped": self.skipped,
        }
        return {"matrix": matrix} | {name: summary.get(name, 0) + count for name, count in found.items()}


@dataclass
class _Whole:
    """What all customers owe together, in yuan; asked once, so that all are held against the same sum. None until it was."""

    owed: Decimal | None = None


def _piece(house: House, run_id: str, told: Callable[[int, int], None] | None, whole: _Whole) -> bool:
    """Do one piece of a run; returns whether there may be another."""
    with house.database.write() as session:
        run = session.get(PortfolioRun, run_id, with_for_update=True)
        if run is None or run.state != "running":
            return False
        if session.get_one(ScorecardRecord, run.scorecard).digest != run.digest:
            run.state, run.finished_at = "stopped", house.clock.now()  # a test of what is not there any more
            audit.append(session, run.started_by, "portfolio.stop", f"portfolio:{run.id}", {"because": "changed"})
            return False
        query = select(Customer.id).where(Customer.id > run.at, Customer.merged_into.is_(None)).order_by(Customer.id)
        if run.kind == "reassess":
            query = query.with_for_update()  # nobody begins an assessment of them meanwhile
        ids = list(session.scalars(query.limit(PIECE)))
        if not ids:
            _finish(house, session, run)
            return False
        if whole.owed is None:
            whole.owed = open_in_all(session, run.on)
        tally = _look(house, session, run, ids, whole.owed)
        if tally.records:
            session.execute(insert(AssessmentRecord), tally.records)
        if tally.rows:
            session.execute(insert(RunRow), tally.rows)
        run.summary = tally.added_to(run.summary)
        run.at, run.done = ids[-1], run.done + len(ids)
        run.failures, run.trouble = 0, ""
        if run.kind == "reassess":
            _vouch(session, run, tally)
        done, total = run.done, run.total
    if told is not None:
        told(done, total)
    return True


def _look(house: House, session: Session, run: PortfolioRun, ids: Sequence[str], owed: Decimal) -> _Tally:
    tally, card = _Tally(), load_card(session, run.scorecard)
    sources, last = sources_of(session, ids, run.on, owed), _in_force(session, ids)
    if run.kind == "what_if":
        old = load_card(session, run.against)
        for customer_id in ids:
            _compare(tally, run, customer_id, (old, card), sources[customer_id], last.get(customer_id))
        return tally
    wanted = _wanted(session, run, ids)
    for customer_id in wanted:
        _assess(house, tally, run, customer_id, card, sources.get(customer_id, NOTHING), last.get(customer_id))
    tally.skipped = len(ids) - len(wanted)
    return tally


def _vouch(session: Session, run: PortfolioRun, tally: _Tally) -> None:
    """Note a piece: one entry vouches for every assessment in it."""
    found = [[row["id"], row["customer_id"], row["exact"], row["grade"]] for row in tally.records]
    digest = hashlib.sha256(audit.canonical(found).encode()).hexdigest()
    detail = {"run": run.id, "assessments": len(found), "sha256": digest}
    audit.append(session, run.started_by, "assessment.make", f"portfolio:{run.id}", detail)


def _in_force(session: Session, ids: Sequence[str]) -> dict[str, AssessmentRecord]:
    query = select(AssessmentRecord).where(
        among(session, AssessmentRecord.customer_id, ids), AssessmentRecord.state == "in_force"
    )
    return {row.customer_id: row for row in session.scalars(query.order_by(AssessmentRecord.made_at))}


def _wanted(session: Session, run: PortfolioRun, ids: Sequence[str]) -> list[str]:
    """Return whom a re-assessment assesses: nobody twice, and nobody of whom an assessment waits already."""
    waiting = set(
        session.scalars(
            select(AssessmentRecord.customer_id).where(
                among(session, AssessmentRecord.customer_id, ids), AssessmentRecord.state == "waiting"
            )
        )
    )
    due = due_ids(session, ids, run.on) if run.only_due else set(ids)
    return [customer_id for customer_id in ids if customer_id in due and customer_id not in waiting]


def _compare(
    tally: _Tally,
    run: PortfolioRun,
    customer_id: str,
    cards: tuple[Card, Card],
    sources: Sources,
    last: AssessmentRecord | None,
) -> None:
    (before, _), (after, why) = (_try(card, sources, last) for card in cards)
    tally.count(before[1] if before else "", after[1] if after else "")
    if after is None or before is None or before[1] != after[1]:
        tally.rows.append(_row(run, customer_id, before, after, why))


_Score = tuple[Decimal, str]


def _try(card: Card, sources: Sources, last: AssessmentRecord | None) -> tuple[_Score | None, str]:
    try:
        assessment = made(card, carry(card, sources, last)).assessment
    except CreditError as error:
        return None, str(error)
    return (assessment.score, assessment.grade), ""


def _row(run: PortfolioRun, customer_id: str, before: _Score | None, after: _Score | None, why: str) -> dict[str, Any]:
    fell = GRADES.index(after[1]) - GRADES.index(before[1]) if before and after else 0
    return {
        "run_id": run.id,
        "customer_id": customer_id,
        "before_grade": before[1] if before else "",
        "before_score": before[0] if before else None,
        "after_grade": after[1] if after else "",
        "after_score": after[0] if after else None,
        "notches": fell,
        "why": why,
    }


def _assess(
    house: House,
    tally: _Tally,
    run: PortfolioRun,
    customer_id: str,
    card: Card,
    sources: Sources,
    last: AssessmentRecord | None,
) -> None:
    before = (last.score, last.grade) if last is not None else None
    drawn = carry(card, sources, last)
    try:
        rating = made(card, drawn)
    except CreditError as error:
        tally.count(before[1] if before else "", "")
        tally.rows.append(_row(run, customer_id, before, None, str(error)))
        return
    line = line_for(card, rating.grade, sources)
    lines = [amount for amount in (line.amount, last.line if last else None) if amount is not None]
    tally.records.append(
        columns_of(customer_id, rating, drawn, line, run.on, house.clock.now())
        | {"id": new_id(), "run_id": run.id, "made_by": run.started_by, "decided_reason": ""}
        | {"high_value": high_value(house.settings, max(lines, default=None), sources)}
    )
    after = (rating.assessment.score, rating.grade)
    tally.count(before[1] if before else "", after[1])
    if before is None or before[1] != after[1]:
        tally.rows.append(_row(run, customer_id, before, after, ""))


def _finish(house: House, session: Session, run: PortfolioRun) -> None:
    run.state, run.finished_at, run.total = "done", house.clock.now(), run.done
    if run.kind == "what_if":
        summary = {"run": run.id, "on": run.on.isoformat(), "customers": run.done, **run.summary}
        note_tested(house, session, run.scorecard, run.digest, run.started_by, summary)
    else:
        high = select(func.count()).select_from(AssessmentRecord)
        run.summary = run.summary | {
            "high_value": session.scalar(
                high.where(AssessmentRecord.run_id == run.id, AssessmentRecord.high_value != "")
            )
        }
    run.failures, run.trouble = 0, ""
    audit.append(session, run.started_by, "portfolio.finish", f"portfolio:{run.id}", {"customers": run.done})
    zh, en = NAMES[run.kind]
    said = (f"{zh}已做完，共 {run.done} 家客户", f"{en} is done, {run.done} customers")
    path = f"/assessments/runs/{run.id}"
    notify(house, session, "run.done", f"portfolio:{run.id}:done", said, path, by_name(session, run.started_by))
