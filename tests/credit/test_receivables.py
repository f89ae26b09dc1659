from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from credit.ageing import ageing, bucket
from credit.errors import CreditError
from credit.receivables import REST, Invoice, Receipt, apply_all, behaviour, next_change, settle

TODAY = date(2026, 11, 26)
START = TODAY - timedelta(days=900)


def cents(n):
    return Decimal(n).scaleb(-2)


def drawn(random):
    """Invoices and receipts of two currencies: partial payments, credit notes, prepayments, money for one invoice, money of tomorrow."""
    invoices, receipts, room = [], [], {}
    for n in range(random.randint(0, 12)):
        issued = START + timedelta(days=random.randint(0, 920))
        amount = random.randint(1, 40_000)
        due = issued + timedelta(days=random.choice([0, 1, 30, 60, 90]))
        invoices.append(Invoice(f"F{n:02}", issued, due, cents(amount), random.choice(["CNY", "CNY", "USD"])))
        room[f"F{n:02}"] = amount
    for n in range(random.randint(0, 16)):
        on = START + timedelta(days=random.randint(0, 920))
        kind = random.choice(["payment", "payment", "payment", "credit_note"])
        aimed = random.choice(invoices) if invoices and random.random() < 0.4 else None
        if aimed is None:
            receipts.append(
                Receipt(f"S{n:02}", on, cents(random.randint(1, 50_000)), random.choice(["CNY", "USD"]), None, kind)
            )
        elif room[aimed.number] and (aimed.issued_on <= TODAY or on > TODAY):
            amount = random.randint(1, room[aimed.number])
            room[aimed.number] -= amount
            receipts.append(Receipt(f"S{n:02}", on, cents(amount), aimed.currency, aimed.number, kind))
    random.shuffle(invoices)
    random.shuffle(receipts)
    return invoices, receipts


def day_by_day(invoices, receipts, today):
    """The oracle: one cent-exact day after the other, integers only. Returns (left, pieces, over)."""
    left = {i.number: int(i.amount * 100) for i in invoices if i.issued_on <= today}
    bills = {i.number: i for i in invoices}
    pieces = []
    for receipt in receipts:
        if receipt.invoice and receipt.received_on <= today:
            left[receipt.invoice] -= int(receipt.amount * 100)
            on = max(receipt.received_on, bills[receipt.invoice].issued_on)
            pieces.append((receipt.invoice, receipt.number, on, int(receipt.amount * 100), receipt.kind))
    purse = []
    order = sorted(left, key=lambda n: (bills[n].due_on, n))
    free = sorted((r for r in receipts if not r.invoice), key=lambda r: r.number)
    day = START
    while day <= today:
        purse += [[r, int(r.amount * 100)] for r in free if r.received_on == day]
        for entry in (one for one in purse if one[1]):  # what is used up pays nothing
            for number in order:
                if bills[number].issued_on <= day and bills[number].currency == entry[0].currency:
                    paid = min(entry[1], left[number])
                    if paid:
                        entry[1] -= paid
                        left[number] -= paid
                        pieces.append((number, entry[0].number, day, paid, entry[0].kind))
        day += timedelta(days=1)
    over = defaultdict(int)
    for receipt, rest in purse:
        over[receipt.currency] += rest
    return left, pieces, {currency: rest for currency, rest in over.items() if rest}


def test_a_thousand_ledgers_equal_counting_every_cent_day_by_day():
    random = Random(31_415)
    partial = prepaid = waived = 0
    for _ in range(1_000):
        invoices, receipts = drawn(random)
        ledger = settle(invoices, receipts, TODAY)
        left, pieces, over = day_by_day(invoices, receipts, TODAY)
        assert {n: a * 100 for n, a in ledger.open.items()} == {n: a for n, a in left.items() if a}
        assert sorted((p.invoice, p.receipt, p.on, p.amount * 100, p.kind) for p in ledger.settled) == sorted(pieces)
        assert {c: a * 100 for c, a in ledger.prepaid.items()} == over
        _check_figures(invoices, left, pieces, ledger)
        partial += any(0 < left[i.number] < i.amount * 100 for i in invoices if i.number in left)
        prepaid += bool(over)
        waived += any(piece[4] == "credit_note" for piece in pieces)
    assert min(partial, prepaid, waived) > 100  # each kind of case was really met


def _check_figures(invoices, left, pieces, ledger):
    bills = {i.number: i for i in invoices}
    table = ageing(ledger.receivables(), TODAY)
    for currency in ("CNY", "USD"):
        own = {n: a for n, a in left.items() if a and bills[n].currency == currency}
        for name, amount in table.get(currency, {}).items():
            assert amount * 100 == sum(a for n, a in own.items() if bucket(bills[n].due_on, TODAY) == name)
        late = {n: a for n, a in own.items() if bills[n].due_on < TODAY}
        paid = [
            (a, max((on - bills[n].due_on).days, 0))
            for n, _, on, a, kind in pieces
            if bills[n].currency == currency and kind == "payment" and TODAY - timedelta(days=365) < on <= TODAY
        ]
        paid += [(a, (TODAY - bills[n].due_on).days) for n, a in late.items()]
        found = behaviour(ledger, TODAY, currency)
        weight = sum(a for a, _ in paid)
        if weight:
            mean = Fraction(sum(a * days for a, days in paid), weight)
            assert found.days_beyond_terms == Decimal(int(mean * 100 + Fraction(1, 2))).scaleb(-2)
        else:
            assert found.days_beyond_terms is None
        assert found.overdue_amount * 100 == sum(late.values())
        assert found.open_amount * 100 == sum(own.values())
        assert found.oldest_overdue_days == max(((TODAY - bills[n].due_on).days for n in late), default=0)
    _check_in_yuan(bills, left, pieces, ledger)


def rounded(value, digits):
    """A fraction rounded half up."""
    return Decimal(int(value * 10**digits + Fraction(1, 2))).scaleb(-digits)


def _check_in_yuan(bills, left, pieces, ledger):
    """All currencies together, each amount at its rate: the oracle adds fractions."""
    rates = {"CNY": Decimal(1), "USD": Decimal("7.1234")}
    worth = {currency: Fraction(rate) / 100 for currency, rate in rates.items()}
    own = [(Fraction(a) * worth[bills[n].currency], (TODAY - bills[n].due_on).days) for n, a in left.items() if a]
    paid = [
        (Fraction(a) * worth[bills[n].currency], max((on - bills[n].due_on).days, 0))
        for n, _, on, a, kind in pieces
        if kind == "payment" and TODAY - timedelta(days=365) < on <= TODAY
    ]
    late = [(a, days) for a, days in own if days > 0]
    whole, weight = sum(a for a, _ in own), sum(a for a, _ in paid + late)
    found = behaviour(ledger, TODAY, rates=rates)
    assert found.open_amount == rounded(whole, 2)
    assert found.overdue_amount == rounded(sum(a for a, _ in late), 2)
    assert found.oldest_overdue_days == max((days for _, days in late), default=0)
    share = sum(a for a, _ in late) / whole if whole else 0
    long = sum(a for a, days in late if days > 90) / whole if whole else 0
    assert (found.overdue_share, found.long_overdue_share) == (rounded(share, 4), rounded(long, 4))
    days = rounded(sum(a * d for a, d in paid + late) / weight, 2) if weight else None
    assert found.days_beyond_terms == days


def invoice(number="F1", amount="100.00", issued="2026-01-01", due="2026-01-31", currency="CNY"):
    return Invoice(number, date.fromisoformat(issued), date.fromisoformat(due), Decimal(amount), currency)


def receipt(number="S1", amount="100.00", on="2026-02-10", currency="CNY", **more):
    return Receipt(number, date.fromisoformat(on), Decimal(amount), currency, **more)


def test_money_that_came_early_counts_on_the_day_of_the_invoice():
    ledger = settle([invoice()], [receipt(amount="150.00", on="2025-12-01")], TODAY)
    assert [(p.on, p.amount) for p in ledger.settled] == [(date(2026, 1, 1), Decimal("100.00"))]
    assert ledger.prepaid == {"CNY": Decimal("50.00")}
    assert behaviour(ledger, TODAY).days_beyond_terms == 0


def test_ten_days_late_with_half_of_it_are_five_days_beyond_terms():
    ledger = settle([invoice()], [receipt(amount="50.00"), receipt("S0", "50.00", "2026-01-05")], TODAY)
    assert behaviour(ledger, TODAY).days_beyond_terms == Decimal("5.00")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: settle([invoice()], [receipt(amount="100.01", invoice="F1")], TODAY), "larger than what invoice F1"),
        (
            lambda: settle([invoice()], [receipt(invoice="F1"), receipt("S2", "1", invoice="F1")], TODAY),
            r"leaves open \(0",
        ),
        (lambda: settle([invoice()], [receipt(invoice="F9")], TODAY), "no invoice F9"),
        (lambda: settle([invoice(currency="USD")], [receipt(invoice="F1")], TODAY), "no invoice F1 in CNY"),
        (lambda: settle([invoice(), invoice()], [], TODAY), "invoice F1 is there twice"),
        (lambda: settle([], [receipt(), receipt()], TODAY), "receipt S1 is there twice"),
        (lambda: invoice(amount="-5"), "above 0"),
        (lambda: invoice(amount="0"), "above 0"),
        (lambda: invoice(amount="1.005"), "whole cents"),
        (lambda: invoice(amount="NaN"), "above 0"),
        (lambda: receipt(amount="-5"), "above 0"),
        (lambda: receipt(currency="RMB元"), "no currency code"),
        (lambda: receipt(currency="cny"), "no currency code"),
        (lambda: invoice(due="2025-12-31"), "before it was issued"),
    ],
)
def test_what_cannot_be_is_refused_with_its_number(make, why):
    with pytest.raises(CreditError, match=why):
        make()


def as_the_books_have_it(random, invoices, receipts):
    """Receipts as they really come: some larger than their invoice, some for one that is not there or is of another currency."""
    changed = []
    for receipt in receipts:
        luck = random.random()
        if receipt.invoice and luck < 0.3:
            changed.append(replace(receipt, amount=receipt.amount + cents(random.randint(1, 60_000))))
        elif luck < 0.4:
            changed.append(replace(receipt, invoice=random.choice(["F99", *(i.number for i in invoices)])))
        else:
            changed.append(receipt)
    return changed


def cent_by_cent(invoices, receipts, today):
    """The oracle: what is for an invoice fills it in the order in which money came, all else pays the oldest debt day by day."""
    bills = {i.number: i for i in invoices}
    room = {i.number: int(i.amount * 100) for i in invoices}
    free, waiting, aimed = [], defaultdict(int), defaultdict(int)
    for r in sorted(receipts, key=lambda r: (r.received_on, r.number)):
        amount, bill = int(r.amount * 100), bills.get(r.invoice)
        if bill is not None and bill.currency == r.currency:
            fits = min(amount, room[bill.number])
            room[bill.number] -= fits
            amount -= fits
            if r.received_on <= today:
                if bill.issued_on <= today:
                    aimed[bill.number] += fits
                else:
                    waiting[r.currency] += fits
        if amount:
            free.append(replace(r, amount=cents(amount), invoice=None))
    paid = {n: a for n, a in aimed.items() if a}
    left_of = [
        replace(i, amount=i.amount - cents(paid.get(i.number, 0)))
        for i in invoices
        if i.amount * 100 > paid.get(i.number, 0)
    ]
    left, _pieces, over = day_by_day(left_of, free, today)
    return {n: a for n, a in left.items() if a}, {
        c: over.get(c, 0) + waiting[c] for c in {*over, *waiting} if over.get(c, 0) + waiting[c]
    }


def test_ledgers_of_real_books_equal_the_oracle_and_nothing_is_refused():
    random = Random(27_182)
    larger = unknown = ahead = 0
    for _ in range(400):
        invoices, receipts = drawn(random)
        receipts = as_the_books_have_it(random, invoices, receipts)
        ledger = apply_all(invoices, receipts, TODAY)
        left, over = cent_by_cent(invoices, receipts, TODAY)
        assert {n: a * 100 for n, a in ledger.open.items()} == left
        assert {c: a * 100 for c, a in ledger.prepaid.items() if a} == over
        came = sum(r.amount for r in receipts if r.received_on <= TODAY)
        assert sum(p.amount for p in ledger.settled) + sum(ledger.prepaid.values()) == came  # no cent is lost or made
        larger += any(p.receipt.endswith(REST) for p in ledger.settled)
        unknown += any(r.invoice == "F99" for r in receipts)
        ahead += bool(ledger.prepaid)
    assert min(larger, unknown, ahead) > 40


def test_what_is_dated_ahead_says_on_which_day_it_counts():
    invoices = [invoice("F1", issued="2026-12-01", due="2026-12-31"), invoice("F2")]
    assert next_change(invoices, [receipt(on="2026-11-30")], TODAY) == date(2026, 11, 30)
    assert next_change([invoice()], [receipt()], TODAY) is None
    ahead = apply_all(invoices, [receipt(invoice="F1", on="2026-11-20")], TODAY)
    assert (ahead.prepaid, set(ahead.open)) == ({"CNY": Decimal("100.00")}, {"F2"})
