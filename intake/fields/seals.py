"""The seals of a document as fields, and whether they are those of its parties."""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from intake.fields.names import ORGANISATION_END, SURNAMES
from intake.model import Field, PageText
from intake.values import same_name

#: The value of a seal that is there and whose name cannot be read.
PRESENT = "present"
NAMES = ("seal", *(f"seal_{number}" for number in range(2, 9)))
#: Whose seal a paper bears, by its kind; papers of other kinds are sealed by whoever issues them.
_OWNERS = {
    "contract": ("party_a", "party_b"),
    "authorization": ("principal",),
    "position_certificate": ("principal",),
    "introduction": ("principal",),
}
_PEOPLE = ("legal_representative", "agent")  # whose own seals stand on such papers
#: The fields that are held against one another here.
RELATED = frozenset({*NAMES, *_PEOPLE, *(name for owners in _OWNERS.values() for name in owners)})
_PERSONAL = re.compile(r"[\u3400-\u9fff]{2,4}?(?P<end>之印|印章|印|章)?")
_USE = re.compile(r"(?:合同|财务|业务|发票|投标|报价|验收|出入库)*(?:专用章|公章|印章)$")
_ALIKE = 0.66  # how like a party's name an unsure reading must be to count as it (`difflib`)


def fields(pages: Sequence[PageText]) -> dict[str, Field]:
    """Return the seals as fields `seal`, `seal_2` …: each name once, best reading first found, people behind companies, then those without a name."""
    named = dict[str, Field]()
    nameless = list[Field]()
    for page in pages:
        for seal in page.seals:
            if not seal.text:
                nameless.append(Field(PRESENT, page.number, seal.box, 1.0))
            elif seal.text not in named or named[seal.text].confidence < seal.confidence:
                named[seal.text] = Field(seal.text, page.number, seal.box, seal.confidence)
    ordered = sorted(named.values(), key=lambda field: _person(field.value) is not None)
    return dict(zip(NAMES, [*ordered, *nameless], strict=False))


def compared(found: Mapping[str, Field], kind: str, line: float) -> tuple[dict[str, Field], list[str]]:
    """Return the seals of `found` held against the parties, and the reasons for a person to look.

    line: confidence below which a name is unsure. A sure name that is no party's gets the mark `seal_mismatch` and a reason of
    that name; one that is not sure and is not like a party's the reason `low_confidence:NAME`. Where a party is not known nothing is compared.
    The seal of a person is held against the legal representative and the agent alike, never against a company.
    """
    wanted = _OWNERS.get(kind, ())
    owners = [found[name].value for name in wanted if name in found]
    all_known = len(owners) == len(wanted) > 0
    people = [found[name].value for name in _PEOPLE if wanted and name in found]
    held, reasons = dict[str, Field](), list[str]()
    for name in NAMES:
        seal = found.get(name)
        if seal is None or seal.value == PRESENT:
            continue
        person = _person(seal.value)
        told, known, comparable = _USE.sub("", seal.value), owners, all_known
        if person:
            told, known, comparable = person, people, bool(wanted) and "legal_representative" in found
        if any(same_name(told, one) for one in known):
            held[name] = _with(seal, "seal_ok")
        elif comparable and seal.confidence >= line:
            held[name] = _with(seal, "seal_mismatch")
            reasons.append(f"seal_mismatch:{name}")
        elif comparable and not any(_alike(told, one) for one in known):
            reasons.append(f"low_confidence:{name}")
    return held, reasons


def _person(text: str) -> str | None:
    """Return the name in the seal of a person (a square one has four letters); None: it is no person's."""
    found = _PERSONAL.fullmatch(text)
    if found is None or len(text) != 4 or ORGANISATION_END.search(text):
        return None
    end = found["end"] or ""
    return text.removesuffix(end) if end or text.startswith(SURNAMES) else None


def _with(field: Field, mark: str) -> Field:
    return Field(field.value, field.page, field.box, field.confidence, (*field.marks, mark))


def _alike(a: str, b: str) -> bool:
    """Tell whether one name can be an unsure reading of the other: few letters lost, added or taken for others."""
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= _ALIKE
