"""The forms of a customer's credit file as PDF, always in Chinese (RULES B5): 5.1, 5.2, 5.3, 5.4 and 5.7. The same data give the same bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from intake.batches.sheets import new_pdf, words
from service.reports.papers import Form, to_pdf


@dataclass(frozen=True)
class Item:
    """One line of a form. typed: a person fills it in; needed: it may not be empty. kind: text, money, days or date."""

    name: str
    zh: str
    en: str
    kind: str = "text"
    typed: bool = False
    needed: bool = False


def _typed(name: str, zh: str, en: str, kind: str = "text", *, needed: bool = False) -> Item:
    return Item(name, zh, en, kind, typed=True, needed=needed)


_WHO = (
    Item("name", "客户名称", "Customer"),
    Item("code", "统一社会信用代码", "Unified social credit code"),
)
_ASSESSED = (
    Item("assessed_on", "评估日期", "Assessed on"),
    Item("scorecard", "评分卡版本", "Scorecard"),
    Item("arithmetic", "各项指标", "Indicators"),
    Item("score", "综合得分", "Score"),
    Item("score_grade", "评分等级", "Grade of the score"),
    Item("grade", "信用等级", "Grade"),
    Item("set_reason", "调整等级的理由", "Why the grade was set"),
    Item("line", "信用额度（元）", "Credit line (yuan)"),
    Item("line_why", "额度计算", "How the line was found"),
)
TITLES: Mapping[str, str] = {
    "5.1": "客户信用申请表",
    "5.2": "客户调查表",
    "5.3": "客户信用审批表",
    "5.4": "回复客户的标准函",
    "5.7": "年审评价报告",
}
ITEMS: Mapping[str, Sequence[Item]] = {
    "5.1": (
        *_WHO,
        _typed("applied_on", "申请日期", "Applied on", "date", needed=True),
        _typed("applicant", "申请人", "Applicant", needed=True),
        _typed("amount", "申请信用额度（元）", "Credit line asked for (yuan)", "money", needed=True),
        _typed("days", "申请信用期限（天）", "Payment term asked for (days)", "days", needed=True),
        _typed("purpose", "申请理由", "Why it is asked for", needed=True),
        _typed("guarantee", "担保方式", "Security offered"),
    ),
    "5.2": (
        *_WHO,
        _typed("surveyed_on", "调查日期", "Surveyed on", "date", needed=True),
        _typed("surveyor", "调查人", "Surveyed by", needed=True),
        _typed("way", "调查方式", "How (visit, telephone, papers)", needed=True),
        _typed("legal_representative", "法定代表人", "Legal representative"),
        _typed("business", "经营状况", "Business", needed=True),
        _typed("staff", "职工人数", "Staff"),
        _typed("premises", "经营场所", "Premises"),
        _typed("payment", "付款习惯", "Payment habits"),
        _typed("finance", "财务状况", "Financial condition"),
        _typed("banks", "往来银行", "Banks"),
        _typed("conclusion", "调查结论", "Conclusion", needed=True),
    ),
    "5.3": (
        *_WHO,
        Item("asked", "申请额度与期限", "Asked for"),
        *_ASSESSED,
        Item("made_by", "评估人", "Assessed by"),
        Item("experts", "专家意见", "Opinions of experts"),
        Item("decided_by", "审批人", "Approved by"),
        Item("decided_on", "审批日期", "Approved on"),
        Item("conclusion", "审批意见", "Conclusion"),
    ),
    "5.4": (
        *_WHO,
        _typed("amount", "信用额度（元）", "Credit line (yuan)", "money", needed=True),
        _typed("days", "信用期限（天）", "Payment term (days)", "days", needed=True),
        _typed("terms", "附加条件", "Other terms"),
        Item("sender", "发函单位", "Sent by"),
        Item("written_on", "发函日期", "Written on"),
    ),
    "5.7": (
        *_WHO,
        Item("year", "评价年度", "Year"),
        Item("before", "上次评估", "Last assessment"),
        *_ASSESSED,
        Item("moved", "变动及原因", "What moved and why"),
        Item("events", "期间的重大事件", "Major events"),
        Item("made_by", "评估人", "Assessed by"),
        Item("decided_by", "审批人", "Approved by"),
        Item("conclusion", "年审结论", "Conclusion"),
    ),
}
_SIGNS = {
    "5.1": ("申请人（签字、日期）", "业务部门负责人（签字、日期）"),
    "5.2": ("调查人（签字、日期）", "复核人（签字、日期）"),
    "5.3": ("评估人（签字、日期）", "审批人（签字、日期）"),
    "5.7": ("评估人（签字、日期）", "审批人（签字、日期）"),
}
_LINE, _WRAP = 9.0, 36


def form_pdf(category: str, data: Mapping[str, Any]) -> bytes:
    """Return a form as PDF. data: text by the names of `ITEMS`; lists of text become a line each. Raises KeyError for another category."""
    if category == "5.4":
        return _letter(data)
    rows: list[tuple[str, str]] = []
    for item in ITEMS[category]:
        value = data.get(item.name)
        lines = value if isinstance(value, list) else [_shown(item, value)]
        # A list takes a row a line: no row is ever cut, however long the list.
        rows += [(item.zh if at == 0 else "", str(line)) for at, line in enumerate(lines or ["—"])]
    sub = f"编号 {data.get('form_number', '')}　{data.get('number', '')}"
    form = Form(TITLES[category], ("项目", "内容"), (1, 3), rows, sub, _SIGNS[category], landscape=False)
    return to_pdf(form)


def _shown(item: Item, value: object) -> str:
    if value in (None, ""):
        return "—"
    return f"{Decimal(str(value)):,.2f}" if item.kind == "money" else str(value)


def _letter(data: Mapping[str, Any]) -> bytes:
    """Return the standard reply to a customer (标准函)."""
    amount = f"{Decimal(str(data['amount'])):,.2f}"
    paragraphs = [
        "贵公司关于信用销售的申请收悉。经审核，同意给予贵公司以下信用条件：",
        f"一、信用额度：人民币 {amount} 元；",
        f"二、信用期限：{data['days']} 天，自货物交付之日起计算；",
        f"三、附加条件：{data.get('terms') or '无'}。",
        "以上条件自本函发出之日起生效。如有逾期付款或其他影响信用的情形，我公司有权调整或停止信用销售。",
        "感谢贵公司的信任与支持。",
    ]
    with new_pdf() as document:
        document.add_page()
        words(document, "关于信用条件的函", 20, 30, 170, 20, middle=True)
        words(document, f"编号 {data.get('form_number', '')}", 25, 42, 160, 10)
        words(document, f"{data['name']}：", 25, 58, 160, 13)
        y = 58 + _LINE * 1.4
        for paragraph in paragraphs:
            text = "　　" + paragraph
            for at in range(0, len(text), _WRAP):
                words(document, text[at : at + _WRAP], 25, y, 162, 12)
                y += _LINE
        y += 2 * _LINE
        for line in (str(data.get("sender") or ""), str(data.get("written_on") or "")):
            words(document, line, 110, y, 75, 12)
            y += _LINE
        return bytes(document.output())
