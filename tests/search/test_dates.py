import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.dates import dates, typed_date
from search.folding import fold, forms, places

_DIGITS = "〇一二三四五六七八九"


def _small(number):
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (_DIGITS[ones] if ones else "")


def _written(day):
    english = day.strftime("%B")
    return [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month:02}.{day.day:02}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year} 年 {day.month} 月\n{day.day} 号",
        f"{day:%Y%m%d}",
        f"{''.join(_DIGITS[int(digit)] for digit in str(day.year))}年{_small(day.month)}月{_small(day.day)}日",
        f"{day.day} {english} {day.year}",
        f"{english[:3]}. {day.day}, {day.year}",
    ]


@given(st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)))
def test_every_form_of_a_date_finds_every_other(day):
    for typed in _written(day):
        for printed in _written(day):
            text = f"签订于 {printed} ，地点上海"
            assert places(forms(typed, exact=False), fold(text)), (typed, printed)


@pytest.mark.parametrize("month", ["2026-02", "2026年2月", "2026/2"])
def test_a_month_finds_its_days_and_no_others(month):
    wanted = forms(month, exact=False)
    assert places(wanted, fold("二〇二六年二月十九日"))
    assert places(wanted, fold("2026.02.19"))
    assert not places(wanted, fold("2026.03.19"))
    assert not places(wanted, fold("2025年2月19日"))


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2026-02-30", "12026-02-19", "2026-02-191", "1.2.3", "二〇二六年十三月", "十年", "20261301"]
)
def test_what_is_no_date_is_none(text):
    assert list(dates(fold(text).spaced)) == []
    assert typed_date(fold(text).chars) == ""


@given(st.text(alphabet="0123456789年月日号-/. 〇一二十feb", max_size=20))
def test_any_text_is_read_without_a_fault(text):
    for value, start, end in dates(fold(text).spaced):
        assert 0 <= start < end <= len(text)
        assert 7 <= len(value) <= 10
        typed_date(fold(text).chars)
