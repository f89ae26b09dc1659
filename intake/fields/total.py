"""The total of a contract among all the sums it names."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from intake.fields.paper import Paper
from intake.fields.read import TORN, Reading
from intake.layout import Run, join
from intake.model import Field
from intake.values import Amount, find_amounts, money

_TOTAL = re.compile(
    r"合同总?价款|合同总?金额|合同总?价|合同总额|合同价税合计|总价款|价款总额|价款总计|价款合计|租金总额|总租金|租金合计|总金额|总计|价税合计|签约合同价|费用总额|服务费总额|报酬总额|总费用|货款总[额计价]|总货款|借款金额|贷款金额|借款本金|"
    r"转让价款|转让价格|转让总价|股权转让款|许可费总额|工程造价|工程总价|承包总价|服务总费用|运费总额|加工费总额|总报酬|合计金额|金额合计|总额|授信额度|投资总额|"
    r"total (?:contract )?(?:price|amount|value|sum|fee|rent)|contract (?:price|value|amount|sum)|aggregate (?:price|amount)|purchase price|grand total|principal (?:sum|amount)",
    re.IGNORECASE,
)
_SUM = re.compile(r"合计|共计|总价|价款|报酬|合同价|服务费用?为|费用为|咨询费|设计费|加工费|总共|total", re.IGNORECASE)
#: Words of a sum that is a part of the total or stands beside it.
OTHER = re.compile(
    r"押金|保证金|定金|预付|首付|违约金|赔偿|税额|税金|质保金|尾款|余款|罚|deposit|advance|penalty", re.IGNORECASE
)
_WEAK = re.compile(r"小写|大写|金额|租金|费用|货款|price|amount|fee|rent", re.IGNORECASE)
_PART = re.compile(
    r"单价|每[年月日吨台件套个次平人季]|月租|年租|押金|保证金|定金|预付|首付|首期|违约金|赔偿|税额|税金|不含税|未税|增值税(?!专用)|注册资本|罚款|滞纳金|质保金|质量保证金|尾款|余款|第[一二三四五六1-6]期|第[一二三四五六1-6]次|逾期|剩余|超过|不低于|以上|以下|"
    r"其中|进度款|分期|支付[^,。;]{0,12}%|保险金额|责任限额|deposit|advance|unit price|per (?:unit|month|day|year)|penalty|damages|monthly|instal",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"[ \t]*(?:整)?[)]?[ \t]*(?:/|每|per )[ \t]*(?:[台套件个吨年月日次人平㎡m米天季]|month|unit|day|year|set|pc)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Candidate:
    amount: Amount
    run: Run
    score: float
    agreed: bool = False
    mismatch: bool = False


def total(paper: Paper) -> dict[str, Field]:
    """Return amount and currency of the contract: the total, not a unit price, a deposit or an instalment.

    A sum in capitals and one in digits side by side are one sum; when they disagree the amount is marked
    amount_mismatch (RULES, Amounts and dates).
    """
    run = paper.flow
    factor_ten_thousand = re.search(r"单位[:]?(?:人民币)?万元", run.key)
    candidates = _candidates(run, ten_thousand=bool(factor_ten_thousand))
    if not candidates:
        return {}
    best = max(candidates, key=lambda c: (c.score, c.amount.value))
    if best.score < 1:
        return {}
    rivals = [c for c in candidates if c.score >= best.score - 0.5 and c.amount.value != best.amount.value]
    factor = 1.0 if best.score >= 5 else 0.9 if best.score >= 3.5 else 0.7
    if rivals:
        factor *= 0.75
    elif sum(c.amount.value == best.amount.value for c in candidates) > 1:
        factor = min(1.0, factor + 0.1)
    marks: tuple[str, ...] = ()
    if best.mismatch:
        factor, marks = factor * 0.5, ("amount_mismatch",)
    if factor_ten_thousand and not best.amount.marked:
        factor *= 0.85
    if not best.amount.certain:
        factor *= TORN
    reading = Reading(best.run, money(best.amount.value), factor, marks)
    return {"amount": reading.field(), "currency": _currency(best, run).field()}


def _candidates(run: Run, *, ten_thousand: bool) -> list[_Candidate]:
    amounts = paired(run.key, find_amounts(run.key))
    result = []
    for a, twin, mismatch in amounts:
        before = re.split(r"[。;\n]", run.key[max(0, a.start - 60) : a.start])[-1]
        row = run.key[run.key.rfind("\n", 0, a.start) + 1 : a.start]
        after = run.key[a.end : a.end + 8]
        clause = re.split(r"[,](?!\d)", before)[-1]
        if not a.marked and not (
            re.search(r"(?:合计|总计|总价|总额|总金额|小写)|total", row, re.IGNORECASE)
            and (a.value >= 100 or "." in run.key[a.start : a.end])
        ):
            continue
        if re.match(r"[ \t]*(?:%|‰|年|月|日|天|个|台|套|件|吨|米|平方|人|层|号|幢)", after) and not a.marked:
            continue
        score = _score(clause, before, row, a)
        if _RATE.match(after):
            score -= 6
        if twin:
            score += 2
        if a.value == 0:
            score -= 10
        value = a.value * 10000 if ten_thousand and not a.marked else a.value
        shown = replace(a, value=value, currency=a.currency or (twin.currency if twin else None))
        result.append(_Candidate(shown, run.cut(a.start, a.end), score, agreed=twin is not None, mismatch=mismatch))
    return result


def _score(clause: str, before: str, row: str, a: Amount) -> float:
    totals, sums = list(_TOTAL.finditer(before)), list(_SUM.finditer(clause))
    where, anchors = (before, totals) if totals or not sums else (clause, sums)
    parts = [
        p
        for p in _PART.finditer(where)
        if not anchors or p.start() > anchors[-1].start() or (where is clause and OTHER.search(clause))
    ]
    score = 0.0
    if totals:
        near = len(before) - totals[-1].end() < 34
        score += 5 if near else 3.5
    elif _SUM.search(clause) or _SUM.search(row):
        score += 3.5
    elif _WEAK.search(before) or _WEAK.search(row):
        score += 2
    if parts:
        score -= 5
    if a.form == "capitals":
        score += 1
    return score


def paired(key: str, amounts: list[Amount]) -> list[tuple[Amount, Amount | None, bool]]:
    """Return each sum once: (the digits, or what there is; its twin in the other form; whether the two disagree)."""
    result: list[tuple[Amount, Amount | None, bool]] = []
    i = 0
    marked = [
        a
        for a in amounts
        if a.marked or (a.value >= 100 and not re.match(r"[ \t]*[年号第\-/]", key[a.end : a.end + 3]))
    ]
    while i < len(marked):
        a = marked[i]
        b = marked[i + 1] if i + 1 < len(marked) else None
        c = marked[i + 2] if i + 2 < len(marked) else None
        spoken_for = (
            b and c and a.form == c.form == "digits" and b.value == c.value != a.value and _beside(key[b.end : c.start])
        )
        if b and b.form != a.form and _beside(key[a.end : b.start]) and not spoken_for:
            digits, capitals = (a, b) if a.form == "digits" else (b, a)
            currency = digits.currency or capitals.currency
            agree = abs(digits.value - capitals.value) <= Decimal("0.005")
            shown = replace(digits, currency=currency, marked=True, certain=digits.certain or agree)
            result.append((shown, capitals, not agree))
            i += 2
        else:
            result.append((a, None, False))
            i += 1
    return result


def _beside(between: str) -> bool:
    return len(between) <= 22 and not re.search(r"[。;\n]|单价|其中|税|每|押金|定金|合计|总计", between)


_WORDS = (
    ("USD", r"美元|美金|USD|US\$|U\.S\. ?Dollars?|\$"),
    ("EUR", r"欧元|EUR|€|Euros?"),
    ("HKD", r"港币|港元|HKD|HK\$"),
    ("JPY", r"日元|日圆|JPY|Yen"),
    ("CNY", r"人民币|RMB|CNY|¥|元|圆"),
)


def _currency(best: _Candidate, run: Run) -> Reading:
    """Return the currency with the word or sign that says it; the sum itself where only its unit does."""
    code = best.amount.currency
    stated = re.search(r"(?:币种|货币|币别|currency)[:为是]*[ \t]*", run.key, re.IGNORECASE)
    for name, words in _WORDS:
        if code is not None and name != code:
            continue
        m = re.search(words, best.run.key, re.IGNORECASE)
        if m:
            return Reading(best.run.cut(*m.span()), name)
    for name, words in _WORDS:
        m = re.compile(words, re.IGNORECASE).match(run.key, stated.end()) if stated else None
        if m:
            return Reading(run.cut(*m.span()), name, 0.95)
    for name, words in _WORDS:
        m = re.search(words, run.key)
        if m and (code is None or name == code):
            return Reading(run.cut(*m.span()), name, 0.85)
    return Reading(join([best.run], ""), code or "CNY", 0.7)
