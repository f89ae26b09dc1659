"""Reading on from a second store where the first has an object no more, or no more as it was sealed."""

import io
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from uuid import UUID

from vault.envelope import HEADER_SIZE, OpeningReader
from vault.errors import ObjectDamaged, ObjectMissing, StoreUnavailable
from vault.model import FileKey
from vault.ports import ObjectStore
from vault.streams import Buffer

#: Told of an object that the first store did not give: its name, and "missing" or "damaged".
Notice = Callable[[UUID, str], None]


class SparedReader(io.RawIOBase):
    """Reads `size` bytes of plaintext (all, without one) from byte `start` on, each chunk verified, out of the first store that has it.

    Where a store breaks off, the next goes on with the very byte. Raises what the first one raised when none has it sound.
    """

    def __init__(
        self,
        stores: Sequence[ObjectStore],
        name: UUID,
        key: FileKey,
        notice: Notice,
        start: int = 0,
        size: int | None = None,
    ) -> None:
        super().__init__()
        self._waiting, self._name, self._key, self._notice = list(stores), name, key, notice
        self._at, self._left = start, size
        self._opened = ExitStack()
        self._plain: OpeningReader
        self._turn_to_next(None)

    def _turn_to_next(self, error: ObjectMissing | ObjectDamaged | None) -> None:
        while self._waiting:
            store = self._waiting.pop(0)
            self._opened.close()
            try:
                self._plain = self._open(store)
            except (ObjectMissing, ObjectDamaged) as why:
                error = error or why
            except StoreUnavailable:
                if error is None:  # a store that is down has lost nothing
                    raise
            else:
                if error is not None:
                    self._notice(self._name, "missing" if isinstance(error, ObjectMissing) else "damaged")
                return
        if error is not None:
            raise error

    def _open(self, store: ObjectStore) -> OpeningReader:
        if not self._at and self._left is None:
            return OpeningReader(self._opened.enter_context(store.open(self._name)), self._name, self._key)
        with store.open(self._name, 0, HEADER_SIZE) as header:
            plain = OpeningReader(header, self._name, self._key)
        number, start, size = plain.span(self._at, self._left or 1)
        part = store.open(self._name, start, None if self._left is None else size)
        plain.go_on(number, self._opened.enter_context(part))
        skip = plain.offset_in_chunk(self._at)
        while skip:
            got = plain.readinto(bytearray(skip))
            if not got:
                raise self._too_short()
            skip -= got
        return plain

    def _too_short(self) -> ObjectDamaged:
        return ObjectDamaged(f"object {self._name} is damaged: it is shorter than what was sealed")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Put verified plaintext into `buffer` and return how many bytes; 0 at the end. Raises ObjectDamaged, ObjectMissing."""
        view = memoryview(buffer).cast("B")[: self._left]
        if not view:
            return 0
        while True:
            try:
                got = self._plain.readinto(view)
                if not got and self._left:
                    raise self._too_short()
                break
            except (ObjectMissing, ObjectDamaged) as error:
                self._turn_to_next(error)
        self._at += got
        if self._left is not None:
            self._left -= got
        return got

    def close(self) -> None:
        """Let go of what was opened."""
        if not self.closed:
            self._opened.close()
        super().close()
