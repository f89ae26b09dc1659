"""Milestones of a contract (RULES B2): what is to be performed or paid by when, done or dropped, and what is overdue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive.ledger import load_contract, typed_amount, typed_date
from service.flow.common.guard import listing, load_document, load_file, require
from service.flow.common.sight import visible_files
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, Milestone

KINDS = ("performance", "payment")
MAX_TITLE, MAX_REASON = 200, 500
SOON_DAYS = 7


@dataclass(frozen=True)
class DueMilestone:
    """A milestone with its contract and file. state: late, soon, open, done, done_late, dropped. days: until it is due, negative when past."""

    milestone: Milestone
    contract: Contract
    file: CaseFile
    state: str
    days: int


def state_of(row: Milestone, today: date) -> str:
    """Return where a milestone stands today. The day it is due still counts as in time."""
    if row.dropped_by is not None:
        return "dropped"
    if row.done_on is not None:
        return "done_late" if row.done_on > row.due_on else "done"
    if row.due_on < today:
        return "late"
    return "soon" if row.due_on <= today + timedelta(days=SOON_DAYS) else "open"


def add_milestone(
    house: House, actor: Actor, contract_id: str, kind: str, title: str, due_on: str, amount: str = ""
) -> Milestone:
    """Note what is to be performed or paid, by when. Raises BadInput, NotFound, NotAllowed, RuleRefused (the contract has ended)."""
    wrong: dict[str, str] = {}
    day = typed_date(wrong, "due_on", due_on)
    money = typed_amount(wrong, amount.strip())
    if kind not in KINDS:
        wrong["kind"] = f"one of {', '.join(KINDS)}"
    if day is None:
        wrong.setdefault("due_on", "a date YYYY-MM-DD")
    if not title.strip() or len(title) > MAX_TITLE:
        wrong["title"] = f"is needed, at most {MAX_TITLE} characters"
    if wrong or day is None:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        contract = load_contract(session, actor, contract_id, "contract.create")
        session.refresh(contract, with_for_update={"of": Contract})
        if contract.status in ("performed", "terminated", "cancelled"):
            raise RuleRefused(f"contract {contract.number} is {contract.status}; nothing more happens to it")
        row = Milestone(
            contract_id=contract_id,
            kind=kind,
            title=title.strip(),
            due_on=day,
            amount=money,
            set_by=actor.name,
            set_at=house.clock.now(),
        )
        session.add(row)
        session.flush()
        _note(session, actor, row, "milestone", title=row.title)
        return row


def _note(session: Session, actor: Actor, row: Milestone, verb: str, **more: Any) -> None:
    detail = {"milestone": row.id, "kind": row.kind, "due_on": row.due_on.isoformat(), **more}
    audit.append(session, actor.name, f"contract.{verb}", f"contract:{row.contract_id}", detail)


def _load(session: Session, actor: Actor, milestone_id: str) -> Milestone:
    row = session.get(Milestone, milestone_id, with_for_update=True)
    if row is None:
        require(actor, "contract.create")
        raise NotFound(f"there is no milestone {milestone_id}")
    load_contract(session, actor, row.contract_id, "contract.create")
    if row.done_on is not None or row.dropped_by is not None:
        raise RuleRefused("the milestone is settled already")
    return row


def finish_milestone(house: House, actor: Actor, milestone_id: str, done_on: str, document_id: str = "") -> None:
    """Note that it was done, and which paper shows it. Raises BadInput, NotFound, NotAllowed, RuleRefused (settled; before signing)."""
    wrong: dict[str, str] = {}
    day = typed_date(wrong, "done_on", done_on)
    if day is None or day > house.clock.today():
        wrong.setdefault("done_on", "a date YYYY-MM-DD, not in the future")
    if wrong or day is None:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    with house.database.write() as session:
        row = _load(session, actor, milestone_id)
        contract = session.get_one(Contract, row.contract_id)
        if contract.signed_on is None or day < contract.signed_on:
            raise RuleRefused(f"contract {contract.number} cannot be performing before it is signed")
        if document_id:
            document = load_document(session, actor, document_id)
            file = session.scalars(select(CaseFile).where(CaseFile.contract_id == row.contract_id)).one()
            if document.case_file_id != file.id:
                why = "lies in another file; put it into the contract's file first"
                raise BadInput(f"document_id: {why}", {"document_id": why})
        row.done_on, row.done_by, row.document_id = day, actor.name, document_id or None
        _note(session, actor, row, "milestone_done", done_on=day.isoformat())


def drop_milestone(house: House, actor: Actor, milestone_id: str, reason: str) -> None:
    """Say that it is not due any more, and why. Raises BadInput, NotFound, NotAllowed, RuleRefused (settled)."""
    if not reason.strip() or len(reason) > MAX_REASON:
        why = f"is needed, at most {MAX_REASON} characters"
        raise BadInput(f"reason: {why}", {"reason": why})
    with house.database.write() as session:
        row = _load(session, actor, milestone_id)
        row.dropped_by, row.dropped_why = actor.name, reason.strip()
        _note(session, actor, row, "milestone_drop", reason=row.dropped_why)


def milestones_of(house: House, actor: Actor, contract_id: str) -> list[DueMilestone]:
    """Return the milestones of one contract by their dates. Raises NotFound."""
    with house.database.read() as session:
        contract = load_contract(session, actor, contract_id)
        file = session.scalars(select(CaseFile).where(CaseFile.contract_id == contract_id)).one()
        rows = session.scalars(
            select(Milestone).where(Milestone.contract_id == contract_id).order_by(Milestone.due_on, Milestone.id)
        )
        return [_due(row, contract, file, house.clock.today()) for row in rows]


def milestones_in_file(house: House, actor: Actor, case_file_id: str) -> list[DueMilestone]:
    """Return the milestones of the contract of a file by their dates. Raises NotFound."""
    with house.database.read() as session:
        file = load_file(session, actor, case_file_id)
        if file.contract is None:
            return []
        rows = session.scalars(
            select(Milestone).where(Milestone.contract_id == file.contract_id).order_by(Milestone.due_on, Milestone.id)
        )
        return [_due(row, file.contract, file, house.clock.today()) for row in rows]


def list_milestones(
    house: House, actor: Actor, *, late: bool = False, limit: int = 50, offset: int = 0
) -> tuple[int, Sequence[DueMilestone]]:
    """Return the number of open milestones the actor may see, and one page of them, the most urgent first; late: only the overdue.

    Those of a contract that has ended, been cancelled or destroyed wait for nobody. Raises NotAllowed.
    """
    require(actor, "contract.read")
    today = house.clock.today()
    query = visible_files(actor).join(Contract, Contract.id == CaseFile.contract_id)
    query = query.join(Milestone, Milestone.contract_id == Contract.id).where(
        Milestone.done_on.is_(None),
        Milestone.dropped_by.is_(None),
        Contract.status.not_in(("performed", "terminated", "cancelled")),
        CaseFile.state != "destroyed",
    )
    if late:
        query = query.where(Milestone.due_on < today)
    with listing(house, actor, "milestone") as session:
        total = session.scalar(select(func.count()).select_from(query.with_only_columns(Milestone.id).subquery())) or 0
        page = query.with_only_columns(Milestone, CaseFile).order_by(Milestone.due_on, Milestone.id)
        found = []
        for row, file in session.execute(page.limit(limit).offset(offset)).unique():
            if file.contract is not None:
                found.append(_due(row, file.contract, file, today))
        return total, found


def _due(row: Milestone, contract: Contract, file: CaseFile, today: date) -> DueMilestone:
    return DueMilestone(row, contract, file, state_of(row, today), (row.due_on - today).days)


def as_json(item: DueMilestone) -> dict[str, Any]:
    """Return a milestone as plain JSON values."""
    row = item.milestone
    return {
        "id": row.id,
        "contract_id": row.contract_id,
        "contract_number": item.contract.number,
        "file_id": item.file.id,
        "kind": row.kind,
        "title": row.title,
        "due_on": row.due_on.isoformat(),
        "amount": None if row.amount is None else f"{row.amount:.2f}",
        "state": item.state,
        "days": item.days,
        "set_by": row.set_by,
        "done_on": row.done_on.isoformat() if row.done_on else None,
        "done_by": row.done_by,
        "document_id": row.document_id,
        "dropped_by": row.dropped_by,
        "dropped_why": row.dropped_why or None,
    }
