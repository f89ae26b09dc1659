"""Lines under a gray seal, read once more with it; and marks that are the side of a letter read twice."""

import numpy as np
import pytest

from intake.adapters.readings import reading_of
from intake.model import Line
from intake.under_seals import read_again
from intake.words import Char, line_of

PAGE = np.full((400, 1000, 3), 230, np.uint8)
SEAL = (150, 50, 350, 250)


def line(text, scores, x=100, y=100, size=30):
    chars = [
        Char(c, (x + i * size, y, x + (i + 1) * size, y + size), s)
        for i, (c, s) in enumerate(zip(text, scores, strict=True))
    ]
    return line_of(chars)


class Says:
    """An engine that reads one line, letters in squares from a little within the left edge; counts how often it was asked."""

    name = "says"

    def __init__(self, text, scores):
        self._text, self._scores, self.asked = text, scores, 0

    def read(self, image):
        return []

    def rotation(self, image):
        return 0

    def read_line(self, image):
        self.asked += 1
        return line(self._text, self._scores, x=4, y=4) if self._text else None


def again(text, scores, engine, **place) -> list[Line]:
    return read_again([line(text, scores, **place)], PAGE, [SEAL], engine)


def test_each_letter_is_taken_as_it_read_more_surely():
    engine = Says("担保人市盖子", (0.99, 0.99, 0.9, 0.5, 0.95, 0.4))
    (read,) = again("担保人（而章", (0.99, 0.99, 0.7, 0.9, 0.6, 0.8), engine)
    assert read.text == "担保人（盖章"
    assert [word.box for word in read.words] == [(100 + 30 * i, 100, 130 + 30 * i, 130) for i in range(6)]
    assert min(word.confidence for word in read.words) == 0.8  # no surer than it was read


@pytest.mark.parametrize(
    ("text", "scores", "place"),
    [("担保人盖章", (0.99, 0.99, 0.95, 0.95, 0.96), {}), ("担保人盖章", (0.99, 0.5, 0.5, 0.5, 0.5), {"y": 300})],
)
def test_what_is_sure_or_under_no_seal_is_not_read_again(text, scores, place):
    engine = Says("别的", (0.99, 0.99))
    assert again(text, scores, engine, **place) == [line(text, scores, **place)]
    assert engine.asked == 0


def test_a_scrap_within_the_seal_that_reads_otherwise_with_it_is_left_out():
    assert again("官书", (0.9, 0.4), Says("公桥停", (0.3, 0.3, 0.3)), x=200) == []
    assert again("官书", (0.9, 0.4), Says("", ()), x=200) == [
        line("官书", (0.9, 0.4), x=200)
    ]  # nothing speaks against it
    assert [r.text for r in again("日期", (0.9, 0.6), Says("日朋", (0.99, 0.3)), x=200)] == ["日期"]


def test_a_scrap_that_reads_badly_with_and_without_the_seal_is_left_out():
    assert again("国司", (0.2, 0.3), Says("国司公", (0.2, 0.4, 0.3)), x=200) == []


def test_a_bracket_of_the_seal_is_no_print():
    assert again("（）", (0.85, 0.86), Says("石棠", (0.9, 0.9)), x=200) == []
    assert [r.text for r in again("（）", (0.85, 0.86), Says("（）", (0.9, 0.9)), x=200)] == ["（）"]
    assert again("111", (0.99, 0.99, 0.99), Says("审", (0.6,)), x=200) == []  # points of its star


def test_what_is_left_of_a_seal_behind_a_line_is_left_out():
    (read,) = again("担保人市", (0.99, 0.99, 0.99, 0.35), Says("担保人国", (0.99, 0.99, 0.99, 0.3)))
    assert read.text == "担保人"


class Info:
    """What the recogniser says of the places and scores in a line of so many columns."""

    def __init__(self, columns, scores, width):
        self.word_cols, self.confs, self.line_txt_len = [[c] for c in columns], scores, width


def test_the_side_of_a_letter_read_as_a_mark_is_left_out():
    columns, text = [2, 6, 7, 14, 18, 22], "性别」女民族"
    read = reading_of(text, 0.97, Info(columns, [1, 0.95, 0.86, 1, 1, 1], 24))
    assert (read.text, len(read.places), len(read.scores)) == ("性别女民族", 5, 5)
    sure = reading_of(text, 0.97, Info(columns, [1, 0.95, 0.99, 1, 1, 1], 24))
    assert sure.text == text  # read without a doubt it stays
    apart = reading_of("性别，女民族", 0.97, Info([2, 6, 10, 14, 18, 22], [1, 0.95, 0.86, 1, 1, 1], 24))
    assert apart.text == "性别，女民族"
