"""The books of many customers at once, for an assessment of all of them: as `receivables.ledger_of` gives those of one."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit.receivables import Invoice, Ledger, Receipt, apply_all
from service.flow.credit.receivables import in_yuan, rates_on
from service.records.many import among
from service.records.tables import ReceivableEntry


def ledgers_of(session: Session, customer_ids: Sequence[str], today: date) -> dict[str, Ledger]:
    """Return customer -> settled ledger, of those who have entries."""
    entries = select(
        ReceivableEntry.customer_id,
        ReceivableEntry.kind,
        ReceivableEntry.number,
        ReceivableEntry.on,
        ReceivableEntry.due_on,
        ReceivableEntry.cents,
        ReceivableEntry.currency,
        ReceivableEntry.invoice,
    ).where(among(session, ReceivableEntry.customer_id, customer_ids), ReceivableEntry.voided.is_(False))
    bills: dict[str, list[Invoice]] = defaultdict(list)
    money: dict[str, list[Receipt]] = defaultdict(list)
    for customer_id, kind, number, on, due_on, cents, currency, invoice in session.execute(entries):
        amount = Decimal(cents).scaleb(-2)
        if kind == "invoice":
            bills[customer_id].append(Invoice(number, on, due_on or on, amount, currency))
        elif kind in ("payment", "credit_note"):
            sort = cast("Literal['payment', 'credit_note']", kind)
            money[customer_id].append(Receipt(number, on, amount, currency, invoice or None, sort))
    return {customer_id: apply_all(bills[customer_id], money[customer_id], today) for customer_id in {*bills, *money}}


def open_in_all(session: Session, today: date) -> Decimal:
    """Return what all customers owe together in yuan at the rates of a day, as last settled."""
    entry = ReceivableEntry
    query = select(entry.currency, func.sum(entry.open_cents)).where(
        entry.kind == "invoice", entry.voided.is_(False), entry.open_cents > 0
    )
    owed = {currency: int(cents) for currency, cents in session.execute(query.group_by(entry.currency))}
    return in_yuan(owed, rates_on(session, today))
