from datetime import date, timedelta

import pytest

from retention.errors import TransitionRefused
from retention.lending import AccessRequest

DAY = date(2026, 11, 2)
ASKED = AccessRequest("chen", "苏州云岭新材料科技有限公司", "核对付款条件", DAY)


def days(n):
    return DAY + timedelta(days=n)


def test_b6_a_file_is_lent_until_a_day_and_comes_back():
    lent = ASKED.grant("wang", DAY).lend(days(1), days(8))
    assert (lent.state, lent.lent_on, lent.due_back) == ("lent", days(1), days(8))
    assert [lent.days_overdue(days(n)) for n in (1, 8, 9, 20)] == [0, 0, 1, 12]
    back = lent.give_back(days(9), "whole")
    assert (back.state, back.returned_on) == ("returned", days(9))
    assert back.days_overdue(days(30)) == 0


def test_b6_a_return_before_the_loan_is_refused():
    with pytest.raises(TransitionRefused, match="cannot be returned"):
        ASKED.give_back(DAY, "whole")
    with pytest.raises(TransitionRefused, match="cannot be returned"):
        ASKED.grant("wang", DAY).give_back(DAY, "whole")
    with pytest.raises(TransitionRefused, match="before it was lent"):
        ASKED.grant("wang", DAY).lend(days(3), days(8)).give_back(days(2), "whole")


@pytest.mark.parametrize("missing", ["reader", "customer", "purpose"])
def test_b6_a_request_names_reader_customer_and_purpose(missing):
    with pytest.raises(TransitionRefused, match=missing):
        AccessRequest(**({"reader": "a", "customer": "b", "purpose": "c", "asked_on": DAY} | {missing: " "}))


def test_b6_nobody_decides_for_themselves_and_a_refusal_has_a_reason():
    with pytest.raises(TransitionRefused, match="someone else"):
        ASKED.grant("chen", DAY)
    with pytest.raises(TransitionRefused, match="reason"):
        ASKED.refuse("wang", "", DAY)
    assert ASKED.refuse("wang", "无业务关系", DAY).refusal == "无业务关系"


def test_b6_dates_stand_in_order():
    with pytest.raises(TransitionRefused, match="asked only"):
        ASKED.grant("wang", days(-1))
    with pytest.raises(TransitionRefused, match="granted only"):
        ASKED.grant("wang", days(2)).lend(days(1), days(9))
    with pytest.raises(TransitionRefused, match="before it was lent"):
        ASKED.grant("wang", DAY).lend(days(2), days(1))


STEPS = {
    "grant": lambda r: r.grant("wang", days(1)),
    "refuse": lambda r: r.refuse("wang", "x", days(1)),
    "lend": lambda r: r.lend(days(1), days(5)),
    "give_back": lambda r: r.give_back(days(3), "whole"),
}
MADE = {
    "asked": ASKED,
    "granted": ASKED.grant("wang", DAY),
    "refused": ASKED.refuse("wang", "x", DAY),
    "lent": ASKED.grant("wang", DAY).lend(days(1), days(5)),
    "returned": ASKED.grant("wang", DAY).lend(days(1), days(5)).give_back(days(2), "whole"),
}
ALLOWED = {("asked", "grant"), ("asked", "refuse"), ("granted", "lend"), ("lent", "give_back")}


@pytest.mark.parametrize("state", MADE)
@pytest.mark.parametrize("step", STEPS)
def test_b6_no_other_transition_exists(state, step):
    if (state, step) in ALLOWED:
        assert STEPS[step](MADE[state]).state != state
    else:
        with pytest.raises(TransitionRefused):
            STEPS[step](MADE[state])


def test_B6_a_return_says_what_the_check_found_and_what_is_wrong_if_not_all_is_there():
    lent = ASKED.grant("wang", DAY).lend(days(1), days(5))
    back = lent.give_back(days(2), "damaged", " 第 3 页撕破 ")
    assert (back.state, back.returned_as, back.return_note) == ("returned", "damaged", "第 3 页撕破")
    for found, note in (("", ""), ("fine", "x"), ("damaged", " "), ("lost", "")):
        with pytest.raises(TransitionRefused):
            lent.give_back(days(2), found, note)
