"""Two stores as one: everything is written to the first, copied to the second in the background, and deleted from both."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from typing import BinaryIO
from uuid import UUID

from vault.errors import LocksNotOffered, ObjectDamaged, ObjectExists, ObjectMissing
from vault.model import FileKey, Lock, Trace
from vault.ports import ObjectStore
from vault.vault import Vault


class Replicated:
    """An `ObjectStore` that reads and writes `first`. What must be gone, and what must stay, concerns `second`, too.

    `second` may be down without anybody noticing who only reads and writes.
    """

    def __init__(self, first: ObjectStore, second: ObjectStore) -> None:
        self.first, self.second = first, second

    def put(self, name: UUID, sealed: BinaryIO) -> None:
        """Store it in the first."""
        self.first.put(name, sealed)

    def open(self, name: UUID, start: int = 0, size: int | None = None) -> AbstractContextManager[BinaryIO]:
        """Return a reader of the first's."""
        return self.first.open(name, start, size)

    def delete(self, name: UUID) -> None:
        """Remove it from both, first from the one that is read."""
        self.first.delete(name)
        self.second.delete(name)

    def remains(self, name: UUID) -> int:
        """Return what is left of it in both."""
        return self.first.remains(name) + self.second.remains(name)

    def names(self) -> Iterator[UUID]:
        """Yield the first's."""
        return self.first.names()

    def check(self) -> None:
        """Raise StoreUnavailable unless the first answers."""
        self.first.check()

    def locks(self) -> str:
        """Return why neither can lock objects; "" where one can."""
        why = self.first.locks()
        return why if why and self.second.locks() else ""

    def lock(self, name: UUID, lock: Lock) -> None:
        """Lock it wherever locks are offered; what is not copied yet is locked when it is."""
        offered = False
        for store, needed in ((self.first, True), (self.second, False)):
            if store.locks():
                continue
            offered = True
            try:
                store.lock(name, lock)
            except ObjectMissing:
                if needed:
                    raise
        if not offered:
            raise LocksNotOffered(f"object {name} cannot be locked: {self.locks()}")

    def lock_of(self, name: UUID) -> Lock:
        """Return the first's."""
        return self.first.lock_of(name)

    def survey(self) -> Iterator[Trace]:
        """Yield what the first has."""
        return self.first.survey()

    def drop(self, trace: Trace) -> None:
        """Remove what was found in the first."""
        self.first.drop(trace)


def copy(source: ObjectStore, target: ObjectStore, name: UUID, key: FileKey, plain_sha256: str, lock: Lock) -> None:
    """Make `target` have the object as `source` has it, locked as `lock` says and as it was locked before.

    What the target has under the name goes first, unless it is sound. The copy is read to its last byte before it counts.
    Raises ObjectMissing, ObjectDamaged (the source's is no better: then the target's is left as it is), StoreUnavailable.
    """
    if not is_sound(target, name, key, plain_sha256):
        Vault(source).verify(name, key, plain_sha256)
        lock = _clear(target, name, lock)
        with source.open(name) as sealed, suppress(ObjectExists):  # another copier was faster
            target.put(name, sealed)
        Vault(target).verify(name, key, plain_sha256)
    if not target.locks():
        target.lock(name, lock)


def is_sound(store: ObjectStore, name: UUID, key: FileKey, plain_sha256: str) -> bool:
    """Return whether the store has exactly what was once sealed under this name. Raises StoreUnavailable."""
    try:
        Vault(store).verify(name, key, plain_sha256)
    except (ObjectMissing, ObjectDamaged):
        return False
    return True


def _clear(target: ObjectStore, name: UUID, lock: Lock) -> Lock:
    """Remove all the target has under the name; returns `lock`, made no weaker than what had kept it."""
    if not target.remains(name):
        return lock
    if not target.locks():
        with suppress(ObjectMissing):  # delete markers, or parts, are all there is
            before = target.lock_of(name)
            ends = [until for until in (before.until, lock.until) if until is not None]
            lock = Lock(max(ends, default=None), before.held or lock.held)
            target.lock(name, Lock())
    target.delete(name)
    return lock
