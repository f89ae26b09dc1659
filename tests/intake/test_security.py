"""RULES B1.4 and B1.6: contracts of mortgage and pledge, title deeds, lists of collateral, resolutions, a guarantor's statements."""

import pytest

from intake.understand import CONFIDENCE_LINE, understand
from tests.intake.layouts import letter, line, page

ONE, OTHER, BANK = "安徽华岳贸易有限公司", "上海振华机电设备有限公司", "中国工商银行合肥高新支行"
OURS = ("临江港务集团有限公司",)


def sure(text, *names):
    read = understand([letter(text)], OURS)
    return {n: read.fields[n].value for n in names if n in read.fields and read.fields[n].confidence >= CONFIDENCE_LINE}


@pytest.mark.parametrize(
    ("title", "gives", "takes"), [("最高额抵押合同", "抵押人", "抵押权人"), ("股权质押合同", "出质人", "质权人")]
)
def test_a_contract_of_mortgage_or_pledge_says_who_secures_whose_debt_to_whom(title, gives, takes):
    text = (
        f"# {title}\n合同编号：DY-2024-018\n{takes}（甲方）：{BANK}\n{gives}（乙方）：{ONE}\n债务人：{OTHER}\n"
        "第一条 担保的主债权金额为人民币5,000,000.00元（大写：伍佰万元整）。\n签订日期：2024年5月6日"
    )
    read = understand([letter(text)])
    assert (read.category, read.kind, read.needs_review) == ("1.6", "guarantee", ())
    assert sure(text, "creditor", "guarantor", "debtor", "amount", "signed_on", "contract_number") == {
        "creditor": BANK, "guarantor": ONE, "debtor": OTHER, "amount": "5000000.00", "signed_on": "2024-05-06", "contract_number": "DY-2024-018",
    }  # fmt: skip


def test_whose_debt_it_is_may_be_said_in_a_sentence():
    text = f"# 抵押合同\n抵押权人：{BANK}\n抵押人：{ONE}\n    为确保债务人{OTHER}与抵押权人签订的借款合同的履行，抵押人自愿提供抵押担保。最高债权额为人民币300万元。"
    assert sure(text, "debtor", "amount") == {"debtor": OTHER, "amount": "3000000.00"}
    said = sure(text.replace(f"债务人{OTHER}与", f"债务人不履行债务时{BANK}与"), "debtor")
    assert said == {}


def test_a_title_deed_says_whose_it_is_and_where():
    text = f"# 不动产权证书\n皖（2024）合肥市不动产权第0012345号\n权利人|{ONE}\n共有情况|单独所有\n坐落|合肥市高新区望江西路800号\n登记日期|2024年5月6日"
    read = understand([letter(text)])
    assert (read.category, read.kind, read.needs_review) == ("1.6", "collateral", ())
    assert sure(text, "name", "address") == {"name": ONE, "address": "合肥市高新区望江西路800号"}
    assert "missing:name" in understand([letter("# 不动产权证书\n坐落|合肥市高新区望江西路800号")]).needs_review


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (f"# {ONE}股东会决议\n会议一致同意为{OTHER}提供担保。\n股东签字：\n> 2024年5月6日", set()),
        (f"{ONE}\n# 董事会决议\n会议一致同意为{OTHER}提供担保。\n董事签字：\n> 2024年5月6日", set()),
        (f"# 股东会决议\n会议一致同意提供担保。\n股东签字：\n> {ONE}\n> 2024年5月6日", set()),
        ("# 股东会决议\n会议一致同意提供担保。", {"missing:principal", "missing:signed_on"}),
    ],
)
def test_a_resolution_says_whose_it_is_and_of_what_day(text, missing):
    read = understand([letter(text)])
    assert (read.category, read.kind, set(read.needs_review)) == ("1.4", "resolution", missing)
    if not missing:
        assert sure(text, "principal", "signed_on") == {"principal": ONE, "signed_on": "2024-05-06"}


def test_our_own_resolution_is_ours():
    assert understand([letter(f"# {OURS[0]}董事会决议\n会议一致同意。\n> 2024年5月6日")], OURS).category == "1.5"


def statement(title, who):
    lines = [line(title, 700, 80, 54), line(who, 120, 180), line("单位：元", 1400, 180)]
    rows = (("项目", "期末余额", "年初余额"), ("资产总计", "1,850,000.00", "1,700,000.00"), ("负债合计", "1,100,000.00", "1,000,000.00"), ("所有者权益合计", "750,000.00", "700,000.00"))  # fmt: skip
    return page(*lines, *(line(t, 120 + 500 * k, 260 + 60 * r) for r, row in enumerate(rows) for k, t in enumerate(row)))  # fmt: skip


@pytest.mark.parametrize(
    ("title", "who", "category"),
    [
        ("资产负债表", f"编制单位：{ONE}", "5.10"), ("担保人资产负债表", f"编制单位：{ONE}", "1.6"), ("资产负债表（担保人）", f"编制单位：{ONE}", "1.6"),
        ("资产负债表", f"担保人：{ONE}", "1.6"), ("资产负债表", f"编制单位：{ONE}担保有限公司", "5.10"),
    ],
)  # fmt: skip
def test_a_statement_is_a_guarantors_only_where_it_says_so(title, who, category):
    read = understand([statement(title, who)])
    assert read.category == category
    assert ("equity" in read.fields) is (category == "5.10")  # it is no figure of the customer's
