"""Which of two assessments stands when two customers are one (RULES A1.1, A1.2)."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from credit.merging import InForce, counted, strictest
from credit.scorecard import GRADES

rows = st.lists(
    st.builds(
        InForce,
        st.uuids().map(str),
        st.sampled_from(GRADES),
        st.none() | st.integers(0, 5).map(Decimal),
        st.dates(date(2025, 1, 1), date(2025, 1, 5)),
    ),
    min_size=1,
    max_size=4,
)


@given(rows)
def test_A1_1_the_strictest_grants_no_more_than_any_other(given_rows):
    found = strictest(given_rows)
    for row in given_rows:
        assert GRADES.index(found.grade) >= GRADES.index(row.grade)
        if row.grade == found.grade:
            assert (found.line or 0) <= (row.line or 0)
            if (row.line or 0) == (found.line or 0):
                assert found.assessed_on <= row.assessed_on
    assert strictest(list(reversed(given_rows))) == found


def test_A4_1_what_is_in_force_counts_last_however_old_it_is():
    old, new = date(2026, 1, 5), date(2026, 6, 1)
    assert counted([(new, Decimal(80))], (old, Decimal(60))) == [(new, Decimal(80)), (new, Decimal(60))]
    assert counted([(old, Decimal(80))], (new, Decimal(60)))[-1] == (new, Decimal(60))
    assert counted([(old, Decimal(80))], None) == [(old, Decimal(80))]
