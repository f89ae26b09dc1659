"""Invoices: a row or two of goods, the sums without and with the tax, the buyer and the seller. Nobody on them exists."""

import random

from samples import unseen_words as w
from samples.paper import Sheet, plain

_GOODS = (
    ("*机床*数控车床", "CK6150"),
    ("*阀门*电动阀门", "DN100"),
    ("*开关*低压开关柜", "GGD"),
    ("*钢材*镀锌钢板", "2.0mm"),
)
_HEADS = ("规格型号", "单位", "数量", "单价")


def _facts(rng: random.Random) -> tuple[w.Firm, w.Firm, dict[str, str], list[list[str]]]:
    """Return buyer, seller, what is printed, and the rows of goods: name, model, unit, count, price, sum, rate, tax."""
    buyer, seller = w.firm(rng), w.firm(rng, w.OURS)
    if rng.random() < 0.5:
        buyer, seller = seller, buyer
    rows, net = list[list[str]](), 0
    for name, model in rng.sample(_GOODS, rng.choice((1, 1, 2))):
        count, price = rng.randint(1, 20), rng.randint(10, 900) * 100
        net += count * price
        rows.append(
            [name, model, "台", str(count), f"{price}.00", f"{count * price}.00", "13%", f"{count * price * 0.13:.2f}"]
        )
    tax = net * 13 // 100
    gross, day = net + tax, w.day(rng)
    said = {
        "payer": f"{{payer|{buyer.name}}}", "payee": f"{{payee|{seller.name}}}", "net": f"¥{net}.00", "tax": f"¥{tax}.00", "capitals": f"{w.capitals(gross)}圆整",
        "gross": f"¥{{amount={gross}.00|{gross}.00}}", "number": f"{{document_number|{rng.randint(10**19, 10**20 - 1)}}}",
        "day": w.mark("signed_on", day, lambda d: f"{d.year}年{d.month:02}月{d.day:02}日"),
    }  # fmt: skip
    return buyer, seller, said, rows


def _done(s: Sheet) -> Sheet:
    s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return s


def _goods(
    s: Sheet, y: float, rows: list[list[str]], said: dict[str, str], heads: tuple[str, str, str, str], face: str
) -> float:
    """Print the rows under their heads, the sums under them; return where they end."""
    columns = (12, 52, 80, 94, 110, 134, 162, 182)
    name, amount, rate, tax = heads
    for x, text in zip(columns, (name, *_HEADS, amount, rate, tax), strict=True):
        s.text(x, y, text, 8.5, face)
    for row in rows:
        y += 7
        for x, text in zip(columns, row, strict=True):
            s.text(x, y, text, 8.5, face)
    y += 16
    for x, text in ((20, "合　计"), (134, said["net"]), (182, said["tax"])):
        s.text(x, y, text, 8.5, face)
    return y


def invoice_beside(rng: random.Random) -> Sheet:
    """Tuning: the electronic invoice, the buyer at the left and the seller at the right."""
    buyer, seller, said, rows = _facts(rng)
    s, face = Sheet(rng, 210, 140, dpi=rng.choice((200, 250, 300))), rng.choice(("song", "hei", "kai"))
    s.text(
        0, 10, f"电子发票（{rng.choice(('增值税专用发票', '普通发票'))}）", 16, "kai-bold", width=210, align="centre"
    )
    s.text(138, 11, f"发票号码：{said['number']}", 8.5, face)
    s.text(138, 17, f"开票日期：{said['day']}", 8.5, face)
    for x, role, firm, name in ((6, "购买方", buyer, said["payer"]), (106, "销售方", seller, said["payee"])):
        for k, letter in enumerate(role):
            s.text(x, 28 + 7 * k, letter, 8.5, face)
        s.text(x + 8, 29, f"名称：{name}", 9, face)
        s.text(x + 8, 39, f"统一社会信用代码/纳税人识别号：{firm.code}", 8.5, face)
    s.frame(4, 25, 206, 126, 0.25)
    y = _goods(s, 52, rows, said, ("项目名称", rng.choice(("金额", "金　额")), "税率/征收率", "税额"), face)
    s.text(12, y + 9, "价税合计（大写）", 9, face)
    s.text(58, y + 9, said["capitals"], 9, face)
    s.text(134, y + 9, f"（小写）{said['gross']}", 9, face)
    s.text(12, 130, f"开票人：{w.person(rng)}", 8.5, face)
    return _done(s)


def invoice_below(rng: random.Random) -> Sheet:
    """Test: the printed invoice, the buyer at the head and the seller at the foot, the sum in ruled cells."""
    buyer, seller, said, rows = _facts(rng)
    s, face = Sheet(rng, 210, 150, dpi=rng.choice((200, 250, 300))), rng.choice(("song", "hei", "ming"))
    s.text(
        0, 8, rng.choice(("增值税专用发票", "增值税普通发票")), 18, "song-bold", width=210, align="centre", spacing=0.2
    )
    s.text(14, 20, f"发票号码：{said['number']}", 9, face)
    s.text(140, 20, f"开票日期：{said['day']}", 9, face)
    s.text(12, 30, f"名　　　　称：{said['payer']}", 9, face)
    s.text(12, 37, f"纳税人识别号：{buyer.code}", 9, face)
    s.text(12, 44, f"地　址、电话：{plain(buyer.address)}", 9, face)
    y = _goods(s, 56, rows, said, ("货物名称", "金　额", "税率", "税　额"), face) + 8
    s.frame(10, y, 50, y + 9, 0.25)
    s.frame(50, y, 200, y + 9, 0.25)
    s.text(12, y + 3, "价税合计（大写）", 9, face)
    s.text(54, y + 3, said["capitals"], 9, face)
    s.text(140, y + 3, f"（小写）{said['gross']}", 9, face)
    s.text(12, y + 15, f"名　　　　称：{said['payee']}", 9, face)
    s.text(12, y + 22, f"纳税人识别号：{seller.code}", 9, face)
    s.seal(160, y + 24, seller.name, "发票专用章", diameter=32)
    return _done(s)
