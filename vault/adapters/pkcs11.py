"""A master key inside a PKCS#11 token (HSM, smart card): it is made there, wraps there, and never leaves it.

The file at `JUANZONG_KEY_FILE` holds no secret: it says which module, token and key, and has the root wrapped by that key.
"""

import os
from pathlib import Path
from threading import Lock
from typing import Any, Self

from vault.adapters import files
from vault.adapters.wrapping import FORM, KEY_SIZE, NONCE_SIZE, ROOT, derived, parts_of
from vault.errors import KeysUnavailable, KeyUnusable

FIRST_LINE = "juanzong pkcs11 1"
_NOTE = (
    "# The master key is in this token; the file opens nothing. Whoever has the token and its PIN can use the key.\n"
)
_TAG_BITS = 128
_ID_SIZE = 8
_LABEL = "juanzong master key"


class Pkcs11Key:
    """The key in the token that the file at `path` names; `pin` logs in. Raises KeyUnusable.

    Used by one thread at a time: a session of a token does one thing at once. A forked process logs in for itself.
    """

    def __init__(self, path: Path, pin: str) -> None:
        lines = files.read(path, FIRST_LINE)
        try:
            self._module, self._token, self.key_id = lines["module"], lines["token"], lines["key_id"]
            self._id, root = bytes.fromhex(self.key_id), files.hexadecimal(lines["root"], path)
        except (KeyError, ValueError):
            raise KeyUnusable(f"the key file {path} is damaged; restore it from your copy") from None
        self._pin, self._lock, self._process = pin, Lock(), 0
        self._wrapped_root, self.root = root, b""
        self._key: Any = None
        try:
            self.root = self.unwrap(root, ROOT)
        except KeysUnavailable as error:  # nothing has begun that could wait
            raise KeyUnusable(str(error)) from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}(key_id={self.key_id!r})"

    @classmethod
    def create(cls, path: Path, pin: str, module: str, token: str, root: bytes = b"", *, secret_file: str = "") -> Self:
        """Make a new key in the token called `token`, and a new file that names it. Raises KeyUnusable; never overwrites.

        module: path of the token's PKCS#11 library. root: the old key's, in a rotation. secret_file: where the PIN stands.
        """
        import pkcs11

        identity = os.urandom(_ID_SIZE)
        inside = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
        try:
            session = _log_in(module, token, pin, writing=True)
            try:
                key = session.generate_key(
                    pkcs11.KeyType.AES, KEY_SIZE * 8, id=identity, label=_LABEL, store=True, template=inside
                )
                wrapped = _wrap(key, root or os.urandom(KEY_SIZE), ROOT)
            finally:
                session.close()
        except pkcs11.PKCS11Error as error:
            raise _unusable(token, error) from error
        more = f"secret_file: {secret_file}\n" if secret_file else ""
        files.create(
            path,
            f"{FIRST_LINE}\n{_NOTE}module: {module}\ntoken: {token}\nkey_id: {identity.hex()}\n"
            f"root: {wrapped.hex()}\n{more}",
        )
        return cls(path, pin)

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes that depend on the root and `purpose` alone."""
        return derived(self.root, purpose)

    def wrap(self, file_key: bytes, context: bytes) -> bytes:
        """Return form (1 byte), nonce (12), sealed key (32) and tag (16), made in the token. Raises KeyUnusable, KeysUnavailable."""
        if len(file_key) != KEY_SIZE:
            raise ValueError(f"a file key has {KEY_SIZE} bytes, not {len(file_key)}")
        return self._in_token(_wrap, file_key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the 32 bytes that `wrap` was given with this `context`, opened in the token. Raises KeyUnusable, KeysUnavailable."""
        nonce, sealed = parts_of(wrapped)
        return self._in_token(_unwrap, nonce, sealed, context)

    def _in_token(self, do: Any, *given: bytes) -> bytes:
        import pkcs11
        from pkcs11 import exceptions

        handles = (exceptions.SessionHandleInvalid, exceptions.ObjectHandleInvalid, exceptions.KeyHandleInvalid)
        gone = (*handles, exceptions.SessionClosed, exceptions.DeviceRemoved)
        with self._lock:
            try:
                if self._key is None or self._process != os.getpid():
                    self._open()
                try:
                    done: bytes = do(self._key, *given)
                except gone:  # the token was away and is there again
                    self._open()
                    done = do(self._key, *given)
            except pkcs11.PKCS11Error as error:
                why = _unusable(self._token, error)
                raise (why if self._works() else KeysUnavailable(str(why))) from error
            return done

    def _works(self) -> bool:
        """Return whether the token opens what it is known to have wrapped: modules give one error for damage and for their own trouble."""
        import pkcs11

        try:
            return self._key is not None and _unwrap(self._key, *parts_of(self._wrapped_root), ROOT) == self.root
        except pkcs11.PKCS11Error:
            return False

    def _open(self) -> None:
        import pkcs11

        self._key = None  # until it is found, the next call looks for it again
        if self._process:  # forked: the module must be told, what it knew was the parent's
            pkcs11.lib(self._module).reinitialize()
        self._key = _log_in(self._module, self._token, self._pin).get_key(id=self._id)
        self._process = os.getpid()


def _log_in(module: str, token: str, pin: str, *, writing: bool = False) -> Any:
    import pkcs11
    from pkcs11 import exceptions

    found = pkcs11.lib(module).get_token(token_label=token)
    try:
        return found.open(rw=writing, user_pin=pin)
    except exceptions.UserAlreadyLoggedIn:  # logging in counts for a whole process
        return found.open(rw=writing)


def _wrap(key: Any, file_key: bytes, context: bytes) -> bytes:
    from pkcs11 import GCMParams, Mechanism

    nonce = os.urandom(NONCE_SIZE)
    bound_to = GCMParams(nonce, FORM + context, _TAG_BITS)
    sealed: bytes = key.encrypt(file_key, mechanism=Mechanism.AES_GCM, mechanism_param=bound_to)
    return FORM + nonce + sealed


def _unwrap(key: Any, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
    from pkcs11 import GCMParams, Mechanism

    bound_to = GCMParams(nonce, FORM + context, _TAG_BITS)
    opened: bytes = key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=bound_to)
    return opened


def _unusable(token: str, error: Exception) -> KeyUnusable:
    why = {
        "PinIncorrect": "the PIN is wrong: correct it before you try again, tokens lock themselves after a few attempts",
        "PinLocked": "the token is locked: its security officer must set a new PIN",
        "NoSuchToken": "no such token is plugged in",
        "NoSuchKey": "the token does not have the archive's master key",
    }.get(type(error).__name__, f"{error or type(error).__name__}")
    return KeyUnusable(f"token {token!r}: {why}")
