"""A scorecard held against the whole portfolio (RULES A1.1): what would move, and whether bad customers really score low."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from credit.errors import CreditError
from credit.scorecard import GRADES, Input, Scorecard, assess

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_FOUR = Decimal("0.0001")


@dataclass(frozen=True)
class Moved:
    """A customer under two scorecards. why: a refusal of the new one, "" when it could assess."""

    customer: str
    before: tuple[Decimal, str] | None
    after: tuple[Decimal, str] | None
    why: str = ""


@dataclass(frozen=True)
class Comparison:
    """moved: every customer whose grade differs, the farthest falls first. matrix: (grade before, grade after) -> customers."""

    moved: Sequence[Moved]
    matrix: Mapping[tuple[str, str], int]
    refused: Sequence[Moved]
    customers: int


def compare(old: Scorecard, new: Scorecard, portfolio: Mapping[str, Mapping[str, Input]]) -> Comparison:
    """Return what would change if `new` took the place of `old`. portfolio: customer -> inputs, each card takes what it knows.

    A customer that a card cannot assess (missing data) is listed as refused with the reason, and is in no cell of the matrix.
    """
    moved: list[tuple[int, Moved]] = []
    refused: list[Moved] = []
    matrix: dict[tuple[str, str], int] = {}
    for customer, inputs in portfolio.items():
        before, _ = _try(old, inputs)
        after, why = _try(new, inputs)
        row = Moved(customer, before, after, why)
        if before is None or after is None:
            refused.append(row)
            continue
        cell = (before[1], after[1])
        matrix[cell] = matrix.get(cell, 0) + 1
        if before[1] != after[1]:
            moved.append((GRADES.index(after[1]) - GRADES.index(before[1]), row))
    moved.sort(key=lambda fallen: (-fallen[0], fallen[1].customer))
    return Comparison([row for _, row in moved], matrix, refused, len(portfolio))


def _try(card: Scorecard, inputs: Mapping[str, Input]) -> tuple[tuple[Decimal, str] | None, str]:
    known = {indicator.code for indicator in card.indicators}
    try:
        made = assess(card, {code: value for code, value in inputs.items() if code in known})
    except CreditError as error:
        return None, str(error)
    return (made.score, made.grade), ""


@dataclass(frozen=True)
class BackTest:
    """How well scores ranked what then happened. gini: 1 ranks perfectly, 0 like a draw, below 0 the wrong way round.

    ks: the largest gap between the shares of defaulted and sound customers up to a score, 0 to 1. rates: grade -> (customers,
    defaults), of grades that occur; ranked: no better grade has a higher share of defaults than a worse one.
    """

    customers: int
    defaults: int
    gini: Decimal
    ks: Decimal
    rates: Mapping[str, tuple[int, int]]
    ranked: bool


def back_test(outcomes: Sequence[tuple[Decimal, str, bool]]) -> BackTest:
    """Return the report on (score, grade, whether the customer then defaulted). Customers of one score count half (Somers' D).

    Raises CreditError without a default or without a sound customer: then nothing can be ranked.
    """
    bad = sum(defaulted for _, _, defaulted in outcomes)
    good = len(outcomes) - bad
    if not bad or not good:
        raise CreditError("a back test needs customers that defaulted and customers that did not")
    cells: dict[Decimal, list[int]] = {}
    rates: dict[str, list[int]] = {}
    for score, grade, defaulted in outcomes:
        cells.setdefault(score, [0, 0])[defaulted] += 1
        rate = rates.setdefault(grade, [0, 0])
        rate[0] += 1
        rate[1] += defaulted
    # Of every pair of a sound and a defaulted customer: in how many does the sound one score higher, in how many lower?
    higher = lower = good_below = bad_below = 0
    gap = Decimal(0)
    for score in sorted(cells):
        sound, fallen = cells[score]
        higher += sound * bad_below
        lower += fallen * good_below
        good_below, bad_below = good_below + sound, bad_below + fallen
        gap = max(gap, abs(_WIDE.divide(bad_below, bad) - _WIDE.divide(good_below, good)))
    gini = _WIDE.divide(Decimal(higher - lower), Decimal(good * bad)).quantize(_FOUR, context=_WIDE)
    ordered = [rates[grade] for grade in GRADES if grade in rates]
    ranked = all(a[1] * b[0] <= b[1] * a[0] for n, a in enumerate(ordered) for b in ordered[n + 1 :])
    table = {grade: (rates[grade][0], rates[grade][1]) for grade in GRADES if grade in rates}
    return BackTest(len(outcomes), bad, gini, gap.quantize(_FOUR, context=_WIDE), table, ranked)
