"""What an object store promises when the line to a real server, its disk or its clock has troubles: MinIO and Versity behind `faulty.line`."""

import hashlib
import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest

from service.flow.common.room import is_full
from tests.contract.faulty import FULL, Faults, line
from vault.adapters import open_store
from vault.envelope import CHUNK_SIZE
from vault.errors import ObjectDamaged, StoreUnavailable
from vault.model import FileKey
from vault.ports import ObjectStore
from vault.vault import Vault

MIB = 1024 * 1024
SMALL, IN_PARTS = 300_000, 20 * MIB + 7
DATA = hashlib.shake_256(b"what must not be lost").digest(IN_PARTS)


class Behind(NamedTuple):
    """A store behind a line with faults, the same store on a sound line, and the address of the first."""

    near: str
    store: ObjectStore
    sound: ObjectStore
    faults: Faults


@pytest.fixture(params=["minio", "versity"])
def behind(request) -> Iterator[Behind]:
    url = f"{request.getfixturevalue(request.param + '_url')}/b-{uuid4().hex}"
    with line(url) as (near, faults):
        faults.full = FULL[request.param]
        found = Behind(near, open_store(near), open_store(url), faults)
        found.store.check()
        yield found


def all_of(store: ObjectStore, name) -> bytes:
    with store.open(name) as stream:
        return stream.read()


@pytest.mark.parametrize("size", [SMALL, IN_PARTS])
@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("trouble", ["down", "full", "deaf", "bent"])
def test_a_write_that_fails_leaves_no_object_and_can_be_done_again(behind, trouble, after, size):
    name, data = uuid4(), DATA[:size]
    behind.faults.begin(trouble, after=after)
    failure = None
    try:
        behind.store.put(name, io.BytesIO(data))
    except StoreUnavailable as error:
        failure = error
    behind.faults.end()
    if failure is None:
        assert not behind.faults.met, "it went wrong, and nobody said so"
    else:
        assert "\n" not in str(failure)
        assert is_full(failure.__cause__) == (trouble == "full")
        if trouble != "deaf":  # what the server did then, it did: only its answer is missing
            assert list(behind.sound.names()) == []
        behind.store.delete(name)
        assert behind.store.remains(name) == 0
        behind.store.put(name, io.BytesIO(data))
    assert all_of(behind.store, name) == data
    assert behind.store.remains(name) == 1


@pytest.mark.parametrize(("size", "after"), [(SMALL, 0), (IN_PARTS, 1), (IN_PARTS, 2)])
def test_an_answer_to_bytes_that_is_lost_once_is_no_failure(behind, size, after):
    name = uuid4()
    behind.faults.begin("deaf", after=after, times=1)
    behind.store.put(name, io.BytesIO(DATA[:size]))
    behind.faults.end()
    assert behind.faults.met == 1
    assert all_of(behind.store, name) == DATA[:size]
    assert behind.store.remains(name) == 1


def test_a_slow_line_delivers_all_the_same(behind):
    name = uuid4()
    behind.faults.begin("slow")
    behind.store.put(name, io.BytesIO(DATA[: 4 * MIB]))
    assert all_of(behind.store, name) == DATA[: 4 * MIB]
    assert behind.faults.met >= 2


@pytest.mark.parametrize("trouble", ["down", "stalls", "cut"])
def test_a_read_that_breaks_off_is_said_and_never_an_end(behind, trouble, monkeypatch):
    monkeypatch.setattr("vault.adapters.s3._READ_SECONDS", 0.7)
    name = uuid4()
    behind.sound.put(name, io.BytesIO(DATA))
    store = open_store(behind.near)
    store.check()
    behind.faults.begin(trouble)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        all_of(store, name)
    assert time.monotonic() - began < 60
    assert "\n" not in str(caught.value)
    behind.faults.end()
    assert all_of(store, name) == DATA


def test_wrong_bytes_are_refused_before_any_of_the_bad_chunk_is_given_out(behind):
    name, key = uuid4(), FileKey(uuid4(), bytes(32))
    plain = DATA[: 10 * CHUNK_SIZE]
    sealed = Vault(behind.store).put(name, key, io.BytesIO(plain))
    behind.faults.begin("wrong")
    got = bytearray()

    def read() -> None:
        with Vault(behind.store).open(name, key) as stream:
            while block := stream.read(CHUNK_SIZE):
                got.extend(block)

    with pytest.raises(ObjectDamaged):
        read()
    assert 0 < len(got) < len(plain)
    assert plain.startswith(got)
    with pytest.raises(ObjectDamaged):
        Vault(behind.store).verify(name, key, sealed.sha256)
    behind.faults.end()
    Vault(behind.store).verify(name, key, sealed.sha256)


@pytest.mark.parametrize("hours", [-2, 2])
def test_clocks_that_differ_are_named_and_the_work_goes_on_when_they_agree(behind, hours, monkeypatch):
    name = uuid4()
    with monkeypatch.context() as wrong:
        wrong.setattr("minio.time.utcnow", lambda: datetime.now(UTC) + timedelta(hours=hours))
        for call in (
            behind.store.check,
            lambda: behind.store.put(name, io.BytesIO(b"x")),
            lambda: all_of(behind.store, name),
        ):
            with pytest.raises(StoreUnavailable, match="clocks"):
                call()
    behind.store.put(name, io.BytesIO(b"x"))
    assert all_of(behind.store, name) == b"x"
