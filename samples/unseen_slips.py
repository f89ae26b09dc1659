"""Slips of banks: both sides called 户名, beside one another or one above the other. Nobody on them exists."""

import random

from samples import unseen_words as w
from samples.paper import Sheet

_TITLES = ("电子回单", "网上银行电子回单", "业务回单（付款）", "转账凭证", "客户专用回单")


def _facts(rng: random.Random) -> tuple[w.Firm, w.Firm, dict[str, str]]:
    payer, payee = w.firm(rng), w.firm(rng, w.OURS)
    if rng.random() < 0.5:
        payer, payee = payee, payer
    yuan, day = rng.choice((rng.randint(5, 900) * 10000, rng.randint(100, 9999) * 100)), w.day(rng)
    bank = f"{payer.place}{rng.choice(('商业银行', '农商银行', '银行'))}"
    said = {
        "payer": f"{{payer|{payer.name}}}", "payee": f"{{payee|{payee.name}}}", "bank": bank, "bank2": f"{payee.place}商业银行城东支行",
        "account": "".join(rng.choice("0123456789") for _ in range(19)), "account2": "".join(rng.choice("0123456789") for _ in range(17)),
        "capitals": f"人民币{w.capitals(yuan)}元整", "amount": f"¥{{amount={yuan}.00|{yuan:,}.00}}", "day": w.mark("signed_on", day, w.style(rng)),
        "number": f"{{document_number|{rng.randint(10**15, 10**16 - 1)}}}",
    }  # fmt: skip
    return payer, payee, said


def _done(s: Sheet, bank: str, x: float, y: float) -> Sheet:
    s.seal(x, y, bank, s.rng.choice(("业务专用章", "电子回单专用章", "")), diameter=32)
    s.values["currency"], s.places["currency"] = "CNY", s.places["amount"]
    return s


def slip_beside(rng: random.Random) -> Sheet:
    """Tuning: half a sheet, the sides side by side in a ruled table, their names upright before them."""
    _, _, said = _facts(rng)
    s, face = Sheet(rng, 210, 148, dpi=rng.choice((200, 250, 300))), rng.choice(("song", "hei", "kai"))
    size = rng.choice((9.5, 10.5))
    s.text(0, 12, f"{said['bank']}{rng.choice(_TITLES)}", 16, "hei-bold", width=210, align="centre")
    s.text(16, 26, f"{rng.choice(('回单编号', '电子回单号码', '凭证号'))}：{said['number']}", size, face)
    s.text(130, 26, f"{rng.choice(('交易日期', '记账日期', '入账日期'))}：{said['day']}", size, face)
    names = rng.choice(
        (
            ("户名", "账号", "开户行"),
            ("户　名", "账　号", "开户行"),
            ("全　称", "账　号", "开户银行"),
            ("账户名称", "账号", "开户行名称"),
        )
    )
    high = rng.choice((9, 11))
    blocks = (
        (14, rng.choice(("付款人", "付款方")), (said["payer"], said["account"], said["bank"])),
        (106, "收款人", (said["payee"], said["account2"], said["bank2"])),
    )
    for k, label in enumerate(names):
        y = 34 + k * high
        for x, side, values in blocks:
            s.text(x + 2.6, y + high / 2 - 2, side[k], size, face)
            s.frame(x + 9, y, x + 29, y + high, 0.25)
            s.text(x + 11, y + high / 2 - 2, label, size, face)
            s.frame(x + 29, y, x + 92, y + high, 0.25)
            s.text(x + 30.5, y + high / 2 - 2, values[k], size if s.width_of(values[k], size, face) < 60 else 8.5, face)
    for x, _, _ in blocks:
        s.frame(x, 34, x + 9, 34 + 3 * high, 0.25)
    y = 34 + 3 * high
    y = s.table(
        14, y, [29, 91, 24, 40], [["金额（大写）", said["capitals"], "小写", said["amount"]], ["用途", "货款", "币种", "人民币"]], size, face, row_height=high, left=(1, 3),
    )  # fmt: skip
    s.text(16, y + 4, "本回单不作为收货、发货依据，请勿重复记账。", 8.5, face)
    return _done(s, said["bank"], 172, y + 4)


def slip_stacked(rng: random.Random) -> Sheet:
    """Test: the payer above the payee, each under a line that names the side, no rules."""
    _, _, said = _facts(rng)
    s, face = Sheet(rng, 210, 160, dpi=rng.choice((150, 200, 300))), rng.choice(("song", "ming", "zenhei"))
    s.text(20, 12, said["bank"], 13, "hei-bold")
    s.text(20, 21, rng.choice(("转账汇款电子回单", "电子回单凭证", "汇款回单")), 15, "song-bold")
    s.text(20, 32, f"交易时间：{said['day']}", 10, face)
    y = 42.0
    for side, values in (
        ("付款方", (said["payer"], said["account"], said["bank"])),
        ("收款方", (said["payee"], said["account2"], said["bank2"])),
    ):
        s.text(20, y, f"{side}信息", 11, "hei-bold")
        for label, value in zip(("户名", "账号", "开户行"), values, strict=True):
            y += 8
            s.text(28, y, f"{label}：{value}", 10.5, face)
        y += 10
    for line in (
        f"交易金额：{said['amount']}",
        f"大写金额：{said['capitals']}",
        "附言：货款",
        f"回单编号：{said['number']}",
    ):
        s.text(20, y, line, 10.5, face)
        y += 8
    return _done(s, said["bank"], 165, y - 20)
