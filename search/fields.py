"""The fields a query can name, the words for categories, and how an IndexedPage's metadata is known by them."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from search.model import IndexedPage

_PRINTED: tuple[str, ...] = (
    *(
        "name",
        "code",
        "type",
        "legal_representative",
        "registered_capital",
        "established_on",
        "valid_from",
        "valid_until",
    ),
    *("address", "scope", "authority", "issued_on", "principal", "agent", "signed_on", "contract_number", "title"),
    *("party_a", "party_b", "party_a_code", "party_b_code", "amount", "currency", "term_from", "term_until"),
    *("creditor", "debtor", "guarantor", "payer", "payee", "sender", "recipient", "subject", "document_number"),
    *("bank", "account", "identity_number", "born_on", "grade", "payment_days", "score", "seal"),
    *("average_payment_days", "overdue_days", "conclusion"),
)
# Whoever is named on a paper as one between whom something is done.
_PARTIES = ("party_a", "party_b", "principal", "name", "creditor", "debtor", "guarantor", "payer", "payee")

# What a query may name, and the stored names it looks in. A field read from a document is known by its own name.
FIELDS: dict[str, tuple[str, ...]] = {name: (name,) for name in _PRINTED} | {
    "category": ("category",),
    "department": ("department",),
    "customer": ("customer",),
    "party": ("customer", *_PARTIES),
    "code": ("code", "party_a_code", "party_b_code", "numbers"),
    "status": ("status",),
    "tier": ("tier",),
    "number": ("contract_number", "archive_number", "numbers", "document_number"),
    "archive_number": ("archive_number",),
    "kind": ("kind",),
    "seal": ("seal", *(f"seal_{number}" for number in range(2, 9))),
    "handler": ("handler",),
    "received_on": ("received_on",),
}

# In Chinese: the words of the pages and of the papers themselves.
ALIASES: dict[str, str] = {
    **dict.fromkeys(("类别", "类目"), "category"),
    "密级": "tier",
    "部门": "department",
    "客户": "customer",
    "当事人": "party",
    **dict.fromkeys(("代码", "信用代码", "统一社会信用代码"), "code"),
    "状态": "status",
    **dict.fromkeys(("编号", "合同号", "合同编号"), "number"),
    "档号": "archive_number",
    **dict.fromkeys(("标题", "题名"), "title"),
    "承办人": "handler",
    "甲方": "party_a",
    "乙方": "party_b",
    "甲方信用代码": "party_a_code",
    "乙方信用代码": "party_b_code",
    **dict.fromkeys(("金额", "合同金额"), "amount"),
    "币种": "currency",
    "签订日期": "signed_on",
    "收到日期": "received_on",
    "期限自": "term_from",
    "期限至": "term_until",
    "名称": "name",
    "类型": "type",
    **dict.fromkeys(("法定代表人", "法人"), "legal_representative"),
    "注册资本": "registered_capital",
    "成立日期": "established_on",
    "有效期自": "valid_from",
    **dict.fromkeys(("有效期至", "有效期"), "valid_until"),
    **dict.fromkeys(("住所", "地址"), "address"),
    **dict.fromkeys(("范围", "经营范围"), "scope"),
    "登记机关": "authority",
    "发证日期": "issued_on",
    "委托人": "principal",
    **dict.fromkeys(("受托人", "代理人"), "agent"),
    "债权人": "creditor",
    "债务人": "debtor",
    "担保人": "guarantor",
    "付款人": "payer",
    "收款人": "payee",
    "发件方": "sender",
    "收件方": "recipient",
    "事由": "subject",
    "文书编号": "document_number",
    "开户银行": "bank",
    "银行账号": "account",
    "身份证号": "identity_number",
    "出生日期": "born_on",
    "信用等级": "grade",
    "综合得分": "score",
    "平均付款天数": "average_payment_days",
    "逾期天数": "overdue_days",
    "验收结论": "conclusion",
    "印章": "seal",
}

# Names whose value is a code from a short list: `category:1.1` must not find 1.10.
WHOLE = frozenset({"category", "status", "tier"})

# What people see instead of those codes, in Chinese.
VALUE_WORDS: dict[str, dict[str, str]] = {
    "status": {"已入库": "stored", "待核对": "needs_review", "未能识别": "failed", "已归档": "archived"},
    "tier": {"公开": "public", "内部": "internal", "商业秘密": "secret", "核心商业秘密": "core"},
}

_SINGULAR = frozenset({"amount", "code", "party_a_code", "party_b_code", "contract_number"})
_COMPANIES = frozenset(_PARTIES)

# RULES B1 and B5: a clerk types the word, not the code.
CATEGORY_WORDS: dict[str, str] = {
    "1.1": "谈判记录 可行性研究 报审 批准文件 negotiation",
    "1.2": "营业执照 法人营业执照 事业法人执照 business licence license",
    "1.3": "履约能力证明 资信证明 capability",
    "1.4": "对方授权委托书 法定代表人身份证明 介绍信 授权书 authorization authorisation proxy",
    "1.5": "我方授权委托书 法定代表人授权委托书 授权书 authorization authorisation proxy",
    "1.6": "担保人资格 担保能力 guarantor guarantee",
    "1.7": "往来函电 电报 传真 信函 电话记录 correspondence",
    "1.8": "登记 见证 鉴证 公证 notarization notarisation",
    "1.9": "合同 合同正本 合同副本 变更协议 解除协议 contract",
    "1.10": "验收记录 验收单 acceptance",
    "1.11": "交付凭证 收付款凭证 发票 收据 voucher invoice receipt",
    "5.1": "信用申请 credit application",
    "5.2": "客户调查表 survey",
    "5.3": "信用审批 credit approval",
    "5.4": "标准回复函 reply",
    "5.5": "信用表 credit form",
    "5.6": "授信资料 granting",
    "5.7": "年度审核报告 年审 annual review",
    "5.8": "客户概况 profile",
    "5.9": "付款习惯 habits",
    "5.10": "财务状况 financial",
    "5.11": "催收记录 collection",
    "5.12": "往来银行 banks",
    "5.13": "经营状况 operations",
}


class Value(NamedTuple):
    """One metadata value under its stored name.

    head: a title or a number, which outranks all else. free: what finds the document without naming the field: any
    "part" of the value, the "whole" of it, or "nothing" (codes of short lists, or `1.2` would find every licence).
    company: the name of one, which the initials of its syllables find, too.
    """

    name: str
    text: str
    head: bool = False
    free: Literal["part", "whole", "nothing"] = "part"
    company: bool = False

    @property
    def often(self) -> bool:
        """Whether other documents are likely to have the same value."""
        return not self.head and self.name not in _SINGULAR


def values(page: IndexedPage) -> Iterator[Value]:
    """Yield the metadata of a document that a search can find, empty values left out."""
    yield from shared_values(page.category, page.kind, page.department, page.status, page.tier)
    yield from own_values(page)


@lru_cache(maxsize=4096)
def shared_values(category: str, kind: str, department: str, status: str, tier: str) -> tuple[Value, ...]:
    """Return what many documents have in common of `values`."""
    found = (
        Value("category", category, free="nothing"),
        *(Value("category", word, free="whole") for word in CATEGORY_WORDS.get(category, "").split()),
        Value("kind", kind, free="whole"),
        Value("department", department),
        Value("status", status, free="nothing"),
        Value("tier", tier, free="nothing"),
    )
    return tuple(value for value in found if value.text)


def all_texts(page: IndexedPage) -> str:
    """Return the texts of all `values`, one behind the other: what does not stand there stands in none of them."""
    own = (page.title, page.contract_number, page.archive_number, *page.numbers, page.customer, page.handler)
    shared = _shared_texts(page.category, page.kind, page.department, page.status, page.tier)
    return "".join((shared, *own, page.received_on, *page.fields.values()))


@lru_cache(maxsize=4096)
def _shared_texts(category: str, kind: str, department: str, status: str, tier: str) -> str:
    return "".join([value.text for value in shared_values(category, kind, department, status, tier)])


def own_values(page: IndexedPage) -> list[Value]:
    """Return the others of `values`."""
    found = [
        Value("title", page.title, head=True),
        Value("contract_number", page.contract_number, head=True),
        Value("archive_number", page.archive_number, head=True),
        *[Value("numbers", number, head=True) for number in page.numbers],
        Value("customer", page.customer, company=True),
        Value("handler", page.handler),
        Value("received_on", page.received_on, free="nothing"),
        *[Value(name, text, company=name in _COMPANIES) for name, text in page.fields.items()],
    ]
    return [value for value in found if value.text]
