"""Mend: an object that a reader got from the replica, because the store has it no more as it was, is put back from there."""

import logging
from collections.abc import Callable
from uuid import UUID

from service.errors import KNOWN_ERRORS
from service.flow.common.objects import after, is_kept, state_of, stores
from service.house import House
from service.records import audit
from service.records.tables import ObjectState, Rendition
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing
from vault.replica import copy

log = logging.getLogger("juanzong.mend")
_BATCH = 50


def note(house: House, name: str, what: str) -> None:
    """Note that an object is missing or damaged in the store and was read from the replica; once, until it is mended.

    Raises nothing: the reader has what they wanted, and the next one notes it again.
    """
    try:
        with house.database.write() as session:
            row = session.get(Rendition, name)
            if row is None or not is_kept(session, name):
                return
            state = state_of(session, name)
            if state.noticed != what:
                state.noticed = what
                detail = {"object": name, "place": "store", "what": what, "repaired": False, "read": "replica"}
                audit.append(session, "system", "check.damage", f"document:{row.document_id}", detail)
    except KNOWN_ERRORS as error:
        log.warning("object %s is %s, which could not be noted: %s", name, what, error)


def mend_noticed(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Put back what readers found broken, until `go_on` says no; returns how many objects. Raises StoreUnavailable, DatabaseUnavailable."""
    places = stores(house)
    if "replica" not in places:
        return 0
    done, last = 0, ""
    while go_on():
        with house.database.read() as session:
            batch = after(session, last, _BATCH, ObjectState.noticed != "")
        if not batch:
            break
        for known in batch:
            last = known.name
            try:
                copy(places["replica"], places["store"], UUID(known.name), known.key(house), known.sha256, known.lock)
            except (ObjectMissing, ObjectDamaged, KeyUnusable) as error:
                log.warning("an object of %s cannot be mended: %s", known.owner, error)
                continue
            with house.database.write() as session:
                kept = is_kept(session, known.name)
                if kept:
                    state = state_of(session, known.name)
                    detail = {"object": known.name, "place": "store", "what": state.noticed, "repaired": True}
                    state.noticed = ""
                    audit.append(session, "system", "check.damage", f"document:{known.owner}", detail)
            if not kept:  # destroyed while it was mended
                house.vault.delete(UUID(known.name))
            done += kept
    return done
