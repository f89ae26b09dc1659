"""Contracts of many trades and wordings. All companies and people are invented."""

from tests.intake.cases import Case, credit
from tests.intake.layouts import letter

C1, C2, C3 = credit("91310115MA1K35JX7"), credit("91440300589621047"), credit("92330102MA2CQWER8")


def case(name, text, fields, *, review=(), unsure=(), kind="contract", category="1.9", more=(), **style):
    pages = [letter(text, **style), *(letter(t, number=i, **style) for i, t in enumerate(more, 2))]
    return Case(name, pages, category, kind, fields, (), review, unsure)


CASES = [
    case(
        "purchase, header block, unit price and instalments beside the total",
        f"""
# 设备采购合同
合同编号：HT-2026-0031
甲方（买方）：云岭重工股份有限公司
统一社会信用代码：{C1}
乙方（卖方）：南屏机电设备有限公司
统一社会信用代码：{C2}
根据《中华人民共和国民法典》，甲乙双方协商一致，签订本合同。
一、设备名称、数量、单价：数控机床2台，单价为人民币500,000元/台。
二、合同总价为人民币壹佰万元整（￥1,000,000.00元）。
三、付款方式：签订后支付30%即人民币300000元作为预付款。
四、合同期限自2026年3月1日起至2027年2月28日止。
五、违约责任：任何一方违约应支付违约金人民币50000元。
甲方（盖章）：|乙方（盖章）：
签订日期：2026年2月19日|签订日期：2026年2月19日
""",
        {
            "contract_number": "HT-2026-0031",
            "title": "设备采购合同",
            "party_a": "云岭重工股份有限公司",
            "party_b": "南屏机电设备有限公司",
            "party_a_code": C1,
            "party_b_code": C2,
            "amount": "1000000.00",
            "currency": "CNY",
            "signed_on": "2026-02-19",
            "term_from": "2026-03-01",
            "term_until": "2027-02-28",
        },
    ),
    case(
        "sale, 供方 需方, a table of goods",
        """
# 工业品买卖合同
供方：石桥建材有限公司|合同编号：SQ20260108
需方：东湖实业有限公司|签订时间：2026年1月8日
产品名称|规格型号|单位|数量|单价（元）|金额（元）
水泥|PO42.5|吨|1000|420.00|420,000.00
砂石|中砂|吨|500|110.00|55,000.00
合计人民币金额（大写）：肆拾柒万伍仟元整　￥475,000.00
一、质量标准：按国家标准执行。
二、交货地点：需方工地。
三、结算方式：货到验收合格后30日内付款。
""",
        {
            "contract_number": "SQ20260108",
            "title": "工业品买卖合同",
            "party_a": "石桥建材有限公司",
            "party_b": "东湖实业有限公司",
            "amount": "475000.00",
            "currency": "CNY",
            "signed_on": "2026-01-08",
        },
    ),
    case(
        "lease, three years from a day",
        """
# 房屋租赁合同
出租方（甲方）：东湖实业有限公司
承租方（乙方）：白塔智能装备有限公司
第一条 租赁物：武汉市东湖新技术开发区高新大道999号3号厂房。
第二条 租赁期限为3年，自2026年3月1日起至2029年2月28日止。
第三条 月租金为人民币50,000元，租金总额为人民币1,800,000元（大写：壹佰捌拾万元整）。
第四条 押金人民币100000元。
> 签约日期：2026年2月20日
""",
        {
            "title": "房屋租赁合同",
            "party_a": "东湖实业有限公司",
            "party_b": "白塔智能装备有限公司",
            "amount": "1800000.00",
            "currency": "CNY",
            "signed_on": "2026-02-20",
            "term_from": "2026-03-01",
            "term_until": "2029-02-28",
        },
    ),
    case(
        "service, parties in running text",
        """
# 技术服务合同
    本合同由北辰远航（上海）供应链管理有限公司（以下简称“甲方”）与清河湾文化传媒有限公司（以下简称“乙方”）于2026年4月15日在上海市签订。
    一、服务内容：品牌推广与系统维护。
    二、服务期限：2026年5月1日至2027年4月30日。
    三、服务费总额为人民币36万元，分四期支付，每期9万元。
""",
        {
            "title": "技术服务合同",
            "party_a": "北辰远航（上海）供应链管理有限公司",
            "party_b": "清河湾文化传媒有限公司",
            "amount": "360000.00",
            "currency": "CNY",
            "signed_on": "2026-04-15",
            "term_from": "2026-05-01",
            "term_until": "2027-04-30",
        },
    ),
    case(
        "construction, 发包人 承包人",
        """
# 建设工程施工合同
发包人（全称）：江南水利规划研究院
承包人（全称）：长虹建筑工程集团有限公司
一、工程概况：科研楼改造工程，工程地点南京市鼓楼区上海路5号。
二、合同工期：180天。
三、签约合同价：人民币（大写）叁仟贰佰万元整（￥32,000,000.00元）。其中安全文明施工费：￥640,000.00元。
四、合同订立时间：2026年6月18日
""",
        {
            "title": "建设工程施工合同",
            "party_a": "江南水利规划研究院",
            "party_b": "长虹建筑工程集团有限公司",
            "amount": "32000000.00",
            "currency": "CNY",
            "signed_on": "2026-06-18",
        },
    ),
    case(
        "loan",
        """
# 借款合同
合同号：借字第2026-017号
贷款人：嘉木资本管理有限公司
借款人：飞云印务有限公司
第一条 借款金额：人民币伍佰万元整（小写：5,000,000.00元）。
第二条 借款期限：12个月，自2026年1月10日至2027年1月9日。
第三条 年利率为4.35%，逾期罚息加收50%。
> 2026年1月9日
""",
        {
            "contract_number": "借字第2026-017号",
            "title": "借款合同",
            "party_a": "嘉木资本管理有限公司",
            "party_b": "飞云印务有限公司",
            "amount": "5000000.00",
            "currency": "CNY",
            "signed_on": "2026-01-09",
            "term_from": "2026-01-10",
            "term_until": "2027-01-09",
        },
    ),
    case(
        "equity transfer between people",
        """
# 股权转让协议
转让方：许文涛　身份证号：110101199003070134
受让方：嘉木成林股权投资合伙企业（有限合伙）
鉴于转让方持有青禾农资股份有限公司10%的股权，双方达成协议如下：
一、转让价款为人民币壹仟贰佰万元（￥12,000,000）。
二、本协议自双方签字盖章之日起生效。
转让方（签字）：许文涛
受让方（盖章）：
> 签署日期：2026/3/3
""",
        {
            "title": "股权转让协议",
            "party_a": "许文涛",
            "party_b": "嘉木成林股权投资合伙企业（有限合伙）",
            "party_a_code": "110101199003070134",
            "amount": "12000000.00",
            "currency": "CNY",
            "signed_on": "2026-03-03",
        },
        unsure=("party_a_code",),
    ),
    case(
        "amendment",
        """
# 设备采购合同补充协议
编号：HT-2026-0031-补1
甲方：云岭重工股份有限公司
乙方：南屏机电设备有限公司
鉴于双方于2026年2月19日签订了《设备采购合同》（编号HT-2026-0031），现就变更事宜达成如下补充协议：
一、合同总价由人民币1,000,000元变更为人民币1,200,000元。
二、其余条款不变。
甲方（章）：|乙方（章）：
日期：2026年5月20日|日期：2026年5月20日
""",
        {
            "contract_number": "HT-2026-0031-补1",
            "title": "设备采购合同补充协议",
            "party_a": "云岭重工股份有限公司",
            "party_b": "南屏机电设备有限公司",
            "amount": "1200000.00",
            "currency": "CNY",
            "signed_on": "2026-05-20",
        },
        unsure=("amount", "currency", "signed_on"),
    ),
    case(
        "termination",
        """
# 解除合同协议书
甲方：东湖实业有限公司
乙方：白塔智能装备有限公司
甲乙双方经友好协商，就解除《房屋租赁合同》一事达成如下协议：
1、双方同意自本协议签订之日起解除原合同。
2、甲方退还乙方押金人民币100000元。
> 2027年8月31日
""",
        {
            "title": "解除合同协议书",
            "party_a": "东湖实业有限公司",
            "party_b": "白塔智能装备有限公司",
            "signed_on": "2027-08-31",
            "amount": "100000.00",
            "currency": "CNY",
        },
        unsure=("amount", "currency"),
    ),
    case(
        "English sale in dollars",
        """
# SALES CONTRACT
Contract No.: EX-2026/118
Date: March 5, 2026
The Buyer: Harbour Light Trading Co., Ltd.
The Seller: Westbrook Instruments Inc.
This Contract is made by and between the Buyer and the Seller; the Buyer agrees to buy and the Seller agrees to sell the goods below.
1. Commodity: pressure sensors, 500 pcs, unit price USD 240.00.
2. Total Amount: USD 120,000.00 (SAY US DOLLARS ONE HUNDRED AND TWENTY THOUSAND ONLY).
3. Terms of Payment: 30% deposit USD 36,000.00 by T/T.
""",
        {
            "contract_number": "EX-2026/118",
            "title": "SALES CONTRACT",
            "party_a": "Harbour Light Trading Co., Ltd.",
            "party_b": "Westbrook Instruments Inc.",
            "amount": "120000.00",
            "currency": "USD",
            "signed_on": "2026-03-05",
        },
        size=26,
    ),
    case(
        "English, parties in running text",
        """
# CONSULTING AGREEMENT
This Agreement is entered into as of 1 July 2026 by and between Orchid Valley Limited (hereinafter referred to as "Party A") and Stonegate Advisory LLC (hereinafter referred to as "Party B").
1. The term of this Agreement shall commence from 1 July 2026 to 30 June 2027.
2. The total contract price is EUR 85,000.00.
""",
        {
            "title": "CONSULTING AGREEMENT",
            "party_a": "Orchid Valley Limited",
            "party_b": "Stonegate Advisory LLC",
            "amount": "85000.00",
            "currency": "EUR",
            "signed_on": "2026-07-01",
            "term_from": "2026-07-01",
            "term_until": "2027-06-30",
        },
        size=26,
    ),
    case(
        "party table with names below",
        f"""
# 运输合同
合同编号：YS2026-66
托运人|承运人
名称：沧海货运代理有限公司|名称：长风物流有限公司
地址：青岛市市南区香港中路10号|地址：烟台市芝罘区北马路18号
税号：{C1}|税号：{C2}
一、运费总额：人民币捌万捌仟元整（¥88,000.00）。
二、合同有效期：2026.1.1-2026.12.31
三、签订日期：2025.12.20
""",
        {
            "contract_number": "YS2026-66",
            "title": "运输合同",
            "party_a": "沧海货运代理有限公司",
            "party_b": "长风物流有限公司",
            "party_a_code": C1,
            "party_b_code": C2,
            "amount": "88000.00",
            "currency": "CNY",
            "signed_on": "2025-12-20",
            "term_from": "2026-01-01",
            "term_until": "2026-12-31",
        },
    ),
    case(
        "names under 甲方 on a line of their own",
        """
# 委托加工协议
协议编号：JG-0099
甲方（委托方）：
单位名称：飞云印务有限公司
法定代表人：鲁班
乙方（受托方）：
单位名称：石桥建材有限公司
法定代表人：庄子墨
第一条 加工费总额：￥66,600元。
第二条 协议有效期一年，自2026年1月1日起计算。
签订时间：二〇二五年十二月二十八日
""",
        {
            "contract_number": "JG-0099",
            "title": "委托加工协议",
            "party_a": "飞云印务有限公司",
            "party_b": "石桥建材有限公司",
            "amount": "66600.00",
            "currency": "CNY",
            "signed_on": "2025-12-28",
            "term_from": "2026-01-01",
            "term_until": "2026-12-31",
        },
    ),
    case(
        "digits and capitals disagree",
        """
# 购销合同
甲方：西岭绿能科技有限公司
乙方：清河湾文化传媒有限公司
合同总金额：人民币壹拾贰万元整（￥126,000.00）。
签订日期：2026年8月8日
""",
        {
            "title": "购销合同",
            "party_a": "西岭绿能科技有限公司",
            "party_b": "清河湾文化传媒有限公司",
            "currency": "CNY",
            "signed_on": "2026-08-08",
        },
        review=("amount_mismatch",),
    ),
    case(
        "buyer named first without 甲方",
        """
# 采购合同
采购方：江南水利规划研究院
供应商：白塔智能装备有限公司
采购标的：水位监测机器人5套。
价款：每套人民币3万元，合计人民币15万元。
交付时间：2026年9月30日前。
签订地点：南京市
签订日期：2026年7月15日
""",
        {
            "title": "采购合同",
            "party_a": "江南水利规划研究院",
            "party_b": "白塔智能装备有限公司",
            "amount": "150000.00",
            "currency": "CNY",
            "signed_on": "2026-07-15",
        },
    ),
    case(
        "乙方 printed before 甲方",
        """
# 劳务承揽合同
乙方（承揽方）：长汀山货专业合作社
甲方（定作方）：青禾农资股份有限公司
承揽报酬总额人民币柒万元整。
承包期限：2026年4月1日至2026年10月31日
签约时间：2026年3月25日
""",
        {
            "title": "劳务承揽合同",
            "party_a": "青禾农资股份有限公司",
            "party_b": "长汀山货专业合作社",
            "amount": "70000.00",
            "currency": "CNY",
            "signed_on": "2026-03-25",
            "term_from": "2026-04-01",
            "term_until": "2026-10-31",
        },
    ),
    case(
        "no colons, lost spaces, misread letters",
        """
# 仓储保管合司
合同编号 CC-2026-5
存货人 伊斯特沃德化工（中国）有限公司
保管人 沧海货运代理有限公司
仓储费用总额为人民币240000元
储存期限从2026年6月1日至2027年5月31日
合同签订日期 2O26年5月2O日
""",
        {
            "contract_number": "CC-2026-5",
            "party_a": "伊斯特沃德化工（中国）有限公司",
            "party_b": "沧海货运代理有限公司",
            "amount": "240000.00",
            "currency": "CNY",
            "signed_on": "2026-05-20",
            "term_from": "2026-06-01",
            "term_until": "2027-05-31",
            "title": "仓储保管合司",
        },
        unsure=("term_from", "term_until", "title"),
    ),
    case(
        "both parties in one row",
        """
# 广告发布合同
甲方：清河湾文化传媒有限公司　　　　乙方：杭州市上城区老周面馆
广告费用合计：8,800元，制作费另计。
发布期间：2026年10月1日至2026年10月31日。
签约日期：2026-09-25
""",
        {
            "title": "广告发布合同",
            "party_a": "清河湾文化传媒有限公司",
            "party_b": "杭州市上城区老周面馆",
            "amount": "8800.00",
            "currency": "CNY",
            "signed_on": "2026-09-25",
            "term_from": "2026-10-01",
            "term_until": "2026-10-31",
        },
        unsure=("term_from", "term_until"),
    ),
    case(
        "long names wrap",
        """
# 战略合作框架协议
甲方：中部山区生态农业与乡村振兴产业投资发展集团股份有限公司华东区域农产品供应链管理分公司
乙方：海豐貿易（珠海）有限公司
本协议有效期为两年，自2026年1月1日起至2027年12月31日止。
> 签署日期：2025年12月31日
""",
        {
            "title": "战略合作框架协议",
            "party_a": "中部山区生态农业与乡村振兴产业投资发展集团股份有限公司华东区域农产品供应链管理分公司",
            "party_b": "海豐貿易（珠海）有限公司",
            "signed_on": "2025-12-31",
            "term_from": "2026-01-01",
            "term_until": "2027-12-31",
        },
    ),
    case(
        "cover page, then the text",
        """



# 系统集成项目
# 采购合同

合同编号：XT[2026]第008号


甲方：武陵数据服务中心
乙方：北辰远航（上海）供应链管理有限公司

> 二〇二六年十月
""",
        {
            "contract_number": "XT[2026]第008号",
            "title": "系统集成项目采购合同",
            "party_a": "武陵数据服务中心",
            "party_b": "北辰远航（上海）供应链管理有限公司",
            "amount": "2350000.00",
            "currency": "CNY",
            "signed_on": "2026-10-12",
            "term_from": "2026-10-15",
            "term_until": "2027-10-14",
        },
        more=[
            """
甲乙双方经协商一致，订立本合同。
第一条 合同金额：本合同含税总价为人民币贰佰叁拾伍万元整（￥2,350,000.00），其中不含税金额2,079,646.02元，税额270,353.98元。
第二条 合同期限：自2026年10月15日起1年。
第三条 付款：合同签订后10日内支付合同总价的30%，即￥705,000.00元。
""",
            """
第九条 本合同一式四份。
甲方（盖章）：武陵数据服务中心|乙方（盖章）：北辰远航（上海）供应链管理有限公司
法定代表人：|法定代表人：
日期：2026年10月12日|日期：2026年10月12日
""",
        ],
    ),
    case(
        "three parties",
        """
# 三方协议
甲方：东湖实业有限公司
乙方：白塔智能装备有限公司
丙方：嘉木资本管理有限公司
三方就债权转让事宜达成协议，转让价款为人民币3200万元。
签订日期：2026年11月11日
""",
        {
            "title": "三方协议",
            "party_a": "东湖实业有限公司",
            "party_b": "白塔智能装备有限公司",
            "amount": "32000000.00",
            "currency": "CNY",
            "signed_on": "2026-11-11",
        },
    ),
    case(
        "licence of technology, Hong Kong dollars",
        """
# 专利实施许可合同
许可方：伊斯特沃德化工（中国）有限公司
被许可方：海豐貿易（珠海）有限公司
许可费总额为港币200万元。
许可期限：五年，自2026年7月1日起。
签订日期：2026年6月30日
""",
        {
            "title": "专利实施许可合同",
            "party_a": "伊斯特沃德化工（中国）有限公司",
            "party_b": "海豐貿易（珠海）有限公司",
            "amount": "2000000.00",
            "currency": "HKD",
            "signed_on": "2026-06-30",
            "term_from": "2026-07-01",
            "term_until": "2031-06-30",
        },
    ),
    case(
        "yen",
        """
# 设备进口合同
买方：白塔智能装备有限公司
卖方：株式会社青空製作所
合同总价：JPY 48,000,000
签约时间：2026年12月1日
""",
        {
            "title": "设备进口合同",
            "party_a": "白塔智能装备有限公司",
            "party_b": "株式会社青空製作所",
            "amount": "48000000.00",
            "currency": "JPY",
            "signed_on": "2026-12-01",
        },
        unsure=("party_b",),
    ),
    case(
        "labels spaced, full-width digits",
        """
# 购　销　合　同
合同编号：ＧＸ－２０２６－００７
供　　方：飞云印务有限公司
需　　方：清河湾文化传媒有限公司
合同总价：￥２８，５００．００元
签订日期：２０２６年３月１８日
""",
        {
            "contract_number": "GX-2026-007",
            "title": "购销合同",
            "party_a": "飞云印务有限公司",
            "party_b": "清河湾文化传媒有限公司",
            "amount": "28500.00",
            "currency": "CNY",
            "signed_on": "2026-03-18",
        },
        unsure=("contract_number",),
    ),
    case(
        "the amount in a table's last row, no currency sign",
        """
# 办公用品采购合同
甲方：武陵数据服务中心
乙方：杭州晨光文具商行
品名|数量|单价|金额
打印纸|200|25.50|5,100.00
硒鼓|30|320.00|9,600.00
合计|||14,700.00
签订日期：2026年5月5日
""",
        {
            "title": "办公用品采购合同",
            "party_a": "武陵数据服务中心",
            "party_b": "杭州晨光文具商行",
            "amount": "14700.00",
            "currency": "CNY",
            "signed_on": "2026-05-05",
        },
        unsure=("amount", "currency"),
    ),
    case(
        "owner and tenant are people",
        """
# 商铺租赁合同
出租人：沈青禾
身份证号：11010119900307013X
承租人：周大福
租赁期限：2年，自2026年1月1日起至2027年12月31日止。
每月租金3000元，年租金36000元，两年租金合计72000元。
签订日期：2025年12月10日
""",
        {
            "title": "商铺租赁合同",
            "party_a": "沈青禾",
            "party_b": "周大福",
            "amount": "72000.00",
            "currency": "CNY",
            "signed_on": "2025-12-10",
            "term_from": "2026-01-01",
            "term_until": "2027-12-31",
        },
        unsure=("party_a", "party_b"),
    ),
    case(
        "framework without amount: none invented",
        """
# 保密协议
披露方：西岭绿能科技有限公司
接收方：清河湾文化传媒有限公司
双方就光伏项目合作交换信息，接收方违约应赔偿披露方损失，并支付违约金人民币20万元。
保密期限为本协议签订之日起三年。
签署日期：2026年9月9日
""",
        {
            "title": "保密协议",
            "party_a": "西岭绿能科技有限公司",
            "party_b": "清河湾文化传媒有限公司",
            "signed_on": "2026-09-09",
        },
    ),
    case(
        "traditional characters",
        """
# 採購合同
合同編號：CG-2026-12
買方：海豐貿易（珠海）有限公司
賣方：寶島精密機械有限公司
合同總價：港幣壹佰萬元整
簽訂日期：2026年2月1日
""",
        {
            "contract_number": "CG-2026-12",
            "title": "採購合同",
            "party_a": "海豐貿易（珠海）有限公司",
            "party_b": "寶島精密機械有限公司",
            "amount": "1000000.00",
            "currency": "HKD",
            "signed_on": "2026-02-01",
        },
    ),
    case(
        "parties by quoted roles, commas",
        """
# 软件开发合同
    武陵数据服务中心（“委托方”）与北辰远航（上海）供应链管理有限公司（“受托方”），于二〇二六年三月一日订立本合同，共同遵守。
    开发费用总计人民币陆拾捌万元整（￥680000.00）。
    本合同有效期自2026年3月1日至2026年12月31日。
""",
        {
            "title": "软件开发合同",
            "party_a": "武陵数据服务中心",
            "party_b": "北辰远航（上海）供应链管理有限公司",
            "amount": "680000.00",
            "currency": "CNY",
            "signed_on": "2026-03-01",
            "term_from": "2026-03-01",
            "term_until": "2026-12-31",
        },
    ),
    case(
        "code in the running text",
        f"""
# 咨询服务协议
    本协议由以下双方签订：嘉木资本管理有限公司（统一社会信用代码：{C3}，以下简称甲方）和飞云印务有限公司（以下简称乙方）。
    咨询费总额为人民币12.5万元。
    服务期限自2026年2月1日至2026年7月31日。
甲方：嘉木资本管理有限公司（盖章）
乙方：飞云印务有限公司（盖章）
签署日期：2026年1月28日
""",
        {
            "title": "咨询服务协议",
            "party_a": "嘉木资本管理有限公司",
            "party_b": "飞云印务有限公司",
            "party_a_code": C3,
            "amount": "125000.00",
            "currency": "CNY",
            "signed_on": "2026-01-28",
            "term_from": "2026-02-01",
            "term_until": "2026-07-31",
        },
    ),
    case(
        "blank form: nothing invented",
        """
# 房屋租赁合同
甲方（出租方）：____________________
乙方（承租方）：____________________
租赁期限自____年__月__日至____年__月__日。
月租金为人民币______元。
签订日期：　　年　　月　　日
""",
        {"title": "房屋租赁合同"},
        review=("missing:party_a", "missing:party_b"),
    ),
]
