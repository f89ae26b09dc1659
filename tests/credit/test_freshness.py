from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import CreditError
from credit.freshness import (
    MAJOR_EVENTS,
    CollectedFact,
    MajorEvent,
    a_year_after,
    freshness,
    reassessment_due,
    stale_by_person,
)

DAY = date(2026, 3, 1)


def days(n):
    return DAY + timedelta(days=n)


@given(st.integers(0, 300), st.integers(1, 200))
def test_a2_3_information_is_stale_after_its_refresh_period(age, period):
    state = freshness(CollectedFact("address", "zhou", DAY), days(age), refresh_days=period)
    assert state.state == ("stale" if age > period else "fresh")
    assert state.due == days(period)
    assert state.days == period - age


def test_a2_3_the_default_period_is_ninety_days():
    fact = CollectedFact("address", "zhou", DAY)
    assert freshness(fact, days(90)).state == "fresh"
    assert freshness(fact, days(91)).state == "stale"
    assert freshness(fact, days(91)).why.zh == "2026-03-01 核对，90 天内须更新"


@pytest.mark.parametrize("name", ["name", "code", "legal_representative", "valid_until", "overdue_debt", "lawsuits"])
def test_a2_3_a_known_change_of_key_information_has_a_short_time_limit(name):
    fact = CollectedFact(name, "zhou", DAY, changed_on=days(10))
    assert fact.key
    assert freshness(fact, days(13)).state == "fresh"
    late = freshness(fact, days(14))
    assert (late.state, late.due) == ("stale", days(13))
    assert "2026-03-11 有变" in late.why.zh


def test_a2_3_a_change_never_lengthens_and_other_information_waits_for_its_refresh():
    assert freshness(CollectedFact("name", "z", DAY, changed_on=days(89)), DAY).due == days(90)
    assert freshness(CollectedFact("address", "z", DAY, changed_on=days(1)), DAY).due == days(90)


def test_a2_1_stale_values_are_listed_per_responsible_person():
    facts = [
        CollectedFact("address", "zhou", days(0)),
        CollectedFact("scope", "zhou", days(-50)),
        CollectedFact("banks", "chen", days(-10)),
        CollectedFact("phone", "chen", days(50)),
    ]
    lists = stale_by_person(facts, days(100))
    assert {person: [fact.name for fact, _ in rows] for person, rows in lists.items()} == {
        "zhou": ["scope", "address"],
        "chen": ["banks"],
    }


@pytest.mark.parametrize(("refresh", "key"), [(0, 3), (90, 0), (-1, 3)])
def test_a2_3_a_period_below_a_day_is_refused(refresh, key):
    with pytest.raises(CreditError):
        freshness(CollectedFact("name", "z", DAY), DAY, refresh, key)


@pytest.mark.parametrize(
    ("last", "due"),
    [
        ("2025-12-18", "2026-12-18"),
        ("2024-02-29", "2025-02-28"),
        ("2024-02-28", "2025-02-28"),
        ("2023-02-28", "2024-02-28"),
        ("2025-12-31", "2026-12-31"),
        ("2026-01-01", "2027-01-01"),
    ],
)
def test_a1_2_a_full_reassessment_is_due_within_a_year(last, due):
    last, due = date.fromisoformat(last), date.fromisoformat(due)
    assert a_year_after(last) == due
    state = reassessment_due(last, DAY, [], due)
    assert (state.due, state.overdue, state.days) == (due, False, 0)
    assert reassessment_due(last, DAY, [], due + timedelta(days=1)).overdue
    assert str(last) in state.reasons[0].zh


@pytest.mark.parametrize("kind", MAJOR_EVENTS)
def test_a1_2_a_major_event_makes_it_due_at_once_and_says_why(kind):
    state = reassessment_due(DAY, DAY, [MajorEvent(kind, days(5))], days(6))
    assert (state.due, state.overdue) == (days(5), True)
    assert [reason.zh for reason in state.reasons] == [f"{MAJOR_EVENTS[kind][0]}（2026-03-06）"]
    assert reassessment_due(DAY, DAY, [MajorEvent(kind, days(5), answered=True)], days(6)).due == date(2027, 3, 1)


def test_a1_2_all_open_events_are_shown_and_the_yearly_rule_when_it_is_due_too():
    events = [
        MajorEvent("lawsuit", days(9)),
        MajorEvent("default", days(5)),
        MajorEvent("adverse_news", days(1), answered=True),
    ]
    state = reassessment_due(date(2025, 1, 1), DAY, events, days(10))
    assert [reason.en.split(" (")[0] for reason in state.reasons] == [
        "default",
        "lawsuit",
        "last assessed on 2025-01-01, at least once a year",
    ]
    assert state.due == date(2026, 1, 1)


def test_a1_2_a_customer_never_assessed_is_due_since_it_is_known():
    state = reassessment_due(None, days(-3), [], DAY)
    assert (state.due, state.overdue, state.reasons[0].zh) == (days(-3), True, "尚未评估")


def test_a1_2_only_major_events_count():
    with pytest.raises(CreditError, match="moved_office"):
        MajorEvent("moved_office", DAY)


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.lists(
        st.builds(
            MajorEvent,
            st.sampled_from(sorted(MAJOR_EVENTS)),
            st.dates(date(2000, 1, 1), date(2102, 1, 1)),
            st.booleans(),
        ),
        max_size=4,
    ),
)
def test_a1_2_the_due_date_is_never_later_than_a_year_nor_than_any_open_event(last, events):
    state = reassessment_due(last, last, events, last)
    assert 365 <= (a_year_after(last) - last).days <= 366
    assert state.due <= a_year_after(last)
    assert all(state.due <= event.known_on for event in events if not event.answered)
    assert state.reasons
