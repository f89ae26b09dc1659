"""Layouts for documents that nobody has seen. They share nothing with the committed samples but the sheet they are on."""

import copy
import functools
import random

from samples import stamps
from samples import unseen_words as w
from samples.invented import identity_number
from samples.paper import Sheet

FACES = ("song", "ming", "kai", "hei", "zenhei", "ming-bold")
_SCOPES = (
    "建筑材料、装饰材料、五金交电、水暖器材的销售；室内外装饰工程设计与施工。",
    "一般项目：技术服务、技术开发、技术咨询；机械设备销售；电子元器件批发；国内贸易代理。（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）",
    "食品生产（凭有效许可证经营）；预包装食品批发；农副产品收购、初加工；仓储服务（危险品除外）。",
    "许可项目：建设工程施工；医疗器械经营。一般项目：劳务服务；消防技术服务；环保咨询服务。（依法须经批准的项目，经相关部门批准后方可开展经营活动，具体经营项目以审批结果为准）",
)
_CLAUSES = (
    "质量标准：按国家标准及双方封存的样品执行，质量异议应在收货后十日内以书面形式提出。",
    "包装与运输：采用适合长途运输的包装，包装物不回收，运输费用由{a}承担。",
    "付款方式：合同签订后七日内支付定金{n}万元，余款在验收合格后三十日内付清。",
    "保密：双方对因签订和履行本合同而知悉的对方商业秘密负有保密义务，不因合同终止而免除。",
    "不可抗力：因不可抗力不能履行合同的，应及时通知对方，并在十五日内提供有关机关的证明。",
    "违约责任：{b}迟延履行的，每迟延一日应支付合同总额万分之五的违约金，但累计不超过总额的百分之十。",
    "争议的解决：协商不成的，任何一方可向{a}住所地有管辖权的人民法院起诉。",
    "本合同未尽事宜，由双方另行签订补充协议，补充协议与本合同具有同等法律效力。",
    "通知：双方的联系地址和电话以本合同所载为准，如有变更应在三日内书面告知对方。",
    "本合同一式{k}份，双方各执{k2}份，经双方签字并加盖印章后生效。",
)


# --- licences --------------------------------------------------------------------------------------------------------


def _ground(s: Sheet, rng: random.Random) -> None:
    tone = rng.choice(((150, 120, 70), (170, 60, 60), (90, 120, 100)))
    s.frame(8, 8, s.width - 8, s.height - 8, rng.choice((0.6, 1.4)), ink=tone)
    if rng.random() < 0.6:
        s.frame(11, 11, s.width - 11, s.height - 11, 0.3, ink=tone)
    pale = tuple(255 - (255 - c) // 9 for c in tone)
    for k in range(0, int(s.width + s.height), 6):
        s.pen.line(
            [s.px(max(0, k - s.height)), s.px(min(k, s.height)), s.px(min(k, s.width)), s.px(max(0, k - s.width))],
            fill=pale,
        )


def _period(rng: random.Random, start, how) -> str:
    years = rng.choice((10, 20, 30))
    end = w.mark("valid_until", w.later(start, years), how)
    first = w.mark("valid_from", start, how)
    return rng.choice(
        (
            f"{first}至{end}",
            f"自{first}至{end}",
            f"{first}至{{valid_until=long-term|长期}}",
            "{valid_until=long-term|长期}",
            f"{first}至{{valid_until=long-term|无固定期限}}",
        )
    )


def licence_facts(rng: random.Random, f: w.Firm) -> dict[str, str]:
    how = w.style(rng, rare=False) if rng.random() < 0.8 else lambda d: d.isoformat()
    start = w.day(rng, 2002, 2022)
    value, printed = w.capital(rng)
    kind = (
        "股份有限公司（上市）"
        if "股份" in f.name
        else rng.choice(
            (
                "有限责任公司（自然人独资）",
                "有限责任公司(自然人投资或控股)",
                "其他有限责任公司",
                "有限责任公司（台港澳法人独资）",
            )
        )
    )
    return {
        "name": f"{{name|{f.name}}}",
        "code": f"{{code|{f.code}}}",
        "type": f"{{type|{kind}}}".replace("(", "（").replace(")", "）"),
        "head": f"{{legal_representative|{f.head}}}",
        "capital": f"{{registered_capital={value}|{printed}}}",
        "founded": w.mark("established_on", start, how),
        "period": _period(rng, start, how),
        "address": f"{{address|{f.address}}}",
        "scope": f"{{scope|{rng.choice(_SCOPES)}}}",
        "issued": w.mark("issued_on", w.day(rng, 2022, 2026), how),
        "authority": f"{{authority|{f.place}市{rng.choice(('市场监督管理局', '行政审批服务局'))}}}",
    }


def labelled_rows(
    s: Sheet, x: float, y: float, rows, size: float, face: str, ems: float, width: float, *, colon: str, gap: float
) -> float:
    em = size * 25.4 / 72
    for label, value in rows:
        if colon:
            s.text(x, y, label + colon, size, face)
        else:
            s.spread(x, y, label, ems, size, face)
        y = (
            s.text(x + (ems + 1.4) * em, y, value, size, face, width=width - (ems + 1.4) * em, leading=1.5, join=True)
            + gap
        )
    return y


def licence_boxed(rng: random.Random) -> Sheet:
    """Two columns under a title at the top left, the code in a box of its own, the office at the bottom left.

    It was a test layout until one of its pages was looked at.
    """
    f = w.firm(rng)
    s, face, t = (
        Sheet(rng, 297, 210, dpi=rng.choice((200, 250, 300))),
        rng.choice(FACES),
        licence_facts(rng, f),
    )
    s.frame(10, 10, 287, 200, 1, ink=(90, 120, 150))
    s.text(24, 22, "营业执照", 32, "song-bold", spacing=0.3)
    s.text(112, 30, "（副本）", 13, face)
    s.frame(180, 20, 274, 38, 0.4)
    s.text(184, 22, "统一社会信用代码", 10, face)
    s.text(184, 29, t["code"], 12, "hei")
    left = [
        ("名称", t["name"]),
        ("法定代表人", t["head"]),
        ("类型", t["type"]),
        ("成立日期", t["founded"]),
        ("注册资本", t["capital"]),
    ]
    right = [("住所", t["address"]), ("营业期限", t["period"]), ("经营范围", t["scope"])]
    labelled_rows(s, 24, 56, left, 12, face, 5, 122, colon="", gap=5)
    labelled_rows(s, 158, 56, right, 12, face, 5, 116, colon="", gap=5)
    s.text(30, 168, "登记机关：" + t["authority"], 12, face)
    s.text(30, 180, "发证日期：" + t["issued"], 12, face)
    s.seal(84, 172, f.place + "市市场监督管理局", diameter=36)
    return s


def licence_upright(rng: random.Random) -> Sheet:
    """One column; the labels of the years 2000 to 2015 or of today, in changing order."""
    f, s = w.firm(rng), Sheet(rng, dpi=rng.choice((150, 200, 250, 300)))
    t, face, size = licence_facts(rng, f), rng.choice(FACES), rng.choice((12, 13, 14))
    _ground(s, rng)
    s.text(
        0,
        rng.uniform(30, 45),
        rng.choice(("营业执照", "企业法人营业执照", "营 业 执 照")),
        rng.choice((28, 36, 42)),
        rng.choice(("kai-bold", "hei-bold", "song-bold")),
        width=210,
        align="centre",
        spacing=0.15,
    )
    s.text(0, 64, rng.choice(("（副本）", "副　本", "（副 本）")), 13, face, width=210, align="centre")
    label = rng.choice(("统一社会信用代码", "统一社会信用代码：", "信用代码："))
    s.text(0, 74, label + "　" + t["code"], 12.5, "hei", width=210, align="centre")
    old = rng.random() < 0.5
    rows = [
        ("名称", t["name"]),
        (rng.choice(("类型", "公司类型", "主体类型")), t["type"]),
        (rng.choice(("住所", "营业场所", "经营场所")), t["address"]),
        (rng.choice(("法定代表人", "法定代表人姓名")), t["head"]),
        ("注册资本", t["capital"]),
        *([("实收资本", t["capital"].split("|")[1].rstrip("}"))] if old else []),
        ("成立日期", t["founded"]),
        (rng.choice(("营业期限", "经营期限")), t["period"]),
        ("经营范围", t["scope"]),
    ]
    if rng.random() < 0.4:
        rows[1:5] = rng.sample(rows[1:5], 4)
    colon = rng.choice(("", "", "："))
    labelled_rows(
        s,
        28,
        90,
        rows,
        size,
        face,
        7 if any(len(r[0]) > 6 for r in rows) else 5.5,
        156,
        colon=colon,
        gap=rng.uniform(2.5, 5),
    )
    printed = rng.random() < 0.4
    s.text(105, 240, rng.choice(("登记机关", "发照机关")) + ("：" + t["authority"] if printed else ""), 13, face)
    s.text(125, 254, t["issued"], 13, face)
    s.seal(150, 250, f.place + "市市场监督管理局", diameter=rng.choice((38, 42)))
    return s


def licence_across(rng: random.Random) -> Sheet:
    """Two columns; what stands left and right, and how wide, changes."""
    f = w.firm(rng)
    large = rng.random() < 0.3
    s = Sheet(
        rng, *((420, 297) if large else (297, 210)), dpi=rng.choice((150, 200)) if large else rng.choice((200, 300))
    )
    k, face, t = s.width / 297, rng.choice(FACES), licence_facts(rng, f)
    _ground(s, rng)
    s.text(
        0,
        26 * k,
        "营业执照",
        34 * k,
        rng.choice(("hei-bold", "song-bold", "kai-bold")),
        width=s.width,
        align="centre",
        spacing=rng.uniform(0.1, 0.6),
    )
    s.text(0, 44 * k, rng.choice(("（副本）", "（正本）", "(副　本)")), 12 * k, face, width=s.width, align="centre")
    if rng.random() < 0.5:
        s.text(24 * k, 48 * k, "统一社会信用代码", 10.5 * k, face)
        s.text(24 * k, 54 * k, t["code"], 11 * k, "hei")
    else:
        s.text(0, 54 * k, "统一社会信用代码：" + t["code"], 11 * k, face, width=s.width, align="centre")
    left = [("名称", t["name"]), ("类型", t["type"]), ("法定代表人", t["head"]), ("经营范围", t["scope"])]
    right = [("注册资本", t["capital"]), ("成立日期", t["founded"]), ("营业期限", t["period"]), ("住所", t["address"])]
    if rng.random() < 0.35:
        left, right = [left[0], left[1], right[3], left[2]], [*right[:3], left[3]]
    split = rng.uniform(146, 160) * k
    size, gap = rng.choice((11, 12)) * k, rng.uniform(3, 5.5) * k
    labelled_rows(s, 24 * k, 72 * k, left, size, face, 5, split - 34 * k, colon="", gap=gap)
    labelled_rows(
        s,
        split + 4 * k,
        (72 + rng.choice((0, 0, 2))) * k,
        right,
        size,
        face,
        5,
        s.width - split - 30 * k,
        colon="",
        gap=gap,
    )
    s.text(190 * k, 160 * k, "登记机关", 12 * k, face, spacing=rng.choice((0, 0.5)))
    s.text(200 * k, 175 * k, t["issued"], 12 * k, face)
    s.seal(226 * k, 168 * k, f.place + "市市场监督管理局", diameter=38 * k)
    if rng.random() < 0.6:
        s.text(
            0,
            194 * k,
            "国家企业信用信息公示系统网址：http://gs.example.org　　国家市场监督管理总局监制",
            7.5 * k,
            "hei",
            width=s.width,
            align="centre",
        )
    return s


def licence_copy(rng: random.Random) -> Sheet:
    """A small licence copied onto an office sheet, with a note and the company's own seal across it."""
    f, s = w.firm(rng), Sheet(rng, dpi=300)
    t, face = licence_facts(rng, f), rng.choice(("song", "hei", "zenhei"))
    x, y, wide, high = 20, 24, 170, 120
    s.frame(x, y, x + wide, y + high, 0.8, ink=(120, 100, 80))
    s.text(x, y + 10, "营业执照", 24, "song-bold", width=wide, align="centre", spacing=0.4)
    s.text(x + 10, y + 24, "统一社会信用代码 " + t["code"], 9, face)
    left = [("名称", t["name"]), ("类型", t["type"]), ("法定代表人", t["head"]), ("经营范围", t["scope"])]
    right = [("注册资本", t["capital"]), ("成立日期", t["founded"]), ("营业期限", t["period"]), ("住所", t["address"])]
    labelled_rows(s, x + 10, y + 34, left, 9, face, 5, 74, colon="", gap=2)
    labelled_rows(s, x + 92, y + 34, right, 9, face, 5, 70, colon="", gap=2)
    s.text(x + 104, y + 92, "登记机关", 10, face)
    s.text(x + 112, y + 106, t["issued"], 9.5, face)
    s.seal(x + 130, y + 98, f.place + "市市场监督管理局", diameter=30)
    note = rng.choice(("此复印件与原件一致，仅供签订合同使用。", "本复印件仅限于办理供应商准入手续，他用无效。"))
    s.text(28, 172, note, 14, rng.choice(("kai", "song")))
    s.text(28, 184, f.name, 14, "kai")
    s.seal(90, 186, f.name)
    return s


# --- authorizations --------------------------------------------------------------------------------------------------


def power_facts(rng: random.Random) -> tuple[w.Firm, dict[str, str]]:
    f = w.firm(rng, w.OURS if rng.random() < 0.3 else "")
    how, start = w.style(rng), w.day(rng)
    end = w.later(start, rng.choice((1, 1, 2)))
    what = rng.choice(
        (
            "参加贵公司办公楼装修工程的投标、谈判、签约",
            "办理货款结算及对账事宜",
            "签订编织袋采购合同并办理交货手续",
            "办理房屋租赁合同的签署和备案",
        )
    )
    return f, {
        "principal": f"{{principal|{f.name}}}",
        "code": f"{{code|{f.code}}}",
        "head": f"{{legal_representative|{f.head}}}",
        "agent": f"{{agent|{w.person(rng)}}}",
        "what": f"{{scope|{what}}}",
        "from": w.mark("valid_from", start, how),
        "until": w.mark("valid_until", end, how),
        "signed": w.mark("signed_on", start, how),
    }


def power_declared(rng: random.Random) -> Sheet:
    """The wording of tenders: 本授权书声明."""
    f, t = power_facts(rng)
    s, face = Sheet(rng, dpi=rng.choice((200, 300))), rng.choice(FACES)
    s.text(
        0,
        32,
        rng.choice(("法定代表人授权书", "授权委托书", "法定代表人授权委托书")),
        22,
        "hei-bold",
        width=210,
        align="centre",
    )
    size = rng.choice((12, 14))
    y = s.text(
        28,
        56,
        f"本授权书声明：注册于{f.address}的{t['principal']}的法定代表人{t['head']}代表本公司授权在下面签字的{t['agent']}为本公司的合法代理人，以本公司名义{t['what']}，其签署的文件本公司均予认可。",
        size,
        face,
        width=154,
        leading=1.8,
        indent=2,
    )
    y = s.text(
        28,
        y,
        f"本授权书于{t['signed']}签字生效，有效期自{t['from']}至{t['until']}，特此声明。",
        size,
        face,
        width=154,
        leading=1.8,
        indent=2,
    )
    y += 10
    for line in ("授权单位（盖章）：" + f.name, "统一社会信用代码：" + t["code"], "法定代表人签字：", "代理人签字："):
        s.text(28, y, line, size, face)
        if line.endswith("签字："):
            s.sign(66, y + 2, 26, 10)
        y += 13
    own = copy.copy(rng)
    s.seal(130, y - 40, f.name)
    if own.random() < 0.5:
        stamps.person(s, own.uniform(60, 92), y - own.uniform(20, 27), f.head, own)
    return s


def power_form(rng: random.Random) -> Sheet:
    """Labels one below the other, then what is entrusted."""
    f, t = power_facts(rng)
    s, face, size = Sheet(rng, dpi=200), rng.choice(FACES), rng.choice((12, 13))
    s.text(0, 30, rng.choice(("授 权 书", "委托书", "授权委托书")), 24, "song-bold", width=210, align="centre")
    pair = rng.choice(
        (("委托单位", "受委托人"), ("授权人", "被授权人"), ("授权单位", "被授权人"), ("委托人", "受托人"))
    )
    rows = [
        (pair[0], t["principal"]), ("统一社会信用代码", t["code"]), ("法定代表人", t["head"]), ("地址", f.address),
        (pair[1], t["agent"]), ("身份证号码", identity_number(rng)), ("联系电话", f"1{rng.randint(3, 8)}0-5550-{rng.randint(1000, 9999)}"),
    ]  # fmt: skip
    y = 54.0
    for label, value in rows:
        y = s.text(28, y, f"{label}：{value}", size, face, leading=1.9)
    wording = rng.choice(("委托事项", "授权范围", "授权事项", "代理权限"))
    y = s.text(28, y, f"{wording}：{t['what']}。", size, face, width=154, leading=1.9)
    y = s.text(
        28,
        y,
        f"{rng.choice(('授权期限', '委托期限', '有效期限'))}：{t['from']}至{t['until']}。",
        size,
        face,
        width=154,
        leading=1.9,
    )
    s.text(28, y + 6, f"{pair[1]}在上述权限内的行为，由{pair[0]}承担法律后果。", size, face)
    s.text(110, y + 28, pair[0] + "（盖章）：", size, face)
    s.text(110, y + 42, t["signed"], size, face)
    own = copy.copy(rng)
    s.seal(150, y + 36, f.name)
    if own.random() < 0.5:
        stamps.person(s, own.uniform(90, 126), y + own.uniform(34, 44), f.head, own)
    return s


def power_table(rng: random.Random) -> Sheet:
    """Everything in one ruled table."""
    f, t = power_facts(rng)
    s, face = Sheet(rng, dpi=rng.choice((200, 300))), rng.choice(("song", "hei", "kai"))
    s.text(0, 26, rng.choice(("授权委托书", "业务授权书")), 20, "hei-bold", width=210, align="centre")
    y = s.table(
        22, 44, [36, 48, 36, 46],
        [
            ["授权单位", t["principal"], "<", "<"], ["统一社会信用代码", t["code"], "<", "<"],
            ["法定代表人", t["head"], "职务", rng.choice(("总经理", "执行董事"))],
            ["被授权人", t["agent"], "部门", rng.choice(("市场部", "供应部", "财务部"))],
            ["身份证号", identity_number(rng), "<", "<"], ["授权事项", t["what"], "<", "<"],
            ["授权期限", f"自{t['from']}起至{t['until']}止", "<", "<"],
        ],
        11, face, row_height=12, left=(1, 3),
    )  # fmt: skip
    s.text(22, y + 6, "说明：本授权书复印无效，被授权人不得再委托他人。", 10.5, face)
    s.text(116, y + 22, "签发日期：" + t["signed"], 11.5, face)
    s.seal(150, y + 22, f.name)
    return s


def power_letter(rng: random.Random) -> Sheet:
    """A letter in two sentences."""
    f, t = power_facts(rng)
    s, face = Sheet(rng, dpi=200), rng.choice(FACES)
    to = w.firm(rng).name if f.name == w.OURS else w.OURS
    s.text(0, 36, rng.choice(("授权函", "授权委托书")), 22, "hei-bold", width=210, align="centre", spacing=0.4)
    y = s.text(28, 60, to + "：", 14, face, leading=2)
    y = s.text(
        28,
        y,
        f"兹委派我公司{t['agent']}（身份证号{identity_number(rng)}）前往贵公司{t['what']}，该同志在此期间的签字对我公司有效。",
        14,
        face,
        width=154,
        leading=1.9,
        indent=2,
    )
    y = s.text(28, y, f"委托权限有效期：{t['from']}—{t['until']}。", 14, face, width=154, leading=1.9, indent=2)
    y += 16
    s.text(60, y, t["principal"], 14, face, width=122, align="right")
    s.text(60, y + 11, "法定代表人：" + t["head"], 14, face, width=122, align="right")
    s.text(60, y + 22, t["signed"], 14, face, width=122, align="right")
    s.seal(150, y + 12, f.name)
    return s


# --- contracts -------------------------------------------------------------------------------------------------------

_DEALS = (
    ("买方", "卖方", "钢材买卖合同", "合同总价"), ("出卖人", "买受人", "买卖合同", "合同总金额"), ("采购方", "供货方", "原材料采购合同", "合同总额"),
    ("出租人", "承租人", "房屋租赁合同书", "租金总额"), ("出租方", "承租方", "设备租赁合同", "租赁费总额"), ("委托方", "受托方", "技术咨询服务合同", "服务费总额"),
    ("发包方", "承包方", "装饰工程施工合同", "合同总价"), ("定作方", "承揽方", "加工承揽合同", "加工费总额"), ("存货方", "保管方", "仓储合同", "合同总金额"),
    ("托运方", "承运方", "货物运输协议", "运费总额"), ("甲方", "乙方", "广告发布协议", "合同价款"), ("甲方", "乙方", "软件开发合同", "合同总价"),
    ("甲方", "乙方", "战略合作框架协议", ""), ("转让方", "受让方", "设备转让协议书", "转让价款"), ("需方", "供方", "购销合同", "合计金额"),
)  # fmt: skip


def contract(rng: random.Random) -> list[Sheet]:
    """One of many deals: the parties as lines, side by side, in a sentence, in brackets or in a table."""
    role_a, role_b, title, price_label = rng.choice(_DEALS)
    ours = w.firm(rng, w.OURS)
    a, b = (ours, w.firm(rng)) if rng.random() < 0.5 else (w.firm(rng), ours)
    s, face, size = Sheet(rng, dpi=rng.choice((150, 200, 200, 300))), rng.choice(FACES), rng.choice((11, 12))
    how, signed = w.style(rng), w.day(rng)
    number = rng.choice(
        (
            f"XS{signed.year}-{rng.randint(1, 999):03}",
            f"HT/{signed.year}/{rng.randint(1, 9999):04}",
            f"{signed.year}CG{rng.randint(10000, 99999)}",
            f"WL-{signed:%Y%m}-{rng.randint(1, 99):02}",
        )
    )
    label = rng.choice(("合同编号：", "合同号：", "编号：", "合同编号:"))
    s.text(
        0,
        22,
        f"{{title|{title}}}",
        rng.choice((18, 20, 22)),
        rng.choice(("hei-bold", "song-bold", "kai-bold")),
        width=210,
        align="centre",
        spacing=rng.choice((0, 0.3)),
    )
    s.text(
        24,
        36,
        f"{label}{{contract_number|{number}}}",
        11,
        face,
        width=162,
        align=rng.choice(("right", "left", "centre")),
    )
    head_date = rng.random() < 0.4
    y = 46.0
    if head_date:
        y = s.text(
            24,
            y,
            f"{rng.choice(('签订日期', '签订时间', '签署日期'))}：{w.mark('signed_on', signed, how)}　　签订地点：{a.place}市",
            11,
            face,
            leading=1.9,
        )
    y = _parties(s, rng, y, (role_a, a), (role_b, b), size, face)
    y = s.text(
        24,
        y + 2,
        f"{role_a}、{role_b}经友好协商，就{rng.choice(('有关', '下列', '本次合作'))}事项达成一致，订立本合同，共同遵守。",
        size,
        face,
        width=162,
        leading=1.65,
        indent=2,
    )
    clauses = []
    if price_label:
        _yuan, said = w.price(rng)
        clauses.append(rng.choice((f"{price_label}为{said}。", f"{price_label}：{said}，含增值税。")))
    if rng.random() < 0.75:
        start = w.day(rng)
        first, last = w.mark("term_from", start, how), w.mark("term_until", w.later(start, rng.choice((1, 2, 3))), how)
        term = rng.choice(("合同期限", "租赁期限" if "租" in title else "履行期限", "本合同有效期"))
        clauses.append(
            rng.choice(
                (
                    f"{term}：自{first}起至{last}止。",
                    f"{term}自{first}至{last}。",
                    f"{term}为{first}至{last}，期满双方另行商定。",
                )
            )
        )
    pool = rng.sample(_CLAUSES[:-1], rng.randint(3, 5))
    clauses = [*rng.sample([*clauses, *pool], len(clauses) + len(pool)), _CLAUSES[-1]]
    numbering = rng.choice(
        (
            lambda i: f"第{'一二三四五六七八九十'[i]}条　",
            lambda i: f"{'一二三四五六七八九十'[i]}、",
            lambda i: f"{i + 1}．",
        )
    )
    words = {"{a}": role_a, "{b}": role_b, "{n}": str(rng.randint(2, 20)), "{k}": rng.choice("贰肆"), "{k2}": "壹"}
    for i, clause in enumerate(clauses):
        said = functools.reduce(lambda text, pair: text.replace(*pair), words.items(), clause)
        y = s.text(24, y, numbering(i) + said, size, face, width=162, leading=1.65, indent=2)
    sheets = [s]
    if y > 215 or rng.random() < 0.2:
        sheets.append(Sheet(rng, dpi=s.dpi))
        y = 22
        sheets[-1].text(24, y, "（本页为合同签署页，无正文）", size, face)
    _endings(
        sheets[-1],
        rng,
        y + 16,
        (role_a, a),
        (role_b, b),
        size,
        face,
        "" if head_date else w.mark("signed_on", signed, how),
    )
    if price_label:
        s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return sheets


def _parties(s: Sheet, rng: random.Random, y: float, one, two, size: float, face: str) -> float:
    (ra, a), (rb, b) = one, two
    name_a, name_b = f"{{party_a|{a.name}}}", f"{{party_b|{b.name}}}"
    code_a, code_b = f"{{party_a_code|{a.code}}}", f"{{party_b_code|{b.code}}}"
    layout = rng.choice(("lines", "lines", "details", "table", "sentence", "numbered", "brackets"))
    if layout == "lines":
        for role, name in ((ra, name_a), (rb, name_b)):
            y = s.text(24, y, f"{role}：{name}", size, face, leading=1.8)
    elif layout == "details":
        for role, name, code, f in ((ra, name_a, code_a, a), (rb, name_b, code_b, b)):
            y = s.text(24, y, f"{role}（{rng.choice(('全称', '盖章'))}）：{name}", size, face, leading=1.7)
            y = s.text(24, y, f"统一社会信用代码：{code}", size, face, leading=1.7)
            y = s.text(24, y, f"住所：{f.address}", size, face, leading=1.7)
            y = s.text(24, y, f"法定代表人：{f.head}", size, face, leading=1.7)
    elif layout == "table":
        rows = [
            ["", ra, rb],
            ["单位名称", name_a, name_b],
            ["信用代码", code_a, code_b],
            ["法定代表人", a.head, b.head],
        ]
        y = (
            s.table(
                24, y, [28, 67, 67], rows, 9.5, face if face != "ming-bold" else "ming", row_height=9, heights={1: 13}
            )
            + 3
        )
    elif layout == "sentence":
        text = f"{name_a}（以下简称{ra}，统一社会信用代码{code_a}）与{name_b}（以下简称{rb}，统一社会信用代码{code_b}）签订合同如下："
        y = s.text(24, y, text, size, face, width=162, leading=1.7, indent=2)
    elif layout == "numbered":
        for mark, role, name, code in (("1", ra, name_a, code_a), ("2", rb, name_b, code_b)):
            y = s.text(
                24, y, f"（{mark}）{name}，统一社会信用代码：{code}（下称“{role}”）", size, face, width=162, leading=1.7
            )
    else:
        other = ("甲方", "乙方") if ra != "甲方" else ("委托方", "受托方")
        for role, alias, name in ((ra, other[0], name_a), (rb, other[1], name_b)):
            y = s.text(24, y, f"{role}（{alias}）：{name}", size, face, leading=1.8)
    return y


def _endings(s: Sheet, rng: random.Random, y: float, one, two, size: float, face: str, dated: str) -> None:
    (ra, a), (rb, b) = one, two

    def lines(role, f):
        return [
            rng.choice((f"{role}：", f"{role}（盖章）：", f"{role}（公章）：")) + ("" if side else f.name),
            "代表人：",
            rng.choice(("日期：", "签订日期：", "")),
        ]

    side = rng.random() < 0.5
    for k, (role, f) in enumerate(((ra, a), (rb, b))):
        x, top = (24 + 86 * k, y) if side else (24, y + 38 * k)
        s.block = "signatures" if side else ""
        first, second, third = lines(role, f)
        s.text(x, top, first, size, face)
        s.text(x, top + 11, second, size, face)
        s.sign(x + 18, top + 13, 22, 8)
        if dated:
            plain = dated if k == 0 else dated.split("|")[1].rstrip("}")
            s.text(x, top + 22, third + plain, size, face)
        own = copy.copy(rng)  # draws of its own: without this seal everything would be as it is
        s.seal(x + rng.uniform(30, 55), top + 10, f.name, rng.choice(("", "合同专用章")), diameter=rng.choice((38, 41)))
        if own.random() < 0.35:
            stamps.person(s, x + own.uniform(10, 72), top + own.uniform(12, 22), f.head, own)
    s.block = ""
