"""The scorecard (RULES A1.1): indicators with weights that sum to 100 %, a composite score and a grade; recomputable to the digit.

All arithmetic is decimal and exact up to the score, which is rounded half up to two digits; the grade follows from the
rounded score, so that what is shown and what is graded are the same number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, localcontext
from fractions import Fraction
from itertools import pairwise
from math import floor
from types import MappingProxyType

from credit.errors import BadScorecard, CreditError

# GB/T 22116-2008
GRADES = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C", "D")
HUNDRED = Decimal(100)
_DIGITS = 4  # of weights and points after the point; keeps every product exact
_EXACT = Context(prec=60, traps=[InvalidOperation, DivisionByZero, Inexact])
# Never the surrounding program's context: an assessment is the same number wherever it is computed again.
_ROUNDING = Context(prec=60, rounding=ROUND_HALF_UP)


def _plain(value: Decimal, what: str, low: Decimal, high: Decimal) -> None:
    if not value.is_finite() or not low <= value <= high or -int(value.normalize().as_tuple().exponent) > _DIGITS:
        raise BadScorecard(
            f"{what} is {value}; it must be {low} to {high} with at most {_DIGITS} digits after the point"
        )


@dataclass(frozen=True)
class Band:
    """A range of a numeric indicator: low inclusive, high exclusive, None without end. points: 0 to 100."""

    low: Decimal | None
    high: Decimal | None
    points: Decimal

    def holds(self, value: Decimal) -> bool:
        """Return whether `value` lies in the band."""
        return (self.low is None or self.low <= value) and (self.high is None or value < self.high)

    def __str__(self) -> str:
        return f"[{'-∞' if self.low is None else self.low}, {'+∞' if self.high is None else self.high})"


@dataclass(frozen=True)
class Indicator:
    """One indicator, rated in one of four ways: by bands, by a curve, by choices (answer -> points), or by an expert.

    weight: per cent. missing_points: what an indicator without data counts; None means that it may not be missing.
    curve: (value, points) with rising values; between two of them the points lie on the straight line, before the first
    and after the last they stay. expert: the value is the points that a named person gives, with a reason.
    source: the computation of `credit.indicators` that gives the value, "" when a person enters it.
    """

    code: str
    zh: str
    en: str
    weight: Decimal
    bands: tuple[Band, ...] = ()
    choices: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    missing_points: Decimal | None = None
    curve: tuple[tuple[Decimal, Decimal], ...] = ()
    expert: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        _plain(self.weight, f"the weight of {self.code}", Decimal(0), HUNDRED)
        ways = [bool(self.bands), bool(self.curve), bool(self.choices), self.expert]
        if self.weight == 0 or sum(ways) != 1:
            raise BadScorecard(
                f"indicator {self.code} needs a weight above 0 and one of bands, a curve, choices or an expert"
            )
        points = [band.points for band in self.bands] + list(self.choices.values()) + [p for _, p in self.curve]
        for value in points if self.missing_points is None else [*points, self.missing_points]:
            _plain(value, f"the points of {self.code}", Decimal(0), HUNDRED)
        if self.bands:
            self._check_bands()
        if self.curve and (len(self.curve) < 2 or not all(value.is_finite() for value, _ in self.curve)):
            raise BadScorecard(f"the curve of {self.code} needs two points or more, all of them numbers")
        if any(left >= right for (left, _), (right, _) in pairwise(self.curve)):
            raise BadScorecard(f"the values of the curve of {self.code} do not rise")

    def _check_bands(self) -> None:
        if self.bands[0].low is not None or self.bands[-1].high is not None:
            raise BadScorecard(f"bands of {self.code} leave a gap: the first begins and the last ends without limit")
        edges: list[Decimal] = []
        for left, right in pairwise(self.bands):
            if left.high is None or right.low is None:
                raise BadScorecard(f"bands of {self.code} overlap: only the first and the last are without limit")
            if not left.high.is_finite() or not right.low.is_finite():
                raise BadScorecard(f"bands of {self.code} have an edge that is no number")
            if left.high != right.low:
                word = "leave a gap" if left.high < right.low else "overlap"
                raise BadScorecard(f"bands of {self.code} {word} between {left.high} and {right.low}")
            edges.append(left.high)
        if any(low >= high for low, high in pairwise(edges)):
            raise BadScorecard(f"bands of {self.code} do not rise")

    def rate(self, value: Decimal | str) -> tuple[Decimal, str]:
        """Return (points, the band or choice that gave them). Raises CreditError for a value of the wrong kind."""
        if self.choices:
            if not isinstance(value, str) or value not in self.choices:
                raise CreditError(f"{self.code}: {value!r} is none of {', '.join(self.choices)}")
            return self.choices[value], value
        if not isinstance(value, Decimal) or not value.is_finite():
            raise CreditError(f"{self.code}: {value!r} is no number")
        if self.expert:
            if not 0 <= value <= HUNDRED or -int(value.normalize().as_tuple().exponent) > _DIGITS:
                raise CreditError(f"{self.code}: {value} is not 0 to 100 with at most {_DIGITS} digits after the point")
            return value, "expert"
        if self.curve:
            return _on_curve(self.curve, value)
        band = next(band for band in self.bands if band.holds(value))
        return band.points, str(band)


def _on_curve(curve: tuple[tuple[Decimal, Decimal], ...], value: Decimal) -> tuple[Decimal, str]:
    """Return (points rounded half up to four digits, the stretch they lie on)."""
    if value <= curve[0][0]:
        return curve[0][1], f"≤ {curve[0][0]}"
    if value >= curve[-1][0]:
        return curve[-1][1], f"≥ {curve[-1][0]}"
    (x0, y0), (x1, y1) = next((a, b) for a, b in pairwise(curve) if value <= b[0])
    # Fractions: a division in decimals would depend on a precision.
    share = (Fraction(value) - Fraction(x0)) / (Fraction(x1) - Fraction(x0))
    exact = Fraction(y0) + (Fraction(y1) - Fraction(y0)) * share
    return Decimal(floor(exact * 10**_DIGITS + Fraction(1, 2))).scaleb(-_DIGITS), f"{x0} … {x1}"


@dataclass(frozen=True)
class Scorecard:
    """A version of the scorecard. Raises BadScorecard unless weights sum to exactly 100 and the grades cover 0 to 100.

    grades: (grade, lowest score) from the best down; grades of GB/T 22116-2008, in its order; the last starts at 0.
    """

    version: str
    indicators: tuple[Indicator, ...]
    grades: tuple[tuple[str, Decimal], ...]

    def __post_init__(self) -> None:
        codes = [indicator.code for indicator in self.indicators]
        if not self.version.strip() or not all(codes) or len(set(codes)) != len(codes):
            raise BadScorecard("a scorecard needs a version and indicators with different codes")
        total = sum((indicator.weight for indicator in self.indicators), Decimal(0))
        if total != HUNDRED:
            raise BadScorecard(f"weights sum to {total} %, not to 100 %")
        names = [grade for grade, _ in self.grades]
        if not names or names != [grade for grade in GRADES if grade in names]:
            raise BadScorecard(f"grades must be of {', '.join(GRADES)}, the best first, each once")
        lows = [low for _, low in self.grades]
        for low in lows:
            _plain(low, "the lowest score of a grade", Decimal(0), HUNDRED)
        if lows[-1] != 0 or any(a <= b for a, b in pairwise(lows)):
            raise BadScorecard("the lowest scores of the grades must fall and end at 0")

    def grade(self, score: Decimal) -> str:
        """Return the grade of a score from 0 to 100."""
        return next(grade for grade, low in self.grades if score >= low)


@dataclass(frozen=True)
class Input:
    """A value for an indicator: a number, an answer, or None when there is no data. evidence: ids of documents.

    by, note: who gave an expert's points, and why; both are demanded there.
    """

    value: Decimal | str | None
    evidence: tuple[str, ...] = ()
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class ScoreLine:
    """The arithmetic of one indicator: points x weight / 100 = contribution. matched: the band or choice, "missing" without data."""

    code: str
    value: Decimal | str | None
    evidence: tuple[str, ...]
    matched: str
    points: Decimal
    weight: Decimal
    contribution: Decimal
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Assessment:
    """A customer's score at a date, with all that is needed to compute it again. exact: the score before rounding."""

    version: str
    lines: tuple[ScoreLine, ...]
    exact: Decimal
    score: Decimal
    grade: str


def _line(indicator: Indicator, given: Input) -> ScoreLine:
    if given.value is None:
        if indicator.missing_points is None:
            raise CreditError(f"there is no data for {indicator.code}, and the scorecard does not let it be missing")
        points, matched = indicator.missing_points, "missing"
    else:
        if indicator.expert and not (given.by.strip() and given.note.strip()):
            raise CreditError(f"{indicator.code}: an expert's points need a name and a reason")
        points, matched = indicator.rate(given.value)
    contribution = (points * indicator.weight).scaleb(-2)
    return ScoreLine(
        indicator.code,
        given.value,
        given.evidence,
        matched,
        points,
        indicator.weight,
        contribution,
        given.by,
        given.note,
    )


def assess(card: Scorecard, inputs: Mapping[str, Input]) -> Assessment:
    """Return the assessment of a customer (RULES A1.1).

    inputs: indicator code -> value; one that is not given counts as missing. Raises CreditError for a value that does
    not fit, an indicator the scorecard does not have, or missing data that it does not allow.
    """
    strangers = sorted(set(inputs) - {indicator.code for indicator in card.indicators})
    if strangers:
        raise CreditError(f"scorecard {card.version} has no indicator {', '.join(strangers)}")
    with localcontext(_EXACT):
        lines = tuple(_line(indicator, inputs.get(indicator.code, Input(None))) for indicator in card.indicators)
        exact = sum((line.contribution for line in lines), Decimal(0))
    score = exact.quantize(Decimal("0.01"), context=_ROUNDING)
    return Assessment(card.version, lines, exact, score, card.grade(score))


def recompute(card: Scorecard, assessment: Assessment) -> Assessment:
    """Return the assessment computed again from its kept inputs. Raises CreditError when `card` is another version."""
    if card.version != assessment.version:
        raise CreditError(f"the assessment was made with scorecard {assessment.version}, not {card.version}")
    return assess(card, {line.code: Input(line.value, line.evidence, line.by, line.note) for line in assessment.lines})
