"""Financial statements of customers (RULES A1.1, financial condition): entered or imported with their document, held against what must agree.

A correction replaces the figures of its year and keeps them; two who did not enter them confirm them (RULES A2.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.errors import CreditError
from credit.financials import Statements
from credit.indicators import COMPUTATIONS, Known
from service.access.policy import Actor
from service.errors import BadInput, NotFound, RuleRefused
from service.flow.common.guard import load_document, require
from service.flow.common.sight import customers_in_sight
from service.flow.credit.customer_access import load_customer
from service.flow.credit.known import figures_of
from service.flow.credit.scoring import number_of
from service.flow.credit.statement_sheet import read_statements
from service.house import House
from service.records import audit
from service.records.tables import Customer, FinancialStatement, new_id

FIGURES = tuple(field.name for field in fields(Statements))
FIRST_YEAR = 1990
#: Yuan by which assets may differ from debts and equity: each figure of a statement is rounded by itself.
_ROUNDED = Decimal(1)


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a row of an import. line: its number in the sheet; field: of `FIGURES`, year or customer."""

    line: int
    field: str
    why: str


@dataclass(frozen=True)
class Imported:
    """What an import would do or did. rows: in the sheet."""

    rows: int
    wrong: tuple[Wrong, ...]


def check_figures(typed: Mapping[str, str]) -> dict[str, str]:
    """Return the figures of a year as decimal text. Raises BadInput naming each that cannot be, and sums that do not agree."""
    wrong: dict[str, str] = {}
    numbers: dict[str, Decimal] = {}
    for name, text in typed.items():
        if name not in FIGURES:
            wrong[name] = "is no figure of a statement"
        elif text.strip():
            try:
                numbers[name] = number_of(name, text, 18)
            except BadInput as error:
                wrong.update(error.fields)
    wrong = wrong or _contradiction(numbers)
    if wrong:
        raise BadInput("; ".join(f"{name}: {why}" for name, why in wrong.items()), wrong)
    return {name: f"{value:f}" for name, value in numbers.items()}


def _contradiction(numbers: Mapping[str, Decimal]) -> dict[str, str]:
    """Return what in the figures of a year cannot be, at its field."""
    if not numbers:
        return {"total_assets": "enter at least one figure"}
    try:
        Statements(**numbers)
    except CreditError as error:
        return {str(error).partition(" ")[0]: str(error)}
    assets, debts, equity = (numbers.get(name) for name in ("total_assets", "total_debts", "equity"))
    if assets is None or debts is None or equity is None or abs(assets - debts - equity) <= _ROUNDED:
        return {}
    return {"total_assets": f"assets {assets} are not debts {debts} and equity {equity} together"}


def _year(house: House, text: str) -> int:
    last = house.clock.today().year
    if not (text.isascii() and text.isdecimal() and FIRST_YEAR <= int(text) <= last):
        why = f"a year from {FIRST_YEAR} to {last}"
        raise BadInput(f"year: {why}", {"year": why})
    return int(text)


def enter_statement(
    house: House,
    actor: Actor,
    customer_id: str,
    year: str,
    figures: Mapping[str, str],
    *,
    document_id: str = "",
    note: str = "",
) -> FinancialStatement:
    """Enter a customer's figures of a year, in yuan; those of the year that were there before are kept as replaced.

    document_id: the statements themselves. Raises NotFound (customer or document), NotAllowed, BadInput.
    """
    which, checked = _year(house, year.strip()), check_figures(figures)
    if len(note) > 1000:
        raise BadInput("note: at most 1000 characters", {"note": "at most 1000 characters"})
    with house.database.write() as session:
        load_customer(session, actor, customer_id, "statement.enter")
        if document_id:
            load_document(session, actor, document_id)
        return _enter(house, session, actor, customer_id, which, checked, document_id, note.strip())


def _enter(
    house: House,
    session: Session,
    actor: Actor,
    customer_id: str,
    year: int,
    figures: dict[str, str],
    document_id: str,
    note: str,
) -> FinancialStatement:
    row = FinancialStatement(
        id=new_id(),
        customer_id=customer_id,
        year=year,
        figures=figures,
        document_id=document_id or None,
        note=note,
        entered_by=actor.name,
        entered_at=house.clock.now(),
        confirmed_by=[],
    )
    for before in _current(session, customer_id, year):
        before.replaced_by = row.id
    session.add(row)
    session.flush()
    # The trail never holds a value.
    detail = {"statement": row.id, "year": year, "figures": sorted(figures), "document": document_id}
    audit.append(session, actor.name, "statement.enter", f"customer:{customer_id}", detail)
    return row


def _current(session: Session, customer_id: str, year: int) -> list[FinancialStatement]:
    table = FinancialStatement
    query = select(table).where(table.customer_id == customer_id, table.year == year, table.replaced_by.is_(None))
    return list(session.scalars(query))


def confirm_statement(house: House, actor: Actor, customer_id: str, statement_id: str) -> FinancialStatement:
    """Say that the figures are those of the document; two who did not enter them do. Raises NotFound, NotAllowed, RuleRefused."""
    with house.database.write() as session:
        load_customer(session, actor, customer_id, "statement.confirm")
        row = session.get(FinancialStatement, statement_id)
        if row is None or row.customer_id != customer_id:
            raise NotFound(f"there is no statement {statement_id}")
        if row.replaced_by is not None:
            raise RuleRefused("these figures were corrected; the correction is confirmed")
        if row.entered_by == actor.name:
            raise RuleRefused("you entered these figures; two other people must confirm them (dual verification)")
        if actor.name not in row.confirmed_by:
            row.confirmed_by = [*row.confirmed_by, actor.name]
            detail = {"statement": row.id, "year": row.year}
            audit.append(session, actor.name, "statement.confirm", f"customer:{customer_id}", detail)
        return row


def statements_of(house: House, actor: Actor, customer_id: str) -> tuple[Customer, tuple[FinancialStatement, ...]]:
    """Return a customer and its statements, the newest year first, corrected ones behind; noted. Raises NotFound, NotAllowed."""
    with house.database.write() as session:
        customer = load_customer(session, actor, customer_id, "statement.read")
        audit.append(session, actor.name, "statement.list", f"customer:{customer_id}")
        query = select(FinancialStatement).where(FinancialStatement.customer_id == customer_id)
        rows = list(session.scalars(query))
        rows.sort(key=lambda row: (-row.year, row.replaced_by is not None, -row.entered_at.timestamp()))
        return customer, tuple(rows)


def ratios_of(house: House, row: FinancialStatement) -> dict[str, Decimal]:
    """Return what the figures of a year give, by the names of `credit.indicators`; what cannot be computed is left out."""
    known = Known(house.clock.today(), year=figures_of(row.figures))
    found = {name: computation.of(known) for name, computation in COMPUTATIONS.items()}
    return {name: value for name, value in found.items() if value is not None}


def import_statements(house: House, actor: Actor, data: bytes, *, apply: bool) -> Imported:
    """Judge the rows of a workbook or, with `apply`, enter all of them or none. Raises BadInput (no such workbook), NotAllowed."""
    require(actor, "statement.enter")
    rows = read_statements(data)
    with house.database.write() as session:
        wrong: list[Wrong] = []
        entered: list[tuple[str, int, dict[str, str], str]] = []
        seen: dict[tuple[str, int], int] = {}
        for row in rows:
            values = dict(row.values)
            word, year_text, note = (values.pop(name, "") for name in ("customer", "year", "note"))
            customer_id = _customer_of(session, actor, word)
            if customer_id is None:
                wrong.append(Wrong(row.line, "customer", "there is no customer of this number, code or name"))
                continue
            try:
                year, figures = _year(house, year_text), check_figures(values)
            except BadInput as error:
                wrong += [Wrong(row.line, name, why) for name, why in error.fields.items()]
                continue
            if (customer_id, year) in seen:
                wrong.append(Wrong(row.line, "year", f"stands in row {seen[customer_id, year]}, too"))
            seen[customer_id, year] = row.line
            entered.append((customer_id, year, figures, note[:1000]))
        if not rows:
            raise BadInput("file: has no rows", {"file": "has no rows"})
        if apply and not wrong:
            for customer_id, year, figures, note in entered:
                _enter(house, session, actor, customer_id, year, figures, "", note)
    return Imported(len(rows), tuple(wrong))


def _customer_of(session: Session, actor: Actor, word: str) -> str | None:
    """Return the customer of a number, a credit code or, where only one has it, a name."""
    if not word:
        return None
    for column in (Customer.number, Customer.code, Customer.name):
        found = list(session.scalars(select(Customer.id).where(column == word, customers_in_sight(actor)).limit(2)))
        if found:
            return found[0] if len(found) == 1 else None
    return None


def statement_as_json(house: House, row: FinancialStatement) -> dict[str, Any]:
    """Return a year's figures as plain JSON values, with what they give."""
    return {
        "id": row.id,
        "year": row.year,
        "figures": row.figures,
        "ratios": {name: str(value) for name, value in ratios_of(house, row).items()},
        "document_id": row.document_id,
        "note": row.note,
        "entered_by": row.entered_by,
        "entered_at": row.entered_at.isoformat(),
        "confirmed_by": row.confirmed_by,
        "verified": len(row.confirmed_by) >= 2,
        "replaced_by": row.replaced_by,
    }
