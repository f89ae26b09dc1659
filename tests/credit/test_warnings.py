from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import CreditError
from credit.warnings import CustomerState, Validity, WarningLines, warnings_for

TODAY = date(2026, 11, 25)
LINES = WarningLines()
OFF = WarningLines(
    score_below=None, score_drop=None, overdue_days=None, overdue_amount=None, line_used=None, expiry_days=None
)


def day(n):
    return TODAY + timedelta(days=n)


def kinds(lines=LINES, **state):
    return [warning.kind for warning in warnings_for(lines, CustomerState(**state), TODAY)]


def test_a4_1_a_sound_customer_gives_no_warning():
    sound = CustomerState(
        scores=[(day(-10), Decimal(85))],
        validities=[Validity("licence", "d1", None), Validity("authorization", "d2", day(31))],
        due={"name": day(0)},
        exposure=Decimal(90),
        credit_line=Decimal(100),
    )
    assert warnings_for(LINES, sound, TODAY) == []


@given(st.integers(-400, 400), st.integers(0, 90), st.sampled_from(["licence", "authorization"]))
def test_a4_1_a_licence_or_authorization_warns_before_its_end_and_after_it(days, ahead, kind):
    state = CustomerState(validities=[Validity(kind, "d1", day(days))])
    found = warnings_for(replace(LINES, expiry_days=ahead), state, TODAY)
    expected = ["expired"] if days < 0 else ["expiring"] if days <= ahead else []
    assert [warning.kind for warning in found] == expected
    assert all(warning.subject == f"{kind}:d1" for warning in found)


def test_a4_1_the_warning_says_why():
    state = CustomerState(validities=[Validity("licence", "d1", day(5)), Validity("authorization", "d2", day(-1))])
    assert [str(w.why) for w in warnings_for(LINES, state, TODAY)] == [
        "licence ends on 2026-11-30, in 5 days",
        "authorization expired on 2026-11-24",
    ]
    assert warnings_for(LINES, state, TODAY)[0].why.zh == "营业执照 2026-11-30 到期，还有 5 天"


@pytest.mark.parametrize(("score", "warns"), [("59.99", True), ("60", False), ("60.01", False), ("0", True)])
def test_a4_1_a_score_below_the_line(score, warns):
    assert kinds(scores=[(day(0), Decimal(score))]) == ["score_below"] * warns


def test_a4_1_only_the_last_score_known_today_counts():
    assert kinds(scores=[(day(-500), Decimal(90)), (day(-400), Decimal(40)), (day(1), Decimal(90))]) == ["score_below"]


@pytest.mark.parametrize(
    ("scores", "warns"),
    [
        ([(-10, 90), (0, 80)], True),
        ([(-10, 90), (0, 81)], False),
        ([(-180, 95), (-100, 85), (0, 84)], True),
        ([(-400, 95), (-181, 85), (0, 80)], False),
        ([(-400, 95), (0, 80)], True),
        ([(-10, 70), (0, 90)], False),
        ([(-10, 90), (-5, 70), (0, 85)], False),
    ],
)
def test_a4_1_a_drop_within_the_period(scores, warns):
    made = [(day(n), Decimal(score)) for n, score in scores]
    assert ("score_drop" in kinds(scores=made)) == warns


def test_a4_1_overdue_days_and_amount():
    assert kinds(overdue_days=29) == []
    assert kinds(overdue_days=30) == ["overdue_days"]
    lines = replace(LINES, overdue_amount=Decimal(1000), overdue_days=None)
    assert kinds(lines, overdue_amount=Decimal("999.99")) == []
    assert kinds(lines, overdue_amount=Decimal(1000)) == ["overdue_amount"]
    assert kinds(replace(lines, overdue_amount=Decimal(0), overdue_days=0)) == []


def test_a4_1_credit_line_used():
    assert kinds(exposure=Decimal(90), credit_line=Decimal(100)) == []
    assert kinds(exposure=Decimal("90.01"), credit_line=Decimal(100)) == ["line_used"]
    assert kinds(exposure=Decimal(1), credit_line=Decimal(0)) == ["line_used"]
    assert kinds(exposure=Decimal(1)) == []


def test_a4_1_stale_key_information():
    found = warnings_for(LINES, CustomerState(due={"name": day(-1), "address": day(0), "lawsuits": day(-9)}), TODAY)
    assert [(w.kind, w.subject) for w in found] == [
        ("stale_key_information", "name"),
        ("stale_key_information", "lawsuits"),
    ]
    later = replace(LINES, stale_days=5)
    assert [w.subject for w in warnings_for(later, CustomerState(due={"a": day(-5), "b": day(-6)}), TODAY)] == ["b"]
    due = CustomerState(due={"lawsuits": day(-9), "our_own": day(-9)})
    said = [w.why for w in warnings_for(LINES, due, TODAY)]
    assert [why.zh.split("应在")[0] for why in said] == ["诉讼", "our_own"], "each says what is to be renewed"
    assert said[0].en.startswith("lawsuits: ")


def test_a4_1_a_line_that_is_off_is_silent():
    bad = CustomerState(
        scores=[(day(-10), Decimal(90)), (day(0), Decimal(1))],
        validities=[Validity("licence", "d", day(-5))],
        overdue_days=999,
        overdue_amount=Decimal(10**9),
        exposure=Decimal(10),
        credit_line=Decimal(1),
    )
    assert warnings_for(OFF, bad, TODAY) == []
    assert {w.kind for w in warnings_for(replace(LINES, overdue_amount=Decimal(1)), bad, TODAY)} == {
        "score_below",
        "score_drop",
        "expired",
        "overdue_days",
        "overdue_amount",
        "line_used",
    }


def test_a4_1_no_warning_stands_twice_under_one_key():
    state = CustomerState(
        validities=[Validity(k, s, day(-1)) for k in ("licence", "authorization") for s in ("d1", "d2")]
    )
    keys = [(w.kind, w.subject) for w in warnings_for(LINES, state, TODAY)]
    assert len(set(keys)) == len(keys) == 4


@pytest.mark.parametrize(
    "change", [{"score_below": Decimal(-1)}, {"expiry_days": -1}, {"drop_days": -1}, {"line_used": Decimal(-1)}]
)
def test_a4_1_a_negative_line_is_refused(change):
    with pytest.raises(CreditError):
        WarningLines(**change)
