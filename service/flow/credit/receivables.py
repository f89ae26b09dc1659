"""Receivables on record: who owes what today, exact to the cent, for one customer or for many at once (RULES A1.1, A4.1).

Money is set against invoices by the rules of `credit/receivables.py`, whenever something of a customer changes and on each day on which
something dated ahead begins to count. What is open then stands in the rows, so that a look at all customers is a sum in the database.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from credit.ageing import ageing, bucket, days_overdue
from credit.receivables import Behaviour, Invoice, Ledger, Receipt, apply_all, behaviour, next_change
from service.access.policy import Actor
from service.errors import NotFound
from service.flow.common.guard import require
from service.flow.common.sight import sees_customer
from service.house import House
from service.records import audit
from service.records.many import among
from service.records.tables import CurrencyRate, Customer, ReceivableAccount, ReceivableEntry

KINDS = ("invoice", "payment", "credit_note", "order")
HOME = "CNY"
_CENT = Decimal("0.01")
_MOST = Decimal(10) ** 15
_CHUNK = 500


@dataclass(frozen=True)
class Owed:
    """What a customer owes today, in yuan at the rates of the day. overdue_days: of the oldest invoice that is overdue.

    exposure: what is open of invoices and of orders, less what was paid ahead, never below 0.
    """

    overdue_days: int = 0
    overdue_amount: Decimal = Decimal(0)
    exposure: Decimal = Decimal(0)


def from_cents(cents: int) -> Decimal:
    """Return an amount of a currency."""
    return Decimal(cents).scaleb(-2)


def to_cents(amount: Decimal) -> int:
    """Return whole cents of an amount that has no more than two digits after the point."""
    return int(amount.scaleb(2))


def cents_typed(typed: str) -> int:
    """Return whole cents of an amount as people write it, 1,250.00 for instance. Raises ValueError, which says what is wrong."""
    try:
        amount = Decimal(typed.strip().replace(",", "").replace("，", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount >= _MOST:
        raise ValueError("a number such as 32000000.00")
    if amount <= 0:
        raise ValueError("must be above 0: a debt that is waived comes as a credit note")
    if amount != amount.quantize(_CENT):
        raise ValueError("at most two digits after the point")
    return to_cents(amount)


def rates_on(session: Session, day: date) -> dict[str, Decimal]:
    """Return currency -> yuan for one unit, as they are on `day`; before the first rate of a currency, that one counts."""
    found = {HOME: Decimal(1)}
    rate = CurrencyRate
    for row in session.execute(select(rate.currency, rate.rate, rate.valid_from).order_by(rate.valid_from)):
        if row.valid_from <= day or row.currency not in found:
            found[row.currency] = Decimal(row.rate)
    return found


def in_yuan(amounts: Mapping[str, int], rates: Mapping[str, Decimal]) -> Decimal:
    """Return the sum of cents by currency in yuan, rounded half up. Nothing comes in of a currency that has no rate."""
    total = sum((Decimal(cents) * rates[currency] for currency, cents in amounts.items()), Decimal(0))
    return total.scaleb(-2).quantize(_CENT, rounding=ROUND_HALF_UP)


def _entries(session: Session, customer_ids: Collection[str]) -> dict[str, list[ReceivableEntry]]:
    query = select(ReceivableEntry).where(
        among(session, ReceivableEntry.customer_id, customer_ids), ReceivableEntry.voided.is_(False)
    )
    found: dict[str, list[ReceivableEntry]] = defaultdict(list)
    for row in session.scalars(query.order_by(ReceivableEntry.number)):
        found[row.customer_id].append(row)
    return found


def _invoice(row: ReceivableEntry) -> Invoice:
    return Invoice(row.number, row.on, row.due_on or row.on, from_cents(row.cents), row.currency)


def _receipt(row: ReceivableEntry) -> Receipt:
    kind: Literal["payment", "credit_note"] = "credit_note" if row.kind == "credit_note" else "payment"
    # A payment and a credit note may have one number: both are known by their kind, too.
    number = f"{row.kind}:{row.number}"
    return Receipt(number, row.on, from_cents(row.cents), row.currency, row.invoice or None, kind)


def _split(rows: Iterable[ReceivableEntry]) -> tuple[list[Invoice], list[Receipt]]:
    rows = list(rows)
    return [_invoice(r) for r in rows if r.kind == "invoice"], [
        _receipt(r) for r in rows if r.kind in ("payment", "credit_note")
    ]


def ledgers_of(session: Session, customer_ids: Collection[str], today: date) -> dict[str, Ledger]:
    """Return the ledger of each of these customers that has entries, as the rules of `credit/receivables.py` settle it today."""
    return {key: apply_all(*_split(rows), today) for key, rows in _entries(session, customer_ids).items()}


def ledger_of(session: Session, customer_id: str, today: date) -> Ledger:
    """Return a customer's ledger today; an empty one where nothing came in."""
    return ledgers_of(session, [customer_id], today).get(customer_id) or apply_all([], [], today)


def exposure_of(session: Session, customer_id: str, today: date) -> Decimal:
    """Return what is at risk with a customer today, in yuan: open invoices and orders less what was paid ahead."""
    return owed_by(session, [customer_id], today).get(customer_id, Owed()).exposure


def settle_accounts(session: Session, customer_ids: Iterable[str], today: date) -> None:
    """Write down what is open of each entry of these customers today. In the caller's transaction; twice changes nothing."""
    ids = sorted(set(customer_ids))
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        session.flush()
        accounts = {
            row.customer_id: row
            for row in session.scalars(
                select(ReceivableAccount).where(among(session, ReceivableAccount.customer_id, some))
            )
        }
        entries = _entries(session, some)
        changed: list[dict[str, Any]] = []
        for customer_id in some:
            rows = entries.get(customer_id, [])
            invoices, receipts = _split(rows)
            ledger = apply_all(invoices, receipts, today)
            left = _open_cents(rows, ledger, today)
            changed += [{"id": row.id, "open_cents": left[row.id]} for row in rows if left[row.id] != row.open_cents]
            account = accounts.get(customer_id)
            if account is None:
                account = ReceivableAccount(customer_id=customer_id)
                session.add(account)
            account.settled_on, account.next_on = today, next_change(invoices, receipts, today)
            account.prepaid = {currency: to_cents(amount) for currency, amount in sorted(ledger.prepaid.items())}
        if changed:
            session.execute(update(ReceivableEntry), changed)
        session.flush()


def _open_cents(rows: Iterable[ReceivableEntry], ledger: Ledger, today: date) -> dict[str, int]:
    """Return what each entry leaves open: an invoice what is not paid, an order what is not invoiced, money nothing."""
    rows = list(rows)
    invoiced: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row.kind == "invoice" and row.invoice and row.on <= today:
            invoiced[row.invoice, row.currency] += row.cents
    left = {}
    for row in rows:
        if row.kind == "invoice":
            left[row.id] = to_cents(ledger.open.get(row.number, Decimal(0)))
        elif row.kind == "order":
            left[row.id] = max(row.cents - invoiced[row.number, row.currency], 0) if row.on <= today else 0
        else:
            left[row.id] = 0
    return left


def settle_due(session: Session, customer_ids: Collection[str], today: date) -> None:
    """Settle again those of these customers for whom something dated ahead begins to count, or for whom the clock was put back."""
    account = ReceivableAccount
    query = select(account.customer_id).where(
        among(session, account.customer_id, customer_ids), (account.next_on <= today) | (account.settled_on > today)
    )
    settle_accounts(session, session.scalars(query), today)


def owed_by(session: Session, customer_ids: Collection[str], today: date) -> dict[str, Owed]:
    """Return what each of these customers owes, as it was settled; who owes nothing is left out. One sum in the database for all."""
    entry = ReceivableEntry
    late = (entry.kind == "invoice") & (entry.due_on < today)
    query = (
        select(
            entry.customer_id,
            entry.currency,
            func.sum(entry.open_cents),
            func.sum(case((late, entry.open_cents), else_=0)),
            func.min(case((late, entry.due_on), else_=None)),
        )
        .where(
            among(session, entry.customer_id, customer_ids), entry.kind.in_(("invoice", "order")), entry.open_cents > 0
        )
        .where(entry.voided.is_(False))
        .group_by(entry.customer_id, entry.currency)
    )
    rates = rates_on(session, today)
    accounts = select(ReceivableAccount.customer_id, ReceivableAccount.prepaid)
    ahead: dict[str, Any] = {
        row.customer_id: row.prepaid
        for row in session.execute(accounts.where(among(session, ReceivableAccount.customer_id, customer_ids)))
        if row.prepaid
    }
    open_, overdue = _by_customer(), _by_customer()
    oldest: dict[str, int] = {}
    for customer_id, currency, left, past, due in session.execute(query):
        open_[customer_id][currency] = max(int(left) - int(ahead.get(customer_id, {}).get(currency, 0)), 0)
        overdue[customer_id][currency] = int(past)
        if due is not None:
            since = due if isinstance(due, date) else date.fromisoformat(due)
            oldest[customer_id] = max(oldest.get(customer_id, 0), days_overdue(since, today))
    return {
        key: Owed(oldest.get(key, 0), in_yuan(overdue[key], rates), in_yuan(amounts, rates))
        for key, amounts in open_.items()
    }


def _by_customer() -> defaultdict[str, dict[str, int]]:
    return defaultdict(dict)


@dataclass(frozen=True)
class OpenItem:
    """An invoice or order that leaves something open. late: days after its due day, 0 for none; bucket: of the ageing."""

    entry: ReceivableEntry
    open_amount: Decimal
    late: int
    bucket: str


@dataclass(frozen=True)
class Account:
    """A customer's receivables. table: currency -> bucket -> open amount. paid: how the customer pays, by currency."""

    customer: Customer
    owed: Owed
    items: tuple[OpenItem, ...]
    table: Mapping[str, Mapping[str, Decimal]]
    paid: Mapping[str, Behaviour]
    prepaid: Mapping[str, Decimal]
    entries: tuple[ReceivableEntry, ...]


def get_account(house: House, actor: Actor, customer_id: str, *, most: int = 200) -> Account:
    """Return a customer's receivables and note the reading. most: entries listed, the newest. Raises NotFound, NotAllowed."""
    today = house.clock.today()
    with house.database.write() as session:
        customer = session.get(Customer, customer_id)
        if not sees_customer(session, actor, customer_id) or customer is None:
            raise NotFound(f"there is no customer {customer_id}")
        require(actor, "receivable.read")
        settle_due(session, [customer_id], today)
        ledger = ledger_of(session, customer_id, today)
        rows = list(
            session.scalars(
                select(ReceivableEntry)
                .where(ReceivableEntry.customer_id == customer_id)
                .order_by(ReceivableEntry.on.desc(), ReceivableEntry.number)
            )
        )
        items = [
            OpenItem(
                row,
                from_cents(row.open_cents),
                days_overdue(row.due_on, today) if row.kind == "invoice" and row.due_on else 0,
                bucket(row.due_on, today) if row.kind == "invoice" and row.due_on else "",
            )
            for row in rows
            if row.open_cents and not row.voided
        ]
        items.sort(key=lambda item: (-item.late, item.entry.due_on or item.entry.on, item.entry.number))
        currencies = sorted({row.currency for row in rows})
        paid = {currency: behaviour(ledger, today, currency) for currency in currencies}
        owed = owed_by(session, [customer_id], today).get(customer_id, Owed())
        audit.append(session, actor.name, "receivable.list", f"customer:{customer_id}")
    table = ageing(ledger.receivables(), today)
    return Account(customer, owed, tuple(items), table, paid, ledger.prepaid, tuple(rows[:most]))


def account_as_json(account: Account) -> dict[str, Any]:
    """Return a customer's receivables as plain JSON values; amounts as decimal text."""
    return {
        "customer_id": account.customer.id,
        "exposure": str(account.owed.exposure),
        "overdue_amount": str(account.owed.overdue_amount),
        "overdue_days": account.owed.overdue_days,
        "ageing": {
            currency: {name: str(amount) for name, amount in row.items()} for currency, row in account.table.items()
        },
        "prepaid": {currency: str(amount) for currency, amount in account.prepaid.items()},
        "days_beyond_terms": {
            currency: None if paid.days_beyond_terms is None else str(paid.days_beyond_terms)
            for currency, paid in account.paid.items()
        },
        "open": [{**entry_as_json(item.entry), "days_overdue": item.late} for item in account.items],
    }


def entry_as_json(row: ReceivableEntry) -> dict[str, Any]:
    """Return an entry as plain JSON values."""
    return {
        "kind": row.kind,
        "number": row.number,
        "on": row.on.isoformat(),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "amount": str(from_cents(row.cents)),
        "open": str(from_cents(row.open_cents)),
        "currency": row.currency,
        "invoice": row.invoice or None,
        "voided": row.voided,
    }
