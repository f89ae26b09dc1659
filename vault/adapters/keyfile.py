"""A master key in a file of mode 0600."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Self

from vault.adapters import files
from vault.adapters.wrapping import KEY_SIZE, InMemoryKey
from vault.errors import KeyUnusable

FIRST_LINE = "juanzong master key 1"
_NOTE = """\
# This key opens every sealed document of the archive. Whoever has it and the objects can read them all;
# without it nobody can, and nothing brings it back. Keep a copy in a safe, never in the same backup as the objects.
"""


class KeyFile(InMemoryKey):
    """The master key in the file at `path`. Raises KeyUnusable: missing, open to others, damaged, or not a key file."""

    def __init__(self, path: Path) -> None:
        lines = files.read(path, FIRST_LINE)
        try:
            secret, root = bytes.fromhex(lines.get("key", "")), bytes.fromhex(lines.get("root", ""))
        except ValueError:
            secret = root = b""
        sound = len(secret) == KEY_SIZE and len(root) in (0, KEY_SIZE)
        if not sound or lines.get("check") != _check(secret + root):
            raise KeyUnusable(
                f"the key in {path} is damaged: its check value does not match; restore it from your copy"
            )
        super().__init__(secret, root or None)

    @classmethod
    def create(cls, path: Path, root: bytes = b"") -> Self:
        """Make a new key in a new file and return it. root: the old key's, in a rotation. Raises KeyUnusable; never overwrites."""
        secret = os.urandom(KEY_SIZE)
        more = f"root: {root.hex()}\n" if root else ""
        files.create(path, f"{FIRST_LINE}\n{_NOTE}key: {secret.hex()}\n{more}check: {_check(secret + root)}\n")
        return cls(path)


def _check(secret: bytes) -> str:
    """Return 32 bits that show a slip in copying the key by hand."""
    return sha256(b"juanzong key check 1:" + secret).hexdigest()[:8]
