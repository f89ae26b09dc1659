"""The understanding of a read document: its kind, its category, its fields, and what a person should look at."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from intake.capitals import agreement, capitals_on, outside
from intake.classify import Verdict, classify, closest
from intake.fields import authorization, contract, identity, licence, other, seals
from intake.fields.paper import Paper
from intake.fields.read import printed
from intake.kinds import BY_NAME, KINDS
from intake.layout import Run
from intake.model import Field, PageText, Understanding
from intake.required import Required, required
from intake.templates import Template, best
from intake.values import same_name

#: Below this a person looks at the field, or at the document.
CONFIDENCE_LINE = 0.75
#: Below this a single character, or a word in letters or digits, is marked as doubtful where its value is checked.
CHARACTER_LINE = 0.85
_POWERS = ("authorization", "position_certificate", "introduction")
_OURS = (*_POWERS, "resolution")
_GUARANTORS = re.compile(r"(?:^|[\n\t])[ \t]*(?:担保人|保证人|担保单位)(?:名称|全称)?[ \t]*[:\t]")


def understand(
    pages: Sequence[PageText], our_companies: Sequence[str] = (), templates: Sequence[Template] = ()
) -> Understanding:
    """Return what the document on these pages is and says. Pure: no input, no output.

    our_companies: names of our own companies; an authorization by one of them is 1.5, any other 1.4.
    templates: forms of the company's own; one that fits gives the category and what its labels mean.
    needs_review: "unknown_kind", "low_confidence:kind", "missing:NAME", "check_digit_failed:NAME", "repaired:NAME",
    "amount_mismatch", "term_mismatch", "low_confidence:NAME", "seal_mismatch:NAME".
    """
    paper = Paper.of(pages)
    verdict = classify(paper)
    paper = replace(paper, headline=verdict.title)
    title = printed(verdict.title) if verdict.title else ""
    own = best(templates, re.sub(r"\s", "", paper.flow.key))
    if own:
        verdict = _as_own(verdict, own)
    verdict = _of_guarantor(paper, verdict)
    if verdict.kind is None:
        more = own.labels if own else {}
        said = other.fields(paper, "unknown", more)
        said |= seals.fields(pages, said)
        return Understanding("", "unknown", title, 0.0, said, ("unknown_kind",))
    kind = verdict.kind.name
    found = _fields(paper, kind, verdict.title, pages)
    if own and own.labels:
        found |= other.at_labels(paper, own.labels)
    category = own.category if own and own.category else verdict.kind.category
    if kind in _OURS and "principal" in found and any(same_name(found["principal"].value, c) for c in our_companies):
        category = "1.5"
    wanted = _required(kind, verdict.title)
    review = _review(wanted, verdict.confidence, found)
    found, about_seals = _sealed(found, kind, pages)
    sure = [max((found[n].confidence for n in names if n in found), default=0.0) for names in wanted]
    weakest = sum(sure) / len(sure) if sure else 1.0
    confidence = round(verdict.confidence * (0.5 + 0.5 * weakest), 3)
    return Understanding(category, kind, title or kind, confidence, found, (*review, *about_seals))


def _of_guarantor(paper: Paper, verdict: Verdict) -> Verdict:
    """Return the verdict; a financial statement that says itself that it is a guarantor's is 1.6, not the customer's."""
    if verdict.kind is None or verdict.kind.name != "financial_condition":
        return verdict
    says = _GUARANTORS.search(paper.flow.key) or (verdict.title and re.search(r"担保人|保证人", verdict.title.key))
    return replace(verdict, kind=BY_NAME["guarantee"]) if says else verdict


def _as_own(verdict: Verdict, own: Template) -> Verdict:
    """Return the verdict on a form of the company's own: of its category, and as sure as its words are its own."""
    if not own.category or (verdict.kind and verdict.kind.category == own.category):
        return verdict
    kind = next((k for k in KINDS if k.category == own.category), None) or BY_NAME["authorization"]
    return replace(verdict, kind=kind, confidence=0.95)


def understand_as(pages: Sequence[PageText], category: str, templates: Sequence[Template] = ()) -> Understanding:
    """Return what the document says as one of `category`, which a person has chosen. Pure. Raises KeyError: no such category.

    Of a category with several kinds (an authorization, an identity card) it is the one its words fit best.
    templates: forms of the company's own; what the labels of one that fits mean counts here, too.
    """
    kinds = [k for k in KINDS if k.category == category] or [k for k in KINDS if category == "1.5" and k.name in _OURS]
    if not kinds:
        raise KeyError(category)
    paper = Paper.of(pages)
    kind = closest(paper, kinds).name
    verdict = classify(paper)
    paper = replace(paper, headline=verdict.title)
    found = _fields(paper, kind, verdict.title, pages)
    own = best(templates, re.sub(r"\s", "", paper.flow.key))
    if own and own.labels:
        found |= other.at_labels(paper, own.labels)
    title = printed(verdict.title) if verdict.title else kind
    review = _review(_required(kind, verdict.title), 1.0, found)
    found, about_seals = _sealed(found, kind, pages)
    return Understanding(category, kind, title, 1.0, found, (*review, *about_seals))


def _fields(paper: Paper, kind: str, title: Run | None, pages: Sequence[PageText]) -> dict[str, Field]:
    if kind == "licence":
        return licence.fields(paper)
    if kind in _POWERS:
        return authorization.fields(paper, kind)
    if kind == "contract":
        return contract.fields(paper, title)
    if kind == "identity_card":
        return identity.fields(paper)
    return _held(other.fields(paper, kind), pages)


def _held(found: dict[str, Field], pages: Sequence[PageText]) -> dict[str, Field]:
    """Return the fields, the amount marked where the sum in capitals beside it says another (RULES, Amounts and dates)."""
    amount = found.get("amount")
    if amount is None or "amount_mismatch" in amount.marks:
        return found
    others = [(f.page, f.box) for name, f in found.items() if name not in ("amount", "currency")]
    sums = outside(capitals_on(pages), others)
    if agreement(amount.value, sums, amount.page, amount.box) != "amount_mismatch":
        return found
    doubted = replace(amount, confidence=round(amount.confidence * 0.5, 3), marks=(*amount.marks, "amount_mismatch"))
    return found | {"amount": doubted}


def _sealed(found: dict[str, Field], kind: str, pages: Sequence[PageText]) -> tuple[dict[str, Field], list[str]]:
    """Return the fields with the seals among them, held against the parties, and the reasons to look that gives."""
    found = found | seals.fields(pages, found)
    held, reasons = seals.compared(found, kind, CONFIDENCE_LINE)
    return found | held, reasons


def _required(kind: str, title: Run | None) -> Required:
    return required(kind, re.sub(r"\s", "", title.key) if title else "")


def _review(wanted: Required, sure: float, found: Mapping[str, Field]) -> list[str]:
    reasons = []
    if sure < CONFIDENCE_LINE:
        reasons.append("low_confidence:kind")
    reasons += [f"missing:{names[0]}" for names in wanted if not any(n in found for n in names)]
    for name, field in found.items():
        for mark in field.marks:
            if mark in ("check_digit_failed", "repaired"):
                reasons.append(f"{mark}:{name}")
            elif mark in ("amount_mismatch", "term_mismatch", "birth_mismatch"):
                reasons.append(mark)
        if field.confidence < CONFIDENCE_LINE:
            reasons.append(f"low_confidence:{name}")
    return list(dict.fromkeys(reasons))
