"""Deadlines against a table checked by hand, on the holiday notices of the State Council for 2024, 2025 and 2026."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.adapters.china import ChinaCalendar
from retention.calendar import add_month, month_deadline
from retention.errors import RetentionError

CHINA = ChinaCalendar()

# event, one month later, last day in time
TABLE = """
2026-03-10 2026-04-10 2026-04-10  plain Friday
2026-10-20 2026-11-20 2026-11-20
2026-10-27 2026-11-27 2026-11-27
2026-10-28 2026-11-28 2026-11-30  Saturday
2026-10-29 2026-11-29 2026-11-30  Sunday
2026-10-30 2026-11-30 2026-11-30
2026-10-31 2026-11-30 2026-11-30  no 31 November
2026-11-14 2026-12-14 2026-12-14
2026-11-30 2026-12-30 2026-12-30  the 30th, not the month's end
2026-01-31 2026-02-28 2026-02-28  Saturday, adjusted working day
2026-01-30 2026-02-28 2026-02-28
2026-01-29 2026-02-28 2026-02-28
2026-01-28 2026-02-28 2026-02-28
2026-01-27 2026-02-27 2026-02-27
2025-01-31 2025-02-28 2025-02-28  common year, Friday
2025-01-30 2025-02-28 2025-02-28
2025-01-29 2025-02-28 2025-02-28
2025-01-28 2025-02-28 2025-02-28
2024-01-31 2024-02-29 2024-02-29  leap year
2024-01-30 2024-02-29 2024-02-29
2024-01-29 2024-02-29 2024-02-29
2024-01-28 2024-02-28 2024-02-28
2024-02-29 2024-03-29 2024-03-29  from a leap day
2024-02-28 2024-03-28 2024-03-28
2025-02-28 2025-03-28 2025-03-28
2026-02-28 2026-03-28 2026-03-30  Saturday
2026-03-31 2026-04-30 2026-04-30
2026-03-30 2026-04-30 2026-04-30
2026-05-31 2026-06-30 2026-06-30
2026-08-31 2026-09-30 2026-09-30
2025-08-31 2025-09-30 2025-09-30
2024-08-31 2024-09-30 2024-09-30
2024-03-31 2024-04-30 2024-04-30
2025-03-31 2025-04-30 2025-04-30
2024-05-31 2024-06-30 2024-07-01  Sunday, into the next month
2025-05-31 2025-06-30 2025-06-30
2024-10-31 2024-11-30 2024-12-02  Saturday, into the next month
2025-10-31 2025-11-30 2025-12-01  Sunday, into the next month
2024-12-31 2025-01-31 2025-02-05  Spring Festival, over the year
2025-12-31 2026-01-31 2026-02-02  Saturday
2023-12-31 2024-01-31 2024-01-31
2025-07-31 2025-08-31 2025-09-01  Sunday
2026-07-31 2026-08-31 2026-08-31
2026-06-30 2026-07-30 2026-07-30
2025-12-01 2026-01-01 2026-01-04  New Year, next working day is a Sunday
2025-12-02 2026-01-02 2026-01-04
2025-12-03 2026-01-03 2026-01-04
2025-12-04 2026-01-04 2026-01-04  Sunday, adjusted working day
2025-12-05 2026-01-05 2026-01-05
2024-12-01 2025-01-01 2025-01-02  New Year
2023-12-01 2024-01-01 2024-01-02
2023-12-30 2024-01-30 2024-01-30
2024-01-03 2024-02-03 2024-02-04  Saturday before an adjusted Sunday
2024-01-04 2024-02-04 2024-02-04
2024-01-09 2024-02-09 2024-02-09  New Year's Eve 2024 is worked
2024-01-10 2024-02-10 2024-02-18  Spring Festival 2024, back on an adjusted Sunday
2024-01-13 2024-02-13 2024-02-18
2024-01-17 2024-02-17 2024-02-18
2024-01-18 2024-02-18 2024-02-18
2024-01-19 2024-02-19 2024-02-19
2024-12-25 2025-01-25 2025-01-26  Saturday before an adjusted Sunday
2024-12-26 2025-01-26 2025-01-26
2024-12-27 2025-01-27 2025-01-27
2024-12-28 2025-01-28 2025-02-05  Spring Festival 2025
2025-01-01 2025-02-01 2025-02-05
2025-01-04 2025-02-04 2025-02-05
2025-01-05 2025-02-05 2025-02-05
2025-01-08 2025-02-08 2025-02-08  adjusted Saturday
2025-01-09 2025-02-09 2025-02-10  Sunday
2026-01-13 2026-02-13 2026-02-13
2026-01-14 2026-02-14 2026-02-14  adjusted Saturday
2026-01-15 2026-02-15 2026-02-24  Spring Festival 2026, nine days
2026-01-17 2026-02-17 2026-02-24
2026-01-21 2026-02-21 2026-02-24
2026-01-23 2026-02-23 2026-02-24
2026-01-24 2026-02-24 2026-02-24
2024-03-04 2024-04-04 2024-04-07  Tomb-sweeping Day, back on an adjusted Sunday
2024-03-06 2024-04-06 2024-04-07
2024-03-07 2024-04-07 2024-04-07
2025-03-04 2025-04-04 2025-04-07
2026-03-04 2026-04-04 2026-04-07
2026-03-06 2026-04-06 2026-04-07  Monday, holiday
2024-03-28 2024-04-28 2024-04-28  adjusted Sunday
2024-04-01 2024-05-01 2024-05-06  Labour Day
2024-04-11 2024-05-11 2024-05-11  adjusted Saturday
2024-04-12 2024-05-12 2024-05-13
2025-03-27 2025-04-27 2025-04-27  adjusted Sunday
2025-04-01 2025-05-01 2025-05-06
2025-04-05 2025-05-05 2025-05-06
2026-04-01 2026-05-01 2026-05-06
2026-04-09 2026-05-09 2026-05-09  adjusted Saturday
2026-04-10 2026-05-10 2026-05-11
2024-05-10 2024-06-10 2024-06-11  Dragon Boat Festival
2024-05-08 2024-06-08 2024-06-11  Saturday, Sunday, holiday
2025-04-30 2025-05-30 2025-05-30
2025-05-01 2025-06-01 2025-06-03
2025-05-02 2025-06-02 2025-06-03
2026-05-19 2026-06-19 2026-06-22
2024-08-14 2024-09-14 2024-09-14  adjusted Saturday
2024-08-15 2024-09-15 2024-09-18  Mid-autumn
2024-08-29 2024-09-29 2024-09-29  adjusted Sunday
2024-09-01 2024-10-01 2024-10-08  National Day
2024-09-12 2024-10-12 2024-10-12  adjusted Saturday
2024-09-13 2024-10-13 2024-10-14
2025-08-28 2025-09-28 2025-09-28  adjusted Sunday
2025-09-01 2025-10-01 2025-10-09  National Day and Mid-autumn together
2025-09-08 2025-10-08 2025-10-09
2025-09-11 2025-10-11 2025-10-11  adjusted Saturday
2026-08-20 2026-09-20 2026-09-20  adjusted Sunday
2026-08-25 2026-09-25 2026-09-28  Mid-autumn
2026-09-01 2026-10-01 2026-10-08  National Day
2026-09-10 2026-10-10 2026-10-10  adjusted Saturday
2026-09-30 2026-10-30 2026-10-30
2024-01-11 2024-02-11 2024-02-18  Spring Festival 2024, day by day
2024-01-12 2024-02-12 2024-02-18
2024-01-16 2024-02-16 2024-02-18
2024-12-29 2025-01-29 2025-02-05  Spring Festival 2025
2024-12-30 2025-01-30 2025-02-05
2025-01-02 2025-02-02 2025-02-05
2025-01-06 2025-02-06 2025-02-06
2026-01-16 2026-02-16 2026-02-24  Spring Festival 2026
2026-01-22 2026-02-22 2026-02-24
2026-01-25 2026-02-25 2026-02-25
"""
CASES = [tuple(map(date.fromisoformat, line.split()[:3])) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("event", "nominal", "due"), CASES, ids=lambda day: day.isoformat())
def test_b3_a_month_after_each_day_of_the_table(event, nominal, due):
    deadline = month_deadline(event, CHINA)
    assert (deadline.nominal, deadline.due) == (nominal, due)
    off = month_deadline(event, CHINA, roll_over=False)
    assert (off.nominal, off.due) == (nominal, nominal)


def test_the_table_is_long_enough_and_has_no_case_twice():
    assert len({event for event, _, _ in CASES}) == len(CASES) >= 80


def month_later_by_counting(event: date) -> date:
    """The last of the 28 to 31 days ahead that lies in the next month and has no higher day number."""
    ahead = [event + timedelta(days=n) for n in range(28, 32)]
    return max(
        day
        for day in ahead
        if day.month != event.month and day.month % 12 == (event.month + 1) % 12 and day.day <= event.day
    )


@given(st.dates(max_value=date(9999, 11, 30)))
def test_b3_add_month_agrees_with_counting_days(day):
    assert add_month(day) == month_later_by_counting(day)


@given(st.dates(date(2003, 1, 1), date(2030, 12, 31)))
def test_b3_a_deadline_is_the_first_working_day_from_the_nominal_day(event):
    deadline = month_deadline(event, CHINA)
    assert CHINA.is_workday(deadline.due)
    between = [deadline.nominal + timedelta(days=n) for n in range((deadline.due - deadline.nominal).days)]
    assert not any(CHINA.is_workday(day) for day in between)
    assert deadline.why.zh
    assert deadline.why.en


@given(st.dates(date(2004, 1, 1), date(2026, 10, 31)), st.integers(0, 40))
def test_b3_a_later_event_is_never_due_earlier(event, shift):
    assert month_deadline(event, CHINA).due <= month_deadline(event + timedelta(days=shift), CHINA).due


def test_there_is_no_month_after_the_last_one():
    with pytest.raises(ValueError, match="no month after 9999-12"):
        add_month(date(9999, 12, 1))


def test_outside_the_years_with_data_only_weekends_rest_and_the_reason_says_so():
    assert CHINA.covers(date(2026, 10, 1))
    assert CHINA.covers(date(2004, 1, 1))
    assert not CHINA.covers(date(2003, 12, 31))
    far = date(2040, 10, 1)  # National Day, a Monday
    assert not CHINA.covers(far)
    assert CHINA.is_workday(far)
    deadline = month_deadline(date(2040, 9, 1), CHINA)
    assert deadline.due == far
    assert "2040 年无节假日安排数据" in deadline.why.zh
    assert "no holiday data for 2040" in deadline.why.en


def test_the_reason_says_what_happened_to_the_day():
    def zh(event, **kw):
        return month_deadline(event, CHINA, **kw).why.zh

    assert (
        zh(date(2026, 10, 28))
        == "一个月后的对应日为 2026-11-28；2026-11-28（周六）为休息日，顺延至下一工作日 2026-11-30"
    )
    assert "下月没有 31 日" in zh(date(2026, 1, 31))
    assert "调休上班日" in zh(date(2026, 1, 31))
    assert "按设置不顺延" in zh(date(2026, 10, 28), roll_over=False)
    assert zh(date(2026, 10, 27)) == "一个月后的对应日为 2026-11-27"


def test_a_calendar_without_working_days_is_refused():
    class Never:
        def is_workday(self, day):
            return False

    with pytest.raises(RetentionError, match="no working day"):
        month_deadline(date(2026, 1, 1), Never())
