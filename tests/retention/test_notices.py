"""RULES Part B, Months: the holiday calendar is data, also of a year that the installed data does not know."""

from datetime import date

import pytest

from retention.adapters.china import ChinaCalendar
from retention.adapters.notices import NoticedCalendar, read_notices
from retention.calendar import month_deadline
from retention.errors import RetentionError

NOTICE = """
# 一份通知（例）
2066-01-01 rest  # 元旦，周五
2066-01-02 休
2066-01-03 休
2066-02-14 work
2026-01-01 work
"""
CHINA = ChinaCalendar()


def test_b3_a_deadline_in_a_year_of_a_notice_rolls_over_what_the_notice_names():
    calendar = NoticedCalendar(CHINA, read_notices(NOTICE))
    assert month_deadline(date(2065, 12, 1), CHINA).due == date(2066, 1, 1)  # a Friday, as far as weekends tell
    found = month_deadline(date(2065, 12, 1), calendar)
    assert found.due == date(2066, 1, 4)
    assert "no_holiday_data" not in {part.key for part in found.why.parts}
    assert month_deadline(date(2066, 1, 14), calendar).due == date(2066, 2, 14)  # a Sunday that is worked
    assert month_deadline(date(2026, 1, 31), calendar) == month_deadline(date(2026, 1, 31), CHINA)
    assert not calendar.covers(date(2067, 1, 1))
    assert calendar.is_workday(date(2066, 3, 1))
    assert calendar.is_workday(date(2026, 1, 1))  # the file is right where the two differ
    assert not CHINA.is_workday(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2066-01-01", "line 1"),
        ("\n2066-02-30 rest", "line 2"),
        ("2066-01-01 holiday", "line 1"),
        ("20660101 rest", "line 1"),
        ("2066-01-01 rest 元旦", "line 1"),
        ("2066-01-01 rest\n2066-01-01 work", "line 2: 2066-01-01 is named twice"),
    ],
)
def test_a_wrong_notice_is_refused_by_its_line(text, why):
    with pytest.raises(RetentionError, match=why):
        read_notices(text)
