"""Runs over all customers (RULES A1.1, A1.2): a full re-assessment, and what would move under another scorecard.

A run goes through the customers in order of their ids, a piece a transaction, and notes where it is: killed, it goes on there, and two
workers at one run take turns. What a re-assessment finds waits for a second person, that of high-value customers for experts.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import listing, require
from service.flow.common.sight import customers_in_sight
from service.flow.credit.assessment_plan import assessed_all
from service.flow.credit.cards import champion, load_card
from service.flow.credit.run_forms import FormsMade, forms_made
from service.flow.credit.warnings import look_again
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import (
    AssessmentRecord,
    CreditEvent,
    Customer,
    PortfolioRun,
    RunRow,
    ScorecardRecord,
    new_id,
)


def start_run(house: House, actor: Actor, kind: str, scorecard: str = "", *, only_due: bool = False) -> PortfolioRun:
    """Begin a run; workers and `advance` carry it through. kind: reassess (with the scorecard in use), what_if (with `scorecard`).

    Raises BadInput, NotFound, NotAllowed, RuleRefused (a run of this kind is going on, or waits for a decision).
    """
    if kind not in ("reassess", "what_if"):
        raise BadInput("kind: one of reassess, what_if", {"kind": "one of reassess, what_if"})
    require(actor, "portfolio.run" if kind == "reassess" else "scorecard.edit")
    with house.database.write() as session:
        hold_counter(session, "portfolio runs")
        busy = ("running", "done") if kind == "reassess" else ("running",)
        if session.scalar(select(PortfolioRun.id).where(PortfolioRun.kind == kind, PortfolioRun.state.in_(busy))):
            raise RuleRefused("a run of this kind is going on or waits for a decision")
        in_use = champion(session)
        card = in_use if kind == "reassess" else load_card(session, scorecard)
        row = session.get_one(ScorecardRecord, card.version)
        run = PortfolioRun(
            id=new_id(),
            kind=kind,
            scorecard=card.version,
            digest=row.digest,
            against=in_use.version if kind == "what_if" else "",
            only_due=only_due,
            on=house.clock.today(),
            total=session.scalar(select(func.count()).select_from(Customer)) or 0,
            summary={},
            started_by=actor.name,
            started_at=house.clock.now(),
        )
        session.add(run)
        session.flush()
        detail = {"run": run.id, "scorecard": card.version, "digest": row.digest, "only_due": only_due}
        audit.append(session, actor.name, f"portfolio.{kind}", f"portfolio:{run.id}", detail)
        return run


def decide_run(house: House, actor: Actor, run_id: str, *, approve: bool, reason: str = "") -> PortfolioRun:
    """Let all that a re-assessment found take effect, or refuse it with a reason: a second person, all or nothing.

    Assessments of high-value customers stay waiting for their experts. Raises NotFound, NotAllowed, BadInput, RuleRefused.
    """
    if not approve and not reason.strip():
        raise BadInput("reason: say why it is refused", {"reason": "say why it is refused"})
    require(actor, "portfolio.decide")
    with house.database.write() as session:
        run = session.get(PortfolioRun, run_id, with_for_update=True)
        if run is None or run.kind != "reassess":
            raise NotFound(f"there is no run {run_id}")
        if run.state == "running":
            raise RuleRefused("the run is not finished yet")
        if run.state != "done":
            raise RuleRefused("this run was decided on already")
        if run.started_by == actor.name:
            raise RuleRefused("who started a run does not decide on it")
        mine = (AssessmentRecord.run_id == run.id, AssessmentRecord.state == "waiting")
        # As one who decides on a single customer: that customer is locked first, in the same order by all.
        customers = select(Customer.id).where(Customer.id.in_(select(AssessmentRecord.customer_id).where(*mine)))
        session.execute(customers.order_by(Customer.id).with_for_update()).all()
        now, word = house.clock.now(), "in_force" if approve else "refused"
        which = (*mine, AssessmentRecord.high_value == "") if approve else mine
        effective = select(AssessmentRecord.customer_id).where(*which)
        if approve:
            looked = select(AssessmentRecord.id).where(*which, AssessmentRecord.customer_id == CreditEvent.customer_id)
            session.execute(
                update(CreditEvent)
                .where(CreditEvent.answered_by.is_(None), CreditEvent.recorded_at <= run.started_at)
                .where(CreditEvent.customer_id.in_(effective))
                .values(answered_by=looked.scalar_subquery())
                .execution_options(synchronize_session=False)
            )
            session.execute(
                update(AssessmentRecord)
                .where(AssessmentRecord.state == "in_force", AssessmentRecord.customer_id.in_(effective))
                .values(state="replaced")
                .execution_options(synchronize_session=False)
            )
        decided = {"decided_by": actor.name, "decided_at": now, "decided_reason": reason.strip()}
        session.execute(
            update(AssessmentRecord)
            .where(*which)
            .values(state=word, **decided)
            .execution_options(synchronize_session=False)
        )
        run.state, run.decided_by, run.decided_at = "approved" if approve else "refused", actor.name, now
        run.decided_reason = reason.strip()
        if approve:
            run.forms, run.summary = "making", run.summary | {"decided_on": house.clock.today().isoformat()}
            took = select(AssessmentRecord.customer_id)
            assessed_all(
                session, took.where(AssessmentRecord.run_id == run.id, AssessmentRecord.state == "in_force"), run.on
            )
            look_again(session, house.clock.today())
        verb = "approve" if approve else "refuse"
        audit.append(session, actor.name, f"portfolio.{verb}", f"portfolio:{run.id}", {"reason": reason.strip()})
        return run


def stop_run(house: House, actor: Actor, run_id: str) -> PortfolioRun:
    """Stop a run that is going on; what it assessed is refused. Raises NotFound, NotAllowed, RuleRefused."""
    require(actor, "portfolio.run")
    with house.database.write() as session:
        run = session.get(PortfolioRun, run_id, with_for_update=True)
        if run is None:
            raise NotFound(f"there is no run {run_id}")
        if run.state != "running":
            raise RuleRefused("the run is finished already")
        run.state, run.finished_at = "stopped", house.clock.now()
        session.execute(
            update(AssessmentRecord)
            .where(AssessmentRecord.run_id == run.id, AssessmentRecord.state == "waiting")
            .values(state="refused", decided_by=actor.name, decided_at=run.finished_at, decided_reason="run stopped")
            .execution_options(synchronize_session=False)
        )
        audit.append(session, actor.name, "portfolio.stop", f"portfolio:{run.id}")
        return run


def list_runs(house: House, actor: Actor, limit: int = 50) -> list[PortfolioRun]:
    """Return the latest runs, newest first; noted. Raises NotAllowed."""
    require(actor, "portfolio.read")
    with listing(house, actor, "portfolio") as session:
        return list(session.scalars(select(PortfolioRun).order_by(PortfolioRun.started_at.desc()).limit(limit)))


@dataclass(frozen=True)
class RunView:
    """A run with one page of those it moved or could not assess, as far as the reader may see them, the farthest falls first.

    forms: how far the forms of the credit files are.
    """

    run: PortfolioRun
    total: int
    rows: list[tuple[RunRow, Customer]]
    forms: FormsMade


def get_run(
    house: House, actor: Actor, run_id: str, *, refused: bool = False, limit: int = 50, offset: int = 0
) -> RunView:
    """Return a run and note the reading. refused: those it could not assess instead of those it moved. Raises NotFound, NotAllowed."""
    require(actor, "portfolio.read")
    with house.database.write() as session:
        run = session.get(PortfolioRun, run_id)
        if run is None:
            raise NotFound(f"there is no run {run_id}")
        query = select(RunRow, Customer).join(Customer, Customer.id == RunRow.customer_id)
        query = query.where(RunRow.run_id == run_id, customers_in_sight(actor), (RunRow.why != "") == refused)
        total = session.scalar(select(func.count()).select_from(query.with_only_columns(RunRow.customer_id).subquery()))
        order = (RunRow.notches.desc(), Customer.name, RunRow.customer_id)
        rows = [
            (row, customer) for row, customer in session.execute(query.order_by(*order).limit(limit).offset(offset))
        ]
        audit.append(session, actor.name, "portfolio.view", f"portfolio:{run_id}")
        return RunView(run, total or 0, rows, forms_made(session, run))


def matrix_of(run: PortfolioRun) -> dict[tuple[str, str], int]:
    """Return (grade before, grade after) -> customers; "" for no assessment."""
    found = {}
    for key, count in run.summary.get("matrix", {}).items():
        before, _, after = key.partition(">")
        found[before.replace("-", ""), after.replace("-", "")] = count
    return found


def run_as_json(run: PortfolioRun) -> dict[str, Any]:
    """Return a run as plain JSON values."""
    return {
        "id": run.id,
        "kind": run.kind,
        "scorecard": run.scorecard,
        "against": run.against or None,
        "only_due": run.only_due,
        "on": run.on.isoformat(),
        "state": run.state,
        "total": run.total,
        "done": run.done,
        "summary": run.summary,
        "started_by": run.started_by,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "decided_by": run.decided_by,
        "decided_reason": run.decided_reason or None,
    }


def forms_as_json(forms: FormsMade) -> dict[str, Any]:
    """Return how far the forms of a run are as plain JSON values."""
    return {"state": forms.state or None, "wanted": forms.wanted, "filed": forms.filed}


def row_as_json(row: RunRow, customer: Customer) -> dict[str, Any]:
    """Return what a run found of a customer as plain JSON values."""
    return {
        "customer_id": customer.id,
        "number": customer.number,
        "name": customer.name,
        "before": {"grade": row.before_grade, "score": str(row.before_score)} if row.before_grade else None,
        "after": {"grade": row.after_grade, "score": str(row.after_score)} if row.after_grade else None,
        "notches": row.notches,
        "why": row.why or None,
    }
