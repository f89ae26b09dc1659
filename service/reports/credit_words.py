"""What the credit reports have in common: their words in both languages, and the parts on receivables."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from credit.ageing import BUCKETS
from credit.reports import UNGRADED, Standing
from service.reports.charts import Chart
from service.reports.parts import Part
from service.reports.sheets import Cell

STATES = {
    "draft": ("草稿", "draft"),
    "signed": ("已签订", "signed"),
    "amended": ("已变更", "amended"),
    "performed": ("已履行", "performed"),
    "terminated": ("已解除", "terminated"),
    "open": ("待确认", "open"),
    "acknowledged": ("已确认", "acknowledged"),
    "in_hand": ("处理中", "in hand"),
    "closed": ("已关闭", "closed"),
    "low": ("低", "low"),
    "medium": ("中", "medium"),
    "high": ("高", "high"),
    "unconfirmed": ("未核", "unconfirmed"),
    "entered": ("人工录入未核", "entered, unconfirmed"),
    "once": ("一人已核", "confirmed once"),
    "verified": ("两人已核", "verified"),
    "disputed": ("有争议", "disputed"),
    "missing": ("缺数据", "no data"),
    "leading": ("领先", "leading"),
    "strong": ("较强", "strong"),
    "average": ("一般", "average"),
    "weak": ("较弱", "weak"),
    "not_due": ("未到期", "not due"),
    ">365": ("365 天以上", "over 365"),
    UNGRADED: ("未评", "none"),
}
WARNING_KINDS = {
    "score_below": ("信用分过低", "score too low"),
    "score_drop": ("信用分下降", "score fell"),
    "overdue_days": ("逾期天数", "days overdue"),
    "overdue_amount": ("逾期金额", "amount overdue"),
    "line_used": ("额度将满", "line used up"),
    "expiring": ("证照即将到期", "licence expiring"),
    "expired": ("证照已过期", "licence expired"),
    "stale_key_information": ("关键信息过期", "key information stale"),
}


class Said:
    """Says things in one language."""

    def __init__(self, language: str) -> None:
        self._at = 0 if language == "zh" else 1

    def __call__(self, zh: str, en: str) -> str:
        """Return the one of two texts that is in this language."""
        return (zh, en)[self._at]

    def code(self, code: str, table: Mapping[str, tuple[str, str]] = STATES) -> str:
        """Return what a code is called; one that is not known speaks for itself."""
        return table[code][self._at] if code in table else code

    def days(self, count: Decimal | int | None) -> str:
        """Return a number of days, a dash for none."""
        return "—" if count is None else self(f"{count} 天", f"{count} days")


def ageing_part(say: Said, standings: Mapping[str, Sequence[Standing]]) -> Part:
    """Return the ageing of what is open, with a chart."""
    last = {currency: rows[-1] for currency, rows in standings.items()}
    buckets = [say.code(name) for name in BUCKETS]
    chart = Chart(
        "bars",
        say("账龄", "Ageing"),
        buckets,
        [(c, [max(v, Decimal(0)) for v in row.buckets.values()]) for c, row in last.items()],
    )
    return Part(
        say("应收账款账龄（天）", "Ageing of receivables (days overdue)"),
        [say("币种", "Currency"), *buckets, say("合计", "Total")],
        [[c, *row.buckets.values(), row.open] for c, row in last.items()],
        empty=say("没有应收账款记录。", "There are no receivables on record."),
        chart=chart if last else None,
        widths=(1, *([1.6] * len(BUCKETS)), 1.8),
    )


def overdue_part(say: Said, standings: Mapping[str, Sequence[Standing]]) -> Part:
    """Return what was overdue at the end of each month, with a chart."""
    rows: list[list[Cell]] = [
        [currency, row.day, row.open, row.overdue, row.overdue_share]
        for currency, days in standings.items()
        for row in days
        if row.open
    ]
    days = next(iter(standings.values()), [])
    series = [(f"{c} %", [row.overdue_share for row in of]) for c, of in standings.items()]
    chart = Chart(
        "lines",
        say("逾期占应收的比例（%）", "Overdue, per cent of receivables"),
        [f"{r.day:%y-%m}" for r in days],
        series,
    )
    return Part(
        say("逾期走势", "Overdue over time"),
        [
            say("币种", "Currency"),
            say("日期", "Day"),
            say("应收", "Receivables"),
            say("逾期", "Overdue"),
            say("比例 %", "Share %"),
        ],
        rows,
        note=say("各月月末；后来补记的一并计入。", "At the end of each month; what was entered later counts.")
        if rows
        else "",
        empty=say("没有应收账款记录。", "There are no receivables on record."),
        chart=chart if rows else None,
    )
