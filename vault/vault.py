"""The vault: plaintext goes in and comes out, the store only ever sees sealed bytes."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import BinaryIO, cast
from uuid import UUID

from vault.envelope import CHUNK_SIZE, OpeningReader, SealingReader
from vault.errors import ObjectDamaged
from vault.model import FileKey, Sealed
from vault.ports import ObjectStore

_BLOCK_SIZE = 1024 * 1024


class Vault:
    """Seals and opens objects of any size in constant memory. Every method raises StoreUnavailable."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    def put(self, name: UUID, key: FileKey, plain: BinaryIO) -> Sealed:
        """Seal everything `plain` yields, from where it stands, and store it under `name`; durable on return.

        All or nothing: when `plain` raises, that error passes through and nothing is stored. Raises ObjectExists.
        """
        with SealingReader(plain, name, key) as sealed:
            self.store.put(name, cast("BinaryIO", sealed))
            return sealed.seal()

    @contextmanager
    def open(self, name: UUID, key: FileKey) -> Iterator[BinaryIO]:
        """Return a reader of the plaintext (not seekable), every byte verified before it is given out.

        Raises ObjectMissing; ObjectDamaged here or while reading: what was read so far is sound, the rest is lost.
        """
        with (
            self.store.open(name) as sealed,
            io.BufferedReader(OpeningReader(sealed, name, key), CHUNK_SIZE) as plain,
        ):
            yield plain

    def read(self, name: UUID, key: FileKey) -> bytes:
        """Return the whole plaintext, in memory. Raises as `open`."""
        with self.open(name, key) as plain:
            return plain.read()

    def verify(self, name: UUID, sealed_sha256: str, sealed_size: int) -> None:
        """Check that the stored bytes are still those once written. Needs no key.

        Raises ObjectMissing, ObjectDamaged.
        """
        digest, size = sha256(), 0
        with self.store.open(name) as sealed:
            while size <= sealed_size and (block := sealed.read(_BLOCK_SIZE)):
                digest.update(block)
                size += len(block)
        if size != sealed_size:
            has = "more" if size > sealed_size else str(size)
            raise ObjectDamaged(f"object {name} is damaged: {sealed_size} bytes were stored, it has {has}")
        if digest.hexdigest() != sealed_sha256:
            raise ObjectDamaged(f"object {name} is damaged: its bytes are not those that were stored")

    def delete(self, name: UUID) -> None:
        """Remove the object and every version of it. Silent if there is none."""
        self.store.delete(name)

    def remains(self, name: UUID) -> int:
        """Return how many versions, delete markers and unfinished writes of `name` are left: 0 proves it is gone."""
        return self.store.remains(name)
