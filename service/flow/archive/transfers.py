"""Transfers (RULES B3): handler → credit administrator → archive room, each with its deadline, each event on its own clock."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from retention import transfer as rules
from retention.calendar import Deadline
from retention.errors import FileIncomplete, TransitionRefused
from retention.transfer import archive_deadline, handler_deadline
from service.access.policy import ROLES, Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.archive import four_checks
from service.flow.archive.deadlines import DueTransfer, as_due, count_open, escalate, list_transfers
from service.flow.archive.filing import file_completeness
from service.flow.archive.number_templates import give_number
from service.flow.archive.transfer_lists import SIGNED, sign
from service.flow.common.facts import demand_staying
from service.flow.common.guard import allowed, load_file, reach_of_file, require
from service.flow.common.index import index_soon, touch_file
from service.flow.common.locks import lock_soon
from service.flow.common.schedule import recompute_retention
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, ContractEvent, Transfer

__all__ = ["DueTransfer", "as_due", "count_open", "escalate", "list_transfers"]

_OPEN = ("pending", "returned", "handed_over")


def start_clock(house: House, session: Session, contract: Contract, file: CaseFile, event: ContractEvent) -> None:
    """Start the handler's clock for an event. file: locked, or made in this transaction."""
    deadline = handler_deadline(event.kind, event.finished_on, house.calendar, house.settings.roll_over)
    said = {"event_id": event.id, "event_kind": event.kind, "event_on": event.finished_on}
    session.add(_clock(file, deadline, stage="handler", responsible_id=contract.handler_id, **said))


def _clock(file: CaseFile, deadline: Deadline, **said: Any) -> Transfer:
    """Return a transfer of a file that is locked: nobody gives it another department or tier meanwhile. said: the other columns."""
    return Transfer(
        case_file_id=file.id,
        department_id=file.department_id,
        tier=file.tier,
        nominal_on=deadline.nominal,
        due_on=deadline.due,
        why=deadline.why.to_json(),
        **said,
    )


def _roles(actor: Actor) -> frozenset[str]:
    return frozenset(ROLES) if actor.owner else actor.roles


def _load(session: Session, actor: Actor, transfer_id: str, action: str) -> Transfer:
    its_file = select(CaseFile).join(Transfer, Transfer.case_file_id == CaseFile.id).where(Transfer.id == transfer_id)
    session.scalar(its_file.with_for_update(of=CaseFile))  # the file before its transfers, here as everywhere
    transfer = session.get(Transfer, transfer_id, with_for_update={"of": Transfer})
    if transfer is None or not allowed(actor, "file.read", reach_of_file(transfer.case_file)):
        raise NotFound(f"there is no transfer {transfer_id}")
    require(actor, action, reach_of_file(transfer.case_file))
    return transfer


def _as_rule(row: Transfer) -> rules.Transfer:
    return rules.Transfer(
        stage=row.stage,  # type: ignore[arg-type]  # the column holds only what the rules wrote
        state=row.state,  # type: ignore[arg-type]  # likewise
        responsible=f"person:{row.responsible.login}" if row.responsible else None,
        handed_over_by=row.handed_over_by,
        handed_over_for=row.handed_over_for,
        handed_over_on=row.handed_over_on,
        decided_by=row.decided_by,
        decided_on=row.decided_on,
        return_reason=row.return_reason,
    )


def _store(house: House, session: Session, actor: Actor, row: Transfer, step: rules.Transfer, action: str) -> None:
    row.state, row.return_reason = step.state, step.return_reason
    row.handed_over_by, row.handed_over_on = step.handed_over_by, step.handed_over_on
    row.handed_over_for = step.handed_over_for
    row.decided_by, row.decided_on = step.decided_by, step.decided_on
    if step.state == "accepted":
        row.tell_on = None  # it comes to nobody any more
    detail = {"transfer": row.id, "stage": row.stage, "due_on": row.due_on.isoformat()}
    if action == "hand_over" and step.handed_over_for:
        detail["for"] = step.handed_over_for
    if action in SIGNED:
        detail["list"] = sign(house, session, row, action)
    audit.append(session, actor.name, f"transfer.{action}", f"file:{row.case_file_id}", detail)


def hand_over(house: House, actor: Actor, transfer_id: str) -> None:
    """Sign for the giving side: as the person responsible, or for them as credit administrator or head of the department.

    Raises TransitionRefused, NotFound, NotAllowed.
    """
    with house.database.write() as session:
        row = _load(session, actor, transfer_id, "transfer.hand_over")
        step = _as_rule(row).hand_over(actor.name, _roles(actor), house.clock.today())
        _store(house, session, actor, row, step, "hand_over")
        case_file_id = row.case_file_id
    four_checks.check_transfer(house, actor, case_file_id, transfer_id)


def may_hand_over(actor: Actor, row: Transfer) -> bool:
    """Return whether this person may sign for the giving side."""
    try:
        _as_rule(row).signs_for(actor.name, _roles(actor))
    except TransitionRefused:
        return False
    return allowed(actor, "transfer.hand_over", reach_of_file(row.case_file))


def accept(house: House, actor: Actor, transfer_id: str) -> None:
    """Sign for the receiving side. The credit administrator's acceptance is the verification that starts the second clock.

    The archive room accepts by archiving. Raises TransitionRefused, RuleRefused, NotFound, NotAllowed.
    """
    with house.database.write() as session:
        row = _load(session, actor, transfer_id, "transfer.read")
        if row.stage == "archive":
            raise RuleRefused("the archive room accepts a file by archiving it: archive the case file")
        require(actor, "transfer.receive", reach_of_file(row.case_file))
        today = house.clock.today()
        _store(house, session, actor, row, _as_rule(row).accept(actor.name, _roles(actor), today), "accept")
        deadline = archive_deadline(today, house.calendar, house.settings.roll_over)
        said = {"event_id": row.event_id, "event_kind": row.event_kind, "event_on": today}
        session.add(_clock(row.case_file, deadline, stage="archive", responsible_id=actor.person_id, **said))
        case_file_id = row.case_file_id
    four_checks.check_transfer(house, actor, case_file_id, transfer_id)  # killed before, the giving side left none


def return_file(house: House, actor: Actor, transfer_id: str, reason: str) -> None:
    """Return a file to the giving side with a reason; its deadline stays. Raises BadInput, TransitionRefused."""
    if not reason.strip():
        raise BadInput("reason: is needed", {"reason": "is needed"})
    with house.database.write() as session:
        row = _load(session, actor, transfer_id, "transfer.read")
        action = "transfer.receive" if row.stage == "handler" else "file.archive"
        require(actor, action, reach_of_file(row.case_file))
        step = _as_rule(row).send_back(actor.name, _roles(actor), house.clock.today(), reason.strip()[:500])
        _store(house, session, actor, row, step, "return")


def archive(house: House, actor: Actor, case_file_id: str) -> CaseFile:
    """Take a handed-over file into the archive room: its archive number (once, for ever), retention and due date.

    The four checks are made first; a file that fails needs an approved exception. What was found is kept either way.
    Raises FileIncomplete naming what is missing, RuleRefused, NotFound, NotAllowed, StoreUnavailable, EngineUnavailable.
    """
    with house.database.read() as session:
        _arriving(session, load_file(session, actor, case_file_id, "file.archive"), actor, house)
    checked = four_checks.run_checks(house, actor, case_file_id, "archiving")
    with house.database.write() as session:
        file = load_file(session, actor, case_file_id, "file.archive")
        session.refresh(file, with_for_update={"of": CaseFile})
        # Transfers and documents are locked before the audit chain, here as everywhere, so that no two writers wait for one another.
        arriving = _arriving(session, file, actor, house, lock=True)
        exception = four_checks.demand_passed(session, file, checked)
        today = house.clock.today()
        ids = touch_file(session, case_file_id)
        session.flush()
        for row in arriving:
            _store(house, session, actor, row, _as_rule(row).accept(actor.name, _roles(actor), today), "accept")
        recompute_retention(house, session, file)
        if file.archive_number is None:
            file.archive_number = give_number(house, session, file)
            file.archived_on = today
        file.state = "archived"
        detail = {"archive_number": file.archive_number, "retention": file.retention, "checks": checked.run.id}
        if exception:
            detail["exception"] = exception
        audit.append(session, actor.name, "file.archive", f"file:{case_file_id}", detail)
    index_soon(house, ids)
    lock_soon(house, [case_file_id])
    return file


def _arriving(session: Session, file: CaseFile, actor: Actor, house: House, *, lock: bool = False) -> list[Transfer]:
    """Return what waits for the archive room, the file being one that can be archived. Raises FileIncomplete, RuleRefused, TransitionRefused."""
    if file.state == "destroyed":
        raise RuleRefused("the file was destroyed; only its stub remains")
    demand_staying(file)
    query = select(Transfer).where(Transfer.case_file_id == file.id, Transfer.state.in_(_OPEN))
    if lock:
        query = query.with_for_update(of=Transfer)
    arriving = [row for row in session.scalars(query) if row.stage == "archive" and row.state == "handed_over"]
    if file.kind == "contract" and not arriving:
        raise RuleRefused(
            "nothing was handed over to the archive room; the credit administrator hands the file over first"
        )
    if file.kind == "credit" and file.state == "archived":
        raise RuleRefused(f"the file is archived already, as {file.archive_number}")
    state = file_completeness(session, file)
    if not state.complete:
        raise FileIncomplete(
            f"the file lacks {', '.join(state.missing)}: file the documents, or say why a category does not apply"
        )
    for row in arriving:  # whoever handed it over does not accept it: said before anything is looked at
        _as_rule(row).accept(actor.name, _roles(actor), house.clock.today())
    return arriving


def transfers_of(house: House, actor: Actor, case_file_id: str) -> list[DueTransfer]:
    """Return all transfers of one file, done ones too, in the order of their events. Raises NotFound."""
    with house.database.read() as session:
        load_file(session, actor, case_file_id)
        query = select(Transfer).where(Transfer.case_file_id == case_file_id)
        rows = session.scalars(query.order_by(Transfer.event_on, Transfer.due_on, Transfer.stage.desc()))
        return [as_due(house, row) for row in rows]


def as_json(item: DueTransfer) -> dict[str, Any]:
    """Return a transfer as plain JSON values."""
    row = item.transfer
    contract = row.case_file.contract
    return {
        "id": row.id,
        "file_id": row.case_file_id,
        "contract_number": contract.number if contract else None,
        "counterparty": contract.counterparty if contract else row.case_file.title,
        "stage": row.stage,
        "state": row.state,
        "event": row.event_kind,
        "event_on": row.event_on.isoformat(),
        "due_on": row.due_on.isoformat(),
        "urgency": item.urgency,
        "days": item.days,
        "why": {"zh": item.why_zh, "en": item.why_en},
        "responsible": row.responsible.login if row.responsible else None,
        "told": row.contents.get("told", {}),
        "handed_over_by": row.handed_over_by,
        "handed_over_for": row.handed_over_for,
        "handed_over_on": row.handed_over_on.isoformat() if row.handed_over_on else None,
        "decided_by": row.decided_by,
        "decided_on": row.decided_on.isoformat() if row.decided_on else None,
        "return_reason": row.return_reason or None,
    }
