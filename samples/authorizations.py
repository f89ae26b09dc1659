"""Powers of attorney and letters of authorization, from others (1.4) and from our own company (1.5)."""

import random

from samples.invented import Company, identity_number
from samples.paper import Sheet


def classic(rng: random.Random, company: Company) -> Sheet:
    """法定代表人授权委托书 in running text, addressed to us."""
    s = Sheet(rng, dpi=200)
    s.text(0, 34, "法定代表人授权委托书", 22, "hei-bold", width=210, align="centre")
    y = s.text(28, 58, "致：华岳实业集团有限公司", 14, "song")
    y = s.text(
        28,
        y + 2,
        "我{legal_representative|"
        + company.head
        + "}（身份证号码："
        + identity_number(rng)
        + "）系{principal|"
        + company.name
        + "}"
        "（统一社会信用代码：{code|"
        + company.code
        + "}）的法定代表人，现授权委托我公司员工{agent|宋知远}（身份证号码："
        + identity_number(rng)
        + "）为我公司代理人，以我公司名义{scope|办理华岳二期厂房阀门及管件采购项目的谈判、签订合同及处理与之有关的一切事务}。",
        14,
        "song",
        width=154,
        leading=1.75,
        indent=2,
    )
    y = s.text(
        28,
        y,
        "代理人在授权范围和授权期限内签署的一切文件，我公司均予以承认。代理人无转委托权。",
        14,
        "song",
        width=154,
        leading=1.75,
        indent=2,
    )
    y = s.text(
        28,
        y,
        "授权期限：自{valid_from=2026-01-05|2026年1月5日}起至{valid_until=2026-12-31|2026年12月31日}止。",
        14,
        "song",
        width=154,
        leading=1.75,
        indent=2,
    )
    y = s.text(28, y, "特此授权。", 14, "song", indent=2) + 8
    s.text(96, y, "委托单位（盖章）：", 14, "song")
    s.text(96, y + 15, "法定代表人（签字）：", 14, "song")
    s.sign(146, y + 17, 26, 10)
    s.text(96, y + 30, "代理人（签字）：", 14, "song")
    s.sign(138, y + 32, 24, 10)
    s.text(96, y + 45, "日期：{signed_on=2026-01-05|2026年1月5日}", 14, "song")
    s.seal(150, y + 10, company.name, number="3301060078213")
    return s


def our_own(rng: random.Random, company: Company, other: str) -> Sheet:
    """授权书 of our own company, items numbered, on a letterhead."""
    s = Sheet(rng, dpi=200)
    s.text(0, 20, company.name, 20, "song-bold", width=210, align="centre", ink=(188, 32, 38))
    s.rule(24, 32, 186, 32, 0.7)
    s.text(24, 35, "华授字〔2026〕第018号", 11, "kai")
    s.text(0, 48, "授权委托书", 24, "song-bold", width=210, align="centre", spacing=0.3)
    y = 72.0
    for label, value in (
        ("委托人", "{principal|" + company.name + "}"),
        ("统一社会信用代码", "{code|" + company.code + "}"),
        ("法定代表人", "{legal_representative|" + company.head + "}　　职务：董事长"),
        ("住所", company.address),
        ("受托人", "{agent|裴书宁}　　性别：女　　身份证号：" + identity_number(rng)),
        ("工作单位及职务", "华岳实业集团有限公司物资部　采购经理"),
    ):
        y = s.text(26, y, f"{label}：{value}", 13, "kai", width=158, leading=1.8)
    y = s.text(
        26,
        y + 3,
        "兹委托上述受托人代表我单位与"
        + other
        + "办理下列事项：{scope|签署2026年度钢材框架采购合同及其补充协议；办理货物验收、对账与结算手续}。",
        13,
        "kai",
        width=158,
        leading=1.8,
        indent=2,
    )
    y = s.text(
        26,
        y,
        "委托期限：{valid_from=2026-02-01|2026年2月1日}至{valid_until=2027-01-31|2027年1月31日}。受托人在其权限范围及代理期限内所实施的行为，我单位均予承认。",
        13,
        "kai",
        width=158,
        leading=1.8,
        indent=2,
    )
    y += 14
    s.text(104, y, "委托人：华岳实业集团有限公司（公章）", 13, "kai")
    s.text(104, y + 14, "法定代表人（签章）：", 13, "kai")
    s.sign(148, y + 16, 27, 11)
    s.text(118, y + 28, "{signed_on=2026-01-28|二〇二六年一月二十八日}", 13, "kai")
    s.seal(142, y + 17, company.name)
    return s


def with_table(rng: random.Random, company: Company) -> Sheet:
    """法人授权书 whose agent stands in a table."""
    s = Sheet(rng, dpi=200)
    s.text(0, 30, "法人授权书", 24, "zenhei", width=210, align="centre", spacing=0.4)
    y = s.text(
        26,
        56,
        "华岳实业集团有限公司：\n".strip(),
        13,
        "ming-bold",
    )
    y = s.text(
        26,
        y,
        "兹授权{agent|陆晚舟}同志为我单位的合法代理人，代表我单位{scope|参加贵公司电缆桥架采购的报价、合同签订和货款结算}。本授权书有效期自{valid_from=2026-03-16|2026年3月16日}至{valid_until=2026-09-15|2026年9月15日}，代理人不得转委托。",
        13,
        "ming-bold",
        width=158,
        leading=1.8,
        indent=2,
    )
    y = s.text(26, y + 2, "附：代理人情况", 13, "ming-bold", indent=2) + 2
    y = s.table(
        26,
        y,
        [30, 48, 30, 50],
        [
            ["姓　名", "陆晚舟", "性　别", "男"],
            ["职　务", "区域销售经理", "联系电话", "0577-5550 1862"],
            ["身份证号", identity_number(rng), "<", "<"],
        ],
        12,
        "ming-bold",
        row_height=12,
    )
    y = s.text(26, y + 10, "授权单位：{principal|" + company.name + "}", 13, "ming-bold", leading=2)
    y = s.text(26, y, "统一社会信用代码：{code|" + company.code + "}", 13, "ming-bold", leading=2)
    y = s.text(26, y, "法定代表人：{legal_representative|" + company.head + "}（签名）", 13, "ming-bold", leading=2)
    s.sign(100, y - 6, 26, 10)
    y = s.text(26, y, "签发日期：{signed_on=2026-03-16|2026年03月16日}", 13, "ming-bold", leading=2)
    s.seal(118, y - 22, company.name, number="3303820051749")
    return s
