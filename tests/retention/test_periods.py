"""Periods and first days of destruction against a table checked by hand, row by row of RULES Part B (Retention); every deadline against the oracle."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from retention.adapters.china import ChinaCalendar
from retention.schedule import DEFAULT_SCHEDULE, Facts, due_on
from retention.transfer import EVENTS, archive_deadline, handler_deadline
from tests.retention import oracle
from tests.retention.test_dates import CASES as DEADLINES

# kind, amount, what else is true of the file, period, what started it, first day on which it may be destroyed
TABLE = """
contract 0            -           D10 2015-01-01 2026-01-01  the period starts with the next year, whatever the day
contract 0.01         -           D10 2015-12-31 2026-01-01
contract 1            -           D10 2016-01-01 2027-01-01
contract 49999        -           D10 2016-02-29 2027-01-01  a leap day
contract 49999.99     -           D10 2025-12-31 2036-01-01
contract 49999.99     -           D10 2026-01-01 2037-01-01
contract 100          -           D10 1999-12-31 2010-01-01
contract 100          -           D10 2000-01-01 2011-01-01
contract 50000        -           D30 2015-01-01 2046-01-01  the limit itself is an ordinary contract
contract 50000.00     -           D30 2015-12-31 2046-01-01
contract 50000.01     -           D30 2016-02-29 2047-01-01
contract 123456.78    -           D30 2020-06-30 2051-01-01
contract 999999.99    -           D30 2023-10-01 2054-01-01
contract 9999999      -           D30 2024-02-29 2055-01-01
contract 9999999.99   -           D30 2024-12-31 2055-01-01
contract 9999999.99   -           D30 2025-01-01 2056-01-01
contract unknown      -           D30 2015-06-30 2046-01-01  an unknown amount counts as ordinary
contract unknown      -           D30 2024-02-29 2055-01-01
contract unknown      -           D30 2026-12-31 2057-01-01
contract 10000000     -           Y   2015-06-30 never       the limit itself is a major contract
contract 10000000.00  -           Y   2024-02-29 never
contract 10000000.01  -           Y   2026-12-31 never
contract 1000000000   -           Y   1990-01-01 never
contract 0            major       Y   2015-06-30 never       major by its class
contract 49999.99     major       Y   2024-02-29 never
contract 50000        major       Y   2025-12-31 never
contract unknown      major       Y   2026-01-01 never
contract 10000000     major       Y   2026-01-01 never       twice major
contract 0            voucher     D30 2015-06-30 2046-01-01  original vouchers keep a minor contract thirty years
contract 49999.99     voucher     D30 2024-02-29 2055-01-01
contract 50000        voucher     D30 2015-12-31 2046-01-01
contract 9999999.99   voucher     D30 2016-01-01 2047-01-01
contract unknown      voucher     D30 2026-06-30 2057-01-01
contract 10000000     voucher     Y   2026-06-30 never       the longest wins
contract 1            voucher,major Y 2026-06-30 never
contract 0            other       D10 2015-06-30 2026-01-01  other accounting papers: ten years
contract 49999.99     other       D10 2024-02-29 2035-01-01
contract 50000        other       D30 2015-12-31 2046-01-01
contract unknown      other       D30 2026-06-30 2057-01-01
contract 10000000     other       Y   2026-06-30 never
contract 1            voucher,other D30 2026-06-30 2057-01-01
credit   unknown      -           D10 2015-01-01 2026-01-01  after the relationship ended
credit   unknown      -           D10 2015-12-31 2026-01-01
credit   unknown      -           D10 2016-02-29 2027-01-01
credit   unknown      -           D10 2024-12-31 2035-01-01
credit   unknown      -           D10 2025-01-01 2036-01-01
credit   unknown      -           D10 2026-11-26 2037-01-01
credit   20000000     -           D10 2026-11-26 2037-01-01  an amount is no matter of a credit file
credit   1            -           D10 2026-11-26 2037-01-01
credit   unknown      litigation  D30 2015-01-01 2046-01-01
credit   unknown      litigation  D30 2016-02-29 2047-01-01
credit   unknown      litigation  D30 2025-12-31 2056-01-01
credit   unknown      bad_debt    D30 2015-12-31 2046-01-01
credit   unknown      bad_debt    D30 2024-02-29 2055-01-01
credit   unknown      bad_debt    D30 2026-11-26 2057-01-01
credit   unknown      litigation,bad_debt D30 2026-11-26 2057-01-01
credit   unknown      voucher     D30 2026-11-26 2057-01-01
credit   unknown      other       D10 2026-11-26 2037-01-01
credit   unknown      litigation,other D30 2026-11-26 2057-01-01
credit   unknown      litigation,voucher D30 2014-03-31 2045-01-01
accounting unknown    -           D10 2015-12-31 2026-01-01  after the accounting year
accounting unknown    -           D10 2024-12-31 2035-01-01
accounting unknown    -           D10 2025-12-31 2036-01-01
accounting unknown    other       D10 2025-12-31 2036-01-01
accounting unknown    other       D10 1994-12-31 2005-01-01
accounting unknown    voucher     D30 1994-12-31 2025-01-01
accounting unknown    voucher     D30 1995-12-31 2026-01-01
accounting unknown    voucher     D30 2015-12-31 2046-01-01
accounting unknown    voucher     D30 2024-12-31 2055-01-01
accounting unknown    voucher,other D30 2025-12-31 2056-01-01
accounting 99         voucher     D30 2023-12-31 2054-01-01
contract 48000.00     -           D10 2026-11-20 2037-01-01
contract 32000000.00  -           Y   2026-11-20 never
contract 1234567.89   -           D30 1995-07-01 2026-01-01  due on the first day of 2026
contract 1234567.89   -           D30 1995-01-01 2026-01-01
contract 1234567.89   -           D30 1996-01-01 2027-01-01
contract 1234.56      -           D10 2014-12-31 2025-01-01
contract 1234.56      -           D10 2015-07-01 2026-01-01
credit   unknown      -           D10 2014-07-01 2025-01-01
credit   unknown      bad_debt    D30 1994-07-01 2025-01-01
credit   unknown      -           D10 2020-02-29 2031-01-01
contract 5000         -           D10 2020-02-29 2031-01-01
contract 500000       -           D30 2020-02-29 2051-01-01
"""
CASES = [line.split()[:6] for line in TABLE.strip().splitlines()]
CHINA = ChinaCalendar()
_DOCUMENTS = {"voucher": "accounting_voucher", "other": "accounting_other"}


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_each_row_of_the_schedule(case):
    kind, amount, more, code, trigger, first = case
    words = set(more.split(",")) - {"-"}
    facts = Facts(
        kind=kind,
        amount=None if amount == "unknown" else Decimal(amount),
        classes=frozenset(words & {"major"}),
        events=frozenset(words & {"litigation", "bad_debt"}),
        documents=frozenset(_DOCUMENTS[word] for word in words & _DOCUMENTS.keys()),
    )
    decision = DEFAULT_SCHEDULE.retention_for(facts)
    assert decision.code == code
    assert decision.why.zh
    assert due_on(date.fromisoformat(trigger), code) == (None if first == "never" else date.fromisoformat(first))


def test_the_tables_have_two_hundred_cases_and_every_rule_of_the_schedule_in_them():
    assert len({tuple(case) for case in CASES}) == len(CASES)
    assert len(CASES) + len(DEADLINES) >= 200
    won = set()
    for kind, amount, more, *_ in CASES:
        words = set(more.split(","))
        for rule in DEFAULT_SCHEDULE.rules:
            found = Facts(
                kind=kind,
                amount=None if amount == "unknown" else Decimal(amount),
                classes=frozenset(words & {"major"}),
                events=frozenset(words & {"litigation", "bad_debt"}),
                documents=frozenset(_DOCUMENTS[word] for word in words & _DOCUMENTS.keys()),
            )
            if rule.applies(found):
                won.add(rule.name)
    assert won == {rule.name for rule in DEFAULT_SCHEDULE.rules}


def test_b3_every_day_of_three_years_has_the_deadline_of_the_oracle():
    day, last = date(2023, 12, 1), date(2026, 11, 30)
    while day <= last:
        expected = oracle.deadline(day)
        assert {handler_deadline(event, day, CHINA).due for event in EVENTS} == {expected}, day
        assert archive_deadline(day, CHINA).due == expected, day
        day += timedelta(days=1)


def test_b3_the_working_days_of_three_years_are_those_of_the_notices():
    for year in oracle.YEARS:
        day = date(year, 1, 1)
        while day.year == year:
            assert CHINA.is_workday(day) == oracle.worked(day), day
            day += timedelta(days=1)
