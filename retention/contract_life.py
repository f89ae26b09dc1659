"""The life of a contract (RULES B2): draft, approved, signed, performing, amended, performed, terminated, cancelled.

Which event may follow which state, and which of them start the clock of a transfer (B3: signing, amending, performing, terminating).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

#: state -> events that may happen in it. `performed` is the contract performed to its end.
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "draft": ("approved", "signed"),
    "approved": ("signed",),
    "signed": ("performing", "amended", "performed", "terminated"),
    "performing": ("amended", "performed", "terminated"),
    "amended": ("performing", "amended", "performed", "terminated"),
    "performed": (),
    "terminated": (),
    "cancelled": (),
}
STATES = tuple(FOLLOWS)
EVENTS = ("approved", "signed", "performing", "amended", "performed", "terminated")
#: Formalities whose papers are then handed over; the others are only noted.
CLOCKED = ("signed", "amended", "performed", "terminated")
ENDING = ("performed", "terminated")
#: Before these nothing was agreed: such a contract is cancelled, a signed one is terminated.
CANCELLABLE = ("draft", "approved")


@dataclass(frozen=True)
class ApprovalRule:
    """A department's demand that contracts are approved before they are signed (RULES B1, category 1.1 报审及批准文件).

    since: it holds for what is signed from this day on; what was signed before is carried on as it is. source: the internal
    rule that says so.
    """

    since: date
    source: str


def lacks_approval(number: str, signed_on: date, approved_on: date | None, rule: ApprovalRule | None) -> str:
    """Return why a contract cannot have been signed on that day without an approval, "" when it can."""
    if rule is None or signed_on < rule.since:
        return ""
    if approved_on is None:
        return f"contract {number} must be approved before it is signed, by the rule in force from {rule.since}: {rule.source}"
    return (
        ""
        if approved_on <= signed_on
        else f"contract {number} cannot be signed before it was approved on {approved_on}"
    )


def against(
    number: str,
    state: str,
    event: str,
    on: date,
    approved_on: date | None,
    signed_on: date | None,
    rule: ApprovalRule | None = None,
    latest_on: date | None = None,
) -> str:
    """Return why an event cannot happen to a contract, "" when it can. number: for the message. on: the day it happened.

    Nothing happens after the end, nothing but approval before signing, nothing is dated before what it rests on; where the
    department demands it (`rule`), nothing is signed without an approval. latest_on: the last day on which something happened to it.
    """
    if not FOLLOWS[state]:
        return f"contract {number} is {state}; nothing more happens to it"
    if event == "approved" and state != "draft":
        return f"contract {number} is {state}; only a draft is approved"
    if event == "signed" and signed_on is not None:
        return f"contract {number} was signed on {signed_on}"
    if event == "signed" and approved_on is not None and on < approved_on:
        return f"contract {number} cannot be signed before it was approved on {approved_on}"
    if event == "signed" and (lacking := lacks_approval(number, on, approved_on, rule)):
        return lacking
    if event not in ("approved", "signed") and (signed_on is None or on < signed_on):
        return f"contract {number} cannot be {event} before it is signed"
    if event in ENDING and latest_on is not None and on < latest_on:
        return f"contract {number} cannot be {event} before {latest_on}, when something else was done with it"
    return "" if event in FOLLOWS[state] else f"contract {number} is {state} already"
