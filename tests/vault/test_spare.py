"""Reading goes on from a second store at the very byte where the first one broke off; nothing unproved is given out."""

import io
import os
import random
from uuid import uuid4

import pytest

from vault.adapters import open_store
from vault.envelope import CHUNK_SIZE, HEADER_SIZE, TAG_SIZE
from vault.errors import ObjectDamaged
from vault.model import FileKey
from vault.suites import NUMBERS
from vault.vault import Vault

STEP = CHUNK_SIZE + TAG_SIZE
SIZE = 5 * CHUNK_SIZE + 777


@pytest.fixture(params=NUMBERS)
def two(request, tmp_path):
    """A vault with a spare, one object in both, and its files: (vault, name, key, plaintext, files, notices)."""
    stores = [open_store(f"file://{tmp_path}/{place}") for place in ("first", "second")]
    name, key, plain = uuid4(), FileKey(uuid4(), os.urandom(32)), random.Random(5).randbytes(SIZE)
    Vault(stores[0], NUMBERS[request.param]).put(name, key, io.BytesIO(plain))
    with stores[0].open(name) as sealed:
        stores[1].put(name, sealed)
    files = [next(tmp_path.glob(f"{place}/*/*/{name}")) for place in ("first", "second")]
    vault, notices = Vault(stores[0], spare=stores[1]), []
    vault.notice = lambda _name, what: notices.append(what)
    return vault, name, key, plain, files, notices


def spoil(file, chunk: int) -> None:
    data = bytearray(file.read_bytes())
    data[HEADER_SIZE + chunk * STEP + 5] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("chunk", range(6))
@pytest.mark.parametrize("block", [1000, CHUNK_SIZE, 3 * CHUNK_SIZE])
def test_whatever_chunk_is_bad_the_bytes_are_whole(two, chunk, block):
    vault, name, key, plain, files, notices = two
    spoil(files[0], chunk)
    with vault.open(name, key) as stream:
        assert b"".join(iter(lambda: stream.read(block), b"")) == plain
    assert notices == ["damaged"]


@pytest.mark.parametrize("start", [0, 1, CHUNK_SIZE - 1, 2 * CHUNK_SIZE, 2 * CHUNK_SIZE + 9])
@pytest.mark.parametrize("size", [1, CHUNK_SIZE, 2 * CHUNK_SIZE + 3])
def test_ranges_go_on_too(two, start, size):
    vault, name, key, plain, files, notices = two
    spoil(files[0], 2)
    with vault.open_range(name, key, start, size) as stream:
        got = b"".join(iter(lambda: stream.read(10_000), b""))
    assert got == plain[start : start + size]
    touched = start // CHUNK_SIZE <= 2 <= (start + size - 1) // CHUNK_SIZE
    assert notices == ["damaged"] * touched


def test_where_both_are_bad_only_what_was_proved_is_given_out(two):
    vault, name, key, plain, files, notices = two
    spoil(files[0], 1)
    spoil(files[1], 3)
    got = b""

    def read() -> None:
        nonlocal got
        with vault.open(name, key) as stream:
            while block := stream.read(5000):
                got += block

    with pytest.raises(ObjectDamaged):
        read()
    assert plain.startswith(got)
    assert len(got) <= 3 * CHUNK_SIZE
    assert notices == ["damaged"]
    files[0].unlink()
    with pytest.raises(ObjectDamaged), vault.open(name, key) as stream:
        stream.read()
    assert notices[-1] == "missing"


def test_verification_looks_at_the_store_it_was_asked_about(two):
    vault, name, key, _plain, files, notices = two
    spoil(files[0], 0)
    with pytest.raises(ObjectDamaged):
        vault.verify(name, key, "0" * 64)
    assert notices == []
