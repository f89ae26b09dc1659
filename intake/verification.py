"""How far a value can be trusted: who entered it, who confirmed it, who disagrees (RULES A2.2). Pure functions.

A value counts as verified only after two different people confirmed it, neither of whom entered it. A disagreement goes to a
third person, who is neither of the earlier two. What a machine read and nobody confirmed is told from all other values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

#: Who enters what is read from a page.
MACHINE = "ocr"
#: RULES A2.3 names the key information on a customer; on a contract its parties and its sum are what everything hangs on.
KEY_FIELDS = frozenset(
    {"name", "code", "legal_representative", "valid_until", "identity_number"}
    | {"party_a", "party_b", "party_a_code", "party_b_code", "amount", "principal", "agent"}
)
UNCONFIRMED, ENTERED, ONCE, VERIFIED, DISPUTED = "unconfirmed", "entered", "once", "verified", "disputed"
STATES = (UNCONFIRMED, ENTERED, ONCE, VERIFIED, DISPUTED)
#: The reason to look at a document that lacks pages by the numbers printed on the others, before these.
LACKING = "pages_missing:"
#: Reasons to look that understanding the values gives; all others are about the pages themselves.
ABOUT_VALUES = frozenset(
    {"unknown_kind", "low_confidence", "missing", "check_digit_failed", "repaired", "amount_mismatch", "term_mismatch"}
    | {"birth_mismatch", "seal_mismatch"}
)
#: Reasons that a person settles who has gone through the values and the category. What the pages themselves give (a page to
#: scan again, one that is missing, an attachment that was refused) is settled only by name: no value says anything of it.
_OF_VALUES = ABOUT_VALUES | {"look_again", "separator_differs"}
#: The days between which something holds.
TERM = frozenset({"valid_from", "valid_until", "term_from", "term_until"})
_AGAIN = {
    "amount_mismatch": ("amount",),
    "term_mismatch": TERM,
    "birth_mismatch": ("born_on", "identity_number"),
}


class Refused(Exception):
    """This person cannot say this of the value. code: own_entry, disputed, took_side, decided."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Stand:
    """Where a value stands. rival: another value that `rival_by` holds against it; both empty unless they are at odds.

    confirmed_by: people, in order. heard: who took a side in a disagreement that a third person has decided.
    """

    value: str
    entered_by: str = MACHINE
    confirmed_by: tuple[str, ...] = ()
    rival: str = ""
    rival_by: str = ""
    heard: tuple[str, ...] = ()


def state_of(stand: Stand) -> str:
    """Return one of STATES: read and never confirmed, entered by a person, confirmed once, verified by two, or disputed."""
    if stand.rival_by:
        return DISPUTED
    others = set(stand.confirmed_by) - {stand.entered_by}
    if len(others) >= 2:
        return VERIFIED
    if others:
        return ONCE
    return UNCONFIRMED if stand.entered_by == MACHINE else ENTERED


def backers(stand: Stand) -> frozenset[str]:
    """Return the people who hold that the standing value is right: who entered it and who confirmed it."""
    return frozenset({stand.entered_by, *stand.confirmed_by} - {MACHINE})


def sides(stand: Stand) -> frozenset[str]:
    """Return the people who are at odds over the value; empty when nobody is."""
    return backers(stand) | {stand.rival_by} if stand.rival_by else frozenset()


def confirm(stand: Stand, person: str) -> Stand:
    """Return the stand after `person` confirmed the value; confirming twice counts once. Raises Refused."""
    if stand.rival_by:
        raise Refused("disputed")
    if stand.entered_by == person:
        raise Refused("own_entry")
    return stand if person in stand.confirmed_by else replace(stand, confirmed_by=(*stand.confirmed_by, person))


def enter(stand: Stand, person: str, value: str) -> Stand:
    """Return the stand after `person` entered a value. Raises Refused.

    Against the machine, or against oneself alone, it replaces the value and its confirmations. Against other people it is a
    disagreement: the value stands, disputed, until a third person decides. Entering what others hold to be right confirms it.
    """
    if stand.rival_by:
        return decide(stand, person, value)
    if value == stand.value and backers(stand) - {person}:
        return stand if stand.entered_by == person else confirm(stand, person)
    if person in stand.heard:
        raise Refused("decided")
    if backers(stand) - {person}:
        return replace(stand, rival=value, rival_by=person)
    return replace(stand, value=value, entered_by=person, confirmed_by=())


def decide(stand: Stand, person: str, value: str) -> Stand:
    """Return the stand after a third person decided for one of the two values, or for another one. Raises Refused.

    Deciding is confirming: who decides for a value that somebody typed is the first who confirms it.
    """
    at_odds = sides(stand)
    if person in at_odds or person in stand.heard:
        raise Refused("took_side")
    heard = tuple(sorted({*stand.heard, *at_odds}))
    if value == stand.value:
        return confirm(Stand(value, stand.entered_by, stand.confirmed_by, heard=heard), person)
    if value == stand.rival:
        return Stand(value, stand.rival_by, (person,), heard=heard)
    return Stand(value, person, heard=heard)


def is_done(stand: Stand, person: str) -> bool:
    """Return whether nothing is left that `person` could say of the value."""
    if stand.rival_by:
        return person in sides(stand) or person in stand.heard
    return state_of(stand) == VERIFIED or person in backers(stand)


def standing(stands: Mapping[str, Stand]) -> str:
    """Return how far a document's values are: the state that its key values have reached together, "" when it has none.

    A dispute over any value counts. unconfirmed: at least one key value was confirmed by nobody.
    """
    if any(stand.rival_by for stand in stands.values()):
        return DISPUTED
    states = {state_of(stand) for name, stand in stands.items() if name in KEY_FIELDS}
    if not states:
        return ""
    if states & {UNCONFIRMED, ENTERED}:
        return UNCONFIRMED
    return VERIFIED if states == {VERIFIED} else ONCE


def done_with(stands: Mapping[str, Stand]) -> tuple[str, ...]:
    """Return the people who can add nothing to a document's key and disputed values any more, by name."""
    asked = [stand for name, stand in stands.items() if name in KEY_FIELDS or stand.rival_by]
    people = {
        person for stand in stands.values() for person in (*backers(stand), stand.rival_by, *stand.heard) if person
    }
    return tuple(sorted(person for person in people if all(is_done(stand, person) for stand in asked)))


def page_reasons(reasons: Iterable[str]) -> list[str]:
    """Return the reasons to look that are about the pages or the file, whatever its values are."""
    return [reason for reason in reasons if reason.partition(":")[0] not in _OF_VALUES]


def reasons_left(reasons: Iterable[str], settled: Iterable[str]) -> list[str]:
    """Return the reasons to look at a document that stay after a person has dealt with the values named `settled`."""
    names = set(settled)
    left = []
    for reason in reasons:
        code, _, name = reason.partition(":")
        about = (name,) if name else _AGAIN.get(code, ())
        if code not in _OF_VALUES or not names.intersection(about):
            left.append(reason)
    return left
