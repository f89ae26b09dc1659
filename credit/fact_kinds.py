"""Which kinds of information are collected about a customer, as data (RULES A2.1, A2.3). A company adds its own."""

from collections.abc import Mapping
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


def _kind(code: str, zh: str, en: str, form: Form = "text") -> tuple[str, Kind]:
    return code, Kind(code, zh, en, form, code in KEY_INFORMATION)


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
    )
)
#: Field of a licence -> the kind of information it is.
OF_LICENCE: Mapping[str, str] = {
    name: name
    for name in (
        *("name", "code", "legal_representative", "valid_until", "type", "registered_capital", "established_on"),
        *("address", "scope", "authority"),
    )
}
