"""The forms of a customer's credit file (RULES B5): what stands in 5.1, 5.2, 5.3, 5.4 and 5.7, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


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
