"""Wrong attempts to sign in: slowed down where they come from, so that nobody can lock another person out for long.

Three counts stand side by side. An account from one place: five wrong ones, and that place waits a minute for that account, then two,
four … fifteen. An account from everywhere: twenty, and for a quarter of an hour only the places from which its owner came in
lately are heard. A place into any account: sixty in a quarter of an hour, and it is not answered at all until that has passed.
What is tried while it waits counts for nothing, so a wait never grows by itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from service.errors import TooManyRequests
from service.records.tables import SignInTally

EVERYWHERE = ANYBODY = "*"
FROM_ONE_PLACE, FROM_EVERYWHERE, INTO_ANY_ACCOUNT = 5, 20, 60
LONGEST = timedelta(minutes=15)
#: After so long without a wrong attempt they are forgotten; so long ago may somebody have signed in from a place that is known.
FORGET, KNOWN = timedelta(hours=1), timedelta(days=30)


def wait_after(failures: int) -> timedelta:
    """Return how long a place waits for an account after so many wrong attempts: none, then 1, 2, 4, 8 and at most 15 minutes."""
    if failures < FROM_ONE_PLACE:
        return timedelta()
    return min(timedelta(minutes=2 ** min(failures - FROM_ONE_PLACE, 10)), LONGEST)


def place_of(address: str) -> str:
    """Return under what an address is counted: itself, or the /64 of an IPv6 address, of which one sender has all."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)


@dataclass(frozen=True)
class Locked:
    """An account that does not answer: to one place or, place ``*``, to all unknown ones. until: when that is over."""

    place: str
    failures: int
    until: datetime


def demand_place(session: Session, place: str, now: datetime) -> None:
    """Raise TooManyRequests while a place has tried too many accounts. Asked first: it spares the cost of hashing."""
    tally = session.get(SignInTally, (ANYBODY, place))
    if tally is not None and tally.blocked_until is not None and tally.blocked_until > now:
        seconds = int((tally.blocked_until - now).total_seconds()) + 1
        raise TooManyRequests(
            "too many wrong attempts to sign in from this address: wait a quarter of an hour", seconds
        )


def is_blocked(session: Session, person_id: str, place: str, now: datetime) -> bool:
    """Return whether an account does not listen to a place at this moment."""
    here = session.get(SignInTally, (person_id, place))
    if here is not None and here.blocked_until is not None and here.blocked_until > now:
        return True
    all_over = session.get(SignInTally, (person_id, EVERYWHERE))
    blocked = all_over is not None and all_over.blocked_until is not None and all_over.blocked_until > now
    return blocked and not _is_known(here, now)


def _is_known(tally: SignInTally | None, now: datetime) -> bool:
    return tally is not None and tally.signed_in_at is not None and tally.signed_in_at > now - KNOWN


def count_failure(session: Session, person_id: str | None, place: str, now: datetime) -> None:
    """Count a wrong attempt. person_id: None for a name that is nobody's.

    Called after the entry in the audit trail was made: its lock lets one writer at a time come here.
    """
    any_account = _add(session, ANYBODY, place, now, window=LONGEST)
    if any_account.failures >= INTO_ANY_ACCOUNT:
        any_account.blocked_until = now + LONGEST
    if person_id is not None:
        here = _add(session, person_id, place, now)
        here.blocked_until = now + wait_after(here.failures) if wait_after(here.failures) else None
        if not _is_known(here, now):
            all_over = _add(session, person_id, EVERYWHERE, now)
            if all_over.failures >= FROM_EVERYWHERE:
                all_over.blocked_until = now + LONGEST
    old = SignInTally.failed_at < now - FORGET
    strange = or_(SignInTally.signed_in_at.is_(None), SignInTally.signed_in_at < now - KNOWN)
    session.execute(delete(SignInTally).where(old, strange))


def _add(session: Session, person_id: str, place: str, now: datetime, window: timedelta | None = None) -> SignInTally:
    # Read anew: what was read before the trail's lock may be what another writer has changed since.
    tally = session.get(SignInTally, (person_id, place), populate_existing=True)
    if tally is None:
        tally = SignInTally(person_id=person_id, place=place, failures=0)
        session.add(tally)
    begun = tally.since if window else tally.failed_at
    if begun is None or begun < now - (window or FORGET):
        tally.failures, tally.since = 0, now
    tally.failures += 1
    tally.failed_at = now
    session.flush()
    return tally


def count_success(session: Session, person_id: str, place: str, now: datetime) -> None:
    """Note that a person came in from a place: it is known from now on, and its wrong attempts are forgotten."""
    tally = session.get(SignInTally, (person_id, place), populate_existing=True)
    if tally is None:
        tally = SignInTally(person_id=person_id, place=place)
        session.add(tally)
    tally.failures, tally.since, tally.failed_at, tally.blocked_until = 0, None, None, None
    tally.signed_in_at = now


def locked(session: Session, person_id: str, now: datetime) -> list[Locked]:
    """Return from where an account does not answer now."""
    query = select(SignInTally).where(SignInTally.person_id == person_id, SignInTally.blocked_until > now)
    return [
        Locked(tally.place, tally.failures, tally.blocked_until)
        for tally in session.scalars(query.order_by(SignInTally.place))
        if tally.blocked_until is not None
    ]


def locked_people(session: Session, now: datetime) -> frozenset[str]:
    """Return the ids of those whose account does not answer to some place now."""
    query = select(SignInTally.person_id).where(SignInTally.person_id != ANYBODY, SignInTally.blocked_until > now)
    return frozenset(session.scalars(query))


def unlock(session: Session, person_id: str) -> int:
    """Forget the wrong attempts into an account, from all places; returns how many places were made to wait."""
    found = list(session.scalars(select(SignInTally).where(SignInTally.person_id == person_id)))
    freed = sum(tally.blocked_until is not None for tally in found)
    for tally in found:
        tally.failures, tally.since, tally.failed_at, tally.blocked_until = 0, None, None, None
    return freed
