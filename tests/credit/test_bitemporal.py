"""A2.3: what was true when and known when: the rules against a naive painting of every day at every moment."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.bitemporal import Assertion, as_of, room_for, timeline
from credit.errors import CreditError

DAY0, NOW0 = date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
DAYS, MOMENTS = 14, 9


def day(n: int) -> date:
    return DAY0 + timedelta(days=n)


def moment(n: int) -> datetime:
    return NOW0 + timedelta(hours=n)


@st.composite
def assertions(draw: st.DrawFn) -> Assertion:
    first = draw(st.integers(0, DAYS - 1))
    last = draw(st.none() | st.integers(first, DAYS - 1))
    known = draw(st.integers(0, MOMENTS - 1))
    gone = draw(st.none() | st.integers(known, MOMENTS - 1))
    return Assertion(
        "", day(first), None if last is None else day(last), moment(known), 0, None if gone is None else moment(gone)
    )


@st.composite
def logs(draw: st.DrawFn) -> list[Assertion]:
    drawn = sorted(draw(st.lists(assertions(), max_size=9)), key=lambda a: a.known_at)
    return [Assertion(str(n), a.first, a.last, a.known_at, n, a.withdrawn_at) for n, a in enumerate(drawn)]


def painted(log: list[Assertion], at: datetime | None) -> list[str]:
    """The oracle: paint every day with each entry in the order they came; what was withdrawn by then is not painted."""
    days = [""] * DAYS
    for entry in log:
        if at is None:
            counts = entry.withdrawn_at is None
        else:
            counts = entry.known_at <= at and not (entry.withdrawn_at is not None and entry.withdrawn_at <= at)
        if counts:
            for n in range(DAYS):
                if entry.first <= day(n) and (entry.last is None or day(n) <= entry.last):
                    days[n] = entry.key
    return days


MOMENT = st.none() | st.integers(0, MOMENTS).map(moment)


@given(logs(), MOMENT)
def test_A2_3_what_counts_for_a_day_as_known_at_a_moment_is_what_was_painted_last(log, at):
    oracle = painted(log, at)
    for n in range(DAYS):
        found = as_of(log, day(n), at)
        assert (found.key if found else "") == oracle[n]


@given(logs(), MOMENT)
def test_A2_3_the_timeline_covers_the_same_days_without_overlap(log, at):
    oracle, shown = painted(log, at), [""] * DAYS
    spans = timeline(log, at)
    for span in spans:
        for n in range(DAYS):
            if span.first <= day(n) and (span.last is None or day(n) <= span.last):
                assert not shown[n]
                shown[n] = span.assertion.key
    assert shown == oracle
    assert all(a.last is not None and a.last < b.first for a, b in itertools.pairwise(spans))
    for a, b in itertools.pairwise(spans):
        assert a.assertion.key != b.assertion.key or (a.last is not None and (b.first - a.last).days > 1)


@given(logs(), st.integers(0, DAYS - 1))
def test_an_entry_about_the_past_leaves_later_days_as_they_were(log, first):
    last = room_for(log, day(first))
    before = painted(log, None)
    after = painted([*log, Assertion("new", day(first), last, moment(MOMENTS), 99)], None)
    end = DAYS if last is None else (last - DAY0).days + 1
    assert after[:first] == before[:first]
    assert after[end:] == before[end:]
    assert set(after[first:end]) <= {"new"}


def test_days_that_run_backwards_are_refused():
    with pytest.raises(CreditError, match="before the first"):
        Assertion("a", day(2), day(1), moment(0))


def test_a_value_to_the_end_of_time_has_no_day_after():
    entry = Assertion("a", day(0), date.max, moment(0))
    assert [(s.first, s.last) for s in timeline([entry])] == [(day(0), date.max)]
