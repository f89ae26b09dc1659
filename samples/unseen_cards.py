"""Identity cards, both sides on one sheet, as copiers make them. Nobody on them exists."""

import random
from datetime import date

from samples import unseen_words as w
from samples.invented import identity_number
from samples.paper import Sheet

_PEOPLES = ("汉", "汉", "汉", "回", "满", "壮")


def _front(s: Sheet, x: float, y: float, k: float, facts: dict[str, str]) -> None:
    s.frame(x, y, x + 86 * k, y + 54 * k, 0.3, ink=(120, 130, 150))
    size, face = 9.5 * k, "hei"
    rows = (
        ("姓　名", facts["name"]),
        ("性　别", f"{facts['sex']}　民　族　{facts['people']}"),
        ("出　生", facts["born"]),
    )
    for n, (label, value) in enumerate(rows):
        s.text(x + 6 * k, y + (6 + 7.5 * n) * k, label, size * 0.9, face)
        s.text(x + 20 * k, y + (6 + 7.5 * n) * k, value, size, face, join=True)
    s.text(x + 6 * k, y + 28.5 * k, "住　址", size * 0.9, face)
    s.text(x + 20 * k, y + 28.5 * k, facts["address"], size, face, width=36 * k, leading=1.3, join=True)
    s.text(x + 6 * k, y + 45 * k, "公民身份号码", size * 0.9, face)
    s.text(x + 31 * k, y + 45 * k, facts["number"], size * 1.15, face, spacing=0.08, join=True)


def _back(s: Sheet, x: float, y: float, k: float, facts: dict[str, str]) -> None:
    s.frame(x, y, x + 86 * k, y + 54 * k, 0.3, ink=(120, 130, 150))
    s.text(x, y + 7 * k, "中华人民共和国", 13 * k, "song-bold", width=86 * k, align="centre", spacing=0.2)
    s.text(x, y + 16 * k, "居民身份证", 17 * k, "song-bold", width=86 * k, align="centre", spacing=0.3)
    s.text(x + 16 * k, y + 36 * k, "签发机关", 8.5 * k, "hei")
    s.text(x + 33 * k, y + 36 * k, facts["authority"], 9 * k, "hei", join=True)
    s.text(x + 16 * k, y + 43 * k, "有效期限", 8.5 * k, "hei")
    s.text(x + 33 * k, y + 43 * k, facts["term"], 9 * k, "hei", join=True)


def _facts(rng: random.Random) -> dict[str, str]:
    firm = w.firm(rng)
    number = identity_number(rng)
    born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    since = w.day(rng, 2010, 2022)

    def dotted(d: date) -> str:
        return f"{d:%Y.%m.%d}"

    until = since.replace(year=since.year + 20, day=min(since.day, 28))
    last = w.mark("valid_until", until, dotted) if rng.random() < 0.8 else "{valid_until=long-term|长期}"
    return {
        "name": f"{{name|{w.person(rng)}}}", "sex": "男" if int(number[16]) % 2 else "女", "people": rng.choice(_PEOPLES),
        "born": w.mark("born_on", born, lambda d: f"{d.year}年{d.month}月{d.day}日"), "address": f"{{address|{firm.address}}}",
        "number": f"{{identity_number|{number}}}", "authority": f"{{authority|{firm.place}市公安局{rng.choice(('', '城东分局', '高新分局'))}}}",
        "term": f"{w.mark('valid_from', since, dotted)}-{last}",
    }  # fmt: skip


def card_stacked(rng: random.Random) -> Sheet:
    """Tuning: one side above the other."""
    s, facts, k = Sheet(rng, dpi=rng.choice((200, 300))), _facts(rng), rng.choice((1.0, 1.25, 1.5))
    sides = [_front, _back] if rng.random() < 0.7 else [_back, _front]
    for n, side in enumerate(sides):
        side(s, 105 - 43 * k, 40 + n * 70 * k, k, facts)
    return s


def card_row(rng: random.Random) -> Sheet:
    """Tuning: the sides beside each other on an upright sheet, as a flatbed copies them in one go; which comes first is chance."""
    s, facts, k = Sheet(rng, dpi=rng.choice((150, 200, 300))), _facts(rng), rng.choice((1.0, 1.05))
    left = (200 - 172 * k) / 2
    y = rng.choice((40, 110))
    sides = [_front, _back] if rng.random() < 0.7 else [_back, _front]
    for n, side in enumerate(sides):
        side(s, left + n * (86 * k + 8), y + rng.uniform(-2, 2), k, facts)
    return s


def card_beside(rng: random.Random) -> Sheet:
    """Tuning, once test: the sides beside each other on a sheet that lies, under a line that says what it is."""
    s, facts, k = Sheet(rng, 297, 210, dpi=rng.choice((200, 300))), _facts(rng), rng.choice((1.2, 1.35))
    s.text(0, 26, "身份证复印件", 16, "hei", width=297, align="centre")
    _front(s, 22, 50, k, facts)
    _back(s, 32 + 86 * k, 50, k, facts)
    s.text(30, 62 + 54 * k, "本复印件仅供签订合同时核对身份使用。", 12, "kai")
    return s


def card_corners(rng: random.Random) -> Sheet:
    """Test: a side at the top left, the other below it at the right, what the copy is for between them."""
    s, facts, k = Sheet(rng, dpi=rng.choice((150, 200, 300))), _facts(rng), rng.choice((1.0, 1.1))
    first, second = (_front, _back) if rng.random() < 0.6 else (_back, _front)
    first(s, 16, 30, k, facts)
    s.text(24, 104, "与原件核对无误，复印无效。", 11, "song")
    second(s, 194 - 86 * k, 126, k, facts)
    return s
