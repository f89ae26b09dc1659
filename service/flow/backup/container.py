"""The file of a backup: a zip, stored, whose members are sealed in the vault's format (docs/vault.md).

    backup.json  in the clear: which backup this is, of which form, and how its keys part opens
    rows         the tables but for the keys; a tar of JSON lines
    objects      the sealed objects, each in blocks; a tar. Not there when only the manifest was wanted
    forms        the company's own forms, as they lie in the data directory; a tar. Not there when it has none
    manifest     one JSON line an object, in the order of the objects: name, size, digest, and in which backup it lies
    keys         JSON lines: first the keys of the other parts and what they hold, then the wrapped keys of the documents

Every part is sealed under a fresh key. Those of the others are in the keys part alone, so without it nothing opens, not even
for who has the master key; it may lie in a file of its own. Its own key is wrapped by the master key, or by one that Argon2id
makes from a passphrase.
"""

import contextlib
import io
import json
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast
from uuid import UUID, uuid4

from service.errors import BadInput
from service.flow.backup.passphrase import ring_of
from service.flow.backup.tars import members_of
from vault.envelope import OpeningReader, SealingReader
from vault.errors import KeyUnusable, ObjectDamaged
from vault.keyring import KEY_SIZE, KeyRing
from vault.model import FileKey
from vault.streams import Joined

FORMAT = 1
HEADER, ROWS, OBJECTS, FORMS, MANIFEST, KEYS = "backup.json", "rows", "objects", "forms", "manifest", "keys"
_BLOCK = 1 << 20
_LARGEST_HEADER = 1 << 16
_LONGEST_LINE = 64 << 20
# Whatever `zipfile` makes of a zip that is not as it was written: a changed flag asks for a password or another compression.
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    RuntimeError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


class NotABackup(BadInput):
    """The file is no backup, or one that this program cannot read."""


class Writer:
    """Writes one backup, part by part; the keys part last. `keys_to`: a stream of its own for the keys part."""

    def __init__(self, target: BinaryIO, keys: KeyRing, header: dict[str, Any], keys_to: BinaryIO | None) -> None:
        self.id = uuid4()
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._keys_to = keys_to
        self._key, wrapped = keys.new(self.id)
        said = {"format": FORMAT, "id": str(self.id), **header, "wrapped": wrapped.hex(), "apart": keys_to is not None}
        self._zip.writestr(HEADER, json.dumps(said, indent=1))
        self.parts: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError, ValueError):  # of a backup that failed nothing is kept
            self._zip.close()

    def part(self, name: str, blocks: Iterator[bytes]) -> None:
        """Seal everything that `blocks` yields as one part."""
        part, secret = uuid4(), os.urandom(KEY_SIZE)
        self._seal(name, part, FileKey(part, secret), blocks)
        self.parts[name]["key"] = secret.hex()

    def finish(self, first: dict[str, Any], lines: Iterator[bytes]) -> None:
        """Write the keys part, whose first line says what the other parts are, and end the file."""
        head = json.dumps({**first, "id": str(self.id), "parts": self.parts}, ensure_ascii=False).encode() + b"\n"
        self._seal(KEYS, self.id, self._key, _then(head, lines))
        self._zip.close()

    def _seal(self, name: str, part: UUID, key: FileKey, blocks: Iterator[bytes]) -> None:
        with contextlib.ExitStack() as stack:
            if name == KEYS and self._keys_to is not None:
                out: Any = self._keys_to
            else:
                info = zipfile.ZipInfo(name)  # of 1980: when it was made is nobody's business but the header's
                out = stack.enter_context(self._zip.open(info, "w", force_zip64=True))
            sealed = stack.enter_context(SealingReader(cast("BinaryIO", Joined(blocks)), part, key))
            while block := sealed.read(_BLOCK):
                out.write(block)
            seal = sealed.seal()
        self.parts[name] = {"id": str(part), "size": seal.size, "sha256": seal.sha256}


def _then(head: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from lines


class Reader:
    """One file of a backup, opened. Raises NotABackup, ObjectDamaged, KeyUnusable; the parts are verified as they are read."""

    def __init__(self, path: Path, keys: KeyRing, *, keys_from: Path | None = None, passphrase: str = "") -> None:
        self.path, self._keys_from = path, keys_from
        self.header = header_of(path)
        if self.header["apart"] and keys_from is None:
            raise BadInput(f"the keys part of {path} lies in a file of its own: name it with --keys")
        ring = ring_of(self.header, keys, passphrase, path)
        self.id = UUID(self.header["id"])
        try:
            self._key = ring.unwrap(self.id, bytes.fromhex(self.header["wrapped"]))
        except KeyUnusable:
            sealed_with = self.header.get("master_key_id") or "a passphrase"
            raise KeyUnusable(
                f"{path} was sealed with another key ({sealed_with}): nothing of it can be read"
            ) from None
        with self._open_keys() as lines:
            self.first = _parsed(next(lines, b""), path)
        if self.first.get("id") != str(self.id):
            raise ObjectDamaged(f"{path} is damaged: its keys part belongs to another backup")

    @property
    def has_objects(self) -> bool:
        """Whether it holds objects, and not only what they are."""
        return OBJECTS in self.first["parts"]

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[BinaryIO]:
        """Return a reader of one part but the keys."""
        about = self.first["parts"].get(name)
        if about is None:
            raise ObjectDamaged(f"{self.path} is damaged: it has no part {name}")
        key = FileKey(UUID(about["id"]), bytes.fromhex(about["key"]))
        with self._member(name) as sealed, opened(sealed, key) as plain, _named(self.path):
            yield plain

    def members(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of each member of a part that is a tar."""
        with self.part(name) as plain:
            yield from members_of(plain)

    def manifest(self) -> Iterator[dict[str, Any]]:
        """Yield the line of each object."""
        with self.part(MANIFEST) as plain:
            for line in plain:
                yield _parsed(line, self.path)

    def key_lines(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of the keys part but the first."""
        with self._open_keys() as lines:
            next(lines)
            for line in lines:
                yield _parsed(line, self.path)

    @contextlib.contextmanager
    def _open_keys(self) -> Iterator[Iterator[bytes]]:
        with contextlib.ExitStack() as stack:
            if self._keys_from is not None:
                sealed = stack.enter_context(_file(self._keys_from))
            else:
                sealed = stack.enter_context(self._member(KEYS))
            plain = stack.enter_context(opened(sealed, self._key))
            stack.enter_context(_named(self._keys_from or self.path))
            yield iter(lambda: plain.readline(_LONGEST_LINE), b"")

    @contextlib.contextmanager
    def _member(self, name: str) -> Iterator[BinaryIO]:
        with _zip(self.path) as archive:
            try:
                member = archive.open(name)
            except KeyError:
                raise ObjectDamaged(f"{self.path} is damaged: its part {name} is gone") from None
            with member:
                yield cast("BinaryIO", member)


@contextlib.contextmanager
def opened(sealed: BinaryIO, key: FileKey) -> Iterator[BinaryIO]:
    """Return a buffered reader of the plaintext of a part."""
    with io.BufferedReader(OpeningReader(sealed, key.owner, key), _BLOCK) as plain:
        yield plain


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of which file a part does not open."""
    try:
        yield
    except (ObjectDamaged, *_BROKEN) as error:
        raise ObjectDamaged(f"{path} is damaged or cut off: {error}") from error


@contextlib.contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    with file:
        yield file


@contextlib.contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    with _file(path) as file:
        begins = file.read(4)
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
        except _BROKEN as error:
            if begins == b"PK\3\4":
                raise ObjectDamaged(f"{path} is damaged or cut off: {error}") from error
            raise NotABackup(f"{path} is no backup of this program") from error


def header_of(path: Path) -> dict[str, Any]:
    """Return what a backup says of itself in the clear. Raises NotABackup, ObjectDamaged, BadInput (it cannot be read)."""
    with _zip(path) as archive:
        try:
            with archive.open(HEADER) as member:
                said = json.loads(member.read(_LARGEST_HEADER))
        except (KeyError, ValueError):
            raise NotABackup(f"{path} is no backup of this program") from None
    if not isinstance(said, dict) or not isinstance(said.get("format"), int):
        raise NotABackup(f"{path} is no backup of this program")
    if said["format"] > FORMAT:
        raise NotABackup(f"{path} is of a newer program than this one (format {said['format']}): install that")
    try:
        UUID(said["id"])
        bytes.fromhex(said["wrapped"])
        whole = isinstance(said["apart"], bool) and isinstance(said["form"], str)
    except (KeyError, TypeError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise ObjectDamaged(f"{path} is damaged: {HEADER} in it does not say what it should")
    return said


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ObjectDamaged(f"{path} is damaged: a line of it cannot be read")
    return value
