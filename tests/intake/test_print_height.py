"""How high the print of a page is, told from its ink alone: drawn pages whose letters have a known height."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from intake.adapters.print_height import print_height
from intake.formats.fonts import font

WORDS = "买卖双方根据中华人民共和国民法典订立本合同并共同遵守其中各项约定"


def drawn(letter: int, *, turn: int = 0, rules: bool = False) -> np.ndarray:
    """A page of A4 at 200 dpi with 20 lines of Han letters so many pixels high."""
    page = Image.new("RGB", (1654, 2339), "white")
    pen = ImageDraw.Draw(page)
    letters = font(letter)
    for line in range(20):
        top = 150 + line * (letter * 2)
        pen.text((150, top), WORDS[: 1300 // letter], font=letters, fill="black")
        if rules:
            pen.line((100, top - letter // 3, 1550, top - letter // 3), fill="black", width=3)
    return np.asarray(page.rotate(turn, expand=True))


@pytest.mark.parametrize("letter", [18, 30, 46])
@pytest.mark.parametrize("turn", [0, 90])
def test_the_height_of_print_is_told_whichever_way_a_page_lies(letter, turn):
    told = print_height(drawn(letter, turn=turn))
    assert told is not None
    assert 0.6 * letter < told < 1.2 * letter


def test_rules_are_no_print():
    told = print_height(drawn(30, rules=True))
    assert told is not None
    assert 18 < told < 36


def test_the_smaller_print_counts():
    page = drawn(46).copy()
    page[1300:] = drawn(18)[140:1179]
    told = print_height(page)
    assert told is not None
    assert told < 23


def test_of_a_page_without_print_nothing_is_told():
    assert print_height(np.full((2339, 1654, 3), 250, np.uint8)) is None
