"""What the vault needs from outside: a place for sealed bytes, and a master key."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol
from uuid import UUID

from vault.model import Lock, Trace


class ObjectStore(Protocol):
    """Write-once store of sealed bytes, named by UUID.

    Every method raises `StoreUnavailable` when the store cannot be reached.
    """

    def put(self, name: UUID, sealed: BinaryIO) -> None:
        """Store everything `sealed` yields under `name`, all or nothing and durable on return.

        Raises ObjectExists if the name is taken. Memory stays constant whatever the size.
        """

    def open(self, name: UUID, start: int = 0, size: int | None = None) -> AbstractContextManager[BinaryIO]:
        """Return a reader of the sealed bytes from byte `start` on, `size` of them at most; nothing else is fetched.

        Beyond the object's end there is nothing to read, which is no error. Raises ObjectMissing.
        """

    def delete(self, name: UUID) -> None:
        """Remove the object, every older version of it and every delete marker. Silent if there is none."""

    def remains(self, name: UUID) -> int:
        """Return how many versions and delete markers of `name` are in the store: 0 proves it is gone."""

    def names(self) -> Iterator[UUID]:
        """Yield the names of all current objects, in no order. Foreign entries are not yielded."""

    def check(self) -> None:
        """Raise StoreUnavailable unless the store answers now."""

    def locks(self) -> str:
        """Return why the store cannot lock objects; "" where it can."""

    def lock(self, name: UUID, lock: Lock) -> None:
        """Keep every version of the object until `lock.until`, and hold it or let go of it as `lock.held` says.

        A retention that ends later is left: only deletion lifts it. Raises LocksNotOffered, ObjectMissing.
        """

    def lock_of(self, name: UUID) -> Lock:
        """Return what keeps the newest version from deletion. Raises ObjectMissing."""

    def survey(self) -> Iterator[Trace]:
        """Yield everything the store has under a UUID: objects (also those that only older versions are left of) and unfinished writes."""

    def drop(self, trace: Trace) -> None:
        """Remove what was found: all of the object, or the unfinished write alone. Silent when it is gone already."""


class MasterKey(Protocol):
    """Wraps and unwraps the 256-bit file keys. The master key itself never leaves its provider."""

    @property
    def key_id(self) -> str:
        """A short public name of this key (not a secret), stored beside what it wrapped."""

    @property
    def root(self) -> bytes:
        """The 32 bytes that `derive` makes all it makes from; a key that follows this one keeps them. They open nothing."""

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes for another use than wrapping: always the same for one `purpose`, and nothing about the key."""

    def wrap(self, file_key: bytes, context: bytes) -> bytes:
        """Return `file_key` (32 bytes) encrypted and bound to `context`."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the 32 bytes. Raises KeyUnusable when this key or context did not wrap them; KeysUnavailable."""
