"""Papers that say two sums, two days, two periods: which counts, and that a person looks where the paper does not settle it."""

import pytest

from intake.understand import CONFIDENCE_LINE, understand, understand_as
from tests.intake.layouts import letter, line, page

APPROVAL, LIMIT_REPLY = (
    "# 客户信用审批表\n客户名称：安徽华岳贸易有限公司\n",
    "# 信用申请回复函\n安徽华岳贸易有限公司：\n",
)
LICENCE = (
    "# 营业执照\n统一社会信用代码：91310115MA1K35JX78\n名称：东湖实业有限公司\n类型：有限责任公司\n法定代表人：郭靖\n"
)
SIGNED = "\n> 上海振华机电设备有限公司\n> 2024年5月6日"

#: What counts is beyond doubt: the other value is called what it is.
SETTLED = {
    "granted, not asked for": (APPROVAL + "申请信用额度|1000000元|批准信用额度|800000元", {"amount": "800000.00"}),
    "granted, neither asked for nor old": (APPROVAL + "原信用额度：500000元\n申请额度：1000000元\n核定额度：800000元", {"amount": "800000.00"}),
    "the day of approval": (APPROVAL + "申请日期：2024年4月6日\n批准额度：800000元\n审批日期：2024年5月6日", {"signed_on": "2024-05-06"}),
    "the day of approval, in cells": (APPROVAL + "申请日期|2024-04-06|审批日期|2024-05-06", {"signed_on": "2024-05-06"}),
    "the period granted": (APPROVAL + "申请账期：90天\n批准账期：60天", {"payment_days": "60"}),
    "what is asked for": (
        "# 客户信用申请表\n客户名称：安徽华岳贸易有限公司\n现有信用额度：500000元\n申请信用额度：800000元\n现信用期限：30天\n申请信用期限：60天",
        {"amount": "800000.00", "payment_days": "60"},
    ),
    "the limit of this year": (
        "# 客户年度信用评审报告\n客户名称：安徽华岳贸易有限公司\n上年信用额度：500000元\n信用额度：800000元", {"amount": "800000.00"},
    ),
    "said: granted, not asked for": (
        f"{LIMIT_REPLY}    贵公司2024年4月1日的信用申请收悉，经审核，贵公司申请的信用额度为1000000元，现批准信用额度为人民币800000元，信用期限为60天。{SIGNED}",
        {"amount": "800000.00", "payment_days": "60"},
    ),
    "said: what was asked for alone": (
        f"{LIMIT_REPLY}    您申请的信用额度为人民币100万元的申请已收悉。经评审，现核定贵公司信用额度为人民币80万元，账期60天。{SIGNED}",
        {"amount": "800000.00", "payment_days": "60"},
    ),
    "said: the limit changed": (
        f"{LIMIT_REPLY}    贵公司原信用额度为500000元，现调整为800000元，信用期限由30天调整为60天。{SIGNED}",
        {"amount": "800000.00", "payment_days": "60"},
    ),
    "said: from one limit to another": (f"{LIMIT_REPLY}    贵公司信用额度由500000元调整为800000元。{SIGNED}", {"amount": "800000.00"}),
    "said: the period asked for": (
        f"{LIMIT_REPLY}    贵公司申请的账期为90天，现同意信用额度为800000元，账期为60天。{SIGNED}", {"amount": "800000.00", "payment_days": "60"},
    ),
    "capital in units that leave no doubt": (f"{LICENCE}注册资本：10000万元\n成立日期：2001年8月8日", {"registered_capital": "100000000.00"}),
    "capital with its point": (f"{LICENCE}注册资本：3000.00万元\n成立日期：2001年8月8日", {"registered_capital": "30000000.00"}),
    "said: agreed to what was asked for": (f"{LIMIT_REPLY}    我公司同意贵公司申请的信用额度800000元。{SIGNED}", {"amount": "800000.00"}),
}  # fmt: skip
#: Which of two counts is a guess, however good: the label named first, and a person looks at it.
ASKED = {
    "approved before plain": (APPROVAL + "信用额度：1000000元\n批准额度：800000元", "amount", "800000.00"),
    "approved before plain, the other way round": (APPROVAL + "批准额度：800000元\n信用额度：1000000元", "amount", "800000.00"),
    "overdue before owed": ("# 催收记录表\n客户名称：安徽华岳贸易有限公司\n应收金额：1000000元\n逾期金额：300000元\n催收日期：2024年5月6日", "amount", "300000.00"),
    "agreed before planned": ("# 合同审批表\n合同名称：设备采购合同\n预算金额：1000000元\n合同金额：800000元", "amount", "800000.00"),
    "the last of the days of an approval": ("# 合同审批表\n合同名称：设备采购合同\n送审日期：2024年4月6日\n审批日期：2024年5月6日", "signed_on", "2024-05-06"),
    "its own day before that of filling in": (
        "# 客户调查表\n客户名称：安徽华岳贸易有限公司\n填表日期：2024年5月6日\n调查日期：2024年4月6日", "signed_on", "2024-04-06",
    ),
    "a label twice": ("# 客户信用表\n客户名称：安徽华岳贸易有限公司\n总分：85\n日期：2024年4月6日\n日期：2024年5月6日", "signed_on", "2024-04-06"),
    "two sums that are granted": (f"{LIMIT_REPLY}    经审核，现核定贵公司信用额度为80万元，旺季信用额度为120万元。{SIGNED}", "amount", "800000.00"),
    "capital that may have lost its point": (f"{LICENCE}注册资本：300000万元\n成立日期：2001年8月8日", "registered_capital", "3000000000.00"),
    "an authority without the place it is of": (f"{LICENCE}注册资本：300万元\n登记机关：督管理局", "authority", "督管理局"),
    "two periods": ("# 担保函\n债权人：安徽华岳贸易有限公司\n保证期间：自2024年5月6日至2025年5月5日\n有效期：自2024年5月6日至2026年5月5日", "valid_until", "2025-05-05"),
}  # fmt: skip


@pytest.mark.parametrize("text", SETTLED)
def test_a_value_that_is_called_something_else_is_neither_taken_nor_asked_about(text):
    paper, wanted = SETTLED[text]
    read = understand([letter(paper)])
    assert {name: read.fields[name].value for name in wanted} == wanted
    assert all(read.fields[name].confidence >= CONFIDENCE_LINE for name in wanted), read.fields


@pytest.mark.parametrize("text", ASKED)
def test_of_two_values_the_label_named_first_counts_and_a_person_looks(text):
    paper, name, value = ASKED[text]
    read = understand([letter(paper)])
    assert read.fields[name].value == value
    assert f"low_confidence:{name}" in read.needs_review


def test_a_value_said_twice_is_no_doubt():
    read = understand([letter(f"{APPROVAL}信用额度：800000元\n批准额度：80万元")])
    assert (read.fields["amount"].value, read.needs_review) == ("800000.00", ())


def test_what_was_asked_for_is_not_what_was_granted_even_alone():
    read = understand(
        [
            letter(
                f"{LIMIT_REPLY}    贵公司申请的信用额度为1000000元，账期为90天，不同意贵公司申请的额度100万元。{SIGNED}"
            )
        ]
    )
    assert not {"amount", "payment_days"} & read.fields.keys()


def test_the_day_of_the_application_alone_is_not_surely_that_of_the_approval():
    read = understand([letter(f"{APPROVAL}批准额度：800000元\n申请日期：2024年4月6日")])
    assert "low_confidence:signed_on" in read.needs_review


def test_a_person_beside_a_company_is_no_second_value():
    read = understand(
        [
            letter(
                "# 付款凭证\n收款人：王芳\n付款单位：安徽华岳贸易有限公司\n收款单位：上海振华机电设备有限公司\n金额：¥113000.00\n日期：2024年5月6日"
            )
        ]
    )
    assert read.fields["payee"].value == "上海振华机电设备有限公司"
    assert read.fields["payee"].confidence >= CONFIDENCE_LINE


@pytest.mark.parametrize("to", ["致：", "致: ", "致 ："])
def test_whom_a_letter_goes_to_may_follow_a_single_letter(to):
    text = f"# 工作联系函\n{to}安徽华岳贸易有限公司\n事由：关于延期交货的说明{SIGNED}"
    assert understand([letter(text)]).fields["recipient"].value == "安徽华岳贸易有限公司"


@pytest.mark.parametrize(("category", "name"), [("1.6", "creditor"), ("5.4", "name")])
def test_so_may_whom_a_guarantee_and_a_reply_go_to(category, name):
    text = f"# 函\n致：安徽华岳贸易有限公司\n我公司为贵方提供担保。{SIGNED}"
    assert understand_as([letter(text)], category).fields[name].value == "安徽华岳贸易有限公司"


def test_a_single_letter_inside_a_row_is_no_label():
    lines = [line("工作联系函", 640, 120, 54), line("抄送", 180, 300), line("致：安徽华岳贸易有限公司", 700, 300)]
    assert "recipient" not in understand([page(*lines, line("我司来函已致：各部门。", 180, 400))]).fields
