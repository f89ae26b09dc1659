"""More documents of the three main kinds, written after the readers were; layouts and wordings unlike the others."""

from tests.intake.cases import Case, credit
from tests.intake.layouts import letter, line, page, table
from tests.intake.licences import two_columns

A, B, C = credit("91320594MA1X2Y3T4"), credit("91510107665309876"), credit("91370283MA3DEFGH1")
D, E, F = credit("91370100MA3C8DEF4"), credit("91610131311234567"), credit("12430000444877405")
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
    case(
        "licence: full-width indents, hyphen at the wrap",
        f"""
# 营业执照
统一社会信用代码 {D}
名    称    济南泉城印象文旅发展有限公司
类    型    有限责任公司（国有控股）
住    所    山东省济南市历下区泉城路180号齐鲁国际大厦A1-
            703
法定代表人    辛弃
注册资本    陆仟捌佰万元整
成立日期    2018年06月07日
营业期限    2018年06月07日至2068年06月06日
经营范围    旅游开发项目策划咨询；会议及展览服务；文艺创作；票务代理服务。
登记机关    济南市历下区行政审批服务局
            2023年02月14日
""",
        {
            "name": "济南泉城印象文旅发展有限公司",
            "code": D,
            "type": "有限责任公司（国有控股）",
            "address": "山东省济南市历下区泉城路180号齐鲁国际大厦A1-703",
            "legal_representative": "辛弃",
            "registered_capital": "68000000.00",
            "established_on": "2018-06-07",
            "valid_from": "2018-06-07",
            "valid_until": "2068-06-06",
            "scope": "旅游开发项目策划咨询；会议及展览服务；文艺创作；票务代理服务。",
            "authority": "济南市历下区行政审批服务局",
            "issued_on": "2023-02-14",
        },
        "licence",
        "1.2",
    ),
    Case(
        "licence: long-term only, branch office of the authority",
        [
            two_columns(
                [
                    ("名　　称", "西安雁塔高新测绘技术有限公司"),
                    ("类　　型", "有限责任公司（自然人投资或控股）"),
                    ("法定代表人", "令狐华"),
                    (
                        "经营范围",
                        "测绘服务；地理遥感信息服务；无人机航拍。（依法须经批准的项目，经相关部门批准后方可开展经营活动，具体以审批为准）；卫星导航服务；软件外包服务。",
                    ),
                ],
                [
                    ("注册资本", "贰佰零壹万元人民币"),
                    ("成立日期", "2014年09月10日"),
                    ("营业期限", "长期"),
                    ("住　　所", "陕西省西安市高新区锦业路69号创业研发园瞪羚谷C座2层"),
                ],
                code=E,
                shift=-10,
                size=30,
                label_gap=190,
                authority="西安市市场监督管理局高新区分局",
            )
        ],
        "1.2",
        "licence",
        {
            "name": "西安雁塔高新测绘技术有限公司",
            "code": E,
            "type": "有限责任公司（自然人投资或控股）",
            "legal_representative": "令狐华",
            "registered_capital": "2010000.00",
            "established_on": "2014-09-10",
            "valid_until": "long-term",
            "address": "陕西省西安市高新区锦业路69号创业研发园瞪羚谷C座2层",
            "scope": "测绘服务；地理遥感信息服务；无人机航拍。（依法须经批准的项目，经相关部门批准后方可开展经营活动，具体以审批为准）；卫星导航服务；软件外包服务。",
            "authority": "西安市市场监督管理局高新区分局",
            "issued_on": "2021-03-15",
        },
    ),
    case(
        "licence: institution without colons",
        f"""
# 事业单位法人证书
（副本）
统一社会信用代码 {F}
名称 湘北农业科学试验站
宗旨和业务范围 承担农作物新品种试验示范与技术推广工作
住所 湖南省岳阳市君山区柳林大道22号
法定代表人 袁稻田
经费来源 财政全额拨款
开办资金 ￥356.8万元
举办单位 湘北农业农村厅
登记管理机关 湘北省事业单位登记管理局
有效期 自 2021年04月01日 至 2026年03月31日
""",
        {
            "name": "湘北农业科学试验站",
            "code": F,
            "scope": "承担农作物新品种试验示范与技术推广工作",
            "address": "湖南省岳阳市君山区柳林大道22号",
            "legal_representative": "袁稻田",
            "registered_capital": "3568000.00",
            "authority": "湘北省事业单位登记管理局",
            "valid_from": "2021-04-01",
            "valid_until": "2026-03-31",
        },
        "licence",
        "1.2",
    ),
    case(
        "authorization: tender form in the first person",
        """
# 授权委托书
    本人崔颢系济南泉城印象文旅发展有限公司的法定代表人，现委托贺知章为我方代理人。代理人根据授权，以我方名义签署、澄清、说明、补正、递交、撤回、修改景区游船采购项目投标文件、签订合同和处理有关事宜，其法律后果由我方承担。
    委托期限：自2026年3月5日至2026年9月4日。
    代理人无转委托权。
投标人：济南泉城印象文旅发展有限公司（盖单位章）
法定代表人：崔颢（签字）
身份证号码：110101199003070134
委托代理人：贺知章（签字）
> 2026年3月5日
""",
        {
            "principal": "济南泉城印象文旅发展有限公司",
            "legal_representative": "崔颢",
            "agent": "贺知章",
            "scope": "签署、澄清、说明、补正、递交、撤回、修改景区游船采购项目投标文件、签订合同和处理有关事宜",
            "valid_from": "2026-03-05",
            "valid_until": "2026-09-04",
            "signed_on": "2026-03-05",
        },
        "authorization",
        "1.4",
    ),
    case(
        "authorization: scope over two lines",
        """
# 授权书
授权单位：西安雁塔高新测绘技术有限公司
被授权人：柳永（身份证：110101199003070134）
授权事项：就地形图测绘项目与贵方进行合同谈判，签署合同及附件，办理
          收款、开票等手续。
授权期限：2026-04-01至2026-09-30
授权单位（公章）：
法定代表人（签名）：令狐华
时间：2026-03-28
""",
        {
            "principal": "西安雁塔高新测绘技术有限公司",
            "agent": "柳永",
            "legal_representative": "令狐华",
            "scope": "就地形图测绘项目与贵方进行合同谈判，签署合同及附件，办理收款、开票等手续",
            "valid_from": "2026-04-01",
            "valid_until": "2026-09-30",
            "signed_on": "2026-03-28",
        },
        "authorization",
        "1.4",
    ),
    case(
        "contract: number above the headline",
        """
合同编号：QC-LY-2026-018
# 游船采购合同
采购人（甲方）：济南泉城印象文旅发展有限公司
供应商（乙方）：洪泽湖船舶制造有限责任公司
根据招标结果，甲乙双方就游船采购事宜签订本合同。
第一条 合同标的：12座电动游船10艘，单价38万元/艘。
第二条 合同价款：合同总价为人民币（大写）叁佰捌拾万元整，小写￥3800000.00元。该价格包含运输、税费。
第三条 履约保证金：合同总价的5%，即人民币190000元。
第四条 交货时间：2026年8月31日前。
第五条 质保期：自验收之日起24个月。
甲方（盖章）：济南泉城印象文旅发展有限公司|乙方（盖章）：洪泽湖船舶制造有限责任公司
授权代表：|授权代表：
签订时间：2026年4月6日|签订时间：2026年4月6日
""",
        {
            "contract_number": "QC-LY-2026-018",
            "title": "游船采购合同",
            "party_a": "济南泉城印象文旅发展有限公司",
            "party_b": "洪泽湖船舶制造有限责任公司",
            "amount": "3800000.00",
            "currency": "CNY",
            "signed_on": "2026-04-06",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: signature page with two dates",
        """
# 测绘技术服务合同书
委托方（甲方）：湘北农业科学试验站
住所地：湖南省岳阳市君山区柳林大道22号
法定代表人：袁稻田
受托方（乙方）：西安雁塔高新测绘技术有限公司
住所地：陕西省西安市高新区锦业路69号
法定代表人：令狐华
1. 技术服务的内容：试验田高精度地形测绘。
2. 技术服务期限：2026年5月10日至2026年11月9日。
3. 技术服务费总额为：贰拾玖万捌仟元整（298,000元）。
（1）合同签订后支付40%，计119,200元；
（2）验收合格后支付60%，计178,800元。
签字页
甲方：湘北农业科学试验站（盖章）
2026年4月30日
乙方：西安雁塔高新测绘技术有限公司（盖章）
2026年4月30日
""",
        {
            "title": "测绘技术服务合同书",
            "party_a": "湘北农业科学试验站",
            "party_b": "西安雁塔高新测绘技术有限公司",
            "amount": "298000.00",
            "currency": "CNY",
            "signed_on": "2026-04-30",
            "term_from": "2026-05-10",
            "term_until": "2026-11-09",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: small then capital sum",
        """
# 借款协议书
出借人：嘉木资本管理有限公司
借款人：洪泽湖船舶制造有限责任公司
因资金周转需要，借款人向出借人借款，双方约定：
一、借款金额：人民币（小写）2,500,000.00元，（大写）贰佰伍拾万元整。
二、借款期限：自2026年6月1日起至2027年5月31日止，共12个月。
三、借款利率：年利率6%，利息总额150000元。
> 签署时间：2026年5月29日
""",
        {
            "title": "借款协议书",
            "party_a": "嘉木资本管理有限公司",
            "party_b": "洪泽湖船舶制造有限责任公司",
            "amount": "2500000.00",
            "currency": "CNY",
            "signed_on": "2026-05-29",
            "term_from": "2026-06-01",
            "term_until": "2027-05-31",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: taxpayer numbers",
        f"""
# 物业服务合同
甲    方：济南泉城印象文旅发展有限公司
纳税人识别号：{D}
地    址：山东省济南市历下区泉城路180号
乙    方：趵突泉物业管理有限公司
纳税人识别号：{E}
服务期限为一年，从2026年1月1日开始到2026年12月31日结束。
物业服务费每季度人民币125,000元，全年总计人民币500,000元，含6%增值税。
合同签订地：济南市
合同签订日期：2025年12月22日
""",
        {
            "title": "物业服务合同",
            "party_a": "济南泉城印象文旅发展有限公司",
            "party_a_code": D,
            "party_b": "趵突泉物业管理有限公司",
            "party_b_code": E,
            "amount": "500000.00",
            "currency": "CNY",
            "signed_on": "2025-12-22",
            "term_from": "2026-01-01",
            "term_until": "2026-12-31",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: English, quoted roles",
        """
# PURCHASE AGREEMENT
Agreement Number: PA-0098
Dated: 12 April 2026
between Lotus Marine Equipment Ltd. ("Seller") and Hongze Boat Builders Co., Ltd. ("Buyer")
1. The Seller sells 20 electric motors at USD 1,500.00 each.
2. The total contract value is USD 30,000.00.
""",
        {
            "contract_number": "PA-0098",
            "title": "PURCHASE AGREEMENT",
            "party_a": "Lotus Marine Equipment Ltd.",
            "party_b": "Hongze Boat Builders Co., Ltd.",
            "amount": "30000.00",
            "currency": "USD",
            "signed_on": "2026-04-12",
        },
        "contract",
        "1.9",
        size=26,
    ),
    case(
        "contract: termination quoting the old one",
        """
# 关于解除《游船采购合同》的协议
甲方：济南泉城印象文旅发展有限公司
乙方：洪泽湖船舶制造有限责任公司
鉴于甲乙双方于2026年4月6日签订了编号为QC-LY-2026-018的《游船采购合同》，现经协商一致解除该合同：
1. 乙方于2026年10月31日前退还甲方已付款项人民币114万元。
本协议一式两份。
甲方（盖章）|乙方（盖章）
日期：2026年10月15日|日期：2026年10月16日
""",
        {
            "title": "关于解除《游船采购合同》的协议",
            "party_a": "济南泉城印象文旅发展有限公司",
            "party_b": "洪泽湖船舶制造有限责任公司",
            "signed_on": "2026-10-16",
            "amount": "1140000.00",
            "currency": "CNY",
        },
        "contract",
        "1.9",
        unsure=("amount", "currency"),
    ),
    case(
        "contract: dispatch without a sum",
        """
# 劳务派遣协议
用工单位：洪泽湖船舶制造有限责任公司
派遣单位：淮安众诚人力资源有限公司
协议有效期：2026年7月1日—2028年6月30日
管理费：80元/人/月。
签订日期：2026 年 6 月 25 日
""",
        {
            "title": "劳务派遣协议",
            "party_a": "洪泽湖船舶制造有限责任公司",
            "party_b": "淮安众诚人力资源有限公司",
            "signed_on": "2026-06-25",
            "term_from": "2026-07-01",
            "term_until": "2028-06-30",
        },
        "contract",
        "1.9",
    ),
    case(
        "authorization: the last day broken by the line end",
        """
# 授权委托书
委托人：济南泉城印象文旅发展有限公司
受托人：贺知章
委托事项：办理车辆年检
委托期限：自2024年01月05日至2024年10月
17日
> 2024年1月5日
""",
        {
            "principal": "济南泉城印象文旅发展有限公司",
            "agent": "贺知章",
            "scope": "办理车辆年检",
            "valid_from": "2024-01-05",
            "valid_until": "2024-10-17",
            "signed_on": "2024-01-05",
        },
        "authorization",
        "1.4",
    ),
    case(
        "contract: the last day broken by the line end",
        """
# 房屋租赁合同
甲方：济南泉城印象文旅发展有限公司
乙方：洪泽湖船舶制造有限责任公司
第一条 租赁期限自2020年06月16日起至2040年06月
15日止。
第二条 租金按季支付。
> 签订日期：2020年6月10日
""",
        {
            "title": "房屋租赁合同",
            "party_a": "济南泉城印象文旅发展有限公司",
            "party_b": "洪泽湖船舶制造有限责任公司",
            "signed_on": "2020-06-10",
            "term_from": "2020-06-16",
            "term_until": "2040-06-15",
        },
        "contract",
        "1.9",
    ),
    Case(
        "contract: parties head the columns of a table whose first cell is empty",
        [
            page(
                line("产品购销合同", 560, 120, 54),
                *(
                    line(text, x, y)
                    for y, row in (
                        (280, ("", "需方", "供方")),
                        (340, ("信用代码", A, B)),
                        (400, ("单位名称", "洪泽湖船舶制造有限责任公司", "临江港务集团有限公司")),
                    )
                    for x, text in zip((180, 420, 980), row, strict=True)
                    if text
                ),
                line("一、合同总价为人民币350,000.00元。", 180, 520),
                line("签订日期：2026年3月2日", 180, 580),
            )
        ],
        "1.9",
        "contract",
        {
            "title": "产品购销合同",
            "party_a": "洪泽湖船舶制造有限责任公司",
            "party_a_code": A,
            "party_b": "临江港务集团有限公司",
            "party_b_code": B,
            "amount": "350000.00",
            "currency": "CNY",
            "signed_on": "2026-03-02",
        },
        OURS,
    ),
    case(
        "contract: both parties and their codes in one sentence",
        f"""
# 仓储服务合同
本合同由洪泽湖船舶制造有限责任公司（统一社会信用代码{A}）与临江港务集团有限公司（以下简称“乙方”）订立，前者以下称委托人。
甲方：洪泽湖船舶制造有限责任公司
第一条 合同总价为人民币20,000.00元。
> 签订日期：2026年3月2日
""",
        {
            "title": "仓储服务合同",
            "party_a": "洪泽湖船舶制造有限责任公司",
            "party_a_code": A,
            "party_b": "临江港务集团有限公司",
            "amount": "20000.00",
            "currency": "CNY",
            "signed_on": "2026-03-02",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: the parties in a list",
        f"""
# 合作协议
本协议由下列双方订立：
（1）洪泽湖船舶制造有限责任公司（统一社会信用代码：{A}，以下简称“甲方”）
（2）临江港务集团有限公司（统一社会信用代码：{B}，以下简称“乙方”）
第一条 双方合作开发航线。
> 签订日期：2026年3月2日
""",
        {
            "title": "合作协议",
            "party_a": "洪泽湖船舶制造有限责任公司",
            "party_a_code": A,
            "party_b": "临江港务集团有限公司",
            "party_b_code": B,
            "signed_on": "2026-03-02",
        },
        "contract",
        "1.9",
    ),
    case(
        "contract: marks of a list before the names",
        """
# 合作协议书
甲方：①洪泽湖船舶制造有限责任公司
乙方：1.临江港务集团有限公司
第一条 双方合作开发航线。
> 签订日期：2026年3月2日
""",
        {
            "title": "合作协议书",
            "party_a": "洪泽湖船舶制造有限责任公司",
            "party_b": "临江港务集团有限公司",
            "signed_on": "2026-03-02",
        },
        "contract",
        "1.9",
    ),
    case(
        "authorization: 本授权书声明, 注册于 ... 的, 签字生效, a scope that ends in a full stop",
        """
# 法定代表人授权书
    本授权书声明：注册于（济南市历下区泉城路180号）的济南泉城印象文旅发展有限公司的法定代表人崔颢代表本公司授权贺知章为本公司的合法代理人，办理游船采购合同的签署和备案。
    本授权书于2026年3月5日签字生效，特此声明，一式二份，具有同等效力，双方各执一份为凭。
""",
        {
            "principal": "济南泉城印象文旅发展有限公司",
            "legal_representative": "崔颢",
            "agent": "贺知章",
            "scope": "办理游船采购合同的签署和备案",
            "signed_on": "2026-03-05",
        },
        "authorization",
        "1.4",
    ),
    case(
        "licence: labels that lost their first letter",
        f"""
# 营业执照
统一社会信用代码 {D}
 称 济南泉城印象文旅发展有限公司
 型 有限责任公司（国有控股）
 所 山东省济南市历下区泉城路180号
法定代表人 辛弃
注册资本 陆仟捌佰万元整
成立日期 2018年06月07日
经营范围 旅游开发项目策划咨询；会议及展览服务。
登记机关 济南市历下区行政审批服务局
""",
        {
            "name": "济南泉城印象文旅发展有限公司",
            "code": D,
            "type": "有限责任公司（国有控股）",
            "address": "山东省济南市历下区泉城路180号",
            "legal_representative": "辛弃",
            "registered_capital": "68000000.00",
            "established_on": "2018-06-07",
            "scope": "旅游开发项目策划咨询；会议及展览服务。",
            "authority": "济南市历下区行政审批服务局",
        },
        "licence",
        "1.2",
        review=("low_confidence:name", "low_confidence:type", "low_confidence:address"),
    ),
    case(
        "licence: a term whose end lies before its beginning",
        f"""
# 营业执照
统一社会信用代码：{B}
名称：成都锦里川菜食材配送有限公司
类型：有限责任公司
法定代表人：诸葛明
注册资本：叁佰陆拾万元整
营业期限：自2027年08月20日至2017年08月19日
住所：成都市青羊区蜀都大道88号附12号
经营范围：食用农产品批发；道路普通货运。
""",
        {
            "name": "成都锦里川菜食材配送有限公司",
            "code": B,
            "type": "有限责任公司",
            "legal_representative": "诸葛明",
            "registered_capital": "3600000.00",
            "address": "成都市青羊区蜀都大道88号附12号",
            "scope": "食用农产品批发；道路普通货运。",
        },
        "licence",
        "1.2",
        review=("term_mismatch", "low_confidence:valid_from", "low_confidence:valid_until"),
    ),
    case(
        "contract: a term whose end lies before its beginning",
        """
# 货物运输合同
托运方：石桥建材有限公司
承运方：长风物流有限公司
一、运输线路：石家庄至天津港。
二、合同有效期自2027年2月1日至2026年1月31日。
签订日期：2026年1月20日
""",
        {
            "title": "货物运输合同",
            "party_a": "石桥建材有限公司",
            "party_b": "长风物流有限公司",
            "signed_on": "2026-01-20",
        },
        "contract",
        "1.9",
        review=("term_mismatch", "low_confidence:term_from", "low_confidence:term_until"),
    ),
    case(
        "contract: two signing dates far apart",
        """
# 货物运输合同
托运方：石桥建材有限公司
承运方：长风物流有限公司
一、运输线路：石家庄至天津港。
托运方（公章）：|承运方（公章）：
日期：2020年1月20日|日期：2026年1月20日
""",
        {
            "title": "货物运输合同",
            "party_a": "石桥建材有限公司",
            "party_b": "长风物流有限公司",
            "signed_on": "2026-01-20",
        },
        "contract",
        "1.9",
        review=("low_confidence:signed_on",),
    ),
    case(
        "contract: a term of years and months",
        """
# 货物运输合同
托运方：石桥建材有限公司
承运方：长风物流有限公司
一、运输线路：石家庄至天津港。
二、合同有效期2年6个月，自2026年2月1日起。
签订日期：2026年1月20日
""",
        {
            "title": "货物运输合同",
            "party_a": "石桥建材有限公司",
            "party_b": "长风物流有限公司",
            "signed_on": "2026-01-20",
            "term_from": "2026-02-01",
            "term_until": "2028-07-31",
        },
        "contract",
        "1.9",
    ),
]
