"""The hot folder on a real archive: complete files only, each exactly once, whatever fails or dies in between."""

import errno
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

import pytest
from sqlalchemy import func, select

from intake.adapters import watched_folder
from intake.adapters.watched_folder import Arrival, WatchedFolder
from intake.channels.arrivals import Patience
from intake.errors import DeliveryFailed, Rejected
from service.bootstrap import build
from service.channels import reason, watched
from service.flow.intake.delivery import LocalDelivery
from service.house import House
from service.records.tables import AuditEntry, Document
from service.settings import load
from tests.service.conftest import DIGITAL, OWNER, SCANS, embedded_env, prepared
from tests.service.nursery import nursery

LICENCE = SCANS / "licence-portrait.jpg"
ROOT = Path(__file__).parents[2]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Station:
    """A watched folder whose clock the test moves."""

    def __init__(self, house: House, folder: Path, **options: object) -> None:
        folder.mkdir(exist_ok=True)
        self.house, self.folder, self.options = house, folder, options
        self.clock = Clock()
        self.open()

    def open(self) -> None:
        options = {"delivery": LocalDelivery(self.house, OWNER, "station"), **self.options}
        self.watcher = WatchedFolder(
            self.folder, spool=self.house.settings.home / "station", reason=reason, clock=self.clock,
            patience=Patience(5.0), **options,
        )  # fmt: skip

    def look(self, seconds: float = 0.0) -> list[Arrival]:
        self.clock.now += seconds
        return list(self.watcher.poll())

    def settle(self, seconds: float = 6.0) -> list[Arrival]:
        return self.look() + self.look(seconds)

    def put(self, name: str, source: Path | bytes = DIGITAL) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source if isinstance(source, bytes) else source.read_bytes())
        return path

    def documents(self) -> dict[str, str]:
        """SHA-256 of every acknowledged document, and its file name."""
        with self.house.database.read() as session:
            return dict(list(session.execute(select(Document.sha256, Document.filename))))


@pytest.fixture
def archive(tmp_path):
    env = embedded_env(tmp_path / "home")
    prepared(env)
    house = build(load(env))
    yield house
    house.database.dispose()


@pytest.fixture
def station(archive, tmp_path):
    station = Station(archive, tmp_path / "hot")
    yield station
    station.watcher.close()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_complete_file_is_received_and_put_away(station):
    path = station.put("合同.pdf")
    assert station.look() == []
    assert station.look(4.9) == []
    (arrival,) = station.look(0.2)
    assert (arrival.path, arrival.status, arrival.receipt.sha256) == (path, "received", sha256(DIGITAL))
    assert names(station.folder) == {"done/合同.pdf"}
    with station.house.database.read() as session:
        document = session.get_one(Document, arrival.receipt.document_id)
        assert (document.filename, document.channel, document.status) == ("合同.pdf", "station", "received")
    assert station.look(1000) == []


def test_a_file_that_grows_is_left_alone_until_it_is_whole(station):
    data = DIGITAL.read_bytes()
    for written in range(20_000, len(data), 20_000):
        station.put("slow.pdf", data[:written])
        assert station.look(100) == []
    station.put("slow.pdf", data)
    assert station.look(100) == []
    assert [a.status for a in station.look(6)] == ["received"]


def test_a_writer_that_pauses_is_waited_for_and_one_that_died_is_refused_with_a_reason(station):
    station.put("cut.jpg", LICENCE.read_bytes()[:40_000])
    assert station.settle(300) == []
    (arrival,) = station.look(301)
    assert arrival.status == "rejected"
    assert names(station.folder) == {"refused/cut.jpg", "refused/cut.jpg.reason.txt"}
    words = (station.folder / "refused" / "cut.jpg.reason.txt").read_text(encoding="utf-8")
    assert "文件不完整" in words
    assert "cut short" in words
    assert station.documents() == {}


def test_a_kind_without_an_end_mark_waits_longer(station):
    station.put("note.xyz", b"nothing we know")
    assert station.settle(29) == []
    assert [a.status for a in station.look(2)] == ["rejected"]


def test_the_same_bytes_under_another_name_are_a_duplicate_and_done(station):
    station.put("a.pdf")
    (first,) = station.settle()
    station.put("b.pdf")
    (second,) = station.settle()
    assert (second.status, second.receipt.document_id) == ("duplicate", first.receipt.document_id)
    assert names(station.folder) == {"done/a.pdf", "done/b.pdf"}


@pytest.mark.parametrize("links", [True, False])
def test_nothing_in_done_or_refused_is_ever_overwritten(station, links, monkeypatch):
    if not links:

        def link(source, target, **named):
            if station.folder in target.parents:
                raise PermissionError(1, "no links here")
            return real(source, target, **named)

        real = os.link
        monkeypatch.setattr(os, "link", link)
    contents = [DIGITAL, LICENCE, SCANS / "payment.jpg"]
    for number, source in enumerate(contents):
        station.put("scan.pdf", source)
        assert [a.status for a in station.settle()] == ["received"]
        station.put("bad.pdf", b"%%EOF" + bytes([number]))
        assert [a.status for a in station.settle(31)] == ["rejected"]
    assert names(station.folder / "done") == {"scan.pdf", "scan (2).pdf", "scan (3).pdf"}
    assert {sha256(path) for path in (station.folder / "done").iterdir()} == {sha256(path) for path in contents}
    assert names(station.folder / "refused") == {
        f"bad{mark}.pdf{end}" for mark in ("", " (2)", " (3)") for end in ("", ".reason.txt")
    }


def test_on_a_share_that_never_replaces_a_file_the_name_is_given_all_the_same(station, monkeypatch):
    def refusing(real, trouble):
        def wrapped(source, target, **named):
            if station.folder in Path(target).parents and (trouble != errno.EEXIST or os.path.lexists(target)):
                raise OSError(trouble, "not on this share")
            return real(source, target, **named)

        return wrapped

    monkeypatch.setattr(os, "link", refusing(os.link, errno.ENOTSUP))
    monkeypatch.setattr(os, "replace", refusing(os.rename, errno.EEXIST))
    monkeypatch.setattr(os, "rename", refusing(os.rename, errno.EEXIST))
    for source in (DIGITAL, LICENCE):
        station.put("scan.pdf", source)
        assert [a.status for a in station.settle()] == ["received"]
    assert {n: sha256(station.folder / n) for n in names(station.folder)} == {
        "done/scan.pdf": sha256(DIGITAL),
        "done/scan (2).pdf": sha256(LICENCE),
    }


@pytest.mark.parametrize("lag", [0, 3])
def test_times_in_whole_seconds_and_sizes_told_late_take_no_half_file(station, lag, monkeypatch):
    """As on FAT, where times are even seconds, and as a client of NFS sees a file: what it was some looks ago."""
    path, data, told = station.folder / "slow.pdf", DIGITAL.read_bytes(), []

    def sign_of(which):
        told.append(real(which))
        return told[max(0, len(told) - 1 - lag)]

    real = watched_folder._sign_of
    monkeypatch.setattr(watched_folder, "_sign_of", sign_of)
    for written in range(20_000, len(data), 20_000):
        path.write_bytes(data[:written])
        os.utime(path, (1000, 1000))  # all of it is written within one tick
        assert station.look(2) == []
    path.write_bytes(data)
    os.utime(path, (1000, 1000))
    taken = [arrival for _ in range(20) for arrival in station.look(2)]
    assert [(a.status, a.receipt.sha256) for a in taken] == [("received", sha256(DIGITAL))]
    assert list(station.documents()) == [sha256(DIGITAL)]
    assert names(station.folder) == {"done/slow.pdf"}


def test_a_name_as_long_as_a_name_can_be_is_refused_with_its_reason_beside_it(station):
    station.put("长" * 83 + ".pdf", b"bad")
    assert [a.status for a in station.settle(31)] == ["rejected"]
    found = sorted(names(station.folder / "refused"))
    assert len(found) == 2
    assert found[1] == found[0] + ".reason.txt"
    assert found[0].endswith("长.pdf")


def test_hidden_and_temporary_names_folders_and_links_are_not_taken(station, tmp_path):
    for name in (".~a.pdf", "a.pdf.part", "b.tmp", "Thumbs.db", "sub/inside.pdf"):
        station.put(name)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.pdf").write_bytes(DIGITAL.read_bytes())
    (station.folder / "link.pdf").symlink_to(outside / "secret.pdf")
    (station.folder / "linked").symlink_to(outside)
    os.mkfifo(station.folder / "pipe.pdf")
    told = station.settle(1000)
    assert {(a.path.name, a.status) for a in told} == {(name, "skipped") for name in ("link.pdf", "linked", "pipe.pdf")}
    assert {a.code for a in told} == {"link", "no_file"}
    assert station.look(1000) == []  # told once
    assert station.documents() == {}
    assert (outside / "secret.pdf").exists()


def test_subfolders_when_wanted_keep_their_places_and_are_not_left_by_links(archive, tmp_path):
    station = Station(archive, tmp_path / "hot", subfolders=True)
    station.put("2026/三月/a.pdf")
    station.put("b.jpg", LICENCE)
    (station.folder / "out").symlink_to(SCANS)
    assert sorted(a.status for a in station.settle()) == ["received", "received", "skipped"]
    assert names(station.folder / "done") == {"2026/三月/a.pdf", "b.jpg"}
    assert station.settle(100) == []  # what is done is not looked at again
    station.watcher.close()


def test_what_is_done_is_not_taken_again_by_whatever_path_the_folder_is_named(archive, tmp_path):
    (tmp_path / "hot").mkdir()
    (tmp_path / "share").symlink_to(tmp_path / "hot")
    station = Station(archive, tmp_path / "share", subfolders=True, done=tmp_path / "hot" / "taken")
    station.put("a.pdf")
    assert [a.status for a in station.settle()] == ["received"]
    assert station.settle(100) == []
    assert names(tmp_path / "hot") == {"taken/a.pdf"}
    station.watcher.close()


def test_a_file_or_a_folder_that_may_not_be_read_is_told_once_and_the_rest_goes_on(archive, tmp_path, monkeypatch):
    station = Station(archive, tmp_path / "hot", subfolders=True)
    for name in ("a.pdf", "sub/b.pdf"):
        station.put(name)
    station.put("c.jpg", LICENCE)
    scan, look_at = os.scandir, watched_folder.ending

    def scandir(folder):
        if Path(folder).name == "sub":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    def ending(path):
        if path.name == "a.pdf":
            raise PermissionError(13, "Permission denied")
        return look_at(path)

    monkeypatch.setattr(watched_folder.os, "scandir", scandir)
    monkeypatch.setattr(watched_folder, "ending", ending)
    told = {a.path.name: (a.status, "Permission denied" in a.error) for a in station.settle()}
    assert told == {"sub": ("skipped", True), "a.pdf": ("waiting", True), "c.jpg": ("received", False)}
    assert station.look(3) == []
    monkeypatch.undo()
    assert sorted(a.status for a in station.settle(20)) == ["duplicate", "received"]
    station.watcher.close()


def test_a_file_swapped_for_a_link_at_the_last_moment_leads_nowhere(station, monkeypatch, tmp_path):
    path = station.put("a.pdf")
    station.look()
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(DIGITAL.read_bytes())
    due = station.watcher._is_due

    def swapped(path, known):
        answer = due(path, known)
        if answer and not path.is_symlink():
            path.unlink()
            path.symlink_to(secret)
        return answer

    monkeypatch.setattr(station.watcher, "_is_due", swapped)
    (arrival,) = station.look(6)
    assert arrival.status == "waiting"
    assert (path.is_symlink(), secret.exists(), station.documents()) == (True, True, {})


def test_a_file_that_grows_while_it_is_received_is_received_again_when_it_is_whole(station, monkeypatch):
    path = station.put("pages.tif", SCANS / "contract-construction.tif")
    deliver = LocalDelivery.deliver

    def and_then_the_scanner_goes_on(self, copy, name, **named):
        receipt = deliver(self, copy, name, **named)
        if path.read_bytes() != LICENCE.read_bytes():
            path.write_bytes(LICENCE.read_bytes())
        return receipt

    monkeypatch.setattr(LocalDelivery, "deliver", and_then_the_scanner_goes_on)
    assert [a.status for a in station.settle()] == ["received"]
    assert names(station.folder) == {"pages.tif"}
    assert [a.status for a in station.settle()] == ["received"]
    assert set(station.documents()) == {sha256(SCANS / "contract-construction.tif"), sha256(LICENCE)}
    assert names(station.folder) == {"done/pages.tif"}


class Broken:
    """A delivery that fails as told, then works."""

    def __init__(self, delivery: LocalDelivery, *errors: Exception) -> None:
        self.delivery, self.errors, self.calls = delivery, list(errors), []

    def deliver(self, path, filename, *, batch=""):
        self.calls.append(filename)
        if self.errors:
            raise self.errors.pop(0)
        return self.delivery.deliver(path, filename, batch=batch)


def broken_station(archive, tmp_path, *errors):
    delivery = Broken(LocalDelivery(archive, OWNER, "station"), *errors)
    return Station(archive, tmp_path / "hot", delivery=delivery), delivery


def test_a_passing_cause_moves_nothing_and_is_tried_again_ever_later(archive, tmp_path):
    station, delivery = broken_station(archive, tmp_path, *[DeliveryFailed("the store is down")] * 3)
    station.put("a.pdf")
    station.put("b.jpg", LICENCE)
    told = station.settle()
    assert [(a.path.name, a.status, a.error) for a in told] == [("a.pdf", "waiting", "the store is down")]
    assert delivery.calls == ["a.pdf"]  # b.jpg would fare no better
    assert station.look(1.9) == []
    assert station.look(0.2) == []  # the second failure: told once
    assert station.look(2) == []
    assert len(delivery.calls) == 2
    assert names(station.folder) == {"a.pdf", "b.jpg"}
    assert station.look(2.1) == []
    assert len(delivery.calls) == 3
    assert sorted(a.status for a in station.look(300)) == ["received", "received"]
    station.watcher.close()


def test_a_file_at_which_everything_stops_each_time_does_not_keep_the_others_out(archive, tmp_path):
    class Stuck(Broken):
        def deliver(self, path, filename, *, batch=""):
            if filename == "a.pdf":
                raise DeliveryFailed("the archive answers 500")
            return super().deliver(path, filename, batch=batch)

    station = Station(archive, tmp_path / "hot", delivery=Stuck(LocalDelivery(archive, OWNER, "station")))
    station.put("a.pdf")
    station.put("b.jpg", LICENCE)
    assert [(a.path.name, a.status) for a in station.settle()] == [("a.pdf", "waiting")]
    assert [(a.path.name, a.status) for a in station.look(2.1)] == [("b.jpg", "received")]
    station.watcher.close()


@pytest.mark.parametrize(
    "error", [DeliveryFailed("busy", one_file=True), ZeroDivisionError("in a library"), OSError(5, "I/O error")]
)
def test_what_lies_in_one_file_keeps_no_other_out(archive, tmp_path, error):
    station, _delivery = broken_station(archive, tmp_path, error)
    station.put("a.pdf")
    station.put("b.jpg", LICENCE)
    assert [(a.path.name, a.status) for a in station.settle()] == [("a.pdf", "waiting"), ("b.jpg", "received")]
    assert [(a.path.name, a.status) for a in station.look(3)] == [("a.pdf", "received")]
    station.watcher.close()


@pytest.mark.parametrize("lock", [fcntl.flock, fcntl.lockf])
def test_a_file_that_another_program_has_locked_waits(station, lock):
    path = station.put("a.pdf")
    code = f"import fcntl,sys,time; f=open(sys.argv[1],'r+b'); fcntl.{lock.__name__}(f, fcntl.LOCK_EX); print(flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        (arrival,) = station.settle()
        assert (arrival.status, "locked" in arrival.error) == ("waiting", True)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert [a.status for a in station.look(3)] == ["received"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JUANZONG_OBJECT_STORE", "s3+http://a:b@127.0.0.1:9/bucket"),
        ("JUANZONG_DATABASE_URL", "sqlite:////nowhere/a.db"),
    ],
)
def test_a_store_or_a_database_that_is_down_is_a_passing_cause(station, name, value):
    sound = station.house
    down = build(load(embedded_env(station.house.settings.home) | {name: value})) if "STORE" in name else None
    if down is None:
        down = sound
        moved = Path(sound.database.url.database)
        sound.database.dispose()
        moved.rename(moved.with_suffix(".away"))
    station.watcher.close()
    station.house = down
    station.open()
    station.put("a.pdf")
    assert [a.status for a in station.settle()] == ["waiting"]
    assert names(station.folder) == {"a.pdf"}
    if down is sound:
        sound.database.dispose()
        moved.unlink(missing_ok=True)
        moved.with_suffix(".away").rename(moved)
    station.watcher.close()
    station.house = sound
    station.open()
    assert [a.status for a in station.settle()] == ["received"]


def test_a_full_disk_is_a_passing_cause(station, tmp_path):
    small = tmp_path / "home" / "station"
    station.watcher.close()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], capture_output=True, check=False
    ).returncode:
        pytest.skip("only root mounts a small disk")
    try:
        station.open()
        station.put("a.jpg", LICENCE)
        (arrival,) = station.settle()
        assert (arrival.status, arrival.error, arrival.code) == ("waiting", "the disk is full", "disk_full")
        assert names(station.folder) == {"a.jpg"}
        subprocess.run(["mount", "-o", "remount,size=8m", small], check=True)
        assert [a.status for a in station.look(3)] == ["received"]
        station.watcher.close()
    finally:
        subprocess.run(["umount", "-l", small], check=True)  # a reader may still hold the copy it was given


def test_what_cannot_be_put_away_is_received_once(station, monkeypatch):
    (station.folder / "done").write_text("a file stands where the folder should be")
    station.put("a.pdf")
    station.look()
    first, second = station.look(6)
    assert (first.status, second.status, "in the archive" in second.error) == ("received", "waiting", True)
    assert station.look(3) == []
    with station.house.database.read() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "document.duplicate")) == 0
    (station.folder / "done").unlink()
    assert station.look(10) == []
    assert names(station.folder) == {"done/a.pdf"}


def test_a_folder_that_is_gone_is_told_once_and_looked_into_when_it_is_back(station):
    station.put("a.pdf")
    station.look()
    station.folder.rename(station.folder.with_name("away"))
    assert [(a.path, a.status) for a in station.look(6)] == [(station.folder, "skipped")]
    assert station.look(6) == []
    station.folder.with_name("away").rename(station.folder)
    assert [a.status for a in station.settle()] == ["received"]


def test_only_one_process_of_a_machine_watches_a_folder(station):
    with pytest.raises(DeliveryFailed, match="another process"):
        watched(station.house.settings, station.folder, LocalDelivery(station.house, OWNER, "station"))


def test_the_spool_is_private_and_empty_afterwards(station):
    station.put("a.pdf")
    station.settle()
    (spool,) = (station.house.settings.home / "station").iterdir()
    assert spool.stat().st_mode & 0o777 == 0o700
    assert names(spool) == {"lock"}


def test_a_move_to_another_disk_keeps_the_bytes(station, tmp_path):
    disks = [Path(place) for place in ("/dev/shm", gettempdir()) if Path(place).is_dir()]
    others = [disk for disk in disks if disk.stat().st_dev != tmp_path.stat().st_dev]
    if not others:
        pytest.skip("no second file system")
    other = others[0] / f"juanzong-{os.getpid()}"
    try:
        station.watcher.close()
        station.options = {"done": other}
        station.open()
        station.put("a.pdf")
        station.settle()
        assert names(other) == {"a.pdf"}
        assert sha256(other / "a.pdf") == sha256(DIGITAL)
        assert names(station.folder) == set()
    finally:
        for path in other.iterdir():
            path.unlink()
        other.rmdir()


DIE = """
import os, signal, sys
from pathlib import Path
from intake.adapters import putting_away, watched_folder
from intake.channels.arrivals import Patience
from service.bootstrap import build, prepare
from service.channels import watched
from service.flow.intake.delivery import LocalDelivery
from service.access.policy import Actor
from service.settings import load

def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def no_link(source, target, **named):
    if folder in Path(target).parents:
        raise PermissionError(1, "no links here")
    return link(source, target, **named)

def half(source, target):
    if folder not in Path(target).parents:
        return replace(source, target)
    data = Path(source).read_bytes()
    Path(target).write_bytes(data[:10_000] if where == "half-copied" else data)
    die()

link, replace = os.link, os.replace

def after(function):
    def wrapped(*args, **named):
        function(*args, **named)
        die()
    return wrapped

where, folder = sys.argv[1], Path(sys.argv[2])
if where == "before-receipt":
    LocalDelivery.deliver = die
elif where == "after-receipt":
    LocalDelivery.deliver = after(LocalDelivery.deliver)
elif where == "half-moved":
    os.link = after(os.link)
elif where in ("half-copied", "copied"):  # a share without links, whose renaming copies
    os.link, os.replace = no_link, half
elif where == "moved":
    watched_folder.put_away = after(watched_folder.put_away)
elif where == "reason-written":
    Path.write_text = after(Path.write_text)
elif where == "refused-moved":
    watched_folder.put_away_with_reason = after(watched_folder.put_away_with_reason)
settings = load()
house = build(settings)
watcher = watched(settings, folder, LocalDelivery(house, Actor("cli:test", owner=True), "station"), patience=Patience(0.0))
now = iter(range(0, 10_000, 100))
watcher._clock = lambda: next(now)
list(watcher.poll())
list(watcher.poll())
"""


@pytest.mark.parametrize("where", ["before-receipt", "after-receipt", "half-moved", "moved"])
def test_killed_at_any_point_a_file_is_received_once_and_kept(station, where):
    station.watcher.close()
    station.put("a.pdf")
    run_and_die(station, where)
    station.open()
    station.settle()
    station.settle(700)
    assert list(station.documents()) == [sha256(DIGITAL)]
    assert names(station.folder) == {"done/a.pdf"}
    assert sha256(station.folder / "done" / "a.pdf") == sha256(DIGITAL)
    (spool,) = (station.house.settings.home / "station").iterdir()
    assert names(spool) == {"lock"}  # also the copy that the dead process had in hand is gone


@pytest.mark.parametrize("where", ["half-copied", "copied"])
def test_killed_while_a_share_renames_by_copying_the_whole_file_is_put_away(station, where):
    station.watcher.close()
    station.put("a.pdf")
    run_and_die(station, where)
    station.open()
    station.settle()
    assert list(station.documents()) == [sha256(DIGITAL)]
    assert names(station.folder) == {"done/a.pdf", "done/a (2).pdf"}
    assert sha256(station.folder / "done" / "a (2).pdf") == sha256(DIGITAL)


@pytest.mark.parametrize("where", ["reason-written", "half-moved", "refused-moved"])
def test_killed_while_it_is_refused_a_file_keeps_its_reason(station, where):
    station.watcher.close()
    station.put("a.pdf", b"%PDF-1.4 nothing\nstartxref\n5\n%%EOF")
    run_and_die(station, where)
    station.open()
    station.settle()
    station.settle(700)
    assert names(station.folder) == {"refused/a.pdf", "refused/a.pdf.reason.txt"}


def run_and_die(station: Station, where: str) -> None:
    done = nursery().run(DIE, where, station.folder, env=embedded_env(station.house.settings.home))
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_every_reason_is_said_in_both_languages():
    assert reason(Rejected("empty", "The file is empty.")) == "空文件。\nThe file is empty.\n"
    assert reason(Rejected("new_code", "Something new.")) == "Something new.\n"
