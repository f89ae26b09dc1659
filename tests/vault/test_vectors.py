"""The format is what docs/vault.md says: an independent reading of that page opens every vector, of both suites.

The vectors were made once and never change: bytes sealed by an older release must open for as long as archives are kept. Those of
the primitives are published: RFC 8998, GB/T 32905.
"""

import hashlib
import hmac
import io
import json
import struct
from pathlib import Path
from uuid import UUID

import pytest
from Crypto.Cipher import AES  # another implementation of AES-GCM than the vault's
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from vault import suites
from vault.envelope import OpeningReader, SealingReader
from vault.errors import ObjectDamaged, StoreUnavailable, SuiteNotOffered
from vault.model import FileKey
from vault.suites import AES_256_GCM, SM4_GCM, Sm4Gcm

HERE = Path(__file__).parent / "vectors"
VECTORS = [
    {**vector, "suite": suite}
    for name, suite in (("envelope-1.json", AES_256_GCM), ("envelope-1-sm4.json", SM4_GCM))
    for vector in json.loads((HERE / name).read_text())["vectors"]
]
PUBLISHED = json.loads((HERE / "published.json").read_text())


def plain_of(vector: dict) -> bytes:
    """The plaintext is its size in bytes, cut from a pattern repeated without end."""
    pattern, size = bytes.fromhex(vector["plain_pattern"]), vector["plain_size"]
    return (pattern * (size // len(pattern) + 1))[:size]


def sealed_of(vector: dict) -> bytes:
    return bytes.fromhex(vector["sealed"])


def aes_gcm(key: bytes, nonce: bytes, beside: bytes, data: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=16)
    cipher.update(beside)
    return cipher.decrypt_and_verify(data[:-16], data[-16:])


def times(a: int, b: int) -> int:
    """The product in GCM's field, as NIST SP 800-38D defines it (6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (0xE1 << 120 if b & 1 else 0)
    return product


def sm4_gcm(key: bytes, nonce: bytes, beside: bytes, data: bytes) -> bytes:
    """GCM written out (NIST SP 800-38D, 7.2) over the bare block cipher, which is all that is taken from the library."""
    blocks = Cipher(SM4(key), modes.ECB()).encryptor()
    data, tag = data[:-16], data[-16:]
    subkey, mixed = int.from_bytes(blocks.update(bytes(16)), "big"), 0
    for part in (beside, data, (len(beside) * 8).to_bytes(8, "big") + (len(data) * 8).to_bytes(8, "big")):
        for at in range(0, len(part), 16):
            mixed = times(mixed ^ int.from_bytes(part[at : at + 16].ljust(16, b"\0"), "big"), subkey)
    counters = b"".join(nonce + number.to_bytes(4, "big") for number in range(1, 2 + -(-len(data) // 16)))
    stream = blocks.update(counters)
    assert (mixed ^ int.from_bytes(stream[:16], "big")).to_bytes(16, "big") == tag
    return bytes(a ^ b for a, b in zip(data, stream[16:], strict=False))


def sm4_key(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, purpose + b"\x01", "sm3").digest()[:16]


def open_by_the_book(sealed: bytes, file_key: bytes) -> tuple[UUID, bytes]:
    magic, version, suite, chunk, name, prefix = struct.unpack(">8sBBI16s7s", sealed[:37])
    assert (magic, version) == (b"JZSEALED", 1)
    gcm, hashed = {1: (aes_gcm, "sha256"), 2: (sm4_gcm, "sm3")}[suite]
    if suite == 2:
        file_key = sm4_key(file_key, b"juanzong suite 2 wrap")
    data_key = gcm(file_key, sealed[37:49], sealed[:37], sealed[49:97])
    if suite == 2:
        data_key = sm4_key(data_key, b"juanzong suite 2 chunks")
    bound_to, body = hashlib.new(hashed, sealed[:97]).digest(), sealed[97:]
    pieces = [body[i : i + chunk + 16] for i in range(0, len(body), chunk + 16)]
    plain = b""
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        plain += gcm(data_key, prefix + number.to_bytes(4, "big") + bytes([last]), bound_to, piece)
    return UUID(bytes=name), plain


@pytest.fixture(params=VECTORS, ids=[f"{vector['suite']}: {vector['about']}" for vector in VECTORS])
def vector(request) -> dict:
    return request.param


def test_an_independent_reading_of_the_format_opens_it(vector):
    name, plain = open_by_the_book(sealed_of(vector), bytes.fromhex(vector["file_key"]))
    assert str(name) == vector["object"]
    assert plain == plain_of(vector)


def test_the_vault_opens_it(vector):
    key = FileKey(UUID(int=0), bytes.fromhex(vector["file_key"]))
    reader = OpeningReader(io.BytesIO(sealed_of(vector)), UUID(vector["object"]), key)
    assert reader.read() == plain_of(vector)


def test_the_vault_seals_it_again_to_the_same_bytes(vector):
    drawn = {32: "data_key", 7: "nonce_prefix", 12: "wrap_nonce"}
    reader = SealingReader(
        io.BytesIO(plain_of(vector)),
        UUID(vector["object"]),
        FileKey(UUID(int=0), bytes.fromhex(vector["file_key"])),
        chunk_size=vector["chunk_size"],
        suite=vector["suite"],
        random=lambda size: bytes.fromhex(vector[drawn[size]]),
    )
    sealed = reader.read()
    assert sealed == sealed_of(vector)
    assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]


def test_the_primitives_give_the_published_answers():
    gcm = {name: bytes.fromhex(value) for name, value in PUBLISHED["sm4-gcm"].items() if name != "source"}
    sealed = gcm["ciphertext"] + gcm["tag"]
    cipher = Sm4Gcm(gcm["key"])
    assert cipher.encrypt(gcm["nonce"], gcm["plaintext"], gcm["associated_data"]) == sealed
    assert cipher.decrypt(gcm["nonce"], sealed, gcm["associated_data"]) == gcm["plaintext"]
    assert sm4_gcm(gcm["key"], gcm["nonce"], gcm["associated_data"], sealed) == gcm["plaintext"]
    with pytest.raises(InvalidTag):
        cipher.decrypt(gcm["nonce"], sealed[:-1] + b"\0", gcm["associated_data"])
    for vector in PUBLISHED["sm3"]["vectors"]:
        assert suites.suite_of(SM4_GCM).digest(bytes.fromhex(vector["message"])).hex() == vector["digest"]


def test_where_the_library_has_it_not_it_is_said_and_is_no_damage(monkeypatch):
    sealed = next(v for v in VECTORS if v["suite"] == SM4_GCM)
    key = FileKey(UUID(int=0), bytes.fromhex(sealed["file_key"]))
    monkeypatch.setattr(suites, "_ANSWER", bytes(80))
    suites.why_not.cache_clear()
    try:
        assert "RFC 8998" in suites.why_not(SM4_GCM)
        with pytest.raises(SuiteNotOffered) as refused:
            OpeningReader(io.BytesIO(sealed_of(sealed)), UUID(sealed["object"]), key)
        assert isinstance(refused.value, StoreUnavailable)
        with pytest.raises(SuiteNotOffered):
            SealingReader(io.BytesIO(b""), UUID(int=1), key, suite=SM4_GCM)
    finally:
        suites.why_not.cache_clear()


def test_another_suite_s_number_in_the_header_is_refused():
    for vector in VECTORS:
        key = FileKey(UUID(int=0), bytes.fromhex(vector["file_key"]))
        for number in {0, 1, 2, 3} - {vector["suite"]}:
            changed = bytearray(sealed_of(vector))
            changed[9] = number
            with pytest.raises(ObjectDamaged):
                OpeningReader(io.BytesIO(bytes(changed)), UUID(vector["object"]), key)
