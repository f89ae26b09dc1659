"""Forms around a contract: acceptance record, payment receipt of the bank, application for credit."""

import random

from samples.invented import Company
from samples.paper import Sheet


def acceptance(rng: random.Random, buyer: Company, seller: Company) -> Sheet:
    """设备验收单 (1.10)."""
    s = Sheet(rng, dpi=200)
    s.text(0, 24, "设备到货验收单", 22, "hei-bold", width=210, align="centre", spacing=0.15)
    s.text(24, 42, "合同编号：{contract_number|HY-WZ-2026-0137}", 11, "song")
    s.text(124, 42, "验收日期：{signed_on=2026-06-09|2026年6月9日}", 11, "song")
    y = s.table(
        24,
        50,
        [30, 132],
        [
            ["采购单位", "{party_a|" + buyer.name + "}"],
            ["供货单位", "{party_b|" + seller.name + "}"],
            ["到货地点", "临溪市经济开发区滨河路88号仓库"],
        ],
        11,
        "song",
        row_height=9.5,
        left=(1,),
    )
    y = s.table(
        24,
        y,
        [14, 46, 40, 16, 22, 24],
        [
            ["序号", "设备名称", "规格型号", "单位", "合同数量", "实收数量"],
            ["1", "电动蝶阀", "D941X-16 DN300", "台", "48", "48"],
            ["2", "闸阀", "Z41H-25 DN100", "台", "120", "120"],
            ["3", "电动执行机构", "DQ-60", "套", "48", "48"],
            ["4", "随机资料", "合格证、说明书", "份", "168", "168"],
        ],
        10.5,
        "song",
        row_height=9,
        head="song-bold",
    )
    y = s.table(
        24,
        y,
        [30, 132],
        [
            ["外观检查", "包装完好，无锈蚀、无变形，铭牌清晰。"],
            ["性能检查", "抽检蝶阀六台、闸阀十二台，启闭灵活，密封试验合格。"],
            ["验收结论", "{conclusion|货物的品种、规格、数量与合同一致，质量合格，同意验收入库。}"],
        ],
        11,
        "song",
        row_height=15,
        left=(1,),
    )
    for x, label in ((24, "采购人员："), (80, "质检人员："), (136, "库管人员：")):
        s.text(x, y + 10, label, 11, "song")
        s.sign(x + 21, y + 12, 22, 9)
    s.text(24, y + 28, "供货单位代表：", 11, "song")
    s.sign(54, y + 30, 22, 9)
    s.seal(150, y + 34, buyer.name, "仓库验收专用章")
    return s


def payment(rng: random.Random, payer: Company, payee: Company) -> Sheet:
    """网上银行电子回单 (1.11), half a sheet."""
    s = Sheet(rng, 210, 148, dpi=200)
    s.text(0, 14, "南浦商业银行　网上银行电子回单", 18, "kai-bold", width=210, align="centre")
    s.text(20, 27, "回单编号：{document_number|2026031800416677}", 10, "hei")
    s.text(130, 27, "交易日期：{signed_on=2026-03-18|2026-03-18}", 10, "hei")
    s.table(
        20,
        34,
        [10, 18, 57, 10, 18, 57],
        [
            ["付", "户名", "{payer|" + payer.name + "}", "收", "户名", "{payee|" + payee.name + "}"],
            ["款", "账号", payer.account, "款", "账号", payee.account],
            ["人", "开户行", payer.bank, "人", "开户行", payee.bank],
        ],
        10,
        "hei",
        row_height=9,
        left=(2, 5),
    )
    y = s.table(
        20,
        61,
        [28, 142],
        [
            ["金额（大写）", "人民币柒拾壹万零伍佰伍拾元整"],
            ["金额（小写）", "¥{amount=710550.00|710,550.00}"],
            ["用途", "设备购销合同预付款（30%）"],
            ["附言", "合同编号：{contract_number|HY-WZ-2026-0137}"],
            ["交易流水号", "NP20260318102455900317"],
        ],
        10,
        "hei",
        row_height=9,
        left=(1,),
    )
    s.text(20, y + 4, "重要提示：本回单不作为收款方发货依据，请勿重复记账。", 9, "hei")
    s.text(20, y + 11, "打印时间：2026-03-20 09:41:07　　打印次数：1", 9, "hei")
    s.seal(160, y - 2, "南浦商业银行股份有限公司", "电子回单专用章", diameter=38, star=True)
    s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return s


def credit_application(rng: random.Random, company: Company) -> Sheet:
    """客户信用额度申请表 (5.1)."""
    s = Sheet(rng, dpi=200)
    s.text(0, 22, "客户信用额度申请表", 20, "zenhei", width=210, align="centre", spacing=0.1)
    s.text(22, 38, "申请日期：{signed_on=2026-01-12|2026年1月12日}", 10.5, "song")
    s.text(140, 38, "编号：{document_number|XY-2026-0031}", 10.5, "song")
    y = s.table(
        22,
        45,
        [34, 56, 32, 44],
        [
            ["客户名称", "{name|" + company.name + "}", "<", "<"],
            [
                "统一社会信用代码",
                "{code|" + company.code + "}",
                "法定代表人",
                "{legal_representative|" + company.head + "}",
            ],
            [
                "注册资本",
                "{registered_capital=15000000.00|1500万元}",
                "成立日期",
                "{established_on=2017-08-30|2017年8月30日}",
            ],
            ["注册地址", "{address|" + company.address + "}", "<", "<"],
            ["经营范围", "{scope|电线电缆、桥架、母线槽的制造与销售}", "<", "<"],
            ["开户银行", company.bank, "账号", company.account],
            ["联系人", "殷秋实", "联系电话", "0577-5550 4417"],
        ],
        10.5,
        "song",
        row_height=10,
        left=(1, 3),
    )
    y = s.table(
        22,
        y,
        [34, 56, 32, 44],
        [
            ["申请信用额度", "人民币{amount=3000000.00|300万元}", "申请信用期限", "{payment_days|60}天"],
            ["上年销售收入", "8,642万元", "上年净利润", "517万元"],
            ["资产负债率", "48.6%", "与我方合作年限", "5年"],
            ["申请理由：年度采购量增加，为稳定供货、加快周转，申请提高信用额度并延长账期。", "<", "<", "<"],
        ],
        10.5,
        "song",
        row_height=10,
        heights={3: 22},
        left=(1, 3),
    )
    y = s.table(
        22,
        y,
        [34, 132],
        [
            ["业务部门意见", "客户履约情况良好，历史付款及时，建议同意。"],
            ["信用部门意见", "经评分为A级，拟授予额度300万元，账期60天。"],
            ["分管领导审批", ""],
        ],
        10.5,
        "song",
        row_height=24,
        left=(1,),
    )
    s.sign(150, y - 60, 24, 9)
    s.sign(150, y - 36, 24, 9)
    s.sign(90, y - 12, 30, 11)
    s.text(22, y + 8, "本公司承诺以上所填内容真实有效。", 10.5, "song")
    s.text(112, y + 8, "申请单位（盖章）：", 10.5, "song")
    s.seal(160, y + 14, company.name)
    s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return s
