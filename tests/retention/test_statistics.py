"""B4: half-year statistics against a count made another way."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.errors import BadPeriod
from retention.statistics import (
    ArchiveFacts,
    ContractFacts,
    archive_figures,
    contract_figures,
    periods_due,
    report_period,
    total,
)

DAYS = st.dates(date(2024, 6, 1), date(2027, 3, 1))
MAYBE = st.none() | DAYS


@st.composite
def contracts(draw):
    signed = draw(MAYBE)
    ended = signed and draw(st.none() | st.integers(0, 400).map(lambda n: signed + timedelta(n)))
    return ContractFacts(
        unit=draw(st.sampled_from("ABC")),
        entered_on=draw(DAYS),
        currency=draw(st.sampled_from(["CNY", "USD"])),
        amount=draw(st.none() | st.integers(0, 10**9).map(lambda fen: Decimal(fen) / 100)),
        signed_on=signed,
        cancelled=signed is None and draw(st.booleans()),
        ended_on=ended,
        ended_as=draw(st.sampled_from(["performed", "terminated"])) if ended else "",
        amended_on=tuple(draw(st.lists(DAYS, max_size=3))) if signed else (),
        handed=tuple(draw(st.lists(st.tuples(DAYS, MAYBE), max_size=3))),
    )


CODES = st.sampled_from(["2025", "2025-H1", "2026", "2026-H1"])


def within(day, code):
    """The same period, told from the calendar: the year, and for a half the month."""
    return day is not None and str(day.year) == code[:4] and (len(code) == 4 or day.month <= 6)


def by_end(day, code):
    return day is not None and (day.year, day.month) <= (int(code[:4]), 6 if len(code) > 4 else 12)


@given(st.lists(contracts(), max_size=20), CODES)
def test_B4_contract_figures_are_those_of_an_independent_count(facts, code):
    found = contract_figures(facts, report_period(code))
    for unit in "ABC":
        mine = [f for f in facts if f.unit == unit]
        live = [f for f in mine if not f.cancelled]
        got = found.get(unit, Counter())
        signed = [f for f in live if within(f.signed_on, code)]
        running = [f for f in live if by_end(f.signed_on, code) and not by_end(f.ended_on, code)]
        assert got["signed", ""] == len(signed)
        assert got["unpriced", ""] == len([f for f in signed if f.amount is None])
        for currency in ("CNY", "USD"):
            for name, some in (("signed_amount", signed), ("running_amount", running)):
                assert got[name, currency] == sum(
                    (f.amount for f in some if f.currency == currency and f.amount), Decimal(0)
                )
        assert got["running", ""] == len(running)
        assert got["amended", ""] == len([d for f in live for d in f.amended_on if within(d, code)])
        for ending in ("performed", "terminated"):
            assert got[ending, ""] == len([f for f in live if f.ended_as == ending and within(f.ended_on, code)])
        assert got["cancelled", ""] == len([f for f in mine if f.cancelled and within(f.entered_on, code)])
        duties = [d for f in live for d in f.handed]
        open_ = [d for d in duties if by_end(d[0], code) and not by_end(d[1], code)]
        closed = [d for d in duties if within(d[0], code) and by_end(d[1], code)]
        assert got["not_handed", ""] == len(open_)
        assert got["handed_in_time", ""] == len([d for d in closed if d[1] <= d[0]])
        assert got["handed_late", ""] == len([d for d in closed if d[1] > d[0]])


@given(st.lists(contracts(), max_size=20), CODES)
def test_B4_a_company_is_the_sum_of_its_departments(facts, code):
    period = report_period(code)
    apart = total(contract_figures(facts, period).values())
    merged = [ContractFacts(**{**vars(f), "unit": "group"}) for f in facts]
    assert +apart == +contract_figures(merged, period).get("group", Counter())


@given(
    st.lists(
        st.builds(
            ArchiveFacts,
            unit=st.just("A"),
            archived_on=DAYS,
            retention=st.sampled_from(["Y", "D30", "D10"]),
            gone_on=MAYBE,
            transferred=st.booleans(),
            documents=st.integers(0, 9),
            pages=st.integers(0, 99),
            loans=st.lists(st.tuples(DAYS, MAYBE, MAYBE), max_size=3).map(tuple),
        ),
        max_size=20,
    ),
    CODES,
)
def test_B4_archive_figures_are_those_of_an_independent_count(facts, code):
    got = archive_figures(facts, report_period(code)).get("A", Counter())
    there = [f for f in facts if by_end(f.archived_on, code) and not by_end(f.gone_on, code)]
    for retention in ("Y", "D30", "D10"):
        assert got["held", retention] == len([f for f in there if f.retention == retention])
        assert got["archived", retention] == len(
            [f for f in facts if within(f.archived_on, code) and f.retention == retention]
        )
    assert (got["documents", ""], got["pages", ""]) == (sum(f.documents for f in there), sum(f.pages for f in there))
    gone = [f for f in facts if within(f.gone_on, code)]
    assert got["destroyed", ""] == len([f for f in gone if not f.transferred])
    assert got["transferred", ""] == len([f for f in gone if f.transferred])
    loans = [loan for f in facts for loan in f.loans]
    assert got["lent", ""] == len([x for x in loans if within(x[0], code)])
    assert got["returned", ""] == len([x for x in loans if within(x[2], code)])
    assert got["not_back", ""] == len([x for x in loans if by_end(x[1], code) and not by_end(x[2], code)])


def test_B4_reports_are_due_on_10_january_and_10_july():
    year, half = report_period("2025"), report_period("2026-H1")
    assert (year.first, year.last, year.due_on) == (date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 10))
    assert (half.first, half.last, half.due_on) == (date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 10))

    def codes(kind, since, today):
        return [period.code for period in periods_due(kind, since, today)]

    assert codes("contracts", date(2026, 1, 10), date(2026, 7, 1)) == ["2025", "2026-H1"]
    assert codes("contracts", date(2026, 1, 11), date(2026, 6, 30)) == []
    assert codes("analysis", date(2025, 3, 1), date(2027, 1, 1)) == ["2025", "2026"]


@pytest.mark.parametrize("code", ["", "2026-H2", "26", "2026-h1", "2026-01", "３０２６", "0999"])
def test_a_wrong_period_is_refused(code):
    with pytest.raises(BadPeriod, match="no period such as"):
        report_period(code)
