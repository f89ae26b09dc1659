"""RULES B5.10: turnover and equity of financial statements, in yuan, of the current period; what is a guess is asked about."""

import os
from pathlib import Path

import pytest

from intake.typed import read_typed
from intake.understand import CONFIDENCE_LINE, understand
from samples.paper import FACES
from samples.unseen import make_one
from tests.intake.layouts import line, page
from tools.bench_reading import measure, summary

WHO = "安徽华岳贸易有限公司"
BALANCE = (("资产总计", "1,850,000.00", "1,700,000.00"), ("负债合计", "1,100,000.00", "1,000,000.00"), ("所有者权益合计", "750,000.00", "700,000.00"))  # fmt: skip
INCOME = (("一、营业收入", "3,200,000.00", "2,900,000.00"), ("减：营业成本", "2,100,000.00", "1,950,000.00"), ("加：营业外收入", "12,000.00", "0.00"), ("三、利润总额", "410,000.00", "380,000.00"))  # fmt: skip


def statement(rows, *heads, title="资产负债表", unit="单位：元", day="2025年12月31日", lines=True, right=True):
    """A statement of label, number of the line, and a figure under each head; figures end at one line, heads stand in the middle."""
    made = [line(title, 720, 80, 54)]
    made += [line(f"编制单位：{WHO}", 120, 180), line(day, 780, 180)]
    made += [line(unit, 1400, 180)] if unit else []
    columns = [720 + 320 * k for k in range(len(heads))]
    made += (
        [line("项目", 250, 260), line("行次", 600, 260)]
        if heads and lines
        else [line("项目", 250, 260)]
        if heads
        else []
    )
    made += [line(head, x + 60, 260) for x, head in zip(columns, heads, strict=True)]
    for k, (label, *figures) in enumerate(rows):
        y = 330 + 60 * k
        made.append(line(label, 120, y))
        if lines:
            made.append(line(str(k + 9), 615, y))
        for x, figure in zip(columns or [720, 1040], figures, strict=False):
            width = 16.5 * len(figure)
            made.append(line(figure, x + 280 - width if right else x, y))
    return page(*made)


def read(*pages):
    """Return turnover and equity, as (value, sure)."""
    fields = understand(pages).fields
    return {
        n: (fields[n].value, fields[n].confidence >= CONFIDENCE_LINE) for n in ("turnover", "equity") if n in fields
    }


@pytest.mark.parametrize(
    ("unit", "times"),
    [
        ("单位：元", 1), ("单位：人民币元", 1), ("金额单位：千元", 1000), ("单位：万元", 10**4), ("（单位：百万元）", 10**6), ("单 位：万 元", 10**4), ("单位：元 币种：人民币", 1),
        ("（人民币万元）", 10**4),
    ],
)  # fmt: skip
@pytest.mark.parametrize("lines", [True, False])
def test_a_figure_counts_in_the_unit_of_its_sheet(unit, times, lines):
    said = read(statement(BALANCE, "期末余额", "年初余额", unit=unit, lines=lines))
    assert said == {"equity": (f"{750000 * times}.00", True)}


@pytest.mark.parametrize(
    ("heads", "figure"),
    [
        (("期末余额", "年初余额"), "750,000.00"), (("年初余额", "期末余额"), "700,000.00"), (("上年年末余额", "期末余额"), "700,000.00"),
        (("期初数", "期末数"), "700,000.00"), (("2024年12月31日", "2025年12月31日"), "700,000.00"), (("2025年末", "2024年末"), "750,000.00"),
        (("期末余额（元）", "年初余额（元）"), "750,000.00"),
    ],
)  # fmt: skip
def test_the_head_says_which_column_counts_not_its_place(heads, figure):
    assert read(statement(BALANCE, *heads)) == {"equity": (figure.replace(",", ""), True)}


@pytest.mark.parametrize(
    ("heads", "figure"),
    [
        (("本期金额", "上期金额"), "3,200,000.00"), (("上期金额", "本期金额"), "2,900,000.00"), (("本年金额", "上年金额"), "3,200,000.00"),
        (("2024年度", "2025年度"), "2,900,000.00"), (("本期金额", "本年累计金额"), "2,900,000.00"), (("金额",), "3,200,000.00"),
    ],
)  # fmt: skip
def test_turnover_is_that_of_the_year(heads, figure):
    said = read(statement(INCOME, *heads, title="利润表", day="2025年度"))
    assert said == {"turnover": (figure.replace(",", ""), True)}


@pytest.mark.parametrize("day", ["2025年6月", "2025年1-6月", "2025年半年度", "2025年第三季度", "2025-09", "2025年1月1日至2025年6月30日"])  # fmt: skip
def test_what_is_not_a_years_turnover_is_asked_about(day):
    assert read(statement(INCOME, "本期金额", "上期金额", title="利润表", day=day)) == {
        "turnover": ("3200000.00", False)
    }


@pytest.mark.parametrize("day", ["2025年度", "2025年12月", "2025年1-12月", "2025年12月31日"])
def test_a_years_turnover_is_sure(day):
    assert read(statement(INCOME, "本期金额", "上期金额", title="利润表", day=day)) == {
        "turnover": ("3200000.00", True)
    }


@pytest.mark.parametrize("figure", ["-250,000.00", "（250,000.00）", "(250,000.00)", "－250,000.00"])
def test_what_is_owed_beyond_the_assets_is_negative(figure):
    rows = (("资产总计", "850,000.00", "900,000.00"), ("负债合计", "1,100,000.00", "950,000.00"), ("所有者权益合计", figure, "-50,000.00"))  # fmt: skip
    assert read(statement(rows, "期末余额", "年初余额")) == {"equity": ("-250000.00", True)}


def test_negative_figures_can_be_typed():
    for text in ("-250000", "(250,000.00)", "－25万元"):
        assert (read_typed("equity", text).value, read_typed("equity", text).problem) == ("-250000.00", "")
    assert read_typed("amount", "-250000").problem
    assert read_typed("equity", "-0").value == "0.00"


def test_the_account_form_says_two_labels_in_a_row():
    made = [line("资产负债表", 720, 80, 54), line("单位：万元", 1400, 180)]
    heads = ("资产", "行次", "期末余额", "年初余额", "负债和所有者权益", "行次", "期末余额", "年初余额")
    places = (60, 300, 400, 600, 800, 1130, 1250, 1480)
    made += [line(text, x, 260, 24) for x, text in zip(places, heads, strict=True)]
    rows = (
        ("固定资产", "20", "500.00", "400.00", "所有者权益（或股东权益）合计", "52", "750.00", "700.00"),
        ("资产总计", "30", "1,850.00", "1,700.00", "负债和所有者权益（或股东权益）总计", "53", "1,850.00", "1,700.00"),
    )
    made += [line(text, x, 330 + 60 * k, 20) for k, row in enumerate(rows) for x, text in zip(places, row, strict=True)]
    assert read(page(*made)) == {"equity": ("7500000.00", True)}


DOUBTED = {
    "no unit": statement(BALANCE, "期末余额", "年初余额", unit=""),
    "two units": page(*statement(BALANCE, "期末余额", "年初余额").lines, line("单位：万元", 120, 900)),
    "no heads": statement(BALANCE, lines=False),
    "heads that say neither": statement(BALANCE, "实际数", "预算数"),
    "two bodies in one column": statement(tuple((a, b, b.replace("7", "6"), c) for a, b, c in BALANCE), "期末余额", "母公司", "年初余额"),
    "assets are not debts and equity": statement((BALANCE[0], ("负债合计", "900,000.00", "800,000.00"), BALANCE[2]), "期末余额", "年初余额"),
    "a comma lost its place": statement((("所有者权益合计", "75,0000.00", "700,000.00"),), "期末余额", "年初余额"),
    "half a pair of brackets": statement((("所有者权益合计", "(750,000.00", "700,000.00"),), "期末余额", "年初余额"),
    "another currency": statement(BALANCE, "期末余额", "年初余额", unit="单位：美元"),
    "the number of the line before the sum": statement((("所有者权益合计", "9 750,000.00", "700,000.00"),), "期末余额", "年初余额", lines=False),
    "the label misread": statement((("所有者权盖合计", "750,000.00", "700,000.00"),), "期末余额", "年初余额"),
}  # fmt: skip


@pytest.mark.parametrize("case", DOUBTED)
def test_a_figure_whose_unit_column_or_form_is_a_guess_is_asked_about(case):
    said = read(DOUBTED[case])
    assert not said["equity"][1], said


def test_a_number_of_a_line_is_no_figure():
    assert read(statement((("所有者权益合计",),), "期末余额", "年初余额")) == {}
    assert read(statement((("所有者权益合计", "", "700,000.00"),), "期末余额", "年初余额")) == {}


@pytest.mark.parametrize("label", ["营业收入增长率", "营业外收入", "净资产收益率", "归属于母公司所有者权益合计", "负债和所有者权益总计"])  # fmt: skip
def test_what_is_called_otherwise_is_neither(label):
    assert read(statement(((label, "750,000.00", "700,000.00"),), "期末余额", "年初余额")) == {}


def test_two_statements_of_one_paper_that_differ_are_asked_about():
    own = statement(
        tuple((a, b.replace("7", "6"), c) for a, b, c in BALANCE[2:]), "期末余额", "年初余额", title="母公司资产负债表"
    )
    both = read(statement(BALANCE, "期末余额", "年初余额", title="合并资产负债表"), page(*own.lines, number=2))
    assert both == {"equity": ("750000.00", False)}


@pytest.mark.parametrize(
    "row", [("营业收入", "320万元"), ("营业收入（万元）", "320.00"), ("营业收入", "人民币3,200,000.00元")]
)
def test_a_form_may_say_the_unit_beside_the_figure_or_in_its_label(row):
    assert read(statement((row,), title="客户财务状况表", unit="", lines=False)) == {"turnover": ("3200000.00", True)}


@pytest.mark.parametrize(
    ("title", "asked"),
    [("资产负债表", {"equity"}), ("利润表", {"turnover"}), ("客户财务状况表", {"equity"}), ("现金流量表", set())],
)
def test_a_statement_is_asked_for_what_it_is_about(title, asked):
    reasons = understand([statement((("货币资金", "1.00"),), title=title)]).needs_review
    assert {r.removeprefix("missing:") for r in reasons if r.startswith("missing:")} == asked


@pytest.mark.skipif(
    os.environ.get("JUANZONG_REQUIRE_SERVERS") != "1" and not all(Path(path).exists() for path, _, _ in FACES.values()),
    reason="the fonts of the samples are not installed",
)
def test_scanned_statements_are_read(tmp_path):
    for number in range(2):
        make_one(number, 4711, tmp_path, kinds=["statement"])
    figures = summary(measure(tmp_path, threads=2, timed_pair=False))
    assert (figures["failures"], figures["fields_missed"], figures["categories_wrong"]) == ([], [], [])


def by_years(*rows, heads=("年度", "资产总额", "负债总额", "净资产", "营业收入", "净利润"), unit="单位：万元"):
    """Years as rows, their figures under heads."""
    made = [line("主要财务指标表", 640, 80, 54), line(f"企业名称：{WHO}", 120, 180)]
    made += [line(unit, 1300, 180)] if unit else []
    for k, row in enumerate((heads, *rows)):
        made += [line(cell, 120 + 240 * c, 260 + 60 * k) for c, cell in enumerate(row)]
    return page(*made)


YEARS = (("2022年", "92,430.11", "48,341.07", "44,089.04", "68,210.35", "4,105.77"), ("2023年", "98,705.60", "50,142.45", "48,563.15", "73,905.18", "4,632.90"), ("2024年", "106,318.22", "52,733.84", "53,584.38", "81,466.02", "5,018.44"))  # fmt: skip


def test_figures_under_heads_are_those_of_the_last_year():
    both = {"turnover": ("814660200.00", True), "equity": ("535843800.00", True)}
    assert read(by_years(*YEARS)) == both
    assert read(by_years(*reversed(YEARS))) == both
    own = read(by_years(*YEARS, heads=("年份", "资产总额（元）", "负债总额（元）", "净资产（元）", "营业收入（元）", "净利润（元）"), unit=""))  # fmt: skip
    assert own == {"turnover": ("81466.02", True), "equity": ("53584.38", True)}


def test_figures_under_heads_that_are_a_guess_are_asked_about():
    part = (*YEARS, ("2025年1-9月", "110,000.00", "55,000.00", "55,000.00", "60,000.00", "4,000.00"))
    assert read(by_years(*part)) == {"turnover": ("814660200.00", False), "equity": ("535843800.00", False)}
    assert not any(sure for _, sure in read(by_years(*YEARS, unit="")).values())


def test_cells_that_were_read_as_one_are_two():
    made = [line("资产负债表", 720, 80, 54), line(f"编制单位：{WHO}", 120, 180), line("单位：元", 1400, 180)]
    made += [line(t, x, 260) for t, x in zip(("资产", "期末余额", "年初余额", "负债和所有者权益", "期末余额", "年初余额"), (120, 400, 640, 820, 1150, 1400), strict=True)]  # fmt: skip
    rows = (("资产总计", "1,850,000.00", "1,700,000.00", "负债合计", "1,100,000.00", "1,000,000.00"), ("非流动资产合计", "450,000.00", "400,000.00", "所有者权益合计", "750,000.00", "700,000.00"))  # fmt: skip
    for k, (asset, now, before, debt, now_2, before_2) in enumerate(rows):
        y = 330 + 60 * k
        made += [line(asset, 120, y), line(now, 380, y), line(before + debt, 620, y), line(now_2, 1130, y), line(before_2, 1380, y)]  # fmt: skip
    assert read(page(*made)) == {"equity": ("750000.00", True)}
    year = by_years(*YEARS[:2], ("2024年106,318.22", "", "52,733.84", "53,584.38", "81,466.02 5,018.44"))
    assert read(year)["equity"] == ("535843800.00", True)


def test_a_months_column_beside_the_years_makes_no_month_of_it():
    assert read(statement(INCOME, "本年累计金额", "本月金额", title="利润表", day="2024年度")) == {"turnover": ("3200000.00", True)}  # fmt: skip
    assert read(statement(INCOME, "本年累计金额", "本月金额", title="利润表", day="2024年5月")) == {"turnover": ("3200000.00", False)}  # fmt: skip


@pytest.mark.parametrize("heads", [("本月金额",), ("本月金额", "上月金额"), ("本月数", "上年数")])
@pytest.mark.parametrize("day", ["2025年12月", "2025年12月31日", "2025年度"])
def test_a_months_column_alone_is_no_year_also_in_december(heads, day):
    rows = [row[: len(heads) + 1] for row in INCOME]
    assert read(statement(rows, *heads, title="利润表", day=day)) == {"turnover": ("3200000.00", False)}


@pytest.mark.parametrize("heads", [("期末余额",), ("期末余额", "年初余额")])
@pytest.mark.parametrize(("figure", "value"), [("750.1121", "7501121.00"), ("750.112", "7501120.00")])
def test_a_figure_keeps_all_its_decimals(heads, figure, value):
    rows = [("所有者权益合计", figure, "699.9000")[: len(heads) + 1]]
    assert read(statement(rows, *heads, unit="单位：万元")) == {"equity": (value, True)}
