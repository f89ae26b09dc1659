"""RULES B1 and B5: every category is recognised by its headline, and unknown headlines by the words on the page."""

import pytest

from intake.categories import CATEGORIES
from intake.kinds import KINDS
from intake.model import PageText
from intake.understand import understand
from tests.intake.layouts import letter, line, page

HEADLINES = [
    ("商务谈判记录", "1.1", "negotiation"), ("关于新建仓库的会议纪要", "1.1", "negotiation"), ("年产五万吨纸浆项目可行性研究报告", "1.1", "proposal"), ("关于采购数控机床的请示", "1.1", "proposal"), ("合同审批表", "1.1", "proposal"),
    ("营业执照", "1.2", "licence"), ("企业法人营业执照", "1.2", "licence"), ("事业单位法人证书", "1.2", "licence"),
    ("建筑业企业资质证书", "1.3", "capability"), ("银行资信证明", "1.3", "capability"), ("安全生产许可证", "1.3", "capability"),
    ("授权委托书", "1.4", "authorization"), ("法定代表人授权书", "1.4", "authorization"), ("法定代表人身份证明书", "1.4", "position_certificate"), ("介绍信", "1.4", "introduction"), ("居民身份证", "1.4", "identity_card"),
    ("不可撤销担保函", "1.6", "guarantee"), ("履约保函", "1.6", "guarantee"),
    ("工作联系函", "1.7", "correspondence"), ("关于延期交货的复函", "1.7", "correspondence"), ("电话记录", "1.7", "correspondence"),
    ("公证书", "1.8", "registration"), ("律师见证书", "1.8", "registration"),
    ("设备采购合同", "1.9", "contract"), ("合作框架协议", "1.9", "contract"), ("购销合同补充协议", "1.9", "contract"), ("合同变更协议书", "1.9", "contract"), ("解除合同协议书", "1.9", "contract"), ("《设备采购合同》终止协议", "1.9", "contract"), ("SALES CONTRACT", "1.9", "contract"),
    ("竣工验收报告", "1.10", "acceptance"), ("设备采购合同验收单", "1.10", "acceptance"),
    ("统一社会信用代码证书", "1.2", "licence"), ("保证合同", "1.6", "guarantee"), ("最高额保证合同", "1.6", "guarantee"),
    ("抵押合同", "1.6", "guarantee"), ("最高额抵押合同", "1.6", "guarantee"), ("股权质押合同", "1.6", "guarantee"), ("应收账款质押协议", "1.6", "guarantee"), ("抵押借款合同", "1.9", "contract"),
    ("不动产权证书", "1.6", "collateral"), ("房屋所有权证", "1.6", "collateral"), ("国有土地使用证", "1.6", "collateral"), ("抵押物清单", "1.6", "collateral"), ("不动产登记证明", "1.8", "registration"), ("动产抵押登记证明", "1.8", "registration"),
    ("担保人资产负债表", "1.6", "guarantee"), ("保证人财务报表", "1.6", "guarantee"), ("利润表", "5.10", "financial_condition"),
    ("股东会决议", "1.4", "resolution"), ("东湖实业有限公司董事会决议", "1.4", "resolution"), ("关于对外担保的股东大会决议", "1.4", "resolution"), ("董事会会议纪要", "1.1", "negotiation"),
    ("汇款电子回单", "1.11", "voucher"), ("电子回单凭证", "1.11", "voucher"), ("备用信用证", "1.11", "voucher"), ("现金支票", "1.11", "voucher"), ("付款申请书", "1.11", "voucher"),
    ("完工报告", "1.10", "acceptance"), ("工程竣工报告", "1.10", "acceptance"),
    ("银行承兑汇票", "1.11", "voucher"), ("电子银行承兑汇票", "1.11", "voucher"), ("商业承兑汇票", "1.11", "voucher"), ("转账支票", "1.11", "voucher"), ("国内信用证", "1.11", "voucher"),
    ("工程结算单", "1.11", "voucher"), ("付款申请单", "1.11", "voucher"),
    ("送货单", "1.11", "voucher"), ("增值税专用发票", "1.11", "voucher"), ("银行电子回单", "1.11", "voucher"), ("收据", "1.11", "voucher"),
    ("客户信用申请表", "5.1", "credit_application"), ("客户调查表", "5.2", "customer_survey"), ("客户信用审批表", "5.3", "credit_approval"), ("信用申请回复函", "5.4", "reply_letter"), ("客户信用表单", "5.5", "credit_form"),
    ("授信资料", "5.6", "credit_granting"), ("客户年审评价报告", "5.7", "annual_review"), ("客户概况表", "5.8", "customer_profile"), ("客户付款习惯调查表", "5.9", "payment_habits"), ("资产负债表", "5.10", "financial_condition"),
    ("商账追讨记录", "5.11", "collection_record"), ("应收账款催收记录", "5.11", "collection_record"), ("往来银行情况表", "5.12", "banks"), ("企业经营状况调查表", "5.13", "operations"),
]  # fmt: skip


@pytest.mark.parametrize(("headline", "category", "kind"), HEADLINES)
def test_a_headline_decides(headline, category, kind):
    read = understand([letter(f"# {headline}\n\n客户：东湖实业有限公司\n本页说明有关情况，供查阅。\n> 2026年3月1日")])
    assert (read.category, read.kind) == (category, kind)
    assert read.title == headline
    assert read.confidence > 0


def test_every_category_but_our_own_authorization_has_a_headline():
    assert {c for _, c, _ in HEADLINES} | {"1.5"} == set(CATEGORIES)
    assert {k.category for k in KINDS} | {"1.5"} == set(CATEGORIES)


def test_categories_are_named_in_both_languages():
    assert all(zh and en for zh, en in CATEGORIES.values())
    assert len(CATEGORIES) == 24


def test_words_speak_where_the_headline_is_unread_but_less_surely():
    text = "统一社会信用代码：91310115MA1K35JX78\n名称：东湖实业有限公司\n类型：有限责任公司\n法定代表人：郭靖\n注册资本：壹亿元整\n成立日期：2001年8月8日\n住所：武汉市高新大道999号\n经营范围：园区开发。\n登记机关"
    named, unnamed = understand([letter("# 营业执照\n" + text)]), understand([letter(text)])
    assert unnamed.kind == named.kind == "licence"
    assert unnamed.confidence < named.confidence


def test_a_contract_that_mentions_an_authorization_stays_a_contract():
    read = understand(
        [
            letter(
                "# 买卖合同\n甲方：东湖实业有限公司\n乙方：石桥建材有限公司\n附件：授权委托书、营业执照复印件。\n违约责任：按照本合同执行。\n> 2026年3月1日"
            )
        ]
    )
    assert read.kind == "contract"


def test_a_small_title_at_the_page_top_is_enough():
    read = understand([letter("验收单\n货物名称：水泥\n验收结论：合格\n验收人：庄子墨\n验收日期：2026年3月1日")])
    assert read.kind == "acceptance"


@pytest.mark.parametrize("blank", [(2, 0), (3, 1), (0, 2), (1, 3)])
def test_pages_without_words_before_and_behind_change_nothing(blank):
    """A cover, a blank back, a page that could not be read in its time."""
    text = "# 设备采购合同\n甲方：东湖实业有限公司\n乙方：石桥建材有限公司\n违约责任：按照本合同执行。\n> 2026年3月1日"
    before, behind = ([PageText(1, 800, 1100, 0, "unread", ())] * count for count in blank)
    read, alone = understand([*before, letter(text), *behind]), understand([letter(text)])
    assert (
        (read.kind, read.title, read.category)
        == (alone.kind, alone.title, alone.category)
        == ("contract", "设备采购合同", "1.9")
    )
    assert read.fields == alone.fields


def test_a_bill_is_a_voucher_whatever_it_says_of_banks_and_gives_its_sum_and_day():
    text = (
        "# 电子银行承兑汇票\n出票日期：2026-03-05\n出票人全称：东湖实业有限公司\n收款人全称：石桥建材有限公司\n开户银行：中国工商银行武汉分行\n"
        "账号：6222021234567890123\n票面金额：￥680000.00\n承兑人：中国工商银行武汉分行\n汇票到期日：2026-09-05"
    )
    read = understand([letter(text)])
    assert (read.category, read.kind) == ("1.11", "voucher")
    said = {name: read.fields[name].value for name in ("amount", "signed_on", "payer", "payee")}
    assert said == {
        "amount": "680000.00",
        "signed_on": "2026-03-05",
        "payer": "东湖实业有限公司",
        "payee": "石桥建材有限公司",
    }


@pytest.mark.parametrize("beside", ["交易日期：2024年5月6日", "编号：0012345", "No. 0012345"])
def test_a_title_beside_a_number_or_a_day_is_the_title(beside):
    words = [line("付款单位：安徽华岳贸易有限公司", 180, 160), line("收款单位：上海振华机电设备有限公司", 180, 220)]
    read = understand([page(line("徽商银行电子回单", 180, 60, 50), line(beside, 1100, 70), *words)])
    assert (read.category, read.title) == ("1.11", "徽商银行电子回单")
    small = understand([page(line("签订合同", 180, 60), line(beside, 1100, 60), *words)])
    assert small.title != "签订合同"
