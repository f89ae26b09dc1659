"""Orders of a result list: one whole number or text a document for each, so that both engines sort alike and a page can begin after any hit.

The last bits of every number come from the document's id: no two documents share a place, and "what comes after this one" is exact
however many documents come or go meanwhile.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

from search.model import Candidate, Hit, IndexedPage
from search.ranges import stored_values

RELEVANCE = "relevance"
RANKED = 5000  # hits that can be paged through in the order of relevance; the other orders have no end

RECEIVED, SIGNED, SIGNED_BACK, NUMBER = "by_received", "by_signed", "by_signed_back", "by_number"
KEYS = (RECEIVED, SIGNED, SIGNED_BACK)  # whole numbers below 2**63; NUMBER is a text

_SECONDS_FROM = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
_LAST_SECOND = 2**32 - 1  # in the year 2136
_RECEIVED_BITS, _SIGNED_BITS = 31, 41  # of the id, below 32 bits of a second and 22 of a day
_DIGITS = re.compile(r"\d+")
_LONGEST_NUMBER = 120


@dataclass(frozen=True)
class Order:
    """Sort by the stored `key`, descending or not. key "" is the engine's score, where what came last goes before its equals."""

    key: str
    descending: bool = True


# What a document lacks puts it last, whichever way it goes.
ORDERS: Mapping[str, Order] = {
    RELEVANCE: Order(""),
    "newest_received": Order(RECEIVED),
    "oldest_received": Order(RECEIVED, descending=False),
    "newest_signed": Order(SIGNED),
    "oldest_signed": Order(SIGNED_BACK),
    "number": Order(NUMBER, descending=False),
}


@dataclass(frozen=True)
class Anchor:
    """The hit after which a page begins. key: its place in the order (by relevance: among equal scores). shown: hits up to it.

    score: what it was worth when it was shown; an engine asks what it is worth now, for every new document shifts all scores a little.
    """

    document: str
    score: float
    key: int | str
    shown: int


def anchor(hit: Hit, order: str, shown: int) -> Anchor:
    """Return where the page after `hit` begins."""
    return Anchor(hit.document, hit.score, hit.keys[ORDERS[order].key or RECEIVED], shown)


def order_keys(about: IndexedPage, known: Mapping[str, int] | None = None) -> dict[str, int | str]:
    """Return the places of a document in every order, by stored name. known: its values of ranges, where they were read already."""
    digest = _digest(about)
    own = _own(digest)
    signed = _day((stored_values(about) if known is None else known).get("signed_on", 0))
    mark = own >> (64 - _SIGNED_BITS)
    return {
        RECEIVED: _received(about, own),
        SIGNED: signed << _SIGNED_BITS | mark,
        SIGNED_BACK: (date.max.toordinal() - signed if signed else 0) << _SIGNED_BITS | mark,
        NUMBER: f"{_number(about)}\x1f{digest.hex()[:12]}",
    }


def key_before(moment: datetime) -> int:
    """Return what stands, in the order of receipt, before everything that was received at `moment` or later."""
    return (max(int(moment.timestamp()) - _SECONDS_FROM, 0) << _RECEIVED_BITS) - 1


def in_order(found: list[Candidate], order: str) -> list[Candidate]:
    """Return candidates, exact ones first, in an order."""
    by = ORDERS[order]
    if not by.key:
        return sorted(
            found, key=lambda one: (one.approximate, -one.score, -_received(one.about, _own(_digest(one.about))))
        )
    placed = sorted(found, key=lambda one: order_keys(one.about)[by.key], reverse=by.descending)
    return sorted(placed, key=lambda one: one.approximate)


def _digest(about: IndexedPage) -> bytes:
    return sha256(about.document.encode("utf-8", "replace")).digest()


def _own(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big")


def _received(about: IndexedPage, own: int) -> int:
    return _second(about) << _RECEIVED_BITS | own >> (64 - _RECEIVED_BITS)


def _second(about: IndexedPage) -> int:
    """Return when it was received, in seconds since 2000; 0 where nobody knows."""
    try:
        at = datetime.fromisoformat(about.received_at or about.received_on)
    except ValueError:
        return 0
    return min(max(int(at.replace(tzinfo=at.tzinfo or UTC).timestamp()) - _SECONDS_FROM, 0), _LAST_SECOND)


def _day(value: int) -> int:
    """Return the number of a day written yyyymmdd; 0 where there is none."""
    try:
        return date(value // 10_000, value // 100 % 100, value % 100).toordinal()
    except ValueError:
        return 0


def _number(about: IndexedPage) -> str:
    """Return the contract's number, or else the archive number, so that 9 comes before 10; "1" where there is none."""
    number = about.contract_number or about.archive_number
    if not number:
        return "1"
    spread = _DIGITS.sub(lambda digits: digits[0].zfill(8), number.upper())
    return "0" + spread.encode("utf-8", "replace").decode()[:_LONGEST_NUMBER]
