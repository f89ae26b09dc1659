"""All other kinds: forms and letters, read by the labels of their kind, then by their sentences and their foot."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from intake.fields import foot
from intake.fields.form_labels import COMMON, labels_of
from intake.fields.paper import Labelled, Paper
from intake.fields.parties import parties
from intake.fields.read import (
    TORN,
    Reading,
    account,
    capital,
    code,
    day,
    days,
    grade,
    number,
    organisation,
    person,
    phrase,
    serial,
)
from intake.fields.terms import doubt_order, term
from intake.fields.total import total
from intake.layout import Run
from intake.model import Field
from intake.values import find_amounts, money

Reader = Callable[[Run], Reading | None]
READERS: Mapping[str, Reader] = {
    "code": code,
    "legal_representative": person,
    "address": phrase,
    "scope": phrase,
    "subject": phrase,
    "registered_capital": capital,
    "amount": capital,
    "capitals": capital,
    "established_on": day,
    "signed_on": day,
    "issued_on": day,
    "contract_number": serial,
    "document_number": serial,
    "grade": grade,
    "payment_days": days,
    "score": number,
    "year": number,
    "account": account,
}
_ORGANISATIONS = (
    "name",
    "creditor",
    "debtor",
    "guarantor",
    "payer",
    "payee",
    "recipient",
    "sender",
    "party_b",
    "authority",
    "bank",
)
_BLOCKS = (*_ORGANISATIONS, "address", "scope", "subject")
_WITH_TOTAL = ("voucher", "acceptance")
_LETTERS = ("correspondence", "reply_letter", "registration", "capability")
_SENTENCES: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = {
    "reply_letter": (
        ("amount", re.compile(r"额度(?:调整|提高|核定)?[为是:]?[ \t]*(?P<value>[^。;\n]{2,40})")),
        ("payment_days", re.compile(r"(?:信用期限|账期|信用期|付款期限)[为是:]?[ \t]*(?P<value>\d{1,3}[ \t]*[天日])")),
        ("grade", re.compile(r"等级[^,。;\nA-Z]{0,6}(?P<value>[ABCD]{1,3})(?![A-Za-z])")),
    ),
    "guarantee": (
        ("guarantor", re.compile(r"(?P<value>[\u4e00-\u9fff()]{4,30}公司)(?:自愿|愿意|同意)[^。\n]{0,20}(?:担保|保证)")),
    ),
}  # fmt: skip
_ANY_DATE = re.compile(
    r"(?:^|[\t\n])[ \t]*(?P<label>[\u4e00-\u9fff]{1,6}(?:日期|时间))[ \t]*[:\t][ \t]*(?P<value>[^\t\n]{6,20})"
)
_OTHER_DATE = re.compile(r"成立|设立|注册|开户|出生|有效|到期|截止|起始|生产|交货|开工|竣工|上次|下次|打印")


def fields(paper: Paper, kind: str, more: Mapping[str, Sequence[str]] | None = None) -> dict[str, Field]:
    """Return the fields of any other kind. more: labels of a company's own forms, field -> words."""
    labels = labels_of(kind)
    for name, words in (more or {}).items():
        labels[name] = (*words, *labels.get(name, ()))
    found = _labelled(paper.labelled(labels), READERS)
    _capitals(found)
    if kind == "acceptance":
        found.update(parties(paper))
    if kind in _WITH_TOTAL and ("amount" not in found or found["amount"].confidence < 0.75):
        found.update({name: f for name, f in total(paper).items() if name == "amount"})
    _said(paper, kind, found)
    _around(paper, kind, found)
    if "amount" in found:
        marks = [m.removeprefix("currency:") for m in found["amount"].marks if m.startswith("currency:")]
        found["currency"] = replace(found["amount"], value=marks[0] if marks else "CNY", marks=())
    doubt_order(found, "valid_from", "valid_until")
    found.pop("applicant", None)
    return found


def at_labels(paper: Paper, labels: Mapping[str, Sequence[str]]) -> dict[str, Field]:
    """Return what stands at the labels of a company's own form; what the form says is worth more than what labels say in general."""
    others = {
        name: tuple(w for w in words if not any(w in own for own in labels.values())) for name, words in COMMON.items()
    }
    around = {"": tuple(w for words in others.values() for w in words)}
    return _labelled(paper.labelled({**around, **labels}), READERS)


def _labelled(seen: Labelled, readers: Mapping[str, Reader]) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for spot in seen.spots:
        if spot.name == "term":
            period = term(seen.block(spot))
            for name, reading in (("valid_from", period.first), ("valid_until", period.last)):
                if reading:
                    found.setdefault(
                        name, (reading if period.agreed else reading.weaker(0.6, "term_mismatch")).field(spot.strength)
                    )
            continue
        read = readers.get(spot.name, organisation if spot.name in _ORGANISATIONS else phrase if spot.name else None)
        if read is None:
            continue
        run = seen.block(spot) if spot.name in _BLOCKS else seen.beside(spot)
        if not run.inked:
            run = seen.block(spot)
        value = read(run) if run.inked else None
        if value is None:
            continue
        field = value.field(spot.strength)
        if spot.name not in found:
            found[spot.name] = field
        elif found[spot.name].value != field.value:
            found[spot.name] = max(found[spot.name], field, key=lambda f: f.confidence)
    return found


def _capitals(found: dict[str, Field]) -> None:
    """Hold the sum in capitals against the sum in digits (RULES, Amounts and dates)."""
    capitals, amount = found.pop("capitals", None), found.get("amount")
    if capitals is None:
        return
    if amount is None:
        found["amount"] = capitals
    elif amount.value != capitals.value:
        found["amount"] = replace(
            amount, confidence=round(amount.confidence * 0.5, 3), marks=(*amount.marks, "amount_mismatch")
        )


def _said(paper: Paper, kind: str, found: dict[str, Field]) -> None:
    """Read what stands in sentences."""
    for name, pattern in _SENTENCES.get(kind, ()):
        for m in () if name in found else pattern.finditer(paper.flow.key):
            run = paper.flow.cut(*m.span("value"))
            value = _sum(run) if name == "amount" else READERS.get(name, organisation)(run)
            if value:
                found[name] = value.field(0.97)
                break


def _sum(run: Run) -> Reading | None:
    """Return the first sum that says it is money."""
    first = next((a for a in find_amounts(run.key) if a.marked), None)
    sure = 0.95 if first and first.certain else TORN
    return Reading(run.cut(first.start, first.end), money(first.value), sure) if first else None


def _around(paper: Paper, kind: str, found: dict[str, Field]) -> None:
    """Read what a letter says without labels: to whom, by whom, when."""
    if kind in ("correspondence", "reply_letter"):
        name = "recipient" if kind == "correspondence" else "name"
        reading = foot.addressee(paper) if name not in found else None
        if reading:
            found[name] = reading.field()
    if kind == "correspondence" and "sender" not in found and (reading := foot.signer(paper)):
        found["sender"] = reading.field()
    if kind in ("registration", "capability") and "authority" not in found:
        reading = foot.signer(
            paper, r"公证处|局|委员会|银行[\u4e00-\u9fff]{0,12}|银行股份有限公司|事务所|中心|协会|公司"
        )
        if reading:
            found["authority"] = reading.field()
    if "signed_on" in found or "issued_on" in found:
        return
    for m in _ANY_DATE.finditer(paper.flow.key):
        if not _OTHER_DATE.search(m["label"]) and (reading := day(paper.flow.cut(*m.span("value")))):
            found["signed_on"] = reading.field(0.9)
            return
    if kind in _LETTERS and (reading := foot.dated(paper)):
        found["signed_on"] = reading.field()
