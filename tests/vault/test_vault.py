"""The vault on a real file system, with each suite: what goes in comes out, and the store sees sealed bytes only."""

import hashlib
import io
import os
import shutil
import tracemalloc
from uuid import uuid4

import pytest

from vault.adapters import open_store
from vault.adapters.keyfile import KeyFile
from vault.errors import KeyUnusable, ObjectDamaged, ObjectExists, ObjectMissing
from vault.keyring import KeyRing
from vault.model import FileKey
from vault.suites import NUMBERS
from vault.vault import Vault

MIB = 1024 * 1024
TEXT = "授权委托书".encode()


@pytest.fixture(params=NUMBERS)
def vault(request, tmp_path) -> Vault:
    return Vault(open_store(f"file://{tmp_path}/objects"), NUMBERS[request.param])


@pytest.fixture
def key() -> FileKey:
    return FileKey(uuid4(), os.urandom(32))


def file_of(tmp_path, name):
    (found,) = tmp_path.glob(f"objects/*/*/{name}")
    return found


@pytest.mark.parametrize("size", [0, 1, 65_536, 5 * MIB + 3])
def test_put_and_read(vault, key, tmp_path, size):
    name, plain = uuid4(), os.urandom(size)
    sealed = vault.put(name, key, io.BytesIO(plain))
    assert vault.read(name, key) == plain
    kept = file_of(tmp_path, name).read_bytes()
    assert (sealed.size, sealed.sha256) == (size, hashlib.sha256(plain).hexdigest())
    assert sealed.sealed_size == len(kept)
    vault.verify(name, key, sealed.sha256)


class Endless(io.RawIOBase):
    """`size` bytes, none of which is there before it is asked for."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        size = min(len(buffer), self.left)
        buffer[:size] = bytes(size)
        self.left -= size
        return size


def test_an_object_of_any_size_is_sealed_and_opened_in_the_memory_of_a_few_chunks(vault, key):
    name, size = uuid4(), 24 * MIB
    tracemalloc.start()
    try:
        sealed = vault.put(name, key, Endless(size))
        vault.verify(name, key, sealed.sha256)
        with vault.open(name, key) as plain:
            assert sum(len(piece) for piece in iter(lambda: plain.read(100_000), b"")) == size
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16 * MIB


def test_nothing_readable_reaches_the_store(vault, key, tmp_path):
    vault.put(name := uuid4(), key, io.BytesIO(TEXT * 10_000))
    assert TEXT not in file_of(tmp_path, name).read_bytes()
    assert key.secret not in file_of(tmp_path, name).read_bytes()


def test_an_opened_object_can_be_copied_and_read_line_by_line(vault, key):
    vault.put(name := uuid4(), key, io.BytesIO(TEXT + b"\n" + os.urandom(3 * MIB)))
    target = io.BytesIO()
    with vault.open(name, key) as plain:
        shutil.copyfileobj(plain, target)
    assert target.getvalue() == vault.read(name, key)
    with vault.open(name, key) as plain:
        assert plain.readline() == TEXT + b"\n"
        assert plain.read(5) == target.getvalue()[len(TEXT) + 1 :][:5]


def test_an_object_is_read_from_another_while_it_is_sealed(vault, key):
    vault.put(name := uuid4(), key, io.BytesIO(os.urandom(4 * MIB)))
    other = FileKey(uuid4(), os.urandom(32))
    with vault.open(name, key) as plain:
        vault.put(copy := uuid4(), other, plain)
    assert vault.read(copy, other) == vault.read(name, key)


def test_a_damaged_source_is_never_sealed_as_if_it_were_whole(vault, key, tmp_path):
    vault.put(name := uuid4(), key, io.BytesIO(os.urandom(4 * MIB)))
    path = file_of(tmp_path, name)
    path.write_bytes(path.read_bytes()[: 3 * MIB])
    with vault.open(name, key) as plain, pytest.raises(ObjectDamaged):
        vault.put(copy := uuid4(), key, plain)
    assert vault.remains(copy) == 0


def test_names_are_written_once_and_can_be_gone(vault, key):
    vault.put(name := uuid4(), key, io.BytesIO(b"a"))
    with pytest.raises(ObjectExists):
        vault.put(name, key, io.BytesIO(b"b"))
    assert vault.remains(name) == 1
    vault.delete(name)
    assert vault.remains(name) == 0
    with pytest.raises(ObjectMissing):
        vault.read(name, key)
    with pytest.raises(ObjectMissing):
        vault.verify(name, key, "0" * 64)


def test_verifying_finds_damage(vault, key, tmp_path):
    sealed = vault.put(name := uuid4(), key, io.BytesIO(os.urandom(100_000)))
    path = file_of(tmp_path, name)
    whole = path.read_bytes()
    flipped = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
    for damaged in (b"", whole[:-1], whole + b"\0", whole * 100, flipped):
        path.write_bytes(damaged)
        with pytest.raises(ObjectDamaged, match=str(name)):
            vault.verify(name, key, sealed.sha256)
    path.write_bytes(whole)
    vault.verify(name, key, sealed.sha256)


def test_verifying_finds_other_bytes_that_were_sealed_just_as_well(vault, key, tmp_path):
    sealed = vault.put(name := uuid4(), key, io.BytesIO(b"the contract as received"))
    file_of(tmp_path, name).unlink()
    vault.put(name, key, io.BytesIO(b"the contract as rewritten"))
    with pytest.raises(ObjectDamaged, match="other bytes"):
        vault.verify(name, key, sealed.sha256)


def test_an_object_under_anothers_name_does_not_open(vault, key, tmp_path):
    vault.put(name := uuid4(), key, io.BytesIO(b"the licence"))
    vault.put(other := uuid4(), key, io.BytesIO(b"the contract"))
    file_of(tmp_path, other).write_bytes(file_of(tmp_path, name).read_bytes())
    with pytest.raises(ObjectDamaged):
        vault.read(other, key)


def test_a_file_key_lives_wrapped_and_belongs_to_one_document(tmp_path):
    ring = KeyRing(KeyFile.create(tmp_path / "master.key"))
    owner = uuid4()
    key, wrapped = ring.new(owner)
    assert key.owner == owner
    assert len(key.secret) == 32
    assert key.secret not in wrapped
    assert key.secret.hex() not in repr(key)
    assert KeyRing(KeyFile(tmp_path / "master.key")).unwrap(owner, wrapped) == key
    assert ring.key_id == KeyFile(tmp_path / "master.key").key_id
    assert ring.new(owner)[0] != key
    with pytest.raises(KeyUnusable):
        ring.unwrap(uuid4(), wrapped)
    with pytest.raises(KeyUnusable):
        KeyRing(KeyFile.create(tmp_path / "other.key")).unwrap(owner, wrapped)
