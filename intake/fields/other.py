"""All other kinds: what they share with the main ones, under the same names."""

import re
from collections.abc import Callable
from dataclasses import replace

from intake.fields.paper import Labelled, Paper
from intake.fields.parties import parties
from intake.fields.read import Reading, capital, code, day, organisation, person, phrase, serial
from intake.fields.terms import term
from intake.fields.total import total
from intake.layout import Run
from intake.model import Field
from intake.values import identity_number

LABELS = {
    "contract_number": ("合同编号", "合同号", "协议编号", "主合同编号"),
    "name": ("客户名称", "企业名称", "单位名称", "公司名称", "申请单位", "客户", "被调查单位", "担保人", "保证人", "持证单位", "债务人", "申请人", "账户名称", "付款单位", "欠款单位", "名称"),
    "code": ("统一社会信用代码", "社会信用代码", "信用代码", "纳税人识别号"),
    "legal_representative": ("法定代表人", "法人代表", "负责人"),
    "address": ("地址", "住所", "注册地址", "单位地址", "住址"),
    "signed_on": ("日期", "签署日期", "填表日期", "申请日期", "开票日期", "验收日期", "审批日期", "调查日期", "送货日期", "出具日期", "发文日期", "交易日期", "付款日期", "收款日期", "到货日期", "制单日期", "开立日期", "记账日期", "转账日期"),
    "registered_capital": ("注册资本", "注册资金"),
    "established_on": ("成立日期", "成立时间", "注册日期"),
    "scope": ("经营范围", "主营业务", "许可范围"),
    "amount": ("申请信用额度", "申请额度", "授信额度", "信用额度", "批准额度", "核定额度", "申请授信额度", "拟授信额度", "授予额度"),
    "term": ("有效期", "有效期限", "有效期至"),
    "authority": ("发证机关", "签发机关", "发证单位", "颁发机构"),
    "issued_on": ("发证日期", "颁发日期"),
    "": ("电话", "联系人", "联系电话", "传真", "开户银行", "账号", "职务", "性别", "备注", "经手人", "数量", "单价", "金额", "编号", "申请理由", "申请信用期限", "信用期限"),
}  # fmt: skip
_CARD = {
    "name": ("姓名",),
    "address": ("住址",),
    "authority": ("签发机关",),
    "term": ("有效期限",),
    "identity_number": ("公民身份号码", "身份证号码"),
    "": ("性别", "民族", "出生", "中华人民共和国", "居民身份证"),
}
_READERS: dict[str, Callable[[Run], Reading | None]] = {
    "name": organisation,
    "code": code,
    "legal_representative": person,
    "address": phrase,
    "scope": phrase,
    "registered_capital": capital,
    "established_on": day,
    "amount": capital,
    "signed_on": day,
    "authority": organisation,
    "issued_on": day,
    "contract_number": serial,
}
_WITH_TOTAL = ("voucher", "acceptance", "guarantee")


def fields(paper: Paper, kind: str) -> dict[str, Field]:
    """Return the fields that stand at labels on any other kind of document."""
    card = kind == "identity_card"
    found = _labelled(paper.labelled(_CARD if card else LABELS), card=card)
    if card:
        _identity(paper, found)
    if kind == "acceptance":
        found.update(parties(paper))
    if "amount" in found:
        marks = [m.removeprefix("currency:") for m in found["amount"].marks if m.startswith("currency:")]
        found["currency"] = replace(found["amount"], value=marks[0] if marks else "CNY", marks=())
    if kind in _WITH_TOTAL:
        found.update(total(paper))
    return found


def _labelled(seen: Labelled, *, card: bool) -> dict[str, Field]:
    readers = {**_READERS, "name": person if card else organisation}
    found: dict[str, Field] = {}
    for spot in seen.spots:
        if spot.name == "term":
            period = term(seen.block(spot))
            for name, reading in (("valid_from", period.first), ("valid_until", period.last)):
                if reading:
                    found.setdefault(name, reading.field(spot.strength))
            continue
        read = readers.get(spot.name)
        run = seen.block(spot) if spot.name in ("name", "address", "scope") else seen.beside(spot)
        value = read(run) if read and run.inked else None
        if value and spot.name not in found:
            found[spot.name] = value.field(spot.strength)
    return found


def _identity(paper: Paper, found: dict[str, Field]) -> None:
    m = re.search(r"(?<!\d)\d{17}[\dXx](?!\d)", paper.flow.key)
    number = identity_number(m[0]) if m else None
    if m and number:
        factor = 0.45 if "check_digit_failed" in number.marks else 1.0
        found["identity_number"] = Reading(paper.flow.cut(*m.span()), number.value, factor, number.marks).field()
