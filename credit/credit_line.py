"""The credit line a grade is good for (授信额度): a proposal by rule, which a person approves."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from itertools import pairwise
from typing import Literal

from credit.errors import BadScorecard, CreditError
from credit.scorecard import GRADES

Base = Literal["net_assets", "yearly_turnover", "yearly_purchases"]
BASES: Mapping[Base, tuple[str, str]] = {
    "net_assets": ("净资产", "net assets"),
    "yearly_turnover": ("年营业收入", "yearly turnover"),
    "yearly_purchases": ("年采购额", "yearly purchases from us"),
}
_WIDE = Context(prec=60)


@dataclass(frozen=True)
class LineRule:
    """The line is the smaller of a share of a figure and a ceiling, rounded down to whole `step` yuan.

    shares: grade -> per cent of the base; a grade not named gets no line. ceilings: grade -> yuan, None without end.
    Raises BadScorecard for a share or ceiling that is negative, a step of 0, or a worse grade that would get more.
    """

    base: Base
    shares: Mapping[str, Decimal]
    ceilings: Mapping[str, Decimal]
    step: Decimal = Decimal(10_000)

    def __post_init__(self) -> None:
        if self.base not in BASES or not self.step.is_finite() or self.step <= 0:
            raise BadScorecard(f"a line is a share of one of {', '.join(BASES)}, in steps above 0")
        strangers = sorted((set(self.shares) | set(self.ceilings)) - set(GRADES))
        if strangers:
            raise BadScorecard(f"{', '.join(strangers)} is none of {', '.join(GRADES)}")
        for what, table in (("share", self.shares), ("ceiling", self.ceilings)):
            rows = [(grade, table[grade]) for grade in GRADES if grade in table]
            for grade, value in rows:
                if not value.is_finite() or value < 0:
                    raise BadScorecard(f"the {what} of {grade} is {value}; it must be 0 or more")
            for (better, more), (worse, less) in pairwise(rows):
                if less > more:
                    raise BadScorecard(f"the {what} of {worse} is above that of {better}")


@dataclass(frozen=True)
class LineProposal:
    """The arithmetic of a line: base x share / 100, at most the ceiling, rounded down. base: None without data."""

    grade: str
    base: Decimal | None
    share: Decimal
    ceiling: Decimal | None
    line: Decimal


def propose_line(rule: LineRule, grade: str, base: Decimal | None) -> LineProposal:
    """Return the line a grade is good for, in yuan. base: the figure the rule takes a share of; without it there is no line.

    Raises CreditError for a grade that does not exist or a base that is no number; a negative base gives no line.
    """
    if grade not in GRADES:
        raise CreditError(f"{grade} is none of {', '.join(GRADES)}")
    if base is not None and not base.is_finite():
        raise CreditError(f"{rule.base} is {base}; it must be a number")
    share, ceiling = rule.shares.get(grade, Decimal(0)), rule.ceilings.get(grade)
    if base is None or base <= 0:
        return LineProposal(grade, base, share, ceiling, Decimal(0))
    wanted = _WIDE.multiply(base, share).scaleb(-2)
    wanted = wanted if ceiling is None else min(wanted, ceiling)
    steps = _WIDE.divide_int(wanted, rule.step).quantize(Decimal(1), rounding=ROUND_DOWN)
    return LineProposal(grade, base, share, ceiling, _WIDE.multiply(steps, rule.step))
