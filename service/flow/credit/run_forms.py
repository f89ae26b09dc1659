"""The forms of the credit file of all whom a run over the portfolio assessed (RULES B5), made after the run took effect.

A decision on a hundred thousand customers waits for no form. A piece of them is wanted a transaction, which also notes how far it came:
killed, the next worker goes on there, and two workers at one run take turns. The PDFs follow as those of a single decision do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.flow.credit.credit_forms import Decided, names_of, want_forms
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import AssessmentRecord, CreditForm, Customer, PortfolioRun

PIECE = 200


@dataclass(frozen=True)
class FormsMade:
    """How far the forms of a run are. state: "" where it has none, making, made. wanted: those whose data are kept; filed: those in their file."""

    state: str
    wanted: int = 0
    filed: int = 0


def want_all(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Keep what the forms of approved runs say, until `go_on` says no; returns of how many customers. Can be run twice, and by many."""
    with house.database.read() as session:
        runs = list(session.scalars(select(PortfolioRun.id).where(PortfolioRun.forms == "making")))
    made = 0
    for run_id in runs:
        while go_on() and (some := _piece(house, run_id)):
            made += some
    return made


def _piece(house: House, run_id: str) -> int:
    """Do one piece of a run; returns of how many customers, 0 when it is done."""
    with house.database.write() as session:
        run = session.get(PortfolioRun, run_id, with_for_update=True)
        if run is None or run.forms != "making" or run.decided_by is None:
            return 0
        records = _next(session, run)
        if not records:
            run.forms = "made"
            counts = forms_made(session, run)
            audit.append(session, SYSTEM.name, "portfolio.forms", f"portfolio:{run.id}", {"forms": counts.wanted})
            return 0
        decision = Decided(run.decided_by, date.fromisoformat(run.summary["decided_on"]), run.decided_reason)
        people = names_of(session)
        for record in records:
            customer = session.get_one(Customer, record.customer_id)
            want_forms(house, session, customer, record, _before(session, record), decision, people)
        run.forms_at = records[-1].id
        return len(records)


def _next(session: Session, run: PortfolioRun) -> list[AssessmentRecord]:
    """Return the next assessments that took effect with the run; those of high-value customers have their forms from their own decision."""
    row = AssessmentRecord
    query = select(row).where(row.run_id == run.id, row.state.in_(("in_force", "replaced")), row.high_value == "")
    return list(session.scalars(query.where(row.id > run.forms_at).order_by(row.id).limit(PIECE)))


def _before(session: Session, record: AssessmentRecord) -> AssessmentRecord | None:
    """Return the assessment that an assessment replaced."""
    row = AssessmentRecord
    query = select(row).where(row.customer_id == record.customer_id, row.id != record.id, row.state == "replaced")
    since = func.coalesce(row.decided_at, row.made_at)
    earlier = query.where(since <= record.decided_at).order_by(since.desc(), row.made_at.desc(), row.id)
    return session.scalars(earlier.limit(1)).first()


def forms_made(session: Session, run: PortfolioRun) -> FormsMade:
    """Return how far the forms of a run are."""
    if not run.forms:
        return FormsMade("")
    filed = func.count().filter(CreditForm.state == "filed")
    query = select(func.count(), filed).select_from(CreditForm)
    query = query.join(AssessmentRecord, AssessmentRecord.id == CreditForm.assessment_id)
    wanted, done = session.execute(query.where(AssessmentRecord.run_id == run.id)).one()
    return FormsMade(run.forms, wanted, done)
