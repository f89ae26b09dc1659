import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.dates import dates, typed_date
from search.folding import date_values, fold, forms, places

_DIGITS = "〇一二三四五六七八九"


def _small(number):
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (_DIGITS[ones] if ones else "")


_CAPITALS = "零壹贰叁肆伍陆柒捌玖"


def _bill(number, most):
    """Return a month or a day as bills demand it: with a zero before what could be made another by writing before it."""
    tens, ones = divmod(number, 10)
    written = (_CAPITALS[tens] + "拾" if tens else "") + (_CAPITALS[ones] if ones else "")
    return written if (most == 12 and 3 <= number <= 9) or 11 <= number <= 19 or (ones and tens) else "零" + written


def _counted(day):
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _written(day):
    english = day.strftime("%B")
    years = "".join(_DIGITS[int(digit)] for digit in str(day.year))
    capitals = "".join(_CAPITALS[int(digit)] for digit in str(day.year))
    return [
        f"{capitals}年{_bill(day.month, 12)}月{_bill(day.day, 31)}日",
        f"{day.year}年{_small(day.month)}月{_small(day.day).replace('二十', '廿').replace('三十', '卅')}日",
        f"{years.replace('〇', '零')}年{day.month}月{day.day}日",
        f"{day.year}年{day.month}月{_small(day.day)}日",
        f"{day.year}年{'元' if day.month == 1 else day.month}月{day.day}日",
        f"中华民国{day.year - 1911}年{day.month}月{day.day}日",
        f"{day:%d.%m.%Y}",
        f"the {_counted(day.day)} day of {english}, {day.year}".removeprefix("the "),
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month:02}.{day.day:02}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year} 年 {day.month} 月\n{day.day} 号",
        f"{day:%Y%m%d}",
        f"{years}年{_small(day.month)}月{_small(day.day)}日",
        f"{day.day} {english} {day.year}",
        f"{english[:3]}. {day.day}, {day.year}",
        f"{day.year}-{english[:3]}-{day.day:02}",
        *(
            [f"{day:%y}年{day.month}月{day.day}日", f"{years[2:]}年{_small(day.month)}月{_small(day.day)}日"]
            if day.year < 2050
            else []
        ),
        f"{years.replace('〇', 'O')}年{_small(day.month)}月{_small(day.day)}日",
        f"{years.replace('〇', '0')}年{day.month}月{day.day}日" if day.year % 100 else day.isoformat(),
    ]


@settings(deadline=None)  # a busy machine
@given(st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)))
def test_every_form_of_a_date_finds_every_other(day):
    written = _written(day)
    for typed, printed in zip(written, [*written[1:], written[0]], strict=True):
        wanted, text = forms(typed, exact=False), fold(f"签订于 {printed} ，地点上海")
        assert wanted.date == day.isoformat(), typed
        assert day.isoformat() in date_values(text), printed
        assert places(wanted, text), (typed, printed)


@pytest.mark.parametrize(
    "month", ["2026-02", "2026年2月", "2026/2", "2026.02", "Feb 2026", "february2026", "二〇二六年二月"]
)
def test_a_month_finds_its_days_and_no_others(month):
    wanted = forms(month, exact=False)
    assert places(wanted, fold("二〇二六年二月十九日"))
    assert places(wanted, fold("2026.02.19"))
    assert not places(wanted, fold("2026.03.19"))
    assert not places(wanted, fold("2025年2月19日"))
    for printed in (
        "2026.02",
        "2026-02 至",
        "2026/2，",
        "Feb. 2026",
        "February, 2026",
        "2026.2-2027.1",
        "2025.10-2026.2",
    ):
        assert places(wanted, fold(f"于{printed}")), printed
        assert not places(forms("2026年3月", exact=False), fold(f"于{printed}"))


@pytest.mark.parametrize(
    ("typed", "printed", "found"),
    [
        ("2026-02-19", "19/02/2026", True),
        ("2026-02-19", "02/19/2026", True),
        ("2026-04-03", "03/04/2026", True),
        ("2026-03-04", "03/04/2026", True),
        ("2026-03-04", "04.03.2026", True),
        ("2026-04-03", "04.03.2026", False),
        ("2026-02-19", "119/02/2026", False),
        ("2026年元月", "二〇二六年元月五日", True),
        ("2026-01", "2026年元月", True),
        ("2026-01-02", "2026年1月2\n0日", False),  # the line ends inside the day
        ("2026-01-02", "2026年1月2\n0件", True),
        ("1912-02-01", "民国元年二月一日", True),
        ("2026-02-20", "二〇二六年二月廿日", True),
        ("2020-10-01", "二0二0年10月1日", True),
        ("2020-10-01", "二O二O 年十月一日", True),
        ("2026-02-19", "19 Feb 2026", True),
        ("26.2.19", "2026年2月19日", True),
        ("26-02-19", "二〇二六年二月十九日", True),
        ("'26/2/19", "2026.02.19", True),
        ("26年2月19", "2026-02-19", True),
        ("2026-02-19", "26 年 2 月\n19 日", True),
        ("2026-02-19", "二六年二月十九日", True),
        ("1998-03-05", "98年3月5日", True),
        ("2026-02-19", "民国26年2月19日", False),
        ("2026-02-19", "126年2月19日", False),
        ("2026-02-01", "26年2月，1日", False),
        ("2026-02-01", "26年2月1\n9日", False),
        ("2026年2月", "价款2026.02元", False),  # an amount
        ("2026年2月", "HT-2026-02", False),  # a number, as are the next two
        ("2026年2月", "2026-02-A1", False),
        ("2026年2月", "1,2026.02", False),
        ("2026-03", "marketing 2026", False),
    ],
)
def test_dates_that_end_with_the_year_or_are_written_the_old_way(typed, printed, found):
    assert bool(places(forms(typed, exact=False), fold(f"于 {printed} 签"))) is found


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
