"""The master key in its place, the one that is to follow it, and those it followed: `master.key`, `.next`, `.old-ID`.

Each is a small file; its first line says which provider has the key. A running process sees a new file the next time it
makes a key or meets one that none of its own opens, so that a rotation needs no restart.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from vault.adapters import files, keyfile, passphrase, pkcs11, transit
from vault.errors import KeyUnusable
from vault.ports import MasterKey

PROVIDERS = {
    keyfile.FIRST_LINE: "key file",
    passphrase.FIRST_LINE: "passphrase",
    pkcs11.FIRST_LINE: "PKCS#11",
    transit.FIRST_LINE: "transit",
}


def provider_of(path: Path) -> str:
    """Return what kind of key the file at `path` is or leads to, as people call it. Raises KeyUnusable."""
    return PROVIDERS.get(files.first_line(path), "key file")


def open_key(path: Path, secret_file: Path | None) -> MasterKey:
    """Return the master key that the file at `path` is or leads to. Raises KeyUnusable, with the provider's name.

    secret_file: where passphrase or PIN stands, for a provider that needs one and whose file does not say where.
    """
    line = files.first_line(path)
    try:
        if line in (pkcs11.FIRST_LINE, transit.FIRST_LINE):
            own = files.read(path, line).get("secret_file")
            place = Path(own) if own else secret_file
            if line == pkcs11.FIRST_LINE:
                return pkcs11.Pkcs11Key(path, files.secret_in(place, "the token's PIN"))
            return transit.TransitKey(path, files.secret_in(place, "the server's token"))
        if line == passphrase.FIRST_LINE:
            return passphrase.PassphraseKey(path, files.secret_in(secret_file, "the passphrase"))
        return keyfile.KeyFile(path)
    except KeyUnusable as error:
        raise KeyUnusable(f"{PROVIDERS.get(line, 'key file')}: {error}") from error


class KeyFolder:
    """The keys at `path` and beside it; `next` is where the one lies that is to follow.

    key_opener: opens one file; it is asked once for each key.
    """

    def __init__(self, path: Path, key_opener: Callable[[Path], MasterKey]) -> None:
        self.path, self._open = path, key_opener
        self.next = path.with_name(f"{path.name}.next")
        self._seen: list[tuple[int, int]] = []
        self._keys: list[MasterKey] = []
        self._old: dict[Path, MasterKey] = {}
        self.current()

    def current(self) -> MasterKey:
        """Return the key that wraps now: the one that is to follow, where there is one. Raises KeyUnusable."""
        while self._seen != (seen := self._look()):
            try:
                keys = [self._open(path) for path in (self.next, self.path) if path.exists()]
            except KeyUnusable:
                if seen == self._look():
                    raise
                continue  # the files changed places while they were read
            if not keys:
                raise KeyUnusable(f"there is no master key at {self.path}: put it back from your copy")
            if seen == self._look():
                self._keys, self._seen = keys, seen
        return self._keys[0]

    def candidates(self) -> Iterator[MasterKey]:
        """Yield every key there is, the likeliest first. One it followed that cannot be opened any more is passed over."""
        self.current()
        yield from self._keys
        for path in sorted(self.path.parent.glob(f"{self.path.name}.old-*")):
            if path not in self._old:
                with suppress(KeyUnusable):
                    self._old[path] = self._open(path)
            if path in self._old:
                yield self._old[path]

    def finish(self) -> None:
        """Put the key that follows in the place of the one it follows, whose file is kept beside it. Does nothing without one."""
        if not self.next.exists():
            return
        self.current()
        old = self._keys[1].key_id
        files.put_in_place(self.path, self.next, self.path.with_name(f"{self.path.name}.old-{old}"))

    def _look(self) -> list[tuple[int, int]]:
        found = []
        for path in (self.next, self.path):
            try:
                stat = path.stat()
                found.append((stat.st_ino, stat.st_mtime_ns))
            except OSError:
                found.append((0, 0))
        return found
