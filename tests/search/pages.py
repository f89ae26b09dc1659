"""Generated Chinese pages for search tests: contracts, licences and letters of companies that do not exist."""

import random
import re
import unicodedata

from search.model import IndexedPage

_HAN = (
    "甲乙丙丁合同协议付款方式交货期限质量标准违约责任争议解决仲裁委员会人民法院签订地点日期盖章法定代表授权委托经营范围注册资本"
    "有限公司股份集团贸易科技发展制造工程设备材料运输保险验收数量单价总额税率发票银行账号开户行地址电话传真邮编客户信用评估"
    "档案保管期销毁移交借阅审批登记的是在和与及或不应当按照本自起至止内外前后上下其他任何双"
)
_NAMES = ["华东", "远洋", "恒信", "金石", "天成", "瑞丰", "博远", "海川", "中轩", "立诚", "百川", "云帆"]
_TRADES = ["贸易", "科技", "机械", "化工", "物流", "建材", "电子", "纺织"]
_DEPARTMENTS = ["销售部", "采购部", "工程部", "法务部"]
_STATUSES = ["stored", "needs_review", "archived"]
_CATEGORIES = ["1.2", "1.4", "1.9", "1.10", "5.1"]


def company(rng: random.Random) -> str:
    tail = rng.choice(["有限公司", "股份有限公司", "（集团）有限公司", "Co., Ltd."])
    return f"{rng.choice(['上海', '北京', '广州', '成都'])}{rng.choice(_NAMES)}{rng.choice(_TRADES)}{tail}"


def number(rng: random.Random) -> str:
    return f"HT-{rng.choice(['XS', 'CG', 'GC'])}-{rng.randint(2019, 2026)}-{rng.randint(1, 9999):04}"


def amount(rng: random.Random) -> str:
    return f"{rng.randint(1, 99_999_999):,}.{rng.choice(['00', '50', '05'])}"


def _sentence(rng: random.Random) -> str:
    words = "".join(rng.choice(_HAN) for _ in range(rng.randint(4, 30)))
    inserted = rng.choice(
        [
            "",
            "",
            f"合同编号：{number(rng)}",
            f"人民币{amount(rng)}元",
            f"“{rng.choice('甲乙')}方”",
            f"{rng.randint(2019, 2026)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日",
            f"(第{rng.randint(1, 20)}.{rng.randint(1, 9)}条)",
            company(rng),
            "Purchase Agreement No.7",
            "————",
        ]
    )
    return words + inserted + rng.choice("。，；、：")


def text(rng: random.Random, characters: int) -> str:
    """Return a page of about `characters`, with lines broken anywhere and stray spaces, as a scan is read."""
    body = ""
    while len(body) < characters:
        body += _sentence(rng)
    lines, at = [], 0
    while at < len(body):
        step = rng.randint(12, 34)
        line = body[at : at + step]
        if rng.random() < 0.1:
            cut = rng.randrange(len(line))
            line = line[:cut] + rng.choice([" ", "　"]) + line[cut:]
        lines.append(line)
        at += step
    return "\n".join(lines)


def corpus(seed: int, documents: int, characters: int = 300) -> dict[str, list[IndexedPage]]:
    """Return `documents` of one to three pages each, by id."""
    rng = random.Random(seed)
    made = {}
    for order in range(documents):
        name, owner = f"{seed:02}-{order:05}", company(rng)
        about = {
            "title": f"{owner}购销合同",
            "category": rng.choice(_CATEGORIES),
            "customer": owner,
            "department": rng.choice(_DEPARTMENTS),
            "status": rng.choice(_STATUSES),
            "contract_number": number(rng),
            "fields": {"party_a": owner, "party_b": company(rng), "amount": f"{rng.randint(1, 9_999_999)}.00"},
            "access": (rng.choice(["tier:internal", "tier:secret"]),),
        }
        made[name] = [
            IndexedPage(name, page, text(rng, characters), **about)
            for page in range(1, rng.choice([1, 1, 1, 2, 3]) + 1)
        ]
    return made


def plain(string: str) -> str:
    """Fold independently of the product: what two texts share when width, case and white space do not matter."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", string)).lower()
