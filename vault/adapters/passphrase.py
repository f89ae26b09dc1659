"""A master key made from a passphrase with Argon2id (RFC 9106). The file holds salt and costs, not the key."""

import os
import unicodedata
from pathlib import Path
from typing import Self

from vault.adapters import files
from vault.adapters.wrapping import KEY_SIZE, ROOT, InMemoryKey, name_of
from vault.errors import KeyUnusable

FIRST_LINE = "juanzong passphrase 1"
_NOTE = """\
# Salt and costs from which, with the passphrase, the master key is made again. Both are needed: keep a copy of this file.
"""
SHORTEST = 12
# RFC 9106, section 4, second recommended option, with 128 MiB instead of 64: 0.1 to 0.3 seconds, once per process.
PASSES, MEMORY_KIB, LANES = 3, 128 * 1024, 4
# A changed file may neither weaken the derivation nor exhaust the machine.
_PASSES_ALLOWED, _MEMORY_ALLOWED, _LANES_ALLOWED = range(1, 33), range(19 * 1024, 4 * 1024 * 1024 + 1), range(1, 65)
SALT_SIZE = 16


class PassphraseKey(InMemoryKey):
    """The master key made from `passphrase` and the file at `path`. Raises KeyUnusable, also if the passphrase is wrong."""

    def __init__(self, path: Path, passphrase: str) -> None:
        lines = files.read(path, FIRST_LINE)
        try:
            salt = bytes.fromhex(lines["salt"])
            passes, memory_kib, lanes = int(lines["passes"]), int(lines["memory_kib"]), int(lines["lanes"])
        except (KeyError, ValueError):
            raise KeyUnusable(f"the passphrase file {path} is damaged; restore it from your copy") from None
        if not allowed(salt, passes, memory_kib, lanes):
            raise KeyUnusable(f"the passphrase file {path} has costs or a salt that this program never writes")
        secret = derive(passphrase, salt, passes, memory_kib, lanes)
        if name_of(secret) != lines.get("key_id"):
            raise KeyUnusable(f"the passphrase does not fit {path}")
        super().__init__(secret)
        if "root" in lines:
            self.root = self.unwrap(files.hexadecimal(lines["root"], path), ROOT)

    @classmethod
    def create(cls, path: Path, passphrase: str, root: bytes = b"") -> Self:
        """Make a new file for `passphrase` (12 characters or more) and return its key. Raises KeyUnusable; never overwrites.

        root: the old key's, in a rotation.
        """
        if len(passphrase) < SHORTEST:
            raise KeyUnusable(f"a passphrase needs {SHORTEST} characters or more")
        salt = os.urandom(SALT_SIZE)
        secret = derive(passphrase, salt, PASSES, MEMORY_KIB, LANES)
        more = f"root: {InMemoryKey(secret).wrap(root, ROOT).hex()}\n" if root else ""
        files.create(
            path,
            f"{FIRST_LINE}\n{_NOTE}salt: {salt.hex()}\npasses: {PASSES}\nmemory_kib: {MEMORY_KIB}\n"
            f"lanes: {LANES}\nkey_id: {name_of(secret)}\n{more}",
        )
        return cls(path, passphrase)


def allowed(salt: bytes, passes: int, memory_kib: int, lanes: int) -> bool:
    """Return whether salt and costs are within what this program writes, or would accept."""
    within = passes in _PASSES_ALLOWED and memory_kib in _MEMORY_ALLOWED and lanes in _LANES_ALLOWED
    return within and len(salt) == SALT_SIZE


def derive(passphrase: str, salt: bytes, passes: int, memory_kib: int, lanes: int) -> bytes:
    """Return 32 bytes. The passphrase is taken in Unicode form NFC: keyboards differ in how they type the same letter."""
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        unicodedata.normalize("NFC", passphrase).encode(),
        salt,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=lanes,
        hash_len=KEY_SIZE,
        type=Type.ID,
    )
