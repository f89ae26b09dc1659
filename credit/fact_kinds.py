"""Which kinds of information are collected about a customer, as data (RULES A2.1, A2.3). A company adds its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from credit.freshness import KEY_INFORMATION

Form = Literal["text", "date", "money", "code"]
FORMS: tuple[Form, ...] = ("text", "date", "money", "code")
#: Where a value may come from (RULES A2.1).
SOURCES = ("public_record", "transaction_record", "third_party", "site_visit")


@dataclass(frozen=True)
class Kind:
    """A kind of information. form: what a right value looks like. refresh_days: how long it holds, None for the setting."""

    code: str
    zh: str
    en: str
    form: Form = "text"
    key: bool = False
    refresh_days: int | None = None


def _kind(code: str, zh: str, en: str, form: Form = "text", refresh_days: int | None = None) -> tuple[str, Kind]:
    return code, Kind(code, zh, en, form, code in KEY_INFORMATION, refresh_days)


SHIPPED: Mapping[str, Kind] = dict(
    (
        _kind("name", "名称", "name"),
        _kind("code", "统一社会信用代码", "unified social credit code", "code"),
        _kind("legal_representative", "法定代表人", "legal representative"),
        _kind("valid_until", "执照有效期至", "licence valid until", "date"),
        _kind("overdue_debt", "逾期欠款", "overdue debt", "money"),
        _kind("lawsuits", "诉讼", "lawsuits"),
        _kind("type", "企业类型", "type of enterprise"),
        _kind("registered_capital", "注册资本", "registered capital", "money"),
        _kind("established_on", "成立日期", "established on", "date"),
        _kind("address", "住所", "address"),
        _kind("scope", "经营范围", "scope of business"),
        _kind("authority", "登记机关", "registration authority"),
        _kind("controller", "实际控制人", "controlling person"),
        _kind("shareholders", "股东及出资", "shareholders"),
        _kind("industry", "所属行业", "industry"),
        _kind("industry_position", "行业地位", "position in the industry"),
        _kind("turnover", "年营业收入", "yearly turnover", "money"),
        _kind("net_assets", "净资产", "net assets", "money"),
        _kind("employees", "员工人数", "employees"),
        _kind("premises", "经营场所", "business premises"),
        _kind("payment_habits", "付款习惯", "payment habits"),
        _kind("operations", "经营状况", "state of operations"),
        _kind("external_rating", "外部评级", "external rating"),
        _kind("penalties", "行政处罚", "administrative penalties"),
        _kind("agent", "授权代理人", "authorized agent"),
        _kind("guarantor", "担保人", "guarantor"),
        _kind("guaranteed_amount", "担保金额", "amount guaranteed", "money"),
        _kind("last_acceptance", "最近验收日期", "latest acceptance on", "date", 365),
        _kind("last_payment", "最近付款日期", "latest payment on", "date", 365),
    )
)


@dataclass(frozen=True)
class Told:
    """What a field of a paper says of a customer. leads: whether a later paper takes the place of what was known, as of a licence.

    Any other only fills a gap or bears out what is known. until: the field with the last day on which it holds.
    """

    kind: str
    leads: bool = False
    until: str = ""


@dataclass(frozen=True)
class Party:
    """Whom a paper speaks of, and what it says. name, code: its fields with the name and the code; code "" where it has none.

    person: the paper names a person; it speaks of the customer, too, whose legal representative they are. facts: by field.
    """

    name: str
    code: str
    facts: dict[str, Told]
    person: bool = False


@dataclass(frozen=True)
class Paper:
    """How a kind of paper speaks of customers. source: of `SOURCES`. since: the fields of the day from which it speaks, the first that is there.

    verified: what is not verified yet on the paper says nothing; of a licence it fills a gap, marked as unconfirmed.
    """

    parties: Sequence[Party]
    source: str
    since: Sequence[str] = ("signed_on",)
    verified: bool = True


def _same(*names: str) -> dict[str, Told]:
    return {name: Told(name) for name in names}


def _named(name: str, code: str = "", **more: Told) -> Party:
    """A party that is called by its name, and by its code where the paper has it."""
    own = {name: Told("name")} | ({code: Told("code")} if code else {})
    return Party(name, code, own | more)


_WHOLE = _same("legal_representative", "registered_capital", "established_on", "address", "scope")
_ITSELF = Party("name", "code", _same("name", "code") | _WHOLE)
_LICENCE = (
    *("name", "code", "legal_representative", "valid_until", "type", "registered_capital", "established_on"),
    *("address", "scope", "authority"),
)
#: What each kind of paper says of the customer it names (RULES A2.1), by the names of the fields that are read from it.
OF_PAPERS: Mapping[str, Paper] = {
    "licence": Paper(
        (Party("name", "code", {name: Told(name, leads=True) for name in _LICENCE}),),
        "public_record",
        ("issued_on",),
        verified=False,
    ),
    **dict.fromkeys(
        ("authorization", "position_certificate", "introduction"),
        Paper(
            (
                _named(
                    "principal",
                    "code",
                    legal_representative=Told("legal_representative"),
                    agent=Told("agent", leads=True, until="valid_until"),
                ),
            ),
            "third_party",
        ),
    ),
    "contract": Paper((_named("party_a", "party_a_code"), _named("party_b", "party_b_code")), "transaction_record"),
    # It says who somebody is, not since when they stand for a company: it speaks from the day it came in.
    "identity_card": Paper(
        (
            Party("name", "", _same("name", "address")),
            Party("name", "", {"name": Told("legal_representative")}, person=True),
        ),
        "public_record",
        (),
    ),
    "guarantee": Paper(
        (
            _named(
                "debtor",
                guarantor=Told("guarantor", leads=True, until="valid_until"),
                amount=Told("guaranteed_amount", leads=True, until="valid_until"),
            ),
            _named("guarantor"),
        ),
        "third_party",
    ),
    "acceptance": Paper(
        tuple(
            _named(party, f"{party}_code", signed_on=Told("last_acceptance", leads=True))
            for party in ("party_a", "party_b")
        ),
        "transaction_record",
    ),
    "voucher": Paper(
        (_named("payer", signed_on=Told("last_payment", leads=True)), _named("payee"), _named("recipient")),
        "transaction_record",
    ),
    "financial_condition": Paper(
        (
            Party(
                "name",
                "code",
                _ITSELF.facts | {"turnover": Told("turnover", leads=True), "equity": Told("net_assets", leads=True)},
            ),
        ),
        "third_party",
    ),
    **dict.fromkeys(("capability", "customer_profile", "operations", "banks"), Paper((_ITSELF,), "third_party")),
    **dict.fromkeys(("credit_application", "customer_survey"), Paper((_ITSELF,), "site_visit")),
}
