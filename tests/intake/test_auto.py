"""Engine `auto` with languages of Tesseract: chosen page by page, by the script of what stands there and by how sure the reading is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from intake.adapters import open_engine
from intake.adapters.auto import Auto, is_chinese
from intake.adapters.tesseract import Tesseract
from intake.child import _WhenNeeded
from intake.formats.fonts import font
from intake.inspect import inspect
from intake.model import Limits, Line
from intake.pipeline import read
from service.errors import BadSetting
from service.settings import load

LIMITS = Limits()
ENGLISH = "This agreement is made between the seller and the buyer on the date stated below"
CHINESE = "甲方应当自本合同生效之日起三十日内向乙方支付全部货款"


def page(path: Path, text: str) -> Path:
    image = Image.new("L", (1654, 1200), 250)
    for row in range(8):
        ImageDraw.Draw(image).text((150, 150 + 100 * row), f"{text} {row}", 20, font(34))
    image.save(path, dpi=(200, 200))
    return path


@pytest.fixture(scope="module")
def engine(tesseract):
    return open_engine("auto+eng", 1)


def test_the_engine_is_chosen_page_by_page(engine, tmp_path):
    for text, source in ((ENGLISH, "tesseract"), (CHINESE, "rapidocr"), (ENGLISH, "tesseract")):
        path = page(tmp_path / "a.png", text)
        ((found),) = [p.page for p in read(path, inspect(path, LIMITS), engine, LIMITS)]
        assert found.source == source
        assert text.replace(" ", "") in found.text.replace(" ", "")
    line = engine.read_line(np.asarray(Image.open(path).convert("RGB"))[140:200])
    assert line is not None
    assert "seller and the buyer" in line.text


class Says:
    """An engine that says one thing."""

    def __init__(self, name, text, sure):
        self.name, self._line = name, Line(text, (0, 0, 9, 9), sure)

    def read(self, image):
        return [self._line]

    def read_line(self, image):
        return self._line


@pytest.mark.parametrize(
    ("own", "other", "sure", "expected"),
    [
        ("Strasse fur Ol", "Straße für Öl", 0.9, "other"),
        ("Strasse fur Ol", "S~~ße", 0.4, "own"),  # it does not know this language either
        ("合同 Straße", "X", 0.99, "own"),
        ("12345", "12345", 0.9, "other"),
    ],
)
def test_tesseract_counts_where_there_is_no_chinese_and_it_is_sure(own, other, sure, expected):
    auto = Auto.__new__(Auto)
    auto._own, auto._other, auto.name = Says("own", own, 0.9), Says("other", other, sure), "own"
    image = np.zeros((10, 10, 3), np.uint8)
    assert auto.read(image)[0].text == (own if expected == "own" else other)
    assert auto.name == expected
    assert auto.read_line(image).text == (own if expected == "own" else other)


def test_a_few_chinese_words_make_a_page_chinese():
    assert is_chinese([Line("甲方 Siemens AG, Wittelsbacherplatz", (0, 0, 9, 9), 1.0)])
    assert not is_chinese([Line("Siemens AG 2026", (0, 0, 9, 9), 1.0)])
    assert not is_chinese([])


def test_languages_go_with_the_name_of_the_engine(tesseract):
    assert isinstance(open_engine("tesseract+eng", 1), Tesseract)
    assert _WhenNeeded("auto+eng", 1).name == "rapidocr"


def test_the_setting(tmp_path):
    env = {"JUANZONG_HOME": str(tmp_path)}
    settings = load({**env, "JUANZONG_OCR_LANGUAGES": "deu+rus"})
    assert settings.ocr_languages == "deu+rus"
    for wrong in ({"JUANZONG_OCR_LANGUAGES": "deu;rm"}, {"JUANZONG_OCR": "rapidocr", "JUANZONG_OCR_LANGUAGES": "deu"}):
        with pytest.raises(BadSetting, match="OCR_LANGUAGES"):
            load({**env, **wrong})
