from dataclasses import asdict, replace
from decimal import Decimal, getcontext, localcontext
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.default_card import EXAMPLE_SCORECARD
from credit.errors import BadScorecard, CreditError
from credit.scorecard import GRADES, Band, Indicator, Input, Scorecard, assess, recompute

GRADE_SCALE = EXAMPLE_SCORECARD.grades


def band(low, high, points):
    return Band(None if low is None else Decimal(low), None if high is None else Decimal(high), Decimal(points))


def indicator(code="x", weight="100", **kw):
    kw = kw or {"bands": (band(None, "10", 0), band("10", None, 100))}
    return Indicator(code, code, code, Decimal(weight), **kw)


@st.composite
def cards(draw):
    """Scorecards with any weights that sum to 100.0000, numeric and categorical indicators mixed."""
    count = draw(st.integers(1, 5))
    cuts = sorted(draw(st.sets(st.integers(1, 999_999), min_size=count - 1, max_size=count - 1)))
    weights = [Decimal(b - a).scaleb(-4) for a, b in zip([0, *cuts], [*cuts, 1_000_000], strict=True)]
    points = st.integers(0, 1_000_000).map(lambda n: Decimal(n).scaleb(-4))
    made = []
    for i, weight in enumerate(weights):
        missing = draw(points)
        kind = draw(st.sampled_from(["bands", "choices", "curve", "expert"]))
        if kind == "curve":
            edges = sorted(draw(st.sets(st.decimals(-1000, 1000, places=2), min_size=2, max_size=5)))
            curve = tuple((edge, draw(points)) for edge in edges)
            made.append(Indicator(f"i{i}", "", "", weight, curve=curve, missing_points=missing))
        elif kind == "expert":
            made.append(Indicator(f"i{i}", "", "", weight, expert=True, missing_points=missing))
        elif kind == "bands":
            edges = sorted(draw(st.sets(st.decimals(-1000, 1000, places=2), min_size=1, max_size=4)))
            bands = tuple(Band(a, b, draw(points)) for a, b in zip([None, *edges], [*edges, None], strict=True))
            made.append(Indicator(f"i{i}", "", "", weight, bands=bands, missing_points=missing))
        else:
            choices = {f"c{n}": draw(points) for n in range(draw(st.integers(1, 4)))}
            made.append(Indicator(f"i{i}", "", "", weight, choices=choices, missing_points=missing))
    return Scorecard("random", tuple(made), GRADE_SCALE)


@st.composite
def cards_with_inputs(draw):
    card = draw(cards())
    inputs = {}
    for item in card.indicators:
        value = st.sampled_from(sorted(item.choices)) if item.choices else st.decimals(-2000, 2000, places=3)
        if item.expert:
            value = st.decimals(0, 100, places=4)
        inputs[item.code] = Input(draw(st.none() | value), ("doc-1",), "周敏", "走访")
    return card, inputs


def on_curve(curve, x):
    """Points by the two-point form of a line, rounded half up at the fourth digit."""
    if x < curve[0][0] or x > curve[-1][0]:
        return curve[0][1] if x < curve[0][0] else curve[-1][1]
    for n in range(len(curve) - 1):
        (a, pa), (b, pb) = ((Fraction(v), Fraction(p)) for v, p in curve[n : n + 2])
        if a <= x <= b:
            exact = (pa * (b - x) + pb * (x - a)) / (b - a)
            return Fraction((exact * 20_000 + 1) // 2, 10_000)
    raise AssertionError(x)


def oracle(card, inputs):
    """The score by fractions and by looking at every band, not by decimals."""
    total = Fraction(0)
    for item in card.indicators:
        value = inputs[item.code].value
        if value is None:
            points = item.missing_points
        elif item.choices:
            points = item.choices[value]
        elif item.expert:
            points = value
        elif item.curve:
            points = on_curve(item.curve, Fraction(value))
        else:
            low_enough = [b for b in item.bands if b.low is None or Fraction(b.low) <= Fraction(value)]
            points = low_enough[-1].points
        total += Fraction(points) * Fraction(item.weight) / 100
    return total


@settings(max_examples=300)
@given(cards_with_inputs())
def test_a1_1_the_score_equals_an_independent_computation(made):
    card, inputs = made
    assessment = assess(card, inputs)
    exact = oracle(card, inputs)
    assert Fraction(assessment.exact) == exact
    assert assessment.score == Decimal(int(exact * 100 + Fraction(1, 2))).scaleb(-2)
    assert sum((line.contribution for line in assessment.lines), Decimal(0)) == assessment.exact
    assert assessment.grade == next(grade for grade, low in GRADE_SCALE if assessment.score >= low)


@settings(max_examples=300)
@given(cards_with_inputs(), st.integers(3, 40))
def test_a1_1_an_assessment_is_recomputed_to_the_same_digit_anywhere(made, precision):
    card, inputs = made
    assessment = assess(card, inputs)
    with localcontext() as context:
        context.prec = precision  # whatever the surrounding program has set
        again = recompute(card, assessment)
    assert asdict(again) == asdict(assessment)
    assert getcontext().prec == 28


def drawn(random):
    """A scorecard and inputs by plain chance: many of them in little time."""
    count = random.randint(1, 6)
    cuts = sorted(random.sample(range(1, 1_000_000), count - 1))
    points = lambda: Decimal(random.randint(0, 1_000_000)).scaleb(-4)  # noqa: E731
    indicators, inputs = [], {}
    for n, (low, high) in enumerate(zip([0, *cuts], [*cuts, 1_000_000], strict=True)):
        weight, code = Decimal(high - low).scaleb(-4), f"i{n}"
        edges = [Decimal(e).scaleb(-2) for e in sorted(random.sample(range(-99_999, 99_999), random.randint(2, 5)))]
        value = Decimal(random.randint(-150_000, 150_000)).scaleb(-2) if random.random() < 0.9 else random.choice(edges)
        kind = random.choice(["bands", "choices", "curve", "expert"])
        if kind == "bands":
            bands = tuple(Band(a, b, points()) for a, b in zip([None, *edges], [*edges, None], strict=True))
            indicators.append(Indicator(code, "", "", weight, bands=bands, missing_points=points()))
        elif kind == "curve":
            curve = tuple((edge, points()) for edge in edges)
            indicators.append(Indicator(code, "", "", weight, curve=curve, missing_points=points()))
        elif kind == "choices":
            indicators.append(
                Indicator(code, "", "", weight, choices={"a": points(), "b": points()}, missing_points=points())
            )
            value = random.choice("ab")
        else:
            indicators.append(Indicator(code, "", "", weight, expert=True, missing_points=points()))
            value = points()
        inputs[code] = Input(value if random.random() < 0.85 else None, (f"doc-{n}",), "周敏", "走访")
    return Scorecard("drawn", tuple(indicators), GRADE_SCALE), inputs


def test_a1_1_ten_thousand_random_scorecards_are_recomputed_to_the_last_digit():
    random = Random(20261126)
    for _ in range(10_000):
        card, inputs = drawn(random)
        assessment = assess(card, inputs)
        assert recompute(card, assessment) == assessment
        exact = oracle(card, inputs)
        assert Fraction(assessment.exact) == exact
        assert assessment.score == Decimal(int(exact * 100 + Fraction(1, 2))).scaleb(-2)


def test_a1_1_a_curve_gives_points_between_and_stays_at_its_ends():
    item = indicator(curve=((Decimal(0), Decimal(100)), (Decimal(30), Decimal(40)), (Decimal(90), Decimal(0))))
    rated = [item.rate(Decimal(days))[0] for days in ("-5", "0", "10", "30", "31", "90", "400")]
    assert rated == [100, 100, 80, 40, Decimal("39.3333"), 0, 0]
    assert item.rate(Decimal(10))[1] == "0 … 30"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Input(Decimal(80)), "name and a reason"),
        (Input(Decimal(80), by="周敏", note=" "), "name and a reason"),
        (Input(Decimal(101), by="周敏", note="走访"), "not 0 to 100"),
        (Input(Decimal("80.00001"), by="周敏", note="走访"), "not 0 to 100"),
        (Input("good", by="周敏", note="走访"), "no number"),
    ],
)
def test_a1_1_an_experts_points_need_a_name_a_reason_and_a_number(given, why):
    with pytest.raises(CreditError, match=why):
        assess(Scorecard("v", (indicator(expert=True),), GRADE_SCALE), {"x": given})


def test_a1_1_the_arithmetic_is_kept():
    inputs = {
        "payment_history": Input(Decimal("12.5"), ("doc-7", "doc-9")),
        "financial_condition": Input(Decimal(60)),
        "industry_position": Input("leading"),
        "operating_stability": Input(Decimal(7)),
    }
    assessment = assess(EXAMPLE_SCORECARD, inputs)
    rows = [(line.code, line.matched, line.points, line.weight, line.contribution) for line in assessment.lines]
    assert rows == [
        ("payment_history", "[1, 16)", 80, 40, 32),
        ("financial_condition", "[60, 75)", 45, 30, Decimal("13.5")),
        ("industry_position", "leading", 100, 10, 10),
        ("operating_stability", "[5, 10)", 80, 20, 16),
    ]
    assert (assessment.score, assessment.grade, assessment.version) == (Decimal("71.50"), "BBB", "example-1")
    assert assessment.lines[0].evidence == ("doc-7", "doc-9")


def test_a1_1_a_score_of_half_a_cent_rounds_up_and_the_grade_follows_what_is_shown():
    card = Scorecard("v", (indicator(bands=(band(None, None, "89.995"),)),), GRADE_SCALE)
    assessment = assess(card, {"x": Input(Decimal(1))})
    assert (assessment.exact, assessment.score, assessment.grade) == (Decimal("89.995"), Decimal("90.00"), "AAA")


@pytest.mark.parametrize(
    ("weights", "total"),
    [(("99.9",), "99.9"), (("50", "50.0001"), "100.0001"), (("60", "60"), "120"), (("33.3333",) * 3, "99.9999")],
)
def test_a1_1_weights_that_are_not_100_per_cent_are_refused(weights, total):
    with pytest.raises(BadScorecard, match=f"sum to {total.replace('.', chr(92) + '.')} %"):
        Scorecard("v", tuple(indicator(f"i{n}", weight) for n, weight in enumerate(weights)), GRADE_SCALE)


@pytest.mark.parametrize(
    ("bands", "why"),
    [
        ((band(None, "10", 0), band("11", None, 100)), "gap between 10 and 11"),
        ((band(None, "10", 0), band("9", None, 100)), "overlap between 10 and 9"),
        ((band("0", "10", 0), band("10", None, 100)), "gap"),
        ((band(None, "10", 0), band("10", "20", 100)), "gap"),
        ((band(None, None, 0), band(None, None, 100)), "overlap"),
        ((band(None, "10", 0), band(None, None, 100)), "overlap"),
        ((band(None, "10", 0), band("10", "10", 50), band("10", None, 100)), "do not rise"),
        ((band(None, "10", 0), band("10", "5", 50), band("5", None, 100)), "do not rise"),
        ((band(None, "NaN", 0), band("NaN", None, 100)), "no number"),
    ],
)
def test_a1_1_bands_with_a_gap_or_an_overlap_are_refused(bands, why):
    with pytest.raises(BadScorecard, match=why):
        indicator(bands=bands)


@pytest.mark.parametrize(
    "make",
    [
        lambda: indicator(weight="0"),
        lambda: indicator(weight="-5"),
        lambda: indicator(weight="NaN"),
        lambda: indicator(weight="33.33333"),
        lambda: indicator(bands=(), choices={}),
        lambda: indicator(bands=(band(None, None, 5),), choices={"a": Decimal(1)}),
        lambda: indicator(bands=(band(None, None, 101),)),
        lambda: indicator(choices={"a": Decimal(-1)}),
        lambda: indicator(curve=((Decimal(1), Decimal(50)),)),
        lambda: indicator(curve=((Decimal(1), Decimal(50)), (Decimal(1), Decimal(60)))),
        lambda: indicator(curve=((Decimal(2), Decimal(50)), (Decimal(1), Decimal(60)))),
        lambda: indicator(curve=((Decimal(1), Decimal(50)), (Decimal(2), Decimal(101)))),
        lambda: indicator(curve=((Decimal(1), Decimal(50)), (Decimal("NaN"), Decimal(60)))),
        lambda: indicator(expert=True, curve=((Decimal(1), Decimal(50)), (Decimal(2), Decimal(60)))),
        lambda: indicator(choices={"a": Decimal(1)}, missing_points=Decimal(200)),
        lambda: Scorecard(" ", (indicator(),), GRADE_SCALE),
        lambda: Scorecard("v", (), GRADE_SCALE),
        lambda: Scorecard("v", (indicator("a", "50"), indicator("a", "50")), GRADE_SCALE),
        lambda: Scorecard("v", (indicator(),), ()),
        lambda: Scorecard("v", (indicator(),), (("A", Decimal(50)), ("AAA", Decimal(0)))),
        lambda: Scorecard("v", (indicator(),), (("AAA", Decimal(50)), ("A", Decimal(50)), ("D", Decimal(0)))),
        lambda: Scorecard("v", (indicator(),), (("AAA", Decimal(50)), ("D", Decimal(1)))),
        lambda: Scorecard("v", (indicator(),), (("Z", Decimal(0)),)),
    ],
)
def test_a1_1_a_scorecard_that_is_not_consistent_is_refused(make):
    with pytest.raises(BadScorecard):
        make()


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ({}, "no data for payment_history"),
        ({"payment_history": Input("late")}, "no number"),
        ({"payment_history": Input(Decimal("NaN"))}, "no number"),
        ({"payment_history": Input(Decimal(1)), "industry_position": Input("best")}, "none of leading"),
        ({"payment_history": Input(Decimal(1)), "industry_position": Input(Decimal(1))}, "none of leading"),
        ({"mood": Input(Decimal(1))}, "no indicator mood"),
    ],
)
def test_a1_1_inputs_that_do_not_fit_are_refused(inputs, why):
    with pytest.raises(CreditError, match=why):
        assess(EXAMPLE_SCORECARD, inputs)


def test_a1_1_missing_data_counts_as_the_scorecard_says_and_is_shown():
    inputs = {"payment_history": Input(Decimal(0)), "operating_stability": Input(Decimal(20))}
    lines = {line.code: line for line in assess(EXAMPLE_SCORECARD, inputs).lines}
    assert (lines["financial_condition"].matched, lines["financial_condition"].points) == ("missing", 20)


def test_a1_1_another_version_does_not_recompute():
    inputs = {"payment_history": Input(Decimal(0)), "operating_stability": Input(Decimal(20))}
    assessment = assess(EXAMPLE_SCORECARD, inputs)
    with pytest.raises(CreditError, match="example-1"):
        recompute(replace(EXAMPLE_SCORECARD, version="2"), assessment)


def test_the_grades_are_those_of_the_standard():
    assert GRADES == ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C", "D")
    shown = [
        EXAMPLE_SCORECARD.grade(Decimal(score))
        for score in (100, 90, "89.99", 85, 80, 70, 60, 50, 40, 30, 20, "19.99", 0)
    ]
    assert shown == ["AAA", "AAA", "AA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C", "D", "D"]
