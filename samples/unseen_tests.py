"""Layouts of licences, authorizations and contracts of the test split: what reads them was not tuned on them."""

import random

from samples import unseen_papers as papers
from samples import unseen_words as w
from samples.invented import identity_number
from samples.paper import Sheet


def licence_register(rng: random.Random) -> Sheet:
    """A ruled form two labels wide, as registers print it: the code across the top, the scope across the bottom, the office under it."""
    f = w.firm(rng)
    s, face, t = Sheet(rng, dpi=rng.choice((150, 200, 300))), rng.choice(papers.FACES), papers.licence_facts(rng, f)
    s.text(0, 26, "营业执照", 26, rng.choice(("song-bold", "hei-bold")), width=210, align="centre", spacing=0.4)
    s.text(0, 40, rng.choice(("（正本）", "（副本）")), 11, face, width=210, align="centre")
    rows = [
        ["统一社会信用代码", t["code"], "<", "<"], ["名称", t["name"], "<", "<"], ["类型", t["type"], "<", "<"], ["住所", t["address"], "<", "<"],
        ["法定代表人", t["head"], "注册资本", t["capital"]], ["成立日期", t["founded"], "核准日期", t["issued"]], ["营业期限", t["period"], "<", "<"],
        ["经营范围", t["scope"], "<", "<"],
    ]  # fmt: skip
    y = s.table(20, 52, [38, 52, 30, 50], rows, 11, face, row_height=13, heights={7: 46}, left=(1,))
    s.text(112, y + 12, "登记机关：" + t["authority"], 12, face)
    s.seal(142, y + 15, f.place + "市市场监督管理局", diameter=rng.choice((38, 42)))
    return s


def licence_listed(rng: random.Random) -> Sheet:
    """One column, number after number, as printed from the public register."""
    f = w.firm(rng)
    s, face, t = Sheet(rng, dpi=rng.choice((150, 200, 300))), rng.choice(papers.FACES), papers.licence_facts(rng, f)
    s.text(0, 30, "营业执照", 30, "hei-bold", width=210, align="centre", spacing=0.5)
    rows = [
        ("统一社会信用代码", t["code"]), ("企业名称", t["name"]), ("企业类型", t["type"]), ("法定代表人", t["head"]), ("注册资本", t["capital"]), ("成立日期", t["founded"]),
        ("营业期限", t["period"]), ("住所", t["address"]), ("经营范围", t["scope"]), ("登记机关", t["authority"]), ("核准日期", t["issued"]),
    ]  # fmt: skip
    y = 60.0
    for n, (label, value) in enumerate(rows, 1):
        s.text(24, y, f"{n}. {label}：", 12, face)
        x = 24 + s.width_of(f"{n}. {label}：", 12, face)
        y = s.text(x, y, value, 12, face, width=186 - x, leading=1.6, join=True) + 3
    s.seal(150, y + 10, f.place + "市市场监督管理局", diameter=40)
    return s


def power_declared(rng: random.Random) -> Sheet:
    """The wording of the standard tender documents: 本人…系…的法定代表人，现委托…"""
    f, t = papers.power_facts(rng)
    s, face = Sheet(rng, dpi=rng.choice((150, 200, 300))), rng.choice(papers.FACES)
    s.text(26, 34, "授权委托书", 24, "kai-bold", width=158, align="centre", spacing=1)
    said = (
        f"本人{t['head']}系{t['principal']}（统一社会信用代码：{t['code']}）的法定代表人，现委托{t['agent']}为我方代理人。代理人根据授权，以我方名义{t['what']}，其法律后果由我方承担。",
        f"委托期限：自{t['from']}至{t['until']}止。", "代理人无转委托权。",
    )  # fmt: skip
    y = 62.0
    for text in said:
        y = s.text(26, y, text, 13, face, width=158, leading=1.9, indent=2)
    s.text(90, y + 14, f"投标人：{f.name}（盖单位章）", 12, face)
    s.text(90, y + 26, "法定代表人：", 12, face)
    s.sign(118, y + 28, 24, 9)
    s.text(90, y + 38, f"委托代理人身份证号码：{identity_number(rng)}", 12, face)
    s.text(90, y + 50, t["signed"], 12, face)
    s.seal(132, y + 20, f.name)
    return s


def power_slip(rng: random.Random) -> Sheet:
    """A half sheet with rules between the lines and the date at the top right."""
    f, t = papers.power_facts(rng)
    s, face = Sheet(rng, 210, 148, dpi=rng.choice((200, 300))), rng.choice(papers.FACES)
    s.text(0, 12, "业务办理授权书", 18, "hei-bold", width=210, align="centre")
    s.text(20, 24, "签发日期：" + t["signed"], 10.5, face, width=170, align="right")
    rows = [
        ("授权公司", t["principal"]), ("社会信用代码", t["code"]), ("法定代表人", t["head"]), ("被授权人", t["agent"]), ("授权内容", t["what"]),
        ("有效期", f"{t['from']}至{t['until']}"),
    ]  # fmt: skip
    y = 34.0
    for label, value in rows:
        s.rule(20, y, 190, y)
        s.text(24, y + 3.6, label, 11, "hei-bold")
        s.text(62, y + 3.6, value, 11, face, join=True)
        y += 12
    s.rule(20, y, 190, y)
    s.seal(150, y - 8, f.name, diameter=38)
    return s


def contract_headed(rng: random.Random) -> list[Sheet]:
    """Parties with all their particulars, clauses under headings of their own, the signatures in a ruled table."""
    a, b = (w.firm(rng, w.OURS), w.firm(rng)) if rng.random() < 0.5 else (w.firm(rng), w.firm(rng, w.OURS))
    roles, title, price = rng.choice(
        ((("买方", "卖方"), "设备买卖合同", "合同总价"), (("甲方", "乙方"), "技术开发合同", "合同总金额"), (("发包人", "承包人"), "安装工程承包合同", "合同价款"), (("甲方", "乙方"), "物业服务合同", "服务费总额"))
    )  # fmt: skip
    s, face, how, signed = (
        Sheet(rng, dpi=rng.choice((150, 200, 300))),
        rng.choice(papers.FACES),
        w.style(rng),
        w.day(rng),
    )
    number = rng.choice((f"ZB-{signed.year}-{rng.randint(1, 999):03}", f"HY{signed:%Y%m}{rng.randint(1, 99):02}"))
    s.text(24, 18, f"合同编号：{{contract_number|{number}}}", 10.5, face, width=162, align="right")
    s.text(0, 28, f"{{title|{title}}}", 22, "song-bold", width=210, align="centre", spacing=0.2)
    y = 46.0
    for role, firm, field in zip(roles, (a, b), ("party_a", "party_b"), strict=True):
        for line in (
            f"{role}名称：{{{field}|{firm.name}}}", f"统一社会信用代码：{{{field}_code|{firm.code}}}", f"地　　址：{firm.address}", f"电　　话：0571-5550{rng.randint(1000, 9999)}",
        ):  # fmt: skip
            y = s.text(24, y, line, 11, face, leading=1.65)
        y += 2
    start = w.day(rng)
    _, said = w.price(rng)
    term = f"本合同有效期自{w.mark('term_from', start, how)}至{w.mark('term_until', w.later(start, 2), how)}。"
    clauses = [
        ("标的", "标的名称、规格、数量见附件清单，附件为本合同的组成部分。"), ("价款", f"{price}为{said}。"), ("期限", term),
        ("付款", "验收合格后三十日内一次付清，付款前提供合法发票。"), ("违约责任", "任何一方违约，应赔偿对方因此受到的损失。"), ("其他", "本合同一式贰份，双方各执壹份，自双方盖章之日起生效。"),
    ]  # fmt: skip
    for i, (heading, text) in enumerate(clauses):
        y = s.text(24, y, f"第{'一二三四五六'[i]}条　{heading}", 11, "hei-bold", leading=1.6)
        y = s.text(24, y, text, 11, face, width=162, leading=1.6, indent=2)
    y += 6
    if y > 246:
        y = 246.0
    s.block = "signatures"
    for k, (role, firm) in enumerate(zip(roles, (a, b), strict=True)):
        x = 24 + 82 * k
        s.frame(x, y, x + 80, y + 36, 0.25)
        s.text(x + 3, y + 4, f"{role}（盖章）：", 10.5, face)
        s.text(x + 3, y + 14, "代表签字：", 10.5, face)
        s.sign(x + 24, y + 16, 20, 8)
        dated = w.mark("signed_on", signed, how) if k == 0 else how(signed)
        s.text(x + 3, y + 26, f"日期：{dated}", 10.5, face)
        s.seal(x + 56, y + 15, firm.name, "合同专用章", diameter=36)
    s.block = ""
    s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return [s]
