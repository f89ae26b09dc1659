from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.ageing import BUCKETS, Receivable, ageing, bucket, days_overdue
from credit.errors import CreditError

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-400, "not_due"),
        (-1, "not_due"),
        (0, "not_due"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-180"),
        (180, "91-180"),
        (181, "181-365"),
        (365, "181-365"),
        (366, ">365"),
        (4000, ">365"),
    ],
)
def test_each_bucket_has_its_edges(days, name):
    assert bucket(TODAY - timedelta(days=days), TODAY) == name


ITEMS = st.lists(
    st.builds(
        Receivable,
        number=st.just("n"),
        due_on=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
        open_amount=st.decimals(0, 10**9, places=2),
        currency=st.sampled_from(["CNY", "USD"]),
    )
)
EDGES = {
    "not_due": (-9999, 0),
    "1-30": (1, 30),
    "31-60": (31, 60),
    "61-90": (61, 90),
    "91-180": (91, 180),
    "181-365": (181, 365),
    ">365": (366, 9999),
}


@given(ITEMS)
def test_the_table_equals_adding_up_each_cell_by_itself(items):
    table = ageing(items, TODAY)
    assert set(table) == {item.currency for item in items}
    for currency, row in table.items():
        assert list(row) == list(BUCKETS) == list(EDGES)
        for name, (low, high) in EDGES.items():
            cell = [i.open_amount for i in items if i.currency == currency and low <= (TODAY - i.due_on).days <= high]
            assert row[name] == sum(cell, Decimal(0))


def test_the_due_day_is_in_time():
    assert [days_overdue(TODAY - timedelta(days=n), TODAY) for n in (-5, 0, 1, 9)] == [0, 0, 1, 9]


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity"])
def test_an_amount_that_cannot_be_is_refused(amount):
    with pytest.raises(CreditError, match="invoice n"):
        Receivable("n", TODAY, Decimal(amount))
