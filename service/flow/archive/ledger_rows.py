"""The rows of the contract ledger (合同台账, RULES B2): who sees which, searched, filtered, and sent out as a whole."""

from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import BadInput
from service.flow.archive.ledger import typed_amount, typed_date
from service.flow.common.former import formerly
from service.flow.common.guard import listing, require
from service.flow.common.sight import visible_contracts
from service.house import House
from service.records import audit
from service.records.tables import CaseFile, Contract, ContractEvent, Milestone

MAX_EXPORT = 100_000
LEDGER_COLUMNS = (
    *("number", "department", "handler", "counterparty", "title", "amount", "currency", "signed_on", "term_from"),
    *("term_until", "status", "amendments", "amended_on", "milestones", "milestones_done", "ended_on", "file_state"),
    *("archive_number", "printed_number"),
)
_IN_ONE_QUERY = 500  # databases limit how many values stand in one query


@dataclass(frozen=True)
class LedgerFilter:
    """Which rows, as a person typed it; "" does not narrow. text: in number, printed or former number, title or counterparty.

    Dates YYYY-MM-DD of signing, amounts in yuan as text; both ends are included.
    """

    text: str = ""
    department_id: str = ""
    status: str = ""
    handler_id: str = ""
    signed_from: str = ""
    signed_until: str = ""
    amount_from: str = ""
    amount_until: str = ""

    def said(self) -> dict[str, str]:
        """Return what narrows, by name."""
        return {name: value for name, value in asdict(self).items() if value}


FILTERS = tuple(field.name for field in fields(LedgerFilter))


@dataclass(frozen=True)
class LedgerRow:
    """A contract as the ledger shows it: with its amendments (how many, the latest), its performance and where its file is.

    milestones: what is, or was, to be performed and paid, without what was dropped; milestones_done: how many of these are done.
    """

    contract: Contract
    file: CaseFile
    amendments: int
    amended_on: date | None
    milestones: int = 0
    milestones_done: int = 0

    def cells(self) -> tuple[Any, ...]:
        """Return the row as RULES B2 wants it, in the order of `LEDGER_COLUMNS`: codes as codes, dates and amounts as values."""
        contract, file = self.contract, self.file
        named = {
            "department": contract.department.code,
            "handler": contract.handler.name,
            "amendments": self.amendments,
            "amended_on": self.amended_on,
            "milestones": self.milestones,
            "milestones_done": self.milestones_done,
            "file_state": file.state,
            "archive_number": file.archive_number,
        }
        return tuple(named[name] if name in named else getattr(contract, name) for name in LEDGER_COLUMNS)


def _narrowed(query: Select[Contract], only: LedgerFilter) -> Select[Contract]:
    wrong: dict[str, str] = {}
    signed = [typed_date(wrong, name, getattr(only, name)) for name in ("signed_from", "signed_until")]
    amounts = [typed_amount(wrong, getattr(only, name), name) for name in ("amount_from", "amount_until")]
    if wrong:
        raise BadInput("; ".join(f"{key}: {why}" for key, why in wrong.items()), wrong)
    if only.text:
        columns = (Contract.number, Contract.title, Contract.counterparty, Contract.printed_number)
        found = [column.contains(only.text, autoescape=True) for column in columns]
        before = select(CaseFile.contract_id).where(CaseFile.id.in_(formerly(only.text)))
        query = query.where(or_(*found, Contract.id.in_(before)))
    for column, value in (
        (Contract.department_id, only.department_id),
        (Contract.status, only.status),
        (Contract.handler_id, only.handler_id),
    ):
        if value:
            query = query.where(column == value)
    if signed[0] is not None:
        query = query.where(Contract.signed_on >= signed[0])
    if signed[1] is not None:
        query = query.where(Contract.signed_on <= signed[1])
    if amounts[0] is not None:
        query = query.where(Contract.amount >= amounts[0])
    if amounts[1] is not None:
        query = query.where(Contract.amount <= amounts[1])
    return query


def list_contracts(
    house: House, actor: Actor, only: LedgerFilter | None = None, *, limit: int = 50, offset: int = 0
) -> tuple[int, list[LedgerRow]]:
    """Return (how many in all, one page of the ledger, newest number first). Raises BadInput, NotAllowed."""
    require(actor, "contract.read")
    query = _narrowed(visible_contracts(actor), only or LedgerFilter())
    with listing(house, actor, "contract") as session:
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        return total, _rows(session, query.limit(limit).offset(offset))


def export_contracts(house: House, actor: Actor, only: LedgerFilter, form: str) -> list[LedgerRow]:
    """Return all rows that fit, for a file or for paper, and note who took them out, how, and which.

    form: csv, xlsx or print. Raises BadInput (more than `MAX_EXPORT` rows), NotAllowed.
    """
    require(actor, "contract.read")
    query = _narrowed(visible_contracts(actor), only)
    with house.database.write() as session:
        rows = _rows(session, query.limit(MAX_EXPORT + 1))
        if len(rows) > MAX_EXPORT:
            raise BadInput(f"more than {MAX_EXPORT} rows: narrow what is exported")
        detail = {"form": form, "rows": len(rows), "only": only.said()}
        audit.append(session, actor.name, "ledger.export", "ledger", detail)
        return rows


def _rows(session: Session, query: Select[Contract]) -> list[LedgerRow]:
    contracts = list(session.scalars(query.order_by(Contract.year.desc(), Contract.number.desc())))
    files: dict[str, CaseFile] = {}
    amended: dict[str, tuple[int, date]] = {}
    performed: dict[str, tuple[int, int]] = {}
    ids = [contract.id for contract in contracts]
    for start in range(0, len(ids), _IN_ONE_QUERY):
        some = ids[start : start + _IN_ONE_QUERY]
        for file in session.scalars(select(CaseFile).where(CaseFile.contract_id.in_(some))):
            files[file.contract_id or ""] = file
        event = ContractEvent
        counted = select(event.contract_id, func.count(), func.max(event.finished_on)).group_by(event.contract_id)
        for contract_id, count, last in session.execute(
            counted.where(event.contract_id.in_(some), event.kind == "amended")
        ):
            amended[contract_id] = (count, last)
        of_milestones = select(Milestone.contract_id, func.count(), func.count(Milestone.done_on))
        of_milestones = of_milestones.where(Milestone.contract_id.in_(some), Milestone.dropped_by.is_(None))
        for contract_id, count, finished in session.execute(of_milestones.group_by(Milestone.contract_id)):
            performed[contract_id] = (count, finished)
    return [_row(c, files[c.id], amended.get(c.id, (0, None)), performed.get(c.id, (0, 0))) for c in contracts]


def _row(contract: Contract, file: CaseFile, amended: tuple[int, date | None], performed: tuple[int, int]) -> LedgerRow:
    return LedgerRow(contract, file, *amended, *performed)
