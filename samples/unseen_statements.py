"""Financial statements: figures under the period they are of, in the unit of the sheet. Nobody on them exists."""

import random
from dataclasses import dataclass

from samples import unseen_words as w
from samples.paper import Sheet

_UNITS = {"元": 1, "千元": 1000, "万元": 10**4}


@dataclass(frozen=True)
class _Statement:
    """rows: label, field, this period's figure and the last one's, in yuan."""

    title: str
    firm: w.Firm
    unit: str
    year: int
    rows: list[tuple[str, str, int, int]]

    def printed(self, yuan: int, field: str = "") -> str:
        """Return a figure in the unit of the sheet, in brackets where it is negative, marked as the field it is."""
        times = _UNITS[self.unit]
        digits = f"{abs(yuan) / times:,.2f}"
        digits = f"({digits})" if yuan < 0 else digits
        value = f"{yuan}.00"
        return f"{{{field}={value}|{digits}}}" if field else digits


def _facts(rng: random.Random, titles: tuple[str, str]) -> _Statement:
    unit = rng.choice(tuple(_UNITS))
    step = max(100, _UNITS[unit] // 100)  # two places behind the point say all of it

    def sums(low: int, high: int) -> tuple[int, int]:
        return rng.randint(low, high) * step, rng.randint(low, high) * step

    if rng.random() < 0.5:
        debts = sums(2000, 90000)
        equity = sums(2000, 90000) if rng.random() < 0.8 else tuple(-x // 2 // step * step for x in debts)
        fixed, current = sums(1000, 4000), ("流动资产合计", "非流动资产合计")
        assets = tuple(d + e for d, e in zip(debts, equity, strict=True))
        rows = [
            ("货币资金", "", *sums(10, 900)), (current[0], "", *fixed), (current[1], "", assets[0] - fixed[0], assets[1] - fixed[1]), ("资产总计", "", *assets),
            ("流动负债合计", "", *sums(10, 900)), ("负债合计", "", *debts), ("实收资本", "", *sums(100, 900)),
            (rng.choice(("所有者权益合计", "所有者权益（或股东权益）合计", "股东权益合计")), "equity", *equity),
            ("负债和所有者权益总计", "", *assets),
        ]  # fmt: skip
        title = titles[0]
    else:
        rows = [
            (rng.choice(("一、营业收入", "一、营业总收入")), "turnover", *sums(2000, 90000)), ("减：营业成本", "", *sums(1000, 2000)),
            ("销售费用", "", *sums(10, 900)), ("管理费用", "", *sums(10, 900)), ("二、营业利润", "", *sums(10, 900)), ("加：营业外收入", "", *sums(1, 90)),
            ("三、利润总额", "", *sums(10, 900)), ("四、净利润", "", *sums(10, 900)),
        ]  # fmt: skip
        title = titles[1]
    return _Statement(title, w.firm(rng), unit, rng.randint(2019, 2025), rows)


def _is_balance(of: _Statement) -> bool:
    return any(field == "equity" for _, field, *_ in of.rows)


def statement_report(rng: random.Random) -> Sheet:
    """Tuning: the form of the ministry, a ruled table with the numbers of the lines, the two periods in either order."""
    of = _facts(rng, ("资产负债表", "利润表"))
    s, face = Sheet(rng, dpi=rng.choice((150, 200, 250, 300))), rng.choice(("song", "hei", "kai"))
    s.text(0, 22, of.title, 20, "hei-bold", width=210, align="centre", spacing=0.2)
    s.text(20, 36, f"编制单位：{{name|{of.firm.name}}}", 10, face)
    day = f"{of.year}年12月31日" if _is_balance(of) else rng.choice((f"{of.year}年度", f"{of.year}年1-12月"))
    s.text(118, 36, f"{{signed_on={of.year}-12-31|{day}}}" if _is_balance(of) else day, 10, face)
    s.text(160, 36, f"单位：{of.unit}", 10, face)
    heads = (
        rng.choice((("期末余额", "年初余额"), ("期末数", "期初数"), ("期末余额", "上年年末余额")))
        if _is_balance(of)
        else rng.choice((("本期金额", "上期金额"), ("本年累计金额", "上年金额"), ("本年金额", "上年金额")))
    )
    turned = rng.random() < 0.3
    rows = [["项目", "行次", *(heads[::-1] if turned else heads)]]
    for number, (label, field, now, then) in enumerate(of.rows, rng.randint(1, 30)):
        figures = [of.printed(now, field), of.printed(then)]
        rows.append([label, str(number), *(figures[::-1] if turned else figures)])
    y = s.table(20, 44, [70, 16, 44, 40], rows, 10, face, row_height=rng.choice((8.5, 10)), left=(0,))
    s.text(20, y + 8, "单位负责人：　　　　会计主管：　　　　制表人：", 10, face)
    s.seal(150, y + 16, of.firm.name, rng.choice(("", "财务专用章")), diameter=38)
    return s


def statement_account(rng: random.Random) -> Sheet:
    """Test: no rules, the years at the head, a column of notes that is mostly empty, figures flush right."""
    of = _facts(rng, ("资产负债表", "损益表"))
    s, face = Sheet(rng, dpi=rng.choice((150, 200, 300))), rng.choice(("song", "ming", "zenhei"))
    s.text(24, 20, f"{{name|{of.firm.name}}}", 12, "song-bold")
    s.text(24, 29, of.title, 16, "song-bold")
    s.text(24, 40, f"（除特别注明外，金额单位均为人民币{of.unit}）", 9.5, face)
    suffix = "年12月31日" if _is_balance(of) else "年度"
    right = (142, 190)
    for text, x in ((f"{of.year}{suffix}", right[0]), (f"{of.year - 1}{suffix}", right[1])):
        s.text(x - 44, 52, text, 10, "hei-bold", width=44, align="right")
    s.text(84, 52, "附注", 10, "hei-bold")
    y = 62.0
    for label, field, now, then in of.rows:
        s.text(24, y, label, 10.5, face)
        if rng.random() < 0.25:
            s.text(84, y, f"五、{rng.randint(1, 30)}", 10, face)
        for figure, x in ((of.printed(now, field), right[0]), (of.printed(then), right[1])):
            s.text(x - 44, y, figure, 10.5, face, width=44, align="right")
        y += 8
    s.rule(100, y, 190, y, 0.4)
    s.text(24, y + 8, "后附财务报表附注为本财务报表的组成部分。", 9.5, face)
    return s
