"""RULES B5.9 and B1.10: after how many days a customer pays, how many it is late, and what an acceptance came to."""

import pytest

from intake.understand import CONFIDENCE_LINE, understand
from tests.intake.layouts import letter, line, page

HABITS = "# 客户付款习惯调查表\n客户名称：安徽华岳贸易有限公司\n"
RECORD = "# 设备验收单\n合同编号：HT-2024-018\n验收日期：2024年5月6日\n"


def sure(text, *names):
    fields = understand([letter(text)]).fields
    return {n: fields[n].value for n in names if n in fields and fields[n].confidence >= CONFIDENCE_LINE}


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("45天", "45"),
        ("约45天", "45"),
        ("45", "45"),
        ("45.5天", "45.5"),
        ("1200天", "1200"),
        ("45 天（含节假日）", "45"),
    ],
)
def test_days_are_counted(printed, value):
    said = sure(f"{HABITS}平均付款天数：{printed}\n逾期天数：{printed}", "average_payment_days", "overdue_days")
    assert said == {"average_payment_days": value, "overdue_days": value}


def test_days_in_cells_stand_beside_the_terms_that_were_agreed():
    rows = (("信用期限", "60天", "平均付款天数", "75天"), ("逾期天数", "15天", "最长逾期天数", "40天"))
    lines = [line("客户付款习惯调查表", 640, 120, 54), line("客户名称：安徽华岳贸易有限公司", 180, 260)]
    lines += [line(text, 180 + 340 * k, 340 + 70 * r) for r, row in enumerate(rows) for k, text in enumerate(row)]
    read = understand([page(*lines)])
    said = {n: read.fields[n].value for n in ("payment_days", "average_payment_days", "overdue_days")}
    assert said == {"payment_days": "60", "average_payment_days": "75", "overdue_days": "15"}
    assert read.needs_review == ()


@pytest.mark.parametrize("printed", ["无", "两个月", "见附表"])
def test_what_is_no_number_of_days_is_none(printed):
    read = understand([letter(f"{HABITS}平均付款天数：{printed}")])
    assert "average_payment_days" not in read.fields
    assert "missing:average_payment_days" in read.needs_review


def test_a_record_of_collection_says_how_late_the_customer_is():
    text = (
        "# 账款催收记录表\n客户名称：安徽华岳贸易有限公司\n欠款金额：300000元\n逾期天数：95天\n催收日期：2024年5月6日"
    )
    assert sure(text, "overdue_days") == {"overdue_days": "95"}


@pytest.mark.parametrize("label", ["验收结论", "验收意见", "检验结论"])
@pytest.mark.parametrize("printed", ["合格", "不合格，退回整改", "品种、规格、数量与合同一致，质量合格，同意验收。"])
def test_an_acceptance_says_what_it_came_to(label, printed):
    assert sure(f"{RECORD}{label}：{printed}\n验收人：庄子墨", "conclusion") == {"conclusion": printed}


def test_a_conclusion_may_take_several_lines_of_a_cell():
    lines = [line("设备验收单", 700, 120, 54), line("合同编号", 180, 260), line("HT-2024-018", 450, 260)]
    lines += [line("验收结论", 180, 360), line("货物的品种、规格、数量与合同一致，", 450, 340), line("质量合格，同意验收。", 450, 380)]  # fmt: skip
    lines += [line("验收日期", 180, 460), line("2024年5月6日", 450, 460)]
    assert (
        understand([page(*lines)]).fields["conclusion"].value
        == "货物的品种、规格、数量与合同一致，质量合格，同意验收。"
    )


@pytest.mark.parametrize(
    "printed", ["□合格 ☑不合格", "√合格 不合格", "合格/不合格", "合格（ ）不合格（√）", "不合格  合格"]
)
def test_which_of_the_choices_was_ticked_is_asked_about(printed):
    assert sure(f"{RECORD}验收结论：{printed}", "conclusion") == {}
