"""Replicate: every object is copied to the replica in the background, as it is sealed, and read there again before it counts."""

import logging
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import or_

from service.flow.common.objects import Known, after, is_kept, state_of, stores
from service.house import House
from service.records.tables import ObjectState
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing
from vault.replica import copy

log = logging.getLogger("juanzong.replica")
_BATCH = 50


def copy_waiting(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Copy what the replica does not have yet, until `go_on` says no; returns how many objects were copied.

    An object that is damaged itself is not copied; fixity names it. Killed at any moment, the next call goes on.
    Raises StoreUnavailable, DatabaseUnavailable.
    """
    place, last, done = house.settings.replica_place, "", 0
    if not place:
        return 0
    not_there = or_(ObjectState.copied_to.is_(None), ObjectState.copied_to != place)
    while go_on():
        with house.database.read() as session:
            batch = after(session, last, _BATCH, not_there)
        if not batch:
            break
        for known in batch:
            if not go_on():
                break
            done += _copy(house, known, place)
            last = known.name
    return done


def _copy(house: House, known: Known, place: str) -> bool:
    here = stores(house)
    name = UUID(known.name)
    try:
        copy(here["store"], here["replica"], name, known.key(house), known.sha256, known.lock)
    except (ObjectMissing, ObjectDamaged, KeyUnusable) as error:
        with house.database.read() as session:
            if is_kept(session, known.name):
                log.warning("an object of %s is not copied: %s", known.owner, error)
        return False
    with house.database.write() as session:
        kept = is_kept(session, known.name)
        if kept:
            state_of(session, known.name).copied_to = place
    if not kept:  # destroyed while it was copied
        here["replica"].delete(name)
    return kept
