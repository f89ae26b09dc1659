"""RULES B2, B3: which event may follow which state of a contract, and on which day."""

from datetime import date, timedelta

import pytest

from retention.contract_life import CLOCKED, ENDING, EVENTS, FOLLOWS, STATES, against
from retention.transfer import EVENTS as CLOCKS

DAY = date(2026, 3, 2)


def test_the_formalities_that_start_a_clock_are_those_of_b3():
    assert set(CLOCKED) == set(CLOCKS)
    assert set(ENDING) < set(CLOCKED)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVENTS)
def test_what_does_not_follow_is_refused_with_a_reason_that_names_the_contract(state, event):
    signed = None if state in ("draft", "approved", "cancelled") else DAY
    why = against("HT-1", state, event, DAY, None, signed)
    assert (why == "") == (event in FOLLOWS[state])
    assert why == "" or why.startswith("contract HT-1 ")


def test_nothing_is_dated_before_what_it_rests_on():
    before = DAY - timedelta(days=1)
    assert "before it was approved on 2026-03-02" in against("X", "approved", "signed", before, DAY, None)
    assert against("X", "approved", "signed", DAY, DAY, None) == ""
    for event in ("performing", "amended", "performed", "terminated"):
        assert "before it is signed" in against("X", "signed", event, before, None, DAY)
        assert "before it is signed" in against("X", "draft", event, DAY, None, None)


def test_a_contract_ends_no_earlier_than_what_was_done_with_it():
    later = DAY + timedelta(days=30)
    for event in ("performed", "terminated"):
        why = against("X", "amended", event, DAY, None, DAY, latest_on=later)
        assert f"before {later}, when something else was done with it" in why
        assert against("X", "amended", event, later, None, DAY, latest_on=later) == ""
    for event in ("performing", "amended"):  # of these one is told late
        assert against("X", "amended", event, DAY, None, DAY, latest_on=later) == ""
