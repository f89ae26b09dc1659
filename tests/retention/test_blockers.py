from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.blockers import FileFacts, blocks, candidate_blocks, earliest_destruction
from retention.errors import BadSchedule, TransitionRefused
from retention.holds import Hold

TODAY = date(2026, 11, 25)
DUE = FileFacts("f1", "J001-HT·2015-D10-XS-0007", "办公用品采购合同", 2015, "D10", date(2026, 1, 1))


def kinds(facts, today=TODAY):
    return [block.kind for block in blocks(facts, today)]


def test_nothing_stands_against_a_file_that_is_due():
    assert blocks(DUE, TODAY) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"holds": ("（2026）川01民初118号",)}, "hold"),
        ({"loans": ("陈立",)}, "loan"),
        ({"contract_running": True}, "running_contract"),
        ({"due_on": date(2026, 11, 26)}, "not_due"),
        ({"due_on": None}, "no_date"),
        ({"retention": None}, "no_date"),
        ({"retention": "Y"}, "permanent"),
        ({"retention": "Y", "due_on": None}, "permanent"),
        ({"state": "open"}, "not_archived"),
        ({"archive_number": None}, "not_archived"),
        ({"archive_number": ""}, "not_archived"),
        ({"state": "destroyed"}, "destroyed"),
        ({"pending_transfers": ("变更",)}, "pending_transfer"),
    ],
)
def test_each_thing_stands_against_a_destruction_by_itself(change, kind):
    found = blocks(replace(DUE, **change), TODAY)
    assert [block.kind for block in found] == [kind]
    assert found[0].why.zh
    assert found[0].why.en


def test_all_that_stands_against_it_is_said():
    facts = replace(DUE, holds=("甲案", "乙案"), loans=("陈立",), contract_running=True, due_on=date(2030, 1, 1))
    assert kinds(facts) == ["hold", "hold", "loan", "running_contract", "not_due"]
    assert [block.why.zh for block in blocks(facts, TODAY)][:2] == ["冻结：甲案", "冻结：乙案"]


def test_the_due_day_is_the_first_day_allowed():
    assert kinds(DUE, date(2025, 12, 31)) == ["not_due"]
    assert kinds(DUE, date(2026, 1, 1)) == []


def test_a_due_date_that_lies_before_what_the_period_says_does_not_count():
    wrong = replace(DUE, due_on=date(2020, 1, 1), trigger_on=date(2016, 5, 1))
    assert earliest_destruction(wrong) == date(2027, 1, 1)
    assert kinds(wrong) == ["not_due"]
    extended = replace(DUE, due_on=date(2031, 1, 1), trigger_on=date(2015, 5, 1))
    assert earliest_destruction(extended) == date(2031, 1, 1)


def test_a_false_period_is_an_error_not_a_free_pass():
    with pytest.raises(BadSchedule):
        blocks(replace(DUE, retention="D-10"), TODAY)


FACTS = st.builds(
    FileFacts,
    file_id=st.just("f"),
    archive_number=st.sampled_from([None, "", "J001-HT·2015-D10-XS-0007"]),
    title=st.just("t"),
    year=st.just(2015),
    retention=st.sampled_from([None, "Y", "D10", "D30"]),
    due_on=st.none() | st.dates(date(2020, 1, 1), date(2032, 1, 1)),
    state=st.sampled_from(["open", "archived", "destroyed"]),
    trigger_on=st.none() | st.dates(date(1990, 1, 1), date(2020, 1, 1)),
    contract_running=st.booleans(),
    holds=st.sampled_from([(), ("案",)]),
    loans=st.sampled_from([(), ("人",)]),
    pending_transfers=st.sampled_from([(), ("签订",)]),
)


@given(FACTS, st.dates(date(2020, 1, 1), date(2032, 1, 1)))
def test_a_file_is_free_only_when_everything_is_in_order(facts, today):
    in_order = (
        facts.state == "archived"
        and bool(facts.archive_number)
        and facts.retention in ("D10", "D30")
        and facts.due_on is not None
        and today >= facts.due_on
        and (facts.trigger_on is None or today.year > facts.trigger_on.year + int(facts.retention[1:]))
        and not (facts.contract_running or facts.holds or facts.loans or facts.pending_transfers)
    )
    assert (blocks(facts, today) == []) == in_order


@given(FACTS, st.dates(date(2020, 1, 1), date(2032, 1, 1)))
def test_only_a_file_with_a_date_that_has_come_gets_onto_a_list(facts, today):
    if not candidate_blocks(facts, today):
        assert facts.due_on is not None
        assert facts.due_on <= today
        assert facts.retention != "Y"
        assert facts.state == "archived"
        assert not facts.contract_running


def test_a_file_on_hold_gets_onto_a_list_and_is_shown_as_held():
    assert candidate_blocks(replace(DUE, holds=("案",), loans=("人",)), TODAY) == []


HOLD = Hold("（2026）川01民初118号", "诉讼保全", "zhou", date(2026, 3, 1))


def test_a_hold_is_released_by_two_people_with_a_reason():
    asked = HOLD.ask_release("zhou", "案件终结")
    assert asked.standing
    with pytest.raises(TransitionRefused, match="second person"):
        asked.release("zhou", TODAY)
    done = asked.release("wu", TODAY)
    assert (done.standing, done.released_by, done.released_on, done.release_reason) == (False, "wu", TODAY, "案件终结")
    for again in (lambda: done.release("li", TODAY), lambda: done.ask_release("li", "x")):
        with pytest.raises(TransitionRefused, match="was released"):
            again()


def test_a_hold_is_not_released_unasked_or_without_reason_or_before_it_was_placed():
    with pytest.raises(TransitionRefused, match="first ask"):
        HOLD.release("wu", TODAY)
    with pytest.raises(TransitionRefused, match="reason"):
        HOLD.ask_release("zhou", " ")
    with pytest.raises(TransitionRefused, match="placed only"):
        HOLD.ask_release("zhou", "x").release("wu", HOLD.placed_on - timedelta(days=1))


@pytest.mark.parametrize(
    "change",
    [
        {"matter": ""},
        {"reason": " "},
        {"placed_by": ""},
        {"released_by": "wu"},
        {"released_by": "wu", "release_asked_by": "wu"},
    ],
)
def test_a_hold_that_cannot_be_is_refused(change):
    with pytest.raises(TransitionRefused):
        replace(HOLD, **change)
