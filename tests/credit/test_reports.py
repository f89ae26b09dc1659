"""A5.1, B4: what credit reports count, against plain counting; the periods of schedules."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.ageing import BUCKETS, ageing
from credit.errors import CreditError
from credit.periods import LENGTHS, ended, month_ends, period_named, period_of
from credit.receivables import Invoice, Receipt, settle
from credit.reports import (
    UNGRADED,
    Raised,
    Rated,
    concentration,
    count_grades,
    grades_on,
    late_assessments,
    median,
    migration,
    response,
    share,
    trend,
)
from credit.scorecard import GRADES

DAY = date(2026, 6, 30)
days = st.integers(-900, 900).map(lambda n: DAY + timedelta(days=n))
names = st.sampled_from("abcdefgh")
graded = st.dictionaries(names, st.sampled_from(GRADES))


def rounded(value: Fraction) -> Decimal:
    """Half up to two digits, by whole numbers alone."""
    return Decimal((value * 200 + 1) // 2) / 100


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_A5_1_a_share_is_per_cent_rounded_half_up(part, whole):
    assert share(part, whole) == (rounded(Fraction(part * 100, whole)) if whole else 0)


rows = st.builds(Rated, names, days, st.just(Decimal(50)), st.sampled_from(GRADES))


@given(st.lists(rows, max_size=30), days)
def test_A5_1_the_grade_of_a_day_is_the_last_that_took_effect(rated, day):
    expected = {}
    for row in sorted(rated, key=lambda r: r.on):  # stable: of one day the later entry counts
        if row.on <= day:
            expected[row.customer] = row.grade
    assert {c: r.grade for c, r in grades_on(rated, day).items()} == expected


@given(graded, graded)
def test_A5_1_every_customer_is_in_one_cell_of_the_matrix(before, now):
    everyone = list("abcdefgh")
    found = migration(everyone, before, now)
    assert sum(found.cells.values()) == len(everyone)
    both = [c for c in everyone if c in before and c in now]
    better = sum(GRADES.index(now[c]) < GRADES.index(before[c]) for c in both)
    worse = sum(GRADES.index(now[c]) > GRADES.index(before[c]) for c in both)
    assert (found.up, found.down, found.same) == (better, worse, len(both) - better - worse)
    counted = count_grades(everyone, now)
    for grade in (*GRADES, UNGRADED):
        assert counted[grade] == sum(n for (_, to), n in found.cells.items() if to == grade)


@given(st.dictionaries(names, st.integers(-(10**9), 10**9).map(lambda n: Decimal(n) / 100)), st.integers(1, 9))
def test_A5_1_concentration_equals_the_sums_by_hand(exposures, most):
    found = concentration(exposures, most)
    owed = sorted((v for v in exposures.values() if v > 0), reverse=True)
    assert found.total == sum(owed)
    assert [row[1] for row in found.largest] == owed[:most]
    assert found.top == share(sum(owed[:most]), sum(owed))
    exact = sum((Fraction(v) / Fraction(sum(owed))) ** 2 for v in owed) * 10_000 if owed else Fraction(0)
    assert abs(found.index - exact) <= Fraction(1, 2)


amounts = st.integers(1, 10**7).map(lambda n: Decimal(n) / 100)


@st.composite
def books(draw):
    """Invoices with money that is not for one of them, so that nothing later reaches back."""
    invoices = []
    for number in range(draw(st.integers(0, 6))):
        issued = draw(days)
        due = issued + timedelta(days=draw(st.integers(0, 120)))
        invoices.append(Invoice(str(number), issued, due, draw(amounts), draw(st.sampled_from(("CNY", "USD")))))
    receipts = [
        Receipt(str(n), draw(days), draw(amounts), draw(st.sampled_from(("CNY", "USD"))))
        for n in range(draw(st.integers(0, 6)))
    ]
    return invoices, receipts


@given(st.lists(books(), max_size=3), st.lists(days, min_size=1, max_size=4, unique=True))
def test_A5_1_what_was_open_on_a_day_is_what_the_books_of_that_day_say(ledgers, asked):
    today = DAY + timedelta(days=2000)
    found = trend([settle(invoices, receipts, today) for invoices, receipts in ledgers], sorted(asked))
    for at, day in enumerate(sorted(asked)):
        expected: dict[str, dict[str, Decimal]] = {}
        for invoices, receipts in ledgers:
            for currency, row in ageing(settle(invoices, receipts, day).receivables(), day).items():
                into = expected.setdefault(currency, dict.fromkeys(BUCKETS, Decimal(0)))
                for bucket, amount in row.items():
                    into[bucket] += amount
        for currency, standings in found.items():
            wanted = expected.get(currency, dict.fromkeys(BUCKETS, Decimal(0)))
            assert standings[at].buckets == wanted
            assert standings[at].open == sum(wanted.values())
            assert standings[at].overdue == sum(v for b, v in wanted.items() if b != "not_due")


@given(st.lists(st.integers(0, 500)))
def test_A5_1_the_median_lies_in_the_middle(values):
    found = median(values)
    if not values:
        assert found is None
        return
    assert found is not None
    assert sum(v < found for v in values) <= len(values) / 2 >= sum(v > found for v in values)


def test_A5_1_warnings_of_a_period_and_how_fast_they_were_answered():
    first, last = date(2026, 4, 1), date(2026, 6, 30)
    rows = [
        Raised("overdue_days", date(2026, 3, 1), date(2026, 3, 2), date(2026, 4, 10)),
        Raised("overdue_days", date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 21)),
        Raised("score_drop", date(2026, 6, 30), escalated=True),
        Raised("score_drop", date(2026, 5, 1), date(2026, 5, 4), date(2026, 7, 1)),
        Raised("score_drop", date(2026, 7, 1)),
    ]
    found = response(rows, first, last)
    assert (found.raised, found.closed, found.open, found.escalated) == (3, 2, 2, 1)
    assert (found.to_acknowledge, found.to_close) == (Decimal("2.0"), Decimal("30.0"))
    assert found.longest_open == 60
    assert found.kinds == {"score_drop": 2, "overdue_days": 1}
    with pytest.raises(CreditError, match="no day"):
        response([], last, first)


def test_A5_1_who_was_not_assessed_for_a_year_is_late_the_longest_first():
    known = {"never": date(2026, 1, 1), "old": date(2020, 1, 1), "new": date(2020, 1, 1), "later": date(2027, 1, 1)}
    last = {"old": date(2024, 2, 29), "new": date(2025, 6, 30)}
    assert late_assessments(known, last, DAY) == ["old", "never"]
    assert late_assessments(known, last, DAY + timedelta(days=1)) == ["old", "never", "new"]


@given(days, st.sampled_from(tuple(LENGTHS)))
def test_A5_1_a_period_holds_its_day_and_is_known_by_its_code(day, every):
    period = period_of(every, day)
    assert period.first <= day <= period.last
    assert period_named(period.code) == period
    assert period.first.day == 1
    assert (period.last + timedelta(days=1)).day == 1


@given(days, st.integers(0, 800), st.sampled_from(tuple(LENGTHS)))
def test_A5_1_the_ended_periods_follow_one_another_without_a_gap(since, ahead, every):
    today = since + timedelta(days=ahead)
    found = list(ended(every, since, today))
    assert all(since <= p.last < today for p in found)
    assert all(b.first == a.last + timedelta(days=1) for a, b in pairwise(found))
    following = period_of(every, found[-1].last + timedelta(days=1)) if found else period_of(every, since)
    assert following.last >= today


@pytest.mark.parametrize("code", ["2026-13", "2026-Q5", "26", "2026-1", "0999", ""])
def test_A5_1_what_is_no_period_is_refused(code):
    with pytest.raises(CreditError, match="no period"):
        period_named(code)


def test_A5_1_month_ends_go_back_from_a_day():
    assert month_ends(date(2026, 3, 15), 3) == [
        date(2025, 12, 31),
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 15),
    ]
