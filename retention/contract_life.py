"""The life of a contract (RULES B2): draft, approved, signed, performing, amended, performed, terminated, cancelled.

Which event may follow which state, and which of them start the clock of a transfer (B3: signing, amending, performing, terminating).
"""

from collections.abc import Mapping
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


def against(number: str, state: str, event: str, on: date, approved_on: date | None, signed_on: date | None) -> str:
    """Return why an event cannot happen to a contract, "" when it can. number: for the message. on: the day it happened.

    Nothing happens after the end, nothing but approval before signing, nothing is dated before what it rests on.
    """
    if not FOLLOWS[state]:
        return f"contract {number} is {state}; nothing more happens to it"
    if event == "approved" and state != "draft":
        return f"contract {number} is {state}; only a draft is approved"
    if event == "signed" and signed_on is not None:
        return f"contract {number} was signed on {signed_on}"
    if event == "signed" and approved_on is not None and on < approved_on:
        return f"contract {number} cannot be signed before it was approved on {approved_on}"
    if event not in ("approved", "signed") and (signed_on is None or on < signed_on):
        return f"contract {number} cannot be {event} before it is signed"
    return "" if event in FOLLOWS[state] else f"contract {number} is {state} already"
