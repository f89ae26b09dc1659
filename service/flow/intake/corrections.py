"""Corrections of the contract ledger (RULES B2): what was entered wrongly is put right, with a reason, and both stand in the trail.

The number and the department stay: they are given once. What was already archived keeps its archive number, and where a
correction changes how long the file stays, the person says that they know.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from retention.contract_life import lacks_approval
from retention.transfer import handler_deadline
from service.access.policy import Actor
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused, Unconfirmed
from service.flow.archive.ledger import (
    CUSTOMERS,
    ContractInput,
    against_handler,
    approval_rule,
    approved_first,
    checked_code,
    find_or_make_customer,
    load_contract,
    read_entry,
    title_of_file,
)
from service.flow.common.facts import demand_no_review
from service.flow.common.guard import lock_file
from service.flow.common.index import index_soon, touch_file
from service.flow.common.schedule import recompute_retention
from service.flow.credit.duplicates import compare
from service.house import House
from service.records import audit
from service.records.counters import hold_counter
from service.records.tables import CaseFile, Contract, ContractEvent, Customer, Person, Transfer

MAX_REASON = 500


@dataclass(frozen=True)
class Correction:
    """What the entry should say; None leaves what it says. amount, dates: as in `ContractInput`, "" takes one out."""

    title: str | None = None
    counterparty: str | None = None
    counterparty_code: str | None = None
    amount: str | None = None
    currency: str | None = None
    signed_on: str | None = None
    term_from: str | None = None
    term_until: str | None = None
    handler_id: str | None = None
    printed_number: str | None = None


FIELDS = tuple(field.name for field in fields(Correction))


def may_correct(actor: Actor, contract: Contract, *, handed_over: bool) -> bool:
    """Return whether the actor may correct this entry: its handler until the file is handed over, the credit administrator always."""
    if actor.owner or "credit_administrator" in actor.roles:
        return True
    return "handler" in actor.roles and contract.handler_id == actor.person_id and not handed_over


def is_handed_over(session: Session, file: CaseFile) -> bool:
    """Return whether the file has left the handler's hands; one that was returned is back in them."""
    gone = ("handed_over", "accepted")
    query = select(Transfer.id).where(Transfer.case_file_id == file.id, Transfer.state.in_(gone))
    return file.state != "open" or session.scalar(query.limit(1)) is not None


def correctable(house: House, actor: Actor, file: CaseFile) -> bool:
    """Return whether the actor may correct the entry of this contract's file now."""
    contract = file.contract
    if contract is None or file.state == "destroyed" or contract.status == "cancelled":
        return False
    with house.database.read() as session:
        return may_correct(actor, contract, handed_over=is_handed_over(session, file))


def correct_contract(
    house: House, actor: Actor, contract_id: str, given: Correction, reason: str, retention: str = ""
) -> Contract:
    """Correct an entry of the ledger. retention: the period the person knows the archived file will have afterwards.

    Raises BadInput, NotFound, NotAllowed, RuleRefused (cancelled, destroyed, on a review), Unconfirmed (the retention of the
    archived file would change, and `retention` does not say to what). Whatever is raised, nothing has changed.
    """
    with house.database.write() as session:
        contract = load_contract(session, actor, contract_id, "contract.correct")
        file = session.scalars(select(CaseFile).where(CaseFile.contract_id == contract_id)).one()
        lock_file(session, file)
        session.refresh(contract)  # as whoever had the lock left it
        _demand_correctable(session, actor, contract, file)
        old = as_input(contract)
        values = _checked(house, session, file, given, reason)
        ids = touch_file(session, file.id)  # documents are locked before the audit chain, here as everywhere
        session.flush()
        was, keeps_title = file.retention, file.title == title_of_file(contract)
        _apply(house, session, actor, contract, file, given, values)
        if keeps_title:
            file.title = title_of_file(contract)
        if file.archive_number:
            recompute_retention(house, session, file)
            if file.retention not in (was, retention):
                raise Unconfirmed(
                    f"the retention of file {file.archive_number} changes from {was} to {file.retention}; "
                    f"confirm it by naming {file.retention}",
                    "retention",
                    file.retention or "",
                )
        session.flush()
        session.refresh(contract)
        new = as_input(contract)
        changes = {
            name: [getattr(old, name), getattr(new, name)]
            for name in FIELDS
            if getattr(old, name) != getattr(new, name)
        }
        if not changes:
            raise BadInput("nothing was changed")
        detail: dict[str, Any] = {"number": contract.number, "reason": reason.strip(), "changes": changes}
        if file.retention != was:
            detail["retention"] = [was, file.retention]
        audit.append(session, actor.name, "contract.correct", f"contract:{contract.id}", detail)
    index_soon(house, ids)
    return contract


def as_input(contract: Contract) -> ContractInput:
    """Return an entry as a person would type it."""

    def text(value: object) -> str:
        return "" if value is None else str(value)

    return ContractInput(
        department_id=contract.department_id,
        title=contract.title,
        counterparty=contract.counterparty,
        handler_id=contract.handler_id,
        counterparty_code=text(contract.customer.code if contract.customer else None),
        amount="" if contract.amount is None else f"{contract.amount:.2f}",
        currency=contract.currency,
        signed_on=text(contract.signed_on),
        term_from=text(contract.term_from),
        term_until=text(contract.term_until),
        printed_number=contract.printed_number,
    )


def _demand_correctable(session: Session, actor: Actor, contract: Contract, file: CaseFile) -> None:
    if file.state == "destroyed":
        raise RuleRefused(f"file {file.archive_number} was destroyed; only its stub remains")
    if contract.status == "cancelled":
        raise RuleRefused(f"contract {contract.number} is cancelled; nothing more happens to it")
    if not may_correct(actor, contract, handed_over=is_handed_over(session, file)):
        raise NotAllowed(
            "contract.correct: the handler corrects their own entry until the file is handed over, then the credit administrator"
        )
    demand_no_review(session, file)


def _checked(house: House, session: Session, file: CaseFile, given: Correction, reason: str) -> dict[str, Any]:
    """Return the whole entry as it shall be, by column. Raises BadInput, all that is wrong at once."""
    wrong: dict[str, str] = {}
    contract = file.contract
    if contract is None:
        raise NotFound(f"file {file.id} has no contract")
    wanted = {name: value for name, value in asdict(given).items() if value is not None}
    values = read_entry(replace(as_input(contract), **wanted), house.clock.today(), wrong)
    if not reason.strip() or len(reason) > MAX_REASON:
        wrong["reason"] = f"is needed, at most {MAX_REASON} characters"
    later = select(func.min(ContractEvent.finished_on)).where(
        ContractEvent.contract_id == contract.id, ContractEvent.kind.not_in(("approved", "signed"))
    )
    next_on = session.scalar(later)
    if (values["signed_on"] is None) != (contract.signed_on is None):
        wrong.setdefault("signed_on", "that it was signed is recorded as formalities, not corrected")
    elif values["signed_on"] not in (None, contract.signed_on) and (
        lacking := lacks_approval(
            contract.number, values["signed_on"], approved_first(session, contract.id), approval_rule(session, file)
        )
    ):
        wrong.setdefault("signed_on", lacking)
    elif next_on is not None and values["signed_on"] is not None and values["signed_on"] > next_on:
        wrong.setdefault("signed_on", f"lies after formalities finished on {next_on}")
    if given.handler_id is not None and given.handler_id != contract.handler_id:
        against = against_handler(session.get(Person, given.handler_id), file.department_id)  # its own after a merger
        if against:
            wrong["handler_id"] = against
        values["handler_id"] = given.handler_id
    if wrong:
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
    return values


def _apply(
    house: House,
    session: Session,
    actor: Actor,
    contract: Contract,
    file: CaseFile,
    given: Correction,
    values: dict[str, Any],
) -> None:
    signed_on, handler_id = contract.signed_on, contract.handler_id
    name, code = values["counterparty"], given.counterparty_code
    old_code = contract.customer.code if contract.customer else None
    if name != contract.counterparty or (code is not None and (checked_code(code) or None) != old_code):
        customer = _customer(house, session, actor, contract, name, code)
        contract.customer_id = file.customer_id = customer.id
    for column, value in values.items():
        setattr(contract, column, value)
    waiting = list(
        session.scalars(
            select(Transfer).where(
                Transfer.case_file_id == file.id,
                Transfer.stage == "handler",
                Transfer.state.in_(("pending", "returned")),
            )
        )
    )
    if contract.handler_id != handler_id:
        for row in waiting:
            row.responsible_id = contract.handler_id
    if contract.signed_on != signed_on:
        _move_signing(house, session, contract, waiting)


def _move_signing(house: House, session: Session, contract: Contract, waiting: list[Transfer]) -> None:
    """Move the event and the clock it started, unless that was met already: a deadline that was kept stays as it was."""
    query = select(ContractEvent).where(ContractEvent.contract_id == contract.id, ContractEvent.kind == "signed")
    event = session.scalars(query).one()
    if contract.signed_on is None:
        return
    event.finished_on = contract.signed_on
    deadline = handler_deadline("signed", event.finished_on, house.calendar, house.settings.roll_over)
    for row in waiting:
        if row.event_id == event.id:
            row.event_on, row.nominal_on, row.due_on = event.finished_on, deadline.nominal, deadline.due
            row.why = deadline.why.to_json()


def _customer(
    house: House, session: Session, actor: Actor, contract: Contract, name: str, code: str | None
) -> Customer:
    """Return the customer an entry belongs to now. One that only this entry speaks of is put right itself: no wrong name stays."""
    old = contract.customer
    code = None if code is None else checked_code(code)
    hold_counter(session, CUSTOMERS)  # nobody else takes this name or code between the look and the commit
    if old is not None and _only_here(session, old):
        known = Customer.code == code if code else Customer.name == name
        if session.scalar(select(Customer.id).where(known, Customer.id != old.id).limit(1)) is None:
            before = [old.name, old.code]
            old.name, old.code = name, old.code if code is None else code or None
            detail = {"number": old.number, "from": before, "to": [old.name, old.code]}
            audit.append(session, actor.name, "customer.update", f"customer:{old.id}", detail)
            compare(session, [old.id])
            return old
    return find_or_make_customer(house, session, actor, name, code or "")


def _only_here(session: Session, customer: Customer) -> bool:
    used = (
        session.scalar(select(func.count()).select_from(table).where(table.customer_id == customer.id)) or 0
        for table in (Contract, CaseFile)
    )
    return list(used) == [1, 1]
