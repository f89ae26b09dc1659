"""What a paper says by its nature: where it was not read, a person is asked for it. Pure data and one function."""

import re
from collections.abc import Mapping

from intake.fields import authorization, contract, licence

Required = tuple[tuple[str, ...], ...]


def _all(*names: str) -> Required:
    return tuple((name,) for name in names)


_LIMIT = _all("name", "amount")
_OF_KIND: Mapping[str, Required] = {
    "licence": _all(*licence.REQUIRED),
    "authorization": _all(*authorization.REQUIRED),
    "contract": _all(*contract.REQUIRED),
    "position_certificate": _all("legal_representative"),
    "introduction": _all("agent"),
    "resolution": _all("principal", "signed_on"),
    "identity_card": _all("name", "identity_number"),
    "guarantee": _all("guarantor", "creditor", "amount"),
    "acceptance": (("contract_number", "party_b"), ("signed_on",)),
    "correspondence": (("recipient", "sender"), ("signed_on",)),
    "credit_application": _LIMIT,
    "credit_approval": _LIMIT,
    "reply_letter": _LIMIT,
    "financial_condition": (("name",), ("equity", "turnover")),
    "payment_habits": (("name",), ("average_payment_days", "overdue_days")),
}
#: Papers of a kind that by their nature say less than the others, by their headline; the first that fits decides.
_BY_HEADLINE: Mapping[str, tuple[tuple[re.Pattern[str], Required], ...]] = {
    "guarantee": ((re.compile(r"资信|资格|能力|情况|调查|审查|资产负债|利润|损益|现金流量|财务"), _all("guarantor")),),
    "collateral": ((re.compile(r"证书?$"), _all("name")),),
    "acceptance": ((re.compile(r"检验"), _all("signed_on")),),
    "financial_condition": (
        (re.compile(r"现金流量|变动"), _all("name")),
        (re.compile(r"资产负债|balance", re.IGNORECASE), _all("name", "equity")),
        (re.compile(r"利润|损益|income", re.IGNORECASE), _all("name", "turnover")),
    ),
    "voucher": (
        (re.compile(r"出库|入库|装箱|packing", re.IGNORECASE), _all("signed_on")),
        (re.compile(r"送货|发货|收货|交接|提货|签收|运单|货运|提单|delivery|lading", re.IGNORECASE), (("recipient", "sender"), ("signed_on",))),
        (re.compile(r"发票|invoice", re.IGNORECASE), _all("amount", "signed_on", "payer", "payee")),
        (re.compile(r"汇票|本票|支票"), (("amount",), ("signed_on",), ("payer", "payee"))),
        (re.compile(r"记账凭证"), _all("amount", "signed_on")),
        (re.compile(r"回单|转账|汇款|进账"), _all("amount", "signed_on", "payer", "payee")),
        (re.compile(r"收据|收条|收款|付款|支付|receipt|payment", re.IGNORECASE), (("amount",), ("signed_on",), ("payer", "payee"))),
    ),
}  # fmt: skip


def required(kind: str, headline: str) -> Required:
    """Return the fields that a paper of this kind says by its nature, each with the others that do as well.

    headline: folded and simplified. A kind that promises nothing, and a voucher of no known sort, has none.
    """
    own = (names for words, names in _BY_HEADLINE.get(kind, ()) if words.search(headline))
    return next(own, _OF_KIND.get(kind, ()))
