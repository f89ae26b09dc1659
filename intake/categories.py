"""The categories of RULES B1 (contract file) and B5 (customer credit file), with their names in Chinese and English."""

CATEGORIES: dict[str, tuple[str, str]] = {
    "1.1": (
        "谈判记录、可行性研究、报审及批准文件",
        "Negotiation records, feasibility studies, submissions and approvals",
    ),
    "1.2": ("对方营业执照", "The counterparty's licences"),
    "1.3": ("对方履约能力证明", "Proof of the counterparty's ability to perform"),
    "1.4": (
        "对方职务资格、身份证明、介绍信、授权委托书",
        "The counterparty's position, identity, introduction and authorization",
    ),
    "1.5": ("我方授权委托书", "Our own authorization"),
    "1.6": ("担保人的担保能力和主体资格", "The guarantor's capability and standing"),
    "1.7": ("往来函电、电话记录及视听材料", "Correspondence, call notes, sound and video"),
    "1.8": ("登记、见证、鉴证、公证文书", "Registration, witnessing, authentication, notarization"),
    "1.9": ("合同正副本及变更、解除协议", "The contract, its amendments and terminations"),
    "1.10": ("标的验收记录", "Acceptance records"),
    "1.11": ("交接、收付标的及款项的凭证", "Vouchers of delivery, receipt and payment"),
    "5.1": ("客户信用申请表", "Credit application"),
    "5.2": ("客户调查表", "Customer survey"),
    "5.3": ("客户信用审批表", "Credit approval"),
    "5.4": ("回复客户的标准函", "Standard reply letter"),
    "5.5": ("客户信用表单", "Credit form"),
    "5.6": ("授信资料", "Credit-granting data"),
    "5.7": ("年审评价报告", "Annual review report"),
    "5.8": ("客户概况", "Customer profile"),
    "5.9": ("付款习惯", "Payment habits"),
    "5.10": ("财务状况", "Financial condition"),
    "5.11": ("商账追讨记录", "Collection records"),
    "5.12": ("往来银行", "Banks"),
    "5.13": ("经营状况", "Operations"),
}


def may_say(category: object) -> bool:
    """Return whether a file of the company's own may say this of a category: a code, or nothing."""
    return isinstance(category, str) and (not category or category in CATEGORIES)
