"""What an object may be sealed with: a block cipher in GCM and the hash that goes with it, by the number in its header.

Suite 2 is that of RFC 8998 (SM4-GCM with SM3, GB/T 32907 and GB/T 32905). Not every build of the crypto library has it, so it is
tried before it is used.
"""

from functools import cache
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.errors import SuiteNotOffered

AES_256_GCM, SM4_GCM = 1, 2
#: The names by which a suite is chosen.
NUMBERS = {"aes-256-gcm": AES_256_GCM, "sm4-gcm": SM4_GCM}
TAG_SIZE = 16
_SM4_KEY_SIZE = 16
_WRAP, _CHUNKS = b"juanzong suite 2 wrap", b"juanzong suite 2 chunks"


class Aead(Protocol):
    """A cipher with its key, as `AESGCM` has it: a tag of 16 bytes follows what was encrypted; a wrong one raises InvalidTag."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Return the encrypted data and its tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Return what `encrypt` was given."""

    def encrypt_into(self, nonce: bytes, data: memoryview, associated_data: bytes, buf: memoryview) -> int:
        """As `encrypt`, into a buffer of exactly that size; returns the size."""

    def decrypt_into(self, nonce: bytes, data: memoryview, associated_data: bytes, buf: memoryview) -> int:
        """As `decrypt`, into a buffer of exactly that size; returns the size."""


class Suite(Protocol):
    """What belongs together under one number."""

    def wrapper(self, file_key: bytes) -> Aead:
        """Return the cipher that wraps data keys by a file key of 32 bytes."""

    def sealer(self, data_key: bytes) -> Aead:
        """Return the cipher that seals chunks by a data key of 32 bytes."""

    def digest(self, header: bytes) -> bytes:
        """Return 32 bytes of hash, by which chunks are bound to their header."""


class _Aes:
    def wrapper(self, file_key: bytes) -> Aead:
        return AESGCM(file_key)

    def sealer(self, data_key: bytes) -> Aead:
        return AESGCM(data_key)

    def digest(self, header: bytes) -> bytes:
        return sha256(header).digest()


class _Sm4:
    def wrapper(self, file_key: bytes) -> Aead:
        return Sm4Gcm(self._key(file_key, _WRAP))

    def sealer(self, data_key: bytes) -> Aead:
        return Sm4Gcm(self._key(data_key, _CHUNKS))

    def _key(self, secret: bytes, purpose: bytes) -> bytes:
        """Return the 16 bytes of an SM4 key: HKDF-Expand with HMAC-SM3 (RFC 5869). Two uses of one secret share no key."""
        from cryptography.hazmat.primitives.hashes import SM3
        from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

        return HKDFExpand(SM3(), _SM4_KEY_SIZE, purpose).derive(secret)

    def digest(self, header: bytes) -> bytes:
        from cryptography.hazmat.primitives.hashes import SM3, Hash

        hashed = Hash(SM3())
        hashed.update(header)
        return hashed.finalize()


class Sm4Gcm:
    """SM4-GCM (RFC 8998, section 2: AEAD_SM4_GCM) with the methods of `AESGCM`."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.algorithms import SM4

        self._cipher = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes | memoryview, associated_data: bytes) -> bytes:
        """Return the encrypted data and its tag."""
        from cryptography.hazmat.primitives.ciphers import Cipher, modes

        working = Cipher(self._cipher, modes.GCM(nonce)).encryptor()
        working.authenticate_additional_data(associated_data)
        return bytes(working.update(data) + working.finalize() + working.tag)

    def decrypt(self, nonce: bytes, data: bytes | memoryview, associated_data: bytes) -> bytes:
        """Return what `encrypt` was given. Raises InvalidTag."""
        from cryptography.hazmat.primitives.ciphers import Cipher, modes

        if len(data) < TAG_SIZE:
            raise InvalidTag
        working = Cipher(self._cipher, modes.GCM(nonce, bytes(data[-TAG_SIZE:]))).decryptor()
        working.authenticate_additional_data(associated_data)
        return bytes(working.update(data[:-TAG_SIZE]) + working.finalize())

    def encrypt_into(self, nonce: bytes, data: memoryview, associated_data: bytes, buf: memoryview) -> int:
        """As `encrypt`, into a buffer of exactly that size; returns the size."""
        buf[:] = self.encrypt(nonce, data, associated_data)
        return len(buf)

    def decrypt_into(self, nonce: bytes, data: memoryview, associated_data: bytes, buf: memoryview) -> int:
        """As `decrypt`, into a buffer of exactly that size; nothing is written there before the tag is verified."""
        buf[:] = self.decrypt(nonce, data, associated_data)
        return len(buf)


_SUITES: dict[int, Suite] = {AES_256_GCM: _Aes(), SM4_GCM: _Sm4()}
# RFC 8998, appendix A.1: a library that has the suite gives this answer.
_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
_NONCE = bytes.fromhex("00001234567800000000abcd")
_DATA = bytes.fromhex("aa" * 8 + "bb" * 8 + "cc" * 8 + "dd" * 8 + "ee" * 8 + "ff" * 8 + "ee" * 8 + "aa" * 8)
_BESIDE = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
_ANSWER = bytes.fromhex(
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    "83de3541e4c2b58177e065a9bf7b62ec"
)


@cache
def why_not(number: int) -> str:
    """Return why this machine's crypto library cannot seal and open with a known suite; "" where it can."""
    if number != SM4_GCM:
        return ""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        if Sm4Gcm(_KEY).encrypt(_NONCE, _DATA, _BESIDE) != _ANSWER:
            return "SM4-GCM of the crypto library does not give the answer of RFC 8998"
        _SUITES[number].digest(b"")
        _SUITES[number].wrapper(bytes(32))
    except (ImportError, UnsupportedAlgorithm) as error:
        return f"the crypto library offers no SM4-GCM with SM3: {error}"
    return ""


def knows(number: int) -> bool:
    """Return whether this program has a suite of this number."""
    return number in _SUITES


def suite_of(number: int) -> Suite:
    """Return the suite of this number, which must be known. Raises SuiteNotOffered."""
    why = why_not(number)
    if why:
        raise SuiteNotOffered(f"the object is sealed with suite {number}, and {why}")
    return _SUITES[number]
