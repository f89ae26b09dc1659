"""Identity cards: both sides of the card of the People's Republic, held against their own number."""

import re
from dataclasses import replace

from intake.fields.paper import Paper
from intake.fields.read import Reading, day, organisation, person, phrase
from intake.fields.terms import doubt_order, term
from intake.model import Field
from intake.values import identity_number

LABELS = {
    "name": ("姓名",),
    "address": ("住址",),
    "authority": ("签发机关",),
    "term": ("有效期限",),
    "identity_number": ("公民身份号码", "身份证号码"),
    "born_on": ("出生",),
    "": ("性别", "民族", "中华人民共和国", "居民身份证"),
}
_DIGITS = re.compile(r"(?<![0-9A-Za-z])(?:[0-9OoQDIlZSBG|][ \t]?){17}[0-9XxKk×OoIl|](?![0-9A-Za-z])")


def fields(paper: Paper) -> dict[str, Field]:
    """Return what the card says. The day of birth and the number say the same twice: where they differ both are marked."""
    seen = paper.labelled(LABELS)
    found: dict[str, Field] = {}
    for spot in seen.spots:
        region = seen.block(spot) if spot.name in ("address", "authority") else seen.beside(spot)
        if not region.inked:
            continue
        if spot.name == "term":
            period = term(region)
            for name, reading in (("valid_from", period.first), ("valid_until", period.last)):
                if reading:
                    found.setdefault(name, reading.field(spot.strength))
        read = {"name": person, "address": phrase, "authority": organisation, "born_on": day}.get(spot.name)
        value = read(region) if read else None
        if value:
            found.setdefault(spot.name, value.field(spot.strength))
    _number(paper, found)
    doubt_order(found, "valid_from", "valid_until")
    return found


def _number(paper: Paper, found: dict[str, Field]) -> None:
    m = _DIGITS.search(paper.flow.key)
    number = identity_number(m[0]) if m else None
    if m is None or number is None:
        return
    factor = 0.45 if "check_digit_failed" in number.marks else 0.88 if "repaired" in number.marks else 1.0
    found["identity_number"] = Reading(paper.flow.cut(*m.span()), number.value, factor, number.marks).field()
    born = found.get("born_on")
    if born and born.value.replace("-", "") != number.value[6:14]:
        found["born_on"] = replace(
            born, confidence=round(born.confidence * 0.6, 3), marks=(*born.marks, "birth_mismatch")
        )
