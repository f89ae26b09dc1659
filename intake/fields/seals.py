"""The seals of a document as fields, and whether they are those of its parties."""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from intake.model import Field, PageText
from intake.values import same_name

#: The value of a seal that is there and whose name cannot be read.
PRESENT = "present"
NAMES = ("seal", "seal_2", "seal_3", "seal_4")
#: Whose seal a paper bears, by its kind; papers of other kinds are sealed by whoever issues them.
_OWNERS = {
    "contract": ("party_a", "party_b"),
    "authorization": ("principal",),
    "position_certificate": ("principal",),
    "introduction": ("principal",),
}
_USE = re.compile(r"(?:合同|财务|业务|发票|投标|报价|验收|出入库)*(?:专用章|公章|印章)$")
_ALIKE = 0.66  # how like a party's name an unsure reading must be to count as it (`difflib`)


def fields(pages: Sequence[PageText]) -> dict[str, Field]:
    """Return the seals as fields `seal`, `seal_2` …: each name once, best reading first found, then those without a name."""
    named = dict[str, Field]()
    nameless = list[Field]()
    for page in pages:
        for seal in page.seals:
            if not seal.text:
                nameless.append(Field(PRESENT, page.number, seal.box, 1.0))
            elif seal.text not in named or named[seal.text].confidence < seal.confidence:
                named[seal.text] = Field(seal.text, page.number, seal.box, seal.confidence)
    return dict(zip(NAMES, [*named.values(), *nameless], strict=False))


def compared(found: Mapping[str, Field], kind: str, line: float) -> tuple[dict[str, Field], list[str]]:
    """Return the seals of `found` held against the parties, and the reasons for a person to look.

    line: confidence below which a name is unsure. A sure name that is no party's gets the mark `seal_mismatch` and a reason of
    that name; one that is not sure and is not like a party's the reason `low_confidence:NAME`. Where a party is not known nothing is compared.
    """
    wanted = _OWNERS.get(kind, ())
    owners = [found[name].value for name in wanted if name in found]
    all_known = len(owners) == len(wanted) > 0
    held, reasons = dict[str, Field](), list[str]()
    for name in NAMES:
        seal = found.get(name)
        if seal is None or seal.value == PRESENT:
            continue
        company = _USE.sub("", seal.value)
        if any(same_name(company, owner) for owner in owners):
            held[name] = _with(seal, "seal_ok")
        elif all_known and seal.confidence >= line:
            held[name] = _with(seal, "seal_mismatch")
            reasons.append(f"seal_mismatch:{name}")
        elif all_known and not any(_alike(company, owner) for owner in owners):
            reasons.append(f"low_confidence:{name}")
    return held, reasons


def _with(field: Field, mark: str) -> Field:
    return Field(field.value, field.page, field.box, field.confidence, (*field.marks, mark))


def _alike(a: str, b: str) -> bool:
    """Tell whether one name can be an unsure reading of the other: few letters lost, added or taken for others."""
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= _ALIKE
