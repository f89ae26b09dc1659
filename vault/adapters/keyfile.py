"""A master key in a file of mode 0600."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Self

from vault.adapters import files
from vault.adapters.wrapping import KEY_SIZE, InMemoryKey
from vault.errors import KeyUnusable

_FIRST_LINE = "juanzong master key 1"
_NOTE = """\
# This key opens every sealed document of the archive. Whoever has it and the objects can read them all;
# without it nobody can, and nothing brings it back. Keep a copy in a safe, never in the same backup as the objects.
"""


class KeyFile(InMemoryKey):
    """The master key in the file at `path`. Raises KeyUnusable: missing, open to others, damaged, or not a key file."""

    def __init__(self, path: Path) -> None:
        lines = files.read(path, _FIRST_LINE)
        try:
            secret = bytes.fromhex(lines.get("key", ""))
        except ValueError:
            secret = b""
        if len(secret) != KEY_SIZE or lines.get("check") != _check(secret):
            raise KeyUnusable(
                f"the key in {path} is damaged: its check value does not match; restore it from your copy"
            )
        super().__init__(secret)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new key in a new file and return it. Raises KeyUnusable; never overwrites."""
        secret = os.urandom(KEY_SIZE)
        files.create(path, f"{_FIRST_LINE}\n{_NOTE}key: {secret.hex()}\ncheck: {_check(secret)}\n")
        return cls(path)


def _check(secret: bytes) -> str:
    """Return 32 bits that show a slip in copying the key by hand."""
    return sha256(b"juanzong key check 1:" + secret).hexdigest()[:8]
