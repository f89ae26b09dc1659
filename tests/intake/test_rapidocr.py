"""How the default engine is used: what the small copy hides is looked for again, and lines are read one by one."""

import os
import subprocess
import sys
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from intake import orientation
from intake.adapters import colons, open_engine, rapidocr
from intake.adapters.readings import Reading, line_at, without_ghosts
from tests.intake.scans import scan

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def engine():
    return open_engine("rapidocr", 1)


@pytest.fixture(scope="module")
def form():
    return Image.open(scan("payment.jpg")).convert("RGB")


def test_small_print_is_looked_for_on_a_larger_copy(engine, form, monkeypatch):
    small = form.resize((form.width // 3, form.height // 3), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (1414, 2000), "white")
    sheet.paste(small, (100, 150))
    sheet.paste(small, (100, 1000))
    page = np.asarray(sheet)
    found = len(engine.read(page))
    monkeypatch.setattr(rapidocr, "_SIDES", (*rapidocr._SIDES[:3], rapidocr._SIDES[2]))
    assert len(engine.read(page)) < found


def test_no_reader_is_tied_to_a_processor_that_others_are_tied_to(engine):
    # Bound to processors the runtime takes the first in every process: two readers would calculate on one.
    models = engine._detector.session._model, engine._recognizer.session.session.get_compiled_model()
    assert [model.get_property("ENABLE_CPU_PINNING") for model in models] == [False, False]


def test_large_print_is_looked_for_on_a_small_copy_alone(engine, form, monkeypatch):
    looked = []
    detect_on = engine._detect_on
    monkeypatch.setattr(engine, "_detect_on", lambda image, side: looked.append(side) or detect_on(image, side))
    large = form.crop((0, 0, form.width // 2, form.height // 2)).resize(form.size, Image.Resampling.LANCZOS)
    assert engine.read(np.asarray(large))
    assert looked == [rapidocr._SIDES[0]]


def test_what_is_read_in_a_line_does_not_depend_on_the_other_lines(engine, form):
    page = np.asarray(form)
    quads = engine._detect(page)
    together = engine._recognize(page, [(i, False) for i in range(len(quads))], quads)
    for i in (0, len(quads) // 2, len(quads) - 1):
        (alone,) = engine._recognize(page, [(i, False)], quads)
        assert (alone.text, alone.score) == (together[i].text, together[i].score)


@pytest.mark.parametrize(("drawn", "text"), [(False, "法定代表人 卫志博"), (True, "法定代表人☑卫志博")])
def test_a_box_read_where_nothing_is_printed_is_the_gap_behind_a_label(drawn, text):
    grain = np.random.default_rng(1)
    crop = np.repeat(grain.normal(230, 6, (48, 480, 1)), 3, axis=2).clip(0, 255).astype(np.uint8)
    middles = [24, 72, 120, 168, 216, 270, 324, 372, 420]
    for number, middle in enumerate(middles):
        if number != 5 or drawn:
            crop[10:38, middle - 18 : middle - 15] = crop[10:38, middle + 15 : middle + 18] = 60
            crop[10:13, middle - 18 : middle + 18] = crop[35:38, middle - 18 : middle + 18] = 60
    said = Reading("法定代表人☑卫志博", 0.94, tuple(m / 480 for m in middles), (1.0,) * 5 + (0.45,) + (1.0,) * 3)
    read = without_ghosts(said, crop)
    assert read.text == text
    assert [p < 0 for p in read.places] == [n == 5 and not drawn for n in range(9)]
    assert (
        len(line_at(read, np.array([[0, 0], [480, 0], [480, 48], [0, 48]], np.float32), (48, 480)).words) == 8 + drawn
    )


def test_sizes_of_pages_that_come_again_are_prepared_for_and_read_alike(engine, form, monkeypatch):
    session = engine._detector.session
    monkeypatch.setattr(session, "_prepared", {})
    monkeypatch.setattr(session, "_lately", deque(maxlen=rapidocr._LATELY))
    page = np.asarray(form.crop((0, 0, 960, 640)))
    first, second, third, fourth = (engine._detect_on(page, 960) for _ in range(4))
    assert len(session._prepared) == 1
    for found in (second, third, fourth):
        assert found.shape == first.shape
        assert np.abs(found - first).max() <= 2  # pixels: two ways to calculate with few digits
    assert session._prepared.popitem()[1].get_property("ENABLE_CPU_PINNING") is False


def test_only_the_few_sizes_that_come_most_are_prepared_for(engine, monkeypatch):
    session = engine._detector.session
    monkeypatch.setattr(session, "_prepared", {})
    monkeypatch.setattr(session, "_lately", deque(maxlen=rapidocr._LATELY))
    sizes = [(1, 3, 64, 64 + 32 * n) for n in range(rapidocr._MOST_PREPARED + 1)]
    for size in (
        sizes * rapidocr._AGAIN
    ):  # in turn: none comes more often than another, and to change each time would cost most
        assert session(np.zeros(size, np.float32)).shape[2:] == size[2:]
    assert list(session._prepared) == sizes[:-1]
    for _ in range(rapidocr._LATELY):  # another stack
        session(np.zeros(sizes[-1], np.float32))
    assert sizes[-1] in session._prepared
    assert len(session._prepared) == rapidocr._MOST_PREPARED


PEAK = """
import sys, threading, time
import numpy as np
from pathlib import Path
from intake import memory
from intake.adapters import open_engine

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) >> 8  # MiB

def watch():
    while True:
        most[0] = max(most[0], held())
        time.sleep(0.002)

memory.share_arenas()
engine, most, page = open_engine("rapidocr", 1), [0], np.full((2400, 1700, 3), 255, np.uint8)
page[200:2200:40, 100:1500:3] = 0
engine._detect_on(page, 960)
memory.give_back()
before = held()
threading.Thread(target=watch, daemon=True).start()
for _ in range(int(sys.argv[2])):
    engine._detect_on(page, int(sys.argv[1]))
print(most[0] - before, held() - before)
"""


@pytest.mark.parametrize(
    ("side", "times", "most", "kept"), [(1440, 1, 190, 60), (2000, 1, 350, 60), (1440, 4, 190, 90)]
)
def test_lines_are_found_on_a_large_copy_without_the_memory_of_a_model_for_any_size(side, times, most, kept):
    call = [sys.executable, "-P", "-c", PEAK, str(side), str(times)]
    said = subprocess.run(call, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    peak, after = map(int, said.stdout.split())
    assert peak <= most  # 240 and 450 MiB with one for any size
    assert after <= kept  # what is prepared for a size that comes again stays, and not what it fills


def test_a_line_is_read_on_one_of_few_widths_none_much_wider_than_it():
    widths = {width: rapidocr._steps(width) * rapidocr._STEP for width in range(1, 2561)}
    assert len(set(widths.values())) == 18  # each costs a reader 8 MiB
    for width, paper in widths.items():
        assert width <= paper <= max(rapidocr._NARROWEST + rapidocr._STEP, 1.25 * width + rapidocr._STEP)


@pytest.mark.parametrize("empty", [1, rapidocr._TRIES])
def test_an_answer_of_no_pages_is_asked_for_again(engine, monkeypatch, empty):
    session, pixels, left = engine._detector.session, np.zeros((1, 3, 64, 96), np.float32), [empty]

    class Answers:
        def infer(self, _pixels):
            left[0] -= 1

        def get_output_tensor(self):
            return SimpleNamespace(data=np.zeros((int(left[0] < 0), 1, 64, 96), np.float32))

    model = SimpleNamespace(create_infer_request=Answers, release_memory=lambda: None)
    monkeypatch.setattr(session, "_prepared_for", lambda _shape: model)
    if empty < rapidocr._TRIES:
        assert session(pixels).shape == (1, 1, 64, 96)
    else:
        with pytest.raises(RuntimeError, match="finds lines"):
            session(pixels)


def test_what_a_size_takes_is_kept_until_another_one_comes(engine, monkeypatch):
    session, done = engine._detector.session, []

    def model(name):
        request = SimpleNamespace(
            infer=lambda _pixels: done.append(f"{name} found"),
            get_output_tensor=lambda: SimpleNamespace(data=np.zeros((1, 1, 64, 96), np.float32)),
        )
        return SimpleNamespace(
            create_infer_request=lambda: done.append(f"{name} takes") or request,
            release_memory=lambda: done.append(f"{name} gives back"),
        )

    one, other, any_size = model("one"), model("other"), model("any")
    monkeypatch.setattr(session, "_model", any_size)
    monkeypatch.setattr(session, "_used", None)
    monkeypatch.setattr(session, "_request", None)
    for wanted in (one, one, other, any_size, any_size):
        monkeypatch.setattr(session, "_prepared_for", lambda _shape, wanted=wanted: wanted)
        session(np.zeros((1, 3, 64, 96), np.float32))
    whole = ["any takes", "any found", "any gives back"]
    one_after_another = ["one takes", "one found", "one found", "one gives back", "other takes", "other found"]
    assert done == [*one_after_another, "other gives back", *whole, *whole]


@pytest.mark.parametrize("start", [-40.0, 0.0, 130.5, 560.0, 900.0])
@pytest.mark.parametrize("slope", [-0.2, 0.0, 0.15])
def test_a_piece_of_a_line_is_that_of_the_whole_page(start, slope):
    image = np.random.default_rng(5).integers(0, 255, (300, 700, 3), np.uint8)
    quad = np.array(
        [[60, 150], [560, 150 + 500 * slope], [560 - 40 * slope, 190 + 500 * slope], [60 - 40 * slope, 190]]
    )
    quad = quad.astype(np.float32)
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    along, upright, corner = (quad[1] - quad[0]) / across, (quad[3] - quad[0]) / down, quad[0]
    corner = corner + along * start
    matrix = np.array([[along[0], upright[0], corner[0]], [along[1], upright[1], corner[1]]], np.float32)
    page, flags = np.ascontiguousarray(image[..., 1]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    whole = cv2.warpAffine(page, matrix, (90, round(down)), flags=flags, borderValue=255)
    piece = colons._cut(image, quad, start, 90).astype(int)
    assert np.abs(piece - whole).max() <= 16  # of 255: places are rounded to a 32nd of a pixel
