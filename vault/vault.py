"""The vault: plaintext goes in and comes out, the store only ever sees sealed bytes."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from typing import BinaryIO, cast
from uuid import UUID

from vault.envelope import CHUNK_SIZE, HEADER_SIZE, OpeningReader, RangeReader, SealingReader
from vault.errors import ObjectDamaged
from vault.model import FileKey, Sealed
from vault.ports import ObjectStore
from vault.spare import Notice, SparedReader
from vault.suites import AES_256_GCM


class Vault:
    """Seals and opens objects of any size in constant memory. Every method raises StoreUnavailable.

    suite: what new objects are sealed with; each says with what it was sealed. spare: a second store, which `open`, `open_range` and
    `read` turn to where the first has lost an object or damaged it; `notice` is told then.
    """

    def __init__(self, store: ObjectStore, suite: int = AES_256_GCM, spare: ObjectStore | None = None) -> None:
        self.store, self.suite, self.spare = store, suite, spare
        self.notice: Notice = lambda _name, _what: None

    def put(self, name: UUID, key: FileKey, plain: BinaryIO) -> Sealed:
        """Seal everything `plain` yields, from where it stands, and store it under `name`; durable on return.

        All or nothing: when `plain` raises, that error passes through and nothing is stored. Raises ObjectExists.
        """
        with SealingReader(plain, name, key, suite=self.suite) as sealed:
            self.store.put(name, cast("BinaryIO", sealed))
            return sealed.seal()

    @contextmanager
    def open(self, name: UUID, key: FileKey) -> Iterator[BinaryIO]:
        """Return a reader of the plaintext (not seekable), every byte verified before it is given out.

        Raises ObjectMissing; ObjectDamaged here or while reading: what was read so far is sound, the rest is lost.
        """
        if self.spare is not None:
            with io.BufferedReader(self._spared(name, key), CHUNK_SIZE) as plain:
                yield plain
            return
        with self._open_first(name, key) as plain:
            yield plain

    @contextmanager
    def _open_first(self, name: UUID, key: FileKey) -> Iterator[BinaryIO]:
        with (
            self.store.open(name) as sealed,
            io.BufferedReader(OpeningReader(sealed, name, key), CHUNK_SIZE) as plain,
        ):
            yield plain

    @contextmanager
    def open_range(self, name: UUID, key: FileKey, start: int, size: int) -> Iterator[BinaryIO]:
        """Return a reader of the `size` plaintext bytes from byte `start` on, which the object must have.

        Only the header and the chunks that these bytes lie in are fetched and opened, each verified as by `open`.
        Raises ObjectMissing; ObjectDamaged here or while reading, also when the object ends before.
        """
        if self.spare is not None:
            with self._spared(name, key, start, size) as part:
                yield cast("BinaryIO", part)
            return
        with self.store.open(name, 0, HEADER_SIZE) as header:
            plain = OpeningReader(header, name, key)
        number, sealed_start, sealed_size = plain.span(start, size)
        with self.store.open(name, sealed_start, sealed_size) as chunks:
            plain.go_on(number, chunks)
            yield cast("BinaryIO", RangeReader(plain, name, plain.offset_in_chunk(start), size))

    def _spared(self, name: UUID, key: FileKey, start: int = 0, size: int | None = None) -> SparedReader:
        stores = [self.store] if self.spare is None else [self.store, self.spare]
        return SparedReader(stores, name, key, self.notice, start, size)

    def read(self, name: UUID, key: FileKey) -> bytes:
        """Return the whole plaintext, in memory. Raises as `open`."""
        with self.open(name, key) as plain:
            return plain.read()

    def verify(self, name: UUID, key: FileKey, plain_sha256: str) -> None:
        """Check that the object opens to its last byte and holds exactly what was once sealed. No spare helps out.

        plain_sha256: lower-case hexadecimal, as `put` told it. Raises ObjectMissing, ObjectDamaged.
        """
        with self._open_first(name, key) as plain:
            if file_digest(cast("io.BufferedReader", plain), "sha256").hexdigest() != plain_sha256:
                raise ObjectDamaged(f"object {name} is damaged: it holds other bytes than those once sealed")

    def delete(self, name: UUID) -> None:
        """Remove the object and every version of it. Silent if there is none."""
        self.store.delete(name)

    def remains(self, name: UUID) -> int:
        """Return how many versions, delete markers and unfinished writes of `name` are left: 0 proves it is gone."""
        return self.store.remains(name)
