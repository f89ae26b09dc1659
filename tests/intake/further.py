"""More documents of the three main kinds, written after the readers were; layouts and wordings unlike the others."""

from tests.intake.cases import Case, credit
from tests.intake.layouts import letter, line, page, table
from tests.intake.licences import two_columns

A, B, C = credit("91320594MA1X2Y3T4"), credit("91510107665309876"), credit("91370283MA3DEFGH1")
OURS = ("临江港务集团有限公司",)


def case(name, text, fields, kind, category, *, review=(), unsure=(), more=(), **style):
    return Case(
        name,
        [letter(text, **style), *(letter(t, number=i, **style) for i, t in enumerate(more, 2))],
        category,
        kind,
        fields,
        OURS,
        review,
        unsure,
    )


CASES = [
    Case(
        "licence: sole owner, 投资人, small copy",
        [
            two_columns(
                [
                    ("名　称", "苏州工业园区锦绣丝绸厂"),
                    ("类　型", "个人独资企业"),
                    ("投 资 人", "阮玲"),
                    ("经营范围", "丝绸面料织造、加工、销售。（依法须经批准的项目，经相关部门批准后方可开展经营活动）"),
                ],
                [("出 资 额", "50万元整"), ("成立日期", "2004年5月12日"), ("住　所", "苏州工业园区胜浦路168号")],
                code=A,
                authority="苏州工业园区市场监督管理局",
                issued="2022年10月13日",
                size=26,
            )
        ],
        "1.2",
        "licence",
        {
            "name": "苏州工业园区锦绣丝绸厂",
            "code": A,
            "type": "个人独资企业",
            "legal_representative": "阮玲",
            "registered_capital": "500000.00",
            "established_on": "2004-05-12",
            "address": "苏州工业园区胜浦路168号",
            "scope": "丝绸面料织造、加工、销售。（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
            "authority": "苏州工业园区市场监督管理局",
            "issued_on": "2022-10-13",
        },
    ),
    case(
        "licence: dates and term in dots, 有限责任公司 after 公司类型",
        f"""
# 营业执照
（副本） 编号 20190807001
统一社会信用代码：{B}
公司名称：成都锦里川菜食材配送有限公司
公司类型：有限责任公司（自然人独资）
法定代表人：诸葛明　　注册资本：叁佰陆拾万元整
成立日期：2007.08.20　　营业期限：2007.08.20-2037.08.19
经营场所：成都市青羊区蜀都大道88号附12号
经营范围：食用农产品批发；道路普通货运。
登记机关：成都市青羊区市场监督管理局　发照日期：2019.08.07
""",
        {
            "name": "成都锦里川菜食材配送有限公司",
            "code": B,
            "type": "有限责任公司（自然人独资）",
            "legal_representative": "诸葛明",
            "registered_capital": "3600000.00",
            "established_on": "2007-08-20",
            "valid_from": "2007-08-20",
            "valid_until": "2037-08-19",
            "address": "成都市青羊区蜀都大道88号附12号",
            "scope": "食用农产品批发；道路普通货运。",
            "authority": "成都市青羊区市场监督管理局",
            "issued_on": "2019-08-07",
        },
        "licence",
        "1.2",
    ),
    Case(
        "licence: values printed under their labels' row middle, right column lower by half a row",
        [
            two_columns(
                [
                    ("名称", "青岛即墨海蓝水产养殖有限公司"),
                    ("类型", "有限责任公司（自然人投资或控股的法人独资）"),
                    ("法定代表人", "于海洋"),
                    (
                        "经营范围",
                        "水产养殖；水产品批发；渔业机械服务；冷冻加工。【依法须经批准的项目，经相关部门批准后方可开展经营活动，具体经营项目以审批结果为准】",
                    ),
                ],
                [
                    ("注册资本", "贰仟万元人民币"),
                    ("成立日期", "2016年01月04日"),
                    ("营业期限", "2016年01月04日至 年 月 日"),
                    ("住所", "山东省青岛市即墨区田横镇泊子村东首"),
                ],
                code=C,
                shift=27,
                authority="青岛市即墨区行政审批服务局",
                issued="2020年09月30日",
            )
        ],
        "1.2",
        "licence",
        {
            "name": "青岛即墨海蓝水产养殖有限公司",
            "code": C,
            "type": "有限责任公司（自然人投资或控股的法人独资）",
            "legal_representative": "于海洋",
            "registered_capital": "20000000.00",
            "established_on": "2016-01-04",
            "valid_from": "2016-01-04",
            "address": "山东省青岛市即墨区田横镇泊子村东首",
            "scope": "水产养殖；水产品批发；渔业机械服务；冷冻加工。【依法须经批准的项目，经相关部门批准后方可开展经营活动，具体经营项目以审批结果为准】",
            "authority": "青岛市即墨区行政审批服务局",
            "issued_on": "2020-09-30",
        },
    ),
    Case(
        "licence: portrait, labels and values merged without a gap",
        [
            page(
                line("营业执照", 600, 150, 90),
                line("（正本）", 780, 270, 30),
                line(f"注册号{'440301103456789'}", 250, 340, 30),
                *table(
                    [
                        ("名称", "深圳市鹏程万里电子有限公司"),
                        ("住所", "深圳市福田区华强北路1019号"),
                        ("法定代表人姓名", "詹天"),
                        ("注册资本", "人民币壹佰零壹万元"),
                        ("实收资本", "人民币壹佰零壹万元"),
                        ("公司类型", "有限责任公司"),
                        ("经营范围", "电子元器件的购销；国内贸易。"),
                        ("成立日期", "二〇〇八年十一月十八日"),
                        ("营业期限", "自二〇〇八年十一月十八日起至二〇一八年十一月十八日止"),
                    ],
                    250,
                    440,
                    value_x=520,
                    right=1500,
                    merge=True,
                ),
                line("深圳市工商行政管理局", 900, 1400, 30),
                line("二〇一二年七月六日", 950, 1470, 30),
            )
        ],
        "1.2",
        "licence",
        {
            "name": "深圳市鹏程万里电子有限公司",
            "code": "440301103456789",
            "address": "深圳市福田区华强北路1019号",
            "legal_representative": "詹天",
            "registered_capital": "1010000.00",
            "type": "有限责任公司",
            "scope": "电子元器件的购销；国内贸易。",
            "established_on": "2008-11-18",
            "valid_from": "2008-11-18",
            "valid_until": "2018-11-18",
            "authority": "深圳市工商行政管理局",
            "issued_on": "2012-07-06",
        },
    ),
    case(
        "authorization: table of two people's details",
        """
# 授权委托书
委托单位名称：临江港务集团有限公司
法定代表人：鲍国安　　　　职务：总经理
受委托人姓名：舒婷　　　　工作单位：临江港务集团有限公司法务部
代理权限：特别授权，代为签署港口作业合同、变更、解除协议
代理期限：自本委托书签署之日起至2027年3月31日止
> 委托单位：（公章）
> 法定代表人：（签名）
> 2026年4月1日
""",
        {
            "principal": "临江港务集团有限公司",
            "legal_representative": "鲍国安",
            "agent": "舒婷",
            "scope": "特别授权，代为签署港口作业合同、变更、解除协议",
            "valid_from": "2026-04-01",
            "valid_until": "2027-03-31",
            "signed_on": "2026-04-01",
        },
        "authorization",
        "1.5",
        unsure=("valid_from",),
    ),
    case(
        "authorization: power in one sentence, six months",
        """
# 委托授权书
致：临江港务集团有限公司
    我公司（成都锦里川菜食材配送有限公司）现委托业务经理古月（身份证号码110101199003070134）作为我公司的代理人，全权办理与贵公司食材配送合同的签约及结算事宜。
    委托期限：六个月，自2026年5月1日起。
> 成都锦里川菜食材配送有限公司（盖章）
> 法定代表人：诸葛明
> 2026年4月28日
""",
        {
            "principal": "成都锦里川菜食材配送有限公司",
            "legal_representative": "诸葛明",
            "agent": "古月",
            "scope": "全权办理与贵公司食材配送合同的签约及结算事宜",
            "valid_from": "2026-05-01",
            "valid_until": "2026-10-31",
            "signed_on": "2026-04-28",
        },
        "authorization",
        "1.4",
    ),
    case(
        "authorization: 兹委托 ... 同志",
        """
# 法人授权委托书
    兹委托张果老同志（职务：采购主管）为我单位代理人，代表我单位参加2026年度水产品集中采购活动并签署相关文件。委托有效期：2026年6月1日至2026年12月31日。
委托单位：青岛即墨海蓝水产养殖有限公司（章）
法定代表人：于海洋（签章）
签发日期：2026年5月25日
""",
        {
            "principal": "青岛即墨海蓝水产养殖有限公司",
            "legal_representative": "于海洋",
            "agent": "张果老",
            "scope": "参加2026年度水产品集中采购活动并签署相关文件",
            "valid_from": "2026-06-01",
            "valid_until": "2026-12-31",
            "signed_on": "2026-05-25",
        },
        "authorization",
        "1.4",
        unsure=("scope",),
    ),
    case(
        "authorization: position certificate with sex and age",
        """
# 法定代表人身份证明
单位名称：深圳市鹏程万里电子有限公司
姓名：詹天　性别：男　年龄：52　职务：总经理
系深圳市鹏程万里电子有限公司的法定代表人。
特此证明。
> 深圳市鹏程万里电子有限公司（盖章）
> 日期：2026年7月7日
""",
        {"principal": "深圳市鹏程万里电子有限公司", "legal_representative": "詹天", "signed_on": "2026-07-07"},
        "position_certificate",
        "1.4",
    ),
    case(
        "contract: hosting, 客户方 服务方",
        """
# 云主机托管服务协议
协议号：YT/2026-0455
客户方：临江港务集团有限公司（以下简称“甲方”）
服务方：武陵数据服务中心（以下简称“乙方”）
第一条 乙方为甲方提供云主机托管服务，服务期自2026年7月1日起至2027年6月30日止。
第二条 服务费用：每月人民币15,000元，全年合计人民币180,000元（大写：人民币壹拾捌万元整）。
第三条 逾期付款的，每日按未付金额的0.5‰支付违约金。
> 协议签订日期：2026年6月20日
""",
        {
            "contract_number": "YT/2026-0455",
            "title": "云主机托管服务协议",
            "party_a": "临江港务集团有限公司",
            "party_b": "武陵数据服务中心",
            "amount": "180000.00",
            "currency": "CNY",
            "signed_on": "2026-06-20",
            "term_from": "2026-07-01",
            "term_until": "2027-06-30",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: 卖方 before 买方, total under the table with tax",
        """
# 产品销售合同
卖方：深圳市鹏程万里电子有限公司　　　　合同编号：PCWL-26-0311
买方：苏州工业园区锦绣丝绸厂　　　　　　签订日期：2026.03.11
序号|品名|数量|单价|金额
1|温控模块|120|350.00|42,000.00
2|传感器|240|95.00|22,800.00
总计（含税13%）：人民币陆万肆仟捌佰元整（￥64,800.00）
一、交货期：合同生效后20天。
二、付款：预付30%（￥19,440.00），余款货到付清。
卖方（盖章）|买方（盖章）
""",
        {
            "contract_number": "PCWL-26-0311",
            "title": "产品销售合同",
            "party_a": "深圳市鹏程万里电子有限公司",
            "party_b": "苏州工业园区锦绣丝绸厂",
            "amount": "64800.00",
            "currency": "CNY",
            "signed_on": "2026-03-11",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: preamble 由以下双方于 ... 签署",
        f"""
# 股权投资协议
本协议由以下双方于2026年9月1日在青岛市签署：
投资方：嘉木成林股权投资合伙企业（有限合伙）
统一社会信用代码：{A}
目标公司：青岛即墨海蓝水产养殖有限公司
统一社会信用代码：{C}
1.1 投资方同意以人民币3,000万元认购目标公司新增注册资本人民币500万元，投资总额为人民币3,000万元。
""",
        {
            "title": "股权投资协议",
            "party_a": "嘉木成林股权投资合伙企业（有限合伙）",
            "party_a_code": A,
            "party_b": "青岛即墨海蓝水产养殖有限公司",
            "party_b_code": C,
            "amount": "30000000.00",
            "currency": "CNY",
            "signed_on": "2026-09-01",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: transport, year-long, signing dates differ",
        """
# 货物运输合同
托运方：石桥建材有限公司
承运方：长风物流有限公司
经双方协商，就货物运输事宜达成如下协议：
一、运输线路：石家庄至天津港。
二、运价：每吨85元，按实际运量结算，预计全年运费总额约人民币102万元。
三、合同有效期壹年，自2026年2月1日至2027年1月31日。
托运方（公章）：|承运方（公章）：
日期：2026年1月20日|日期：2026年1月22日
""",
        {
            "title": "货物运输合同",
            "party_a": "石桥建材有限公司",
            "party_b": "长风物流有限公司",
            "amount": "1020000.00",
            "currency": "CNY",
            "signed_on": "2026-01-22",
            "term_from": "2026-02-01",
            "term_until": "2027-01-31",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: agency, English names in Chinese text",
        """
# 独家代理协议
甲方：Nordwind Maschinenbau GmbH
乙方：白塔智能装备有限公司
双方于二〇二六年十月十日签订本协议。代理期限三年，自2026年11月1日起至2029年10月31日止。
年度最低采购额为欧元50万元。
""",
        {
            "title": "独家代理协议",
            "party_a": "Nordwind Maschinenbau GmbH",
            "party_b": "白塔智能装备有限公司",
            "signed_on": "2026-10-10",
            "term_from": "2026-11-01",
            "term_until": "2029-10-31",
            "amount": "500000.00",
            "currency": "EUR",
        },
        "contract",
        "1.9",
        unsure=("amount", "currency"),
    ),
    case(
        "contract: lease to a person, rent by year",
        """
# 土地租赁合同
出租方（甲方）：长汀山货专业合作社
承租方（乙方）：游小林
一、甲方将位于河田镇的30亩山地出租给乙方。
二、租期10年，从2026年1月1日至2035年12月31日。
三、租金每亩每年200元，年租金6000元，10年租金共计60000元（陆万元整）。
甲方签章：|乙方签章：
2025年12月18日
""",
        {
            "title": "土地租赁合同",
            "party_a": "长汀山货专业合作社",
            "party_b": "游小林",
            "amount": "60000.00",
            "currency": "CNY",
            "signed_on": "2025-12-18",
            "term_from": "2026-01-01",
            "term_until": "2035-12-31",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: change agreement with the old number quoted",
        """
# 合同变更协议
变更协议编号：BG-2026-03
原合同编号：PCWL-26-0311
甲方（卖方）：深圳市鹏程万里电子有限公司
乙方（买方）：苏州工业园区锦绣丝绸厂
经双方协商，将原合同交货期变更为2026年5月31日前。本协议自双方盖章之日起生效。
> 签订日期：2026年4月2日
""",
        {
            "contract_number": "BG-2026-03",
            "title": "合同变更协议",
            "party_a": "深圳市鹏程万里电子有限公司",
            "party_b": "苏州工业园区锦绣丝绸厂",
            "signed_on": "2026-04-02",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: English lease",
        """
# LEASE AGREEMENT
Agreement No.: LA-2026-77
This Lease Agreement is made on 15 May 2026 between:
Lessor: Riverside Property Holdings Limited
Lessee: Kestrel Analytics Pte. Ltd.
1. Term. The lease term is two years, from 1 June 2026 to 31 May 2028.
2. Rent. The monthly rent is HKD 40,000; the total rent for the term is HKD 960,000.
3. Deposit. HKD 80,000.
""",
        {
            "contract_number": "LA-2026-77",
            "title": "LEASE AGREEMENT",
            "party_a": "Riverside Property Holdings Limited",
            "party_b": "Kestrel Analytics Pte. Ltd.",
            "amount": "960000.00",
            "currency": "HKD",
            "signed_on": "2026-05-15",
            "term_from": "2026-06-01",
            "term_until": "2028-05-31",
        },
        "contract",
        "1.9",
        size=26,
    ),
]
