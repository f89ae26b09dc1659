"""The contract ledger (合同台账, RULES B2): numbers by department, and the events that start the clocks (B3)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from retention.contract_life import CANCELLABLE, CLOCKED, ENDING, EVENTS, FOLLOWS, ApprovalRule, against
from retention.numbers import contract_number, contract_prefix
from service.access.policy import Actor, Reach
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive.transfers import start_clock
from service.flow.common.guard import allowed, load_document, lock_file, reach_of_file, require
from service.flow.common.index import index_soon, touch_file
from service.flow.common.schedule import recompute_retention
from service.flow.common.values import values_of
from service.flow.credit.duplicates import compare
from service.house import House
from service.records import audit
from service.records.counters import hold_counter, next_serial
from service.records.tables import (
    CaseFile,
    Contract,
    ContractEvent,
    Customer,
    Department,
    Person,
)
from service.typed import day_of

CUSTOMERS = "KH"


# Yuan and at most two places of fen; commas only where they part thousands. Nothing is rounded that a person typed.
_AMOUNT = re.compile(r"(\d{1,18}|\d{1,3}(,\d{3}){1,5})(\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True)
class ContractInput:
    """What the ledger needs to know of a contract. amount: decimal yuan as text, "" if unknown; dates YYYY-MM-DD or ""."""

    department_id: str
    title: str
    counterparty: str
    handler_id: str
    counterparty_code: str = ""
    amount: str = ""
    currency: str = "CNY"
    signed_on: str = ""
    term_from: str = ""
    term_until: str = ""
    printed_number: str = ""
    approved_on: str = ""
    warnings: tuple[str, ...] = field(default=(), compare=False)


def typed_date(wrong: dict[str, str], name: str, value: str) -> date | None:
    """Return the date a person typed, None for none; what is no date is put into `wrong` under its name."""
    if not value or value == "long-term":
        return None
    try:
        return day_of(value)
    except ValueError:
        wrong[name] = "a date YYYY-MM-DD"
        return None


def typed_amount(wrong: dict[str, str], value: str, name: str = "amount") -> Decimal | None:
    """Return the yuan a person typed, None for none; what is no amount is put into `wrong` under its name."""
    if not value:
        return None
    if not _AMOUNT.fullmatch(value):
        wrong[name] = "a number of yuan such as 32000000.00"
        return None
    return Decimal(value.replace(",", "")).quantize(Decimal("0.01"))


def read_entry(given: ContractInput, today: date, wrong: dict[str, str]) -> dict[str, Any]:
    """Return what the ledger keeps of an entry, by the names of its columns; what it cannot take is put into `wrong`."""
    signed_on = typed_date(wrong, "signed_on", given.signed_on)
    term_from, term_until = (typed_date(wrong, name, getattr(given, name)) for name in ("term_from", "term_until"))
    if signed_on and signed_on > today:
        wrong["signed_on"] = "lies in the future"
    if term_from and term_until and term_until < term_from:
        wrong["term_until"] = "lies before the beginning of the term"
    for name, value, longest in (("title", given.title, 300), ("counterparty", given.counterparty, 200)):
        if not value.strip() or len(value) > longest:
            wrong[name] = f"is needed, at most {longest} characters"
    if not re.fullmatch("[A-Za-z]{3}", given.currency):
        wrong["currency"] = "three letters such as CNY"
    return {
        "title": given.title.strip(),
        "counterparty": given.counterparty.strip(),
        "printed_number": given.printed_number.strip()[:100],
        "amount": typed_amount(wrong, given.amount),
        "currency": given.currency.upper(),
        "signed_on": signed_on,
        "term_from": term_from,
        "term_until": term_until,
    }


def title_of_file(contract: Contract) -> str:
    """Return the title of a contract's case file."""
    return f"{contract.counterparty} {contract.title}"[:300]


def against_handler(person: Person | None, department_id: str) -> str:
    """Return what keeps a person from handling a contract of a department, "" when nothing does."""
    if person is None or person.disabled_at:
        return "there is no such person"
    if not {"handler", "credit_administrator"} & set(person.roles):
        return "is not a handler: no role of theirs hands a file over"
    return "" if person.department_id == department_id else "belongs to another department than the contract"


def create_contract(house: House, actor: Actor, given: ContractInput) -> Contract:
    """Enter a contract: its number, its case file and, when it is signed, the first clock.

    Raises BadInput, NotAllowed, RuleRefused (signed without the approval its department demands).
    """
    require(actor, "contract.create")
    wrong: dict[str, str] = {}
    entry = read_entry(given, house.clock.today(), wrong)
    approved_on = typed_date(wrong, "approved_on", given.approved_on)
    if approved_on and approved_on > house.clock.today():
        wrong["approved_on"] = "lies in the future"
    signed_on = entry.pop("signed_on")  # the event sets it
    with house.database.write() as session:
        department = session.get(Department, given.department_id)
        handler = session.get(Person, given.handler_id)
        if department is None:
            wrong["department_id"] = "there is no such department"
        elif department.closed_at is not None:
            wrong["department_id"] = "the department is closed"
        against = against_handler(handler, given.department_id)
        if against:
            wrong["handler_id"] = against
        if wrong or department is None or handler is None:
            raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
        require(actor, "contract.create", Reach(department.id, "internal"))
        year = (signed_on or house.clock.today()).year
        template = house.settings.contract_template
        serial = next_serial(session, contract_prefix(template, department.code, year))
        customer = find_or_make_customer(house, session, actor, entry["counterparty"], given.counterparty_code)
        contract = Contract(
            number=contract_number(template, department.code, year, serial),
            department_id=department.id,
            year=year,
            serial=serial,
            **entry,
            customer_id=customer.id,
            handler_id=handler.id,
            status="draft",
            created_at=house.clock.now(),
        )
        session.add(contract)
        session.flush()
        file = CaseFile(
            kind="contract",
            title=title_of_file(contract),
            contract_id=contract.id,
            customer_id=customer.id,
            department_id=department.id,
            created_at=house.clock.now(),
        )
        session.add(file)
        session.flush()
        audit.append(
            session,
            actor.name,
            "contract.create",
            f"contract:{contract.id}",
            {"number": contract.number, "case_file": file.id},
        )
        for kind, day in (("approved", approved_on), ("signed", signed_on)):
            if day is not None:
                demand_approver(session, actor, contract, file, kind, day)
                _finish(house, session, actor, contract, file, kind, day)
        session.refresh(contract)
        return contract


def checked_code(code: str) -> str:
    """Return a unified social credit code as it is kept, "" for none. Raises BadInput for a wrong check digit (GB 32100-2015)."""
    from stdnum.cn import uscc

    code = code.strip().upper()
    if code and not uscc.is_valid(code):
        why = "is no unified social credit code: a character is wrong or missing"
        raise BadInput(f"counterparty_code: {why}", {"counterparty_code": why})
    return code


def find_or_make_customer(house: House, session: Session, actor: Actor, name: str, code: str = "") -> Customer:
    """Return the customer of this code or, without a code, of exactly this name; made when there is none.

    Raises BadInput for a unified social credit code whose check digit (GB 32100-2015) is wrong.
    """
    code = checked_code(code)
    hold_counter(session, CUSTOMERS)  # from the look to the commit: nobody else makes the same customer meanwhile
    customer = session.scalar(select(Customer).where(Customer.code == code)) if code else None
    if customer is None:
        named = select(Customer).where(Customer.name == name).order_by(Customer.merged_into.is_not(None), Customer.id)
        customer = session.scalar(named.limit(1))
        while customer is not None and customer.merged_into is not None:
            customer = session.get_one(Customer, customer.merged_into)
        if customer is not None and code:
            if customer.code and customer.code != code:
                customer = None  # two companies of one name
            elif not customer.code:
                customer.code = code
                audit.append(session, actor.name, "customer.update", f"customer:{customer.id}", {"field": "code"})
                compare(session, [customer.id])
    if customer is None:
        year = house.clock.today().year
        customer = Customer(
            number=f"KH-{year}-{next_serial(session, f'KH-{year}'):04}",
            name=name,
            code=code or None,
            created_at=house.clock.now(),
        )
        session.add(customer)
        session.flush()
        audit.append(session, actor.name, "customer.create", f"customer:{customer.id}", {"number": customer.number})
        compare(session, [customer.id])
    return customer


def contract_input_from_document(house: House, actor: Actor, document_id: str) -> ContractInput:
    """Return the ledger entry a read contract suggests, for a person to check, and note the reading. Raises NotFound."""
    with house.database.write() as session:
        document = load_document(session, actor, document_id)
        audit.append(session, actor.name, "document.view", f"document:{document_id}")
        values = values_of(document)
        ours = set(house.settings.our_companies)
        side = "party_a" if values.get("party_b") in ours else "party_b"
        return ContractInput(
            department_id=document.department_id or actor.department_id or "",
            title=values.get("title", document.title),
            counterparty=values.get(side, ""),
            counterparty_code=values.get(f"{side}_code", ""),
            handler_id=actor.person_id or "",
            amount=values.get("amount", ""),
            currency=values.get("currency", "CNY"),
            signed_on=values.get("signed_on", ""),
            term_from=values.get("term_from", ""),
            term_until="" if values.get("term_until") == "long-term" else values.get("term_until", ""),
            printed_number=values.get("contract_number", ""),
        )


#: What changes in the ledger's row with an event: returns it by column, [before, after]. Raises BadInput; then nothing has changed.
Change = Callable[[Contract], dict[str, list[str]]]
MAX_NOTE = 500


def finish_event(
    house: House,
    actor: Actor,
    contract_id: str,
    kind: str,
    finished_on: str,
    *,
    document_id: str = "",
    note: str = "",
    change: Change | None = None,
) -> None:
    """Record what happened to a contract; signing, amending, performing to the end and terminating each start their own clock (B3).

    document_id: the paper it stands on, which lies in the contract's file. Raises BadInput, RuleRefused (an event before signing,
    after the end, without the approval that is demanded), NotFound, NotAllowed (the handler approves their own contract).
    """
    wrong: dict[str, str] = {}
    day = typed_date(wrong, "finished_on", finished_on)
    if kind not in EVENTS:
        wrong["kind"] = f"one of {', '.join(EVENTS)}"
    if day is None or day > house.clock.today():
        wrong.setdefault("finished_on", "a date YYYY-MM-DD, not in the future")
    if len(note) > MAX_NOTE:
        wrong["note"] = f"at most {MAX_NOTE} characters"
    if wrong or day is None:
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
    with house.database.write() as session:
        contract = load_contract(
            session, actor, contract_id, "contract.read" if kind == "approved" else "contract.create"
        )
        file = session.scalars(select(CaseFile).where(CaseFile.contract_id == contract_id)).one()
        lock_file(session, file)
        session.refresh(contract)  # as whoever had the lock left it
        demand_approver(session, actor, contract, file, kind, day)
        ids = touch_file(session, file.id)  # documents are locked before the audit chain, here as everywhere
        session.flush()
        event = _finish(house, session, actor, contract, file, kind, day, change)
        event.note = note.strip() or None
        event.document_id = _paper(session, actor, file, document_id) if document_id else None
    index_soon(house, ids)


def demand_approver(session: Session, actor: Actor, contract: Contract, file: CaseFile, kind: str, day: date) -> None:
    """Raise NotAllowed for who may not approve: where the department demands approvals, its handler does not give them.

    Elsewhere whoever enters contracts notes an approval, too.
    """
    if kind != "approved":
        return
    reach = reach_of_file(file)
    if contract.handler_id == actor.person_id:
        reach = replace(reach, received_by=actor.name)
    rule = approval_rule(session, file)
    if rule is None or day < rule.since:
        if not allowed(actor, "contract.approve", reach):
            require(actor, "contract.create", reach)
        return
    require(actor, "contract.approve", reach)
    if contract.handler_id == actor.person_id:
        raise NotAllowed(f"contract {contract.number} is approved by somebody else than its handler")


def events_open_to(house: House, actor: Actor, file: CaseFile) -> tuple[str, ...]:
    """Return what may happen next to a file's contract and is this person's to record; empty for a file without one."""
    contract = file.contract
    if contract is None:
        return ()
    reach, today = reach_of_file(file), house.clock.today()
    with house.database.read() as session:
        rule = approval_rule(session, file)
    demanded = rule is not None and today >= rule.since
    enters, approves = allowed(actor, "contract.create", reach), allowed(actor, "contract.approve", reach)
    approves = (approves and contract.handler_id != actor.person_id) if demanded else enters or approves
    open_to = {"approved": approves, "signed": enters and not (demanded and contract.status == "draft")}
    return tuple(event for event in FOLLOWS[contract.status] if open_to.get(event, enters))


def approval_rule(session: Session, file: CaseFile) -> ApprovalRule | None:
    """Return what the department that has a contract's file now demands before a signing."""
    return rule_of(session.get_one(Department, file.department_id))


def rule_of(department: Department) -> ApprovalRule | None:
    """Return what a department demands before a signing, None where it demands nothing."""
    if department.approval_from is None:
        return None
    return ApprovalRule(department.approval_from, department.approval_source)


def approved_first(session: Session, contract_id: str) -> date | None:
    """Return the day on which a contract was approved first."""
    approved = select(func.min(ContractEvent.finished_on)).where(
        ContractEvent.contract_id == contract_id, ContractEvent.kind == "approved"
    )
    return session.scalar(approved)


def _paper(session: Session, actor: Actor, file: CaseFile, document_id: str) -> str:
    """Return the id of a document of this file that the actor may read. Raises BadInput, NotFound."""
    document = load_document(session, actor, document_id)
    if document.case_file_id != file.id:
        why = "lies in another file; put it into the contract's file first"
        raise BadInput(f"document_id: {why}", {"document_id": why})
    return document.id


def _finish(
    house: House,
    session: Session,
    actor: Actor,
    contract: Contract,
    file: CaseFile,
    kind: str,
    day: date,
    change: Change | None = None,
) -> ContractEvent:
    if file.state == "destroyed":
        raise RuleRefused(f"contract {contract.number} is {contract.status}; nothing more happens to it")
    approved_on = approved_first(session, contract.id)
    rule = approval_rule(session, file)
    latest_on = session.scalar(
        select(func.max(ContractEvent.finished_on)).where(ContractEvent.contract_id == contract.id)
    )
    why = against(contract.number, contract.status, kind, day, approved_on, contract.signed_on, rule, latest_on)
    if why:
        raise RuleRefused(why)
    changes = change(contract) if change is not None else {}
    event = ContractEvent(
        contract_id=contract.id,
        kind=kind,
        finished_on=day,
        changes=changes or None,
        recorded_by=actor.name,
        recorded_at=house.clock.now(),
    )
    session.add(event)
    session.flush()
    contract.status = kind
    if kind == "signed":
        contract.signed_on = day
    if kind in ENDING:
        contract.ended_on = file.closed_on = day
    if kind in CLOCKED:
        start_clock(house, session, contract, file, event)
    before = file.retention
    if file.archive_number:
        recompute_retention(house, session, file)
    detail: dict[str, Any] = {"number": contract.number, "finished_on": day.isoformat()}
    if changes:
        detail["changes"] = changes
    if file.retention != before:
        detail["retention"] = [before, file.retention]
    audit.append(session, actor.name, f"contract.{kind}", f"contract:{contract.id}", detail)
    return event


def cancel_contract(house: House, actor: Actor, contract_id: str, reason: str) -> None:
    """Cancel a contract that was never signed; it keeps its number (RULES B2). Raises BadInput, RuleRefused."""
    if not reason.strip():
        raise BadInput("reason: is needed", {"reason": "is needed"})
    with house.database.write() as session:
        contract = load_contract(session, actor, contract_id, "contract.create")
        lock_file(session, session.scalars(select(CaseFile).where(CaseFile.contract_id == contract_id)).one())
        session.refresh(contract)  # as whoever had the lock left it
        if contract.status not in CANCELLABLE:
            raise RuleRefused(
                f"contract {contract.number} is {contract.status}; a signed contract is terminated instead"
            )
        contract.status = "cancelled"
        detail = {"number": contract.number, "reason": reason.strip()[:500]}
        audit.append(session, actor.name, "contract.cancel", f"contract:{contract.id}", detail)


def load_contract(session: Session, actor: Actor, contract_id: str, action: str = "contract.read") -> Contract:
    """Return a contract the actor may act on. Raises NotFound, NotAllowed."""
    contract = session.get(Contract, contract_id)
    file = session.scalar(select(CaseFile).where(CaseFile.contract_id == contract_id))
    if contract is None or file is None:
        raise NotFound(f"there is no contract {contract_id}")
    reach = reach_of_file(file)
    if contract.handler_id == actor.person_id:  # who handles it reaches it in any department, up to their tier
        reach = replace(reach, received_by=actor.name)
    if not allowed(actor, "contract.read", reach):
        raise NotFound(f"there is no contract {contract_id}")
    require(actor, action, reach)
    return contract


def get_contract(house: House, actor: Actor, contract_id: str) -> Contract:
    """Return a contract of the ledger and note the reading. Raises NotFound."""
    with house.database.write() as session:
        contract = load_contract(session, actor, contract_id)
        audit.append(session, actor.name, "contract.view", f"contract:{contract_id}")
        return contract


def events_of_contract(house: House, actor: Actor, contract_id: str) -> list[ContractEvent]:
    """Return what happened to a contract, in order, and note the reading. Raises NotFound."""
    with house.database.write() as session:
        load_contract(session, actor, contract_id)
        audit.append(session, actor.name, "contract.view", f"contract:{contract_id}")
        query = select(ContractEvent).where(ContractEvent.contract_id == contract_id)
        return list(session.scalars(query.order_by(ContractEvent.finished_on, ContractEvent.recorded_at)))
