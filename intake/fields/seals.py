"""The seals of a document as fields, and whether they are those of its parties."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from intake.fields.names import ORGANISATION_END, SURNAMES
from intake.model import Field, PageText, Seal
from intake.values import same_name

#: The value of a seal that is there and whose name cannot be read.
PRESENT = "present"
NAMES = ("seal", *(f"seal_{number}" for number in range(2, 9)))
#: Whose seal a paper bears, by its kind; papers of other kinds are sealed by whoever issues them.
_OWNERS = {
    "contract": ("party_a", "party_b"),
    "authorization": ("principal",),
    "position_certificate": ("principal",),
    "resolution": ("principal",),
    "introduction": ("principal",),
}
_PEOPLE = ("legal_representative", "agent")  # whose own seals stand on such papers
#: The fields that are held against one another here.
RELATED = frozenset({*NAMES, *_PEOPLE, *(name for owners in _OWNERS.values() for name in owners)})
_PERSONAL = re.compile(r"[\u3400-\u9fff]{2,4}?(?P<end>之印|印章|印|章)?")
#: Who may have sealed a paper that names them, and whose own seal may be beside.
_NAMED = (
    "name", "party_a", "party_b", "principal", "payer", "payee", "creditor", "debtor", "guarantor", "sender", "recipient", "bank", "authority",
)  # fmt: skip
_OWN_ENDS = ("印", "之印", "印章", "章")
#: The place an address is in, and where the place ends that an authority is called after.
_PLACE = re.compile(r"(?:[\u3400-\u9fff]{2,8}?(?:省|自治区))?(?P<place>[\u3400-\u9fff]{2,8}?[市州县区盟旗])")
_AUTHORITY = re.compile(r"[\u3400-\u9fff]{1,8}?[市州县区盟旗](?P<what>[\u3400-\u9fff]*(?:局|处|厅|委员会|政府))")
#: The mark of a seal whose name was completed: it was not read in full, and what was read of it is a name that the paper says.
COMPLETED = "seal_completed"
_READ = 0.9  # how sure a letter is that nothing puts right
_MOST_OF = 0.5  # part of a name, and of what tells it from others, that must have been read surely for the rest of it to be completed
_LEAST = 3  # letters of it at least
_COMMON = re.compile(
    r"(?:[（(]集团[）)]|集团|股份|有限|责任|公司|市场监督管理局|工商行政管理局|行政审批局|之印|印章|印|章)+$"
)
_COMPLETED = 0.6  # how sure a completed name is at most: a person looks
_USE = re.compile(r"(?:合同|财务|业务|发票|投标|报价|验收|出入库)*(?:专用章|公章|印章)$")
_ALIKE = 0.66  # how like a party's name an unsure reading must be to count as it (`difflib`)


def fields(pages: Sequence[PageText], said: Mapping[str, Field] | None = None) -> dict[str, Field]:
    """Return the seals as fields `seal`, `seal_2` …: each name once, best reading first found, people behind companies, then those without a name.

    said: the other fields of the document, by which a name that was not read in full may be completed (see `completed`).
    """
    named = dict[str, Field]()
    nameless = list[Field]()
    for page in pages:
        for read in page.seals:
            seal = completed(read, said or {})
            if not seal.text:
                nameless.append(Field(PRESENT, page.number, seal.box, 1.0))
            elif seal.text not in named or named[seal.text].confidence < seal.confidence:
                marks = (COMPLETED,) if seal.text != read.text else ()
                named[seal.text] = Field(seal.text, page.number, seal.box, seal.confidence, marks)
    ordered = sorted(named.values(), key=lambda field: _person(field.value) is not None)
    return dict(zip(NAMES, [*ordered, *nameless], strict=False))


def completed(seal: Seal, said: Mapping[str, Field]) -> Seal:
    """Return the seal with the name it must be, where not all of its letters were read; itself where that is not certain.

    A seal is evidence of who sealed, so what was read of it is never put right: every letter that was read surely stands in the name,
    in its order, and they are half of it at least, and of what tells it from others. Letters that were unsure, or lost beside unsure ones, are taken from the only name that fits among
    those of the paper's companies, of the people on it with what their seals end with (印), or, for an authority that is called after its
    place (澜江市市场监督管理局), from the place of an address on the paper. A forged letter that is legible contradicts, and the reading stays
    as it is. What was completed is never sure, is never taken as proof that a party sealed, and is always for a person to compare.
    """
    if not seal.letters or len(seal.letters) != len(seal.text) or min(seal.letters) >= _READ:
        return seal
    fitting = {name for name in _names(seal.text, said) if _can_be(seal, name)}
    if len(fitting) != 1 or seal.text in _names(seal.text, said):
        return seal
    return replace(seal, text=fitting.pop(), confidence=min(seal.confidence, _COMPLETED), letters=())


def _names(text: str, said: Mapping[str, Field]) -> Iterator[str]:
    for name in _NAMED:
        if name in said:
            yield said[name].value
    for name in _PEOPLE:
        if name in said and len(text) <= 4:
            yield from (said[name].value + end for end in _OWN_ENDS if len(said[name].value + end) == 4)
            yield from (said[name].value,) if len(said[name].value) == 4 else ()
    place = _PLACE.match(said["address"].value) if "address" in said else None
    authority = _AUTHORITY.fullmatch(text)
    if place and authority:
        yield place["place"] + authority["what"]


def _can_be(seal: Seal, name: str) -> bool:
    """Tell whether the letters of the seal that were read surely stand in a name, in their order, and are half of it at least.

    So they must be of what tells it from others: that a seal ends with 有限公司 says nothing.
    """
    unsure = [letter < _READ for letter in seal.letters]
    kept = set[int]()
    for tag, start, end, at, _ in SequenceMatcher(None, seal.text, name, autojunk=False).get_opcodes():
        if tag == "equal":
            kept.update(at + k - start for k in range(start, end) if not unsure[k])
        elif not (all(unsure[start:end]) if start < end else any(unsure[max(0, start - 1) : start + 1])):
            return False
    own = len(_COMMON.sub("", name))
    told = sum(place < own for place in kept)
    return len(kept) >= max(_LEAST, _MOST_OF * len(name)) and told >= _MOST_OF * own


def compared(found: Mapping[str, Field], kind: str, line: float) -> tuple[dict[str, Field], list[str]]:
    """Return the seals of `found` held against the parties, and the reasons for a person to look.

    line: confidence below which a name is unsure. A sure name that is no party's gets the mark `seal_mismatch` and a reason of
    that name; one that is not sure and is not like a party's, or was completed from the paper, the reason `low_confidence:NAME`. Where a party is not known nothing is compared.
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
        if COMPLETED in seal.marks:  # that it is a party's says nothing: it was taken from there
            reasons.append(f"low_confidence:{name}")
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
