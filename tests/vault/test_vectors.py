"""The format is what docs/vault.md says: an independent reading of that page opens every vector.

The vectors were made once and never change: bytes sealed by an older release must open for as long as archives are kept.
"""

import hashlib
import io
import json
import struct
from pathlib import Path
from uuid import UUID

import pytest
from Crypto.Cipher import AES  # another implementation of AES-GCM than the vault's

from vault.envelope import OpeningReader, SealingReader
from vault.model import FileKey

VECTORS = json.loads((Path(__file__).parent / "vectors" / "envelope-1.json").read_text())["vectors"]


def plain_of(vector: dict) -> bytes:
    """The plaintext is its size in bytes, cut from a pattern repeated without end."""
    pattern, size = bytes.fromhex(vector["plain_pattern"]), vector["plain_size"]
    return (pattern * (size // len(pattern) + 1))[:size]


def sealed_of(vector: dict) -> bytes:
    return bytes.fromhex(vector["sealed"])


def open_by_the_book(sealed: bytes, file_key: bytes) -> tuple[UUID, bytes]:
    magic, version, suite, chunk, name, prefix = struct.unpack(">8sBBI16s7s", sealed[:37])
    assert (magic, version, suite) == (b"JZSEALED", 1, 1)
    unwrap = AES.new(file_key, AES.MODE_GCM, nonce=sealed[37:49], mac_len=16)
    unwrap.update(sealed[:37])
    data_key = unwrap.decrypt_and_verify(sealed[49:81], sealed[81:97])
    bound_to, body = hashlib.sha256(sealed[:97]).digest(), sealed[97:]
    pieces = [body[i : i + chunk + 16] for i in range(0, len(body), chunk + 16)]
    plain = b""
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        cipher = AES.new(data_key, AES.MODE_GCM, nonce=prefix + number.to_bytes(4, "big") + bytes([last]), mac_len=16)
        cipher.update(bound_to)
        plain += cipher.decrypt_and_verify(piece[:-16], piece[-16:])
    return UUID(bytes=name), plain


@pytest.fixture(params=VECTORS, ids=[vector["about"] for vector in VECTORS])
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
        random=lambda size: bytes.fromhex(vector[drawn[size]]),
    )
    sealed = reader.read()
    assert sealed == sealed_of(vector)
    assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]
