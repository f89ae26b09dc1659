"""What a file consists of: eleven categories of a contract file (RULES B1), thirteen of a customer's credit file (B5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Category:
    """One slot of a file: its code and its name in both languages."""

    code: str
    zh: str
    en: str


def _table(*rows: tuple[str, str, str]) -> Mapping[str, Category]:
    return MappingProxyType({code: Category(code, zh, en) for code, zh, en in rows})


CONTRACT_CATEGORIES: Mapping[str, Category] = _table(
    (
        "1.1",
        "谈判记录、可行性研究报告和报审及批准文件",
        "Negotiation records, feasibility studies, submissions and approvals",
    ),
    ("1.2", "对方营业执照（法人营业执照、营业执照、事业法人执照）副本复印件", "Copies of the counterparty's licences"),
    ("1.3", "对方履约能力证明资料复印件", "Proof of the counterparty's ability to perform"),
    (
        "1.4",
        "对方法定代表人或承办人的职务资格证明、身份证明、介绍信、授权委托书",
        "Counterparty's certificate of position, identity, letter of introduction, authorization",
    ),
    ("1.5", "我方法定代表人的授权委托书", "Our own legal representative's authorization"),
    ("1.6", "对方担保人的担保能力和主体资格证明资料复印件", "Guarantor's capability and standing"),
    (
        "1.7",
        "往来电报、电传、信函、电话记录等书面材料和视听材料",
        "Correspondence: telegrams, faxes, letters, call notes, sound and video",
    ),
    ("1.8", "登记、见证、鉴证、公证等文书资料", "Registration, witnessing, authentication, notarization"),
    (
        "1.9",
        "合同正本、副本及变更、解除合同的书面协议",
        "The contract: original, copies, written amendments and terminations",
    ),
    ("1.10", "标的验收记录", "Acceptance records"),
    (
        "1.11",
        "交接、收付标的、款项的原始凭证复印件",
        "Vouchers of delivery, receipt and payment (copies)",
    ),
)

CREDIT_CATEGORIES: Mapping[str, Category] = _table(
    ("5.1", "客户信用申请表", "Credit application"),
    ("5.2", "客户调查表", "Customer survey"),
    ("5.3", "客户信用审批表", "Credit approval"),
    ("5.4", "回复客户的标准函", "Standard reply letter"),
    ("5.5", "客户信用表单", "Credit form"),
    ("5.6", "授信资料", "Credit-granting data"),
    ("5.7", "年审评价报告", "Annual review report"),
    ("5.8", "调查原始资料：客户概况", "Survey original: profile"),
    ("5.9", "调查原始资料：付款习惯", "Survey original: payment habits"),
    ("5.10", "调查原始资料：财务状况", "Survey original: financial condition"),
    ("5.11", "调查原始资料：商账追讨记录", "Survey original: collection records"),
    ("5.12", "调查原始资料：往来银行", "Survey original: banks"),
    ("5.13", "调查原始资料：经营状况", "Survey original: operations"),
)
