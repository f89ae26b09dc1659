"""`juanzong station watch` as a process: exit codes, one line per file, one line per error."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from service.bootstrap import build
from service.flow.intake.process import sweep
from service.records.tables import Batch, Document, Stack
from service.settings import load
from tests.service.conftest import DIGITAL, SCANS, embedded_env, prepared
from tests.service.test_cli import ROOT, lines
from tests.service.test_split import TWO, digital
from tests.thorough import so_many

LICENCE = SCANS / "licence-portrait.jpg"
QUICK = ("--settle", "0.2", "--once", "--json")


@pytest.fixture
def env(tmp_path):
    env = embedded_env(tmp_path / "home")
    prepared(env)
    return env


@pytest.fixture
def hot(tmp_path):
    folder = tmp_path / "hot"
    folder.mkdir()
    return folder


def test_once_takes_what_is_there_and_says_what_became_of_it(juanzong_here, env, hot):
    (hot / "a.pdf").write_bytes(DIGITAL.read_bytes())
    (hot / "b.pdf").write_bytes(DIGITAL.read_bytes())
    first, second = lines(juanzong_here(env, "station", "watch", hot, *QUICK))
    assert set(first) == {"path", "status", "document_id", "sha256", "error"}
    assert (first["status"], second["status"]) == ("received", "duplicate")
    assert first["document_id"] == second["document_id"]
    assert sorted(path.name for path in (hot / "done").iterdir()) == ["a.pdf", "b.pdf"]
    assert json.loads(juanzong_here(env, "show", first["document_id"], "--json").stdout)["sha256"] == first["sha256"]
    assert juanzong_here(env, "station", "watch", hot, *QUICK).stdout == ""


def test_poor_pages_are_told_before_the_file_goes_and_lie_beside_it(juanzong_here, env, hot, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    page = Image.open(LICENCE)
    page.rotate(9, expand=True, fillcolor="white").save(hot / "a.jpg", dpi=(150, 150))
    (hot / "b.jpg").write_bytes(LICENCE.read_bytes())
    poor, received, fine = juanzong_here(env, "station", "watch", hot, *QUICK[:3]).stdout.splitlines()
    assert poor.startswith("rescan  ")
    assert "scan page 1 again: its resolution 150 dpi is too low" in poor
    assert "skewed by" in poor
    assert (received[:8], fine[:8]) == ("received", "received")
    assert sorted(path.name for path in (hot / "done").iterdir()) == ["a.jpg", "a.jpg.rescan.txt", "b.jpg"]
    chinese, english = (hot / "done" / "a.jpg.rescan.txt").read_text(encoding="utf-8").splitlines()
    assert chinese.startswith("第 1 页请重新扫描：")
    assert english in poor
    page.rotate(-9, expand=True, fillcolor="white").save(hot / "c.jpg", dpi=(200, 200))
    (line,) = lines(juanzong_here(env, "station", "watch", hot, *QUICK))
    assert (line["status"], line["rescan"]) == ("received", [{"page": 1, "why": ["skew"]}])


def test_a_refused_file_is_exit_3_and_the_rest_goes_on(juanzong_here, env, hot):
    (hot / "a.txt").write_text("no document")
    (hot / "b.pdf").write_bytes(DIGITAL.read_bytes())
    found = lines(juanzong_here(env, "station", "watch", hot, *QUICK, check=3))
    assert {line["status"] for line in found} == {"rejected", "received"}
    assert (hot / "refused" / "a.txt.reason.txt").read_text(encoding="utf-8")


def test_what_is_not_complete_stays_and_is_named(juanzong_here, env, hot):
    (hot / "a.jpg").write_bytes(LICENCE.read_bytes()[:50_000])
    (line,) = lines(juanzong_here(env, "station", "watch", hot, *QUICK))
    assert (line["status"], line["error"]) == ("waiting", "it is not complete yet")
    assert (hot / "a.jpg").exists()


def test_what_is_passed_over_is_said_in_the_operators_language(juanzong_here, env, hot, tmp_path):
    (hot / "a.pdf").symlink_to(DIGITAL)
    os.mkfifo(hot / "b.pdf")
    done = juanzong_here(env | {"LC_ALL": "zh_CN.UTF-8"}, "station", "watch", hot, *QUICK[:-1], check=3)
    assert [line.split("  ")[0::2] for line in done.stdout.splitlines()] == [
        ["skipped", "是符号链接，不跟过去"],
        ["skipped", "不是普通的文件"],
    ]
    assert "a symbolic link is not followed" in juanzong_here(env, "station", "watch", hot, *QUICK[:-1], check=3).stdout
    chinese = env | {"LC_ALL": "zh_CN.UTF-8"}
    for where, said in ((tmp_path / "none", "不是文件夹"), (hot, "没有代码是 NO 的部门")):
        told = juanzong_here(chinese, "station", "watch", where, *QUICK, "--department", "NO", check=3).stderr
        assert said in told


def test_a_store_that_is_down_is_exit_5_and_moves_nothing(juanzong_here, env, hot):
    (hot / "a.pdf").write_bytes(DIGITAL.read_bytes())
    down = {**env, "JUANZONG_OBJECT_STORE": "s3+http://a:b@127.0.0.1:9/bucket"}
    (line,) = lines(juanzong_here(down, "station", "watch", hot, *QUICK, check=5))
    assert line["status"] == "waiting"
    assert (hot / "a.pdf").exists()
    assert lines(juanzong_here(env, "station", "watch", hot, *QUICK))[0]["status"] == "received"


def test_department_and_done(juanzong_here, env, hot, tmp_path):
    juanzong_here(env, "department", "add", "XS", "销售部")
    (hot / "a.pdf").write_bytes(DIGITAL.read_bytes())
    done = tmp_path / "elsewhere"
    (line,) = lines(juanzong_here(env, "station", "watch", hot, *QUICK, "--department", "XS", "--done", done))
    assert (done / "a.pdf").exists()
    house = build(load(env))
    with house.database.read() as session:
        assert session.get_one(Document, line["document_id"]).department.code == "XS"
    house.database.dispose()
    juanzong_here(env, "station", "watch", hot, *QUICK, "--department", "NO", check=3)


def test_split_cuts_stacks_and_takes_other_files_as_before(juanzong_here, env, hot):
    (hot / "b.pdf").write_bytes(digital(hot / "a.pdf", *TWO).read_bytes())
    (hot / "c.jpg").write_bytes(LICENCE.read_bytes())
    (hot / "d.txt").write_text("no document")
    found = lines(juanzong_here(env, "station", "watch", hot, *QUICK, "--split", "--sides", 1, check=3))
    stack, again, photograph, _text = found
    assert [line["status"] for line in found] == ["received", "duplicate", "received", "rejected"]
    assert (stack["document_id"], again["batch"]) == (None, stack["batch"])
    assert photograph["document_id"]
    assert "batch" not in photograph
    assert sorted(path.name for path in (hot / "done").iterdir()) == ["a.pdf", "b.pdf", "c.jpg"]
    house = build(load(env))
    with house.database.read() as session:
        batch = session.get_one(Batch, stack["batch"])
        assert (batch.sheets, batch.sides) == (None, 1)
        cut = list(session.scalars(select(Document).where(Document.batch == batch.name)))
        assert sorted((d.pages, d.channel) for d in cut) == [(1, "station"), (1, "station")]
    house.database.dispose()


def test_both_passes_of_a_stack_in_one_file(juanzong_here, env, hot):
    digital(hot / "a.pdf", TWO[0])
    (line,) = lines(juanzong_here(env, "station", "watch", hot, *QUICK, "--split", "--order", "two-pass"))
    house = build(load(env))
    with house.database.read() as session:
        (stack,) = session.scalars(select(Stack).where(Stack.batch == line["batch"]))
        assert (stack.turn_over, session.get_one(Batch, stack.batch).sides) == ("two_pass", 2)
    house.database.dispose()


@pytest.mark.parametrize(
    "options",
    [
        ("--sides", "1"),
        ("--split", "--sides", "1", "--order", "two-pass"),
        ("--settle", "0"),
        ("--server", "http://127.0.0.1:9"),
        ("--token-file", "x"),
        ("--done", "HOT"),
        ("--nonsense",),
    ],
)
def test_wrong_usage_is_exit_2(juanzong_here, env, hot, options):
    done = juanzong_here(env, "station", "watch", hot, *(str(hot) if o == "HOT" else o for o in options), check=2)
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_is_not_there_is_exit_3(juanzong_here, env, tmp_path):
    juanzong_here(env, "station", "watch", tmp_path / "none", *QUICK, check=3)


def test_without_an_archive_it_says_what_to_do(juanzong_here, hot, tmp_path):
    done = juanzong_here({"JUANZONG_HOME": str(tmp_path / "none")}, "station", "watch", hot, *QUICK, check=2)
    assert "juanzong init" in done.stderr


def test_it_watches_until_it_is_told_to_stop(env, hot):
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "station", "watch", str(hot), "--settle", "0.2", "--json"],
        env={**os.environ, **env}, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        (hot / "a.pdf").write_bytes(DIGITAL.read_bytes())
        assert json.loads(process.stdout.readline())["status"] == "received"
        part = hot / "b.part"
        part.write_bytes(LICENCE.read_bytes())
        time.sleep(1)
        part.rename(hot / "b.jpg")
        assert json.loads(process.stdout.readline())["path"].endswith("b.jpg")
        held = [str(f.readlink()) for f in Path(f"/proc/{process.pid}/fd").iterdir()]
        assert held
        assert not any("notify" in what for what in held)  # a share sends no events: inotify and fanotify wait for ever
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, err.strip()) == (130, "juanzong: stopped")


@pytest.mark.slow
def test_killed_again_and_again_every_file_is_in_the_archive_once_bit_for_bit(env, hot):
    moments = random.Random(5)
    files = {
        f"{number:02d}.jpg": LICENCE.read_bytes() + bytes([number]) + b"\xff\xd9" for number in range(so_many(12, 4))
    }
    for name, data in files.items():
        (hot / name).write_bytes(data)
    words = [sys.executable, "-m", "service", "station", "watch", str(hot), "--settle", "0.1", "--once", "--json"]
    kills = 0
    while any(hot.glob("*.jpg")):
        process = subprocess.Popen(
            words, env=os.environ | env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() or process.wait() == 0  # from the first file on, any moment
        time.sleep(moments.uniform(0.0, 0.03))  # less than a fast machine needs for all the rest
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        process.communicate()
    house = build(load(env))
    sweep(house)
    with house.database.read() as session:
        documents = list(session.scalars(select(Document)))
        assert sorted(d.sha256 for d in documents) == sorted(
            hashlib.sha256(data).hexdigest() for data in files.values()
        )
        assert {d.status for d in documents} == {"received"}
    assert {path.name: path.read_bytes() for path in (hot / "done").iterdir()} == files
    assert kills > so_many(1, 0)
    house.database.dispose()
