"""File keys: each document's own key, kept in the database wrapped by the master key."""

import os
from uuid import UUID

from vault.errors import KeyUnusable
from vault.model import FileKey
from vault.ports import MasterKey

KEY_SIZE = 32
_PURPOSE = b"juanzong file key 1:"


class KeyRing:
    """Makes file keys and opens wrapped ones. Forgetting the wrapped key destroys the document in every copy."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    @property
    def key_id(self) -> str:
        """The public name of the master key that wraps new keys."""
        return self._master.key_id

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes for another use than file keys, made from the master key and `purpose`."""
        return self._master.derive(purpose)

    def new(self, owner: UUID) -> tuple[FileKey, bytes]:
        """Return a fresh key for document `owner`, and its wrapped form for the database."""
        secret = os.urandom(KEY_SIZE)
        return FileKey(owner, secret), self._master.wrap(secret, _PURPOSE + owner.bytes)

    def unwrap(self, owner: UUID, wrapped: bytes) -> FileKey:
        """Return the key of document `owner`. Raises KeyUnusable when it is not `owner`'s or not of this master key."""
        secret = self._master.unwrap(wrapped, _PURPOSE + owner.bytes)
        if len(secret) != KEY_SIZE:
            raise KeyUnusable(f"the key of document {owner} is {len(secret)} bytes long, not {KEY_SIZE}")
        return FileKey(owner, secret)
