"""What only a directory can do wrong: killed writers, full disks, directories that are not there."""

import errno
import io
import os
import signal
import stat
import subprocess
import sys
import time
from uuid import uuid4

import pytest

from vault.adapters import filesystem
from vault.adapters.filesystem import FilesystemStore
from vault.errors import ObjectMissing, StoreUnavailable

MIB = 1024 * 1024
WRITER = """
import sys, time, uuid
from pathlib import Path
from vault.adapters.filesystem import FilesystemStore

class Slow:
    sent = 0
    def read(self, size):
        self.sent += 1
        if self.sent == 3:
            print("half way", flush=True)
            time.sleep(60)
        return bytes(size)

FilesystemStore(Path(sys.argv[1])).put(uuid.UUID(sys.argv[2]), Slow())
"""


@pytest.fixture
def store(tmp_path) -> FilesystemStore:
    return FilesystemStore(tmp_path / "objects")


@pytest.fixture
def killed(store, tmp_path):
    """The name of an object whose writer was killed half way."""
    name = uuid4()
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "objects"), str(name)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout.readline() == b"half way\n"
        writer.send_signal(signal.SIGKILL)
    return name


def leftovers(tmp_path):
    return list((tmp_path / "objects" / "unfinished").iterdir())


def test_a_killed_write_is_no_object(store, killed, tmp_path):
    assert len(leftovers(tmp_path)) == 1
    assert list(store.names()) == []
    with pytest.raises(ObjectMissing), store.open(killed):
        pass
    store.put(killed, io.BytesIO(b"again"))
    assert list(store.names()) == [killed]


def test_its_leftovers_count_until_they_are_deleted(store, killed, tmp_path):
    assert store.remains(killed) == 1
    store.delete(killed)
    assert store.remains(killed) == 0
    assert leftovers(tmp_path) == []


def test_leftovers_are_swept_once_nobody_can_be_writing_them(store, killed, tmp_path):
    FilesystemStore(tmp_path / "objects").put(uuid4(), io.BytesIO(b"x"))
    assert len(leftovers(tmp_path)) == 1  # its writer may live
    long_ago = time.time() - 25 * 3600
    os.utime(leftovers(tmp_path)[0], (long_ago, long_ago))
    FilesystemStore(tmp_path / "objects").put(uuid4(), io.BytesIO(b"x"))
    assert leftovers(tmp_path) == []


def test_a_finished_write_leaves_only_the_object(store, tmp_path):
    store.put(name := uuid4(), io.BytesIO(bytes(9 * MIB)))
    files = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert files == [tmp_path / "objects" / name.hex[:2] / name.hex[2:4] / str(name)]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600


def test_foreign_files_are_not_names(store, tmp_path):
    store.put(name := uuid4(), io.BytesIO(b"x"))
    folder = tmp_path / "objects" / name.hex[:2] / name.hex[2:4]
    for foreign in ("notes.txt", f"{name}.bak", uuid4().hex, str(uuid4())):  # the last one stands in a wrong folder
        (folder / foreign).write_bytes(b"y")
    (tmp_path / "objects" / "README").write_bytes(b"z")
    assert list(store.names()) == [name]


def test_a_store_that_went_away_is_unavailable_not_empty(store, tmp_path):
    store.put(name := uuid4(), io.BytesIO(b"x"))
    (tmp_path / "objects").rename(tmp_path / "elsewhere")

    def open_it():
        with store.open(name):
            pass

    for call in (
        store.check,
        open_it,
        lambda: store.put(uuid4(), io.BytesIO(b"x")),
        lambda: store.remains(name),
        lambda: store.delete(name),
        lambda: list(store.names()),
    ):
        with pytest.raises(StoreUnavailable, match="objects"):
            call()
    assert not (tmp_path / "objects").exists()


def test_a_root_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable):
        FilesystemStore(tmp_path / "file" / "objects")


@pytest.mark.parametrize("size", [10, 9 * MIB])
def test_a_full_disk_leaves_nothing(store, tmp_path, monkeypatch, size):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(filesystem.os, "write", full)
    with pytest.raises(StoreUnavailable, match="No space left"):
        store.put(name := uuid4(), io.BytesIO(bytes(size)))
    monkeypatch.undo()
    assert store.remains(name) == 0
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("refuses", ["flag", "write", "half of each write"])
def test_file_systems_without_direct_writing_are_served_too(store, monkeypatch, refuses):
    write, fcntl = os.write, filesystem.fcntl.fcntl

    def picky_write(file, block):
        direct = fcntl(file, filesystem.fcntl.F_GETFL) & os.O_DIRECT
        if direct and (refuses == "write" or len(block) % 4096):
            raise OSError(errno.EINVAL, "Invalid argument")
        return write(file, block[: len(block) // 2 + 1] if refuses == "half of each write" else block)

    def picky_fcntl(file, command, *flags):
        if refuses == "flag" and flags and flags[0] & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return fcntl(file, command, *flags)

    monkeypatch.setattr(filesystem.os, "write", picky_write)
    monkeypatch.setattr(filesystem.fcntl, "fcntl", picky_fcntl)
    data = os.urandom(13 * MIB + 5)
    store.put(name := uuid4(), io.BytesIO(data))
    with store.open(name) as sealed:
        assert sealed.read(len(data)) == data
