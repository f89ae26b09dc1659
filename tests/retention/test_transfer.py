from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.adapters.china import ChinaCalendar
from retention.errors import TransitionRefused
from retention.transfer import EVENTS, Transfer, archive_deadline, handler_deadline, urgency

CHINA = ChinaCalendar()
DAY = date(2026, 11, 2)
HANDLER, ADMIN, ARCHIVIST = ["handler"], ["credit_administrator"], ["archivist"]


def test_b3_each_event_starts_its_own_clock():
    days = {
        "signed": date(2026, 3, 10),
        "amended": date(2026, 10, 20),
        "performed": date(2026, 10, 28),
        "terminated": date(2026, 1, 31),
    }
    due = {event: handler_deadline(event, day, CHINA).due for event, day in days.items()}
    assert due == {
        "signed": date(2026, 4, 10),
        "amended": date(2026, 11, 20),
        "performed": date(2026, 11, 30),
        "terminated": date(2026, 2, 28),
    }


@pytest.mark.parametrize(
    ("event", "zh", "en"),
    [
        ("signed", "签订手续", "signing"),
        ("amended", "变更手续", "amending"),
        ("performed", "履行手续", "performing"),
        ("terminated", "解除手续", "terminating"),
    ],
)
def test_b3_the_deadline_says_which_event_it_comes_from(event, zh, en):
    why = handler_deadline(event, DAY, CHINA).why
    assert why.zh.startswith(f"{zh} 2026-11-02 办结；")
    assert why.en.startswith(f"formalities of {en} finished on 2026-11-02; ")


def test_b3_a_month_after_the_verification_the_file_is_in_the_archive_room():
    deadline = archive_deadline(date(2026, 10, 28), CHINA)
    assert deadline.due == date(2026, 11, 30)
    assert deadline.why.zh.startswith("2026-10-28 核实；")
    assert archive_deadline(date(2026, 10, 28), CHINA, roll_over=False).due == date(2026, 11, 28)


def test_b3_nothing_else_starts_a_clock():
    assert EVENTS == ("signed", "amended", "performed", "terminated")
    with pytest.raises(TransitionRefused, match="drafted"):
        handler_deadline("drafted", DAY, CHINA)


@given(st.integers(-400, 400))
def test_b3_late_soon_and_later(days):
    near = urgency(DAY + timedelta(days=days), DAY)
    assert near.days == days
    assert near.word == ("late" if days <= -1 else "later" if days >= 8 else "soon")


def test_b3_the_receiving_side_accepts():
    done = Transfer("handler").hand_over("chen", HANDLER, DAY).accept("zhou", ADMIN, DAY)
    assert (done.state, done.handed_over_by, done.decided_by) == ("accepted", "chen", "zhou")
    done = Transfer("archive").hand_over("zhou", ADMIN, DAY).accept("wang", ARCHIVIST, DAY)
    assert done.state == "accepted"


def test_b3_or_returns_with_reasons_and_the_file_comes_again():
    back = Transfer("handler").hand_over("chen", HANDLER, DAY).send_back("zhou", ADMIN, DAY, " 缺验收记录 ")
    assert (back.state, back.return_reason) == ("returned", "缺验收记录")
    again = back.hand_over("chen", HANDLER, DAY + timedelta(days=1))
    assert (again.state, again.return_reason, again.decided_by) == ("handed_over", "", None)
    with pytest.raises(TransitionRefused, match="reason"):
        again.send_back("zhou", ADMIN, DAY + timedelta(days=1), "  ")


@pytest.mark.parametrize("stage", ["handler", "archive"])
def test_b3_each_side_needs_its_role_and_they_are_two_people(stage):
    giver, receiver = (HANDLER, ADMIN) if stage == "handler" else (ADMIN, ARCHIVIST)
    with pytest.raises(TransitionRefused, match="role"):
        Transfer(stage).hand_over("a", receiver if stage == "archive" else ["operator"], DAY)
    given_ = Transfer(stage).hand_over("a", giver, DAY)
    with pytest.raises(TransitionRefused, match="role"):
        given_.accept("b", ["handler", "operator"], DAY)
    with pytest.raises(TransitionRefused, match="someone else"):
        given_.accept("a", [*giver, *receiver], DAY)
    with pytest.raises(TransitionRefused, match="handed over only on"):
        given_.accept("b", receiver, DAY - timedelta(days=1))


def test_B3_whoever_signs_for_the_person_responsible_is_named_beside_them():
    given = Transfer("handler", responsible="chen").hand_over("chen", ["credit_administrator"], DAY)
    assert (given.handed_over_by, given.handed_over_for) == ("chen", None)
    for roles in (["handler"], ["operator"], ["archivist"]):
        with pytest.raises(TransitionRefused, match="chen hands this file over"):
            Transfer("handler", responsible="chen").hand_over("lin", roles, DAY)
    for role in ("credit_administrator", "department_head"):
        given = Transfer("handler", responsible="chen").hand_over("lin", [role], DAY)
        assert (given.handed_over_by, given.handed_over_for) == ("lin", "chen")
        for receiver in ("lin", "chen"):
            with pytest.raises(TransitionRefused, match="someone else must receive it"):
                given.accept(receiver, ["credit_administrator"], DAY)
    with pytest.raises(TransitionRefused, match="zhou hands this file over"):
        Transfer("archive", responsible="zhou").hand_over("lin", ["department_head"], DAY)
    given = Transfer("archive", responsible="zhou").hand_over("lin", ["credit_administrator"], DAY)
    again = given.send_back("wang", ["archivist"], DAY, "缺页").hand_over("zhou", ["credit_administrator"], DAY)
    assert (again.handed_over_by, again.handed_over_for) == ("zhou", None)


ALL = ["handler", "credit_administrator", "archivist"]
ALLOWED = {("pending", "hand_over"), ("returned", "hand_over"), ("handed_over", "accept"), ("handed_over", "send_back")}


@pytest.mark.parametrize("state", ["pending", "handed_over", "returned", "accepted"])
@pytest.mark.parametrize("action", ["hand_over", "accept", "send_back"])
def test_b3_no_other_transition_exists(state, action):
    transfer = Transfer("handler", state=state)
    extra = ("理由",) if action == "send_back" else ()
    if (state, action) in ALLOWED:
        assert getattr(transfer, action)("x", ALL, DAY, *extra).state != state
    else:
        with pytest.raises(TransitionRefused):
            getattr(transfer, action)("x", ALL, DAY, *extra)
