"""The register of half-year reports (RULES B4): prepared by one, signed off by another, submitted; what is late or missing is listed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention.statistics import KINDS, Figures, ReportPeriod, periods_due, report_period, total
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.statistics import COUNTED, Unit, figures_as_json, sees_unit, settled_figures, units_of
from service.flow.common.guard import require
from service.flow.credit.analysis import credit_figures
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import AuditEntry, Submission, Term

MAX_NOTE = 20_000


@dataclass(frozen=True)
class Duty:
    """A report that a unit owes, and its latest submission. state: missing, late, prepared, signed, submitted, submitted_late, returned, due.

    due: it is not late yet and nothing was begun. days: until its last day, negative afterwards.
    """

    unit: Unit
    kind: str
    period: ReportPeriod
    submission: Submission | None
    state: str
    days: int

    @property
    def is_late(self) -> bool:
        """Whether it was not, or not in time, with the group's credit body."""
        return self.state == "submitted_late" or (self.days < 0 and self.state != "submitted")


def state_of(submission: Submission | None, due_on: date, today: date) -> str:
    """Return where a duty stands, as `Duty` names it."""
    if submission is not None and submission.submitted_on is not None and submission.state == "submitted":
        return "submitted" if submission.submitted_on <= due_on else "submitted_late"
    if submission is not None:
        return submission.state
    return "due" if today <= due_on else "missing"


def duties(house: House, actor: Actor, period: str = "", *, late: bool = False) -> list[Duty]:
    """Return what the units the actor sees owe, the latest period first. period: only this one; late: only what was or is late.

    Raises BadPeriod, NotAllowed.
    """
    require(actor, "statistics.read")
    if period:
        report_period(period)
    today = house.clock.today()
    with house.database.write() as session:
        audit.append(session, actor.name, "statistics.list", "statistics")
        begun = _began(session)
        latest = _latest(session)
        found = []
        for unit in units_of(session):
            if not sees_unit(actor, unit):
                continue
            since = max(begun, unit.created_on or begun)
            for kind in KINDS:
                for owed in periods_due(kind, since, today):
                    if (period and owed.code != period) or (unit.closed_on and owed.first > unit.closed_on):
                        continue
                    submission = latest.get((kind, unit.kind, unit.id, owed.code))
                    state = state_of(submission, owed.due_on, today)
                    found.append(Duty(unit, kind, owed, submission, state, (owed.due_on - today).days))
    found = [duty for duty in found if duty.is_late or not late]
    return sorted(found, key=lambda d: d.period.due_on, reverse=True)


def _began(session: Session) -> date:
    """Return since when reports are owed here: since the upgrade of an archive that was there before, else since its first day."""
    day = session.scalar(select(Term.day).where(Term.name == "statistics"))
    first = session.scalar(select(AuditEntry.at).order_by(AuditEntry.seq).limit(1))
    return day or (date.fromisoformat(first[:10]) if first else date.max)


def _latest(session: Session) -> dict[tuple[str, str, str, str], Submission]:
    rows = session.scalars(select(Submission).order_by(Submission.version))
    return {(row.kind, row.unit, row.unit_id, row.period): row for row in rows}


def find_unit(session: Session, kind: str, code: str) -> Unit:
    """Return the department or company of a code. Raises BadInput."""
    for unit in units_of(session):
        if (unit.kind, unit.code) == (kind, code):
            return unit
    why = f"there is no {kind if kind in ('department', 'company') else 'such unit'} of this code"
    raise BadInput(f"code: {why}", {"code": why})


def prepare(house: House, actor: Actor, kind: str, unit: str, code: str, period: str, note: str = "") -> Submission:
    """Count a unit's figures and keep them, to be signed off by somebody else. note: what the analysis says, a remark elsewhere.

    One that is not signed yet, or was returned, is followed by this one. Raises BadInput, BadPeriod, NotAllowed, RuleRefused (the
    period has not ended; it is signed or submitted already; its figures are being counted).
    """
    require(actor, "statistics.work")
    wrong: dict[str, str] = {}
    if kind not in KINDS:
        wrong["kind"] = f"one of {', '.join(KINDS)}"
    if len(note) > MAX_NOTE or (kind == "analysis" and not note.strip()):
        wrong["note"] = f"is needed, at most {MAX_NOTE} characters"
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    covered = report_period(period)
    if kind == "analysis" and covered.code.endswith("-H1"):
        why = "the analysis is made of a whole year"
        raise BadInput(f"period: {why}", {"period": why})
    if covered.last >= house.clock.today():
        raise RuleRefused(f"the period {period} has not ended; its figures can still change")
    with house.database.read() as session:
        _demand(actor, find_unit(session, unit, code))
    # Before anything is locked: whoever else writes would wait for a million files.
    counted = {
        name: settled_figures(house, actor, name, covered) for name in (COUNTED if kind == "analysis" else (kind,))
    }
    with house.database.write() as session:
        whose = find_unit(session, unit, code)
        _demand(actor, whose)
        hold_counter(
            session, f"submission:{kind}:{whose.id}:{period}"
        )  # of two who prepare at once, one comes after the other
        before = _latest(session).get((kind, unit, whose.id, period))
        if before is not None and before.state in ("signed", "submitted"):
            raise RuleRefused(f"the report is {before.state} already; it is returned before another is prepared")
        figures = _figures(session, kind, whose, covered, counted)
        made = Submission(
            kind=kind,
            unit=unit,
            unit_id=whose.id,
            period=period,
            version=before.version + 1 if before else 1,
            state="prepared",
            figures=figures,
            digest=digest_of(kind, unit, code, period, figures, note.strip()),
            note=note.strip(),
            prepared_by=actor.name,
            prepared_at=house.clock.now(),
        )
        session.add(made)
        _note(session, actor, "prepare", made, code)
        return made


def _figures(
    session: Session, kind: str, unit: Unit, period: ReportPeriod, counted: Mapping[str, Mapping[str, Figures]]
) -> dict[str, Any]:
    """Return what a report holds: its figures; for an analysis those of contracts, archives and credit, which it speaks of."""
    found = {
        name: figures_as_json(total(of_all.get(id_, {}) for id_ in unit.departments))
        for name, of_all in counted.items()
    }
    if kind != "analysis":
        return found[kind]
    return {**found, "credit": credit_figures(session, unit.departments, period)}


def digest_of(kind: str, unit: str, code: str, period: str, figures: dict[str, Any], note: str) -> str:
    """Return the SHA-256 of what is signed off, over canonical JSON."""
    return hashlib.sha256(audit.canonical([kind, unit, code, period, figures, note]).encode()).hexdigest()


def _demand(actor: Actor, unit: Unit) -> None:
    if not sees_unit(actor, unit, "statistics.work"):
        raise NotFound(f"there is no {unit.kind} {unit.code} for you to report for")


def _note(session: Session, actor: Actor, verb: str, row: Submission, code: str) -> None:
    detail = {"kind": row.kind, "unit": f"{row.unit}:{code}", "period": row.period, "version": row.version}
    audit.append(
        session, actor.name, f"statistics.{verb}", f"statistics:{row.period}", {**detail, "digest": row.digest}
    )


def _load(session: Session, actor: Actor, submission_id: str, action: str) -> tuple[Submission, str]:
    require(actor, action)
    row = session.get(Submission, submission_id, with_for_update=True)
    units = {(u.kind, u.id): u for u in units_of(session)}
    unit = units.get((row.unit, row.unit_id)) if row else None
    if row is None or unit is None or not sees_unit(actor, unit, action):
        raise NotFound(f"there is no submission {submission_id}")
    newest = _latest(session).get((row.kind, row.unit, row.unit_id, row.period))
    if newest is not None and newest.version > row.version:
        raise RuleRefused("another version of this report was prepared meanwhile")
    return row, unit.code


def sign(house: House, actor: Actor, submission_id: str) -> Submission:
    """Sign a report off: somebody else than who prepared it. Raises NotFound, NotAllowed, RuleRefused."""
    with house.database.write() as session:
        row, code = _load(session, actor, submission_id, "statistics.work")
        if row.state != "prepared":
            raise RuleRefused(f"the report is {row.state}; only what is prepared is signed off")
        if row.prepared_by == actor.name:
            raise RuleRefused("who prepared a report does not sign it off")
        if row.digest != digest_of(row.kind, row.unit, code, row.period, row.figures, row.note):
            raise RuleRefused("the report is not what was prepared; prepare it again")
        row.state, row.signed_by, row.signed_at = "signed", actor.name, house.clock.now()
        _note(session, actor, "sign", row, code)
        return row


def submit(house: House, actor: Actor, submission_id: str) -> Submission:
    """Submit a report that was signed off to the group's credit body. Raises NotFound, NotAllowed, RuleRefused."""
    with house.database.write() as session:
        row, code = _load(session, actor, submission_id, "statistics.work")
        if row.state != "signed":
            raise RuleRefused(f"the report is {row.state}; only what is signed off is submitted")
        row.state, row.submitted_by, row.submitted_on = "submitted", actor.name, house.clock.today()
        _note(session, actor, "submit", row, code)
        return row


def send_back(house: House, actor: Actor, submission_id: str, reason: str) -> Submission:
    """Return a report for the group's credit body, with a reason; its last day stays. Raises BadInput, NotFound, NotAllowed, RuleRefused."""
    if not reason.strip():
        raise BadInput("reason: is needed", {"reason": "is needed"})
    with house.database.write() as session:
        row, code = _load(session, actor, submission_id, "statistics.receive")
        if row.state not in ("signed", "submitted"):
            raise RuleRefused(f"the report is {row.state}; only what is signed off or submitted is returned")
        row.state, row.returned_by, row.return_reason = "returned", actor.name, reason.strip()[:500]
        _note(session, actor, "return", row, code)
        return row


def get_submission(house: House, actor: Actor, submission_id: str) -> tuple[Submission, Unit]:
    """Return a report as it was prepared, and whose it is. Raises NotFound, NotAllowed."""
    require(actor, "statistics.read")
    with house.database.write() as session:
        row = session.get(Submission, submission_id)
        units = {(u.kind, u.id): u for u in units_of(session)}
        unit = units.get((row.unit, row.unit_id)) if row else None
        if row is None or unit is None or not sees_unit(actor, unit):
            raise NotFound(f"there is no submission {submission_id}")
        audit.append(session, actor.name, "statistics.view", f"statistics:{row.period}", {"submission": row.id})
        return row, unit


def duty_as_json(duty: Duty) -> dict[str, Any]:
    """Return a duty as plain JSON values."""
    return {
        "unit": duty.unit.kind,
        "code": duty.unit.code,
        "name": duty.unit.name,
        "kind": duty.kind,
        "period": duty.period.code,
        "due_on": duty.period.due_on.isoformat(),
        "state": duty.state,
        "late": duty.is_late,
        "submission": submission_as_json(duty.submission) if duty.submission else None,
    }


def submission_as_json(row: Submission) -> dict[str, Any]:
    """Return a submission as plain JSON values."""
    return {
        "id": row.id,
        "kind": row.kind,
        "period": row.period,
        "version": row.version,
        "state": row.state,
        "figures": row.figures,
        "digest": row.digest,
        "note": row.note,
        "prepared_by": row.prepared_by,
        "signed_by": row.signed_by,
        "submitted_by": row.submitted_by,
        "submitted_on": row.submitted_on.isoformat() if row.submitted_on else None,
        "return_reason": row.return_reason,
    }
