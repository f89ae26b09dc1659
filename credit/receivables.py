"""Receivables: which money paid which invoice, how late, and what is open (RULES Part B, Credit grades; A1.1 payment history)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

from credit.ageing import Receivable, days_overdue
from credit.errors import CreditError

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_CENT = Decimal("0.01")
#: From how many days on a debt is overdue for long: the edge of a bucket of the ageing.
LONG = 90
#: What stands behind a receipt's number where only the rest of it, beyond its invoice, is meant.
REST = " (rest)"


@dataclass(frozen=True)
class Invoice:
    """What a customer owes. due_on: the last day in time. amount: above 0, in whole cents."""

    number: str
    issued_on: date
    due_on: date
    amount: Decimal
    currency: str = "CNY"

    def __post_init__(self) -> None:
        _money(f"invoice {self.number}", self.amount, self.currency)
        if self.due_on < self.issued_on:
            raise CreditError(f"invoice {self.number}: due on {self.due_on}, before it was issued on {self.issued_on}")


@dataclass(frozen=True)
class Receipt:
    """Money that came (payment) or a debt that was waived (credit_note). invoice: the one it is for, None for the oldest debt."""

    number: str
    received_on: date
    amount: Decimal
    currency: str = "CNY"
    invoice: str | None = None
    kind: Literal["payment", "credit_note"] = "payment"

    def __post_init__(self) -> None:
        _money(f"receipt {self.number}", self.amount, self.currency)


def _money(what: str, amount: Decimal, currency: str) -> None:
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(_CENT, context=_WIDE):
        raise CreditError(f"{what}: amount {amount} must be above 0, in whole cents")
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise CreditError(f"{what}: {currency!r} is no currency code of ISO 4217, such as CNY")


@dataclass(frozen=True)
class Settled:
    """A piece of an invoice that was paid or waived. on: the day it counts, never before the invoice was issued."""

    invoice: str
    receipt: str
    on: date
    amount: Decimal
    kind: Literal["payment", "credit_note"]


@dataclass(frozen=True)
class Ledger:
    """What became of a customer's invoices. open: invoice number -> open amount above 0. prepaid: currency -> money not used."""

    invoices: Mapping[str, Invoice]
    settled: Sequence[Settled]
    open: Mapping[str, Decimal]
    prepaid: Mapping[str, Decimal]

    def receivables(self) -> list[Receivable]:
        """Return what is open, for `credit.ageing`."""
        rows = [(self.invoices[number], amount) for number, amount in self.open.items()]
        return [Receivable(row.number, row.due_on, amount, row.currency) for row, amount in rows]


def settle(invoices: Iterable[Invoice], receipts: Iterable[Receipt], today: date) -> Ledger:
    """Return which money paid which invoice until `today`; what is dated later does not count yet.

    A receipt for an invoice pays that invoice; all other money pays the debts in the order in which they fell due (then by
    number), the oldest money first. Money that came before there was anything to pay waits and counts on the day of the invoice.
    Currencies never pay one another. Raises CreditError for a number given twice, a receipt for an invoice that is not there
    or in another currency, and receipts for one invoice that are larger than it.
    """
    invoices, receipts = list(invoices), list(receipts)
    _no_number_twice((i.number for i in invoices), "invoice")
    _no_number_twice((r.number for r in receipts), "receipt")
    bills = {i.number: i for i in invoices if i.issued_on <= today}
    money = [r for r in receipts if r.received_on <= today]
    left = {number: invoice.amount for number, invoice in bills.items()}
    settled: list[Settled] = []
    free: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in sorted(money, key=lambda r: (r.received_on, r.number)):
        if receipt.invoice is None:
            free[receipt.currency].append(receipt)
            continue
        invoice = bills.get(receipt.invoice)
        if invoice is None or invoice.currency != receipt.currency:
            raise CreditError(f"receipt {receipt.number}: there is no invoice {receipt.invoice} in {receipt.currency}")
        if receipt.amount > left[invoice.number]:
            raise CreditError(
                f"receipt {receipt.number} of {receipt.amount} is larger than what invoice {invoice.number} leaves open "
                f"({left[invoice.number]})"
            )
        left[invoice.number] -= receipt.amount
        settled.append(_piece(invoice, receipt))
    prepaid = {}
    for currency, waiting in free.items():
        rest = _pay_oldest([i for i in bills.values() if i.currency == currency], waiting, left, settled)
        if rest:
            prepaid[currency] = rest
    return Ledger(bills, tuple(settled), {number: amount for number, amount in left.items() if amount}, prepaid)


def apply_all(invoices: Iterable[Invoice], receipts: Iterable[Receipt], today: date) -> Ledger:
    """Return the ledger of what really came in, where nothing is refused: money is money, whatever it says it is for.

    As `settle`, but money for an invoice that is not there or is of another currency pays the oldest debt; so does what is left of
    a receipt that is larger than its invoice; and money for an invoice of a later day waits for it, as a prepayment.
    """
    bills = {invoice.number: invoice for invoice in invoices}
    room = {number: invoice.amount for number, invoice in bills.items()}
    taken: list[Receipt] = []
    waiting: dict[str, Decimal] = defaultdict(Decimal)
    for receipt in sorted(receipts, key=lambda r: (r.received_on, r.number)):
        invoice = bills.get(receipt.invoice) if receipt.invoice is not None else None
        if invoice is None or invoice.currency != receipt.currency:
            taken.append(replace(receipt, invoice=None))
            continue
        fits = min(room[invoice.number], receipt.amount)
        room[invoice.number] -= fits
        if fits and invoice.issued_on <= today:
            taken.append(replace(receipt, amount=fits))
        elif fits and receipt.received_on <= today:
            waiting[receipt.currency] += fits
        if fits < receipt.amount:
            number = receipt.number if not fits else f"{receipt.number}{REST}"
            taken.append(replace(receipt, number=number, amount=receipt.amount - fits, invoice=None))
    ledger = settle(bills.values(), taken, today)
    prepaid = dict(ledger.prepaid)
    for currency, amount in waiting.items():
        prepaid[currency] = prepaid.get(currency, Decimal(0)) + amount
    return replace(ledger, prepaid=prepaid)


def next_change(invoices: Iterable[Invoice], receipts: Iterable[Receipt], today: date) -> date | None:
    """Return the next day after `today` on which something dated ahead begins to count; None when nothing is."""
    days = [i.issued_on for i in invoices] + [r.received_on for r in receipts]
    return min((day for day in days if day > today), default=None)


def _pay_oldest(
    bills: Sequence[Invoice], waiting: Sequence[Receipt], left: dict[str, Decimal], settled: list[Settled]
) -> Decimal:
    """Let money of one currency, in the order in which it came, pay what is open on each day; return what is over."""
    coming, money = sorted(bills, key=lambda i: i.issued_on), list(waiting)
    purse: list[tuple[Receipt, Decimal]] = []
    debts: list[Invoice] = []
    for day in sorted({i.issued_on for i in coming} | {r.received_on for r in money}):
        debts = sorted([*debts, *(i for i in coming if i.issued_on == day)], key=lambda i: (i.due_on, i.number))
        purse += [(r, r.amount) for r in money if r.received_on == day]
        while purse and debts:
            (receipt, rest), invoice = purse[0], debts[0]
            paid = min(rest, left[invoice.number])
            if paid:
                left[invoice.number] -= paid
                settled.append(Settled(invoice.number, receipt.number, day, paid, receipt.kind))
            if not left[invoice.number]:
                debts.pop(0)
            purse[0] = (receipt, rest - paid)
            if rest == paid:
                purse.pop(0)
    return sum((rest for _, rest in purse), Decimal(0))


def _piece(invoice: Invoice, receipt: Receipt) -> Settled:
    on = max(invoice.issued_on, receipt.received_on)
    return Settled(invoice.number, receipt.number, on, receipt.amount, receipt.kind)


def _no_number_twice(numbers: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for number in numbers:
        if number in seen:
            raise CreditError(f"{what} {number} is there twice")
        seen.add(number)


@dataclass(frozen=True)
class Behaviour:
    """How a customer pays. days: None when nothing fell due. *_share: of what is open, 0 to 1; long: overdue by more than `LONG` days."""

    days_beyond_terms: Decimal | None
    overdue_amount: Decimal
    oldest_overdue_days: int
    open_amount: Decimal
    overdue_share: Decimal
    long_overdue_share: Decimal


def behaviour(
    ledger: Ledger,
    today: date,
    currency: str = "CNY",
    window_days: int = 365,
    rates: Mapping[str, Decimal] | None = None,
) -> Behaviour:
    """Return how a customer paid within the last `window_days` and what is overdue today.

    In one currency or, where rates are given (currency -> yuan), in all that have one, each amount at its rate. Amounts in whole cents.

    Days beyond terms: the days after the due date at which money came, each weighted by its amount; in time or early counts as 0,
    what is overdue and open counts with the days until today, what was waived does not count. Two digits, rounded half up.
    """
    worth = {currency: Decimal(1)} if rates is None else rates
    weighted, total = Decimal(0), Decimal(0)
    for piece in ledger.settled:
        invoice = ledger.invoices[piece.invoice]
        if invoice.currency not in worth or piece.kind != "payment" or not 0 <= (today - piece.on).days < window_days:
            continue
        paid = _WIDE.multiply(piece.amount, worth[invoice.currency])
        weighted = _WIDE.add(weighted, _WIDE.multiply(paid, days_overdue(invoice.due_on, piece.on)))
        total = _WIDE.add(total, paid)
    open_amount, overdue, long, oldest = Decimal(0), Decimal(0), Decimal(0), 0
    for number, amount in ledger.open.items():
        invoice = ledger.invoices[number]
        if invoice.currency not in worth:
            continue
        left = _WIDE.multiply(amount, worth[invoice.currency])
        open_amount = _WIDE.add(open_amount, left)
        late = days_overdue(invoice.due_on, today)
        if late:
            overdue, oldest = _WIDE.add(overdue, left), max(oldest, late)
            weighted, total = _WIDE.add(weighted, _WIDE.multiply(left, late)), _WIDE.add(total, left)
        if late > LONG:
            long = _WIDE.add(long, left)
    days = _WIDE.divide(weighted, total).quantize(_CENT, context=_WIDE) if total else None
    cents = (amount.quantize(_CENT, context=_WIDE) for amount in (overdue, open_amount))
    return Behaviour(days, next(cents), oldest, next(cents), _share(overdue, open_amount), _share(long, open_amount))


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return _WIDE.divide(part, whole).quantize(Decimal("0.0001"), context=_WIDE) if whole else Decimal(0)
