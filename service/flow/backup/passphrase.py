"""Whose key opens a backup: the master key's ring, or one made from a passphrase that stands in no file of the archive."""

import os
from pathlib import Path
from typing import Any

from service.errors import BadInput
from vault.adapters import passphrase as argon2
from vault.adapters.wrapping import InMemoryKey
from vault.errors import KeyUnusable, ObjectDamaged
from vault.keyring import KeyRing


def read_passphrase(path: Path) -> str:
    """Return the passphrase in a file: its first line. Raises BadInput."""
    try:
        with path.open(encoding="utf-8") as file:
            word = file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the passphrase file {path} cannot be read: {error}") from error
    if len(word) < argon2.SHORTEST:
        raise BadInput(f"the passphrase in {path} needs {argon2.SHORTEST} characters or more")
    return word


def new_ring(keys: KeyRing, passphrase: str) -> tuple[KeyRing, dict[str, Any]]:
    """Return the ring for a new backup, and what its header says of it; without a passphrase that of the master key."""
    if not passphrase:
        return keys, {"master_key_id": keys.key_id}
    costs = {"passes": argon2.PASSES, "memory_kib": argon2.MEMORY_KIB, "lanes": argon2.LANES}
    salt = os.urandom(argon2.SALT_SIZE)
    ring = KeyRing(InMemoryKey(argon2.derive(passphrase, salt, **costs)))
    return ring, {"passphrase": {"salt": salt.hex(), **costs}}


def ring_of(header: dict[str, Any], keys: KeyRing, passphrase: str, path: Path) -> KeyRing:
    """Return the ring that a backup was made with. Raises KeyUnusable (a passphrase is needed), ObjectDamaged."""
    said = header.get("passphrase")
    if said is None:
        return keys
    if not passphrase:
        raise KeyUnusable(f"{path} was sealed with a passphrase: give it with --passphrase-file")
    try:
        salt = bytes.fromhex(said["salt"])
        costs = {name: int(said[name]) for name in ("passes", "memory_kib", "lanes")}
    except (KeyError, TypeError, ValueError):
        raise ObjectDamaged(f"{path} is damaged: salt or costs of its passphrase cannot be read") from None
    if not argon2.allowed(salt, **costs):
        raise ObjectDamaged(f"{path} is damaged: no program of this kind wrote these costs of a passphrase")
    return KeyRing(InMemoryKey(argon2.derive(passphrase, salt, **costs)))
