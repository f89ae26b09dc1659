"""What every OCR engine promises, on a sample scan."""

import os

import numpy as np
import pytest
from PIL import Image

from intake.adapters import open_engine
from intake.errors import EngineUnavailable
from tests.intake.scans import error_rate, scan, truth

SAMPLE = "payment.jpg"


@pytest.fixture(scope="module", params=["rapidocr", pytest.param("tesseract", marks=pytest.mark.servers)])
def engine(request):
    try:
        return open_engine(request.param, threads=1)
    except EngineUnavailable as error:
        if request.param == "rapidocr" or os.environ.get("JUANZONG_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def page():
    return np.asarray(Image.open(scan(SAMPLE)).convert("RGB"))


@pytest.fixture(scope="module")
def lines(engine, page):
    return engine.read(page)


def test_it_has_a_name(engine):
    assert engine.name in {"rapidocr", "tesseract"}


def test_every_word_stands_where_it_says(lines, page):
    height, width = page.shape[:2]
    assert len(lines) > 10
    for line in lines:
        assert line.text == line.text.strip() != ""
        assert 0 <= line.confidence <= 1
        assert "".join(w.text for w in line.words) == "".join(line.text.split())
        for word in line.words:
            assert line.text[word.start : word.start + len(word.text)] == word.text
            assert 0 <= word.confidence <= 1
            for x0, y0, x1, y1 in (word.box, line.box):
                assert 0 <= x0 < x1 <= width
                assert 0 <= y0 < y1 <= height


def test_it_reads_what_is_printed(engine, lines):
    expected = truth(SAMPLE)["text"][0].split("\n")
    found = [line.text for line in lines]
    best = [min(error_rate(t, e) for t in found) for e in expected if len(e) >= 4]
    limit = {"rapidocr": 0.05, "tesseract": 0.5}[engine.name]
    assert float(np.mean(best)) <= limit


def test_the_box_of_a_word_holds_its_ink(lines, page):
    long = max(lines, key=lambda line: len(line.text))
    inked = [page[y0:y1, x0:x1].min() < 110 for x0, y0, x1, y1 in (w.box for w in long.words)]
    assert np.mean(inked) > 0.9


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_it_tells_how_to_turn_a_page_upright(engine, page, turn):
    lying = np.ascontiguousarray(np.rot90(page, turn // 90))
    assert engine.rotation(lying) == turn


@pytest.mark.parametrize("shape", [(1, 1), (40, 40), (600, 30), (1200, 900)])
def test_a_blank_page_has_no_lines_and_stands_upright(engine, shape):
    blank = np.full((*shape, 3), 255, dtype=np.uint8)
    assert engine.rotation(blank) == 0
    assert list(engine.read(blank)) == []


def test_looking_at_the_rotation_first_hardly_changes_the_reading(engine, page, lines):
    engine.rotation(page)
    again = engine.read(page)
    assert len(again) == len(lines)
    assert error_rate("".join(x.text for x in again), "".join(x.text for x in lines)) <= 0.01


def test_an_unknown_engine_is_refused():
    with pytest.raises(EngineUnavailable, match="no OCR engine"):
        open_engine("crystal-ball")
