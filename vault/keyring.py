"""File keys: each document's own key, kept in the database wrapped by the master key."""

import os
from collections.abc import Iterable, Iterator
from typing import Protocol
from uuid import UUID

from vault.errors import KeysUnavailable, KeyUnusable
from vault.model import FileKey
from vault.ports import MasterKey

KEY_SIZE = 32
_PURPOSE = b"juanzong file key 1:"


class MasterKeys(Protocol):
    """Several master keys, as long as one follows another. Both methods raise KeyUnusable, KeysUnavailable."""

    def current(self) -> MasterKey:
        """Return the one that wraps from now on."""

    def candidates(self) -> Iterable[MasterKey]:
        """Return all of them, the likeliest first."""


class KeyRing:
    """Makes file keys and opens wrapped ones. Forgetting the wrapped key destroys the document in every copy.

    others: the keys that `master` follows or is followed by; what one of them wrapped is opened, too.
    """

    def __init__(self, master: MasterKey, others: MasterKeys | None = None) -> None:
        self._master, self._others = master, others

    @property
    def key_id(self) -> str:
        """The public name of the master key that wraps new keys."""
        return self._master.key_id

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes for another use than file keys, made from the master key and `purpose`."""
        return self._master.derive(purpose)

    def new(self, owner: UUID) -> tuple[FileKey, bytes]:
        """Return a fresh key for document `owner`, and its wrapped form for the database."""
        if self._others is not None:
            self._master = self._others.current()
        secret = os.urandom(KEY_SIZE)
        return FileKey(owner, secret), self._master.wrap(secret, _PURPOSE + owner.bytes)

    def knows(self, key_id: str) -> bool:
        """Return whether a master key of this name is at hand."""
        return key_id == self.key_id or any(key.key_id == key_id for key in self._candidates())

    def rewrap(self, owner: UUID, wrapped: bytes) -> tuple[bytes, str]:
        """Return a wrapped key as the present master key wraps it, as it is where it does so already, and that key's name.

        Raises KeyUnusable when no master key at hand wrapped it; KeysUnavailable.
        """
        now = self._master if self._others is None else self._others.current()
        try:
            now.unwrap(wrapped, _PURPOSE + owner.bytes)
        except KeyUnusable:
            wrapped = now.wrap(self.unwrap(owner, wrapped).secret, _PURPOSE + owner.bytes)
        return wrapped, now.key_id

    def _candidates(self) -> Iterable[MasterKey]:
        return () if self._others is None else self._others.candidates()

    def _unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        why: KeyUnusable | KeysUnavailable
        try:
            return self._master.unwrap(wrapped, context)
        except (KeyUnusable, KeysUnavailable) as error:
            why = error
        others = iter(self._candidates())
        while (key := self._next(others)) is not None:
            try:
                return key.unwrap(wrapped, context)
            except KeyUnusable:
                continue
            except KeysUnavailable as error:  # it may be this one's: what cannot be tried is not damaged
                why = error
        raise why

    def _next(self, others: Iterator[MasterKey]) -> MasterKey | None:
        """Return the next key; None at the end. Raises KeysUnavailable: the files that lead to them cannot be used now."""
        try:
            return next(others, None)
        except KeyUnusable as error:
            raise KeysUnavailable(str(error)) from error

    def unwrap(self, owner: UUID, wrapped: bytes) -> FileKey:
        """Return the key of document `owner`. Raises KeyUnusable when it is not `owner`'s or not of this master key; KeysUnavailable."""
        secret = self._unwrap(wrapped, _PURPOSE + owner.bytes)
        if len(secret) != KEY_SIZE:
            raise KeyUnusable(f"the key of document {owner} is {len(secret)} bytes long, not {KEY_SIZE}")
        return FileKey(owner, secret)
