"""The forms of a customer's credit file as PDF, always in Chinese (RULES B5): 5.1, 5.2, 5.3, 5.4 and 5.7. The same data give the same bytes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from credit.forms import ITEMS, TITLES, Item
from intake.batches.sheets import new_pdf, words
from service.reports.papers import Form, to_pdf

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
