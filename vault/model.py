"""Plain values the vault hands out."""

from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True)
class Lock:
    """What keeps an object from deletion on the store's own side. until: governance retention; held: a legal hold."""

    until: datetime | None = None
    held: bool = False


@dataclass(frozen=True)
class Trace:
    """Something a store has under a name. at: when it was last written; unfinished: the write that it is left of, "" for an object."""

    name: UUID
    at: datetime
    unfinished: str = ""
