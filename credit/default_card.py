"""A scorecard to begin with: an example to calibrate, not a finding. Indicators of RULES A1.1; grades of GB/T 22116-2008."""

from decimal import Decimal

from credit.card import Card
from credit.credit_line import LineRule
from credit.scorecard import Band, Indicator, Scorecard


def _bands(*rows: tuple[str | None, str | None, int]) -> tuple[Band, ...]:
    return tuple(
        Band(None if low is None else Decimal(low), None if high is None else Decimal(high), Decimal(points))
        for low, high, points in rows
    )


EXAMPLE_SCORECARD = Scorecard(
    version="example-1",
    indicators=(
        Indicator(
            "payment_history",
            "付款记录（平均逾期天数）",
            "Payment history (average days beyond terms)",
            Decimal(40),
            bands=_bands((None, "1", 100), ("1", "16", 80), ("16", "31", 60), ("31", "61", 30), ("61", None, 0)),
            source="days_beyond_terms",
        ),
        Indicator(
            "financial_condition",
            "财务状况（资产负债率，%）",
            "Financial condition (debt to assets, per cent)",
            Decimal(30),
            bands=_bands((None, "40", 100), ("40", "60", 75), ("60", "75", 45), ("75", "90", 20), ("90", None, 0)),
            missing_points=Decimal(20),
            source="debt_to_assets",
        ),
        Indicator(
            "industry_position",
            "行业地位",
            "Industry position",
            Decimal(10),
            choices={"leading": Decimal(100), "strong": Decimal(75), "average": Decimal(50), "weak": Decimal(20)},
            missing_points=Decimal(20),
        ),
        Indicator(
            "operating_stability",
            "经营稳定性（成立年数）",
            "Operating stability (years since establishment)",
            Decimal(20),
            bands=_bands((None, "1", 10), ("1", "3", 40), ("3", "5", 60), ("5", "10", 80), ("10", None, 100)),
            source="years_in_business",
        ),
    ),
    grades=tuple(
        (grade, Decimal(low))
        for grade, low in (
            ("AAA", 90),
            ("AA", 85),
            ("A", 80),
            ("BBB", 70),
            ("BB", 60),
            ("B", 50),
            ("CCC", 40),
            ("CC", 30),
            ("C", 20),
            ("D", 0),
        )
    ),
)

_SHARES = {"AAA": 20, "AA": 15, "A": 10, "BBB": 6, "BB": 3}
EXAMPLE_CARD = Card(
    EXAMPLE_SCORECARD,
    "示例评分卡",
    "随系统提供的示例，须按本公司的经验校准后再用。",
    most_up=1,
    most_down=3,
    line=LineRule(
        "net_assets",
        {grade: Decimal(share) for grade, share in _SHARES.items()},
        {"AAA": Decimal(20_000_000), "AA": Decimal(10_000_000), "A": Decimal(5_000_000), "BBB": Decimal(2_000_000)},
    ),
)
