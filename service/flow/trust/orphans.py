"""Orphans: what the stores hold that no document owns, and parts of writes that died.

Before a byte of an object is written, a row of the database names it. So what no row names was never acknowledged, or was put
there by somebody else; what a row names that is still being received is never touched.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from service.access.policy import Actor
from service.flow.common.objects import leaving, owners, stores
from service.flow.trust.checkpoints import demand_ours
from service.house import House
from service.records import audit
from service.records.checkpoints import is_checkpoint
from service.records.tables import Rendition, Stack
from vault.errors import StoreUnavailable
from vault.model import Trace

#: Younger ones stay, whatever the database says: their writer may use another one, or a copy that was restored.
OLD = timedelta(hours=24)


@dataclass(frozen=True)
class Orphan:
    """Something nobody owns. place: store or replica. unfinished: the write that it is left of, "" for an object."""

    place: str
    name: UUID
    at: datetime
    unfinished: str


def find_orphans(house: House, unreached: list[str] | None = None) -> list[Orphan]:
    """Return everything that nobody owns, in both stores. Raises StoreUnavailable.

    unreached: where it is given, it is told why the replica was not looked at, which then is no error.
    """
    return _unowned(house, _seen(house, unreached))


def _seen(house: House, unreached: list[str] | None = None) -> list[tuple[str, Trace]]:
    """Return all that lies in the stores, by store."""
    found: list[tuple[str, Trace]] = []
    for place, store in stores(house).items():
        try:
            found += [(place, trace) for trace in store.survey()]
        except StoreUnavailable as error:
            if place == "store" or unreached is None:
                raise
            unreached.append(str(error))
    return found


def _unowned(house: House, found: list[tuple[str, Trace]]) -> list[Orphan]:
    # The stores are listed before the database is asked: what arrives meanwhile is known to it.
    with house.database.read() as session:
        known = owners(session).keys() | leaving(session)
        arriving = set(session.scalars(select(Rendition.id).where(Rendition.state.in_(("pending", "renewing")))))
        arriving |= set(session.scalars(select(Stack.id).where(Stack.state == "receiving")))
    return [
        Orphan(place, trace.name, trace.at, trace.unfinished)
        for place, trace in found
        if str(trace.name) not in (arriving if trace.unfinished else known) and not is_checkpoint(trace.name)
    ]


def demand_removable(house: House) -> None:
    """Raise RuleRefused where another archive's objects, or those of a later day than the database's, may be among the orphans."""
    demand_ours(house, (trace.name for _, trace in _seen(house, [])))


def remove_orphans(house: House, actor: Actor, older_than: timedelta = OLD) -> tuple[list[Orphan], list[Orphan]]:
    """Remove what nobody owns and is older than that; returns (removed, left).

    The age of what lies in a store is its store's clock's. Raises StoreUnavailable; what was removed by then is noted. Raises
    RuleRefused as `demand_removable` does.
    """
    limit = house.clock.now() - older_than
    seen = _seen(house)
    demand_ours(house, (trace.name for _, trace in seen))
    found = _unowned(house, seen)
    old = [orphan for orphan in found if orphan.at < limit]
    places = stores(house)
    removed: list[Orphan] = []
    try:
        for orphan in old:
            places[orphan.place].drop(Trace(orphan.name, orphan.at, orphan.unfinished))
            removed.append(orphan)
    finally:
        if removed:
            with house.database.write() as session:
                detail = {
                    "objects": [str(orphan.name) for orphan in removed if not orphan.unfinished][:100],
                    "unfinished": sum(bool(orphan.unfinished) for orphan in removed),
                    "removed": len(removed),
                }
                audit.append(session, actor.name, "check.orphans", "store", detail)
    return removed, [orphan for orphan in found if orphan not in removed]
