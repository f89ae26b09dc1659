"""All other kinds: forms and letters, read by the labels of their kind, then by their sentences and their foot."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from intake.fields import foot, invoice, slip, statement
from intake.fields.form_labels import COMMON, OF_KIND, labels_of
from intake.fields.labels import Spot
from intake.fields.names import COMPANY, ORGANISATION_END
from intake.fields.paper import Labelled, Paper
from intake.fields.parties import parties
from intake.fields.read import (
    TORN,
    Reading,
    account,
    capital,
    code,
    conclusion,
    day,
    day_count,
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
from intake.values import credit_code_is_valid, find_amounts, money

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
    "average_payment_days": day_count,
    "overdue_days": day_count,
    "conclusion": conclusion,
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
_BLOCKS = (*_ORGANISATIONS, "address", "scope", "subject", "conclusion")
_WITH_TOTAL = ("voucher", "acceptance")
_DATED_ALONE = (*_WITH_TOTAL, "financial_condition")
_DOUBT = 0.75  # below it a person looks at a value anyway
_RIVALLED = 0.7  # what is left of the confidence in a value beside another one for the same field
#: Numbers of what a paper is about, which say nothing against its own.
_BESIDE = frozenset(("流水号", "交易流水号", "凭证编号", "凭证号"))
_NEAR = 6  # letters between the words of a sentence and the value they surely speak of: 为人民币 ¥
#: To whom and by whom a letter is, by its kind.
_ENDS = {
    "correspondence": ("recipient", "sender"),
    "reply_letter": ("name", ""),
    "guarantee": ("creditor", "guarantor"),
    "resolution": ("", "principal"),
}
_LETTERS = ("correspondence", "reply_letter", "registration", "capability", "guarantee", "resolution")
_POINTS = re.compile(r"(?:实际|评定|最终)?(?:得分|评分)(?:\(分\))?")
_SUM_ROW = re.compile(r"(?:合\s*计|总\s*计|总\s*分)(?:得分)?(?:\t|$)")
_STANDS = re.compile(r"(?:保函|担保书?|担保函|保证书?)的?(?:有效期限?|期限|期间)[^。;\n]{4,60}")
_SENT = re.compile(r"送货|发货|出库")
_CODE = re.compile(r"社会信用(?:代码)?[:\s]{0,4}(?P<code>[0-9A-HJ-NP-RTUW-Y]{18})(?![0-9A-Za-z])")
_CHANGED = r"(?:调整|提高|增加|上调|下调|降低|调减|缩短|延长|变更)[为至到]"
#: A clause that speaks of what was asked for or stood before, unless what was granted is said with it (同意贵公司申请的额度).
_NOT_GRANTED = re.compile(
    r"(?<!同意)(?<!批准)(?<!核准)(?:申请|提出|要求|现有|目前|此前|先前|以前|上年|上一年度|原(?=[有来先本定为批核授信赊额账期]))"
)
_GRANTED = re.compile(r"(?<![不未])(?:同意|批准|核准|核定|给予|授予)|现(?![有在])|调整[为至到]")
_ASKED_VALUE = re.compile(rf"(?:{_NOT_GRANTED.pattern})[^,]{{0,6}}(?:额度|账期|期限|授信)[^,]*?\d")
#: What may stand before a name in a sentence; a name never begins with it.
_LEADS = "鉴于|为了|为|确保|保障|保证|经|由|就|与|和|及|向"
_LEAD = rf"(?:(?:^|[\n\t,。;:]|{_LEADS}) *)+(?![\n\t,。;: ]|{_LEADS})"  # each letter of it can be taken in one way alone, and none is given back
_PLAIN = r"(?![^(,。;\n]*(?:自愿|同意|债务人|借款人|保证人))"
#: Clauses of sentences that say a value of the kind. A value is read where the words before it are, so one may stand inside another's.
_SENTENCES: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = {
    "reply_letter": (
        ("amount", re.compile(rf"(?:额度(?:调整|提高|核定|批准)?[为是:至]?|{_CHANGED})[ \t]*(?=(?P<value>[^。;\n]{{2,40}}))")),
        ("payment_days", re.compile(rf"(?:(?:信用期限|账期|信用期|付款期限)[为是:]?|{_CHANGED})[ \t]*(?=(?P<value>\d{{1,3}}[ \t]*[天日]))")),
        ("grade", re.compile(r"等级[^,。;\nA-Z]{0,6}(?P<value>[ABCD]{1,3})(?![A-Za-z])")),
    ),
    "guarantee": (
        ("amount", re.compile(r"(?:最高(?:担保)?债权(?:本金)?(?:额|余额|限额|数额)|担保的?主?债权(?:本金)?(?:数额|金额|总额|额)?|主债权(?:本金)?(?:数额|金额|总额)?|(?:担保|保证)金额)[为是:]?[ \t]*(?=(?P<value>[^。;\n]{2,40}))")),
        ("debtor", re.compile(rf"(?:为|确保|保证)(?:债务人|借款人)[: \t]*(?![不未应按全能的及与和在向履如])(?P<value>{COMPANY})(?=[与和及在之的(,、。;])")),
        ("guarantor", re.compile(r"(?:[我本](?:公司|行)|由)?(?P<value>[\u4e00-\u9fff()]{4,30}?(?:公司|银行(?:[\u4e00-\u9fff]{2,8}行)?))(?:自愿|愿意|同意)[^。\n]{0,20}(?:担保|保证)")),
        *((name, re.compile(rf"{_LEAD}(?P<value>{_PLAIN}{COMPANY})[ \t]*(?=\((?:以下|下)(?:统|合|简)*称:?[\"“]?(?:{role}))")) for name, role in (("creditor", "债权人|受益人|抵押权人|质权人"), ("debtor", "债务人|借款人|被保证人|被担保人"), ("guarantor", "保证人|担保人|抵押人|出质人"))),
    ),
    "capability": (
        ("name", re.compile(rf"{_LEAD}(?P<value>{COMPANY})[ \t]*(?=\((?:统一)?社会信用代码)")),
        ("code", re.compile(rf"{COMPANY}[ \t]*\((?:统一)?社会信用代码[为:]?[ \t]*(?P<value>[0-9A-Z]{{18}})\)")),
    ),
    "voucher": (
        ("payer", re.compile(rf"[今兹]收到[: \t]*(?!货款|人民币|现金|[订定]金|[^。\n]{{0,40}}(?:送来|发来|送达|运来))(?P<value>{COMPANY})")),
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
    found = _labelled(paper.labelled(labels), labels)
    _capitals(found)
    if kind == "voucher" and (billed := invoice.fields(paper)):
        for of_one_side in ("name", "code") if "payer" in billed else ():
            found.pop(of_one_side, None)
        found |= billed
    elif kind == "voucher" and (sides := slip.fields(paper)):
        found.pop("name", None)
        found |= sides
    if kind == "acceptance":
        found.update(parties(paper))
    if kind in _WITH_TOTAL and ("amount" not in found or found["amount"].confidence < 0.75):
        found.update({name: f for name, f in total(paper).items() if name == "amount"})
    found |= statement.fields(paper, kind)
    if kind == "credit_form" and "score" not in found and (score := _score(paper)):
        found["score"] = score.field()
    _said(paper, kind, found)
    _headed(paper, kind, found)
    _around(paper, kind, found)
    if "amount" in found:
        marks = [m.removeprefix("currency:") for m in found["amount"].marks if m.startswith("currency:")]
        found["currency"] = replace(found["amount"], value=marks[0] if marks else "CNY", marks=())
    _cut_code(paper, found)
    if kind == "guarantee" and not {"valid_from", "valid_until"} & found.keys():
        _clause(paper, found)
    doubt_order(found, "valid_from", "valid_until")
    found.pop("applicant", None)
    return found


def at_labels(paper: Paper, labels: Mapping[str, Sequence[str]]) -> dict[str, Field]:
    """Return what stands at the labels of a company's own form; what the form says is worth more than what labels say in general."""
    others = {
        name: tuple(w for w in words if not any(w in own for own in labels.values())) for name, words in COMMON.items()
    }
    around = {"": tuple(w for words in others.values() for w in words)}
    return _labelled(paper.labelled({**around, **labels}), labels)


def _labelled(seen: Labelled, labels: Mapping[str, Sequence[str]]) -> dict[str, Field]:
    """Return the values at the labels. Of different ones for a field the label named first counts, and a person looks at it."""
    said: dict[str, list[tuple[tuple[bool, bool, int], str, Field]]] = {}
    for spot in seen.spots:
        for name, value in _at(seen, spot):
            field = value.field(spot.strength)
            sure, company = (
                field.confidence >= _DOUBT,
                name in _ORGANISATIONS and bool(ORGANISATION_END.search(value.run.key)),
            )
            place = _place(labels.get(spot.name, ()), spot.word)
            said.setdefault(name, []).append(((not sure, not company, place), spot.word, field))
    return {name: _settled(values) for name, values in said.items()}


def _at(seen: Labelled, spot: Spot) -> list[tuple[str, Reading]]:
    """Return what stands at one label, by the name of the field."""
    if spot.name == "term":
        period = term(seen.block(spot))
        ends = (("valid_from", period.first), ("valid_until", period.last))
        return [(name, r if period.agreed else r.weaker(0.6, "term_mismatch")) for name, r in ends if r]
    read = READERS.get(spot.name, organisation if spot.name in _ORGANISATIONS else phrase if spot.name else None)
    if read is None:
        return []
    run = seen.block(spot) if spot.name in _BLOCKS else seen.beside(spot)
    if not run.inked:
        run = seen.block(spot)
    value = read(run) if run.inked else None
    if value and spot.name not in _BLOCKS and any(r.value != value.value for r in _below(seen, spot, value, read)):
        value = value.weaker(_RIVALLED)  # the first row of a table
    return [(spot.name, value)] if value else []


def _below(seen: Labelled, spot: Spot, value: Reading, read: Reader) -> list[Reading]:
    """Return what stands under a value that a label heads, in its column, down to where that ends."""
    rows = seen.paper.sheets[spot.sheet].rows
    at = next((r for r in range(spot.row + 1, len(rows)) if value.run.inked[0] in rows[r].run.glyphs), None)
    found = list[Reading]()
    for row in rows[at + 1 :] if at else ():
        cell = next((c for c in row.chunks if c.box[0] < value.run.box[2] and c.box[2] > value.run.box[0]), None)
        reading = read(cell) if cell else None
        if reading is None:
            break
        found.append(reading)
    return found


def _place(words: Sequence[str], word: str) -> int:
    return words.index(word) if word in words else len(words)


def _settled(values: Sequence[tuple[tuple[bool, bool, int], str, Field]]) -> Field:
    """Return the value that counts: of those read surely before others, of a company before a person, at the label named first."""
    best, word, field = min(values, key=lambda v: v[0])  # of equals the first on the paper
    aside = () if word in _BESIDE else _BESIDE
    rivals = [
        f for order, w, f in values if order[:2] <= (False, best[1]) and f.value != field.value and w not in aside
    ]
    return _doubted(field) if rivals else field


def _doubted(field: Field) -> Field:
    """Return the field with so little confidence that a person looks at it."""
    return replace(field, confidence=round(field.confidence * _RIVALLED, 3))


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
    """Read what stands in sentences; where they say different values a person looks at the first."""
    key = paper.flow.key
    for name, pattern in _SENTENCES.get(kind, ()):
        said = list[Reading]()
        for m in () if name in found else pattern.finditer(key):
            run = paper.flow.cut(*m.span("value"))
            value = _sum(run) if name == "amount" else READERS.get(name, organisation)(run)
            begins = m.start("value") + (_offset(run, value) if value else 0)
            near = not said or begins - m.start("value") <= _NEAR  # what stands further on may be another matter
            if value and near and not _is_not_granted(key, begins):
                said.append(value)
        if said:
            found[name] = said[0].field(0.97)
            if len({value.value for value in said}) > 1:
                found[name] = _doubted(found[name])


def _offset(run: Run, value: Reading) -> int:
    return next(i for i, glyph in enumerate(run.glyphs) if glyph is value.run.inked[0])


def _is_not_granted(key: str, at: int) -> bool:
    """Tell whether the sentence up to `at` speaks of another value there than the one the paper gives."""
    *earlier, clause = re.split(r",(?!\d)", re.split(r"[。;\n]", key[max(0, at - 90) : at])[-1])
    asked, granted = _NOT_GRANTED.search(clause), _GRANTED.search(clause)
    if asked or granted:
        return not granted or bool(asked and asked.start() < granted.start())
    goes_on = next((c for c in reversed(earlier) if _ASKED_VALUE.search(c) or _GRANTED.search(c)), "")
    changed_from = re.search(r"[由从自][ \t]*(?:人民币|RMB|¥)?[ \t]*$", clause)
    return bool(changed_from or (_ASKED_VALUE.search(goes_on) and not _GRANTED.search(goes_on)))


def _sum(run: Run) -> Reading | None:
    """Return the first sum that says it is money."""
    first = next((a for a in find_amounts(run.key) if a.marked), None)
    sure = 0.95 if first and first.certain else TORN
    return Reading(run.cut(first.start, first.end), money(first.value), sure) if first else None


def _score(paper: Paper) -> Reading | None:
    """Return the sum of the points that were given: what stands in the row 合计 of a scorecard under 得分."""
    for leaf in paper.sheets:
        for head in leaf.rows:
            own = [c for c in head.chunks if _POINTS.fullmatch(c.key)]
            sums = [row for row in leaf.rows if row.y > head.y and _SUM_ROW.match(row.run.key)]
            if len(own) != 1 or len(head.chunks) < 3 or len(sums) != 1:
                continue
            middle = fmean(own[0].box[::2])
            cell = min(sums[0].chunks, key=lambda c: abs(fmean(c.box[::2]) - middle))
            nearest = min(head.chunks, key=lambda c: abs(fmean(c.box[::2]) - fmean(cell.box[::2])))
            return number(cell) if nearest is own[0] else None
    return None


def _clause(paper: Paper, found: dict[str, Field]) -> None:
    """Read until when a guarantee stands from the clause that says it."""
    m = _STANDS.search(paper.flow.key)
    period = term(paper.flow.cut(*m.span())) if m else None
    if period is None:
        return
    for name, reading in (("valid_from", period.first), ("valid_until", period.last)):
        if reading:
            found[name] = (reading if period.agreed else reading.weaker(TORN, "term_mismatch")).field(0.97)


def _cut_code(paper: Paper, found: dict[str, Field]) -> None:
    """Read the one sound code that stands behind the first half of its label, the rest of which is in the next line of its cell."""
    rows = [row.run for sheet in paper.sheets for row in sheet.rows]
    said = [(run, m) for run in rows if (m := _CODE.search(run.key)) and credit_code_is_valid(m["code"])]
    if "code" not in found and "name" in found and len(said) == 1:
        run, m = said[0]
        found["code"] = Reading(run.cut(*m.span("code")), m["code"], 0.95, ("check_digit_ok",)).field()


def _headed(paper: Paper, kind: str, found: dict[str, Field]) -> None:
    """Read what stands about the headline without a label: who sent the goods, and the number."""
    heads = (
        foot.titled(paper) if kind == "voucher" and _SENT.search(paper.headline.key if paper.headline else "") else None
    )
    if heads and "sender" not in found and not any(f.value == heads.value for f in found.values()):
        found["sender"] = heads.field(0.95)
    number = foot.numbered(paper) if kind in (*_LETTERS, "voucher") and "document_number" not in found else None
    if number:
        found["document_number"] = number.field()


def _around(paper: Paper, kind: str, found: dict[str, Field]) -> None:
    """Read what a letter says without labels: to whom, by whom, when."""
    if kind == "resolution" and (whose := foot.titled(paper)):
        found["principal"] = whose.field()
    to, by = _ENDS.get(kind, ("", ""))
    for name, read in ((to, foot.addressee), (by, foot.signer)):
        reading = read(paper) if name and name not in found else None
        if reading:
            found[name] = reading.field()
    if kind in ("registration", "capability") and "authority" not in found:
        reading = foot.signer(
            paper, r"公证处|局|委员会|银行[\u4e00-\u9fff]{0,12}|银行股份有限公司|事务所|中心|协会|公司"
        )
        if reading:
            found["authority"] = reading.field()
    if "signed_on" in found or "issued_on" in found:
        return
    aside = OF_KIND.get(kind, {}).get("none", ())
    for m in _ANY_DATE.finditer(paper.flow.key):
        if not _OTHER_DATE.search(m["label"]) and (reading := day(paper.flow.cut(*m.span("value")))):
            found["signed_on"] = reading.field(0.9 if m["label"] not in aside else 0.6)
            return
    reading = foot.dated(paper) if kind in _LETTERS else foot.lone_day(paper) if kind in _DATED_ALONE else None
    if reading:
        found["signed_on"] = reading.field()
