"""EXPERIMENTAL. A master key in the transit engine of HashiCorp Vault or OpenBao: it is made there, wraps there, never leaves.

Tried against the documented HTTP API, not against a real server. The file at `JUANZONG_KEY_FILE` holds no secret: it
says which server, engine and key, and has the root wrapped by that key.
"""

import base64
import os
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from vault.adapters import files
from vault.adapters.wrapping import KEY_SIZE, ROOT, derived
from vault.errors import KeysUnavailable, KeyUnusable

FIRST_LINE = "juanzong transit 1"
_NOTE = "# The master key is in this server's transit engine; the file opens nothing.\n"
_FORM = b"\x02"
_KIND = "aes256-gcm96"
_TIMEOUT = 10  # seconds


class TransitKey:
    """The key on the server that the file at `path` names; `token` signs in. Raises KeyUnusable."""

    def __init__(self, path: Path, token: str) -> None:
        lines = files.read(path, FIRST_LINE)
        try:
            self._address, self._engine, self.key_id = lines["address"], lines["engine"], lines["key_id"]
            root = files.hexadecimal(lines["root"], path)
        except KeyError:
            raise KeyUnusable(f"the key file {path} is damaged; restore it from your copy") from None
        self._name, self._token = _name_of(self.key_id), token
        try:
            self.root = self.unwrap(root, ROOT)
        except KeysUnavailable as error:  # nothing has begun that could wait
            raise KeyUnusable(str(error)) from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}(key_id={self.key_id!r})"

    @classmethod
    def create(
        cls, path: Path, token: str, address: str, engine: str, root: bytes = b"", *, secret_file: str = ""
    ) -> Self:
        """Make a new key on the server, and a new file that names it. Raises KeyUnusable, KeysUnavailable; never overwrites.

        engine: where the transit engine is mounted. root: the old key's, in a rotation. secret_file: where the token stands.
        """
        parts = urlsplit(address)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise KeyUnusable(f"{address} must begin with https://: file keys travel in what is asked")
        key_id = os.urandom(8).hex()
        _ask(address, token, "create_key", name=_name_of(key_id), key_type=_KIND, exportable=False, mount_point=engine)
        wrapped = _wrap(address, token, engine, _name_of(key_id), root or os.urandom(KEY_SIZE), ROOT)
        more = f"secret_file: {secret_file}\n" if secret_file else ""
        files.create(
            path,
            f"{FIRST_LINE}\n{_NOTE}address: {address}\nengine: {engine}\nkey_id: {key_id}\nroot: {wrapped.hex()}\n{more}",
        )
        return cls(path, token)

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes that depend on the root and `purpose` alone."""
        return derived(self.root, purpose)

    def wrap(self, file_key: bytes, context: bytes) -> bytes:
        """Return form (1 byte) and what the server answered (`vault:v1:…`). Raises KeyUnusable, KeysUnavailable."""
        if len(file_key) != KEY_SIZE:
            raise ValueError(f"a file key has {KEY_SIZE} bytes, not {len(file_key)}")
        return _wrap(self._address, self._token, self._engine, self._name, file_key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the 32 bytes that `wrap` was given with this `context`. Raises KeyUnusable, KeysUnavailable."""
        if not wrapped.startswith(_FORM) or not wrapped.isascii():
            raise KeyUnusable("the wrapped key is cut, or not of a form this program knows")
        asked = {"ciphertext": wrapped[len(_FORM) :].decode("ascii"), "associated_data": _text(_FORM + context)}
        said = _ask(self._address, self._token, "decrypt_data", name=self._name, mount_point=self._engine, **asked)
        try:
            return base64.b64decode(said["data"]["plaintext"], validate=True)
        except (KeyError, TypeError, ValueError):
            raise _odd(self._address) from None


def _wrap(address: str, token: str, engine: str, name: str, file_key: bytes, context: bytes) -> bytes:
    asked = {"plaintext": _text(file_key), "associated_data": _text(_FORM + context)}
    said = _ask(address, token, "encrypt_data", name=name, mount_point=engine, **asked)
    try:
        return _FORM + str(said["data"]["ciphertext"]).encode("ascii")
    except (KeyError, TypeError, ValueError):
        raise _odd(address) from None


def _ask(address: str, token: str, what: str, **given: Any) -> Any:
    """Return what the server says. Raises KeyUnusable: it did, and refuses what it was given; KeysUnavailable: anything else."""
    import hvac  # type: ignore[import-untyped]  # ships no types
    from hvac.exceptions import (  # type: ignore[import-untyped]  # ships no types
        Forbidden,
        InvalidPath,
        InvalidRequest,
        VaultDown,
        VaultError,
    )
    from requests.exceptions import RequestException

    try:
        return getattr(hvac.Client(url=address, token=token, timeout=_TIMEOUT).secrets.transit, what)(**given)
    except Forbidden:
        why = "refuses the token: renew it, or let its policy use the transit key"
    except VaultDown:
        why = "is sealed: unseal it"
    except InvalidPath:
        raise KeyUnusable(f"{address} has no such transit engine or key") from None
    except InvalidRequest as error:
        raise KeyUnusable(f"{address} refused: {error.errors}") from error
    except VaultError as error:
        why = f"refused: {error.errors or type(error).__name__}"
    except RequestException as error:
        why = f"does not answer ({type(error).__name__}): start it, or check the address"
    raise KeysUnavailable(f"{address} {why}")


def _odd(address: str) -> KeysUnavailable:
    return KeysUnavailable(f"{address} answers otherwise than the transit engine's documentation says")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _name_of(key_id: str) -> str:
    return f"juanzong-{key_id}"
