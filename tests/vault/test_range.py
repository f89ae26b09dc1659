"""Ranges of sealed objects: the bytes asked for, proved, and no more fetched than they lie in."""

import io
import os
import random
from contextlib import contextmanager
from typing import BinaryIO, cast
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.adapters import open_store
from vault.adapters.filesystem import FilesystemStore
from vault.envelope import CHUNK_SIZE, HEADER_SIZE, TAG_SIZE
from vault.errors import ObjectDamaged
from vault.model import FileKey
from vault.suites import NUMBERS
from vault.vault import Vault

KEY = FileKey(uuid4(), os.urandom(32))
SIZE = 5 * CHUNK_SIZE + 1234


@pytest.fixture(scope="module", params=NUMBERS)
def here(request, tmp_path_factory):
    """A vault with one object: (vault, name, plaintext, the object's file)."""
    folder = tmp_path_factory.mktemp("ranges")
    vault, name, plain = (
        Vault(open_store(f"file://{folder}"), NUMBERS[request.param]),
        uuid4(),
        random.Random(7).randbytes(SIZE),
    )
    vault.put(name, KEY, io.BytesIO(plain))
    (file,) = folder.glob(f"*/*/{name}")
    return vault, name, plain, file


def read(vault: Vault, name, start: int, size: int) -> bytes:
    with vault.open_range(name, KEY, start, size) as stream:
        return stream.read()


@settings(deadline=None)
@given(start=st.integers(0, SIZE - 1), data=st.data())
def test_a_range_is_the_slice_of_the_plaintext(here, start, data):
    vault, name, plain, _ = here
    size = data.draw(st.integers(1, SIZE - start))
    assert read(vault, name, start, size) == plain[start : start + size]


@pytest.mark.parametrize("chunk", range(6))
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_ranges_that_touch_the_borders_of_chunks(here, chunk, offset):
    vault, name, plain, _ = here
    start = max(0, chunk * CHUNK_SIZE + offset)
    for size in (1, 2, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, SIZE - start):
        size = min(size, SIZE - start)  # noqa: PLW2901 - of the last chunk there is less
        assert read(vault, name, start, size) == plain[start : start + size]


def test_a_range_of_nothing_is_nothing(here):
    vault, name, _, _ = here
    assert read(vault, name, 10, 0) == b""


class Counting:
    """A store that counts what is read from it."""

    def __init__(self, store: FilesystemStore) -> None:
        self._store, self.read_bytes = store, 0

    @contextmanager
    def open(self, name, start=0, size=None):
        with self._store.open(name, start, size) as sealed:
            whole = sealed.read()
            self.read_bytes += len(whole)
            yield cast("BinaryIO", io.BytesIO(whole))


def test_only_the_chunks_needed_are_fetched(here):
    vault, name, plain, _ = here
    counting = Counting(cast("FilesystemStore", vault.store))
    start = 2 * CHUNK_SIZE + 5
    assert read(Vault(cast("FilesystemStore", counting)), name, start, 10) == plain[start : start + 10]
    assert counting.read_bytes == HEADER_SIZE + CHUNK_SIZE + TAG_SIZE + 1


def test_a_changed_chunk_is_refused_and_the_others_are_given_out(here):
    vault, name, plain, file = here
    sound = file.read_bytes()
    place = HEADER_SIZE + 3 * (CHUNK_SIZE + TAG_SIZE) + 17
    file.chmod(0o600)
    try:
        file.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        assert read(vault, name, CHUNK_SIZE, CHUNK_SIZE) == plain[CHUNK_SIZE : 2 * CHUNK_SIZE]
        with vault.open_range(name, KEY, 2 * CHUNK_SIZE, 2 * CHUNK_SIZE) as stream:
            assert stream.read(CHUNK_SIZE) == plain[2 * CHUNK_SIZE : 3 * CHUNK_SIZE]
            with pytest.raises(ObjectDamaged, match="chunk 3"):
                stream.read(1)
    finally:
        file.write_bytes(sound)


@pytest.mark.parametrize("cut", [0, 50, HEADER_SIZE, HEADER_SIZE + CHUNK_SIZE + TAG_SIZE, -1])
def test_a_cut_object_gives_no_range_beyond_the_cut(here, cut):
    vault, name, _, file = here
    sound = file.read_bytes()
    try:
        file.write_bytes(sound[:cut])
        with pytest.raises(ObjectDamaged, match=str(name)):
            read(vault, name, SIZE - 10, 10)
        with pytest.raises(ObjectDamaged, match=str(name)):
            read(vault, name, 0, SIZE)
    finally:
        file.write_bytes(sound)


def test_a_range_beyond_the_end_is_refused(here):
    vault, name, _, _ = here
    for start in (SIZE, SIZE - 5, SIZE + 10 * CHUNK_SIZE):
        with pytest.raises(ObjectDamaged):
            read(vault, name, start, 10)
