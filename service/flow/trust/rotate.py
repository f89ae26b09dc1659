"""Rotate: every wrapped key in the database is wrapped anew by another master key, while the service runs.

Objects are not touched. Killed at any moment, each row is wrapped by the old key or by the new one, and both are at hand
until the last row is done: the next call goes on. Whatever a running process wraps meanwhile by the old key is found by the
next pass over all rows, or opened by the old key's file, which stays beside the new one.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, bindparam, func, select, update

from service.access.policy import Actor
from service.errors import RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import whole
from vault.adapters.keyfolder import KeyFolder
from vault.errors import KeyUnusable

Progress = Callable[[int, int], None]
_BATCH = 500


class Place(NamedTuple):
    """Where wrapped keys are: the column that says whose, the wrapped key, and the name of its master key where noted."""

    owner: Column[Any]
    wrapped: Column[Any]
    master: Column[Any] | None = None


def _place(table: str, owner: str, wrapped: str, master: str = "") -> Place:
    columns = whole().tables[table].c
    return Place(columns[owner], columns[wrapped], columns[master] if master else None)


#: Every wrapped key there is; what a document has more (small pictures, page texts) is sealed under the same key.
PLACES = (
    _place("wrapped_keys", "document_id", "wrapped", "master_key_id"),
    _place("key_renewals", "document_id", "wrapped", "master_key_id"),
    _place("second_factors", "person_id", "wrapped", "master_key_id"),
    _place("audit_keys", "id", "wrapped", "master_key_id"),
    _place("stacks", "id", "key"),
    _place("uploads", "id", "key"),
)


@dataclass
class Pass:
    """One walk over all wrapped keys. changed: of how many the wrapped form was renewed. lost: those that no key opens."""

    keys: int = 0
    changed: int = 0
    lost: list[str] = field(default_factory=list)


def rotate(
    house: House, actor: Actor, keys: KeyFolder, make: Callable[[Path, bytes], object], progress: Progress | None = None
) -> Pass:
    """Wrap everything by a new master key, or go on with a rotation that was broken off; the old key's file stays beside it.

    make: makes the new key's file at a path, with the root it is given. Returns what was done in all.
    Raises KeyUnusable (nothing is begun), RuleRefused (another rotation runs), DatabaseUnavailable (run it again).
    """
    with _alone(keys.path):
        resumed = keys.next.exists()
        if not resumed:
            make(keys.next, keys.current().root)
        new, old = [key.key_id for key in keys.candidates()][:2]
        subject, names = f"master-key:{new}", {"from": old, "to": new}
        with house.database.write() as session:
            audit.append(session, actor.name, "keys.rotate_begin", subject, {**names, "resumed": resumed})
        total = Pass()
        while (done := rewrap(house, progress)).changed:
            total.changed += done.changed
        total.keys, total.lost = done.keys, done.lost
        if done.lost:  # they are lost only where both keys work: a token may have been pulled out
            for key in [*keys.candidates()][:2]:
                key.unwrap(key.wrap(bytes(32), b"probe"), b"probe")
        with house.database.write() as session:
            detail = {**names, "keys": total.keys, "rewrapped": total.changed, "lost": total.lost[:100]}
            audit.append(session, actor.name, "keys.rotate", subject, detail)
        keys.finish()
        house.database.scrub()
    return total


def count(house: House) -> dict[str, int]:
    """Return how many wrapped keys each master key has by what is noted; "" for those where nothing is noted."""
    found: dict[str, int] = {}
    with house.database.read() as session:
        for place in PLACES:
            if place.master is None:
                rows = [("", session.scalar(select(func.count()).where(place.wrapped.is_not(None))) or 0)]
            else:
                rows = [
                    tuple(row) for row in session.execute(select(place.master, func.count()).group_by(place.master))
                ]
            for name, number in rows:
                found[name] = found.get(name, 0) + number
    return {name: number for name, number in found.items() if number}


def rewrap(house: House, progress: Progress | None = None) -> Pass:
    """Wrap by the present master key whatever another one wrapped, in the order of ids. Raises DatabaseUnavailable."""
    done, total = Pass(), sum(count(house).values())
    for place in PLACES:
        position = ""
        while (last := _some(house, place, position, done)) is not None:
            position = last
            if progress is not None:
                progress(done.keys, max(total, done.keys))
    return done


def _some(house: House, place: Place, position: str, done: Pass) -> str | None:
    """Take the next few rows in one short transaction, so that nobody waits long; returns the last one's id, None at the end."""
    master = place.master if place.master is not None else place.owner
    with house.database.write() as session:
        query = select(place.owner, place.wrapped, master).where(place.owner > position, place.wrapped.is_not(None))
        rows = session.execute(query.order_by(place.owner).limit(_BATCH).with_for_update()).all()
        changed = []
        for owner, wrapped, noted in rows:
            done.keys += 1
            try:
                new, name = house.keys.rewrap(UUID(owner), wrapped)
            except KeyUnusable:
                done.lost.append(owner)
                continue
            if new != wrapped or (place.master is not None and noted != name):
                changed.append({"whose": owner, "new": new, "name": name})
        if changed:
            values: dict[str, Any] = {place.wrapped.key: bindparam("new")}
            if place.master is not None:
                values[place.master.key] = bindparam("name")
            else:
                changed = [{"whose": row["whose"], "new": row["new"]} for row in changed]
            session.connection().execute(
                update(place.owner.table).where(place.owner == bindparam("whose")).values(values), changed
            )
            done.changed += len(changed)
    return rows[-1][0] if rows else None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let only one process rotate at a time; a killed one lets go."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuleRefused("another rotation of the master key is running") from None
        yield
    finally:
        os.close(folder)
