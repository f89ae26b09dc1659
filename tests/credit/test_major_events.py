"""A1.2: which warnings and which verified changes are major events."""

import pytest

from credit.freshness import MAJOR_EVENTS
from credit.major_events import WATCHED, event_of_change, event_of_warning
from credit.reasons import Reason
from credit.warnings import KINDS, SEVERITIES, RiskWarning


@pytest.mark.parametrize(
    ("kind", "subject", "severity", "event"),
    [
        ("expired", "licence:d1", "high", "licence_expired"),
        ("expired", "authorization:d1", "high", None),
        ("expiring", "licence:d1", "low", None),
        ("overdue_days", "", "high", "large_overdue_debt"),
        ("overdue_days", "", "medium", None),
        ("overdue_amount", "", "medium", "large_overdue_debt"),
        ("score_below", "", "high", None),
    ],
)
def test_A1_2_an_expired_licence_and_large_overdue_debt_are_major_events(kind, subject, severity, event):
    assert event_of_warning(RiskWarning(kind, subject, Reason("", ""), severity)) == event


@pytest.mark.parametrize(
    ("kind", "before", "after", "event"),
    [
        ("legal_representative", "赵明", "钱进", "legal_representative_changed"),
        ("legal_representative", "", "钱进", None),
        ("legal_representative", "赵明", "赵明", None),
        ("controller", "赵某", "孙某", "control_changed"),
        ("lawsuits", "", "被诉买卖合同纠纷", "lawsuit"),
        ("lawsuits", "无", "被诉买卖合同纠纷", "lawsuit"),
        ("lawsuits", "被诉买卖合同纠纷", "无", None),
        ("lawsuits", "", " None ", None),
        ("address", "北京", "上海", None),
    ],
)
def test_A1_2_a_verified_change_of_who_stands_for_a_company_and_a_lawsuit_are_major_events(kind, before, after, event):
    assert event_of_change(kind, before, after) == event


def test_every_event_that_is_found_is_one_that_people_may_record():
    found = {
        event_of_warning(RiskWarning(kind, subject, Reason("", ""), severity))
        for kind in KINDS
        for severity in SEVERITIES
        for subject in ("", "licence:1", "authorization:1")
    }
    found |= {event_of_change(kind, "甲", "乙") for kind in WATCHED}
    assert found - {None} < set(MAJOR_EVENTS)
    assert len(found) == 6
