"""The folders that the worker watches: settings, departments, and a worker that goes on whatever they meet."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from intake.errors import DeliveryFailed
from service import worker_channels
from service.access import people
from service.bootstrap import build
from service.channels import watched
from service.errors import BadSetting, NotFound
from service.flow.intake.delivery import LocalDelivery
from service.flow.intake.stacks import How
from service.records.tables import Batch, Document
from service.settings import load
from service.worker_channels import Folder, how_scanned
from tests.service.conftest import DIGITAL, OWNER, SCANS, embedded_env, prepared
from tests.service.test_split import TWO, digital

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hot(tmp_path):
    folder = tmp_path / "hot"
    folder.mkdir()
    return folder


def opened(tmp_path, folders):
    env = embedded_env(tmp_path / "home") | {"JUANZONG_FOLDERS": folders}
    prepared(env)
    return build(load(env))


def test_a_folder_gives_its_documents_to_its_department(tmp_path, hot):
    house = opened(tmp_path, f"{hot}=XS")
    channel = Folder(house, *house.settings.folders)
    with pytest.raises(NotFound):
        channel.look()  # the department may be made later
    people.create_department(house, OWNER, "XS", "销售部")
    (hot / "sub").mkdir()
    (hot / "sub" / "a.pdf").write_bytes(DIGITAL.read_bytes())
    channel.look()
    channel._watcher._clock = lambda: time.monotonic() + 60
    channel.look()
    with house.database.read() as session:
        (document,) = session.scalars(select(Document))
        assert (document.channel, document.department.code, document.received_by) == ("folder", "XS", "system")
    assert (hot / "done" / "sub" / "a.pdf").exists()
    channel._watcher.close()
    house.database.dispose()


def test_what_is_below_the_line_lies_beside_the_file_before_anybody_has_read_it(tmp_path, hot):
    house = opened(tmp_path, str(hot))
    channel = Folder(house, *house.settings.folders)
    page = Image.open(SCANS / "licence-portrait.jpg")
    page.rotate(9, expand=True, fillcolor="white").save(hot / "skewed.jpg", dpi=(200, 200))
    page.save(hot / "straight.jpg", dpi=(200, 200))
    channel.look()
    channel._watcher._clock = lambda: time.monotonic() + 60
    channel.look()
    assert sorted(path.name for path in (hot / "done").iterdir()) == [
        "skewed.jpg", "skewed.jpg.rescan.txt", "straight.jpg"]  # fmt: skip
    chinese, english = (hot / "done" / "skewed.jpg.rescan.txt").read_text(encoding="utf-8").splitlines()
    assert chinese.startswith("第 1 页请重新扫描：歪了")
    assert english.startswith("scan page 1 again: skewed by")
    with house.database.read() as session:
        assert {document.pages_read for document in session.scalars(select(Document))} == {0}
    channel._watcher.close()
    house.database.dispose()


def test_a_trouble_that_stays_is_logged_once_and_the_channel_goes_on(monkeypatch, caplog):
    class Channel:
        name, seconds, looks = "the folder", 0.0, 0

        def look(self):
            self.looks += 1
            if self.looks > 6:
                raise SystemExit
            if self.looks == 4:
                return
            raise (DeliveryFailed("down") if self.looks != 3 else ZeroDivisionError("odd"))

    pauses = []
    monkeypatch.setattr(worker_channels.time, "sleep", pauses.append)
    channel = Channel()
    with caplog.at_level(logging.WARNING), pytest.raises(SystemExit):
        worker_channels._look_after(channel)
    assert [record.getMessage() for record in caplog.records] == [
        "the folder waits: down",
        "the folder waits: unexpected ZeroDivisionError: odd",
        "the folder waits: down",
    ]
    assert pauses == [2, 4, 8, 0, 2, 4]


def test_the_worker_takes_in_and_reads_what_its_folders_hold(tmp_path, hot):
    house = opened(tmp_path, str(hot))
    (hot / "a.pdf").write_bytes(DIGITAL.read_bytes())
    env = os.environ | embedded_env(tmp_path / "home") | {"JUANZONG_FOLDERS": str(hot)}
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen([sys.executable, "-m", "service.worker"], env=env, cwd=ROOT, stdout=log, stderr=log)
    try:
        last = time.monotonic() + 300
        status = []
        while status != ["stored"] and time.monotonic() < last:
            time.sleep(0.5)
            with house.database.read() as session:
                status = list(session.scalars(select(Document.status)))
        assert status == ["stored"], (tmp_path / "log").read_text()
        assert (hot / "done" / "a.pdf").exists()
        with pytest.raises(DeliveryFailed, match="another process"):
            watched(house.settings, hot, LocalDelivery(house, OWNER, "folder"))
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=120)
    house.database.dispose()


@pytest.mark.parametrize(
    "value", ["relative", "/a,relative=XS", "/a,/a=XS", "/a=XS+cut", "/a=XS+two-sided", "/a=+split+one-sided+two-pass"]
)
def test_a_wrong_folder_is_named(value):
    with pytest.raises(BadSetting, match="JUANZONG_FOLDERS"):
        load({"JUANZONG_FOLDERS": value})


def test_folders_with_and_without_a_department():
    folders = load({"JUANZONG_FOLDERS": f"/srv/scan, /srv/销售=XS, {SCANS}=="}).folders
    assert [folder[:2] for folder in folders] == [
        (Path("/srv/scan"), ""),
        (Path("/srv/销售"), "XS"),
        (Path(f"{SCANS}="), ""),
    ]
    assert {folder.words for folder in folders} == {()}


@pytest.mark.parametrize(
    ("words", "how"),
    [
        ("", None),
        ("+split", How()),
        ("+split+one-sided", How(sides=1)),
        ("+split+two-sided", How(sides=2)),
        ("+split+two-pass", How(sides=2, order="two_pass")),
    ],
)
def test_how_a_folder_is_scanned(words, how):
    (folder,) = load({"JUANZONG_FOLDERS": f"/srv/a+b=XS{words}"}).folders
    assert (folder.path, folder.code) == (Path("/srv/a+b"), "XS")
    assert how_scanned(folder.words) == how


def test_a_folder_of_stacks_is_cut(tmp_path, hot):
    house = opened(tmp_path, f"{hot}=XS+split+one-sided")
    people.create_department(house, OWNER, "XS", "销售部")
    digital(hot / "stack.pdf", *TWO)
    channel = Folder(house, *house.settings.folders)
    channel.look()
    channel._watcher._clock = lambda: time.monotonic() + 60
    channel.look()
    with house.database.read() as session:
        batch = session.scalars(select(Batch)).one()
        assert (batch.sides, batch.department_id is not None) == (1, True)
        found = [(d.pages, d.batch, d.department.code) for d in session.scalars(select(Document))]
        assert found == [(1, batch.name, "XS")] * 2
    assert (hot / "done" / "stack.pdf").exists()
    channel._watcher.close()
    house.database.dispose()


MAILBOX = {
    "JUANZONG_MAILBOX": "imaps://scan@mail.example.com/INBOX",
    "JUANZONG_MAILBOX_PASSWORD_FILE": "/run/secrets/mail",
    "JUANZONG_MAILBOX_SENDERS": "@example.com",
}


def test_a_mailbox():
    settings = load(MAILBOX)
    assert (settings.mailbox.host, settings.mailbox_senders) == ("mail.example.com", ("@example.com",))
    assert load({}).mailbox is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JUANZONG_MAILBOX", "imap://scan@127.0.0.1"),  # in the clear even to this machine, outside of tests
        ("JUANZONG_MAILBOX", "imaps://scan:geheim@mail.example.com"),
        ("JUANZONG_MAILBOX_PASSWORD_FILE", ""),
        ("JUANZONG_MAILBOX_SENDERS", ""),
        ("JUANZONG_MAILBOX_MAX_BYTES", "0"),
    ],
)
def test_a_wrong_mailbox_is_named_without_its_password(name, value):
    with pytest.raises(BadSetting, match=name) as caught:
        load(MAILBOX | {name: value})
    assert "geheim" not in str(caught.value)
