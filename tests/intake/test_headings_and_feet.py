"""What papers of companies say about their headline and at their foot without a label: numbers, senders, signers, days."""

import pytest

from intake.understand import CONFIDENCE_LINE, understand
from tests.intake.cases import credit
from tests.intake.layouts import letter, line, page

WHO, OTHER = "安徽华岳贸易有限公司", "济南泉力机电设备有限公司"
CODE = credit("91340100MA2TXY8R0")


def sure(read, *names):
    return {n: read.fields[n].value for n in names if n in read.fields and read.fields[n].confidence >= CONFIDENCE_LINE}


@pytest.mark.parametrize("number", ["华岳财函〔2025〕28号", "华岳财函(2025)第028号"])
def test_the_number_of_a_letter_stands_alone_above_it(number):
    text = f"> {number}\n# 催款函\n{OTHER}：\n    贵公司尚欠货款人民币429,500.00元，请于2025年11月30日前付清。特此函告。\n> {WHO}\n> 2025年11月10日"
    read = understand([letter(text)])
    assert sure(read, "recipient", "sender", "signed_on") == {"recipient": OTHER, "sender": WHO, "signed_on": "2025-11-10"}  # fmt: skip
    assert read.fields["document_number"].value.replace("（", "(").replace("）", ")") == number


def test_a_number_in_a_sentence_is_not_the_letters_own():
    text = f"# 复函\n{OTHER}：\n    贵公司华岳财函〔2025〕28号来函收悉。\n> {WHO}\n> 2025年11月10日"
    assert "document_number" not in understand([letter(text)]).fields


def test_who_signed_stands_above_the_day_though_a_slip_to_send_back_follows():
    text = f"# 企业往来对账函\n{OTHER}：\n    截至2025年9月30日，贵公司欠款余额如下，请予核对。\n> {WHO}（盖章）\n> 2025年10月12日"
    text += "\n结论：\n1. 信息证明无误。\n> （单位盖章）　　年　月　日\n2. 信息不符，请列明不符项目及具体内容：\n> （单位盖章）　　年　月　日\n回函地址：合肥市望江西路900号\n联系人：韩丽刚\n电话：0551-65310000\n邮编：230088"
    assert sure(understand([letter(text)]), "recipient", "sender", "signed_on") == {"recipient": OTHER, "sender": WHO, "signed_on": "2025-10-12"}  # fmt: skip


def test_the_end_of_a_seals_name_is_nobody():
    text = f"# 资信证明书\n企业名称：{WHO}\n出具日期：2023年12月5日\n    该单位自开户以来，资金结算正常，信誉良好。\n> 越泉银行股份有限公司\n> 有限公司"
    assert understand([letter(text)]).fields["authority"].value == "越泉银行股份有限公司"


@pytest.mark.parametrize(("second", "value", "is_sure"), [("2025年6月18日", "2025-06-18", True), ("2025年6月20日", "2025-06-20", False)])  # fmt: skip
def test_the_days_of_two_parties_stand_beside_each_other(second, value, is_sure):
    text = f"# 最高额保证合同\n保证人：{WHO}\n债权人：东海银行股份有限公司\n    保证人自愿为债务人{OTHER}与债权人发生的债务提供连带责任保证，主债权最高余额为人民币贰仟万元整。\n甲方（公章）：|乙方（公章）：\n2025年6月18日|{second}"
    found = understand([letter(text)]).fields["signed_on"]
    assert (found.value, found.confidence >= CONFIDENCE_LINE) == (value, is_sure)


def test_who_sends_goods_heads_the_note_and_its_number_stands_behind_no():
    made = [line(WHO, 560, 60, 40), line("送货单", 720, 130, 54), line(f"收货单位：{OTHER}", 120, 240), line("No：SH20250530012", 1150, 240)]  # fmt: skip
    made += [line("联系人：闵学军", 120, 300), line("送货日期：2025-05-30", 1150, 300)]
    read = understand([page(*made)])
    assert sure(read, "sender", "recipient", "signed_on", "document_number") == {"sender": WHO, "recipient": OTHER, "signed_on": "2025-05-30", "document_number": "SH20250530012"}  # fmt: skip


def test_an_order_is_of_the_company_that_heads_it():
    made = [line(OTHER, 120, 60, 36), line("电话：0531-88620175", 1200, 60), line("采购订单", 700, 140, 54)]
    made += [line(f"供应商：{WHO}", 120, 250), line("订单号：LZ-PO-20250602-018", 1000, 250), line("付款方式：月结60天", 120, 310), line("订单日期：2025/06/02", 1000, 310)]  # fmt: skip
    made += [line("合计（含税）", 120, 500), line("202,750.00", 1000, 500)]
    read = understand([page(*made)])
    assert sure(read, "party_a", "party_b", "contract_number", "signed_on") == {"party_a": OTHER, "party_b": WHO, "contract_number": "LZ-PO-20250602-018", "signed_on": "2025-06-02"}  # fmt: skip


def test_a_certificate_of_position_says_who_somebody_is_behind_his_number():
    text = f"# 法定代表人身份证明书\n    闵学军同志，性别：男，身份证号码：370103197409215518，在我单位任执行董事兼总经理职务，是我单位的法定代表人。\n    特此证明。\n> 单位全称（盖章）：{WHO}\n> 2025年5月6日"
    assert sure(understand([letter(text)]), "legal_representative", "principal", "signed_on") == {"legal_representative": "闵学军", "principal": WHO, "signed_on": "2025-05-06"}  # fmt: skip


def test_a_letter_about_credit_is_the_reply_to_an_application():
    text = f"# 关于给予信用额度的复函\n{OTHER}：\n    贵公司提交的信用额度申请表收悉。经审核，决定给予贵公司信用额度人民币60万元，账期45天。\n> {WHO}\n> 2025年4月24日"
    assert understand([letter(text)]).category == "5.4"
    assert understand([letter(text.replace("给予信用额度", "货款支付"))]).category == "1.7"


def test_the_first_row_under_a_head_is_one_of_several():
    made = [line("应收账款催收记录表", 560, 80, 54), line("客户名称", 120, 220), line(OTHER, 360, 220), line("合同编号", 900, 220), line("YZ-XS-2025-0508", 1350, 220)]  # fmt: skip
    made += [line("欠款总额", 120, 280), line("429,500.00元", 360, 280)]
    rows = (("序号", "催收日期", "催收方式", "对方答复", "催收人"), ("1", "2025-09-20", "电话", "月底前支付", "应国强"), ("2", "2025-10-15", "上门", "承诺结清", "应国强"))  # fmt: skip
    for k, row in enumerate(rows):
        made += [line(cell, x, 340 + 60 * k) for cell, x in zip(row, (120, 360, 700, 1000, 1450), strict=True)]
    read = understand([page(*made)])
    assert sure(read, "name", "amount", "contract_number") == {"name": OTHER, "amount": "429500.00", "contract_number": "YZ-XS-2025-0508"}  # fmt: skip
    assert "low_confidence:signed_on" in read.needs_review
    alone = understand([page(*made[:-5])])
    assert sure(alone, "signed_on") == {"signed_on": "2025-09-20"}


def test_who_the_sentences_of_a_guarantee_call_so():
    text = f"# 履约保函\n保函编号：DHNB-LG-2025-00418\n致：{WHO}（受益人）\n    鉴于{OTHER}（以下简称“被保证人”）与贵方签订了《购销合同》，我行愿意就被保证人履行上述合同向贵方提供保证。\n"
    text += "一、本保函的担保金额最高不超过人民币陆万捌仟伍佰元整（¥68,500.00）。\n二、本保函的有效期自开立之日起至2026年9月30日止。\n> 东海银行股份有限公司大连分行（公章）\n> 2025年3月25日"
    read = understand([letter(text)])
    assert sure(read, "creditor", "debtor", "guarantor", "amount", "valid_until", "document_number") == {
        "creditor": WHO, "debtor": OTHER, "guarantor": "东海银行股份有限公司大连分行", "amount": "68500.00", "valid_until": "2026-09-30", "document_number": "DHNB-LG-2025-00418",
    }  # fmt: skip
    loans = f"# 最高额抵押合同\n抵押权人：东海银行股份有限公司\n抵押人：{WHO}\n    为确保{OTHER}（以下称债务人）与抵押权人签订的借款合同的履行，抵押人愿意提供抵押担保，最高债权额为人民币壹仟叁佰万元整。"
    assert sure(understand([letter(loans)]), "debtor") == {"debtor": OTHER}
    willing = f"# 最高额保证合同\n保证人（甲方）：{WHO}\n债权人（乙方）：东海银行股份有限公司\n    甲方自愿为债务人{OTHER}（下称“债务人”）与乙方发生的债务提供保证，最高余额为人民币贰仟万元整。"
    assert sure(understand([letter(willing)]), "debtor") == {"debtor": OTHER}


def test_a_bank_says_in_a_sentence_whose_credit_it_speaks_of():
    text = f"# 资信证明书\n大连辰光数控机床有限公司：\n    {WHO}（统一社会信用代码：{CODE}）自2017年起在我行开立结算账户，执行结算纪律情况良好。\n> 东海银行股份有限公司\n> 2025年2月21日"
    assert sure(understand([letter(text)]), "name", "code") == {"name": WHO, "code": CODE}


def test_the_power_to_bid_says_who_gives_it():
    text = f"# 授权书\n    本授权书声明：注册于大连市金州区北山路12号的{OTHER}的郎振东（法定代表人姓名、职务：董事长）代表本公司授权销售部的费志强（被授权人的姓名、职务：区域经理）为本公司的合法代理人，以本公司名义处理一切与之有关的事务。\n    本授权书于2025年2月18日签字生效，有效期至2025年12月31日，特此声明。\n日期：2025年2月18日"
    read = understand([letter(text)])
    assert sure(read, "legal_representative", "agent", "principal") == {"legal_representative": "郎振东", "agent": "费志强", "principal": OTHER}  # fmt: skip


def test_a_code_beside_the_headline_is_no_part_of_the_title():
    made = [line(CODE, 120, 70, 30), line("营业执照", 760, 60, 60), line("名称", 120, 300), line(WHO, 320, 300)]
    made += [line("法定代表人", 120, 360), line("韩丽刚", 320, 360), line("住所", 120, 420), line("合肥市望江西路900号", 320, 420)]  # fmt: skip
    read = understand([page(*made)])
    assert (read.title, read.fields["code"].value) == ("营业执照", CODE)


def test_the_points_of_a_scorecard_are_the_sum_of_their_column():
    rows = (("序号", "评价指标", "权重", "评分标准", "得分"), ("1", "付款及时率", "35", "≥95%得35分", "28"), ("2", "合作年限", "15", "5年以上15分", "15"), ("合计", "", "100", "", "76"))  # fmt: skip
    made = [line("客户信用等级评定表", 560, 80, 54), line(f"客户名称：{OTHER}", 120, 180), line("评定日期：2025年4月20日", 750, 180)]  # fmt: skip
    for k, row in enumerate(rows):
        made += [line(cell, x, 260 + 50 * k) for cell, x in zip(row, (120, 300, 640, 900, 1400), strict=True) if cell]
    made += [line("评定等级", 200, 460), line("BBB级", 1020, 460), line("建议信用额度", 180, 510), line("人民币60万元", 980, 510)]  # fmt: skip
    read = understand([page(*made)])
    assert sure(read, "score", "grade", "amount", "signed_on") == {"score": "76", "grade": "BBB", "amount": "600000.00", "signed_on": "2025-04-20"}  # fmt: skip
    none = [li for li in made if li.text != "得分"]
    assert "score" not in understand([page(*none)]).fields


def test_a_review_says_what_holds_after_it():
    rows = (("客户名称", OTHER, "报告编号", "NS-2026-031"), ("上年度信用等级", "A", "上年度信用额度", "300万元"), ("评审后信用等级", "AA", "评审后信用额度", "450万元"), ("评审日期", "2026年1月8日", "评审年度", "2025年度"))  # fmt: skip
    made = [line("客户年度信用评审表", 600, 80, 54)]
    for k, row in enumerate(rows):
        made += [line(cell, x, 220 + 60 * k) for cell, x in zip(row, (120, 420, 900, 1200), strict=True)]
    read = understand([page(*made)])
    assert sure(read, "name", "grade", "amount", "signed_on", "document_number") == {"name": OTHER, "grade": "AA", "amount": "4500000.00", "signed_on": "2026-01-08", "document_number": "NS-2026-031"}  # fmt: skip


@pytest.mark.parametrize("text", ["人民币500万元（实缴300万元）", "500万元，其中货币出资300万元"])
def test_what_was_paid_in_says_nothing_against_the_capital(text):
    made = [line("客户信用调查报告", 600, 80, 54), line(f"企业名称：{OTHER}", 180, 220), line(f"注册资本：{text}", 180, 280), line("调查日期：2025年3月6日", 180, 340)]  # fmt: skip
    read = understand([page(*made)])
    assert (sure(read, "registered_capital"), read.needs_review) == ({"registered_capital": "5000000.00"}, ())
