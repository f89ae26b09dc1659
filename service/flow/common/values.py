"""Values: what people say of a value that was read: it is right, it is another one, or which of two it is (RULES A2.2).

Everything here happens inside the caller's transaction, on a document the caller may correct and has locked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from intake import verification as rules
from intake.capitals import Capital, agreement, beside
from intake.model import PageText, Understanding
from intake.typed import Typed, kind_of, read_typed
from intake.verification import MACHINE, Refused, Stand
from intake.whereabouts import NOWHERE, Spot, choose
from service.access.policy import Actor
from service.errors import BadInput, RuleRefused
from service.flow.common.checks import Sheets, against
from service.flow.common.relations import compare_again
from service.records import audit
from service.records.tables import Document, DocumentField, FieldCorrection, new_id

#: A document whose values people may speak about: it has been read, or reading has failed for good.
OPEN = ("stored", "needs_review", "failed")
#: The mark of a field that a person says is not on the paper: its value is empty, and everything said of values is said of that.
NOT_HERE = "not_here"
#: Why a value was not confirmed along with all others that was not shown to the person: somebody added it since.
UNSEEN = "unseen"
#: How the refusal of a typed sum begins that the capitals beside it contradict; a person may say that it is printed so.
DIFFERS = "the sum in words beside it is"
_REFUSED = {
    "own_entry": "you entered this value; two other people must confirm it (dual verification)",
    "disputed": "two people disagree about this value; a third person decides",
    "took_side": "you took a side in this disagreement; a third person decides",
    "decided": "a third person has decided this value after your disagreement",
}


@dataclass(frozen=True)
class Place:
    """Where on the document a value stands: page from 1, box in pixels of its image; 0 and empty where that is not known."""

    page: int
    box: Sequence[int]


@dataclass(frozen=True)
class Entry:
    """One value as a person typed it. seen: the value that was shown to them, None when they saw none.

    as_printed: the paper says so even though its check digit fails or the sum in capitals is another. capitals: on the pages.
    not_here: the paper has no such value; the text is empty then. spots: where the pages have the value, None where nobody looked;
    of them one is taken when no place was given. leaf: the page that was open, 0 for none.
    """

    name: str
    text: str
    seen: str | None = None
    place: Place | None = None
    as_printed: bool = False
    capitals: tuple[Capital, ...] = ()
    not_here: bool = False
    spots: tuple[Spot, ...] | None = None
    leaf: int = 0


def stand_of(field: DocumentField) -> Stand:
    """Return where a value stands, as the rules see it."""
    rival = field.rival or {}
    return Stand(
        field.value,
        field.entered_by,
        tuple(field.confirmed_by),
        rival.get("value", ""),
        rival.get("by", ""),
        tuple(field.heard),
    )


def stands_of(document: Document) -> dict[str, Stand]:
    """Return where all values of a document stand, by field."""
    return {field.name: stand_of(field) for field in document.fields}


def state_of(field: DocumentField) -> str:
    """Return how far a value can be trusted: a word of `intake.verification.STATES`."""
    return rules.state_of(stand_of(field))


def is_verified(field: DocumentField) -> bool:
    """Return whether two different people confirmed the value, neither of whom entered it (RULES A2.2)."""
    return state_of(field) == rules.VERIFIED


def demand_open(document: Document) -> None:
    """Raise RuleRefused unless people may speak about the document's values."""
    if document.status not in OPEN:
        raise RuleRefused(f"the document is {document.status}; there are no values to check")


def settle(document: Document) -> None:
    """Bring the document in line with its values and reasons: its state, how far it is verified, and that the index is behind."""
    if document.status in ("stored", "needs_review"):
        document.status = "needs_review" if document.review_reasons else "stored"
    stands = stands_of(document)
    document.verification, document.checked_by = rules.standing(stands), list(rules.done_with(stands))
    document.indexed = False


def values_of(document: Document) -> dict[str, str]:
    """Return the values of a document by field, without those that people say are not on it."""
    return {field.name: field.value for field in document.fields if field.value}


def find(document: Document, name: str) -> DocumentField | None:
    """Return a field of the document by name."""
    return next((field for field in document.fields if field.name == name), None)


def demand_seen(document: Document, name: str, seen: str | None) -> None:
    """Raise BadInput when the value is not the one that was shown: nobody speaks about a value they have not seen."""
    field = find(document, name)
    if seen is not None and seen != (field.value if field else ""):
        why = f"{name}: somebody changed this value in the meantime; look at it again"
        raise BadInput(why, {name: why})


def enter(session: Session, actor: Actor, document: Document, entry: Entry, now: datetime) -> str | None:
    """Enter a value; returns the id of the correction it made, if any. Raises BadInput saying what a right value looks like."""
    name = entry.name
    if not name.isidentifier() or len(name) > 40:
        raise BadInput(f"{name!r} is not the name of a field", {"name": "is not the name of a field"})
    demand_seen(document, name, entry.seen)
    if entry.not_here and entry.text.strip():
        why = "a value and the word that there is none: say one of the two"
        raise BadInput(f"{name}: {why}", {name: why})
    typed = Typed("", (NOT_HERE,)) if entry.not_here else read_typed(name, entry.text)
    if typed.problem and not (typed.may_stand and entry.as_printed):
        raise BadInput(f"{name}: {typed.problem}", {name: typed.problem})
    field = find(document, name)
    place = entry.place or _place_found(entry, field, typed.value)
    page, box = (place.page, place.box) if place else (field.page, field.box) if field else (0, [])
    if not entry.as_printed and _capitals_say(name, typed.value, entry.capitals, page, box) == "amount_mismatch":
        why = f"{DIFFERS} {', '.join(beside(entry.capitals, page, box))}: compare with the page"
        raise BadInput(f"{name}: {why}", {name: why})
    if field is None:
        field = DocumentField(name=name, position=len(document.fields), value="", page=0, box=[], confidence=1.0)
        field.marks, field.confirmed_by, field.rival, field.heard = [], [], {}, []
        field.entered_by, field.read_value, field.read_confidence, field.engine = actor.name, "", 0.0, ""
        document.fields.append(field)
    correction = _keep_correction(session, actor, document, field, typed.value, now)
    before = stand_of(field)
    after = _by_rule(name, lambda: rules.enter(before, actor.name, typed.value))
    _put(field, before, after, place)
    if not after.rival_by:
        field.marks = _marks(field, entry.capitals)
        settled = compare_again(document, name) if after.value != before.value else []
        document.review_reasons = rules.reasons_left(document.review_reasons, [name, *settled])
    agreed = after.value == before.value and after.entered_by == before.entered_by and not after.rival_by
    action = "decide" if before.rival_by else "dispute" if after.rival_by else "confirm" if agreed else "correct"
    audit.append(session, actor.name, f"document.{action}", f"document:{document.id}", {"field": name})
    return correction


def _place_found(entry: Entry, field: DocumentField | None, value: str) -> Place | None:
    """Return the place that the pages give a value which was typed without one; None when the one it has stays."""
    if entry.spots is None or not value:
        return None
    old = Spot(field.page, field.box) if field else NOWHERE
    if field and ((value == field.value and field.page) or (field.rival and value == field.rival["value"])):
        return None
    spot = choose(entry.spots, entry.leaf, old)
    return Place(spot.page, spot.box) if spot else None


def _capitals_say(name: str, value: str, capitals: Sequence[Capital], page: int, box: Sequence[int]) -> str:
    return agreement(value, capitals, page, box) if value and kind_of(name) == "money" else ""


def _marks(field: DocumentField, capitals: Sequence[Capital]) -> list[str]:
    if not field.value:
        return [NOT_HERE]
    said = _capitals_say(field.name, field.value, capitals, field.page, field.box)
    return [
        *read_typed(field.name, field.value).marks,
        *([said] if said in ("amount_agrees", "amount_mismatch") else []),
    ]


def may_stand(name: str, typed: str, problem: str) -> bool:
    """Return whether a value that was refused may be what is printed nevertheless: a person may say so."""
    return bool(problem) and (read_typed(name, typed).may_stand or problem.startswith(DIFFERS))


def decide(session: Session, actor: Actor, document: Document, entry: Entry) -> None:
    """Decide for one of the two values of a disagreement, as a third person. Raises BadInput."""
    field = find(document, entry.name)
    if field is None or not field.rival:
        why = f"{entry.name}: nobody disagrees about this value"
        raise BadInput(why, {entry.name: why})
    demand_seen(document, entry.name, entry.seen)
    before = stand_of(field)
    if entry.text not in (before.value, before.rival):
        why = f"{entry.name}: choose one of the two values, or type another"
        raise BadInput(why, {entry.name: why})
    after = _by_rule(entry.name, lambda: rules.decide(before, actor.name, entry.text))
    _put(field, before, after, None)
    field.marks = _marks(field, entry.capitals)
    settled = compare_again(document, entry.name) if after.value != before.value else []
    document.review_reasons = rules.reasons_left(document.review_reasons, [entry.name, *settled])
    audit.append(session, actor.name, "document.decide", f"document:{document.id}", {"field": entry.name})


def confirm(session: Session, actor: Actor, document: Document, seen: Mapping[str, str | None]) -> None:
    """Confirm the fields named; seen: the value that was shown of each. Raises BadInput."""
    for name, value in seen.items():
        field = find(document, name)
        if field is None:
            raise BadInput(f"{name}: the document has no such field", {name: "the document has no such field"})
        demand_seen(document, name, value)
        stand = stand_of(field)
        field.confirmed_by = list(_by_rule(name, lambda s=stand: rules.confirm(s, actor.name)).confirmed_by)
    document.review_reasons = rules.reasons_left(document.review_reasons, seen)
    audit.append(session, actor.name, "document.confirm", f"document:{document.id}", {"fields": sorted(seen)})


def dismiss(session: Session, actor: Actor, document: Document, named: Collection[str], *, finish: bool) -> None:
    """Take reasons to look away and note which. Raises BadInput for one that is about values.

    named: those of the pages that are settled; one that is gone already (somebody else settled it, the page was read again) is
    no error. finish: the person has gone through all values, which settles theirs.
    """
    of_pages = rules.page_reasons(document.review_reasons)
    about_values = sorted(set(named) - set(rules.page_reasons(named)))
    if about_values:
        why = f"{about_values[0]} is about values, which are confirmed or corrected"
        raise BadInput(f"dismiss: {why}", {"dismiss": why})
    left = [r for r in (of_pages if finish else document.review_reasons) if r not in named]
    gone = [reason for reason in document.review_reasons if reason not in left]
    if gone:
        document.review_reasons = left
        audit.append(session, actor.name, "document.dismiss", f"document:{document.id}", {"dismissed": gone})


def confirmable(document: Document, person: str) -> list[str]:
    """Return the fields that `person` may still confirm."""
    return [f.name for f in document.fields if f.entered_by != person and person not in f.confirmed_by and not f.rival]


def held_back(document: Document, person: str, sheets: Sheets, shown: Collection[str] | None = None) -> dict[str, str]:
    """Return the fields that `person` may confirm, but only by themselves, with what speaks against each (`checks.AGAINST`).

    shown: the fields that were shown to them, None for all; of any other it is said that they have not seen it (UNSEEN).
    """
    may = confirmable(document, person)
    unseen = set() if shown is None else set(may) - set(shown)
    why = {f.name: UNSEEN if f.name in unseen else against(f, sheets) for f in document.fields if f.name in may}
    return {name: word for name, word in why.items() if word}


def fields_read(found: Understanding, pages: Sequence[PageText]) -> list[DocumentField]:
    """Return what was read as rows, each with the engine that read its page."""
    engines = {page.number: page.source for page in pages}
    return [
        DocumentField(
            name=name,
            position=position,
            value=field.value,
            page=field.page,
            box=list(field.box),
            confidence=field.confidence,
            marks=list(field.marks),
            entered_by=MACHINE,
            confirmed_by=[],
            rival={},
            heard=[],
            read_value=field.value,
            read_confidence=field.confidence,
            engine=engines.get(field.page, ""),
        )
        for position, (name, field) in enumerate(found.fields.items())
    ]


def take_reading(document: Document, found: Understanding, pages: Sequence[PageText]) -> None:
    """Put what was read for another category into the document; what people entered, confirmed or argue about stays."""
    kept = {f.name: f for f in document.fields if rules.state_of(stand_of(f)) != rules.UNCONFIRMED}
    fresh = {field.name: field for field in fields_read(found, pages)}
    old = {field.name: field for field in document.fields}
    fields: list[DocumentField] = []
    for name in [*fresh, *(name for name in kept if name not in fresh)]:
        field = kept.get(name) or _reread(old.get(name), fresh[name])
        field.position = len(fields)
        fields.append(field)
    document.fields = fields
    document.kind = found.kind
    document.title = document.title or found.title[:300]
    pages_say = [r for r in document.review_reasons if r.partition(":")[0] not in rules.ABOUT_VALUES]
    document.review_reasons = list(dict.fromkeys([*rules.reasons_left(found.needs_review, kept), *pages_say]))


def _reread(old: DocumentField | None, fresh: DocumentField) -> DocumentField:
    if old is None:
        return fresh
    for column in ("value", "page", "box", "confidence", "marks", "read_value", "read_confidence", "engine"):
        setattr(old, column, getattr(fresh, column))
    return old


def _put(field: DocumentField, before: Stand, after: Stand, place: Place | None) -> None:
    spot: dict[str, Any] = {"page": place.page, "box": list(place.box)} if place else {}
    if after.rival_by:
        field.rival = {"value": after.rival, "by": after.rival_by, **spot}
        return
    if after.value == before.rival and before.rival_by:
        spot = spot or {name: field.rival[name] for name in ("page", "box") if name in field.rival}
    if after.entered_by != before.entered_by or after.value != before.value:
        field.confidence = 1.0
    field.value, field.entered_by, field.confirmed_by = after.value, after.entered_by, list(after.confirmed_by)
    field.rival, field.heard = {}, list(after.heard)
    if spot:
        field.page, field.box = spot["page"], spot["box"]


def _by_rule(name: str, step: Any) -> Stand:
    try:
        stand: Stand = step()
    except Refused as refused:
        why = f"{name}: {_REFUSED[refused.code]}"
        raise BadInput(why, {name: why}) from refused
    return stand


def _keep_correction(
    session: Session, actor: Actor, document: Document, field: DocumentField, value: str, now: datetime
) -> str | None:
    if value == field.read_value:
        return None
    row = FieldCorrection(
        id=new_id(),
        document_id=document.id,
        field=field.name,
        category=document.category,
        kind=document.kind,
        page=field.page,
        engine=field.engine,
        read_value=field.read_value,
        confidence=field.read_confidence,
        marks=list(field.marks) if field.entered_by == MACHINE else [],
        corrected_value=value,
        by=actor.name,
        at=now,
    )
    session.add(row)
    return row.id
