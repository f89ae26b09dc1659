"""Invoices, receipts and delivery notes: the sum with the tax, both sides, the day; and what a person is asked for."""

import pytest

from intake.understand import CONFIDENCE_LINE, understand
from tests.intake.layouts import letter, line, page

BUYER, SELLER = "安徽华岳贸易有限公司", "上海振华机电设备有限公司"
CODES = ("91340100MA2ABCDE1X", "9131011575612345X5")
GOODS = (("*机床*数控车床", "100000.00", "13000.00"), ("*电机*电动机", "20000.00", "2600.00"))
SUMS = {1: ("壹拾壹万叁仟圆整", "113000.00"), 2: ("壹拾叁万伍仟陆佰圆整", "135600.00")}


def invoice(*, rows=1, amount="金额", title="电子发票（增值税专用发票）", capitals="", below=False, parties=True):
    """An invoice with its two blocks of names side by side, or the seller's `below` as on paper forms."""
    words, digits = SUMS[rows]
    lines = [
        line(title, 800, 60, 60),
        line("发票号码：24312000000012345678", 1500, 60),
        line("开票日期：2024年05月06日", 1500, 110),
    ]
    for x, top, name, code in (
        (40, 220, BUYER, CODES[0]),
        (40 if below else 1050, 850 if below else 220, SELLER, CODES[1]),
    ):
        side = "购买方" if name == BUYER else "销售方"
        if parties:
            lines += [line(letter_, x, top + 60 * k) for k, letter_ in enumerate(side)]
            lines += [
                line(f"名称：{name}", x + 50, top),
                line(f"统一社会信用代码/纳税人识别号：{code}", x + 50, top + 120),
            ]
    heads = zip(
        (90, 400, 700, 850, 1000, 1200, 1450, 1800),
        ("项目名称", "规格型号", "单位", "数量", "单价", amount, "税率", "税额"),
        strict=True,
    )
    lines += [line(text, x, 420) for x, text in heads]
    for k, (name, net, tax) in enumerate(GOODS[:rows]):
        y = 480 + 50 * k
        lines += [
            line(t, x, y)
            for x, t in ((90, name), (700, "台"), (850, "1"), (1000, net), (1200, net), (1450, "13%"), (1800, tax))
        ]
    lines += [line("合计", 90, 700), line("¥100000.00", 1200, 700), line("¥13000.00", 1800, 700)]
    lines += [
        line("价税合计（大写）", 90, 760),
        line(capitals or words, 600, 760),
        line(f"（小写）¥{digits}", 1400, 760),
    ]
    return page(*lines, width=2100, height=1200)


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("amount", ["金额", "金 额"])
@pytest.mark.parametrize("below", [False, True])
def test_an_invoice_says_the_sum_with_the_tax_and_both_sides(rows, amount, below):
    read = understand([invoice(rows=rows, amount=amount, below=below)])
    said = {name: read.fields[name].value for name in ("amount", "payer", "payee", "signed_on")}
    assert said == {"amount": SUMS[rows][1], "payer": BUYER, "payee": SELLER, "signed_on": "2024-05-06"}
    assert (
        not {"name", "code"} & read.fields.keys()
    )  # the buyer's or the seller's: they would be taken for those of the paper
    assert read.needs_review == ()


def test_what_the_capitals_of_an_invoice_contradict_is_asked_about():
    read = understand([invoice(capitals="壹拾壹万叁仟伍佰圆整")])
    assert read.fields["amount"].value == "113000.00"
    assert "amount_mismatch" in read.needs_review


def test_an_invoice_without_its_blocks_of_names_is_asked_for_both_sides():
    assert {"missing:payer", "missing:payee"} <= set(understand([invoice(parties=False)]).needs_review)


@pytest.mark.parametrize(
    ("text", "mismatch"),
    [
        ("# 担保函\n债权人：{b}\n担保人：{s}\n担保金额：¥500000.00（大写：伍拾万元整）", False),
        ("# 担保函\n债权人：{b}\n担保人：{s}\n担保金额：¥500000.00（大写：伍拾伍万元整）", True),
        ("# 担保函\n债权人：{b}\n担保人：{s}\n担保金额：¥500000.00\n（人民币伍拾伍万元整）", True),
        ("# 担保函\n债权人：{b}\n担保人：{s}\n注册资本：壹仟万元整\n担保金额：¥500000.00", False),  # another value's
        ("# 客户信用审批表\n客户名称：{b}\n批准额度：800000元（人民币捌万元整）", True),
    ],
)
def test_the_sum_of_any_form_is_held_against_the_capitals_beside_it(text, mismatch):
    read = understand([letter(text.format(b=BUYER, s=SELLER))])
    assert ("amount_mismatch" in read.needs_review) is mismatch


RECEIPT = f"今收到 {BUYER}\n交来 货款\n人民币（大写）壹拾壹万叁仟元整 ¥113000.00\n收款单位（盖章）：{SELLER}"


@pytest.mark.parametrize(
    "text",
    [
        f"# 收款收据\n> 2024年5月6日\n{RECEIPT}",
        f"# 收款收据\n{RECEIPT}\n> 2024年5月6日",
        f"# 收款收据\nNo. 0012345|2024年5月6日\n{RECEIPT}",
        f"# 收款收据\n> 2024年5月6日\n{RECEIPT.replace(' ', '', 1)}",
        f"# 付款凭证\n> 2024年5月6日\n付款单位：{BUYER}\n收款单位：{SELLER}\n金额：¥113000.00\n大写：壹拾壹万叁仟元整",
    ],
)
def test_a_receipt_says_who_paid_and_on_what_day(text):
    read = understand([letter(text)])
    said = {name: read.fields[name].value for name in ("amount", "payer", "signed_on")}
    assert said == {"amount": "113000.00", "payer": BUYER, "signed_on": "2024-05-06"}
    assert read.needs_review == ()


@pytest.mark.parametrize("what", ["货款人民币壹拾万元整", "现金，由王芳交来"])
def test_what_was_received_is_nobody(what):
    assert "payer" not in understand([letter(f"# 收款收据\n今收到{what}（{BUYER}）\n金额：¥100000.00")]).fields


def test_a_day_of_make_is_not_the_day_of_the_paper():
    text = "# 出库单\n货物名称|生产日期|数量\n轴承|2024-01-05|10"
    assert "signed_on" not in understand([letter(text)]).fields


def test_one_of_several_days_is_asked_about():
    read = understand([letter(f"# 收款收据\n> 2024年5月6日\n{RECEIPT}\n> 2024年6月6日")])
    assert read.fields["signed_on"].confidence < CONFIDENCE_LINE


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("# 收款收据\n款项内容：货款", {"amount", "signed_on", "payer"}),
        (f"# 收款收据\n收款单位：{SELLER}\n金额：¥100.00\n日期：2024年5月6日", set()),
        ("# 银行电子回单\n摘要：货款", {"amount", "signed_on", "payer", "payee"}),
        ("# 送货单\n货物名称：轴承", {"recipient", "signed_on"}),
        (f"# 送货单\n供货单位：{SELLER}\n送货日期：2024年5月6日", set()),
        ("# 出库单\n货物名称：轴承\n日期：2024年5月6日", set()),
        ("# 记账凭证\n摘要：货款\n金额：¥100.00\n日期：2024年5月6日", set()),
        ("# 担保函\n兹提供担保。", {"guarantor", "creditor", "amount"}),
        (f"# 担保人资信情况表\n担保人名称：{SELLER}", set()),
        ("# 设备验收单\n验收结论：合格", {"contract_number", "signed_on"}),
        ("# 设备验收单\n合同编号：HT-2024-018\n验收日期：2024年5月6日", set()),
        ("# 质量检验报告\n检验结论：合格\n日期：2024年5月6日", set()),
        ("# 工作联系函\n事由：延期交货", {"recipient", "signed_on"}),
        (f"# 工作联系函\n主送：{BUYER}\n事由：延期交货\n> 2024年5月6日", set()),
        ("# 客户信用申请表\n申请理由：采购量增加", {"name", "amount"}),
        ("# 客户信用审批表\n总经理审批：同意", {"name", "amount"}),
        ("# 信用申请回复函\n贵公司的信用申请收悉。", {"name", "amount"}),
        ("# 会议纪要\n记录人：王芳", set()),
    ],
)  # fmt: skip
def test_a_person_is_asked_for_what_the_paper_has_by_its_nature(text, asked):
    reasons = understand([letter(text)]).needs_review
    assert {r.removeprefix("missing:") for r in reasons if r.startswith("missing:")} == asked


def test_a_guarantee_of_a_bank_says_to_whom_and_by_whom_it_is():
    text = (
        f"# 履约保函\n致：{BUYER}\n    鉴于{SELLER}与贵方于2024年4月1日签订了合同，合同金额为人民币1000000元，我行中国工商银行上海分行愿意为其提供担保，担保金额为人民币100000元。"
        "\n> 中国工商银行上海分行\n> 2024年5月6日"
    )
    fields = understand([letter(text)]).fields
    assert (fields["creditor"].value, fields["guarantor"].value) == (BUYER, "中国工商银行上海分行")
