"""Locks: what the rules keep from destruction, the object store keeps, too, where it can (S3 object lock).

An archived file's objects have governance retention until its due date, and a legal hold while one of our holds stands on it.
The database says what should be; whatever differs from what a store was told is told it. A lock is a second fence, not the
first: no destruction begins without the rules' consent, and the one that they agreed to lifts the locks.
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Date, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from retention.schedule import PERMANENT
from service.errors import DatabaseUnavailable
from service.flow.common.objects import FOR_EVER, LEAVING, midnight, state_of, stores
from service.house import House
from service.records.tables import CaseFile, Document, Hold, HoldFile, ObjectState, Rendition
from vault.errors import LocksNotOffered, ObjectMissing, StoreUnavailable
from vault.model import Lock
from vault.ports import ObjectStore

_NEVER = date(1, 1, 1)
_BATCH = 500
_MOMENT = 2.0


@dataclass(frozen=True)
class _Wanted:
    name: str
    until: date | None
    held: bool


def offers(house: House) -> dict[str, str]:
    """Return for each store why it offers no locks, "" where it does. Raises StoreUnavailable."""
    return {place: store.locks() for place, store in stores(house).items()}


def lock_soon(house: House, case_file_ids: Iterable[str]) -> None:
    """Lock what these files hold, as far as that goes within a moment; the worker does the rest, also when a store is down."""
    end = time.monotonic() + _MOMENT
    with contextlib.suppress(StoreUnavailable, DatabaseUnavailable):
        for case_file_id in case_file_ids:
            lock_waiting(house, case_file_id, lambda: time.monotonic() < end)


def lock_waiting(house: House, case_file_id: str | None = None, go_on: Callable[[], bool] = lambda: True) -> int:
    """Tell the stores what they were not told yet, of one file or of all, until `go_on` says no; returns how many objects.

    Can be run twice, and by two at once. Raises StoreUnavailable: the next call goes on. Where no store offers locks nothing is done.
    """
    locker = _Locker(house)
    if not locker.offering:
        return 0
    done = 0
    today = datetime.now(UTC).date()  # the store's calendar is the real one, also where ours was moved
    last = ""
    while True:
        with house.database.read() as session:
            waiting = _differing(session, today, last, case_file_id)
        if not waiting:
            return done
        for wanted in waiting:
            if not go_on():
                return done
            locker.lock(wanted)
            done, last = done + 1, wanted.name


def _differing(session: Session, today: date, last: str, case_file_id: str | None) -> list[_Wanted]:
    """Return what should be of the objects of which a store was told otherwise."""
    stands = exists(
        select(HoldFile.hold_id)
        .join(Hold, Hold.id == HoldFile.hold_id)
        .where(HoldFile.case_file_id == Document.case_file_id, Hold.released_at.is_(None))
    )
    archived = CaseFile.state.in_(("archived", "leaving"))
    until = case(
        (and_(archived, CaseFile.retention == PERMANENT), literal(FOR_EVER, Date)),
        (archived, CaseFile.due_on),
        else_=None,
    )
    held = func.coalesce(ObjectState.held, "")
    query = (
        select(Rendition.id, until, stands)
        .join(Document, Document.id == Rendition.document_id)
        .outerjoin(CaseFile, CaseFile.id == Document.case_file_id)
        .outerjoin(ObjectState, ObjectState.name == Rendition.id)
        .where(
            Rendition.state == "kept",
            Document.status.not_in(LEAVING),
            Rendition.id > last,
            or_(
                and_(until > today, until > func.coalesce(ObjectState.locked_until, _NEVER)),
                and_(stands, held != "held"),
                and_(~stands, held != ""),
            ),
        )
    )
    if case_file_id is not None:
        query = query.where(Document.case_file_id == case_file_id)
    rows = session.execute(query.order_by(Rendition.id).limit(_BATCH)).all()
    return [_Wanted(name, end if end is not None and end > today else None, bool(hold)) for name, end, hold in rows]


class _Locker:
    """Tells the stores. One look at whether they offer locks, and whether the replica is there, serves many objects."""

    def __init__(self, house: House) -> None:
        self._house, self._behind = house, False
        self.offering: dict[str, ObjectStore] = {}
        for place, store in stores(house).items():
            try:
                if not store.locks():
                    self.offering[place] = store
            except StoreUnavailable:
                if place == "store":
                    raise
                self._behind = True

    def lock(self, wanted: _Wanted) -> None:
        """Lock one object. That a hold may stand is noted before a store is asked for it, so that whoever lifts it knows it is ours."""
        if wanted.held:
            with self._house.database.write() as session:
                state_of(session, wanted.name).held = "unsure"
        for place, store in list(self.offering.items()):
            try:
                store.lock(UUID(wanted.name), Lock(midnight(wanted.until), wanted.held))
            except ObjectMissing:
                if place == "store":
                    return  # fixity says so
            except StoreUnavailable:
                if place == "store":
                    raise
                self._behind = True
                del self.offering[place]
        self._note(wanted)

    def _note(self, wanted: _Wanted) -> None:
        """A replica that did not answer gets its lock with the next look at its copy; a hold is not gone before it is gone there."""
        with self._house.database.write() as session:
            state = state_of(session, wanted.name)
            state.held = "held" if wanted.held else "unsure" if self._behind else ""
            if wanted.until is not None:
                state.locked_until = wanted.until
            if self._behind:
                state.copied_to = ""


def let_go(house: House, names: list[str]) -> None:
    """Lift the legal holds of ours from objects that are to be destroyed; one that somebody else set stays, and stops it.

    Retention is lifted by the deletion itself. Raises StoreUnavailable.
    """
    with house.database.read() as session:
        held = list(
            session.scalars(select(ObjectState.name).where(ObjectState.name.in_(names), ObjectState.held != ""))
        )
    for name in held:
        try:
            house.vault.store.lock(UUID(name), Lock())
        except (ObjectMissing, LocksNotOffered):
            continue
