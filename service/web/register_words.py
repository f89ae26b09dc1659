"""What the codes of the customer register are called: sources, how far a value is verified, what was said, whom one belongs to."""

import contextlib
from decimal import Decimal, InvalidOperation

from credit.fact_kinds import SHIPPED, Kind
from intake import verification as rules
from intake.values import LONG_TERM
from service.access.policy import Actor
from service.flow.credit.collected import Known
from service.web.text import _, gettext, language
from service.web.words import State

SOURCES = {
    "public_record": _("公开记录"),
    "transaction_record": _("交易记录"),
    "third_party": _("第三方报告"),
    "site_visit": _("实地走访"),
}
FORMS = {"text": _("文字"), "date": _("日期"), "money": _("金额"), "code": _("代码")}
VIEWS = {
    "stale": _("已过期"),
    "changed": _("有变化待更新"),
    "unverified": _("未经双重核验"),
    "disputed": _("有争议"),
    "all": _("全部"),
}
ACTS = {
    "confirm": _("确认"),
    "dispute": _("认为是"),
    "decide": _("裁定为"),
    "recheck": _("复核仍然如此"),
}
DONE = {
    "record": _("已录入，等两名没有录入它的人核对。"),
    "recheck": _("现有的值与此相同，记为复核，期限重新计算。"),
    "confirm": _("已确认。"),
    "correct": _("已更正，原来的值留在历史里。"),
    "dispute": _("与别人的说法不同，由第三人裁定；裁定以前原来的值不变。"),
    "decide": _("已裁定。"),
}
STATES = {
    "unconfirmed": ("soon", _("机器读出，未核")),
    "entered": ("soon", _("已录入，未核")),
    "once": ("soon", _("一人已核")),
    "verified": ("good", _("两人已核")),
    "disputed": ("late", _("有争议")),
    "none": ("grey", _("已无有效值")),
}
RELATIONS = {"parent": _("上级单位"), "guarantor": _("担保人")}
RELATIONS_DOWN = {"parent": _("下属单位"), "guarantor": _("为其担保")}
DUPLICATES = {
    "code": ("late", _("信用代码相同")),
    "same_name": ("soon", _("名称相同")),
    "similar_name": ("grey", _("名称相近")),
}
WITHDRAWN = {"corrected": _("被更正"), "decided": _("被裁定取代"), "merged": _("合并时以另一客户的值为准")}
MOVED = {
    "contracts": _("合同"),
    "case_files": _("案卷"),
    "customer_facts": _("客户信息"),
    "assessments": _("评估"),
    "customer_contacts": _("联系人与银行"),
    "customer_relations": _("关系"),
    "warnings": _("预警"),
    "receivable_entries": _("应收记录"),
    "collection_records": _("催收记录"),
    "statements": _("财务报表"),
    "credit_events": _("重大事件"),
}


def kind_name(kind: Kind) -> str:
    """Return what a kind of information is called in the reader's language."""
    return kind.zh if language() == "zh" else kind.en


def fact_name(code: str) -> str:
    """Return what a kind of information that ships is called."""
    kind = SHIPPED.get(code)
    return kind_name(kind) if kind else code


def shown(value: str, form: str) -> str:
    """Return a value as people read it. form: of its kind."""
    if value == LONG_TERM:
        return gettext("长期")
    if form == "money":
        with contextlib.suppress(InvalidOperation):
            return f"{Decimal(value):,.2f}"
    return value


def shown_of(code: str, value: str) -> str:
    """Return a value of a kind that ships as people read it."""
    kind = SHIPPED.get(code)
    return shown(value, kind.form if kind else "text")


def fact_state(known: Known, reader: Actor) -> State:
    """Return how far a value can be trusted (RULES A2.2): what was read and never confirmed is told as such."""
    colour, word = STATES[known.state]
    why = {
        rules.UNCONFIRMED: gettext("机器读出，还没有人核对过"),
        rules.ENTERED: gettext("须由另外两人核对"),
        rules.ONCE: gettext("须由另一人再核，且不能是录入者"),
        rules.VERIFIED: gettext("两名未录入此值的人都已确认"),
        rules.DISPUTED: gettext("你已表态，由没有表态的第三人裁定")
        if reader.name in rules.sides(known.stand)
        else gettext("两人所见不同，由没有表态的第三人裁定"),
    }[known.state]
    return State(colour, str(word), why)


def may_confirm(known: Known, reader: Actor) -> bool:
    """Return whether the reader could be one of the two who verify a value."""
    stand = known.stand
    return not stand.rival_by and reader.name != stand.entered_by and reader.name not in stand.confirmed_by


def may_decide(known: Known, reader: Actor) -> bool:
    """Return whether the reader could be the third person."""
    stand = known.stand
    return bool(stand.rival_by) and reader.name not in rules.sides(stand) and reader.name not in stand.heard
