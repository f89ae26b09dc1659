"""Wrapping with a 256-bit key held in memory: AES-256-GCM under a random nonce, bound to a context."""

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from vault.errors import KeyUnusable

KEY_SIZE = 32
#: What the root is wrapped for where it lies in a file beside a key that is not in that file.
ROOT = b"juanzong derivation root 1"
FORM = b"\x01"
NONCE_SIZE, _TAG_SIZE = 12, 16


def name_of(secret: bytes) -> str:
    """Return a public name for a key: 64 bits of a hash. It tells keys apart and nothing about them."""
    return sha256(b"juanzong key id 1:" + secret).hexdigest()[:16]


def root_of(secret: bytes) -> bytes:
    """Return what a key that was not made by a rotation derives from (the extraction of HKDF-SHA256). It opens nothing."""
    return hmac.digest(bytes(KEY_SIZE), secret, "sha256")


def derived(root: bytes, purpose: bytes) -> bytes:
    """Return 32 bytes that depend on `root` and `purpose` alone (the expansion of HKDF-SHA256, RFC 5869)."""
    return HKDFExpand(SHA256(), KEY_SIZE, b"juanzong derived key 1:" + purpose).derive(root)


def parts_of(wrapped: bytes) -> tuple[bytes, bytes]:
    """Return nonce (12 bytes) and sealed key with its tag (48) of a wrapped key. Raises KeyUnusable."""
    if len(wrapped) != len(FORM) + NONCE_SIZE + KEY_SIZE + _TAG_SIZE or not wrapped.startswith(FORM):
        raise KeyUnusable("the wrapped key is cut, or not of a form this program knows")
    return wrapped[1 : 1 + NONCE_SIZE], wrapped[1 + NONCE_SIZE :]


class InMemoryKey:
    """A `MasterKey` whose secret is in this process. `repr` never shows it.

    Random 96-bit nonces allow 2^32 wraps with one key (NIST SP 800-38D, 8.3): a key per document, four thousand million.
    """

    def __init__(self, secret: bytes, root: bytes | None = None) -> None:
        self.key_id = name_of(secret)
        self._cipher = AESGCM(secret)
        self.root = root_of(secret) if root is None else root

    def __repr__(self) -> str:
        return f"{type(self).__name__}(key_id={self.key_id!r})"

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes that depend on the root and `purpose` alone."""
        return derived(self.root, purpose)

    def wrap(self, file_key: bytes, context: bytes) -> bytes:
        """Return form (1 byte), nonce (12), sealed key (32) and tag (16)."""
        if len(file_key) != KEY_SIZE:
            raise ValueError(f"a file key has {KEY_SIZE} bytes, not {len(file_key)}")
        nonce = os.urandom(NONCE_SIZE)
        return FORM + nonce + self._cipher.encrypt(nonce, file_key, FORM + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the 32 bytes that `wrap` was given with this `context`. Raises KeyUnusable."""
        nonce, sealed = parts_of(wrapped)
        try:
            return self._cipher.decrypt(nonce, sealed, FORM + context)
        except InvalidTag:
            raise KeyUnusable(
                f"master key {self.key_id} did not wrap this key, or it was wrapped for something else"
            ) from None
