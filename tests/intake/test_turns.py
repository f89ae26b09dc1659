"""Turns between readers: what takes most memory one of two does at a time, and nobody waits for one that hangs or is gone."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from intake import raster, turns
from intake.adapters import open_engine, rapidocr
from intake.crew import Allowance, Crew
from intake.inspect import inspect
from intake.model import Limits
from service.bootstrap import without_settings
from tests.intake.fragile import book

ROOT = Path(__file__).parents[2]
HOLDS = """
import sys, time
from intake.turns import Turns
with Turns(int(sys.argv[1]), 1).taken() as mine:
    print(mine, flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def file():
    made = os.memfd_create("turns")
    yield made
    os.close(made)


def holder(file, seconds):
    """Start another process that has its turn for so long."""
    call = [sys.executable, "-P", "-c", HOLDS, str(file), str(seconds)]
    process = subprocess.Popen(
        call, stdout=subprocess.PIPE, pass_fds=[file], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout.readline().strip() == b"True"
    return process


def test_one_waits_for_the_other_and_two_may_where_there_is_room_for_two(file):
    with holder(file, 1.5) as other:
        with turns.Turns(file, 2).taken() as mine:
            assert mine
            assert other.poll() is None
        with turns.Turns(file, 1).taken() as mine:
            assert mine
        assert other.wait() == 0


def test_a_turn_comes_back_from_one_that_is_killed(file):
    with holder(file, 600) as other:
        other.kill()
        with turns.Turns(file, 1).taken() as mine:
            assert mine


def test_nobody_waits_for_ever_for_one_that_hangs(file, monkeypatch):
    monkeypatch.setattr(turns, "_PATIENCE", 0.3)
    with holder(file, 600) as other:
        with turns.Turns(file, 1).taken() as mine:
            assert not mine
        other.kill()


class Crowded:
    """An engine whose pages want a turn each; says when it had it."""

    name = "crowded"

    def __init__(self, threads):
        pass

    def rotation(self, image):
        return 0

    def read_line(self, image):
        return None

    def read(self, image):
        with turns.turn():
            began = time.monotonic()
            time.sleep(0.3)
            line = json.dumps([began, time.monotonic()]) + "\n"
        with Path(os.environ["CROWDED"]).open("a") as log:
            log.write(line)
        return []


def test_of_two_readers_of_one_worker_one_has_its_turn_and_of_four_two(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("CROWDED", str(tmp_path / "log"))
    path = book(tmp_path / "b.tif", range(100, 108))
    for readers, most in ((2, 1), (4, 2)):
        (tmp_path / "log").unlink(missing_ok=True)
        crew = Crew("tests.intake.test_turns:Crowded", readers, Allowance(1, 60.0, 0, without_settings()))
        assert [page.trouble for page in crew.read(path, inspect(path, Limits(), crew.look), Limits())] == [""] * 8
        crew.close()
        spans = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
        at_once = max(sum(b <= began < e for b, e in spans) for began, _ended in spans)
        assert len(spans) == 8
        assert at_once <= most, readers


def test_a_turn_is_taken_for_a_large_copy_and_for_unpacking_a_large_image_and_for_no_other(tmp_path, monkeypatch):
    taken = []

    class Noted(turns.Turns):
        def _free(self):
            taken.append(True)

    monkeypatch.setattr(turns, "_PATIENCE", 0.0)
    monkeypatch.setattr(turns, "_mine", Noted(0, 1))
    engine, page = open_engine("rapidocr", 1), np.full((900, 700, 3), 255, np.uint8)
    sheet = np.full((2400, 1700, 3), 255, np.uint8)
    for _ in range(rapidocr._AGAIN):  # until there is a model for its size, finding lines on a small one takes as much
        engine._detect_on(page, 900)
    for shown, side, wanted in ((page, 900, 0), (sheet, 1440, 1), (sheet, 2000, 1), (page[:600], 900, 1)):
        taken.clear()
        engine._detect_on(shown, side)
        assert len(taken) == wanted, side
    for across, wanted in ((3000, 0), (5000, 1)):
        taken.clear()
        Image.new("1", (across, 4000), 1).save(tmp_path / "a.tif", compression="group4")
        pages = raster.RasterPages(tmp_path / "a.tif", "tiff", Limits())
        pages.picture(0)
        pages.close()
        assert len(taken) == wanted, across
