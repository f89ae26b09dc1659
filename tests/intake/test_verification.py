"""RULES A2.2: two different people who did not enter the value; a disagreement goes to a third."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake import verification as rules
from intake.verification import Refused, Stand, state_of

PEOPLE = ("a", "b", "c", "d", "e")
deeds = st.lists(
    st.tuples(st.sampled_from(("confirm", "enter", "decide")), st.sampled_from(PEOPLE), st.sampled_from("XYZ")),
    max_size=12,
)


def run(steps: list[tuple[str, str, str]]) -> list[tuple[Stand, str, str, str, Stand]]:
    """Do the deeds that are allowed; returns (before, deed, person, value, after) of each."""
    stand, done = Stand("X"), []
    for deed, person, value in steps:
        before = stand
        try:
            if deed == "confirm":
                stand = rules.confirm(stand, person)
            elif deed == "decide" and stand.rival_by:
                stand = rules.decide(stand, person, value)
            elif value != stand.value:
                stand = rules.enter(stand, person, value)
        except Refused:
            continue
        done.append((before, deed, person, value, stand))
    return done


@given(deeds)
def test_verified_means_two_people_said_yes_and_neither_entered_it(steps: Any) -> None:
    said_yes: dict[str, set[str]] = {}  # by value, since it last came to stand
    for before, deed, person, value, after in run(steps):
        if deed == "confirm":
            said_yes.setdefault(after.value, set()).add(person)
        elif before.rival_by and not after.rival_by and value in (before.value, before.rival):
            if after.value != before.value:
                said_yes[value] = set()
            said_yes.setdefault(value, set()).add(person)
        elif after.value != before.value:
            said_yes[after.value] = set()
        if state_of(after) == rules.VERIFIED:
            assert len(said_yes[after.value] - {after.entered_by}) >= 2


@given(deeds)
def test_nobody_confirms_what_they_entered(steps: Any) -> None:
    for _before, _deed, _person, _value, after in run(steps):
        assert after.entered_by not in after.confirmed_by
        assert len(set(after.confirmed_by)) == len(after.confirmed_by)


@given(deeds)
def test_a_disagreement_is_decided_by_somebody_who_took_no_side(steps: Any) -> None:
    for before, _deed, person, _value, after in run(steps):
        if before.rival_by and not after.rival_by:
            assert person not in rules.sides(before)
            assert person not in before.heard
            assert rules.sides(before) <= set(after.heard)


@given(deeds)
def test_the_word_of_another_person_is_never_overwritten(steps: Any) -> None:
    for before, _deed, person, _value, after in run(steps):
        if after.value != before.value and not before.rival_by:
            assert rules.backers(before) <= {person}


@given(deeds)
def test_who_is_done_can_change_nothing_alone(steps: Any) -> None:
    stand = run(steps)[-1][-1] if run(steps) else Stand("X")
    for person in PEOPLE:
        if rules.is_done(stand, person) and state_of(stand) != rules.VERIFIED:
            with contextlib.suppress(Refused):
                assert rules.confirm(stand, person) == stand


def test_the_states_in_order() -> None:
    read = Stand("X")
    once = rules.confirm(read, "a")
    assert [state_of(read), state_of(once)] == ["unconfirmed", "once"]
    assert state_of(rules.confirm(once, "a")) == "once"
    assert state_of(rules.confirm(once, "b")) == "verified"
    typed = rules.enter(read, "a", "Y")
    assert (state_of(typed), typed.entered_by) == ("entered", "a")
    with pytest.raises(Refused, match="own_entry"):
        rules.confirm(typed, "a")


def test_two_people_at_odds_need_a_third() -> None:
    odds = rules.enter(rules.confirm(Stand("X"), "a"), "b", "Y")
    assert (odds.value, odds.rival, state_of(odds)) == ("X", "Y", "disputed")
    with pytest.raises(Refused, match="disputed"):
        rules.confirm(odds, "c")
    for person in ("a", "b"):
        with pytest.raises(Refused, match="took_side"):
            rules.decide(odds, person, "X")
    assert state_of(rules.decide(odds, "c", "X")) == "verified"  # the machine read it, a and c confirm it
    other = rules.decide(odds, "c", "Y")
    assert (other.value, other.entered_by, state_of(other)) == ("Y", "b", "once")
    assert state_of(rules.confirm(other, "a")) == "verified"
    with pytest.raises(Refused, match="decided"):
        rules.enter(other, "a", "X")
    third = rules.decide(odds, "c", "Z")
    assert (third.entered_by, state_of(third)) == ("c", "entered")


def test_a_document_is_as_far_as_its_key_values() -> None:
    once = Stand("X", confirmed_by=("a",))
    both = Stand("X", confirmed_by=("a", "b"))
    assert rules.standing({}) == ""
    assert rules.standing({"scope": Stand("X")}) == ""
    assert rules.standing({"name": both, "scope": Stand("X")}) == "verified"
    assert rules.standing({"name": both, "code": once}) == "once"
    assert rules.standing({"name": both, "code": Stand("X")}) == "unconfirmed"
    assert rules.standing({"name": both, "scope": Stand("X", "a", rival="Y", rival_by="b")}) == "disputed"
    assert rules.done_with({"name": both, "code": once}) == ("a",)
    assert rules.done_with({"name": Stand("X", "c"), "code": once}) == ()


def test_reasons_go_with_the_values_they_are_about() -> None:
    reasons = ["low_confidence:kind", "missing:amount", "amount_mismatch", "term_mismatch", "check_digit_failed:code"]
    assert rules.reasons_left(reasons, ["amount"]) == [
        "low_confidence:kind",
        "term_mismatch",
        "check_digit_failed:code",
    ]
    assert rules.reasons_left(reasons, ["term_until", "code"]) == [
        "low_confidence:kind",
        "missing:amount",
        "amount_mismatch",
    ]
    assert rules.reasons_left(reasons, []) == reasons
    for name in ("born_on", "identity_number"):
        assert rules.reasons_left(["birth_mismatch"], [name]) == []
    assert rules.reasons_left(["birth_mismatch"], ["name"]) == ["birth_mismatch"]
