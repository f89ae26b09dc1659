"""Plain values the vault hands out."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class FileKey:
    """A document's own 256-bit key, in memory only. `repr` never shows it."""

    owner: UUID
    secret: bytes

    def __repr__(self) -> str:
        return f"FileKey(owner={self.owner})"


@dataclass(frozen=True)
class Sealed:
    """What was stored: sizes in bytes, SHA-256 of the plaintext in lower-case hexadecimal."""

    name: UUID
    size: int
    sha256: str
    sealed_size: int
