"""What is filled into the papers of `unseen_kinds`: firms, people, sums and days, every value marked as the field it is."""

import copy
import random
import re
from datetime import timedelta
from string import Template

from samples import unseen_words as w
from samples.unseen_kinds import Form

_GOODS = ("电动阀门", "镀锌钢板", "聚乙烯颗粒", "数控车床", "瓦楞纸箱", "低压开关柜", "不锈钢管件", "水性涂料")
_SUBJECTS = (
    "关于催付货款的事宜",
    "设备采购合同交货期的确认",
    "关于调整供货计划的事宜",
    "年度框架合同商务条款",
    "关于合同付款进度的说明",
)
_PROJECTS = ("仓库扩建工程", "生产线自动化改造项目", "办公楼空调更换项目", "污水处理设备采购项目")
_OFFICES = {
    "registration": ("公证处", "市场监督管理局", "工商行政管理局"),
    "capability": ("住房和城乡建设局", "市场监督管理局", "应急管理局"),
}
_CONCLUSIONS = ("合格", "不合格，退回整改", "验收合格，同意接收", "品种、规格、数量与合同一致，质量合格，同意验收。")
_GRADES = ("AAA", "AA", "A", "BBB", "BB")


def _number(rng: random.Random, year: int) -> str:
    return rng.choice(
        (f"HT-{year}-{rng.randint(1, 9999):04}", f"{year}XS{rng.randint(100, 999)}", f"CG/{year}/{rng.randint(1, 999):03}")
    )  # fmt: skip


def _figures(rng: random.Random) -> dict[str, str]:
    """Return m1 to m8, sums in yuan, and what a form of financial condition says in its unit: assets are debts and equity."""
    sums = [rng.randint(10**5, 10**8) for _ in range(8)]
    own = copy.copy(rng)
    times = own.choice((1, 10**4))
    *others, debts, equity, turnover, profit = (yuan // 100 * 100 for yuan in sums)
    said = {
        "cash": others[0],
        "owed": others[1],
        "current": others[2],
        "assets": debts + equity,
        "debts": debts,
        "profit": profit,
    }
    printed = {
        name: f"{yuan / times:,.2f}" for name, yuan in (*said.items(), ("equity", equity), ("turnover", turnover))
    }
    for name, yuan in (("equity", equity), ("turnover", turnover)):
        printed[name] = f"{{{name}={yuan}.00|{printed[name]}}}"
    sales = own.choice((f"{turnover / 10**4:,.2f}万元", f"{turnover:,}.00元", f"人民币{w.tens(turnover)}万元"))
    return {
        **{f"m{i}": f"{yuan:,}.00" for i, yuan in enumerate(sums, 1)}, **printed,
        "unit": "万元" if times > 1 else "元", "sales": f"{{annual_sales={turnover}.00|{sales}}}",
    }  # fmt: skip


def facts(rng: random.Random, form: Form) -> dict[str, str]:
    """Return token -> what is printed, fields marked; `seal` is whose seal it is, `money` the sum in yuan."""
    one, other, ours = w.firm(rng), w.firm(rng), w.firm(rng, w.OURS)
    how, signed = w.style(rng), w.day(rng)
    end = w.later(signed, rng.choice((1, 2, 3)))
    yuan = rng.choice((rng.randint(5, 900) * 10000, rng.randint(100, 9999) * 100))
    value, digits = f"{yuan}.00", f"{yuan:,}.00"
    said = rng.choice((f"{digits}元", f"{yuan}元", f"{w.tens(yuan)}万元", f"¥{digits}", f"人民币{w.tens(yuan)}万元"))
    capital, printed = w.capital(rng)
    year = signed.year
    office = f"{one.place}市{rng.choice(_OFFICES.get(form.kind, ('商业银行股份有限公司',)))}"
    if form.kind == "registration" and form.letter:
        office = f"{one.place}市{rng.choice(('诚信', '正元', '城东'))}公证处"
    if form.kind == "capability" and not form.foot[0]:
        office = f"{one.place}市{rng.choice(_OFFICES['capability'])}"
    elif form.kind == "capability":
        office = f"{one.place}银行股份有限公司"
    swap = rng.random() < 0.5
    buyer, seller = (ours, one) if form.kind == "acceptance" or swap else (one, ours)
    bank = f"{one.place}{rng.choice(('商业银行', '农商银行', '银行'))}{rng.choice(('城东', '高新', '开发区'))}支行"
    field = {
        "name": one.name, "code": one.code, "legal_representative": one.head, "address": one.address,
        "creditor": ours.name, "debtor": one.name, "guarantor": other.name, "party_a": buyer.name, "party_b": seller.name,
        "payer": buyer.name, "payee": seller.name, "recipient": buyer.name, "sender": seller.name, "principal": one.name,
        "agent": w.person(rng), "bank": bank, "authority": office, "contract_number": _number(rng, year),
        "document_number": f"{rng.choice(('LH', 'HD', 'SH', 'ZM'))}{year}{rng.randint(1, 99999):05}",
        "scope": rng.choice(("电线电缆、桥架的制造与销售", "建筑材料批发零售；装饰工程施工", "机械零部件加工、销售")),
        "grade": rng.choice(_GRADES),
    }  # fmt: skip
    marked = {name: f"{{{name}|{printed_}}}" for name, printed_ in field.items()}
    skill = rng.choice(("建筑工程施工总承包贰级", "机电设备安装工程专业承包壹级", "压力管道制造"))
    tokens = {
        **marked, "head": marked["legal_representative"], "number": marked["contract_number"], "document": marked["document_number"],
        "capital": f"{{registered_capital={capital}|{printed}}}", "founded": w.mark("established_on", w.day(rng, 2001, 2020), how),
        "signed": w.mark("signed_on", signed, how), "issued": w.mark("issued_on", signed, how),
        "first": w.mark("valid_from", signed, how), "until": w.mark("valid_until", end, how), "last": w.mark("valid_until", end, how),
        "opened": how(w.day(rng, 2005, 2020)), "amount": f"{{amount={value}|{said}}}", "capitals": f"人民币{w.capitals(yuan)}元整",
        "signed_label": "出具日期", "ours": w.OURS, "ours_plain": w.OURS, "theirs": one.name, "other": other.name, "place": one.place, "road": "滨河路",
        "no": str(rng.randint(1, 300)), "goods": rng.choice(_GOODS), "model": f"{rng.choice('ABDXZ')}{rng.randint(10, 999)}-{rng.randint(1, 40)}",
        "count": str(rng.randint(8, 900)), "days": str(rng.choice((15, 30, 45, 60, 90))), "year": str(year), "p1": w.person(rng), "p2": w.person(rng), "p3": w.person(rng),
        "subject": rng.choice(_SUBJECTS), "project": rng.choice(_PROJECTS), "post": rng.choice(("总经理", "董事长", "执行董事")),
        "grade_of_skill": skill, "errand": rng.choice(("投标报名", "货款结算", "合同签订")), "bank2": f"{other.place}银行",
        "account": "".join(rng.choice("0123456789") for _ in range(16)),
        "recipient_line": f"{other.name}：", "customer_line": f"{marked['name']}：",
        **_figures(rng),
    }  # fmt: skip
    seals = {
        "customer": other.name if form.kind == "guarantee" else one.name, "ours": w.OURS, "sender": seller.name, "principal": one.name,
        "authority": office, "bank": bank, "": "",
    }  # fmt: skip
    if form.kind == "acceptance":
        seals["ours"] = buyer.name
    tokens["seal"] = seals[form.seal]
    own = copy.copy(rng)  # draws of its own: papers that say one sum and one day are as they were
    asked = yuan + own.randint(1, 40) * 10000
    tokens |= {"asked": own.choice((f"{asked:,}.00元", f"{asked}元", f"人民币{w.tens(asked)}万元"))}
    tokens |= {
        "before": how(signed - timedelta(days=own.randint(2, 60))),
        "asked_days": str(own.choice((120, 150, 180))),
        "late": str(own.choice((3, 12, 28, 95, 400))),
        "conclusion": own.choice(_CONCLUSIONS),
    }
    return tokens


def fill(text: str, tokens: dict[str, str]) -> str:
    """Return `text` with every $token filled in; a token may hold another one."""
    while "$" in text:
        text = Template(text).substitute(tokens)
    return text


def spellings(rng: random.Random, text: str) -> str:
    """Return one of the wordings that `|` parts; the bars inside {marks} are none."""
    return rng.choice(re.split(r"\|(?![^{]*\})", text))
