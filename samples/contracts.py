"""Contracts: parties in running text, in a table, as 供方/需方, as landlord and tenant, over several pages."""

import random

from samples.invented import Company
from samples.paper import Sheet


def clauses(
    s: Sheet,
    y: float,
    paragraphs: list[str],
    size: float,
    face: str,
    *,
    x: float = 26,
    width: float = 158,
    leading: float = 1.7,
    head: str | None = None,
) -> float:
    """Print paragraphs; those that begin with 第…条 and have no sentence in them are set as headings."""
    for paragraph in paragraphs:
        heading = head is not None and paragraph.startswith("第") and "。" not in paragraph
        y = s.text(
            x,
            y,
            paragraph,
            size,
            head if heading and head else face,
            width=width,
            leading=leading,
            indent=0 if heading else 2,
        )
    return y


def signatures(
    s: Sheet,
    y: float,
    left: list[str],
    right: list[str],
    size: float,
    face: str,
    *,
    step: float = 10,
    x: tuple[float, float] = (26, 112),
) -> None:
    """Print the two signature blocks side by side."""
    for column, lines in zip(x, (left, right), strict=True):
        for i, line in enumerate(lines):
            s.block = "signatures"
            s.text(column, y + i * step, line, size, face)
    s.block = ""


def purchase(rng: random.Random, seller: Company, buyer: Company) -> list[Sheet]:
    """设备购销合同, 甲方/乙方 in running text, two pages."""
    a, b = Sheet(rng, dpi=200), Sheet(rng, dpi=200)
    a.text(0, 26, "{title|设备购销合同}", 22, "hei-bold", width=210, align="centre", spacing=0.2)
    a.text(26, 42, "合同编号：{contract_number|HY-WZ-2026-0137}", 12, "song", width=158, align="right")
    y = a.text(26, 52, "甲方（买方）：{party_a|" + buyer.name + "}", 12, "song", leading=1.8)
    y = a.text(26, y, "统一社会信用代码：{party_a_code|" + buyer.code + "}", 12, "song", leading=1.8)
    y = a.text(26, y, "地址：" + buyer.address, 12, "song", leading=1.8)
    y = a.text(26, y, "乙方（卖方）：{party_b|" + seller.name + "}", 12, "song", leading=1.8)
    y = a.text(26, y, "统一社会信用代码：{party_b_code|" + seller.code + "}", 12, "song", leading=1.8)
    y = a.text(26, y, "地址：" + seller.address, 12, "song", leading=1.8)
    clauses(
        a,
        y + 3,
        [
            "甲、乙双方根据《中华人民共和国民法典》及有关法律规定，本着平等互利、诚实信用的原则，就甲方向乙方购买阀门及配套执行机构事宜，经协商一致，订立本合同。",
            "第一条　标的物",
            "乙方向甲方供应电动蝶阀四十八台、闸阀一百二十台及配套执行机构，规格、型号、数量和单价详见附件一《供货清单》。附件是本合同不可分割的组成部分。",
            "第二条　合同价款",
            "本合同总价款为人民币（大写）贰佰叁拾陆万捌仟伍佰元整（¥{amount=2368500.00|2,368,500.00}）。上述价款已包含设备费、包装费、运杂费、保险费、税费（增值税税率13%）及技术服务费。",
            "第三条　付款方式",
            "合同签订后十个工作日内，甲方支付合同总价的30%作为预付款；全部货物到场并经验收合格后支付60%；余款10%作为质量保证金，质保期满后无质量问题一次性付清。",
            "第四条　交货时间及地点",
            "乙方应于2026年5月31日前将全部货物运抵甲方指定的临溪市经济开发区滨河路88号仓库，并负责卸货就位。",
        ],
        12,
        "song",
        head="song-bold",
    )
    a.text(0, 280, "第 1 页 共 2 页", 9, "song", width=210, align="centre")
    y = clauses(
        b,
        26,
        [
            "第五条　质量保证",
            "乙方保证所供货物为全新、未使用过的合格产品，符合国家标准及附件二技术协议的要求。质量保证期为自验收合格之日起二十四个月。质保期内出现质量问题，乙方应在接到通知后四十八小时内到达现场处理。",
            "第六条　违约责任",
            "乙方逾期交货的，每逾期一日，按逾期部分货款的千分之一向甲方支付违约金；逾期超过三十日的，甲方有权解除合同。甲方逾期付款的，每逾期一日，按应付未付款的千分之一支付违约金。",
            "第七条　合同期限",
            "本合同有效期自{term_from=2026-03-01|2026年3月1日}起至{term_until=2028-08-31|2028年8月31日}止。",
            "第八条　争议解决",
            "因履行本合同发生的争议，双方应协商解决；协商不成的，任何一方均可向甲方所在地人民法院提起诉讼。",
            "第九条　其他",
            "本合同一式肆份，双方各执贰份，自双方法定代表人或授权代表签字并加盖公章或合同专用章之日起生效。",
        ],
        12,
        "song",
        head="song-bold",
    )
    signatures(
        b,
        y + 12,
        ["甲方（盖章）：", buyer.name, "授权代表（签字）：", "日期：{signed_on=2026-02-19|2026年2月19日}"],
        ["乙方（盖章）：", seller.name, "授权代表（签字）：", "日期：2026年2月19日"],
        12,
        "song",
    )
    b.sign(63, y + 34, 24, 9)
    b.sign(149, y + 34, 24, 9)
    b.seal(62, y + 26, buyer.name, "合同专用章")
    b.seal(148, y + 27, seller.name, "合同专用章", number="3301060078213")
    b.text(0, 280, "第 2 页 共 2 页", 9, "song", width=210, align="centre")
    a.values["currency"], a.places["currency"] = "CNY", a.places["amount"]
    return [a, b]


def goods_table(rng: random.Random, buyer: Company, seller: Company) -> Sheet:
    """采购合同 whose parties stand in one table and the goods in another, with totals."""
    s = Sheet(rng, dpi=200)
    s.text(0, 20, "{title|办公设备采购合同}", 20, "song-bold", width=210, align="centre")
    s.text(22, 33, "合同编号：{contract_number|CG2026-0425}", 10.5, "song")
    s.text(120, 33, "签订日期：{signed_on=2026-04-22|2026-04-22}", 10.5, "song")
    y = s.table(
        22,
        40,
        [20, 63, 20, 63],
        [
            ["甲　方", "{party_a|" + buyer.name + "}", "乙　方", "{party_b|" + seller.name + "}"],
            ["信用代码", "{party_a_code|" + buyer.code + "}", "信用代码", "{party_b_code|" + seller.code + "}"],
            ["联 系 人", "方慕青", "联 系 人", "康正川"],
            ["电　话", "0571-5550 2301", "电　话", "0571-5550 7718"],
            ["开户行", buyer.bank, "开户行", seller.bank],
            ["账　号", buyer.account, "账　号", seller.account],
        ],
        10,
        "song",
        row_height=8.4,
        left=(1, 3),
    )
    y = s.text(22, y + 4, "一、甲方向乙方采购下列货物：", 11, "song") + 1
    y = s.table(
        22,
        y,
        [12, 46, 38, 14, 14, 20, 22],
        [
            ["序号", "名称", "规格型号", "单位", "数量", "单价（元）", "金额（元）"],
            ["1", "激光多功能一体机", "LM-5200DW", "台", "12", "3,850.00", "46,200.00"],
            ["2", "高速文档扫描仪", "SC-7160", "台", "4", "8,600.00", "34,400.00"],
            ["3", "台式计算机", "T-80 / 16G / 512G", "套", "30", "4,990.00", "149,700.00"],
            ["4", "显示器", "27英寸 2K", "台", "30", "1,280.00", "38,400.00"],
            ["5", "不间断电源", "3kVA 在线式", "台", "2", "5,150.00", "10,300.00"],
            ["合计", "<", "<", "<", "<", "<", "279,000.00"],
            ["合计人民币（大写）：贰拾柒万玖仟元整", "<", "<", "<", "<", "（小写）¥{amount=279000.00|279,000.00}", "<"],
        ],
        9.5,
        "song",
        row_height=8.2,
        head="song-bold",
    )
    y = clauses(
        s,
        y + 4,
        [
            "二、以上价格为含税价，包含运输、安装、调试费用。",
            "三、交货期限：合同签订后十五日内送至甲方指定地点。",
            "四、质量标准：按生产厂家出厂标准，整机保修三年，终身维护。",
            "五、付款方式：货到验收合格并收到增值税专用发票后三十日内，甲方以银行转账方式一次性付清。",
            "六、违约责任：任何一方违约，应向对方支付合同总额百分之五的违约金。",
            "七、合同有效期自{term_from=2026-04-22|2026-04-22}至{term_until=2027-04-21|2027-04-21}。本合同一式两份，双方签字盖章后生效，传真件、扫描件具有同等效力。",
        ],
        11,
        "song",
        x=22,
        width=166,
        leading=1.6,
    )
    signatures(
        s, y + 14, ["甲方（公章）：", "代表签字："], ["乙方（公章）：", "代表签字："], 11, "song", step=13, x=(24, 112)
    )
    s.sign(46, y + 29, 24, 9)
    s.sign(134, y + 29, 24, 9)
    s.seal(66, y + 24, buyer.name, "合同专用章")
    s.seal(154, y + 23, seller.name, "合同专用章")
    s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return s


def supply(rng: random.Random, supplier: Company, buyer: Company) -> Sheet:
    """工矿产品购销合同: the old printed form of 供方 and 需方."""
    s = Sheet(rng, dpi=200)
    s.text(0, 24, "{title|工矿产品购销合同}", 22, "kai-bold", width=210, align="centre", spacing=0.25)
    s.text(24, 40, "供方：{party_a|" + supplier.name + "}", 11.5, "kai")
    s.text(118, 40, "合同编号：{contract_number|BLG-25-1106}", 11.5, "kai")
    s.text(24, 48, "需方：{party_b|" + buyer.name + "}", 11.5, "kai")
    s.text(118, 48, "签订地点：青泽市", 11.5, "kai")
    s.text(118, 56, "签订时间：{signed_on=2025-11-06|2025年11月06日}", 11.5, "kai")
    y = s.text(24, 66, "一、产品名称、规格、数量、金额及供货时间", 11.5, "kai") + 1
    y = s.table(
        24,
        y,
        [34, 34, 16, 22, 26, 30],
        [
            ["产品名称", "规格型号", "单位", "数量", "单价（元）", "总金额（元）"],
            ["热轧卷板", "Q235B 4.0×1500", "吨", "320", "3,760", "1,203,200.00"],
            ["中厚板", "Q355B 16×2200", "吨", "180", "4,085", "735,300.00"],
            ["角钢", "L75×75×6", "吨", "65", "3,940", "256,100.00"],
            ["合计", "<", "<", "565", "", "2,194,600.00"],
        ],
        10.5,
        "kai",
        row_height=8.6,
    )
    y = s.text(
        24, y + 3, "合计人民币金额（大写）：{amount=2194600.00|贰佰壹拾玖万肆仟陆佰元整}", 11.5, "kai", leading=1.9
    )
    y = clauses(
        s,
        y,
        [
            "二、质量要求、技术标准：按国家现行标准执行，随货附产品质量证明书。",
            "三、交（提）货地点、方式：供方送货至需方工地，运费由供方负担。",
            "四、合理损耗及计算方法：按过磅计重，磅差在千分之三以内不计。",
            "五、验收标准、方法及提出异议期限：货到七日内书面提出，逾期视为合格。",
            "六、结算方式及期限：货到验收合格后三十日内以银行承兑汇票或电汇结清。",
            "七、违约责任：按《中华人民共和国民法典》的有关规定执行。",
            "八、解决合同纠纷的方式：协商解决；协商不成的，提交青泽仲裁委员会仲裁。",
            "九、本合同一式四份，供需双方各执两份，双方盖章后生效。",
        ],
        11.5,
        "kai",
        x=24,
        width=162,
        leading=1.75,
    )
    s.table(
        24,
        y + 3,
        [81, 81],
        [
            ["供　方", "需　方"],
            ["单位名称（章）：" + supplier.name, "单位名称（章）：" + buyer.name],
            ["委托代理人：", "委托代理人："],
            ["开户银行：" + supplier.bank, "开户银行：" + buyer.bank],
            ["账号：" + supplier.account, "账号：" + buyer.account],
        ],
        10,
        "kai",
        row_height=9.5,
        centre=False,
    )
    s.sign(50, y + 27, 24, 9)
    s.sign(131, y + 27, 24, 9)
    s.seal(72, y + 24, supplier.name, "合同专用章", number="3702020046152")
    s.seal(154, y + 25, buyer.name, "合同专用章")
    s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return s


def lease(rng: random.Random, landlord: Company, tenant: Company) -> list[Sheet]:
    """厂房租赁合同: 出租方 and 承租方, a term, a yearly rent; two pages."""
    a, b = Sheet(rng, dpi=200), Sheet(rng, dpi=200)
    a.text(0, 28, "{title|厂房租赁合同}", 24, "hei", width=210, align="centre", spacing=0.3)
    y = a.text(28, 50, "合同编号：{contract_number|ZL-2025-009}", 12, "ming-bold", leading=2)
    y = a.text(28, y, "出租方：{party_a|" + landlord.name + "}（以下简称甲方）", 12, "ming-bold", leading=1.9)
    y = a.text(28, y, "统一社会信用代码：{party_a_code|" + landlord.code + "}", 12, "ming-bold", leading=1.9)
    y = a.text(28, y, "承租方：{party_b|" + tenant.name + "}（以下简称乙方）", 12, "ming-bold", leading=1.9)
    y = a.text(28, y, "统一社会信用代码：{party_b_code|" + tenant.code + "}", 12, "ming-bold", leading=1.9)
    clauses(
        a,
        y + 3,
        [
            "根据有关法律、法规的规定，甲乙双方在自愿、平等、互利的基础上，就甲方将其合法拥有的厂房出租给乙方使用的有关事宜，达成如下协议：",
            "一、租赁物位置、面积与用途。甲方将位于澜江市工业园区纬四路17号的2号厂房（建筑面积3,680平方米）出租给乙方，乙方用于机械加工及仓储。",
            "二、租赁期限。租赁期限为三年，自{term_from=2025-07-01|2025年7月1日}起至{term_until=2028-06-30|2028年6月30日}止。租赁期满，乙方如需续租，应提前三个月书面通知甲方，在同等条件下享有优先承租权。",
            "三、租金及支付方式。年租金为人民币柒拾玖万肆仟捌佰捌拾元整（￥794,880.00），三年租金总额为人民币贰佰叁拾捌万肆仟陆佰肆拾元整（￥{amount=2384640.00|2,384,640.00}）。租金按季度支付，先付后用，乙方应于每季度首月五日前付清。",
            "四、押金。乙方应于本合同签订之日起五日内向甲方支付押金人民币壹拾万元整。租赁期满，乙方结清全部费用并交还厂房后，甲方应无息退还。",
        ],
        12,
        "ming-bold",
        x=28,
        width=154,
        leading=1.85,
    )
    y = clauses(
        b,
        28,
        [
            "五、其他费用。租赁期间使用该厂房所发生的水、电、通讯、环卫等费用由乙方承担，并在收到收据或发票后三日内付款。",
            "六、厂房的使用与维修。乙方应合理使用并爱护厂房及其附属设施，因使用不当造成损坏的，乙方负责修复。未经甲方书面同意，乙方不得擅自改变厂房结构或将厂房转租。",
            "七、合同的变更与解除。经双方协商一致，可以变更或者解除本合同。因不可抗力致使合同不能履行的，双方互不承担违约责任。",
            "八、违约责任。乙方逾期支付租金超过三十日的，甲方有权解除合同并收回厂房；甲方无正当理由提前收回厂房的，应按三个月租金赔偿乙方损失。",
            "九、本合同自双方签字盖章之日起生效，一式两份，甲乙双方各执一份。",
        ],
        12,
        "ming-bold",
        x=28,
        width=154,
        leading=1.85,
    )
    y += 10
    b.text(28, y, "出租方（盖章）：" + landlord.name, 12, "ming-bold")
    b.text(28, y + 11, "法定代表人：", 12, "ming-bold")
    b.sign(54, y + 13, 24, 9)
    b.text(28, y + 22, "签订日期：{signed_on=2025-06-18|2025年6月18日}", 12, "ming-bold")
    b.seal(120, y + 10, landlord.name, number="3301060019044")
    b.text(28, y + 46, "承租方（盖章）：" + tenant.name, 12, "ming-bold")
    b.text(28, y + 57, "法定代表人：", 12, "ming-bold")
    b.sign(54, y + 59, 24, 9)
    b.text(28, y + 68, "签订日期：2025年6月18日", 12, "ming-bold")
    b.seal(122, y + 57, tenant.name)
    a.values["currency"], a.places["currency"] = "CNY", a.places["amount"]
    return [a, b]


def construction(rng: random.Random, owner: Company, builder: Company) -> list[Sheet]:
    """建筑安装工程承包合同, three pages: 发包人 and 承包人, a cover, terms, signatures."""
    cover, terms, last = Sheet(rng, dpi=300), Sheet(rng, dpi=300), Sheet(rng, dpi=300)
    cover.text(120, 30, "合同编号：{contract_number|GC-2025-AZ-061}", 12, "song")
    cover.text(0, 80, "{title|建筑安装工程承包合同}", 30, "song-bold", width=210, align="centre")
    y = 140.0
    for label, value in (
        ("工程名称", "华岳二期动力站管道安装工程"),
        ("工程地点", "临溪市经济开发区滨河路88号"),
        ("发包人", "{party_a|" + owner.name + "}"),
        ("承包人", "{party_b|" + builder.name + "}"),
    ):
        cover.spread(40, y, label, 5, 15, "song-bold")
        cover.text(68, y, "：" + value, 15, "song", join=True)
        y += 14
    cover.text(0, 240, "{signed_on=2025-08-12|二〇二五年八月十二日}", 16, "song", width=210, align="centre")
    clauses(
        terms,
        26,
        [
            "发包人（全称）：" + owner.name + "（统一社会信用代码{party_a_code|" + owner.code + "}）",
            "承包人（全称）：" + builder.name + "（统一社会信用代码{party_b_code|" + builder.code + "}）",
            "依照《中华人民共和国民法典》《中华人民共和国建筑法》及其他有关法律、行政法规，遵循平等、自愿、公平和诚实信用的原则，双方就本建设工程施工事项协商一致，订立本合同。",
            "第一条　工程概况",
            "工程内容：动力站蒸汽、压缩空气及循环水管道的制作与安装，含防腐、保温和系统试压。承包方式：包工包料。",
            "第二条　合同工期",
            "计划开工日期：{term_from=2025-09-01|2025年9月1日}；计划竣工日期：{term_until=2026-03-31|2026年3月31日}。工期总日历天数212天。",
            "第三条　质量标准",
            "工程质量符合国家施工验收规范的合格标准。承包人对隐蔽工程应在隐蔽前四十八小时通知发包人检查。",
            "第四条　合同价款",
            "签约合同价为人民币（大写）肆佰捌拾陆万叁仟贰佰元整（¥{amount=4863200.00|4,863,200.00}元），其中安全文明施工费人民币拾贰万元整。",
            "第五条　工程款支付",
            "开工前支付合同价款的20%；按月进度支付已完工程量的75%；竣工结算审定后付至97%，其余3%为质量保修金，保修期满后三十日内付清。",
        ],
        12,
        "song",
        leading=1.75,
        head="hei-bold",
    )
    y = clauses(
        last,
        26,
        [
            "第六条　双方责任",
            "发包人应于开工前七日完成场地移交，提供水、电接驳点；承包人应遵守安全生产管理规定，特种作业人员必须持证上岗，因承包人原因造成的安全事故由承包人承担全部责任。",
            "第七条　竣工验收与保修",
            "工程具备竣工验收条件时，承包人应提交竣工报告和完整的竣工资料，发包人应在收到后十四日内组织验收。保修期为两年，自竣工验收合格之日起计算。",
            "第八条　争议解决",
            "双方在履行合同过程中产生争议的，可以协商解决；协商不成的，向工程所在地人民法院起诉。",
            "第九条　合同份数",
            "本合同正本两份，双方各执一份；副本四份，双方各执两份。",
        ],
        12,
        "song",
        leading=1.75,
        head="hei-bold",
    )
    y += 16
    last.text(28, y, "发包人：" + owner.name + "（公章）", 12, "song")
    last.text(28, y + 12, "法定代表人或其委托代理人（签字）：", 12, "song")
    last.sign(102, y + 14, 26, 10)
    last.text(28, y + 40, "承包人：" + builder.name + "（公章）", 12, "song")
    last.text(28, y + 52, "法定代表人或其委托代理人（签字）：", 12, "song")
    last.sign(102, y + 54, 26, 10)
    last.seal(148, y + 6, owner.name)
    last.seal(150, y + 50, builder.name)
    terms.values["currency"], terms.places["currency"] = "CNY", terms.places["amount"]
    return [cover, terms, last]


def supplement(rng: random.Random, buyer: Company, seller: Company) -> Sheet:
    """补充协议 to an earlier contract: a written amendment."""
    s = Sheet(rng, dpi=200)
    s.text(0, 30, "{title|补充协议}", 24, "song-bold", width=210, align="centre", spacing=0.5)
    s.text(26, 46, "协议编号：{contract_number|HY-WZ-2026-0137-B1}", 12, "song", width=158, align="right")
    y = s.text(26, 58, "甲方：{party_a|" + buyer.name + "}", 12.5, "song", leading=1.9)
    y = s.text(26, y, "乙方：{party_b|" + seller.name + "}", 12.5, "song", leading=1.9)
    y = clauses(
        s,
        y + 3,
        [
            "鉴于甲乙双方已签订《设备购销合同》（合同编号：HY-WZ-2026-0137，以下简称原合同），因甲方二期厂房工艺调整，经双方友好协商，就原合同有关内容达成如下补充协议：",
            "一、在原合同供货范围内增加电动调节阀十六台、止回阀二十四台，增加部分价款为人民币叁拾贰万肆仟元整（¥{amount=324000.00|324,000.00}）。",
            "二、增加部分货物的交货时间为2026年7月15日前，交货地点、质量标准及验收方式与原合同一致。",
            "三、本补充协议签订后五个工作日内，甲方向乙方支付增加价款的30%；其余款项与原合同同期支付。",
            "四、本补充协议生效后，即成为原合同不可分割的组成部分，与原合同具有同等法律效力。除本补充协议中明确所作修改的条款之外，原合同的其余部分继续有效。",
            "五、本补充协议一式肆份，双方各执贰份，自双方签字盖章之日起生效。",
        ],
        12.5,
        "song",
        leading=1.85,
    )
    y += 14
    signatures(
        s,
        y,
        ["甲方（盖章）：", "代表人（签字）：", "{signed_on=2026-05-20|2026年5月20日}"],
        ["乙方（盖章）：", "代表人（签字）：", "2026年5月20日"],
        12.5,
        "song",
        step=12,
    )
    s.sign(62, y + 14, 24, 10)
    s.sign(148, y + 14, 24, 10)
    s.seal(60, y + 12, buyer.name, "合同专用章")
    s.seal(146, y + 13, seller.name, "合同专用章", number="3301060078213")
    s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return s
