"""Suggestions while somebody types: names, numbers and values of documents they may read, never a word of another's.

The engine, which filters by what the person may see, says which documents come into question; the database says which of them the person
may read now and what stands in them. So a destroyed document, or one whose grant was withdrawn a moment ago, suggests nothing.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from search.folding import fold, squeeze
from search.initials import initials, typed_initials
from search.model import Reader
from search.syntax import And, FieldMatch, Node, Not, Or, Phrase, Word
from service.access.policy import Actor, reader_tokens
from service.flow.common.guard import require
from service.flow.common.sight import visible
from service.flow.common.values import values_of
from service.house import House
from service.records.tables import Document
from service.typed import CONTROL

MOST = 8
LONGEST = 60  # characters typed; more is no beginning of a name
_LOOKED_AT = 60  # documents at once
_LOOKS = 4  # each at documents without what the ones before found: one customer may have thousands that all begin alike
_FIELDS = ("customer", "party", "number", "code", "title", "handler", "legal_representative")
# The values of a document that are suggested, and what they are called in a suggestion.
_VALUES = {
    **dict.fromkeys(("name", "principal", "party_a", "party_b"), "party"),
    **dict.fromkeys(("code", "party_a_code", "party_b_code"), "code"),
    "contract_number": "number",
    "title": "title",
    "legal_representative": "person",
}
_FIELD_OF = {"person": "legal_representative"}  # kinds that a query calls otherwise


@dataclass(frozen=True)
class Suggestion:
    """What may be meant. kind: customer, party, number, code, title or person; query: what to search for, as it is to be typed."""

    text: str
    kind: str
    query: str


def suggest(house: House, actor: Actor, typed: str, *, limit: int = MOST) -> list[Suggestion]:
    """Return what begins with, or else holds, what was typed, the most frequent first; nothing for nothing or for what is no text.

    Raises NotAllowed, IndexUnavailable.
    """
    require(actor, "search")
    typed = typed.strip()
    wanted = squeeze(fold(typed))
    if not wanted or len(typed) > LONGEST or CONTROL.search(typed):
        return []
    parts: tuple[Node, ...] = tuple(FieldMatch(name, Word(typed)) for name in _FIELDS)
    if letters := typed_initials(wanted):
        parts = (*parts, Word(typed))
    counted: Counter[tuple[str, str]] = Counter()
    places: dict[str, tuple[tuple[int, int, int, str], Suggestion]] = {}
    query: Node = Or(parts)
    for _ in range(_LOOKS):
        found = house.index.search(query, Reader(reader_tokens(actor)), limit=_LOOKED_AT, facets=False)
        counted.update(_readable(house, actor, [hit.document for hit in found.hits]))
        places = _matching(counted, wanted, letters)
        if found.total <= _LOOKED_AT or len(places) >= MOST or not places:
            break
        seen = (FieldMatch(_FIELD_OF.get(one.kind, one.kind), Phrase(one.text)) for _, one in places.values())
        query = And((Or(parts), *map(Not, seen)))
    return [suggestion for _, suggestion in sorted(places.values(), key=lambda one: one[0])][: max(min(limit, MOST), 0)]


def _readable(house: House, actor: Actor, documents: list[str]) -> Counter[tuple[str, str]]:
    """Return how many of the documents that the person may read now have each value."""
    query = select(Document).where(
        Document.id.in_(documents), Document.status.in_(("stored", "needs_review", "failed"))
    )
    counted: Counter[tuple[str, str]] = Counter()
    with house.database.read() as session:
        for document in session.scalars(visible(query, actor)):
            counted.update(set(_values(document)))
    return counted


def _matching(
    counted: Counter[tuple[str, str]], wanted: str, letters: str
) -> dict[str, tuple[tuple[int, int, int, str], Suggestion]]:
    """Return the values that hold what was typed by what they are once folded, each with its place in the list."""
    places: dict[str, tuple[tuple[int, int, int, str], Suggestion]] = {}
    for (kind, text), count in counted.items():
        folded = fold(text)
        chars = folded.chars
        sounds = bool(letters) and kind in ("customer", "party") and letters in initials(chars)
        bare = squeeze(folded)
        if wanted not in chars and wanted not in bare and not sounds:
            continue
        begins = chars.startswith(wanted) or bare.startswith(wanted)
        place = (0 if begins else 1, -count, len(text), text)
        if chars not in places or place < places[chars][0]:
            places[chars] = place, Suggestion(text, kind, _query(text))
    return places


def _values(document: Document) -> Iterator[tuple[str, str]]:
    file = document.case_file
    contract = file.contract if file else None
    customer = (file.customer if file else None) or (contract.customer if contract else None)
    numbers = (contract.number if contract else "", (file.archive_number if file else "") or "")
    named = [("customer", customer.name if customer else ""), *(("number", number) for number in numbers)]
    named += [("code", (customer.code if customer else "") or ""), ("title", document.title)]
    named += [(_VALUES[name], value) for name, value in values_of(document).items() if name in _VALUES]
    for kind, value in named:
        if value and value.isprintable():
            yield kind, value


def _query(text: str) -> str:
    """Return a suggestion as the query language takes it for one piece of text."""
    return (
        f'"{text.replace(chr(34), " ").strip()}"' if any(char in ' "():' for char in text) or text[0] == "-" else text
    )
