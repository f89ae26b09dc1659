"""Figures of a year's financial statements (RULES A1.1, financial condition): liquidity, leverage, profitability, Altman's Z''."""

from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Context, Decimal

from credit.errors import CreditError

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_FOUR = Decimal("0.0001")


@dataclass(frozen=True)
class Statements:
    """The end and the result of a year, in yuan; None is not known. Raises CreditError for what cannot be.

    earnings_before: before interest and tax (EBIT). operating_profit, net_profit, equity and retained may be negative.
    """

    total_assets: Decimal | None = None
    current_assets: Decimal | None = None
    inventory: Decimal | None = None
    total_debts: Decimal | None = None
    current_debts: Decimal | None = None
    equity: Decimal | None = None
    retained: Decimal | None = None
    turnover: Decimal | None = None
    earnings_before: Decimal | None = None
    net_profit: Decimal | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value: Decimal | None = getattr(self, field.name)
            if value is None:
                continue
            if not value.is_finite():
                raise CreditError(f"{field.name} is {value}; it must be a number")
            if value < 0 and field.name not in ("equity", "retained", "earnings_before", "net_profit"):
                raise CreditError(f"{field.name} is {value}; it must be 0 or more")
        for part, whole in (
            ("current_assets", "total_assets"),
            ("inventory", "current_assets"),
            ("current_debts", "total_debts"),
        ):
            some, all_of_it = getattr(self, part), getattr(self, whole)
            if some is not None and all_of_it is not None and some > all_of_it:
                raise CreditError(f"{part} {some} is more than {whole} {all_of_it}")


def _ratio(over: Decimal | None, under: Decimal | None, factor: int = 1) -> Decimal | None:
    """Return factor x over / under to four digits, half up; None when either is not known or there is nothing to divide by."""
    if over is None or under is None or under <= 0:
        return None
    return _WIDE.divide(_WIDE.multiply(over, Decimal(factor)), under).quantize(_FOUR, context=_WIDE)


def debt_to_assets(year: Statements) -> Decimal | None:
    """Return 资产负债率, per cent."""
    return _ratio(year.total_debts, year.total_assets, 100)


def current_ratio(year: Statements) -> Decimal | None:
    """Return 流动比率: current assets over current debts."""
    return _ratio(year.current_assets, year.current_debts)


def quick_ratio(year: Statements) -> Decimal | None:
    """Return 速动比率: current assets without inventory over current debts."""
    if year.current_assets is None or year.inventory is None:
        return None
    return _ratio(year.current_assets - year.inventory, year.current_debts)


def net_margin(year: Statements) -> Decimal | None:
    """Return 销售净利率, per cent of the turnover."""
    return _ratio(year.net_profit, year.turnover, 100)


def return_on_equity(year: Statements) -> Decimal | None:
    """Return 净资产收益率, per cent; None when the equity is used up."""
    return _ratio(year.net_profit, year.equity, 100)


def altman_z(year: Statements) -> Decimal | None:
    """Return Altman's Z'' for private companies that need not be manufacturers (Altman 1995), two digits.

    6.56 working capital/assets + 3.26 retained earnings/assets + 6.72 EBIT/assets + 1.05 equity/debts; above 2.60 sound,
    below 1.10 in distress. None when a figure is not known.
    """
    known = (year.current_assets, year.current_debts, year.retained, year.earnings_before, year.equity)
    assets, debts = year.total_assets, year.total_debts
    if any(value is None for value in known) or not assets or not debts:
        return None
    current, short, retained, earned, equity = (value for value in known if value is not None)
    parts = (
        (Decimal("6.56"), current - short, assets),
        (Decimal("3.26"), retained, assets),
        (Decimal("6.72"), earned, assets),
        (Decimal("1.05"), equity, debts),
    )
    total = Decimal(0)
    for factor, over, under in parts:
        total = _WIDE.add(total, _WIDE.divide(_WIDE.multiply(factor, over), under))
    return total.quantize(Decimal("0.01"), context=_WIDE)
