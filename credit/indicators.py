"""Indicators that are computed, not entered (RULES A1.1): from the books, the statements and the licence of a customer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from credit import financials
from credit.financials import Statements
from credit.receivables import Behaviour

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Known:
    """What is known of a customer on a day. behaviour: how they pay, None without books. portfolio: what is open with all customers, in yuan as there."""

    today: date
    behaviour: Behaviour | None = None
    year: Statements = field(default_factory=Statements)
    established_on: date | None = None
    portfolio: Decimal | None = None


def years_in_business(known: Known) -> Decimal | None:
    """Return the whole years since the company was established; None for a date in the future."""
    start, today = known.established_on, known.today
    if start is None or start > today:
        return None
    return Decimal(today.year - start.year - ((today.month, today.day) < (start.month, start.day)))


def _days_beyond_terms(known: Known) -> Decimal | None:
    return known.behaviour.days_beyond_terms if known.behaviour else None


def _overdue_share(known: Known) -> Decimal | None:
    return (known.behaviour.overdue_share * 100).normalize() if known.behaviour else None


def _oldest_overdue(known: Known) -> Decimal | None:
    return Decimal(known.behaviour.oldest_overdue_days) if known.behaviour else None


def _long_overdue_share(known: Known) -> Decimal | None:
    return (known.behaviour.long_overdue_share * 100).normalize() if known.behaviour else None


def _concentration(known: Known) -> Decimal | None:
    if known.behaviour is None or not known.portfolio or known.portfolio < 0:
        return None
    share = _WIDE.divide(known.behaviour.open_amount * 100, known.portfolio)
    return share.quantize(Decimal("0.01"), context=_WIDE)


@dataclass(frozen=True)
class Computation:
    """zh, en: what it is called. unit: of the value."""

    zh: str
    en: str
    unit: str
    of: Callable[[Known], Decimal | None]


COMPUTATIONS: Mapping[str, Computation] = {
    "days_beyond_terms": Computation("平均逾期天数", "days beyond terms", "days", _days_beyond_terms),
    "overdue_share": Computation("逾期占应收比例", "overdue share of what is open", "%", _overdue_share),
    "oldest_overdue": Computation("最长逾期天数", "days the oldest debt is overdue", "days", _oldest_overdue),
    "long_overdue_share": Computation("逾期 90 天以上占应收比例", "share of what is open overdue by over 90 days", "%", _long_overdue_share),
    "concentration": Computation("占全部应收比例", "share of all receivables", "%", _concentration),
    "years_in_business": Computation("成立年数", "years in business", "years", years_in_business),
    "debt_to_assets": Computation("资产负债率", "debt to assets", "%", lambda k: financials.debt_to_assets(k.year)),
    "current_ratio": Computation("流动比率", "current ratio", "", lambda k: financials.current_ratio(k.year)),
    "quick_ratio": Computation("速动比率", "quick ratio", "", lambda k: financials.quick_ratio(k.year)),
    "net_margin": Computation("销售净利率", "net margin", "%", lambda k: financials.net_margin(k.year)),
    "return_on_equity": Computation("净资产收益率", "return on equity", "%", lambda k: financials.return_on_equity(k.year)),
    "altman_z": Computation("Altman Z''", "Altman Z''", "", lambda k: financials.altman_z(k.year)),
}  # fmt: skip
