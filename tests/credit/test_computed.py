"""Indicators that are computed, grades set by people, the credit line, and a scorecard held against the portfolio."""

from datetime import date
from decimal import Decimal
from itertools import product
from random import Random

import pytest

from credit.credit_line import LineRule, propose_line
from credit.default_card import EXAMPLE_SCORECARD
from credit.errors import BadScorecard, CreditError
from credit.financials import Statements, altman_z, current_ratio, debt_to_assets, net_margin, quick_ratio
from credit.indicators import COMPUTATIONS, Known, years_in_business
from credit.override import Override, rate
from credit.portfolio import back_test, compare
from credit.receivables import Invoice, Receipt, behaviour, settle
from credit.scorecard import GRADES, Input, Scorecard, assess

TODAY = date(2026, 11, 26)
D = Decimal
YEAR = Statements(
    total_assets=D(1000), current_assets=D(500), inventory=D(200), total_debts=D(600), current_debts=D(300),
    equity=D(400), retained=D(150), turnover=D(1200), earnings_before=D(90), net_profit=D(60),
)  # fmt: skip


def test_a1_1_the_figures_of_a_year():
    assert (debt_to_assets(YEAR), current_ratio(YEAR), quick_ratio(YEAR)) == (60, D("1.6667"), 1)
    assert net_margin(YEAR) == 5
    # 6.56 x 0.2 + 3.26 x 0.15 + 6.72 x 0.09 + 1.05 x 400/600
    assert altman_z(YEAR) == D("3.11")


def test_a1_1_a_figure_without_its_parts_is_not_known():
    known = Known(TODAY)
    assert {code: made.of(known) for code, made in COMPUTATIONS.items()} == dict.fromkeys(COMPUTATIONS)
    assert debt_to_assets(Statements(total_debts=D(5), total_assets=D(0))) is None


@pytest.mark.parametrize(
    "given",
    [
        {"total_assets": D(-1)},
        {"turnover": D("NaN")},
        {"total_assets": D(5), "current_assets": D(6)},
        {"current_assets": D(5), "inventory": D(6)},
        {"total_debts": D(5), "current_debts": D(6)},
    ],
)
def test_statements_that_cannot_be_are_refused(given):
    with pytest.raises(CreditError):
        Statements(**given)


def test_a1_1_computed_values_come_from_the_books_and_the_licence():
    ledger = settle(
        [Invoice("F1", date(2026, 1, 1), date(2026, 1, 31), D(100)), Invoice("F2", date(2026, 9, 1), date(2027, 1, 1), D(300))],
        [Receipt("S1", date(2026, 2, 10), D(60))],
        TODAY,
    )  # fmt: skip
    known = Known(TODAY, behaviour(ledger, TODAY), YEAR, date(2019, 11, 27), D(3400))
    values = {code: made.of(known) for code, made in COMPUTATIONS.items()}
    assert values["days_beyond_terms"] == D("125.60")  # 60 x 10 days and 40 x 299 days
    assert values["overdue_share"] == D("11.76")  # 40 of 340
    assert (values["oldest_overdue"], values["long_overdue_share"]) == (299, D("11.76"))
    assert values["concentration"] == 10
    assert values["years_in_business"] == 6  # the seventh year is full tomorrow


@pytest.mark.parametrize(
    ("start", "years"),
    [("2026-11-26", 0), ("2025-11-26", 1), ("2025-11-27", 0), ("2020-02-29", 6), ("2026-11-27", None)],
)
def test_a1_1_years_in_business_are_whole_years(start, years):
    assert years_in_business(Known(TODAY, established_on=date.fromisoformat(start))) == years


def good(days):
    return {
        "payment_history": Input(D(days)),
        "financial_condition": Input(D(30)),
        "industry_position": Input("strong"),
        "operating_stability": Input(D(12)),
    }


def test_a1_1_a_grade_set_by_a_person_needs_a_reason_and_stays_within_the_limit():
    made = assess(EXAMPLE_SCORECARD, good(20))
    assert made.grade == "A"
    assert rate(made, None, 1, 3) == rate(made, None, 0, 0)
    down = rate(made, Override("BB", "周敏", "涉诉"), 1, 3)
    assert (down.grade, down.notches, down.assessment.grade) == ("BB", -2, "A")
    assert rate(made, Override("AA", "周敏", "母公司担保"), 1, 3).notches == 1
    for bad in (Override("AAA", "周敏", "熟人"), Override("CCC", "周敏", "涉诉"), Override("BB", " ", "涉诉"),
                Override("BB", "周敏", ""), Override("Z", "周敏", "涉诉")):  # fmt: skip
        with pytest.raises(CreditError):
            rate(made, bad, 1, 3)


RULE = LineRule("net_assets", {"AAA": D(20), "A": D(10), "BBB": D("7.5")}, {"AAA": D(5_000_000), "A": D(1_000_000)})


@pytest.mark.parametrize(
    ("grade", "base", "line"),
    [
        ("AAA", "10000000", "2000000"),
        ("AAA", "99000000", "5000000"),  # the ceiling
        ("A", "123456.78", "10000"),  # 12,345.68 down to whole ten thousands
        ("BBB", "999999999.99", "74990000"),
        ("D", "10000000", "0"),
        ("A", "-5", "0"),
        ("A", None, "0"),
    ],
)
def test_the_credit_line_is_a_share_of_a_figure_with_a_ceiling(grade, base, line):
    made = propose_line(RULE, grade, None if base is None else D(base))
    assert made.line == D(line)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LineRule("net_assets", {"A": D(10), "AA": D(5)}, {}),
        lambda: LineRule("net_assets", {"A": D(-1)}, {}),
        lambda: LineRule("net_assets", {}, {"A": D("NaN")}),
        lambda: LineRule("net_assets", {"Z": D(1)}, {}),
        lambda: LineRule("profit", {}, {}),
        lambda: LineRule("net_assets", {}, {}, D(0)),
    ],
)
def test_a_line_rule_that_is_not_consistent_is_refused(make):
    with pytest.raises(BadScorecard):
        make()


def test_what_if_lists_who_would_move_and_who_cannot_be_assessed():
    first, *rest = EXAMPLE_SCORECARD.indicators
    from dataclasses import replace

    harder = Scorecard("harder", (replace(first, weight=D(60)), replace(rest[0], weight=D(10)), *rest[1:]), EXAMPLE_SCORECARD.grades)  # fmt: skip
    portfolio = {"C1": good(0), "C2": good(20), "C3": good(45), "C4": {"industry_position": Input("weak")}}
    made = compare(EXAMPLE_SCORECARD, harder, portfolio)
    moved = {row.customer: (row.before[1], row.after[1]) for row in made.moved}
    for customer in ("C1", "C2", "C3"):
        grades = tuple(assess(card, portfolio[customer]).grade for card in (EXAMPLE_SCORECARD, harder))
        assert moved.get(customer, grades) == grades
        assert (customer in moved) == (grades[0] != grades[1])
        assert made.matrix[grades] >= 1
    assert moved
    assert sum(made.matrix.values()) == 3
    assert [(row.customer, "no data" in row.why) for row in made.refused] == [("C4", True)]


def test_the_back_test_equals_counting_every_pair():
    random = Random(7)
    for _ in range(60):
        outcomes = []
        for _ in range(random.randint(2, 40)):
            score = D(random.randint(0, 12) * 8)
            outcomes.append((score, EXAMPLE_SCORECARD.grade(score), random.random() < 0.5))
        bad = [score for score, _, defaulted in outcomes if defaulted]
        fine = [score for score, _, defaulted in outcomes if not defaulted]
        if not bad or not fine:
            with pytest.raises(CreditError):
                back_test(outcomes)
            continue
        made = back_test(outcomes)
        pairs = [(f > b) - (f < b) for f, b in product(fine, bad)]
        assert abs(made.gini - D(sum(pairs)) / len(pairs)) <= D("0.00005")
        gaps = [
            abs(D(sum(b <= s for b in bad)) / len(bad) - D(sum(f <= s for f in fine)) / len(fine))
            for s in {score for score, _, _ in outcomes}
        ]
        assert abs(made.ks - max(gaps)) <= D("0.00005")
        shares = [D(made.rates[g][1]) / made.rates[g][0] for g in GRADES if g in made.rates]
        assert made.ranked == (shares == sorted(shares))
