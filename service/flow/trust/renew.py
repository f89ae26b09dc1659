"""Renew: a document's file key gives way to a new one, because somebody may have copied it. What it sealed is sealed anew.

Each step is found again by what stands in the database, so that a process killed anywhere leaves a readable document and the
next sweep goes on:

1. A row of `key_renewals` holds the new key, wrapped. The document is read with the old one.
2. Every object is sealed under the new key as an object of its own, locked as the old one is. Its rendition is `renewing`, and is there
   before its first byte.
3. In one transaction the new key takes the place of the old one, which then is nowhere, `renewing` becomes `kept` and `kept`
   becomes `leaving`. The row of step 1 goes.
4. What is leaving loses its locks and goes from the stores with all its versions; then its rows go.

What was copied before cannot be called back: who has the old key and an old copy of an object reads that copy.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID, uuid5

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.access.policy import Actor
from service.errors import KNOWN_ERRORS, DatabaseUnavailable, NotFound, RuleRefused
from service.flow.common import claims
from service.flow.common.guard import require
from service.flow.common.locks import let_go
from service.flow.common.objects import midnight, state_of, stores
from service.flow.intake.process import READ
from service.house import SYSTEM, House
from service.records import audit
from service.records.tables import Document, KeyRenewal, ObjectState, Rendition, WrappedKey, new_id
from vault.errors import KeyUnusable, ObjectDamaged, ObjectMissing, StoreUnavailable
from vault.model import Lock, Sealed

log = logging.getLogger("juanzong.renew")
_RENEWABLE = ("received", *READ)
_BEGUN = ("renewing", "leaving")


@dataclass(frozen=True)
class Renewed:
    """objects: how many are sealed under the new key. removed: whether the old ones have gone from all stores; else they follow."""

    document_id: str
    objects: int
    removed: bool


def renew(house: House, actor: Actor, document_id: str, reason: str) -> Renewed:
    """Give a document a new file key, or go on with a renewal that was broken off.

    Raises NotFound, NotAllowed, RuleRefused (it is being read, or somebody is at it); ObjectDamaged, ObjectMissing, KeyUnusable: an
    object of it cannot be opened, and the old key stays; StoreUnavailable, DatabaseUnavailable: the next sweep goes on.
    """
    require(actor, "keys.renew")
    if not reason.strip():
        raise RuleRefused("a key is renewed for a reason: say which")
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is None or document.status in ("receiving", "destroyed"):
            raise NotFound(f"there is no document {document_id}")
        if document.status not in _RENEWABLE or claims.is_held(document, house.clock.now()):
            raise RuleRefused("somebody is at work on the document: try again when it is read")
        if session.scalar(select(KeyRenewal.id).where(KeyRenewal.document_id == document_id)) is None:
            _begin(house, session, actor, document_id, reason.strip())
        claims.take(document, house.clock.now())
    return _claimed(house, document_id)


def _begin(house: House, session: Session, actor: Actor, document_id: str, reason: str) -> None:
    _key, wrapped = house.keys.new(UUID(document_id))
    session.add(
        KeyRenewal(
            document_id=document_id,
            id=new_id(),
            wrapped=wrapped,
            master_key_id=house.keys.key_id,
            reason=reason,
            begun_by=actor.name,
            begun_at=house.clock.now(),
        )
    )
    audit.append(session, actor.name, "keys.renew_begin", f"document:{document_id}", {"reason": reason})


def resume(house: House, go_on: Callable[[], bool] = lambda: True) -> int:
    """Go on with the renewals that were broken off, until `go_on` says no; returns how many were finished. One holds up no other."""
    done = 0
    for document_id in broken_off(house):
        if not go_on():
            break
        try:
            if _take(house, document_id):
                done += _claimed(house, document_id).removed
        except KNOWN_ERRORS as error:
            log.warning("the renewal of the key of document %s waits: %s", document_id, error)
    return done


def broken_off(house: House) -> list[str]:
    """Return the documents whose renewal has begun and is not finished."""
    begun = select(KeyRenewal.document_id).union(select(Rendition.document_id).where(Rendition.state.in_(_BEGUN)))
    with house.database.read() as session:
        query = select(Document.id).where(Document.id.in_(begun), Document.status.in_(_RENEWABLE))
        return list(session.scalars(query.order_by(Document.id)))


def _take(house: House, document_id: str) -> bool:
    with house.database.write() as session:
        document = session.get(Document, document_id, with_for_update={"of": Document})
        if document is None or document.status not in _RENEWABLE or claims.is_held(document, house.clock.now()):
            return False
        claims.take(document, house.clock.now())
        return True


def _claimed(house: House, document_id: str) -> Renewed:
    """Do what is left to do for a document that this thread has claimed, and give it free."""
    try:
        with house.database.read() as session:
            renewal = session.get(KeyRenewal, document_id)
        if renewal is not None:
            try:
                _seal_anew(house, renewal)
                _put_into_force(house, renewal)
            except (ObjectDamaged, ObjectMissing, KeyUnusable) as error:
                _withdraw(house, document_id, error)
        return Renewed(document_id, _kept(house, document_id), _remove(house, document_id))
    finally:
        claims.give_up(document_id)
        with contextlib.suppress(DatabaseUnavailable), house.database.write() as session:
            document = session.get(Document, document_id)
            if document is not None and document.claimed_by == claims.me():
                claims.release(document)


def _ours(session: Session, document_id: str) -> Document:
    """Return the document, locked, if it is still there and still ours. Raises RuleRefused."""
    document = session.get(Document, document_id, with_for_update={"of": Document})
    if document is None or document.status not in _RENEWABLE or document.claimed_by != claims.me():
        raise RuleRefused("the document was destroyed, withdrawn or read anew meanwhile")
    return document


def _rows(session: Session, document_id: str, *states: str) -> Sequence[Rendition]:
    query = select(Rendition).where(Rendition.document_id == document_id, Rendition.state.in_(states))
    return session.scalars(query.order_by(Rendition.id)).all()


def successor(renewal: KeyRenewal, name: str) -> str:
    """Return the name of the object that takes the place of the one called `name`; it is the same whenever it is asked for."""
    return str(uuid5(UUID(renewal.id), name))


def _seal_anew(house: House, renewal: KeyRenewal) -> None:
    """Second step, again and again until nothing is left to do."""
    owner = UUID(renewal.document_id)
    with house.database.read() as session:
        old = house.keys.unwrap(owner, session.get_one(WrappedKey, renewal.document_id).wrapped)
    new = house.keys.unwrap(owner, renewal.wrapped)
    store = stores(house)["store"]
    locks = not store.locks()
    for row in _intended(house, renewal):
        name = UUID(successor(renewal, row.id))
        let_go(house, [str(name)])  # what a broken-off call may have left; no replica has it before it is kept
        store.delete(name)
        with house.vault.open(UUID(row.id), old) as plain:
            sealed = house.vault.put(name, new, plain)
        if sealed.sha256 != row.sha256:
            raise ObjectDamaged(f"object {row.id} is damaged: it holds other bytes than those once sealed")
        if locks:
            _lock(house, row.id, str(name))
        _note(house, renewal.document_id, sealed)


def _intended(house: House, renewal: KeyRenewal) -> list[Rendition]:
    """Return what is to be sealed anew, each with its successor's row beside it; successors of what is no more are left to go."""
    with house.database.write() as session:
        document = _ours(session, renewal.document_id)
        claims.take(document, house.clock.now())
        begun = {row.id: row for row in _rows(session, renewal.document_id, "renewing")}
        wanted = {successor(renewal, row.id): row for row in _rows(session, renewal.document_id, "kept")}
        for name in begun.keys() - wanted.keys():
            begun[name].state = "leaving"
        for name in wanted.keys() - begun.keys():
            row = wanted[name]
            session.add(
                Rendition(
                    id=name,
                    document_id=row.document_id,
                    kind=row.kind,
                    page=row.page,
                    media_type=row.media_type,
                    state="renewing",
                )
            )
        return [row for name, row in wanted.items() if name not in begun or not begun[name].sha256]


def _lock(house: House, old: str, new: str) -> None:
    """Lock the new object as the old one is, so that there is no moment without; a replica's is locked when it is copied."""
    with house.database.write() as session:
        before = session.get(ObjectState, old)
        if before is None or (before.locked_until is None and not before.held):
            return
        state = state_of(session, new)
        state.held = "unsure" if before.held else ""
        until, held = before.locked_until, before.held
    stores(house)["store"].lock(UUID(new), Lock(midnight(until), held != ""))
    with house.database.write() as session:
        state = state_of(session, new)
        state.locked_until, state.held = until, held


def _note(house: House, document_id: str, sealed: Sealed) -> None:
    """Note in the database what the store now holds. Raises RuleRefused: the object has gone again."""
    try:
        with house.database.write() as session:
            claims.take(_ours(session, document_id), house.clock.now())
            row = session.get_one(Rendition, str(sealed.name))
            row.size, row.sha256, row.sealed_size = sealed.size, sealed.sha256, sealed.sealed_size
    except RuleRefused:
        let_go(house, [str(sealed.name)])
        house.vault.delete(sealed.name)
        raise


def _put_into_force(house: House, renewal: KeyRenewal) -> None:
    """Third step: all of it or nothing. What was begun under the old key and never kept leaves, too."""
    with house.database.write() as session:
        document = _ours(session, renewal.document_id)
        now = session.get_one(KeyRenewal, renewal.document_id, with_for_update=True)
        new = {row.id: row for row in _rows(session, renewal.document_id, "renewing")}
        old = _rows(session, renewal.document_id, "kept", "pending")
        for row in old:
            if row.state == "kept":
                follower = new[successor(renewal, row.id)]
                follower.state, follower.quality = "kept", row.quality
            row.state = "leaving"
        key = session.get_one(WrappedKey, renewal.document_id, with_for_update=True)
        key.wrapped, key.master_key_id = now.wrapped, now.master_key_id  # a rotation may have wrapped it anew
        session.delete(now)
        claims.take(document, house.clock.now())
        detail = {"reason": now.reason, "objects": len(new)}
        audit.append(session, now.begun_by, "keys.renew", f"document:{renewal.document_id}", detail)
    house.database.scrub()  # the old wrapped key is not to be found in the files of the database


def _withdraw(house: House, document_id: str, error: Exception) -> NoReturn:
    """Give up: the document cannot be sealed anew as it is. The old key stays, what was begun goes."""
    with house.database.write() as session:
        _ours(session, document_id)
        for row in _rows(session, document_id, "renewing"):
            row.state = "leaving"
        session.execute(delete(KeyRenewal).where(KeyRenewal.document_id == document_id))
        audit.append(session, SYSTEM.name, "keys.renew_failed", f"document:{document_id}", {"error": str(error)})
    _remove(house, document_id)
    raise error


def _kept(house: House, document_id: str) -> int:
    with house.database.read() as session:
        return len(_rows(session, document_id, "kept"))


def _remove(house: House, document_id: str) -> bool:
    """Last step; returns whether all is gone. What a store does not let go of now, the next sweep asks it for again."""
    with house.database.read() as session:
        names = [row.id for row in _rows(session, document_id, "leaving")]
    if not names:
        return True
    try:
        let_go(house, names)
        for name in names:
            house.vault.delete(UUID(name))
        if any(house.vault.remains(UUID(name)) for name in names):
            return False
    except StoreUnavailable as error:
        log.warning("what the old key of document %s sealed is not removed yet: %s", document_id, error)
        return False
    with house.database.write() as session:
        _ours(session, document_id)
        session.execute(delete(Rendition).where(Rendition.id.in_(names)))
        session.execute(delete(ObjectState).where(ObjectState.name.in_(names)))
        detail = {"objects": len(names)}
        audit.append(session, SYSTEM.name, "keys.renew_end", f"document:{document_id}", detail)
    return True
